// Who may sign in, and what they may do: accounts, their sessions, the one-time code of the first Super Admin.
// Invariants: no default password; passwords are kept as argon2id (RFC 9106), session tokens and set-up codes as SHA-256
// only; whatever one server of a database opens, all of them know, but wrong attempts are counted by each alone, per address
// and per account; one function, `may`, decides. Not here: cookies (api).
import { createHash, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import type { Language, Me, Role } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';

const SESSION_MS = 30 * 86_400_000;
/** A visit ends when its account has not looked for so long. */
const VISIT_PAUSE_MS = 30 * 60_000;
/** Attempts within the window before one must wait. */
const MOST_ATTEMPTS = 10;
const WINDOW_MS = 15 * 60_000;
/** Users and addresses remembered for their attempts; beyond, the oldest are forgotten. */
const MOST_REMEMBERED = 10_000;

/** Of the file beside SQLite; on PostgreSQL the tables are among the others (store/migrations.ts). */
export const ACCOUNT_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE user (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
    language TEXT NOT NULL, password TEXT NOT NULL
  ) STRICT;
  CREATE TABLE session (sha256 TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user, expires_ms INTEGER NOT NULL) STRICT;
  -- Machines a user or an admin sees; a Super Admin sees all.
  CREATE TABLE user_machine (user TEXT NOT NULL REFERENCES user, machine TEXT NOT NULL, PRIMARY KEY (user, machine)) STRICT;
  `,
  // «user» is a word of PostgreSQL's own.
  `
  ALTER TABLE user RENAME TO account;
  ALTER TABLE session RENAME COLUMN user TO account;
  ALTER TABLE user_machine RENAME TO account_machine;
  ALTER TABLE account_machine RENAME COLUMN user TO account;
  CREATE TABLE setup_code (sha256 TEXT PRIMARY KEY) STRICT;
  `,
  `
  CREATE TABLE visit (
    account TEXT PRIMARY KEY REFERENCES account ON DELETE CASCADE, seen_ms INTEGER NOT NULL, last_visit_ms INTEGER
  ) STRICT;
  `,
];

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly language: Language;
  readonly password: string;
}

export type SignIn =
  | { readonly kind: 'signed-in'; readonly me: Me; readonly token: string }
  | { readonly kind: 'wrong-credentials' }
  | { readonly kind: 'wrong-code' }
  | { readonly kind: 'too-many-attempts'; readonly retryAfterMs: number };

export type Action = 'see-machine' | 'delete-notes';

export class Accounts {
  readonly #db: Database;
  readonly #nowMs: () => number;
  readonly #attempts = new Map<string, number[]>();
  #setupCode: string | null = null;
  /** Verified in place of a missing account's, so that the time taken tells nothing. */
  readonly #decoy = hash(randomBytes(16));

  constructor(db: Database, nowMs: () => number) {
    this.#db = db;
    this.#nowMs = nowMs;
  }

  async setupNeeded(): Promise<boolean> {
    return isEmpty(this.#db);
  }

  /**
   * The code that makes the first Super Admin; a new one at each start, `null` when there is one already. Those that
   * other servers printed are worth as much until one has served.
   */
  async setupCode(): Promise<string | null> {
    if (!(await this.setupNeeded())) return null;
    if (this.#setupCode !== null) return this.#setupCode;
    // 10 letters of 32: 50 bits, behind the limit of attempts.
    const letters = Array.from(randomBytes(10), (byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte & 31]).join(
      '',
    );
    await this.#db.run('INSERT INTO setup_code (sha256) VALUES ($1)', sha256(letters));
    this.#setupCode = letters.replace(/^(.{5})/, '$1-');
    return this.#setupCode;
  }

  /** @param address of whoever asks. */
  async setUp(
    request: { code: string; name: string; email: string; password: string; language: Language },
    address: string,
  ): Promise<SignIn> {
    const wait = this.#attempt(`setup ${address}`);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const given = request.code
      .trim()
      .toUpperCase()
      .replace(/[^A-Z0-9]/g, '');
    const known = await this.#db.get('SELECT 1 AS one FROM setup_code WHERE sha256 = $1', sha256(given));
    if (known === undefined) return { kind: 'wrong-code' };
    const account: AccountRow = {
      id: randomBytes(8).toString('hex'),
      name: request.name,
      email: request.email.trim().toLowerCase(),
      role: 'super-admin',
      language: request.language,
      password: await hash(request.password),
    };
    const isMade = await this.#db.transaction(async (sql) => {
      // All of them: two servers that are asked at once find out here which one was first.
      if ((await sql.run('DELETE FROM setup_code')) === 0 || !(await isEmpty(sql))) return false;
      await sql.run(
        'INSERT INTO account (id, name, email, role, language, password) VALUES ($1, $2, $3, $4, $5, $6)',
        account.id,
        account.name,
        account.email,
        account.role,
        account.language,
        account.password,
      );
      return true;
    });
    if (!isMade) return { kind: 'wrong-code' };
    this.#setupCode = null;
    this.#forgive(`setup ${address}`);
    return this.#open(account);
  }

  async signIn(email: string, password: string, address: string): Promise<SignIn> {
    const name = email.trim().toLowerCase();
    const wait = Math.max(this.#attempt(`user ${name}`), this.#attempt(`address ${address}`));
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const account = await this.#db.get<AccountRow>('SELECT * FROM account WHERE email = $1', name);
    const right = await verify(account?.password ?? (await this.#decoy), password);
    if (account === undefined || !right) return { kind: 'wrong-credentials' };
    this.#attempts.delete(`user ${name}`);
    this.#forgive(`address ${address}`);
    return this.#open(account);
  }

  async signOut(token: string): Promise<void> {
    await this.#db.run('DELETE FROM session WHERE sha256 = $1', sha256(token));
  }

  /** `null`: no such session, or it has expired. */
  async session(token: string): Promise<Me | null> {
    const account = await this.#db.get<AccountRow>(
      'SELECT account.* FROM session JOIN account ON account.id = session.account WHERE sha256 = $1 AND expires_ms > $2',
      sha256(token),
      this.#nowMs(),
    );
    return account === undefined ? null : meOf(account);
  }

  async setLanguage(account: string, language: Language): Promise<void> {
    await this.#db.run('UPDATE account SET language = $1 WHERE id = $2', language, account);
  }

  async may(actor: Me, action: Action, machine: string): Promise<boolean> {
    switch (action) {
      case 'see-machine': {
        if (actor.role === 'super-admin') return true;
        const link = await this.#db.get(
          'SELECT 1 AS one FROM account_machine WHERE account = $1 AND machine = $2',
          actor.id,
          machine,
        );
        return link !== undefined;
      }
      // Those of others, too.
      case 'delete-notes':
        return actor.role !== 'user' && (await this.may(actor, 'see-machine', machine));
    }
  }

  /** Machines that `may` lets whoever asks see. */
  async seenMachines(actor: Me): Promise<ReadonlySet<string> | 'all'> {
    if (actor.role === 'super-admin') return 'all';
    const rows = await this.#db.all<{ machine: string }>(
      'SELECT machine FROM account_machine WHERE account = $1',
      actor.id,
    );
    return new Set(rows.map(({ machine }) => machine));
  }

  /** Notes that the account looks now. @returns when its visit before this one ended; `null`: this is the first. */
  visit(account: string): Promise<number | null> {
    const nowMs = this.#nowMs();
    return this.#db.transaction(async (sql) => {
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

  /** Sets a new password and ends the sessions of the account; returns it, or `null` when there is no such account. */
  async resetPassword(email: string): Promise<string | null> {
    const password = randomBytes(12).toString('base64url');
    const hashed = await hash(password);
    return this.#db.transaction(async (sql) => {
      const account = await sql.get<{ id: string }>(
        'UPDATE account SET password = $1 WHERE email = $2 RETURNING id',
        hashed,
        email.trim().toLowerCase(),
      );
      if (account === undefined) return null;
      await sql.run('DELETE FROM session WHERE account = $1', account.id);
      return password;
    });
  }

  async #open(account: AccountRow): Promise<SignIn> {
    const token = randomBytes(32).toString('base64url');
    const nowMs = this.#nowMs();
    await this.#db.transaction(async (sql) => {
      await sql.run('DELETE FROM session WHERE expires_ms <= $1', nowMs);
      await sql.run(
        'INSERT INTO session (sha256, account, expires_ms) VALUES ($1, $2, $3)',
        sha256(token),
        account.id,
        nowMs + SESSION_MS,
      );
    });
    return { kind: 'signed-in', me: meOf(account), token };
  }

  /** Takes back an attempt that was right: many people may sign in from behind one address. */
  #forgive(key: string): void {
    this.#attempts.set(key, this.#attempts.get(key)?.slice(0, -1) ?? []);
  }

  /** Counts an attempt; ms to wait before the next, 0 when it may go on. */
  #attempt(key: string): number {
    const nowMs = this.#nowMs();
    const recent = (this.#attempts.get(key) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS);
    const oldest = recent[0];
    if (recent.length >= MOST_ATTEMPTS && oldest !== undefined) return oldest + WINDOW_MS - nowMs;
    this.#attempts.delete(key);
    this.#attempts.set(key, [...recent, nowMs]);
    if (this.#attempts.size > MOST_REMEMBERED) {
      const first = this.#attempts.keys().next().value;
      if (first !== undefined) this.#attempts.delete(first);
    }
    return 0;
  }
}

export const SESSION_SECONDS = SESSION_MS / 1000;

function meOf({ id, name, email, role, language }: AccountRow): Me {
  return { id, name, email, role, language };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function isEmpty(sql: Sql): Promise<boolean> {
  return (await sql.get('SELECT 1 AS one FROM account LIMIT 1')) === undefined;
}
