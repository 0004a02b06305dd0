// Sessions: opened, looked up with every request, seen and ended by whoever holds them.
// Invariants: only the SHA-256 of a token is kept; a session of an account that is disabled is none; what the account may
// do is read with it, each time. Not here: cookies (api), how one proves who one is (sign-in.ts).
import type { Me, SessionView } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';
import { type AccountRow, actorOf, type By, meOf, newToken, sha256 } from './account.ts';
import { note } from './audit.ts';
import type { Actor } from './rights.ts';

const SESSION_MS = 30 * 86_400_000;
/** One that nobody used for so long has ended. */
const IDLE_MS = 7 * 86_400_000;
export const SESSION_SECONDS = SESSION_MS / 1000;
/** The last request of a session is written so rarely. */
const SEEN_EVERY_MS = 60_000;
const MOST_AGENT_LETTERS = 200;

/** Where a session is opened from. */
export interface From {
  readonly address: string;
  /** What the browser says of itself. */
  readonly agent: string;
}

export interface Signed {
  readonly me: Me;
  readonly actor: Actor;
}

export class Sessions {
  readonly #db: Database;
  readonly #nowMs: () => number;

  constructor(db: Database, nowMs: () => number) {
    this.#db = db;
    this.#nowMs = nowMs;
  }

  /** @returns its token, which is nowhere else. */
  async open(sql: Sql, account: AccountRow, { address, agent }: From): Promise<string> {
    const token = newToken();
    const nowMs = this.#nowMs();
    await sql.run('DELETE FROM session WHERE expires_ms <= $1', nowMs);
    await sql.run(
      `INSERT INTO session (sha256, account, expires_ms, created_ms, seen_ms, address, agent)
       VALUES ($1, $2, $3, $4, $4, $5, $6)`,
      sha256(token),
      account.id,
      nowMs + SESSION_MS,
      nowMs,
      address,
      agent.slice(0, MOST_AGENT_LETTERS),
    );
    return token;
  }

  /** `null`: no such session, it has expired or was not used for a week, or its account is disabled. */
  async find(token: string): Promise<Signed | null> {
    const nowMs = this.#nowMs();
    const row = await this.#db.get<AccountRow & { seen_ms: number }>(
      `SELECT account.*, session.seen_ms FROM session JOIN account ON account.id = session.account
       WHERE sha256 = $1 AND expires_ms > $2 AND seen_ms > $3 AND disabled = 0`,
      ...[sha256(token), nowMs, nowMs - IDLE_MS],
    );
    if (row === undefined) return null;
    if (nowMs - row.seen_ms >= SEEN_EVERY_MS) {
      await this.#db.run('UPDATE session SET seen_ms = $1 WHERE sha256 = $2', nowMs, sha256(token));
    }
    return { me: meOf(row), actor: await actorOf(this.#db, row) };
  }

  async list(account: string, token: string): Promise<readonly SessionView[]> {
    const rows = await this.#db.all<Omit<SessionView, 'id' | 'own'> & { sha256: string }>(
      `SELECT sha256, created_ms AS "createdMs", seen_ms AS "seenMs", address, agent FROM session
       WHERE account = $1 AND expires_ms > $2 ORDER BY created_ms DESC`,
      account,
      this.#nowMs(),
    );
    const own = sha256(token);
    return rows.map(({ sha256: key, ...row }) => ({ id: idOf(key), own: key === own, ...row }));
  }

  async end(token: string, by: By): Promise<void> {
    await this.#db.transaction(async (sql) => {
      await sql.run('DELETE FROM session WHERE sha256 = $1', sha256(token));
      await note(sql, this.#nowMs(), by, { action: 'signed-out' });
    });
  }

  /** One of the account's own, by its id. `false`: there is none. */
  async endOne(account: string, id: string, by: By): Promise<boolean> {
    return this.#endOf(account, by, (key) => idOf(key) === id);
  }

  /** All of the account's but the one that asks. */
  async endOthers(account: string, token: string, by: By): Promise<void> {
    const own = sha256(token);
    await this.#endOf(account, by, (key) => key !== own);
  }

  #endOf(account: string, by: By, isMeant: (key: string) => boolean): Promise<boolean> {
    return this.#db.transaction(async (sql) => {
      const keys = await sql.all<{ sha256: string }>(
        'SELECT sha256 FROM session WHERE account = $1',
        account,
      );
      const meant = keys.filter(({ sha256: key }) => isMeant(key));
      for (const { sha256: key } of meant) {
        await sql.run('DELETE FROM session WHERE sha256 = $1', key);
        await note(sql, this.#nowMs(), by, { action: 'session-ended' });
      }
      return meant.length > 0;
    });
  }
}

/** What a page names a session by: of a token's hash a part, from which nobody gets to the token. */
function idOf(key: string): string {
  return key.slice(0, 16);
}
