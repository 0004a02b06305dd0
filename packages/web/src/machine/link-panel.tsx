// The link to the machine's box: whether it is heard, and what it has cost in data this month.
import type { EdgeReport, MachineView } from '@vigie/contract';
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

interface LinkPanelProps {
  readonly view: MachineView;
  readonly nowMs: number;
  /** The page does not hear the server: what it knew of the link may be so no more. */
  readonly isLost: boolean;
}

export function LinkPanel({ view, nowMs, isLost }: LinkPanelProps) {
  const w = words.value;
  const reader = language.value;
  const { link, timeZone } = view;
  // What the box counts is all that its SIM carries; what the server counts is blocks alone.
  const { report } = link;
  const monthBytes = report?.data.monthBytes ?? link.monthBlockBytes;
  const forecast =
    report === null ? forecastMonthBytes(link.monthBlockBytes, nowMs) : report.data.forecastBytes;
  const backlog = link.backlogRows;
  return (
    <section class="panel" aria-labelledby="link-title">
      <h2 id="link-title">{w.linkTitle}</h2>
      <dl class="facts">
        <Fact name={w.linkState}>
          <span class="state">
            <StateIcon tone={link.connected && !isLost ? 'normal' : 'unknown'} />
            {isLost ? w.linkUnknown : link.connected ? w.linkConnected : w.linkDisconnected}
          </span>
        </Fact>
        <Fact name={w.linkContact}>
          {link.lastContactMs === null ? w.linkNever : formatAge(nowMs - link.lastContactMs, reader)}
        </Fact>
        {link.connected && !isLost && link.connectedSinceMs !== null && (
          <Fact name={w.linkSince}>{formatWhen(link.connectedSinceMs, nowMs, timeZone, reader)}</Fact>
        )}
        <Fact name={w.linkMonth}>{formatBytes(monthBytes, reader)}</Fact>
        <Fact name={w.linkForecast}>
          {forecast === null ? w.linkForecastEarly : formatBytes(forecast, reader)}
        </Fact>
        {report !== null && (
          <Fact name={w.linkBudget}>
            {report.data.budgetBytes === null
              ? w.linkBudgetNone
              : `${w.linkBudgetUse(formatBytes(monthBytes, reader), formatBytes(report.data.budgetBytes, reader))} · ${thriftOf(report.data.thrift)}`}
          </Fact>
        )}
        {report !== null && report.modem !== null && (
          <Fact name={w.linkSignal}>{signalOf(report.modem, w.linkNoSignal)}</Fact>
        )}
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

/** Operator and technology, then the levels that are known, as an installer names them. */
function signalOf(modem: NonNullable<EdgeReport['modem']>, none: string): string {
  const levels = [
    modem.rssiDbm === null ? null : `RSSI ${modem.rssiDbm} dBm`,
    modem.rsrpDbm === null ? null : `RSRP ${modem.rsrpDbm} dBm`,
    modem.rsrqDb === null ? null : `RSRQ ${modem.rsrqDb} dB`,
    modem.sinrDb === null ? null : `SINR ${modem.sinrDb} dB`,
  ].filter((one) => one !== null);
  const where = [modem.operator, modem.technology].filter((one) => one !== null).join(' ');
  return [where, ...(levels.length === 0 ? [none] : levels)].filter((one) => one !== '').join(' · ');
}

function thriftOf(thrift: EdgeReport['data']['thrift']): string {
  const w = words.value;
  switch (thrift) {
    case 'unbounded':
    case 'within':
      return w.linkThriftAsSet;
    case 'stretched':
      return w.linkThriftStretched;
    case 'held':
      return w.linkThriftHeld;
    case 'asleep':
      return w.linkThriftAsleep;
  }
}
