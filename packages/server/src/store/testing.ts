// For tests of the store: each database that it runs on, empty, with a clock to set and sealing at will.
// Not here: anything of the product.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Postgres, startPostgres } from '../../../../scripts/postgres.ts';
import type { Archive } from './archive.ts';
import type { Database } from './database.ts';
import { POSTGRES_MIGRATIONS } from './migrations.ts';
import { openDatabases, openSealer, openStore, type Place } from './open.ts';
import { openPostgres } from './postgres-database.ts';
import type { Store } from './store.ts';

/** Sealing that a seal brings about follows within this. */
const SOON_MS = 60_000;

export interface TestStore {
  readonly place: Place;
  readonly store: Store;
  /** What the store takes for now. */
  nowMs: number;
  /** The same data by another store, the first one closed. */
  reopen(): Promise<Store>;
  /** Seals all that is due at `nowMs`, and what follows from it. */
  seal(): Promise<void>;
  /** Deletes what is older than it shall be kept. @returns chunks deleted */
  forget(): Promise<number>;
  /** A connection beside the store. */
  beside<T>(work: (db: Database, archive: Archive) => Promise<T>): Promise<T>;
  dispose(): Promise<void>;
}

export interface TestDatabase {
  readonly name: string;
  fresh(): Promise<TestStore>;
}

let postgres: Promise<Postgres> | null = null;
afterAll(async () => {
  await (await postgres)?.dispose();
}, 30_000);

export const testDatabases: readonly TestDatabase[] = [
  {
    name: 'SQLite',
    fresh: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'vigie-store-'));
      return testStore({ folder, database: null }, async () =>
        rmSync(folder, { recursive: true, force: true }),
      );
    },
  },
  { name: 'PostgreSQL', fresh: freshPostgres },
];

/** Databases that are empty again: making one takes longer than most tests. */
const emptied: string[] = [];

async function freshPostgres(): Promise<TestStore> {
  // A cut of the machine is not what these tests are about.
  postgres ??= startPostgres({ settings: { fsync: 'off' } });
  const database = emptied.pop() ?? (await (await postgres).createDatabase());
  const folder = mkdtempSync(join(tmpdir(), 'vigie-store-'));
  return testStore({ folder, database }, async () => {
    rmSync(folder, { recursive: true, force: true });
    const db = await openPostgres(database, POSTGRES_MIGRATIONS);
    const tables = await db.all<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'vigie_schema'",
    );
    await db.script(`TRUNCATE ${tables.map(({ name }) => name).join(', ')} CASCADE`);
    await db.close();
    emptied.push(database);
  });
}

async function testStore(place: Place, remove: () => Promise<void>): Promise<TestStore> {
  let open: Store;
  const test: TestStore = {
    place,
    nowMs: Date.UTC(2026, 10, 24),
    get store() {
      return open;
    },
    reopen: async () => {
      await open.close();
      open = await openStore(place, () => test.nowMs);
      return open;
    },
    seal: async () => {
      const { sealer, close } = await openSealer(place, () => test.nowMs);
      try {
        for (;;) {
          while ((await sealer.round()) > 0);
          const dueInMs = await sealer.dueInMs();
          if (dueInMs === null || dueInMs > SOON_MS) break;
          test.nowMs += dueInMs;
        }
      } finally {
        await close();
      }
    },
    forget: async () => {
      const { retention, close } = await openSealer(place, () => test.nowMs);
      try {
        return await retention.round();
      } finally {
        await close();
      }
    },
    beside: async (work) => {
      const { hot, archive } = await openDatabases(place);
      try {
        return await work(hot, archive);
      } finally {
        await archive.close();
        await hot.close();
      }
    },
    dispose: async () => {
      await open.close().catch(() => undefined);
      await remove();
    },
  };
  open = await openStore(place, () => test.nowMs);
  return test;
}
