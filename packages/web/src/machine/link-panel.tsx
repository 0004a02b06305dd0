// The link to the machine's box: whether it is heard, and what it has cost in data this month.
import type { MachineView } from '@vigie/contract';
import type { ComponentChildren } from 'preact';
import { formatAge, formatBytes, formatNumber, formatSpanExact, formatWhen } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { forecastMonthBytes } from './forecast.ts';
import { StateIcon } from './state-icon.tsx';

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="figures">{children}</dd>
    </div>
  );
}

export function LinkPanel({ view, nowMs }: { readonly view: MachineView; readonly nowMs: number }) {
  const w = words.value;
  const reader = language.value;
  const { link, timeZone } = view;
  const forecast = forecastMonthBytes(link.monthBlockBytes, nowMs);
  const backlog = link.backlogRows;
  return (
    <section class="panel" aria-labelledby="link-title">
      <h2 id="link-title">{w.linkTitle}</h2>
      <dl class="facts">
        <Fact name={w.linkState}>
          <span class="state">
            <StateIcon tone={link.connected ? 'normal' : 'unknown'} />
            {link.connected ? w.linkConnected : w.linkDisconnected}
          </span>
        </Fact>
        <Fact name={w.linkContact}>
          {link.lastContactMs === null ? w.linkNever : formatAge(nowMs - link.lastContactMs, reader)}
        </Fact>
        {link.connected && link.connectedSinceMs !== null && (
          <Fact name={w.linkSince}>{formatWhen(link.connectedSinceMs, nowMs, timeZone, reader)}</Fact>
        )}
        <Fact name={w.linkMonth}>{formatBytes(link.monthBlockBytes, reader)}</Fact>
        <Fact name={w.linkForecast}>
          {forecast === null ? w.linkForecastEarly : formatBytes(forecast, reader)}
        </Fact>
        <Fact name={w.linkRows}>{formatNumber(link.monthRows, 0, reader)}</Fact>
        <Fact name={w.linkBacklog}>
          {backlog === null ? w.linkBacklogUnknown : w.linkBacklogRows(formatNumber(backlog, 0, reader))}
        </Fact>
        <Fact name={w.linkInterval}>{formatSpanExact(view.intervalMs, reader)}</Fact>
        <Fact name={w.linkBoot}>
          {link.bootNumber === null ? w.noValue : formatNumber(link.bootNumber, 0, reader)}
        </Fact>
      </dl>
    </section>
  );
}
