// Who may sign in, and what they may do: users, their sessions, the one-time code of the first Super Admin.
// Invariants: no default password; passwords are kept as argon2id (RFC 9106), session tokens as SHA-256 only;
// wrong attempts are slowed down per address and per user; one function, `may`, decides. Not here: cookies (api).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { hash, verify } from '@node-rs/argon2';
import type { Language, Me, Role } from '@vigie/contract';
import { connect } from '../store/sqlite-database.ts';

const SESSION_MS = 30 * 86_400_000;
/** Attempts within the window before one must wait. */
const MOST_ATTEMPTS = 10;
const WINDOW_MS = 15 * 60_000;
/** Users and addresses remembered for their attempts; beyond, the oldest are forgotten. */
const MOST_REMEMBERED = 10_000;

const MIGRATIONS = [
  `
  CREATE TABLE user (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
    language TEXT NOT NULL, password TEXT NOT NULL
  ) STRICT;
  CREATE TABLE session (sha256 TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user, expires_ms INTEGER NOT NULL) STRICT;
  -- Machines a user or an admin sees; a Super Admin sees all.
  CREATE TABLE user_machine (user TEXT NOT NULL REFERENCES user, machine TEXT NOT NULL, PRIMARY KEY (user, machine)) STRICT;
  `,
];

interface UserRow {
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

export type Action = 'see-machine';

export class Accounts {
  readonly #db: ReturnType<typeof connect>;
  readonly #nowMs: () => number;
  readonly #attempts = new Map<string, number[]>();
  #setupCode: string | null = null;
  /** Verified in place of a missing user's, so that the time taken tells nothing. */
  readonly #decoy = hash(randomBytes(16));

  /** @throws StoreError when the file is of a newer Vigie. */
  constructor(folder: string, nowMs: () => number) {
    this.#db = connect(join(folder, 'accounts.db'), MIGRATIONS);
    this.#nowMs = nowMs;
  }

  get setupNeeded(): boolean {
    return this.#db.prepare('SELECT 1 FROM user LIMIT 1').get() === undefined;
  }

  /** The code that makes the first Super Admin; a new one at each start, `null` when there is one already. */
  setupCode(): string | null {
    if (!this.setupNeeded) return null;
    // 10 letters of 32: 50 bits, behind the limit of attempts.
    this.#setupCode ??= Array.from(randomBytes(10), (byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte & 31])
      .join('')
      .replace(/^(.{5})/, '$1-');
    return this.#setupCode;
  }

  /** @param address of whoever asks. */
  async setUp(
    request: { code: string; name: string; email: string; password: string; language: Language },
    address: string,
  ): Promise<SignIn> {
    const wait = this.#attempt(`setup ${address}`);
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const expected = this.setupCode();
    const given = request.code
      .trim()
      .toUpperCase()
      .replace(/[^A-Z0-9]/g, '');
    if (expected === null || !sameText(given, expected.replace('-', ''))) return { kind: 'wrong-code' };
    const user = await this.#create({ ...request, role: 'super-admin' });
    if (user === null) return { kind: 'wrong-code' };
    this.#setupCode = null;
    this.#forgive(`setup ${address}`);
    return this.#open(user);
  }

  async signIn(email: string, password: string, address: string): Promise<SignIn> {
    const name = email.trim().toLowerCase();
    const wait = Math.max(this.#attempt(`user ${name}`), this.#attempt(`address ${address}`));
    if (wait > 0) return { kind: 'too-many-attempts', retryAfterMs: wait };
    const user = this.#db.prepare<[string], UserRow>('SELECT * FROM user WHERE email = ?').get(name);
    const right = await verify(user?.password ?? (await this.#decoy), password);
    if (user === undefined || !right) return { kind: 'wrong-credentials' };
    this.#attempts.delete(`user ${name}`);
    this.#forgive(`address ${address}`);
    return this.#open(user);
  }

  signOut(token: string): void {
    this.#db.prepare('DELETE FROM session WHERE sha256 = ?').run(sha256(token));
  }

  /** `null`: no such session, or it has expired. */
  session(token: string): Me | null {
    const user = this.#db
      .prepare<[string, number], UserRow>(
        'SELECT user.* FROM session JOIN user ON user.id = session.user WHERE sha256 = ? AND expires_ms > ?',
      )
      .get(sha256(token), this.#nowMs());
    return user === undefined ? null : meOf(user);
  }

  setLanguage(user: string, language: Language): void {
    this.#db.prepare('UPDATE user SET language = ? WHERE id = ?').run(language, user);
  }

  may(actor: Me, action: Action, machine: string): boolean {
    switch (action) {
      case 'see-machine':
        return (
          actor.role === 'super-admin' ||
          this.#db
            .prepare('SELECT 1 FROM user_machine WHERE user = ? AND machine = ?')
            .get(actor.id, machine) !== undefined
        );
    }
  }

  /** Sets a new password and ends the user's sessions; returns it, or `null` when there is no such user. */
  async resetPassword(email: string): Promise<string | null> {
    const password = randomBytes(12).toString('base64url');
    const hashed = await hash(password);
    return this.#db.transaction(() => {
      const user = this.#db
        .prepare<[string, string], { id: string }>(
          'UPDATE user SET password = ? WHERE email = ? RETURNING id',
        )
        .get(hashed, email.trim().toLowerCase());
      if (user === undefined) return null;
      this.#db.prepare('DELETE FROM session WHERE user = ?').run(user.id);
      return password;
    })();
  }

  close(): void {
    this.#db.close();
  }

  /** `null`: somebody else was first. */
  async #create(user: Omit<UserRow, 'id'>): Promise<UserRow | null> {
    const row: UserRow = {
      id: randomBytes(8).toString('hex'),
      name: user.name,
      email: user.email.trim().toLowerCase(),
      role: user.role,
      language: user.language,
      password: await hash(user.password),
    };
    return this.#db.transaction(() => {
      if (!this.setupNeeded) return null;
      this.#db
        .prepare('INSERT INTO user (id, name, email, role, language, password) VALUES (?, ?, ?, ?, ?, ?)')
        .run(row.id, row.name, row.email, row.role, row.language, row.password);
      return row;
    })();
  }

  #open(user: UserRow): SignIn {
    const token = randomBytes(32).toString('base64url');
    const nowMs = this.#nowMs();
    this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM session WHERE expires_ms <= ?').run(nowMs);
      this.#db
        .prepare('INSERT INTO session (sha256, user, expires_ms) VALUES (?, ?, ?)')
        .run(sha256(token), user.id, nowMs + SESSION_MS);
    })();
    return { kind: 'signed-in', me: meOf(user), token };
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

function meOf({ id, name, email, role, language }: UserRow): Me {
  return { id, name, email, role, language };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
