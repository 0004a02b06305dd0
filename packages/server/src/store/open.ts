// Opens the store on either database: a folder of this machine (SQLite), or a PostgreSQL by its address.
// Not here: what a store does (store.ts).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Archive, folderArchive, postgresArchive } from './archive.ts';
import type { Database } from './database.ts';
import { LongBlocks } from './long-blocks.ts';
import { Meanings } from './meanings.ts';
import { MIGRATIONS, POSTGRES_MIGRATIONS } from './migrations.ts';
import { openPostgres, type PostgresDatabase } from './postgres-database.ts';
import { Reader } from './reader.ts';
import { Retention } from './retention.ts';
import { Sealer } from './sealer.ts';
import { sqlStore } from './sql-store.ts';
import { connect, sqliteDatabase } from './sqlite-database.ts';
import type { Store } from './store.ts';

/** A commit waits so long for more to take along: what it costs is the disk's answer, however much is in it. */
const GATHER_MS = 10;

/** Where a server keeps its rows. */
export interface Place {
  /** Folder of databases and keys. */
  readonly folder: string;
  /** `postgres://…`, of one host or several; `null`: SQLite in the folder. */
  readonly database: string | null;
}

/** @throws StoreError when the database cannot be used, or is of a newer Vigie. */
export async function openStore(place: Place, utcMs: () => number): Promise<Store> {
  return storeOn(await openDatabases(place), utcMs);
}

/** Closes the databases with itself. */
export function storeOn({ hot, archive }: Databases, utcMs: () => number): Store {
  return sqlStore({
    hot,
    archive,
    soon: (work) => void setTimeout(work, GATHER_MS),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    restMs: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    utcMs,
  });
}

/** Both parts of a place. */
export interface Databases {
  readonly hot: Database;
  readonly archive: Archive;
  readonly postgres: PostgresDatabase | null;
}

export interface OpenSealer {
  readonly hot: Database;
  readonly sealer: Sealer;
  readonly retention: Retention;
  readonly postgres: PostgresDatabase | null;
  close(): Promise<void>;
}

/** On connections of its own. @throws StoreError as `openStore`. */
export async function openSealer(place: Place, utcMs: () => number): Promise<OpenSealer> {
  const { hot, archive, postgres } = await openDatabases(place);
  const meanings = new Meanings(hot);
  const reader = new Reader({
    ...{ hot, archive, meanings, longBlocks: new LongBlocks() },
    pause: async () => undefined,
  });
  return {
    sealer: new Sealer({ hot, archive, meanings, reader, utcMs }),
    retention: new Retention({ hot, archive, utcMs }),
    hot,
    postgres,
    close: async () => {
      await archive.close();
      await hot.close();
    },
  };
}

/** @throws StoreError as `openStore`. */
export async function openDatabases({ folder, database }: Place): Promise<Databases> {
  if (database !== null) {
    const postgres = await openPostgres(database, POSTGRES_MIGRATIONS);
    return { hot: postgres, archive: postgresArchive(postgres), postgres };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const hot = sqliteDatabase(connect(join(folder, 'vigie.db'), MIGRATIONS));
  return { hot, archive: folderArchive(join(folder, 'archive')), postgres: null };
}
