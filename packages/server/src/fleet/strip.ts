// The last seven days of a machine in slots of two hours: the worst of each, and how long it was so. Found from what the
// journal says of limits and sensors and from the gaps of the rows, so that weeks of rows are not read.
// Pure. Invariants: where there is no row for an hour or more the slot is silent and nothing else is said of that time;
// what nobody judged is unknown. Not here: reading them (week.ts).
import type { ChartGap, JournalEntry, Strip, StripState } from '@vigie/contract';
import type { Level } from '@vigie/model';

export const SLOT_MS = 2 * 3_600_000;
export const SLOTS = 84;
/** Without a row for longer a machine is silent, as on the page. */
export const SILENT_MS = 3_600_000;

export interface WeekFacts {
  /** Multiple of SLOT_MS. */
  readonly fromMs: number;
  readonly nowMs: number;
  /** By channel at `fromMs`; one that is well need not be there. */
  readonly before: ReadonlyMap<string, Judged>;
  /** From `fromMs` on, oldest first. */
  readonly entries: readonly JournalEntry[];
  readonly gaps: readonly Pick<ChartGap, 'fromMs' | 'toMs'>[];
  /** Where rows begin, at `fromMs` or later; `null`: there is none. */
  readonly firstMs: number | null;
  /** The newest row; `null`: there is none. */
  readonly lastMs: number | null;
}

/** What the journal says of a channel. */
export type Judged = 'alarm' | 'fault' | 'warning' | 'well';

/** The worst first. */
const ORDER = ['alarm', 'silent', 'fault', 'warning', 'normal', 'unknown'] as const satisfies StripState[];

/** What an entry about a limit or a sensor leaves its channel in; `null`: it is about something else. */
export function judgedAfter({ kind, facts }: JournalEntry): Judged | null {
  switch (kind) {
    case 'limit-crossed':
      return judgedAs(String(facts.level) as Level);
    case 'sensor-fault':
      return 'fault';
    case 'limit-returned':
    case 'sensor-back':
      return 'well';
    default:
      return null;
  }
}

export function judgedAs(level: Level | 'well'): Judged {
  switch (level) {
    case 'alarm-low':
    case 'alarm-high':
      return 'alarm';
    case 'warning-low':
    case 'warning-high':
      return 'warning';
    case 'sensor-fault':
      return 'fault';
    case 'normal':
    case 'inactive':
    case 'no-limits':
    case 'well':
      return 'well';
  }
}

export function stripOf(facts: WeekFacts): Strip {
  const { fromMs, nowMs, before, entries } = facts;
  const silences = silencesOf(facts);
  const judged = new Map(before);
  const spent = Array.from({ length: SLOTS }, () => new Map<StripState, number>());
  const cuts = [
    ...Array.from({ length: SLOTS }, (_, i) => fromMs + i * SLOT_MS),
    ...entries.map(({ atMs }) => atMs),
    ...silences.flatMap((span) => [span.fromMs, span.toMs]),
    ...(facts.firstMs === null ? [] : [facts.firstMs]),
  ].filter((atMs) => atMs >= fromMs && atMs < nowMs);
  const instants = [...new Set(cuts)].sort((a, b) => a - b);
  let entry = 0;
  let silence = 0;
  for (const [i, atMs] of instants.entries()) {
    for (let next = entries[entry]; next !== undefined && next.atMs <= atMs; next = entries[++entry]) {
      const after = judgedAfter(next);
      if (next.channel !== null && after !== null) judged.set(next.channel, after);
    }
    while ((silences[silence]?.toMs ?? Number.POSITIVE_INFINITY) <= atMs) silence++;
    const isSilent = (silences[silence]?.fromMs ?? Number.POSITIVE_INFINITY) <= atMs;
    const isKnown = facts.firstMs !== null && atMs >= facts.firstMs;
    const state = !isKnown ? 'unknown' : isSilent ? 'silent' : worstOf(judged.values());
    const slot = spent[Math.floor((atMs - fromMs) / SLOT_MS)];
    slot?.set(state, (slot.get(state) ?? 0) + (instants[i + 1] ?? nowMs) - atMs);
  }
  const states = spent.map((slot) => ORDER.find((state) => slot.has(state)) ?? 'unknown');
  return {
    fromMs,
    slotMs: SLOT_MS,
    states,
    spansMs: states.map((state, i) => spent[i]?.get(state) ?? 0),
  };
}

/** In order of time, none touching another. */
function silencesOf({
  gaps,
  lastMs,
  nowMs,
}: WeekFacts): { readonly fromMs: number; readonly toMs: number }[] {
  const open = lastMs === null ? [] : [{ fromMs: lastMs, toMs: nowMs }];
  return [...gaps, ...open]
    .filter((gap) => gap.toMs - gap.fromMs > SILENT_MS)
    .sort((a, b) => a.fromMs - b.fromMs);
}

function worstOf(judged: Iterable<Judged>): StripState {
  const all = new Set(judged);
  if (all.has('alarm')) return 'alarm';
  if (all.has('fault')) return 'fault';
  return all.has('warning') ? 'warning' : 'normal';
}
