// What a SIM has used of its month, as its operator bills it: bytes rounded up per session, hour or day. Pure.
// Invariants: what was counted never shrinks within a month; a clock that goes back changes nothing; bytes that come before
// the date is known count for the month known last. Not here: where bytes come from, what follows from them (advice.ts).

/** How the operator counts. */
export interface DataPlan {
  /** Bytes of a unit are rounded up to a multiple of this; 1: they are not rounded. */
  readonly roundUpBytes: number;
  /** What is a unit: a data session of the modem (cut at midnight UTC, as operators do), an hour, a day. */
  readonly roundEvery: 'session' | 'hour' | 'day';
  /** Day of the month, 1 to 28, on which a new one begins (UTC). */
  readonly monthDay: number;
}

export interface Usage {
  /** Unix ms; `null`: no date was known yet. */
  readonly monthStartMs: number | null;
  /** Of units that are over, rounded up. */
  readonly closedBytes: number;
  /** Of the unit that is open, as counted. */
  readonly openBytes: number;
  /** Unix ms at which the open unit began, to the hour or day; `null`: not known. */
  readonly unitStartMs: number | null;
}

export const noUsage: Usage = { monthStartMs: null, closedBytes: 0, openBytes: 0, unitStartMs: null };
export const unrounded: DataPlan = { roundUpBytes: 1, roundEvery: 'session', monthDay: 1 };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Bytes as billed so far, the open unit rounded up. */
export function billedBytes({ closedBytes, openBytes }: Usage, plan: DataPlan): number {
  return closedBytes + roundedUp(openBytes, plan);
}

/** Longest time that one unit lasts. */
export function unitOf({ roundEvery }: DataPlan): number {
  return roundEvery === 'hour' ? HOUR_MS : DAY_MS;
}

/** What may still be sent without a byte more on the bill. */
export function freeBytes({ openBytes }: Usage, plan: DataPlan): number {
  return roundedUp(openBytes, plan) - openBytes;
}

/**
 * @param bytes carried since the last call.
 * @param utcMs as the server's clock has it; `null`: not known.
 */
export function counted(usage: Usage, plan: DataPlan, bytes: number, utcMs: number | null): Usage {
  const now = utcMs === null ? usage : atDate(usage, plan, utcMs);
  return { ...now, openBytes: now.openBytes + bytes };
}

/** The modem's data session ended: its bytes are rounded up. */
export function sessionEnded(usage: Usage, plan: DataPlan): Usage {
  return plan.roundEvery === 'session' ? closed(usage, plan) : usage;
}

interface Month {
  readonly monthDay: number;
  readonly startMs: number;
  readonly endMs: number;
}
/** The answer of last time, which is nearly always that of the next. */
let lastMonth: Month = { monthDay: 1, startMs: 0, endMs: 0 };

/** Start and end of the operator's month around an instant; Unix ms. */
export function monthAround(utcMs: number, monthDay: number): Month {
  if (lastMonth.monthDay === monthDay && utcMs >= lastMonth.startMs && utcMs < lastMonth.endMs)
    return lastMonth;
  const date = new Date(utcMs);
  const month = date.getUTCMonth() - (date.getUTCDate() < monthDay ? 1 : 0);
  lastMonth = {
    monthDay,
    startMs: Date.UTC(date.getUTCFullYear(), month, monthDay),
    endMs: Date.UTC(date.getUTCFullYear(), month + 1, monthDay),
  };
  return lastMonth;
}

function atDate(usage: Usage, plan: DataPlan, utcMs: number): Usage {
  const { startMs } = monthAround(utcMs, plan.monthDay);
  const unitStartMs = utcMs - (utcMs % unitOf(plan));
  // An instant before those known is a clock that was wrong, then or now: waiting is the cheaper mistake.
  if (usage.monthStartMs !== null && startMs < usage.monthStartMs) return usage;
  if (usage.monthStartMs !== null && startMs > usage.monthStartMs)
    return { monthStartMs: startMs, closedBytes: 0, openBytes: 0, unitStartMs };
  const dated = { ...usage, monthStartMs: startMs };
  if (usage.unitStartMs === null) return { ...dated, unitStartMs };
  if (unitStartMs <= usage.unitStartMs) return dated;
  return { ...closed(dated, plan), unitStartMs };
}

function closed(usage: Usage, plan: DataPlan): Usage {
  return { ...usage, closedBytes: billedBytes(usage, plan), openBytes: 0 };
}

function roundedUp(bytes: number, { roundUpBytes }: DataPlan): number {
  return Math.ceil(bytes / roundUpBytes) * roundUpBytes;
}
