// How one proves who one is: the one-time code of the first Super Admin, a password with the second factor, a new password.
// Invariants: no default password; every try at a secret is counted first; whether an account exists, is disabled or has no
// password yet cannot be told from answers or their time; a wrong second factor counts even where the password is right.
import type { Language, Me, SecondFactorSecret } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';
import {
  type AccountRow,
  accountById,
  actorOf,
  type By,
  endSessions,
  hashPassword,
  isPassword,
  meOf,
  newAccountId,
  newLetters,
  sha256,
} from './account.ts';
import type { Attempts } from './attempts.ts';
import { note } from './audit.ts';
import { beginSecondFactor, confirmSecondFactor, endSecondFactor, takeFactorCode } from './second-factor.ts';
import type { From, Sessions } from './sessions.ts';

export type SignInResult =
  | { readonly kind: 'signed-in'; readonly me: Me; readonly token: string }
  | { readonly kind: 'wrong-credentials' }
  | { readonly kind: 'wrong-code' }
  | { readonly kind: 'second-factor' }
  | { readonly kind: 'wrong-second-factor' }
  | TooMany;
export interface TooMany {
  readonly kind: 'too-many-attempts';
  readonly retryAfterMs: number;
}

export type Proven<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'wrong-credentials' }
  | { readonly kind: 'wrong-second-factor' }
  | TooMany;

export class SignIn {
  readonly #db: Database;
  readonly #nowMs: () => number;
  readonly #sessions: Sessions;
  readonly #attempts: Attempts;
  #setupCode: string | null = null;

  constructor(db: Database, nowMs: () => number, sessions: Sessions, attempts: Attempts) {
    this.#db = db;
    this.#nowMs = nowMs;
    this.#sessions = sessions;
    this.#attempts = attempts;
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
    // 50 bits, behind the limit of attempts.
    const letters = newLetters(10);
    await this.#db.run('INSERT INTO setup_code (sha256) VALUES ($1)', sha256(letters));
    this.#setupCode = letters.replace(/^(.{5})/, '$1-');
    return this.#setupCode;
  }

  async setUp(
    request: { code: string; name: string; email: string; password: string; language: Language },
    from: From,
  ): Promise<SignInResult> {
    const key = `setup ${from.address}`;
    const wait = this.#attempts.attempt(key);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const given = request.code
      .trim()
      .toUpperCase()
      .replace(/[^A-Z0-9]/g, '');
    const known = await this.#db.get('SELECT 1 AS one FROM setup_code WHERE sha256 = $1', sha256(given));
    if (known === undefined) return { kind: 'wrong-code' };
    const { name, email, language } = request;
    const password = await hashPassword(request.password);
    const opened = await this.#db.transaction(async (sql) => {
      // All of them: two servers that are asked at once find out here which one was first.
      if ((await sql.run('DELETE FROM setup_code')) === 0 || !(await isEmpty(sql))) return null;
      const id = newAccountId();
      await sql.run(
        "INSERT INTO account (id, name, email, role, language, password) VALUES ($1, $2, $3, 'super-admin', $4, $5)",
        ...[id, name, email.trim().toLowerCase(), language, password],
      );
      const account = await accountById(sql, id);
      if (account === undefined) throw new Error('the account that was made is not there');
      const by = { actor: await actorOf(sql, account), name, address: from.address };
      await note(sql, this.#nowMs(), by, { action: 'account-created', user: { id, name } });
      return { account, token: await this.#sessions.open(sql, account, from) };
    });
    if (opened === null) return { kind: 'wrong-code' };
    this.#setupCode = null;
    this.#attempts.forgive(key);
    return { kind: 'signed-in', me: meOf(opened.account), token: opened.token };
  }

  /** @param request `user`: e-mail address or user name */
  async signIn(
    request: { readonly user: string; readonly password: string; readonly code?: string | undefined },
    from: From,
  ): Promise<SignInResult> {
    const name = request.user.trim().toLowerCase();
    const account = await this.#db.get<AccountRow>(
      'SELECT * FROM account WHERE email = $1 OR user_name = $1',
      name,
    );
    // By its id, so that two names of one account are not worth twice the attempts.
    const keys = [`user ${account?.id ?? name}`, `address ${from.address}`] as const;
    const wait = this.#attempts.attempt(...keys);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const right = await isPassword(account, request.password);
    if (account === undefined || !right || account.disabled === 1) return { kind: 'wrong-credentials' };
    if (account.totp_secret !== null && request.code === undefined) {
      this.#attempts.forgive(...keys);
      return { kind: 'second-factor' };
    }
    const token = await this.#db.transaction(async (sql) => {
      const by = { actor: await actorOf(sql, account), name: account.name, address: from.address };
      if (account.totp_secret !== null) {
        const proof = await takeFactorCode(sql, account, request.code ?? '', this.#nowMs());
        if (proof === null) return null;
        if (proof === 'recovery-code') await note(sql, this.#nowMs(), by, { action: 'recovery-code-used' });
      }
      await note(sql, this.#nowMs(), by, { action: 'signed-in' });
      return this.#sessions.open(sql, account, from);
    });
    if (token === null) return { kind: 'wrong-second-factor' };
    this.#attempts.forget(keys[0]);
    this.#attempts.forgive(keys[1]);
    return { kind: 'signed-in', me: meOf(account), token };
  }

  /** Ends the account's other sessions. */
  async changePassword(current: string, password: string, own: string, by: By): Promise<Proven<null>> {
    const hashed = await hashPassword(password);
    return this.#proven(current, by, async (sql, account) => {
      await sql.run(
        'UPDATE account SET password = $1, version = version + 1 WHERE id = $2',
        hashed,
        account.id,
      );
      // A link that was made before is one to the account too.
      await sql.run('DELETE FROM invitation WHERE account = $1', account.id);
      await endSessions(sql, account.id, sha256(own));
      await note(sql, this.#nowMs(), by, { action: 'password-changed' });
      return { kind: 'done', value: null };
    });
  }

  beginSecondFactor(password: string, by: By): Promise<Proven<SecondFactorSecret>> {
    return this.#proven(password, by, async (sql, account) => ({
      kind: 'done',
      value: await beginSecondFactor(sql, account),
    }));
  }

  /** @returns recovery codes. Needs no password again: nothing can be confirmed that was not begun with it. */
  async confirmSecondFactor(code: string, by: By): Promise<Proven<readonly string[]>> {
    const key = `user ${by.actor.id}`;
    const wait = this.#attempts.attempt(key);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const codes = await this.#db.transaction(async (sql) => {
      const account = await accountById(sql, by.actor.id);
      const made =
        account === undefined ? null : await confirmSecondFactor(sql, account, code, this.#nowMs());
      if (made !== null) await note(sql, this.#nowMs(), by, { action: 'second-factor-on' });
      return made;
    });
    if (codes === null) return { kind: 'wrong-second-factor' };
    this.#attempts.forgive(key);
    return { kind: 'done', value: codes };
  }

  endSecondFactor(password: string, code: string, by: By): Promise<Proven<null>> {
    return this.#proven(password, by, async (sql, account) => {
      if (account.totp_secret !== null) {
        const proof = await takeFactorCode(sql, account, code, this.#nowMs());
        if (proof === null) return { kind: 'wrong-second-factor' };
      }
      await endSecondFactor(sql, account.id);
      await note(sql, this.#nowMs(), by, { action: 'second-factor-off' });
      return { kind: 'done', value: null };
    });
  }

  /** A session alone, which somebody may have left open, changes nothing of what proves who one is. */
  async #proven<T>(
    password: string,
    by: By,
    work: (sql: Sql, account: AccountRow) => Promise<Proven<T>>,
  ): Promise<Proven<T>> {
    const key = `user ${by.actor.id}`;
    const wait = this.#attempts.attempt(key);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const account = await accountById(this.#db, by.actor.id);
    if (account === undefined || !(await isPassword(account, password))) return { kind: 'wrong-credentials' };
    const result = await this.#db.transaction((sql) => work(sql, account));
    if (result.kind === 'done') this.#attempts.forgive(key);
    return result;
  }
}

async function isEmpty(sql: Sql): Promise<boolean> {
  return (await sql.get('SELECT 1 AS one FROM account LIMIT 1')) === undefined;
}
