// Watches the limits of a machine row by row: deadband, on-delay and off-delay, states in which they hold, rate of change,
// stuck and missing sensors. Edge and server run this same code, so that the edge sends its block when the server will ring.
// Pure; on any clock that only goes forward. Invariants: a limit at rest has no state, so that a machine on which nothing
// happens costs nothing to keep; rows split into blocks in any way give the same crossings of limits.
// Not here: what a crossing makes of an alarm (server/alarms), colour and word of a value (evaluate.ts).
import type { Channel, MachineSchema } from './schema.ts';

export type LimitKind =
  | 'alarm-low'
  | 'alarm-high'
  | 'warning-low'
  | 'warning-high'
  | 'rate'
  | 'stuck'
  | 'missing';

/** Where neither model nor settings say. */
export const RINGING = {
  deadband: 0,
  onDelayMs: 3000,
  offDelayMs: 30_000,
  ratePerMinute: null,
  stuckMs: null,
} as const;
/** A sensor that does not answer for so long is missed. */
const MISSING_MS = 120_000;
/** A rate is that over this time, or over half of it where rows reach no further back. */
const RATE_WINDOW_MS = 60_000;
/** What was held before a hole in the rows of this length, or of so many intervals, is not known to have held in it. */
const HOLE_MS = 60_000;
const HOLE_INTERVALS = 3;

/** One limit of one channel. */
export interface WatchedLimit {
  /** `channel.kind` */
  readonly source: string;
  readonly channel: string;
  readonly kind: LimitKind;
  /** `null`: of kind `missing`. For `stuck` it is a time in ms, for `rate` a change a minute. */
  readonly limit: number | null;
  readonly deadband: number;
  readonly onDelayMs: number;
  readonly offDelayMs: number;
  /** Rows that are further apart than this leave a hole. */
  readonly holeMs: number;
  readonly activeStates: readonly number[] | null;
  /** Places in a row; `stateAt` −1: the machine has no state channel. */
  readonly at: number;
  readonly stateAt: number;
}

export interface WatchedRow {
  readonly atMs: number;
  /** In the order of the schema's channels; `null`: no sample. */
  readonly values: readonly (number | string | null | undefined)[];
}

/** What is kept of a limit that is not at rest; JSON-safe. */
export interface Watch {
  /** It rings. */
  readonly on: boolean;
  /** Since when rows say otherwise than `on`; `null`: they do not. For `stuck`: since when the value is the same. */
  readonly sinceMs: number | null;
  /** Value at `sinceMs`. */
  readonly value: number | null;
  /** Last row judged while `sinceMs` stands; else 0. */
  readonly lastMs: number;
  /** Furthest beyond the limit. */
  readonly peak: number | null;
  readonly peakMs: number | null;
  /** Of a rate, where blocks are shorter than its window: instant and value that the next rows are compared with. */
  readonly from?: readonly [atMs: number, value: number];
}
export type Watches = Readonly<Record<string, Watch>>;

/** A limit that begins or ends to ring. */
export interface Crossing {
  readonly limit: WatchedLimit;
  readonly on: boolean;
  /** First row of what then held for its delay. */
  readonly atMs: number;
  /** Row at which the delay was over. */
  readonly confirmedMs: number;
  /** At `atMs`. */
  readonly value: number | null;
  readonly peak: number | null;
  readonly peakMs: number | null;
}

/** All limits of a machine, those of a channel together. */
export function watchedLimits(schema: MachineSchema): WatchedLimit[] {
  const stateAt = schema.channels.findIndex(({ id }) => id === schema.stateChannel);
  const holeMs = Math.max(HOLE_MS, HOLE_INTERVALS * schema.intervalMs);
  return schema.channels.flatMap((channel, at) =>
    channel.kind === 'text' ? [] : limitsOf(channel, at, stateAt, holeMs),
  );
}

/** How a channel's limits ring, with what neither model nor settings say. */
export function ringingOf({ ringing }: Pick<Channel, 'ringing'>) {
  return {
    deadband: ringing?.deadband ?? RINGING.deadband,
    onDelayMs: ringing?.onDelayMs ?? RINGING.onDelayMs,
    offDelayMs: ringing?.offDelayMs ?? RINGING.offDelayMs,
    ratePerMinute: ringing?.ratePerMinute ?? RINGING.ratePerMinute,
    stuckMs: ringing?.stuckMs ?? RINGING.stuckMs,
  };
}

function limitsOf(channel: Channel, at: number, stateAt: number, holeMs: number): WatchedLimit[] {
  const ringing = ringingOf(channel);
  const { limits, activeStates } = channel;
  const found: WatchedLimit[] = [];
  const add = (kind: LimitKind, limit: number | null, onDelayMs: number, deadband: number): void => {
    found.push({
      ...{ source: `${channel.id}.${kind}`, channel: channel.id, kind, limit, deadband, onDelayMs },
      ...{ offDelayMs: ringing.offDelayMs, holeMs, activeStates, at, stateAt },
    });
  };
  const threshold = (kind: LimitKind, limit: number | null): void => {
    if (limit !== null) add(kind, limit, ringing.onDelayMs, ringing.deadband);
  };
  threshold('alarm-low', limits?.alarmLow ?? null);
  threshold('alarm-high', limits?.alarmHigh ?? null);
  threshold('warning-low', limits?.warningLow ?? null);
  threshold('warning-high', limits?.warningHigh ?? null);
  if (ringing.ratePerMinute !== null) add('rate', ringing.ratePerMinute, 0, 0);
  if (ringing.stuckMs !== null) add('stuck', ringing.stuckMs, 0, 0);
  if (limits !== null) add('missing', null, MISSING_MS, 0);
  return found;
}

/** What the samples of a channel were within some rows. */
export interface SampleSpan {
  /** Of its numbers that are not NaN; Infinity and −Infinity where there is none. */
  readonly least: number;
  readonly most: number;
  /** How many these are, and how many rows have no number at all. */
  readonly numbers: number;
  readonly missing: number;
}
/** By a channel's place in a row. */
export type Spans = (at: number) => SampleSpan;

/** Each is found when it is asked for, and once. */
export function spansOf(rows: readonly WatchedRow[]): Spans {
  const known = new Map<number, SampleSpan>();
  return (at) => {
    const before = known.get(at);
    if (before !== undefined) return before;
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let [numbers, missing] = [0, 0];
    for (const { values } of rows) {
      const value = values[at];
      if (typeof value !== 'number') missing++;
      if (typeof value !== 'number' || Number.isNaN(value)) continue;
      numbers++;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const span = { least, most, numbers, missing };
    known.set(at, span);
    return span;
  };
}

/**
 * @param rows in increasing time
 * @param previous the row before them; `null`: not known
 * @param spans of these rows, where they are known without looking at each
 * @returns `watches` is `before` itself when nothing is to be kept anew; crossings in the order of their confirmation
 */
export function watchRows(
  limits: readonly WatchedLimit[],
  before: Watches,
  rows: readonly WatchedRow[],
  previous: WatchedRow | null,
  spans: Spans = spansOf(rows),
): { readonly watches: Watches; readonly crossings: readonly Crossing[] } {
  const crossings: Crossing[] = [];
  let watches: Record<string, Watch> | null = null;
  for (const limit of limits) {
    const kept = Object.hasOwn(before, limit.source) ? before[limit.source] : undefined;
    if (kept === undefined && !mayStir(limit, rows, previous, spans(limit.at))) continue;
    const next = runOf(limit, kept ?? null, rows, previous, crossings);
    if (next === null ? kept === undefined : kept !== undefined && isSame(kept, next)) continue;
    watches ??= { ...before };
    if (next === null) delete watches[limit.source];
    else watches[limit.source] = next;
  }
  if (crossings.length > 1) crossings.sort((a, b) => a.confirmedMs - b.confirmedMs);
  return { watches: watches ?? before, crossings };
}

/** Whether rows can move a limit that is at rest. Most cannot, and this is all that they cost. */
function mayStir(
  { kind, at, limit }: WatchedLimit,
  rows: readonly WatchedRow[],
  previous: WatchedRow | null,
  { least, most, numbers, missing }: SampleSpan,
): boolean {
  const before = previous?.values[at];
  switch (kind) {
    case 'alarm-high':
    case 'warning-high':
      return most > (limit ?? 0);
    case 'alarm-low':
    case 'warning-low':
      return least < (limit ?? 0);
    case 'missing':
      return missing > 0;
    case 'stuck':
      // One that moves within the rows is looked at again from the last of them, which comes as `previous`.
      return numbers === rows.length && least === most && (previous === null || before === least);
    case 'rate': {
      // Rows so close together say nothing alone.
      if ((rows.at(-1)?.atMs ?? 0) - (rows[0]?.atMs ?? 0) < RATE_WINDOW_MS / 2) return true;
      const from = typeof before === 'number' ? Math.min(before, least) : least;
      const to = typeof before === 'number' ? Math.max(before, most) : most;
      return to - from > ((limit ?? 0) * RATE_WINDOW_MS) / 2 / 60_000;
    }
  }
}

function isSame(one: Watch, other: Watch): boolean {
  return (
    one.on === other.on &&
    one.sinceMs === other.sinceMs &&
    one.value === other.value &&
    one.peak === other.peak &&
    one.from?.[0] === other.from?.[0] &&
    // Of use only while something is waited for.
    (one.sinceMs === null || one.lastMs === other.lastMs)
  );
}

/** `null`: at rest. */
function runOf(
  limit: WatchedLimit,
  before: Watch | null,
  rows: readonly WatchedRow[],
  previous: WatchedRow | null,
  crossings: Crossing[],
): Watch | null {
  switch (limit.kind) {
    case 'stuck':
      return runStuck(limit, before, rows, previous, crossings);
    case 'rate':
      return runRate(limit, before, rows, previous, crossings);
    default: {
      let watch = before;
      for (const row of rows) {
        const value = numberAt(row, limit.at);
        const crossed = isCrossed(limit, row, value, watch?.on ?? false);
        if (crossed !== null) watch = step(limit, watch, row.atMs, value, crossed, crossings);
      }
      return watch;
    }
  }
}

/** `null`: the row does not say. */
function isCrossed(
  { kind, limit, deadband, at, activeStates, stateAt }: WatchedLimit,
  row: WatchedRow,
  value: number | null,
  on: boolean,
): boolean | null {
  if (kind === 'missing') return typeof row.values[at] !== 'number';
  if (!isActive(activeStates, stateAt, row)) return false;
  if (value === null || limit === null) return null;
  const margin = on ? deadband : 0;
  return kind === 'alarm-high' || kind === 'warning-high' ? value > limit - margin : value < limit + margin;
}

function isActive(states: readonly number[] | null, stateAt: number, { values }: WatchedRow): boolean {
  if (states === null) return true;
  const state = values[stateAt];
  return typeof state !== 'number' || states.includes(state);
}

/** Nothing is waited for. */
const STEADY = { sinceMs: null, value: null, lastMs: 0 } as const;

/** Delays both ways. */
function step(
  limit: WatchedLimit,
  before: Watch | null,
  atMs: number,
  value: number | null,
  crossed: boolean,
  crossings: Crossing[],
): Watch | null {
  const on = before?.on ?? false;
  if (crossed === on) {
    if (!on || before === null) return null;
    const watch = before.sinceMs === null ? before : { ...before, ...STEADY };
    return withPeak(limit, watch, atMs, value);
  }
  const delayMs = on ? limit.offDelayMs : limit.onDelayMs;
  const isHeld =
    before !== null && before.sinceMs !== null && atMs - before.lastMs <= Math.max(limit.holeMs, delayMs);
  const since = isHeld ? { sinceMs: before.sinceMs, value: before.value } : { sinceMs: atMs, value };
  const kept = on || isHeld ? before : null;
  let watch: Watch = {
    ...{ on, ...since, lastMs: atMs },
    ...{ peak: kept?.peak ?? null, peakMs: kept?.peakMs ?? null },
  };
  if (!on) watch = withPeak(limit, watch, atMs, value);
  if (atMs - (since.sinceMs ?? atMs) < delayMs) return watch;
  crossings.push({
    ...{ limit, on: !on, atMs: since.sinceMs ?? atMs, confirmedMs: atMs, value: since.value },
    ...{ peak: watch.peak, peakMs: watch.peakMs },
  });
  return on ? null : { ...watch, on: true, ...STEADY };
}

function withPeak({ kind }: WatchedLimit, watch: Watch, atMs: number, value: number | null): Watch {
  if (value === null || kind === 'missing') return watch;
  const { peak } = watch;
  if (peak !== null && !isFurther(kind, value, peak)) return watch;
  return { ...watch, peak: value, peakMs: atMs };
}

function isFurther(kind: LimitKind, value: number, peak: number): boolean {
  if (kind === 'rate') return Math.abs(value) > Math.abs(peak);
  return kind === 'alarm-low' || kind === 'warning-low' ? value < peak : value > peak;
}

/** Rings while the value has been the same for `limit` ms; it is over when it moves. */
function runStuck(
  limit: WatchedLimit,
  before: Watch | null,
  rows: readonly WatchedRow[],
  previous: WatchedRow | null,
  crossings: Crossing[],
): Watch | null {
  const stuckMs = limit.limit ?? Number.POSITIVE_INFINITY;
  let watch = before;
  let moved = false;
  for (const row of watch === null && previous !== null ? [previous, ...rows] : rows) {
    const value = numberAt(row, limit.at);
    if (value !== null && isActive(limit.activeStates, limit.stateAt, row) && watch?.value === value) {
      if (watch.on || watch.sinceMs === null || row.atMs - watch.sinceMs < stuckMs) continue;
      crossings.push({
        ...{ limit, on: true, atMs: watch.sinceMs, confirmedMs: row.atMs, value },
        ...{ peak: null, peakMs: null },
      });
      watch = { ...watch, on: true };
      continue;
    }
    if (watch?.on) {
      const { atMs } = row;
      crossings.push({ limit, on: false, atMs, confirmedMs: atMs, value, peak: null, peakMs: null });
    }
    moved = watch !== null;
    const isJudged = value !== null && isActive(limit.activeStates, limit.stateAt, row);
    watch = isJudged
      ? { on: false, sinceMs: row.atMs, value, lastMs: row.atMs, peak: null, peakMs: null }
      : null;
  }
  return moved && watch !== null && !watch.on ? null : watch;
}

/** Rings when a value is further from that of a minute before than it may. */
function runRate(
  limit: WatchedLimit,
  before: Watch | null,
  rows: readonly WatchedRow[],
  previous: WatchedRow | null,
  crossings: Crossing[],
): Watch | null {
  const points: (readonly [atMs: number, value: number])[] = before?.from === undefined ? [] : [before.from];
  let watch = before?.on || before?.sinceMs != null ? before : null;
  for (const row of previous === null ? rows : [previous, ...rows]) {
    const value = numberAt(row, limit.at);
    if (value === null || row.atMs <= (points.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY)) continue;
    if (!isActive(limit.activeStates, limit.stateAt, row)) points.length = 0;
    points.push([row.atMs, value]);
    while (points.length > 1 && row.atMs - (points[0]?.[0] ?? 0) > RATE_WINDOW_MS) points.shift();
    const [fromMs, from] = points[0] ?? [row.atMs, value];
    const spanMs = row.atMs - fromMs;
    if (row === previous || spanMs < RATE_WINDOW_MS / 2) continue;
    const rate = ((value - from) * 60_000) / spanMs;
    const isFast = Math.abs(rate) > (limit.limit ?? Number.POSITIVE_INFINITY);
    watch = step(limit, watch, row.atMs, rate, isFast, crossings);
  }
  const [first] = points;
  const spanMs = (rows.at(-1)?.atMs ?? 0) - (rows[0]?.atMs ?? 0);
  if (first === undefined || spanMs >= RATE_WINDOW_MS / 2) return watch;
  const kept = watch ?? { on: false, sinceMs: null, value: null, lastMs: first[0], peak: null, peakMs: null };
  return { ...kept, from: first };
}

function numberAt({ values }: WatchedRow, at: number): number | null {
  const value = values[at];
  return typeof value === 'number' && !Number.isNaN(value) ? value : null;
}
