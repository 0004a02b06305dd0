// Where what is sealed lies: on SQLite one file a month, so that a closed month is a file that never changes (copied as a
// backup, deleted when it has served); on PostgreSQL partitions of one month, beside the hot tables.
// Invariant: what begins in a month (UTC) lies in that month's. Not here: what is sealed and when (sealer.ts).
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from './database.ts';
import { ARCHIVE_MIGRATIONS } from './migrations.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { connect, sqliteDatabase } from './sqlite-database.ts';

export interface Archive {
  /** Those that there are with anything that begins from `fromMs` on and before `toMs`, in order of time. */
  between(fromMs: number, toMs: number): readonly Database[];
  /** The one for what begins at an instant; made when there is none. */
  at(ms: number): Promise<Database>;
  close(): Promise<void>;
}

/** Files kept open at once; a chart of ten years looks into 120. */
const MOST_OPEN = 150;
const FILE = /^(\d{4})-(\d{2})\.db$/;

/** Start of the month (UTC) that holds an instant. */
export function monthOf(ms: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

export function monthAfter(ms: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** `2026-11` */
export function monthName(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

export interface SqliteArchiveOptions {
  /** Months whose file is there. */
  readonly found: readonly number[];
  readonly open: (monthMs: number) => Database;
}

export function sqliteArchive({
  found,
  open,
}: SqliteArchiveOptions): Archive & { readonly look: (months: readonly number[]) => void } {
  let months = [...found].sort((a, b) => a - b);
  /** The one used last is last. */
  const opened = new Map<number, Database>();
  const use = (month: number): Database => {
    const known = opened.get(month) ?? open(month);
    opened.delete(month);
    opened.set(month, known);
    for (const [other, db] of opened) {
      if (opened.size <= MOST_OPEN) break;
      opened.delete(other);
      void db.close();
    }
    return known;
  };
  return {
    look: (now) => {
      months = [...now].sort((a, b) => a - b);
    },
    between: (fromMs, toMs) => months.filter((month) => month < toMs && monthAfter(month) > fromMs).map(use),
    at: async (ms) => {
      const month = monthOf(ms);
      if (!months.includes(month)) months = [...months, month].sort((a, b) => a - b);
      return use(month);
    },
    close: async () => {
      for (const db of opened.values()) await db.close();
      opened.clear();
    },
  };
}

/** In a folder; files that another connection makes are seen when they are looked for. */
export function folderArchive(folder: string): Archive {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const archive = sqliteArchive({
    found: monthsIn(folder),
    open: (month) => sqliteDatabase(connect(join(folder, `${monthName(month)}.db`), ARCHIVE_MIGRATIONS)),
  });
  return {
    ...archive,
    between: (fromMs, toMs) => {
      archive.look(monthsIn(folder));
      return archive.between(fromMs, toMs);
    },
  };
}

export function monthsIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const [, year, month] = FILE.exec(name) ?? [];
    return year === undefined || month === undefined ? [] : [Date.UTC(Number(year), Number(month) - 1, 1)];
  });
}

export function postgresArchive(db: PostgresDatabase): Archive {
  const made = new Set<number>();
  return {
    between: () => [db],
    at: async (ms) => {
      const month = monthOf(ms);
      if (made.has(month)) return db;
      const name = monthName(month).replace('-', '');
      // Two servers may make it at once: the lock lets the second find it there.
      await db.transaction(async (sql) => {
        await sql.run("SELECT pg_advisory_xact_lock(hashtext('vigie partition'))");
        for (const table of ['chunk', 'rollup']) {
          await sql.run(
            `CREATE TABLE IF NOT EXISTS ${table}_${name} PARTITION OF ${table} FOR VALUES FROM (${month}) TO (${monthAfter(month)})`,
          );
        }
      });
      made.add(month);
      return db;
    },
    close: async () => undefined,
  };
}
