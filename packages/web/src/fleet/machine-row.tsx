// One machine of the list: a row of the table on a desktop, a card on a phone. What grows by itself, its age and how it
// stands, follows the clock without the rest being drawn again.
import { computed } from '@preact/signals';
import type { FleetChannel, KeyValue, Language, MachineSummary } from '@vigie/contract';
import { useMemo } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { nowMs } from '../clock.ts';
import { serverLostMs } from '../connection.ts';
import { formatAge, formatSpan, formatWhen, withUnit } from '../i18n/format.ts';
import { words as shared } from '../i18n/words.ts';
import { StateIcon, toneOf } from '../machine/state-icon.tsx';
import { formatValue, levelWord } from '../machine/state-words.ts';
import { language } from '../prefs.ts';
import { readerZone } from '../session/session.ts';
import { type Standing, standingOf, toneOfStanding, worstChannel } from './standing.ts';
import { WeekStrip } from './strip.tsx';
import { words } from './words.ts';

interface Said {
  readonly word: string;
  /** What and since when; empty: the word says all. */
  readonly more: string;
}

function said(
  machine: MachineSummary,
  { kind, late }: Standing,
  channels: readonly FleetChannel[],
  span: string,
): Said {
  const w = words.value;
  const { condition } = machine;
  const reader: Language = language.value;
  const state = condition?.state?.[reader] ?? '';
  const calm = (word: string): Said => ({ word, more: word === state ? '' : state });
  switch (kind) {
    case 'silent':
      return { word: w.silent, more: w.silentFor(span) };
    case 'never':
      return { word: w.never, more: '' };
    case 'undated':
      return { word: w.undated, more: '' };
    case 'late':
      return { word: w.late, more: span === '' ? '' : shared.value.sentenceNoReadingFor(span) };
    case 'stopped':
      return calm(w.stopped);
    case 'normal':
      return calm(shared.value.stateNormal);
    case 'alarm':
    case 'fault':
    case 'warning': {
      const word = condition?.level == null ? '' : levelWord(condition.level, shared.value);
      const channel = worstChannel(machine, channels);
      const when =
        condition?.sinceMs == null
          ? null
          : formatWhen(condition.sinceMs, nowMs.peek(), readerZone.value, reader);
      const others = (condition?.count ?? 0) - 1;
      return {
        word: late ? w.lateWas(word) : word,
        more:
          channel === null ? '' : w.since(channel.names[reader], when) + (others > 0 ? w.others(others) : ''),
      };
    }
  }
}

function Value({
  value: { value, level, channel: place },
  channels,
  old,
}: {
  readonly value: KeyValue;
  readonly channels: readonly FleetChannel[];
  readonly old: boolean;
}) {
  const channel = channels[place];
  if (channel === undefined) return null;
  const tone = old ? 'normal' : toneOf(level, false);
  const text = formatValue(channel, value, language.value, shared.value);
  return (
    <div>
      <dt>
        {tone !== 'normal' && <StateIcon tone={tone} size={14} />}
        {channel.names[language.value]}
      </dt>
      <dd class={`figures tone-${tone}`}>
        {withUnit(text, value === null ? '' : channel.unit)}
        {tone !== 'normal' && <span class="unseen"> {levelWord(level, shared.value)}</span>}
      </dd>
    </div>
  );
}

export function MachineRow({
  machine,
  channels,
}: {
  readonly machine: MachineSummary;
  readonly channels: readonly FleetChannel[];
}) {
  const w = words.value;
  const { id, name, site, model, lastRowMs, connected, values } = machine;
  const now = useMemo(
    () => ({
      // Strings, so that what does not change draws nothing.
      standing: computed(() => JSON.stringify(standingOf(machine, nowMs.value, serverLostMs.value !== null))),
      // To the minute: of hundreds of ages none shall tick every second.
      age: computed(() => {
        if (lastRowMs === null) return words.value.neverAge;
        const ageMs = nowMs.value - lastRowMs;
        return ageMs < 60_000 ? words.value.justNow : formatAge(ageMs, language.value);
      }),
      span: computed(() =>
        lastRowMs === null || nowMs.value - lastRowMs < 60_000
          ? ''
          : formatSpan(nowMs.value - lastRowMs, language.value),
      ),
    }),
    [machine],
  );
  const standing = JSON.parse(now.standing.value) as Standing;
  const { word, more } = said(machine, standing, channels, now.span.value);
  const tone = toneOfStanding(standing);
  const old = standing.kind === 'silent' || standing.late;
  return (
    <tr class={`tone-${tone} ${tone === 'unknown' ? 'stale' : ''} ${old ? 'old' : ''}`}>
      <th scope="row">
        <Link href={`/m/${encodeURIComponent(id)}`}>{name}</Link>
        <span class="muted">{[site, model?.[language.value]].filter(Boolean).join(' · ')}</span>
      </th>
      <td class="fleet-state">
        <span class="state">
          <StateIcon tone={tone} size={20} />
          <strong>{word}</strong>
        </span>
        {more !== '' && <span class="more">{more}</span>}
      </td>
      <td class="fleet-values">
        {values.length === 0 ? (
          <span class="muted">{shared.value.noValue}</span>
        ) : (
          <dl>
            {values.map((value) => (
              <Value key={value.channel} value={value} channels={channels} old={old} />
            ))}
          </dl>
        )}
      </td>
      <td class="fleet-last figures">
        <span>{now.age}</span>
        <span class="muted">{connected ? w.connected : w.disconnected}</span>
      </td>
      <td class="fleet-week">
        <WeekStrip id={id} name={name} />
      </td>
    </tr>
  );
}
