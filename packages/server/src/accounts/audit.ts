// The audit: who did what to whom, when, from where. Written in the transaction of what it tells, where that is a matter of
// accounts; of machines, whose tables may be in another file, right after it. Never changed, never deleted.
// Invariants: no secret is ever in it; an Admin reads what concerns users and machines within theirs, and what they did.
import type { AuditAction, AuditEntry } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';
import type { By } from './account.ts';
import type { Actor } from './rights.ts';

export interface Noted {
  readonly action: AuditAction;
  readonly user?: { readonly id: string; readonly name: string };
  readonly machine?: string;
  readonly facts?: AuditEntry['facts'];
}

/** Of what a command of the server does, whoever typed it. */
export type Doer = By | 'command-line';

export async function note(sql: Sql, atMs: number, by: Doer, noted: Noted): Promise<void> {
  const { action, user, machine, facts } = noted;
  await sql.run(
    `INSERT INTO audit (at_ms, actor, actor_name, action, account, account_name, machine, facts, address)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    atMs,
    by === 'command-line' ? null : by.actor.id,
    by === 'command-line' ? null : by.name,
    action,
    user?.id ?? null,
    user?.name ?? null,
    machine ?? null,
    JSON.stringify(facts ?? {}),
    by === 'command-line' ? null : by.address,
  );
}

/** Of an Admin ($3): what they did, and what was done to Users and machines within theirs. */
const WITHIN = `
  AND (actor = $3 OR (
    (account IS NOT NULL OR machine IS NOT NULL)
    AND (machine IS NULL OR machine IN (SELECT machine FROM account_machine WHERE account = $3))
    AND (account IS NULL OR account IN (
      SELECT id FROM account a WHERE a.role = 'user' AND (
        (a.kept_by = $3 AND NOT EXISTS (SELECT 1 FROM account_machine m WHERE m.account = a.id))
        OR (EXISTS (SELECT 1 FROM account_machine m WHERE m.account = a.id) AND NOT EXISTS (
          SELECT 1 FROM account_machine m WHERE m.account = a.id
            AND m.machine NOT IN (SELECT machine FROM account_machine WHERE account = $3)))))))) `;

export class AuditLog {
  readonly #db: Database;
  readonly #nowMs: () => number;

  constructor(db: Database, nowMs: () => number) {
    this.#db = db;
    this.#nowMs = nowMs;
  }

  add(by: Doer, noted: Noted): Promise<void> {
    return note(this.#db, this.#nowMs(), by, noted);
  }

  /** Newest first. @param beforeId of the oldest entry that is known already */
  async read(actor: Actor, beforeId: number, count: number): Promise<readonly AuditEntry[]> {
    const within = actor.role === 'super-admin' ? '' : WITHIN;
    const rows = await this.#db.all<Omit<AuditEntry, 'facts'> & { facts: string }>(
      `SELECT id, at_ms AS "atMs", actor_name AS actor, action, account_name AS "user", machine, facts, address
       FROM audit WHERE id < $1 ${within} ORDER BY id DESC LIMIT $2`,
      ...[beforeId, count, ...(within === '' ? [] : [actor.id])],
    );
    return rows.map((row) => ({ ...row, facts: JSON.parse(row.facts) as AuditEntry['facts'] }));
  }
}
