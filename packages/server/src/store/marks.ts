// Which nodes of the archive are to be made, or made anew, because rows came that belong there: rows of `dirty`.
// An hour is due when nothing more is to be expected of it; what comes later makes it due again, once it is quiet.
// Invariant: a mark is set in the transaction that stores what it is for, and goes only as it was found (`revision`).
import type { Columns, Sql, SqlRow } from './database.ts';
import { HOUR_MS, type Level, nodeMsOf } from './rollup.ts';

/** Blocks of an hour are awaited so long after its end. */
const GRACE_MS = 5 * 60_000;
/** An hour that late blocks come for is made anew after so long without another one. */
const QUIET_MS = 30_000;
/** Hours that one block may lie in; further ones would be years of a sensor read once a day. */
const MOST_HOURS = 10_000;

const COLUMNS: Columns = {
  machine: 'text',
  level: 'bigint',
  from_ms: 'bigint',
  due_ms: 'bigint',
  revision: 'bigint',
};
const AGAIN =
  'ON CONFLICT (machine, level, from_ms) DO UPDATE SET revision = dirty.revision + 1, due_ms = excluded.due_ms';

export interface Span {
  readonly machine: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Marks every hour in which a span has an instant. */
export async function markHours(sql: Sql, spans: readonly Span[], nowMs: number): Promise<void> {
  const marks = new Map<string, SqlRow>();
  for (const { machine, fromMs, toMs } of spans) {
    let hourMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
    for (let n = 0; n < MOST_HOURS && hourMs <= toMs; n++, hourMs += HOUR_MS) {
      marks.set(
        `${machine} ${hourMs}`,
        mark(machine, 1, hourMs, Math.max(hourMs + HOUR_MS + GRACE_MS, nowMs + QUIET_MS)),
      );
    }
  }
  // In one order for all, so that no two transactions wait for each other.
  const sorted = [...marks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  await sql.insert('dirty', COLUMNS, sorted, AGAIN);
}

/** Marks a node whose intervals have changed. */
export async function markNode(
  sql: Sql,
  machine: string,
  level: Level,
  fromMs: number,
  nowMs: number,
): Promise<void> {
  const dueMs = Math.max(fromMs + nodeMsOf(level) + GRACE_MS, nowMs);
  await sql.insert('dirty', COLUMNS, [mark(machine, level, fromMs, dueMs)], AGAIN);
}

function mark(machine: string, level: Level, fromMs: number, dueMs: number): SqlRow {
  return { machine, level, from_ms: fromMs, due_ms: dueMs, revision: 1 };
}
