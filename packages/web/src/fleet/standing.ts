// How a machine stands now: its condition, unless silence comes before it; in which order machines are shown; which ones a
// search finds. Pure. Invariant: a row older than an hour has no condition any more, and one that is late says so.
import type { FleetChannel, MachineSummary } from '@vigie/contract';
import { plain } from '../i18n/plain.ts';
import type { Tone } from '../machine/sentence.ts';
import { freshness } from '../machine/verdict.ts';

export type StandingKind =
  | 'alarm'
  | 'silent'
  /** Only rows without a date. */
  | 'undated'
  | 'never'
  | 'fault'
  | 'warning'
  | 'late'
  | 'stopped'
  | 'normal';

export interface Standing {
  readonly kind: StandingKind;
  /** What is said of it was so when it was heard last, more than two intervals ago. */
  readonly late: boolean;
}

/** Alarm before silence before warning before the rest. */
const ORDER: Readonly<Record<StandingKind, number>> = {
  alarm: 0,
  silent: 1,
  undated: 2,
  never: 2,
  fault: 3,
  warning: 4,
  late: 5,
  stopped: 6,
  normal: 6,
};

/** @param isLost the page does not hear the server: what it knows is late at best. */
export function standingOf(machine: MachineSummary, nowMs: number, isLost = false): Standing {
  const { lastRowMs, condition, intervalMs, onlyUndated } = machine;
  if (lastRowMs === null) return { kind: onlyUndated ? 'undated' : 'never', late: false };
  const fresh = freshness(nowMs - lastRowMs, intervalMs);
  if (fresh === 'stale' || condition === null) return { kind: 'silent', late: false };
  const late = isLost || fresh === 'late';
  const { kind } = condition;
  return { kind: late && (kind === 'normal' || kind === 'stopped') ? 'late' : kind, late };
}

export function toneOfStanding({ kind, late }: Standing): Tone {
  switch (kind) {
    case 'silent':
    case 'undated':
    case 'never':
      return 'unknown';
    case 'alarm':
      return 'alarm';
    case 'fault':
    case 'warning':
      return late ? 'late' : kind;
    case 'late':
    case 'stopped':
    case 'normal':
      return kind;
  }
}

const names = new Intl.Collator('fr', { numeric: true });

/** The longest silent on top of the silent ones; otherwise by name. */
export function sortMachines(machines: readonly MachineSummary[], nowMs: number): readonly MachineSummary[] {
  return machines
    .map((machine) => ({ machine, kind: standingOf(machine, nowMs).kind }))
    .sort(
      (a, b) =>
        ORDER[a.kind] - ORDER[b.kind] ||
        (a.kind === 'silent' ? (a.machine.lastRowMs ?? 0) - (b.machine.lastRowMs ?? 0) : 0) ||
        names.compare(a.machine.name, b.machine.name) ||
        names.compare(a.machine.id, b.machine.id),
    )
    .map(({ machine }) => machine);
}

/** Every word of the search is in the machine's name, id, site or model. */
export function matching(machines: readonly MachineSummary[], search: string): readonly MachineSummary[] {
  const wanted = plain(search).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return machines;
  return machines.filter(({ id, name, site, model }) => {
    const text = plain([id, name, site, model?.fr ?? '', model?.en ?? ''].join('\n'));
    return wanted.every((word) => text.includes(word));
  });
}

/** The channel that a machine's condition is about. */
export function worstChannel(
  { condition }: MachineSummary,
  channels: readonly FleetChannel[],
): FleetChannel | null {
  return condition === null || condition.channel === null ? null : (channels[condition.channel] ?? null);
}
