// Links by which somebody chooses a password: an invitation, or one for who forgot theirs. Also what the command line does.
// Invariants: only the SHA-256 of a token is kept; a link serves once, until it expires or a newer one is made; using it
// ends the account's sessions. A second factor stays, and is asked for. Not here: who may make one (users.ts), mail.
import type { Me, Welcome } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';
import { type AccountRow, actorOf, endSessions, hashPassword, meOf, newToken, sha256 } from './account.ts';
import type { Attempts } from './attempts.ts';
import { note } from './audit.ts';
import { endSecondFactor } from './second-factor.ts';
import type { From, Sessions } from './sessions.ts';
import type { TooMany } from './sign-in.ts';

const INVITATION_MS = 7 * 86_400_000;
const RESET_MS = 86_400_000;

export interface Link {
  readonly token: string;
  readonly expiresMs: number;
}

type Void = { readonly kind: 'link-void' };
export type Looked = { readonly kind: 'known'; readonly welcome: Welcome } | Void | TooMany;
/** `token` of the new session; `null`: the account has a second factor, and is asked for it by signing in. */
export type Welcomed =
  | { readonly kind: 'done'; readonly me: Me; readonly token: string | null }
  | Void
  | TooMany;

/** The ones before it are void. */
export async function makeLink(sql: Sql, account: AccountRow, nowMs: number): Promise<Link> {
  const token = newToken();
  const expiresMs = nowMs + (account.password === '' ? INVITATION_MS : RESET_MS);
  await sql.run('DELETE FROM invitation WHERE account = $1 OR expires_ms <= $2', account.id, nowMs);
  await sql.run(
    'INSERT INTO invitation (account, sha256, expires_ms) VALUES ($1, $2, $3)',
    ...[account.id, sha256(token), expiresMs],
  );
  return { token, expiresMs };
}

export class Links {
  readonly #db: Database;
  readonly #nowMs: () => number;
  readonly #sessions: Sessions;
  readonly #attempts: Attempts;

  constructor(db: Database, nowMs: () => number, sessions: Sessions, attempts: Attempts) {
    this.#db = db;
    this.#nowMs = nowMs;
    this.#sessions = sessions;
    this.#attempts = attempts;
  }

  /** Whom the link is for; nothing is used up. */
  async look(token: string, { address }: From): Promise<Looked> {
    const key = `link ${address}`;
    const wait = this.#attempts.attempt(key);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const row = await accountBy(this.#db, token, this.#nowMs());
    if (row === undefined) return { kind: 'link-void' };
    this.#attempts.forgive(key);
    const { name, email, language, password, link_expires_ms: expiresMs } = row;
    const kind = password === '' ? 'invitation' : 'reset';
    return { kind: 'known', welcome: { kind, name, email, language, expiresMs } };
  }

  /** Sets the password and signs in. */
  async use(token: string, password: string, from: From): Promise<Welcomed> {
    const key = `link ${from.address}`;
    const wait = this.#attempts.attempt(key);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    // Before anything is worked out for a token that is worth nothing.
    if ((await accountBy(this.#db, token, this.#nowMs())) === undefined) return { kind: 'link-void' };
    const hashed = await hashPassword(password);
    const result = await this.#db.transaction(async (sql): Promise<Welcomed> => {
      const account = await accountBy(sql, token, this.#nowMs());
      if (account === undefined) return { kind: 'link-void' };
      // Of two that use it at once the second one finds nothing here.
      const used = await sql.run('DELETE FROM invitation WHERE sha256 = $1', sha256(token));
      if (used === 0) return { kind: 'link-void' };
      await setPassword(sql, account.id, hashed);
      const by = { actor: await actorOf(sql, account), name: account.name, address: from.address };
      await note(sql, this.#nowMs(), by, { action: 'password-reset', user: account });
      const opened = account.totp_secret === null ? await this.#sessions.open(sql, account, from) : null;
      return { kind: 'done', me: meOf(account), token: opened };
    });
    if (result.kind === 'done') this.#attempts.forgive(key);
    return result;
  }

  /** For the command line. Ends the account's sessions; `false`: there is no such account. */
  async resetPassword(
    email: string,
    password: string,
    options: { readonly withoutSecondFactor: boolean },
  ): Promise<boolean> {
    const hashed = await hashPassword(password);
    return this.#db.transaction(async (sql) => {
      const account = await sql.get<AccountRow>(
        'SELECT * FROM account WHERE email = $1 OR user_name = $1',
        email.trim().toLowerCase(),
      );
      if (account === undefined) return false;
      await setPassword(sql, account.id, hashed);
      await note(sql, this.#nowMs(), 'command-line', { action: 'password-reset', user: account });
      if (options.withoutSecondFactor) {
        await endSecondFactor(sql, account.id);
        await note(sql, this.#nowMs(), 'command-line', { action: 'second-factor-off', user: account });
      }
      return true;
    });
  }
}

async function setPassword(sql: Sql, account: string, hashed: string): Promise<void> {
  await sql.run('UPDATE account SET password = $1, version = version + 1 WHERE id = $2', hashed, account);
  await sql.run('DELETE FROM invitation WHERE account = $1', account);
  await endSessions(sql, account);
}

function accountBy(
  sql: Sql,
  token: string,
  nowMs: number,
): Promise<(AccountRow & { readonly link_expires_ms: number }) | undefined> {
  return sql.get(
    `SELECT account.*, invitation.expires_ms AS link_expires_ms FROM invitation
     JOIN account ON account.id = invitation.account
     WHERE invitation.sha256 = $1 AND invitation.expires_ms > $2 AND disabled = 0`,
    sha256(token),
    nowMs,
  );
}
