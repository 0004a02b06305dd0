// The outbox, its courier and a real mail server, on each database: nothing is lost and nothing repeated while the mail
// server is down, over restarts, and with two servers; what was cut off between reply and commit comes under the same
// Message-ID. A test's clock stands still but where it is moved.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../store/database.ts';
import { openDatabases } from '../store/open.ts';
import { type TestStore, testDatabases } from '../store/testing.ts';
import { Courier } from './courier.ts';
import { channelState, LEASE_MS, Outbox, type Post } from './outbox.ts';
import { type Message, messageId, smtpSender } from './smtp.ts';
import { HandClock, TestMailServer, until } from './testing.ts';

const DAY_MS = 86_400_000;
const NO_WAIT = { uniform: () => 0 };

const post = (n: number, more: Partial<Post> = {}): Post => ({
  ...{ id: `mail ${n}`, channel: 'mail', account: `account ${n}`, dueMs: 0, expiresMs: null },
  content: { to: `person${n}@example.org`, secret: 'kept until it is sent' },
  ...more,
});

describe.each(testDatabases)('on $name', ({ fresh }) => {
  let store: TestStore;
  let mail: TestMailServer;
  let clock: HandClock;
  let log: string[];
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    store = await fresh();
  });
  afterAll(() => store.dispose());
  beforeEach(async () => {
    mail = new TestMailServer();
    clock = new HandClock();
    log = [];
    await mail.start();
    await store.beside(async (db) => {
      await db.run('DELETE FROM outbox');
      await db.run('DELETE FROM channel_health');
    });
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
    await mail.stop();
  });

  /** A server as far as mail goes, on a connection of its own. */
  async function server(name: string): Promise<{ db: Database; outbox: Outbox; courier: Courier }> {
    const { hot, archive } = await openDatabases(store.place);
    open.push(archive, hot);
    const outbox = new Outbox(hot, name);
    const send = smtpSender(mail.settings());
    const courier = new Courier({
      ...{ channel: 'mail', outbox, clock, randomness: NO_WAIT, log: (message) => log.push(message) },
      carrier: ({ id, content }) => {
        const { to } = content as { to: string };
        const message: Message = {
          ...{ id, to: { name: '', address: to }, subject: id, text: 'text', html: '<p>text</p>' },
          ...{ picture: null, follows: null },
        };
        return send(message);
      },
    });
    open.push(courier);
    return { db: hot, outbox, courier };
  }

  const waiting = (db: Database) => async () => (await channelState(db, 'mail')).waiting === 0;

  it('hands each over once, and forgets what it said', async () => {
    const { db, outbox, courier } = await server('a');
    await outbox.put([post(1), post(2), post(1)], clock.utcMs());
    await outbox.put([post(2)], clock.utcMs());
    courier.look();
    await until('both to be sent', waiting(db));
    expect(mail.received.map(({ to }) => to).sort()).toEqual(['person1@example.org', 'person2@example.org']);
    expect(mail.received[0]?.messageId).toBe(messageId('mail 1', 'vigie@example.org'));
    const rows = await db.all<{ content: string | null; state: string }>('SELECT content, state FROM outbox');
    expect(rows).toEqual([
      { content: null, state: 'sent' },
      { content: null, state: 'sent' },
    ]);
    expect(await channelState(db, 'mail')).toMatchObject({ workedMs: clock.utcMs(), downSinceMs: null });
  });

  it('loses and repeats nothing while the mail server is down for a day, over restarts', async () => {
    await mail.stop();
    const first = await server('a');
    await first.outbox.put(
      [1, 2, 3].map((n) => post(n)),
      clock.utcMs(),
    );
    const downSinceMs = clock.utcMs();
    first.courier.look();
    await until('it to notice', async () => (await channelState(first.db, 'mail')).downSinceMs !== null);
    // Each attempt is of one mail, not of all: 24 hours of at least 2.5 minutes between two.
    for (let hour = 0; hour < 12; hour++) {
      clock.pass(DAY_MS / 24);
      await first.outbox.put([post(10 + hour)], clock.utcMs());
    }
    await first.courier.close();
    const second = await server('b');
    clock.pass(DAY_MS / 2);
    second.courier.look();
    await until('the second one to notice', () => log.filter((line) => line.includes('is down')).length >= 2);
    const state = await channelState(second.db, 'mail');
    expect(state).toMatchObject({ waiting: 15, oldestMs: downSinceMs, downSinceMs });
    expect(state.why).toContain('ECONNREFUSED');
    await mail.start();
    clock.pass(DAY_MS / 24);
    await until('all to be sent', waiting(second.db));
    expect(mail.received).toHaveLength(15);
    expect(new Set(mail.received.map(({ messageId: id }) => id)).size).toBe(15);
    expect((await channelState(second.db, 'mail')).downSinceMs).toBeNull();
  });

  it('two servers hand each over once', async () => {
    const [a, b] = [await server('a'), await server('b')];
    await a.outbox.put(
      Array.from({ length: 40 }, (_, n) => post(n)),
      clock.utcMs(),
    );
    a.courier.look();
    b.courier.look();
    await until('all to be sent', async () => {
      clock.pass(1000);
      return waiting(a.db)();
    });
    expect(mail.received).toHaveLength(40);
    expect(new Set(mail.received.map(({ to }) => to)).size).toBe(40);
  });

  it('sends again, under the same Message-ID, what a server took along when it died before it could note it', async () => {
    const dead = await server('dead');
    const alive = await server('alive');
    await dead.outbox.put([post(1)], clock.utcMs());
    // The reply is on its way when the process ends: nothing is noted of it.
    dead.outbox.ended = async () => {
      throw new Error('killed');
    };
    dead.courier.look();
    await until('the mail to be taken', () => mail.received.length === 1 && log.length > 0);
    await dead.courier.close();
    alive.courier.look();
    await alive.courier.close();
    expect(mail.received, 'while the lease is good nobody else sends it').toHaveLength(1);
    clock.pass(LEASE_MS);
    const heir = await server('heir');
    heir.courier.look();
    await until('it to be sent again', waiting(heir.db));
    const [one, two] = mail.received;
    expect(two?.messageId).toBe(one?.messageId);
    expect(mail.received).toHaveLength(2);
  });

  it('does not send again what it could not note while the database was away', async () => {
    const { db, outbox, courier } = await server('a');
    await outbox.put([post(1)], clock.utcMs());
    const ended = outbox.ended.bind(outbox);
    let away = true;
    outbox.ended = (...given) => (away ? Promise.reject(new Error('away')) : ended(...given));
    courier.look();
    await until('the mail to be taken', () => mail.received.length === 1 && log.length > 0);
    clock.pass(LEASE_MS);
    away = false;
    await until('it to be noted', async () => {
      clock.pass(1000);
      return waiting(db)();
    });
    expect(mail.received).toHaveLength(1);
  });

  it('keeps what is refused with its reason, tries later what is put off, and holds up nobody else', async () => {
    const { db, outbox, courier } = await server('a');
    const objections: Record<string, { code: number; text: string }> = {
      'person1@example.org': { code: 550, text: '5.1.1 no such user' },
      'person2@example.org': { code: 450, text: '4.2.0 greylisted' },
      'person3@example.org': { code: 550, text: '5.7.1 relaying denied' },
    };
    mail.objection = (address) => objections[address] ?? null;
    await outbox.put(
      [1, 2, 3, 4].map((n) => post(n)),
      clock.utcMs(),
    );
    courier.look();
    await until('the last one', () => mail.received.length === 1);
    await until('the others to be tried', async () => (await channelState(db, 'mail')).waiting === 2);
    const state = await channelState(db, 'mail');
    expect(state.downSinceMs).toBeNull();
    expect(state.refused).toEqual([
      { account: 'account 1', atMs: clock.utcMs(), why: expect.stringContaining('no such user') },
    ]);
    mail.objection = () => null;
    clock.pass(60 * 60_000);
    await until('both to be sent', waiting(db));
    expect(mail.received.map(({ to }) => to).sort()).toEqual([
      'person2@example.org',
      'person3@example.org',
      'person4@example.org',
    ]);
  });

  it('drops what is worth nothing any more', async () => {
    const { db, outbox, courier } = await server('a');
    await outbox.put([post(1, { expiresMs: clock.utcMs() + 1000 })], clock.utcMs());
    clock.pass(1000);
    courier.look();
    await until('it to be dropped', waiting(db));
    expect(mail.received).toEqual([]);
  });
});

it('takes a wrong password for a server that is down, so that every mail waits for it to be mended', async () => {
  const mail = new TestMailServer({ user: 'vigie', password: 'right' });
  await mail.start();
  const message: Message = {
    ...{
      id: 'x',
      to: { name: 'Léa', address: 'lea@example.org' },
      subject: 's',
      text: 't',
      html: '<p>t</p>',
    },
    ...{ picture: null, follows: null },
  };
  const login = (password: string) => smtpSender(mail.settings({ user: 'vigie', password }))(message);
  expect(await login('wrong')).toMatchObject({ kind: 'down' });
  expect(await login('right')).toEqual({ kind: 'sent' });
  // No TLS on offer: nothing is said where it is required, least of all the password.
  expect(
    await smtpSender(mail.settings({ tls: 'required', user: 'vigie', password: 'right' }))(message),
  ).toMatchObject({
    kind: 'down',
  });
  expect(mail.received).toHaveLength(1);
  await mail.stop();
});
