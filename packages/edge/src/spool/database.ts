// The spool's SQLite file: opened so that what is committed outlives a power cut, and set aside when it is damaged.
// Invariants: synchronous=FULL on every connection (better-sqlite3 falls back to NORMAL in WAL); one process at a
// time (exclusive lock); a file that is no sound database is renamed, never deleted. Not here: what the rows mean.
import { existsSync, renameSync, statSync } from 'node:fs';
import type { Outcome } from '@vigie/config';
import Database from 'better-sqlite3';

export type SpoolDatabase = Database.Database;

const VERSION = 1;
const SCHEMA = `
  CREATE TABLE spool (
    id TEXT NOT NULL, next_sequence INTEGER NOT NULL, acknowledged INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE boot (number INTEGER PRIMARY KEY, id TEXT NOT NULL, first_sequence INTEGER NOT NULL) STRICT;
  CREATE TABLE schema (hash TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  -- Rows committed, not yet in a block.
  CREATE TABLE pending (
    first_sequence INTEGER PRIMARY KEY, row_count INTEGER NOT NULL, boot INTEGER NOT NULL,
    schema TEXT NOT NULL, start_ms INTEGER NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  -- Blocks and gaps, acknowledged ones first.
  CREATE TABLE queue (
    first_sequence INTEGER PRIMARY KEY, row_count INTEGER NOT NULL, gap TEXT, boot INTEGER NOT NULL,
    schema TEXT NOT NULL, start_ms INTEGER NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
`;
/** A full check of a larger file would keep a small board busy for too long at start. */
const CHECKED_BYTES = 32 << 20;

export interface OpenedDatabase {
  readonly db: SpoolDatabase;
  /** Where a damaged file was put, if there was one. */
  readonly setAside: string | null;
}

export function openDatabase(file: string): Outcome<OpenedDatabase> {
  let setAside: string | null = null;
  for (;;) {
    try {
      return { ok: true, value: { db: connect(file), setAside } };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const code = 'code' in error ? String(error.code) : '';
      if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
        return { ok: false, message: `${file}: another vigie-edge runs on this folder` };
      }
      const damaged = /^SQLITE_(CORRUPT|NOTADB)/.test(code);
      if (!damaged || setAside !== null) return { ok: false, message: `${file}: ${error.message}` };
      setAside = putAside(file);
    }
  }
}

function connect(file: string): SpoolDatabase {
  const db = new Database(file, { timeout: 500 });
  try {
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    if (statSync(file).size <= CHECKED_BYTES && db.pragma('quick_check(1)', { simple: true }) !== 'ok') {
      throw new Database.SqliteError('the file is damaged', 'SQLITE_CORRUPT');
    }
    const version = db.pragma('user_version', { simple: true });
    if (typeof version === 'number' && version > VERSION)
      throw new Error('was written by a newer vigie-edge: update it');
    if (version === 0) {
      db.transaction(() => {
        db.exec(SCHEMA);
        db.pragma(`user_version = ${VERSION}`);
      })();
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function putAside(file: string): string {
  let n = 1;
  while (existsSync(`${file}.damaged-${n}`)) n++;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged-${n}${suffix}`);
  }
  return `${file}.damaged-${n}`;
}

/** What the disk refuses is a value; anything else is the programmer's error and goes on. */
export function attempt<T>(work: () => T): Outcome<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof Database.SqliteError)
      return { ok: false, message: `${error.code}: ${error.message}` };
    throw error;
  }
}
