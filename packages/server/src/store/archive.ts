// Where what is sealed lies: on SQLite one file a month, so that a closed month is a file that never changes (copied as a
// backup, deleted when it has served); on PostgreSQL partitions of one month, beside the hot tables.
// Invariant: what begins in a month (UTC) lies in that month's. Not here: what is sealed and when (sealer.ts).
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import DatabaseFile from 'better-sqlite3';
import type { Database } from './database.ts';
import { ARCHIVE_MIGRATIONS } from './migrations.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { connect, sqliteDatabase } from './sqlite-database.ts';

export interface Archive {
  /** Those that there are with anything that begins from `fromMs` on and before `toMs`, in order of time; opened when they are come to. */
  between(fromMs: number, toMs: number): Iterable<Database>;
  /** The same from the beginning, the newest first. */
  before(toMs: number): Iterable<Database>;
  /** The one for what begins at an instant; made when there is none. */
  at(ms: number): Promise<Database>;
  /** Gives back what is free of a month that is over, if it is more than that share. */
  shrink(monthMs: number, freeShare: number): Promise<void>;
  /** Removes a month that is over and in which nothing is left; only for who seals. */
  removeEmpty(monthMs: number): Promise<void>;
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
  /** Whether a file is still there, which others may have removed; absent: nobody does. */
  readonly isThere?: (monthMs: number) => boolean;
}

export interface SqliteArchive extends Archive {
  /** Those that there are now. */
  look(months: readonly number[]): void;
  /** Closes one that is open. */
  letGo(month: number): Promise<void>;
}

export function sqliteArchive({ found, open, isThere }: SqliteArchiveOptions): SqliteArchive {
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
  const letGo = async (month: number): Promise<void> => {
    const db = opened.get(month);
    opened.delete(month);
    await db?.close();
  };
  function* each(wanted: readonly number[]): Iterable<Database> {
    for (const month of wanted) {
      // Opened, one that is gone would be made again.
      if (opened.has(month) || (isThere?.(month) ?? true)) yield use(month);
    }
  }
  const within = (fromMs: number, toMs: number): number[] =>
    months.filter((month) => month < toMs && monthAfter(month) > fromMs);
  return {
    look: (now) => {
      months = [...now].sort((a, b) => a - b);
      // One that was deleted meanwhile would hide one that is made again in its place.
      for (const month of opened.keys()) if (!months.includes(month)) void letGo(month);
    },
    letGo,
    between: (fromMs, toMs) => each(within(fromMs, toMs)),
    before: (toMs) => each(within(0, toMs).reverse()),
    at: async (ms) => {
      const month = monthOf(ms);
      if (!months.includes(month)) months = [...months, month].sort((a, b) => a - b);
      return use(month);
    },
    shrink: async () => undefined,
    removeEmpty: async () => undefined,
    close: async () => {
      for (const db of opened.values()) await db.close();
      opened.clear();
    },
  };
}

/** So long after a folder changed, its clock may not tell another change from that one. */
const CLOCK_STEP_NS = 50_000_000n;

/**
 * In a folder; files that another connection makes are seen when they are looked for.
 * @param utcMs by the clock that dates the folder's changes: this machine's
 */
export function folderArchive(folder: string, utcMs: () => number = Date.now): Archive {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (month: number): string => join(folder, `${monthName(month)}.db`);
  const archive = sqliteArchive({
    found: monthsIn(folder),
    open: (month) => sqliteDatabase(connect(fileOf(month), ARCHIVE_MIGRATIONS)),
    isThere: (month) => existsSync(fileOf(month)),
  });
  /** When the folder had changed last, as it was read; `null`: it may have changed again unseen. */
  let readNs: bigint | null = null;
  const look = (): void => {
    const changedNs = statSync(folder, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? null;
    // A chart looks a dozen times, and years are hundreds of names.
    if (changedNs !== null && changedNs === readNs) return;
    const isPast = changedNs !== null && BigInt(utcMs()) * 1_000_000n - changedNs > CLOCK_STEP_NS;
    archive.look(monthsIn(folder));
    readNs = isPast ? changedNs : null;
  };
  return {
    ...archive,
    between: (fromMs, toMs) => {
      look();
      return archive.between(fromMs, toMs);
    },
    before: (toMs) => {
      look();
      return archive.before(toMs);
    },
    shrink: async (monthMs, freeShare) => {
      for (const db of archive.between(monthMs, monthMs + 1)) {
        const size = await db.get<{ free: number; pages: number }>(
          'SELECT freelist_count AS free, page_count AS pages FROM pragma_freelist_count, pragma_page_count',
        );
        if (size !== undefined && size.free > freeShare * size.pages) await db.run('VACUUM');
      }
    },
    removeEmpty: async (monthMs) => {
      for (const db of archive.between(monthMs, monthMs + 1)) {
        const left = await db.get(
          'SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM chunk) OR EXISTS (SELECT 1 FROM rollup)',
        );
        if (left !== undefined) continue;
        await archive.letGo(monthMs);
        removeUnused(fileOf(monthMs));
      }
    },
  };
}

/**
 * Deletes a database file if nobody has it open: only then it can leave the WAL mode. Deleted under others, it would
 * take the log of one that is made again in its place along when they close it.
 */
function removeUnused(file: string): void {
  const db = new DatabaseFile(file, { timeout: 0 });
  try {
    if (db.pragma('journal_mode = DELETE', { simple: true }) !== 'delete') return;
    db.exec('BEGIN EXCLUSIVE');
    rmSync(file);
  } catch (error) {
    if (!(error instanceof DatabaseFile.SqliteError && error.code.startsWith('SQLITE_BUSY'))) throw error;
  } finally {
    db.close();
  }
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
    before: () => [db],
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
    // Autovacuum does.
    shrink: async () => undefined,
    removeEmpty: async () => undefined,
    close: async () => undefined,
  };
}
