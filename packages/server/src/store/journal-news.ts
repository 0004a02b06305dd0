// What the journals hold for the fleet: limits of one machine over days, and what happened to all of them since an instant.
// Invariant: each question is answered from an index, at the cost of what it finds and not of years of journal.
// Not here: what is worth an entry (journal/), what the fleet makes of it (fleet/).
import type { JournalEntry } from '@vigie/contract';
import type { Sql } from './database.ts';
import type { LimitNews, NewsSince } from './store.ts';

/** More entries of a machine in a week than could be right: no strip shall be made of a part of them. */
const MOST_ENTRIES = 20_000;
/** Of all machines since a visit: weeks of thousands of them, in some 20 MB. What is beyond is not counted. */
const MOST_NEWS = 200_000;
const LIMIT_KINDS = "('limit-crossed', 'limit-returned', 'sensor-fault', 'sensor-back')";

export type StoredEntry = Omit<JournalEntry, 'facts'> & { readonly facts: string };

export function entryOf(row: StoredEntry): JournalEntry {
  return { ...row, facts: JSON.parse(row.facts) as JournalEntry['facts'] };
}

export async function limitNews(sql: Sql, machine: string, fromMs: number): Promise<LimitNews> {
  const rows = await sql.all<StoredEntry>(
    `SELECT at_ms AS "atMs", kind, channel, facts FROM journal
     WHERE machine = $1 AND at_ms >= $2 AND kind IN ${LIMIT_KINDS} ORDER BY at_ms, rowid LIMIT ${MOST_ENTRIES + 1}`,
    machine,
    fromMs,
  );
  if (rows.length > MOST_ENTRIES) return { entries: null, before: new Map() };
  const before = new Map<string, JournalEntry>();
  for (const channel of new Set(rows.map((row) => row.channel))) {
    if (channel === null) continue;
    const row = await sql.get<StoredEntry>(
      `SELECT at_ms AS "atMs", kind, channel, facts FROM journal
       WHERE machine = $1 AND channel = $2 AND at_ms < $3 AND kind IN ${LIMIT_KINDS} ORDER BY at_ms DESC, rowid DESC LIMIT 1`,
      machine,
      channel,
      fromMs,
    );
    if (row !== undefined) before.set(channel, entryOf(row));
  }
  return { entries: rows.map(entryOf), before };
}

export async function newsSince(sql: Sql, sinceMs: number): Promise<NewsSince> {
  // Machine by machine: the journal has no index by time alone, and CROSS JOIN keeps SQLite to this order.
  const entries = await sql.all<NewsSince['entries'][number]>(
    `SELECT j.machine, j.at_ms AS "atMs", j.kind FROM machine m CROSS JOIN journal j
     WHERE j.machine = m.id AND j.at_ms >= $1 AND (j.kind IN ('edge-connected', 'edge-disconnected')
       OR (j.kind = 'limit-crossed' AND j.facts LIKE '%"level":"alarm-%')) ORDER BY j.machine, j.at_ms, j.rowid LIMIT ${MOST_NEWS}`,
    sinceMs,
  );
  const appeared = await sql.all<{ id: string }>(
    `SELECT id FROM machine m WHERE EXISTS (SELECT 1 FROM journal j WHERE j.machine = m.id AND j.at_ms >= $1)
       AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.machine = m.id AND j.at_ms < $1) ORDER BY id`,
    sinceMs,
  );
  return { entries, appeared: appeared.map(({ id }) => id) };
}
