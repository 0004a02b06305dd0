// When somebody looks at the list of machines, and when they did before. Not here: what happened since (fleet/visit.ts).
import type { Database } from '../store/database.ts';

/** A visit ends when its account has not looked for so long. */
const VISIT_PAUSE_MS = 30 * 60_000;

/** Notes that the account looks at `nowMs`. @returns when its visit before this one ended; `null`: this is the first. */
export function visitNow(db: Database, account: string, nowMs: number): Promise<number | null> {
  return db.transaction(async (sql) => {
    const [known] = await sql.lock<{ seen_ms: number; last_visit_ms: number | null }>(
      'visit',
      { account: 'text' },
      [{ account }],
    );
    const isNew = known !== undefined && nowMs - known.seen_ms > VISIT_PAUSE_MS;
    const lastVisitMs = isNew ? known.seen_ms : (known?.last_visit_ms ?? null);
    await sql.run(
      `INSERT INTO visit (account, seen_ms, last_visit_ms) VALUES ($1, $2, $3)
       ON CONFLICT (account) DO UPDATE SET seen_ms = excluded.seen_ms, last_visit_ms = excluded.last_visit_ms`,
      account,
      nowMs,
      lastVisitMs,
    );
    return lastVisitMs;
  });
}
