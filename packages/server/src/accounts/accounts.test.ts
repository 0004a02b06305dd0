// Who gets in: the one-time code once, the right password only, never by the thousand; sessions end when they should.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Accounts, SESSION_SECONDS } from './accounts.ts';

let folder = '';
let nowMs = 0;
let accounts: Accounts;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-accounts-'));
  nowMs = 1_700_000_000_000;
  accounts = new Accounts(folder, () => nowMs);
});
afterEach(() => {
  accounts.close();
  rmSync(folder, { recursive: true });
});

const person = {
  name: 'Léa',
  email: 'Lea@Example.com',
  password: 'ten sober herons',
  language: 'fr' as const,
};
async function setUp() {
  const result = await accounts.setUp({ ...person, code: accounts.setupCode() ?? '' }, 'a');
  if (result.kind !== 'signed-in') throw new Error(result.kind);
  return result;
}

describe('accounts', () => {
  it('make the first Super Admin with the code, however it is typed, and only once', async () => {
    const code = accounts.setupCode() ?? '';
    expect(await accounts.setUp({ ...person, code: 'AAAAA-AAAAA' }, 'a')).toEqual({ kind: 'wrong-code' });
    const made = await accounts.setUp({ ...person, code: ` ${code.toLowerCase().replace('-', ' ')} ` }, 'a');
    expect(made).toMatchObject({ kind: 'signed-in', me: { role: 'super-admin', email: 'lea@example.com' } });
    expect(accounts.setupCode()).toBeNull();
    expect(await accounts.setUp({ ...person, code }, 'a')).toEqual({ kind: 'wrong-code' });
  });

  it('open and end sessions', async () => {
    const { token, me } = await setUp();
    expect(accounts.session(token)).toEqual(me);
    expect(accounts.session(`${token}x`)).toBeNull();
    const second = await accounts.signIn(' LEA@example.com ', person.password, 'b');
    expect(second.kind).toBe('signed-in');
    accounts.signOut(token);
    expect(accounts.session(token)).toBeNull();
    nowMs += SESSION_SECONDS * 1000;
    expect(second.kind === 'signed-in' && accounts.session(second.token)).toBeNull();
  });

  it('end the sessions of whoever gets a new password', async () => {
    const { token } = await setUp();
    const password = await accounts.resetPassword('lea@example.com');
    expect(accounts.session(token)).toBeNull();
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

  it('let a User see only what is linked, and a Super Admin everything', async () => {
    const { me } = await setUp();
    expect(accounts.may(me, 'see-machine', 'TV-12')).toBe(true);
    expect(accounts.may({ ...me, role: 'user' }, 'see-machine', 'TV-12')).toBe(false);
  });
});
