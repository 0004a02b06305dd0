// The truth about all machines in about ten words. Pure. Invariants: the worst comes first; as long as one machine is
// silent, late or was never heard, nothing says that all is well. Not here: how it looks (machine/sentence-line.tsx).
import type { Fleet, FleetChannel, Language, MachineSummary } from '@vigie/contract';
import { formatAge, formatSpan, formatWhen } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import type { Sentence } from '../machine/sentence.ts';
import { type StandingKind, sortMachines, standingOf, worstChannel } from './standing.ts';
import type { Words } from './words.ts';

export interface FleetFacts {
  /** At least one machine. */
  readonly fleet: Fleet;
  readonly nowMs: number;
  /** When the page lost the server; `null` while it hears it. */
  readonly serverLostMs: number | null;
  /** Of the reader. */
  readonly zone: string;
  readonly language: Language;
  readonly words: Words;
  readonly shared: Dictionary;
}

export function fleetSentence(facts: FleetFacts): Sentence {
  const { fleet, nowMs, serverLostMs, zone, language, words, shared } = facts;
  if (serverLostMs !== null) {
    const when = formatWhen(serverLostMs, nowMs, zone, language);
    return { tone: 'unknown', head: shared.sentenceServerLost, rest: [shared.sentenceServerLostSince(when)] };
  }
  const by = new Map<StandingKind, MachineSummary[]>();
  for (const machine of sortMachines(fleet.machines, nowMs)) {
    const { kind } = standingOf(machine, nowMs);
    by.set(kind, [...(by.get(kind) ?? []), machine]);
  }
  const of = (kind: StandingKind): readonly MachineSummary[] => by.get(kind) ?? [];
  const unheard = [...of('undated'), ...of('never')];
  const total = words.machines(fleet.machines.length);
  const spanOf = ({ lastRowMs }: MachineSummary): string =>
    formatSpan(nowMs - (lastRowMs ?? nowMs), language);
  const abnormal = (
    kind: 'alarm' | 'fault' | 'warning',
    head: (count: number) => string,
  ): Sentence | null => {
    const [first, ...others] = of(kind);
    if (first === undefined) return null;
    const count = of(kind).reduce((sum, { condition }) => sum + (condition?.count ?? 0), 0);
    const more = others.length === 0 ? '' : ` ${words.andMore(others.length)}`;
    const silent = of('silent').length + unheard.length;
    return {
      tone: kind,
      head: head(count),
      rest: [
        describe(first, fleet.channels, facts) + more,
        ...(silent > 0 ? [words.alsoSilent(silent)] : []),
      ],
    };
  };
  const alarm = abnormal('alarm', shared.sentenceAlarms);
  if (alarm !== null) return alarm;
  const [silent, ...alsoSilent] = of('silent');
  if (silent !== undefined) {
    const more = alsoSilent.length === 0 ? '' : ` ${words.andMore(alsoSilent.length)}`;
    return {
      tone: 'unknown',
      head: shared.sentenceUnknown,
      rest: [shared.sentenceSilent(silent.name, spanOf(silent)) + more, total],
    };
  }
  const lesser = abnormal('fault', shared.sentenceFaults) ?? abnormal('warning', shared.sentenceWarnings);
  if (lesser !== null) return lesser;
  const [late, ...alsoLate] = of('late');
  if (late !== undefined) {
    const more = alsoLate.length === 0 ? '' : ` ${words.andMore(alsoLate.length)}`;
    return {
      tone: 'late',
      head: shared.sentenceLate,
      rest: [words.noReading(late.name, spanOf(late)) + more, total],
    };
  }
  const newestMs = Math.max(...fleet.machines.map(({ lastRowMs }) => lastRowMs ?? 0));
  const last = shared.sentenceLast(formatAge(nowMs - newestMs, language));
  const [first, ...others] = unheard;
  if (first !== undefined) {
    const what = first.onlyUndated ? words.notDated(first.name) : words.notHeard(first.name);
    const more = others.length === 0 ? '' : ` ${words.andMore(others.length)}`;
    return {
      tone: 'unknown',
      head: shared.sentenceUnknown,
      rest: [what + more, ...(newestMs > 0 ? [total, last] : [])],
    };
  }
  return { tone: 'normal', head: shared.sentenceWell, rest: [total, last] };
}

function describe(
  machine: MachineSummary,
  channels: readonly FleetChannel[],
  { words, shared, nowMs, zone, language }: FleetFacts,
): string {
  const channel = worstChannel(machine, channels);
  const { condition, name } = machine;
  if (channel === null || condition === null) return name;
  const what = channel.names[language];
  const isLow = condition.level === 'alarm-low' || condition.level === 'warning-low';
  const fact =
    condition.kind === 'fault'
      ? words.noAnswer(name, what)
      : isLow
        ? words.below(name, what)
        : words.above(name, what);
  if (condition.sinceMs === null) return fact;
  return fact + shared.sentenceSince(formatWhen(condition.sinceMs, nowMs, zone, language));
}
