// Occurrences of alarms out of crossings of limits, in the time of the rows: one begins with a crossing and is over for good
// when nothing crossed for some minutes, so that a value which trembles at its limit is one alarm and not a hundred. Pure.
// Invariants: an occurrence begins once and is over for good once; rows that come after newer ones make occurrences of their
// own, which are past when they are told, and touch nothing newer; rows cut into blocks in any way make the same occurrences.
// Not here: limits (model/watch.ts), what people do about an alarm (isa.ts), what is told when (alarm-rows.ts).
import type { AlarmKind } from '@vigie/contract';
import {
  type Crossing,
  type Spans,
  type WatchedLimit,
  type WatchedRow,
  type Watches,
  watchRows,
} from '@vigie/model';

/** An alarm that has returned is over for good when it has not rung for so long. */
export const CALM_MS = 10 * 60_000;
/** One that flaps must be calm for longer. */
export const FLAPPING_CALM_MS = 30 * 60_000;
/** Crossings without calm between them that are flapping. */
export const FLAPS = 3;

/** An occurrence that is not over for good; JSON-safe. */
export interface Open {
  readonly id: number;
  readonly happenedMs: number;
  /** Since when it has returned; `null`: it rings. */
  readonly overMs: number | null;
  readonly crossings: number;
  readonly flapping: boolean;
}

/** What a change is of. */
export interface About {
  readonly source: string;
  readonly kind: AlarmKind;
  readonly channel: string | null;
  readonly limit: number | null;
}

export type OccurrenceChange =
  | (About & {
      readonly type: 'begins';
      readonly id: number;
      readonly happenedMs: number;
      readonly value: number | null;
      readonly peak: number | null;
      readonly peakMs: number | null;
      readonly isUnderWorse: boolean;
    })
  | { readonly type: 'rings-again'; readonly id: number; readonly atMs: number; readonly crossings: number }
  | { readonly type: 'flaps'; readonly id: number; readonly atMs: number }
  | { readonly type: 'peaks'; readonly id: number; readonly peak: number; readonly peakMs: number | null }
  | {
      readonly type: 'returns';
      readonly id: number;
      readonly overMs: number;
      readonly peak: number | null;
      readonly peakMs: number | null;
    }
  /** Over for good. */
  | { readonly type: 'calms'; readonly id: number; readonly overMs: number }
  /** All of an occurrence of rows that came after newer ones. */
  | (About & {
      readonly type: 'was';
      readonly id: number;
      readonly happenedMs: number;
      readonly overMs: number;
      readonly value: number | null;
      readonly peak: number | null;
      readonly peakMs: number | null;
      readonly crossings: number;
      readonly flapping: boolean;
    });

interface Past extends Open {
  readonly about: About;
  readonly value: number | null;
  readonly peak: number | null;
  readonly peakMs: number | null;
}

/** What is kept of a machine between blocks; JSON-safe, and small while nothing rings. */
export interface MachineWatch {
  readonly watches: Watches;
  /** By source. */
  readonly open: Readonly<Record<string, Open>>;
  /** Of rows that came after newer ones, as far as they have come. */
  readonly late: {
    readonly watches: Watches;
    readonly open: Readonly<Record<string, Past>>;
    readonly lastMs: number;
  } | null;
  readonly nextId: number;
  /** Something late was told since rows were of now. */
  readonly isBehind: boolean;
}
export const noWatch: MachineWatch = { watches: {}, open: {}, late: null, nextId: 1, isBehind: false };

/** How long it must have returned to be over for good. */
export function calmMs({ flapping }: Pick<Open, 'flapping'>): number {
  return flapping ? FLAPPING_CALM_MS : CALM_MS;
}

/** It rings once more before it was over for good. */
export function again(
  open: Open,
  atMs: number,
): { readonly open: Open; readonly changes: OccurrenceChange[] } {
  const crossings = open.crossings + 1;
  const flaps = crossings >= FLAPS && !open.flapping;
  return {
    open: { ...open, overMs: null, crossings, flapping: open.flapping || flaps },
    changes: [
      { type: 'rings-again', id: open.id, atMs, crossings },
      ...(flaps ? [{ type: 'flaps', id: open.id, atMs } as const] : []),
    ],
  };
}

/**
 * @param rows in increasing time, of one block
 * @param seenMs newest row known before them; `null`: none
 * @param previous the row at `seenMs`, in the same channels; `null`: not known
 * @param spans of these rows, where they are known without looking at each
 * @returns `watch` is `before` itself when nothing is to be kept anew
 */
export function observeRows(
  before: MachineWatch,
  limits: readonly WatchedLimit[],
  rows: readonly WatchedRow[],
  seenMs: number | null,
  previous: WatchedRow | null,
  spans?: Spans,
): { readonly watch: MachineWatch; readonly changes: readonly OccurrenceChange[] } {
  const split = seenMs === null ? 0 : firstAfter(rows, seenMs);
  const changes: OccurrenceChange[] = [];
  let watch = before;
  if (split > 0) watch = late(watch, limits, rows.slice(0, split), changes);
  if (split === rows.length) return { watch, changes };
  // Those that came late have reached the newer ones: what they say of later is known already.
  if (split > 0) watch = endLate(watch, changes);
  const newer = split === 0 ? rows : rows.slice(split);
  return {
    watch: now(watch, limits, newer, previous, changes, split === 0 ? spans : undefined),
    changes,
  };
}

function firstAfter(rows: readonly WatchedRow[], atMs: number): number {
  if ((rows[0]?.atMs ?? Number.POSITIVE_INFINITY) > atMs) return 0;
  const found = rows.findIndex((row) => row.atMs > atMs);
  return found === -1 ? rows.length : found;
}

function now(
  before: MachineWatch,
  limits: readonly WatchedLimit[],
  rows: readonly WatchedRow[],
  previous: WatchedRow | null,
  changes: OccurrenceChange[],
  spans: Spans | undefined,
): MachineWatch {
  const { watches, crossings } = watchRows(limits, before.watches, rows, previous, spans);
  const lastMs = rows.at(-1)?.atMs ?? 0;
  const isQuiet = watches === before.watches && crossings.length === 0;
  if (isQuiet && Object.keys(before.open).length === 0 && Object.keys(watches).length === 0) return before;
  const open: Record<string, Open> = { ...before.open };
  let { nextId } = before;
  for (const crossing of crossings) {
    const { source } = crossing.limit;
    let standing = own(open, source);
    if (standing !== null && crossing.on && isCalm(standing, crossing.atMs)) {
      changes.push({ type: 'calms', id: standing.id, overMs: standing.overMs ?? crossing.atMs });
      standing = null;
    }
    const { atMs, peak, peakMs } = crossing;
    if (!crossing.on) {
      if (standing === null) continue;
      open[source] = { ...standing, overMs: atMs };
      changes.push({ type: 'returns', id: standing.id, overMs: atMs, peak, peakMs });
    } else if (standing === null) {
      const begun: Open = { id: nextId++, happenedMs: atMs, overMs: null, crossings: 1, flapping: false };
      open[source] = begun;
      changes.push({
        ...{ type: 'begins', ...aboutOf(crossing), id: begun.id, happenedMs: atMs, value: crossing.value },
        ...{ peak, peakMs, isUnderWorse: isUnderWorse(crossing, open) },
      });
    } else {
      const next = again(standing, atMs);
      open[source] = next.open;
      changes.push(...next.changes);
    }
  }
  const sources = new Set(limits.map(({ source }) => source));
  let kept: Record<string, (typeof watches)[string]> | null = null;
  for (const source of Object.keys(watches)) {
    if (sources.has(source)) continue;
    kept ??= { ...watches };
    delete kept[source];
  }
  for (const [source, standing] of Object.entries(open)) {
    const isGone = !sources.has(source);
    // A limit that was taken away rings no more.
    if (isGone && standing.overMs === null) {
      const overMs = rows[0]?.atMs ?? lastMs;
      changes.push({ type: 'returns', id: standing.id, overMs, peak: null, peakMs: null });
      changes.push({ type: 'calms', id: standing.id, overMs });
      delete open[source];
      continue;
    }
    const ringing = own(watches, source);
    if (standing.overMs === null) {
      const past = own(before.watches, source);
      if (ringing !== null && ringing.peak !== null && past !== null && ringing.peak !== past.peak) {
        changes.push({ type: 'peaks', id: standing.id, peak: ringing.peak, peakMs: ringing.peakMs });
      }
    } else if (isGone || (ringing === null && isCalm(standing, lastMs))) {
      changes.push({ type: 'calms', id: standing.id, overMs: standing.overMs });
      delete open[source];
    }
  }
  const isSame =
    kept === null &&
    watches === before.watches &&
    nextId === before.nextId &&
    Object.keys(open).length === Object.keys(before.open).length &&
    Object.entries(open).every(([source, standing]) => standing === before.open[source]);
  return isSame ? before : { ...before, watches: kept ?? watches, open, nextId };
}

function isCalm(open: Open, atMs: number): boolean {
  return open.overMs !== null && atMs - open.overMs >= calmMs(open);
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(record, key) ? (record[key] ?? null) : null;
}

function aboutOf({ limit: { source, kind, channel, limit } }: Crossing): About {
  return { source, kind, channel, limit };
}

/** Whether the alarm of the same side rings. */
function isUnderWorse({ limit: { kind, channel } }: Crossing, open: Readonly<Record<string, Open>>): boolean {
  if (kind !== 'warning-high' && kind !== 'warning-low') return false;
  const worse = own(open, `${channel}.${kind.replace('warning', 'alarm')}`);
  return worse !== null && worse.overMs === null;
}

function late(
  before: MachineWatch,
  limits: readonly WatchedLimit[],
  rows: readonly WatchedRow[],
  changes: OccurrenceChange[],
): MachineWatch {
  const [first, last] = [rows[0]?.atMs ?? 0, rows.at(-1)?.atMs ?? 0];
  let watch = before;
  // Of yet another time: what was begun is all that will be known of it.
  if (watch.late !== null && first <= watch.late.lastMs) watch = endLate(watch, changes);
  const { watches, crossings } = watchRows(limits, watch.late?.watches ?? {}, rows, null);
  const open: Record<string, Past> = { ...watch.late?.open };
  let { nextId } = watch;
  const close = (past: Past, overMs: number): void => {
    changes.push(wasOf(past, nextId++, overMs));
  };
  for (const crossing of crossings) {
    const { source } = crossing.limit;
    const { atMs, value, peak, peakMs } = crossing;
    let standing = own(open, source);
    if (standing !== null && crossing.on && isCalm(standing, atMs)) {
      close(standing, standing.overMs ?? atMs);
      standing = null;
    }
    if (!crossing.on) {
      if (standing !== null) open[source] = { ...standing, overMs: atMs, peak, peakMs };
    } else if (standing === null) {
      open[source] = {
        ...{ id: 0, happenedMs: atMs, overMs: null, crossings: 1, flapping: false },
        ...{ about: aboutOf(crossing), value, peak, peakMs },
      };
    } else open[source] = { ...standing, ...again(standing, atMs).open };
  }
  for (const [source, standing] of Object.entries(open)) {
    if (own(watches, source) !== null || !isCalm(standing, last)) continue;
    close(standing, standing.overMs ?? last);
    delete open[source];
  }
  return { ...watch, nextId, late: { watches, open, lastMs: last } };
}

/** Nothing follows on what came late any more. */
export function endLate(before: MachineWatch, changes: OccurrenceChange[]): MachineWatch {
  if (before.late === null) return before;
  const { open, lastMs } = before.late;
  let { nextId } = before;
  for (const past of Object.values(open)) changes.push(wasOf(past, nextId++, past.overMs ?? lastMs));
  return { ...before, late: null, nextId };
}

function wasOf(past: Past, id: number, overMs: number): OccurrenceChange {
  const { about, happenedMs, value, peak, peakMs, crossings, flapping } = past;
  const rest = { id, happenedMs, overMs, value, peak, peakMs, crossings, flapping };
  return { type: 'was', ...about, ...rest };
}
