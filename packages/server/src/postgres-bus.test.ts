// Servers that share a PostgreSQL, several in this process: who holds which machine is one answer everywhere, whoever ends
// and however; what is watched anywhere arrives there.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { realClock } from '@vigie/config';
import type { RowView } from '@vigie/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Postgres, startPostgres } from '../../../scripts/postgres.ts';
import { type Connected, Live, type LiveMessage } from './live.ts';
import { PostgresBus } from './postgres-bus.ts';
import { POSTGRES_MIGRATIONS } from './store/migrations.ts';
import { openStore } from './store/open.ts';
import { openPostgres, type PostgresDatabase } from './store/postgres-database.ts';

const clock = realClock();
let postgres: Postgres;
let url = '';
const servers: { live: Live; bus: PostgresBus; db: PostgresDatabase; abandoned: string[] }[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ settings: { fsync: 'off' } });
}, 60_000);
afterAll(() => postgres.dispose());
beforeEach(async () => {
  url = await postgres.createDatabase();
});
afterEach(async () => {
  for (const { bus } of servers.splice(0)) await bus.close();
});

async function server() {
  const db = await openPostgres(url, POSTGRES_MIGRATIONS, 1);
  const bus = new PostgresBus({ db, clock, log: () => undefined });
  const live = new Live(clock, bus);
  const abandoned: string[] = [];
  await live.start((machine) => abandoned.push(machine));
  const one = { live, bus, db, abandoned };
  servers.push(one);
  return one;
}

class Edge implements Connected {
  readonly sinceMs = clock.utcMs();
  readonly spool = 'a';
  readonly bootNumber: number;
  readonly announcedNextSequence = 7;
  watched = 0;
  closed: string | null = null;

  constructor(bootNumber = 1) {
    this.bootNumber = bootNumber;
  }

  watch(): void {
    this.watched++;
  }

  close(reason: 'replaced' | 'revoked'): void {
    this.closed = reason;
  }
}

async function until(what: string, ready: () => boolean, deadlineMs = 20_000): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!ready()) {
    if (Date.now() > endMs) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('servers on one PostgreSQL', () => {
  it('know who is connected wherever, and close the older of two connections', async () => {
    const [a, b] = [await server(), await server()];
    const [first, second, third] = [new Edge(1), new Edge(2), new Edge(3)];
    a.live.connect('M', first);
    await until('M at b', () => b.live.connected('M')?.bootNumber === 1);
    expect(b.live.connected('M')).toMatchObject({ spool: 'a', announcedNextSequence: 7 });
    expect(await b.live.lastContactMs('M')).toBeGreaterThan(0);
    b.live.connect('M', second);
    await until('the older one to be closed', () => first.closed === 'replaced');
    expect(a.live.connected('M')?.bootNumber).toBe(2);
    // Its end is no news: a newer one stands.
    expect(a.live.disconnect('M', first)).toBe(false);
    // Who comes later finds them, too.
    const c = await server();
    expect(c.live.connected('M')?.bootNumber).toBe(2);
    // Back to the first server, and gone at last.
    a.live.connect('M', third);
    await until('the second one to be closed', () => second.closed === 'replaced');
    expect(a.live.disconnect('M', third)).toBe(true);
    await until('nobody', () => [a, b, c].every(({ live }) => live.connected('M') === null));
  });

  it('bring what is watched to where it is watched, and nothing else', async () => {
    const [a, b, c] = [await server(), await server(), await server()];
    const edge = new Edge();
    a.live.connect('M', edge);
    a.live.connect('N', new Edge());
    await until('M at b', () => b.live.connected('M') !== null);
    const seen: LiveMessage[] = [];
    const unwatch = b.live.watch('M', (message) => seen.push(message));
    await until('WATCH at the edge', () => edge.watched > 0);
    const row: RowView = { atMs: 1000, values: [1, null, 'é\u0000"'] };
    a.live.row('M', row);
    a.live.row('N', row);
    // Larger than a NOTIFY, with letters that take several bytes.
    const large: RowView = { atMs: 2000, values: Array.from({ length: 2000 }, (_, i) => `${i}é漢`) };
    a.live.row('M', large);
    a.live.stored('M', 5, 6);
    a.live.journal('M', { atMs: 9, kind: 'edge-boot', channel: null, facts: { boot: 3 } });
    await until('all of it', () => seen.length >= 4);
    expect(seen).toEqual([
      { event: 'row', data: row },
      { event: 'row', data: large },
      { event: 'stored', data: { fromMs: 5, toMs: 6 } },
      { event: 'journal', data: { atMs: 9, kind: 'edge-boot', channel: null, facts: { boot: 3 } } },
    ]);
    expect(b.live.lastRow('M')).toEqual(large);
    expect(b.live.lastRow('N')).toBeNull();
    // A connection that comes to a third server while it is watched is asked at once.
    const next = new Edge(2);
    c.live.connect('M', next);
    expect(next.watched).toBe(1);
    await until('the link to change', () => seen.some(({ event }) => event === 'link'));
    c.live.row('M', { atMs: 3000, values: [] });
    await until('its row', () => b.live.lastRow('M')?.atMs === 3000);
    unwatch();
  });

  it('take over from one that ended without a word, once', async () => {
    const [a, b, c] = [await server(), await server(), await server()];
    a.live.connect('M', new Edge());
    a.live.connect('N', new Edge());
    await until('both', () => [b, c].every(({ live }) => live.connected('M') && live.connected('N')));
    // As killed: it says nothing more, and beats no more.
    await a.db.close();
    servers.shift();
    b.live.connect('N', new Edge(2));
    await until('its end', () => [b, c].every(({ live }) => live.connected('M') === null));
    expect([...b.abandoned, ...c.abandoned]).toEqual(['M']);
    expect(c.live.connected('N')?.bootNumber).toBe(2);
  }, 40_000);

  it('tell watchers to load all anew after they could not hear, and claim again what the database lost', async () => {
    const [a, b] = [await server(), await server()];
    a.live.connect('M', new Edge());
    await until('M at b', () => b.live.connected('M') !== null);
    const seen: LiveMessage[] = [];
    b.live.watch('M', (message) => seen.push(message));
    await postgres.kill9();
    await postgres.start();
    await until('word of it', () => seen.some((one) => one.event === 'stored' && one.data.fromMs === 0));
    await b.db.run("DELETE FROM presence WHERE machine = 'M'");
    await b.db.run('DELETE FROM server');
    const again = await server();
    await until('M to be claimed again', () => again.live.connected('M') !== null);
    expect(b.live.connected('M')).not.toBeNull();
  }, 40_000);

  it('show the same keys on the link, or do not start', async () => {
    const folder = mkdtempSync(`${tmpdir()}/vigie-keys-`);
    const store = await openStore({ folder, database: url }, () => clock.utcMs());
    try {
      await store.agreeOnLinkKeys(['a', 'b'], 1);
      await store.agreeOnLinkKeys(['a', 'b'], 2);
      await expect(store.agreeOnLinkKeys(['c', 'd'], 3)).rejects.toThrow('copy the folder keys');
      await expect(store.agreeOnLinkKeys(['a', 'd'], 3)).rejects.toThrow('copy the folder keys');
      // Rotated, and the power went before it was noted.
      await store.agreeOnLinkKeys(['b', 'e'], 4);
      await expect(store.agreeOnLinkKeys(['a', 'b'], 5)).rejects.toThrow('copy the folder keys');
    } finally {
      await store.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('say which machine was changed by another process', async () => {
    const folder = mkdtempSync(`${tmpdir()}/vigie-changes-`);
    const [store, beside] = [
      await openStore({ folder, database: url }, () => clock.utcMs()),
      await openStore({ folder, database: url }, () => clock.utcMs()),
    ];
    try {
      for (const id of ['M', 'N']) {
        await store.createMachine({ id, name: id, site: '', timeZone: 'UTC', intervalMs: 1000 });
      }
      expect(await store.changedElsewhere()).toBe('anything');
      await beside.changeSettings('N', (settings) => ({ ...settings, intervalMs: 5000 }));
      const changes = new Set<string>();
      const endMs = Date.now() + 10_000;
      while (changes.size === 0 && Date.now() < endMs) {
        const found = await store.changedElsewhere();
        expect(found).not.toBe('anything');
        if (found !== 'anything') for (const id of found) changes.add(id);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect([...changes]).toEqual(['N']);
      await beside.noteLinkKeys(['x', 'y'], 1);
      let found = await store.changedElsewhere();
      while (found !== 'anything' && Date.now() < endMs) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        found = await store.changedElsewhere();
      }
      expect(found).toBe('anything');
    } finally {
      await store.close();
      await beside.close();
      rmSync(folder, { recursive: true });
    }
  });
});
