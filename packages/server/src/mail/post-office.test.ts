// The whole way on each database: rows that cross a limit, the alarm, the mail as a real mail server gets it, its link, the
// recovery; invitations whose secret goes; two servers; a backlog of late rows. The clock is moved by hand.
import { encodeBlock } from '@vigie/codec';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenAccounts, openAccounts } from '../accounts/open.ts';
import { ACCOUNT_MIGRATIONS } from '../accounts/tables.ts';
import type { Database } from '../store/database.ts';
import { openDatabases, storeOn } from '../store/open.ts';
import { connect, sqliteDatabase } from '../store/sqlite-database.ts';
import type { Store } from '../store/store.ts';
import { type TestStore, testDatabases } from '../store/testing.ts';
import { PostOffice } from './post-office.ts';
import { HandClock, TestMailServer, until } from './testing.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SPOOL = '00000000000000aa';
const schema = machineSchemaSchema.parse({
  ...{ model: 'test', names: { fr: 'Banc', en: 'Rig' } },
  channels: [
    {
      ...{ id: 'p', kind: 'number', unit: 'mbar', decimals: 0, limits: { alarmHigh: 60 } },
      ...{
        names: { fr: 'Vide évaporateur', en: 'Evaporator vacuum' },
        ringing: { onDelayMs: 0, offDelayMs: 0 },
      },
    },
  ],
});
const hash = schemaHash(schema);

describe.each(testDatabases)('on $name', ({ name, fresh }) => {
  let test: TestStore;
  /** As in a server: on the connection of all that it does. */
  let store: Store;
  let mail: TestMailServer;
  let clock: HandClock;
  let accounts: OpenAccounts;
  let people: Database;
  let hot: Database;
  let post: PostOffice;
  let startMs: number;
  const log: string[] = [];
  const undo: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    test = await fresh();
    clock = new HandClock();
    mail = new TestMailServer();
    await mail.start();
    startMs = clock.utcMs() - 20 * MINUTE_MS;
    const databases = await openDatabases(test.place);
    hot = databases.hot;
    store = storeOn(databases, () => test.nowMs);
    accounts = openAccounts(test.place, databases.postgres, clock);
    people =
      databases.postgres ?? sqliteDatabase(connect(`${test.place.folder}/accounts.db`, ACCOUNT_MIGRATIONS));
    await person('lea', 'fr', 'user');
    post = office();
    undo.push(
      () => mail.stop(),
      async () => {
        await test.dispose();
      },
      async () => {
        if (databases.postgres === null) await people.close();
        await accounts.close();
        await store.close();
      },
    );
    test.nowMs = startMs;
    await store.createMachine({
      id: 'M',
      name: 'TV-12',
      site: 'Lyon',
      timeZone: 'Europe/Paris',
      intervalMs: MINUTE_MS,
    });
    await store.putSchema('M', hash, schema);
    await store.setMachineSchema('M', hash);
    await store.putAnchor({
      ...{ machine: 'M', spool: SPOOL, bootNumber: 1, monotonicMs: 0, utcMs: startMs, errorMs: 0 },
    });
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  function office(): PostOffice {
    const one = new PostOffice({
      ...{ db: hot, store, wishes: accounts.accounts.notifications, clock },
      ...{ randomness: { uniform: () => 0 }, log: (message) => log.push(message), webhook: null },
      mail: { smtp: mail.settings(), publicUrl: 'https://vigie.example.org' },
    });
    undo.push(() => one.close());
    one.start();
    return one;
  }

  async function person(id: string, language: 'fr' | 'en', role: string): Promise<void> {
    await people.run(
      "INSERT INTO account (id, name, email, role, language, password) VALUES ($1, $1, $2, $3, $4, 'x')",
      ...[id, `${id}@example.org`, role, language],
    );
    if (role === 'user')
      await people.run("INSERT INTO account_machine (account, machine) VALUES ($1, 'M')", id);
  }

  /** A minute of the boot as one block, a row every ten seconds; learned at `nowMs`. */
  async function block(minute: number, value: number, nowMs: number): Promise<void> {
    test.nowMs = nowMs;
    const times = Array.from({ length: 6 }, (_, i) => 10_000 * i);
    await store.append({
      ...{ machine: 'M', spool: SPOOL, firstSequence: await store.nextSequence('M', SPOOL) },
      ...{ bootNumber: 1, monotonicStartMs: minute * MINUTE_MS, rowCount: times.length },
      block: encodeBlock(
        codecSchema(schema),
        {
          ...{ rowCount: times.length, timesMs: Float64Array.from(times) },
          columns: [{ type: 'number', values: Float64Array.from(times, () => value), present: null }],
        },
        { schemaHash: hash, prior: null },
      ),
    });
  }

  /** Rows of the present, up to a minute of the boot, and the clock with them. */
  async function present(fromMinute: number, toMinute: number, value: number): Promise<void> {
    for (let minute = fromMinute; minute < toMinute; minute++) {
      await block(minute, value, startMs + (minute + 1) * MINUTE_MS);
    }
    clock.pass(Math.max(0, test.nowMs - clock.utcMs()));
  }

  async function mails(count: number): Promise<void> {
    await until(`${count} mails`, () => {
      clock.pass(1000);
      return mail.received.length >= count;
    });
  }

  it('an alarm is mailed in words and as a picture, acknowledged by its link, and followed by its recovery', async () => {
    await present(0, 21, 48);
    await present(21, 23, 68);
    post.alarmed();
    await mails(1);
    const [first] = mail.received;
    if (first === undefined) throw new Error('no mail');
    expect(first.to).toBe('lea@example.org');
    expect(first.from).toContain('vigie@example.org');
    expect(first.subject).toBe('[Alarme] TV-12 · Vide évaporateur 68\u00a0mbar > 60 · 01:01');
    expect(first.text).toContain('au-dessus du seuil d’alarme de 60\u00a0mbar, depuis 01:01');
    expect(first.html).toContain('alt="Vide évaporateur, dernières 24 heures.');
    expect(first.headers.get('auto-submitted')).toBe('auto-generated');
    const [picture] = first.pictures;
    expect(picture?.cid).toBe('picture');
    expect(picture?.bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(picture?.bytes.length).toBeGreaterThan(5000);
    // The link stands behind a #; what it leads to is the page's matter.
    const token = /https:\/\/vigie\.example\.org\/acknowledge#([\w-]{43})/.exec(first.text)?.[1] ?? '';
    expect(await post.acknowledgeLink(token)).toEqual({ name: 'lea', alarms: [{ machine: 'M', alarm: 1 }] });
    expect(await post.acknowledgeLink('x')).toBeNull();
    expect((await store.alarm('M', 1))?.acknowledged_ms).toBeNull();
    expect(await store.acknowledgeAlarm('M', 1, 'lea', '')).toBe('done');
    await present(23, 40, 48);
    await mails(2);
    const [, second] = mail.received;
    expect(second?.subject).toBe('[Terminé] TV-12 · Vide évaporateur · 01:01 → 01:03');
    expect(second?.text).toContain('Valeur la plus haute\u00a0: 68\u00a0mbar à 01:01');
    expect(second?.inReplyTo).toBe(first.messageId);
    expect(second?.text).not.toContain('acknowledge#');
    await until('both to be noted', async () => (await post.status()).waiting === 0);
    // Nothing of them can be read afterwards, least of all the link.
    const kept = await hot.all<{ content: string | null }>('SELECT content FROM outbox');
    expect(kept).toEqual([{ content: null }, { content: null }]);
    expect(JSON.stringify(await hot.all('SELECT * FROM acknowledge_link'))).not.toContain(token);
    clock.pass(8 * 24 * HOUR_MS);
    expect(await post.acknowledgeLink(token), 'too old').toBeNull();
  });

  it('two servers mail it once to each, and nothing to who has lost the machine meanwhile', async () => {
    await person('noe', 'en', 'user');
    await person('ada', 'en', 'user');
    await accounts.accounts.notifications.set('ada', {
      ...{ severity: 'alarm', when: 'at-once', recovery: true, quiet: null, zone: 'Asia/Tokyo' },
    });
    const other = office();
    await mail.stop();
    await present(0, 21, 48);
    await present(21, 23, 68);
    post.alarmed();
    other.alarmed();
    await until('the mails to wait', async () => {
      clock.pass(1000);
      return (await post.status()).waiting === 3;
    });
    await people.run("DELETE FROM account_machine WHERE account = 'noe'");
    await mail.start();
    await until('all to be handed over', async () => {
      clock.pass(10_000);
      return (await post.status()).waiting === 0;
    });
    expect(mail.received.map(({ to }) => to).sort()).toEqual(['ada@example.org', 'lea@example.org']);
    expect(mail.received.find(({ to }) => to.startsWith('ada'))?.subject).toBe(
      '[Alarm] TV-12 · Evaporator vacuum 68\u00a0mbar > 60 · 09:01',
    );
  });

  it('an invitation goes the same way, and its secret cannot be read afterwards; a newer one replaces it', async () => {
    await people.run("UPDATE account SET password = '' WHERE id = 'lea'");
    await mail.stop();
    const expiresMs = clock.utcMs() + 24 * HOUR_MS;
    const link = (token: string) => post.mailLink({ kind: 'invitation', account: 'lea', token, expiresMs });
    expect(await link('first-token')).toBe(true);
    await until('it to be down', async () => (await post.status()).downSinceMs !== null);
    // Nobody waits for a mail that does not come: the link is passed on by hand.
    expect(await link('second-token')).toBe(false);
    await mail.start();
    await until('it to be handed over', async () => {
      clock.pass(10_000);
      return (await post.status()).waiting === 0;
    });
    expect(mail.received).toHaveLength(1);
    expect(mail.received[0]?.subject).toBe('Votre accès à Vigie');
    expect(mail.received[0]?.text).toContain('https://vigie.example.org/welcome#first-token');
    expect(JSON.stringify(await hot.all('SELECT * FROM outbox'))).not.toContain('first-token');
    expect(await link('third-token')).toBe(true);
    await until('the next one', () => mail.received.length === 2);
  });

  it.runIf(name === 'SQLite')('a backlog of late rows makes one mail', async () => {
    await present(0, 1, 48);
    // Four hours later they come, within a minute: an alarm every twelve minutes.
    clock.pass(4 * HOUR_MS);
    const nowMs = clock.utcMs();
    for (let minute = 1; minute < 4 * 60; minute++) {
      await block(minute, minute % 12 === 0 ? 70 : 48, nowMs + minute * 100);
    }
    clock.pass(MINUTE_MS);
    post.alarmed();
    const rung = await hot.all('SELECT id FROM alarm');
    expect(rung.length).toBeGreaterThan(10);
    for (let minute = 0; minute < 30; minute++) {
      clock.pass(MINUTE_MS);
      test.nowMs = clock.utcMs();
      await block(5 * 60 + minute, 48, test.nowMs);
      await store.sweepAlarms(startMs, () => ({
        connected: { sinceMs: startMs, spool: SPOOL, bootNumber: 1, announcedNextSequence: 0 },
        ...{ lastContactMs: test.nowMs, intervalMs: 0 },
      }));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await mails(1);
    expect(mail.received.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^\[Données tardives\] \d+ alarmes · TV-12 · depuis /),
    ]);
  });
});
