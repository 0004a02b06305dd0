// Who gets in: the one-time code once, the right password only, never by the thousand; sessions, links and second factors
// end when they should. On each database, and, where servers may share it, whichever of them is asked.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '@vigie/config';
import Sqlite from 'better-sqlite3';
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Databases, openDatabases } from '../store/open.ts';
import { type TestStore, testDatabases } from '../store/testing.ts';
import type { By } from './account.ts';
import type { Accounts } from './accounts.ts';
import { type OpenAccounts, openAccounts } from './open.ts';
import { may } from './rights.ts';
import { SESSION_SECONDS } from './sessions.ts';
import { ACCOUNT_MIGRATIONS } from './tables.ts';

const person = {
  name: 'Léa',
  email: 'lea@example.com',
  password: 'ten sober herons',
  language: 'fr' as const,
};
const at = (address: string) => ({ address, agent: 'a browser' });

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
      opened.push(openAccounts(test.place, databases.postgres, { ...realClock(), utcMs: () => nowMs }));
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
    const code = (await accounts.signIn.setupCode()) ?? '';
    const result = await accounts.signIn.setUp({ ...person, code }, at('a'));
    if (result.kind !== 'signed-in') throw new Error(result.kind);
    return result;
  };
  const by = async (token: string): Promise<By> => {
    const signed = await accounts.sessions.find(token);
    if (signed === null) throw new Error('no such session');
    return { actor: signed.actor, name: signed.me.name, address: 'a' };
  };
  const signIn = (password: string, address: string, code?: string, user = person.email) =>
    beside.signIn.signIn({ user, password, code }, at(address));
  /** Makes a user by way of the first Super Admin; the token of the link. */
  const invited = async (root: By, name: string) => {
    const request = {
      name,
      email: `${name}@example.com`,
      userName: name,
      role: 'user',
      language: 'en',
    } as const;
    const made = await accounts.users.create({ ...request, machines: ['TV-12'] }, root);
    if (made.kind !== 'done') throw new Error(made.kind);
    return { user: made.value.user, link: made.value.link.token };
  };

  it('make the first Super Admin with the code, however it is typed, and only once', async () => {
    const code = (await accounts.signIn.setupCode()) ?? '';
    expect(await beside.signIn.setupCode()).not.toBeNull();
    expect(await accounts.signIn.setUp({ ...person, code: 'AAAAA-AAAAA' }, at('a'))).toEqual({
      kind: 'wrong-code',
    });
    const typed = ` ${code.toLowerCase().replace('-', ' ')} `;
    const made = await beside.signIn.setUp({ ...person, code: typed }, at('a'));
    expect(made).toMatchObject({ kind: 'signed-in', me: { role: 'super-admin', email: 'lea@example.com' } });
    expect(await accounts.signIn.setupCode()).toBeNull();
    expect(await accounts.signIn.setUp({ ...person, code }, at('a'))).toEqual({ kind: 'wrong-code' });
  });

  it('open, show and end sessions', async () => {
    const { token, me } = await setUp();
    expect((await beside.sessions.find(token))?.me).toEqual(me);
    expect(await accounts.sessions.find(`${token}x`)).toBeNull();
    nowMs += 1000;
    const second = await signIn(person.password, 'b', undefined, ' LEA@example.com ');
    if (second.kind !== 'signed-in') throw new Error(second.kind);
    const list = await accounts.sessions.list(me.id, token);
    expect(list.map(({ own, address }) => [own, address])).toEqual([
      [false, 'b'],
      [true, 'a'],
    ]);
    const root = await by(token);
    expect(await accounts.sessions.endOne('another', list[0]?.id ?? '', root)).toBe(false);
    expect(await accounts.sessions.endOne(me.id, list[0]?.id ?? '', root)).toBe(true);
    expect(await beside.sessions.find(second.token)).toBeNull();
    await beside.sessions.end(token, root);
    expect(await accounts.sessions.find(token)).toBeNull();
    const third = await signIn(person.password, 'b');
    if (third.kind !== 'signed-in') throw new Error(third.kind);
    // Used every six days it lasts its month; unused for a week it is over before.
    for (let day = 6; day < 30; day += 6) {
      nowMs += 6 * 86_400_000;
      expect(await accounts.sessions.find(third.token)).not.toBeNull();
    }
    nowMs += SESSION_SECONDS * 1000 - 24 * 86_400_000;
    expect(await accounts.sessions.find(third.token)).toBeNull();
    const fourth = await signIn(person.password, 'b');
    nowMs += 7 * 86_400_000;
    expect(fourth.kind === 'signed-in' && (await accounts.sessions.find(fourth.token))).toBeNull();
  });

  it('end the other sessions of whoever changes a password, and all of who gets a new one', async () => {
    const { token } = await setUp();
    const other = await signIn(person.password, 'b');
    const root = await by(token);
    expect(await accounts.signIn.changePassword('not this one', 'nine loud herons', token, root)).toEqual({
      kind: 'wrong-credentials',
    });
    await accounts.signIn.changePassword(person.password, 'nine loud herons', token, root);
    expect(await accounts.sessions.find(token)).not.toBeNull();
    expect(other.kind === 'signed-in' && (await accounts.sessions.find(other.token))).toBeNull();
    const reset = { withoutSecondFactor: false };
    expect(await accounts.links.resetPassword(person.email, 'eight mild herons', reset)).toBe(true);
    expect(await accounts.sessions.find(token)).toBeNull();
    expect((await signIn('nine loud herons', 'b')).kind).toBe('wrong-credentials');
    expect((await signIn('eight mild herons', 'b')).kind).toBe('signed-in');
    expect(await accounts.links.resetPassword('nobody@example.com', 'eight mild herons', reset)).toBe(false);
  });

  it('slow down guesses at one user from many addresses, and forget them after the window', async () => {
    await setUp();
    let kind = '';
    let tries = 0;
    while (kind !== 'too-many-attempts' && tries < 50) {
      kind = (await signIn('guess', `address ${tries}`)).kind;
      tries++;
    }
    expect(tries).toBeLessThanOrEqual(11);
    expect((await signIn(person.password, 'mine')).kind).toBe('too-many-attempts');
    nowMs += 15 * 60_000;
    expect((await signIn(person.password, 'mine')).kind).toBe('signed-in');
  });

  it('slow down guesses at many users from one address, which right sign-ins never use up', async () => {
    await setUp();
    for (let i = 0; i < 12; i++) expect((await signIn(person.password, 'office')).kind).toBe('signed-in');
    for (let i = 0; i < 10; i++) {
      const guessed = await signIn('guess', 'office', undefined, `user-${i}@example.com`);
      expect(guessed.kind).toBe('wrong-credentials');
    }
    expect(await signIn('guess', 'office', undefined, 'user-10@example.com')).toEqual({
      kind: 'too-many-attempts',
      retryAfterMs: 15 * 60_000,
    });
    expect((await signIn(person.password, 'home')).kind).toBe('signed-in');
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

  it('ask for the second factor once it is confirmed, and take no code twice', async () => {
    const { token } = await setUp();
    const root = await by(token);
    const begun = await accounts.signIn.beginSecondFactor(person.password, root);
    if (begun.kind !== 'done') throw new Error(begun.kind);
    expect(begun.value.uri).toContain('otpauth://totp/Vigie:lea%40example.com?issuer=Vigie');
    const totp = new TOTP({ secret: Secret.fromBase32(begun.value.secret) });
    const code = (): string => totp.generate({ timestamp: nowMs });
    expect((await signIn(person.password, 'b')).kind).toBe('signed-in');
    expect((await accounts.signIn.confirmSecondFactor('000000', root)).kind).toBe('wrong-second-factor');
    const confirmed = await accounts.signIn.confirmSecondFactor(code(), root);
    if (confirmed.kind !== 'done') throw new Error(confirmed.kind);

    expect((await signIn(person.password, 'b')).kind).toBe('second-factor');
    expect((await signIn('guess', 'b', code())).kind).toBe('wrong-credentials');
    // That of this half minute has confirmed.
    expect((await signIn(person.password, 'b', code())).kind).toBe('wrong-second-factor');
    nowMs += 30_000;
    expect((await signIn(person.password, 'b', code())).kind).toBe('signed-in');
    expect((await signIn(person.password, 'b', code())).kind).toBe('wrong-second-factor');
    const recovery = confirmed.value[3]?.toLowerCase() ?? '';
    expect((await signIn(person.password, 'b', recovery)).kind).toBe('signed-in');
    expect((await signIn(person.password, 'b', recovery)).kind).toBe('wrong-second-factor');
    expect((await accounts.signIn.endSecondFactor(person.password, '000000', root)).kind).toBe(
      'wrong-second-factor',
    );
    nowMs += 30_000;
    expect((await accounts.signIn.endSecondFactor(person.password, code(), root)).kind).toBe('done');
    expect((await signIn(person.password, 'b')).kind).toBe('signed-in');
  });

  it('slow down guesses at the second factor of who knows the password', async () => {
    const { token } = await setUp();
    const root = await by(token);
    const begun = await accounts.signIn.beginSecondFactor(person.password, root);
    if (begun.kind !== 'done') throw new Error(begun.kind);
    const totp = new TOTP({ secret: Secret.fromBase32(begun.value.secret) });
    await accounts.signIn.confirmSecondFactor(totp.generate({ timestamp: nowMs }), root);
    const kinds = new Set<string>();
    for (let i = 0; i < 12; i++) {
      // Asking without a code gives nothing back.
      await signIn(person.password, `address ${i}`);
      kinds.add((await signIn(person.password, `address ${i}`, '000000')).kind);
    }
    expect([...kinds]).toEqual(['wrong-second-factor', 'too-many-attempts']);
  });

  it('let a link serve once, until it expires or a newer one is made', async () => {
    const root = await by((await setUp()).token);
    const { user, link } = await invited(root, 'noe');
    expect((await signIn('', 'b', undefined, 'noe')).kind).toBe('wrong-credentials');
    expect(await beside.links.look(link, at('b'))).toMatchObject({
      kind: 'known',
      welcome: { kind: 'invitation', name: 'noe', email: 'noe@example.com' },
    });
    expect((await beside.links.look(`${link}x`, at('b'))).kind).toBe('link-void');
    const again = await accounts.users.invite(user.id, root);
    if (again.kind !== 'done') throw new Error(again.kind);
    expect((await beside.links.use(link, 'six grey herons', at('b'))).kind).toBe('link-void');
    // Both at once: one of them comes first.
    const both = await Promise.all(
      [accounts, beside].map(({ links }) => links.use(again.value.link.token, 'six grey herons', at('b'))),
    );
    expect(both.map(({ kind }) => kind).sort()).toEqual(['done', 'link-void']);
    expect((await signIn('six grey herons', 'b', undefined, 'NOE')).kind).toBe('signed-in');
    const reset = await accounts.users.invite(user.id, root);
    if (reset.kind !== 'done') throw new Error(reset.kind);
    expect(await beside.links.look(reset.value.link.token, at('b'))).toMatchObject({
      welcome: { kind: 'reset' },
    });
    nowMs += 86_400_000;
    expect((await beside.links.use(reset.value.link.token, 'six grey herons', at('b'))).kind).toBe(
      'link-void',
    );
  });

  it('end the sessions of who is disabled, linked otherwise, or given another role, within a second', async () => {
    const root = await by((await setUp()).token);
    const { user, link } = await invited(root, 'noe');
    let version = user.version + 1;
    const sessionOf = async (): Promise<string> => {
      const signed = await signIn('six grey herons', 'b', undefined, 'noe');
      if (signed.kind !== 'signed-in') throw new Error(signed.kind);
      return signed.token;
    };
    await accounts.links.use(link, 'six grey herons', at('b'));
    const change = async (what: object): Promise<void> => {
      const done = await accounts.users.change(user.id, { version, ...what }, root);
      if (done.kind !== 'done') throw new Error(done.kind);
      version = done.value.version;
    };
    const endings: (() => Promise<unknown>)[] = [
      () => accounts.users.setLinked(user.id, 'TV-13', true, root),
      () => accounts.users.setLinked(user.id, 'TV-13', false, root),
      () => change({ role: 'admin' }),
      () => change({ disabled: true }),
    ];
    for (const end of endings) {
      const token = await sessionOf();
      // As another server on the database, or another process, would be told.
      const told = new Promise<void>((resolve) => beside.watch.watch(token, resolve));
      expect(await beside.sessions.find(token)).not.toBeNull();
      await end();
      expect(await beside.sessions.find(token)).toBeNull();
      await told;
    }
    expect((await signIn('six grey herons', 'b', undefined, 'noe')).kind).toBe('wrong-credentials');
    await change({ disabled: false, name: 'Noé' });
    await sessionOf();
  });

  it('tell the second of two who edit one user, and overwrite nothing', async () => {
    const root = await by((await setUp()).token);
    const { user } = await invited(root, 'noe');
    const [one, other] = await Promise.all([
      accounts.users.change(user.id, { version: user.version, name: 'Noé' }, root),
      beside.users.change(user.id, { version: user.version, name: 'Noah' }, root),
    ]);
    expect([one.kind, other.kind].sort()).toEqual(['changed', 'done']);
    const names = (await accounts.users.list(root.actor)).map(({ name }) => name);
    expect(names).toContain(one.kind === 'done' ? 'Noé' : 'Noah');
    expect((await accounts.users.remove(user.id, user.version, root)).kind).toBe('changed');
    expect((await accounts.users.change(user.id, { version: 2, email: person.email }, root)).kind).toBe(
      'taken',
    );
  });

  it('never lose the last Super Admin, and go by what an actor is now', async () => {
    const root = await by((await setUp()).token);
    expect((await accounts.users.change(root.actor.id, { version: 1, role: 'user' }, root)).kind).toBe(
      'forbidden',
    );
    expect((await accounts.users.remove(root.actor.id, 1, root)).kind).toBe('forbidden');
    const { user } = await invited(root, 'noe');
    await accounts.users.change(user.id, { version: 1, role: 'super-admin' }, root);
    const second: By = {
      actor: { id: user.id, role: 'super-admin', machines: new Set() },
      name: 'noe',
      address: 'b',
    };
    // Each lowers the other at once.
    const both = await Promise.all([
      accounts.users.change(user.id, { version: 2, role: 'user' }, root),
      beside.users.change(root.actor.id, { version: 1, role: 'user' }, second),
    ]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['done', 'unknown']);
  });

  it('write down who did what to whom, from where, without any secret', async () => {
    const root = await by((await setUp()).token);
    const { user, link } = await invited(root, 'noe');
    await accounts.links.use(link, 'six grey herons', at('192.0.2.7'));
    await accounts.users.change(user.id, { version: 2, name: 'Noé' }, root);
    await accounts.audit.add('command-line', { action: 'machine-created', machine: 'TV-99' });
    const entries = await accounts.audit.read(root.actor, Number.MAX_SAFE_INTEGER, 50);
    expect(
      entries.map(({ action, actor, user, machine, address }) => [action, actor, user, machine, address]),
    ).toEqual([
      ['machine-created', null, null, 'TV-99', null],
      ['account-changed', 'Léa', 'Noé', null, 'a'],
      ['password-reset', 'noe', 'noe', null, '192.0.2.7'],
      ['invited', 'Léa', 'noe', null, 'a'],
      ['linked', 'Léa', 'noe', 'TV-12', 'a'],
      ['account-created', 'Léa', 'noe', null, 'a'],
      ['account-created', 'Léa', 'Léa', null, 'a'],
    ]);
    expect(entries[1]?.facts).toEqual({ name: 'noe → Noé' });
    const all = JSON.stringify(entries);
    for (const secret of [link, 'herons', createHash('sha256').update(link).digest('hex')]) {
      expect(all).not.toContain(secret);
    }
    // An Admin reads of what is within theirs, and what they did, and nothing else.
    const request = { email: 'ines@example.com', userName: null, role: 'admin', language: 'fr' } as const;
    const made = await accounts.users.create({ ...request, name: 'Inès', machines: ['TV-12'] }, root);
    if (made.kind !== 'done') throw new Error(made.kind);
    const admin: By = {
      actor: { id: made.value.user.id, role: 'admin', machines: new Set(['TV-12']) },
      ...{ name: 'Inès', address: 'b' },
    };
    await accounts.users.setLinked(user.id, 'TV-12', false, admin);
    const seen = async () =>
      (await accounts.audit.read(admin.actor, Number.MAX_SAFE_INTEGER, 50)).map(({ action }) => action);
    const within = ['account-changed', 'password-reset', 'invited', 'linked', 'account-created'];
    expect(await seen()).toEqual(['unlinked', ...within]);
    // Who took the last link away can undo it.
    expect((await accounts.users.setLinked(user.id, 'TV-12', true, admin)).kind).toBe('done');
    expect(await seen()).toEqual(['linked', 'unlinked', ...within]);
    await accounts.users.setLinked(user.id, 'TV-13', true, root);
    expect(await seen()).toEqual(['linked', 'unlinked']);
    expect((await accounts.users.setLinked(user.id, 'TV-12', false, admin)).kind).toBe('unknown');
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
    const clock = { ...realClock(), utcMs: () => 1000 };
    const { accounts, close } = openAccounts({ folder, database: null }, null, clock);
    const signed = await accounts.sessions.find('token');
    expect(signed?.me).toMatchObject({ id: '1', name: 'Léa', role: 'user', userName: null });
    expect(signed !== null && may(signed.actor, 'see-machine', 'TV-12')).toBe(true);
    expect(signed !== null && may(signed.actor, 'see-machine', 'TV-13')).toBe(false);
    expect(await accounts.signIn.setupCode()).toBeNull();
    await close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
