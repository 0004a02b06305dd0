// Who gets in: the one-time code once, the right password only, never by the thousand; sessions end when they should.
// On each database, and, where servers may share it, whichever of them is asked.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Databases, openDatabases } from '../store/open.ts';
import { type TestStore, testDatabases } from '../store/testing.ts';
import { ACCOUNT_MIGRATIONS, type Accounts, SESSION_SECONDS } from './accounts.ts';
import { type OpenAccounts, openAccounts } from './open.ts';

const person = {
  name: 'Léa',
  email: 'Lea@Example.com',
  password: 'ten sober herons',
  language: 'fr' as const,
};

describe.each(testDatabases)('accounts on $name', (database) => {
  let test: TestStore;
  let databases: Databases;
  const opened: OpenAccounts[] = [];
  let nowMs = 0;
  /** Of one server, and of another one beside it where it may share the database. */
  let accounts: Accounts;
  let beside: Accounts;
  beforeEach(async () => {
    nowMs = 1_700_000_000_000;
    test = await database.fresh();
    databases = await openDatabases(test.place);
    const open = (): Accounts => {
      opened.push(openAccounts(test.place, databases.postgres, () => nowMs));
      return opened.at(-1)?.accounts as Accounts;
    };
    accounts = open();
    beside = databases.hot.isShared ? open() : accounts;
  });
  afterEach(async () => {
    for (const { close } of opened.splice(0)) await close();
    await databases.archive.close();
    await databases.hot.close();
    await test.dispose();
  });
  const setUp = async () => {
    const result = await accounts.setUp({ ...person, code: (await accounts.setupCode()) ?? '' }, 'a');
    if (result.kind !== 'signed-in') throw new Error(result.kind);
    return result;
  };

  it('make the first Super Admin with the code, however it is typed, and only once', async () => {
    const code = (await accounts.setupCode()) ?? '';
    expect(await beside.setupCode()).not.toBeNull();
    expect(await accounts.setUp({ ...person, code: 'AAAAA-AAAAA' }, 'a')).toEqual({ kind: 'wrong-code' });
    const made = await beside.setUp({ ...person, code: ` ${code.toLowerCase().replace('-', ' ')} ` }, 'a');
    expect(made).toMatchObject({ kind: 'signed-in', me: { role: 'super-admin', email: 'lea@example.com' } });
    expect(await accounts.setupCode()).toBeNull();
    expect(await accounts.setUp({ ...person, code }, 'a')).toEqual({ kind: 'wrong-code' });
  });

  it('open and end sessions', async () => {
    const { token, me } = await setUp();
    expect(await beside.session(token)).toEqual(me);
    expect(await accounts.session(`${token}x`)).toBeNull();
    const second = await accounts.signIn(' LEA@example.com ', person.password, 'b');
    expect(second.kind).toBe('signed-in');
    await beside.signOut(token);
    expect(await accounts.session(token)).toBeNull();
    nowMs += SESSION_SECONDS * 1000;
    expect(second.kind === 'signed-in' && (await accounts.session(second.token))).toBeNull();
  });

  it('end the sessions of whoever gets a new password', async () => {
    const { token } = await setUp();
    const password = await accounts.resetPassword('lea@example.com');
    expect(await accounts.session(token)).toBeNull();
    expect(await accounts.signIn('lea@example.com', person.password, 'b')).toEqual({
      kind: 'wrong-credentials',
    });
    expect(await accounts.signIn('lea@example.com', password ?? '', 'b')).toMatchObject({
      kind: 'signed-in',
    });
    expect(await accounts.resetPassword('nobody@example.com')).toBeNull();
  });

  it('slow down guesses at one user from many addresses, and forget them after the window', async () => {
    await setUp();
    let kind = '';
    let tries = 0;
    while (kind !== 'too-many-attempts' && tries < 50) {
      kind = (await accounts.signIn('lea@example.com', 'guess', `address ${tries}`)).kind;
      tries++;
    }
    expect(tries).toBeLessThanOrEqual(11);
    expect((await accounts.signIn('lea@example.com', person.password, 'mine')).kind).toBe(
      'too-many-attempts',
    );
    nowMs += 15 * 60_000;
    expect((await accounts.signIn('lea@example.com', person.password, 'mine')).kind).toBe('signed-in');
  });

  it('slow down guesses at many users from one address, which right sign-ins never use up', async () => {
    await setUp();
    for (let i = 0; i < 12; i++) {
      expect((await accounts.signIn('lea@example.com', person.password, 'office')).kind).toBe('signed-in');
    }
    for (let i = 0; i < 10; i++) {
      expect((await accounts.signIn(`user-${i}@example.com`, 'guess', 'office')).kind).toBe(
        'wrong-credentials',
      );
    }
    expect(await accounts.signIn('user-10@example.com', 'guess', 'office')).toEqual({
      kind: 'too-many-attempts',
      retryAfterMs: 15 * 60_000,
    });
    expect((await accounts.signIn('lea@example.com', person.password, 'home')).kind).toBe('signed-in');
  });

  it('end a visit when nobody has looked for half an hour, and tell when the one before ended', async () => {
    const { me } = await setUp();
    const minutesLater = async (minutes: number, asked = accounts): Promise<number | null> => {
      nowMs += minutes * 60_000;
      return asked.visit(me.id);
    };
    expect(await minutesLater(0)).toBeNull();
    expect(await minutesLater(25, beside)).toBeNull();
    const endedMs = nowMs;
    expect(await minutesLater(31)).toBe(endedMs);
    expect(await minutesLater(29, beside)).toBe(endedMs);
    expect(await minutesLater(29)).toBe(endedMs);
    expect(await minutesLater(24 * 60, beside)).toBe(endedMs + 89 * 60_000);
  });

  it('let a User see only what is linked, and a Super Admin everything', async () => {
    const { me } = await setUp();
    expect(await accounts.may(me, 'see-machine', 'TV-12')).toBe(true);
    expect(await accounts.may({ ...me, role: 'user' }, 'see-machine', 'TV-12')).toBe(false);
  });
});

it('takes the file of an earlier version as it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-accounts-'));
  try {
    const file = new Sqlite(join(folder, 'accounts.db'));
    file.exec(ACCOUNT_MIGRATIONS[0] ?? '');
    file.pragma('user_version = 1');
    file.exec(`
      INSERT INTO user VALUES ('1', 'Léa', 'lea@example.com', 'user', 'fr', 'x');
      INSERT INTO session VALUES ('${createHash('sha256').update('token').digest('hex')}', '1', 2000);
      INSERT INTO user_machine VALUES ('1', 'TV-12');
    `);
    file.close();
    const { accounts, close } = openAccounts({ folder, database: null }, null, () => 1000);
    const me = await accounts.session('token');
    expect(me).toMatchObject({ id: '1', name: 'Léa', role: 'user' });
    expect(me !== null && (await accounts.may(me, 'see-machine', 'TV-12'))).toBe(true);
    expect(me !== null && (await accounts.may(me, 'see-machine', 'TV-13'))).toBe(false);
    expect(await accounts.setupCode()).toBeNull();
    await close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
