// The spool's SQLite file: opened so that what is committed outlives a power cut, and set aside when it is damaged.
// Invariants: synchronous=FULL on every connection (better-sqlite3 falls back to NORMAL in WAL); one process at a
// time (exclusive lock); a file that is no sound database is renamed, never deleted. Not here: what the rows mean.
import Database from 'better-sqlite3';
import type { SpoolDatabase, SpoolDisk } from './disk.ts';

const VERSION = 1;
const SCHEMA = `
  CREATE TABLE spool (
    id TEXT NOT NULL, next_sequence INTEGER NOT NULL, acknowledged INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE boot (number INTEGER PRIMARY KEY, id TEXT NOT NULL, first_sequence INTEGER NOT NULL) STRICT;
  CREATE TABLE schema (hash TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  -- bytes and copy are the same.
  CREATE TABLE prior (
    hash TEXT PRIMARY KEY, schema TEXT NOT NULL, made_sequence INTEGER NOT NULL, bytes BLOB NOT NULL, copy BLOB NOT NULL
  ) STRICT;
  -- Rows committed, not yet in a block.
  CREATE TABLE pending (
    first_sequence INTEGER PRIMARY KEY, row_count INTEGER NOT NULL, boot INTEGER NOT NULL,
    schema TEXT NOT NULL, start_ms INTEGER NOT NULL, bytes BLOB NOT NULL, crc INTEGER NOT NULL
  ) STRICT;
  -- Blocks and gaps, acknowledged ones first.
  CREATE TABLE queue (
    first_sequence INTEGER PRIMARY KEY, row_count INTEGER NOT NULL, gap TEXT, boot INTEGER NOT NULL,
    schema TEXT NOT NULL, start_ms INTEGER NOT NULL, bytes BLOB NOT NULL, crc INTEGER NOT NULL
  ) STRICT;
`;
/** The tables as SQLite keeps them, to tell a file whose own description was damaged. */
const TABLES = (() => {
  const db = new Database(':memory:');
  db.exec(SCHEMA);
  const tables = tablesOf(db);
  db.close();
  return tables;
})();
const PAGE_BYTES = 2048;
/** As many pages as there are bytes in SQLite's own thousand of 4096. */
const CHECKPOINT_PAGES = 2000;
/** A full check of a larger file would keep a small board busy for too long at start. */
const CHECKED_BYTES = 32 << 20;
/** The primary result code of everything that a disk refuses to do (sqlite.org/rescode.html). */
const SQLITE_IOERR = 10;

/** `diskRefuses`: it is the disk that does, which may be mended; else it is for a person to act. */
export type Opened<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly diskRefuses: boolean };

/**
 * Opens the file for `use`, which reads what it needs of it at once: damage that only shows then sets the file aside
 * too. `setAside`: where a damaged file was put, if there was one.
 */
export function openDatabase<T>(
  disk: SpoolDisk,
  file: string,
  use: (db: SpoolDatabase, setAside: string | null) => T,
): Opened<T> {
  let setAside: string | null = null;
  for (;;) {
    let db: SpoolDatabase | null = null;
    try {
      db = connect(disk, file);
      return { ok: true, value: use(db, setAside) };
    } catch (error) {
      db?.close();
      if (!(error instanceof Error)) throw error;
      const code = 'code' in error ? String(error.code) : '';
      if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
        const message = `${file}: another vigie-edge runs on this folder`;
        return { ok: false, message, diskRefuses: false };
      }
      const damaged =
        /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(code) ||
        (code.startsWith('SQLITE_READONLY') &&
          !isWritableFormat(disk.head(file, 20)) &&
          disk.takesWrites(file));
      const refused = { ok: false, message: `${file}: ${error.message}`, diskRefuses: code !== '' } as const;
      if (!damaged || setAside !== null) return refused;
      try {
        setAside = disk.setAside(file);
      } catch (refusal) {
        return { ...refused, message: `${file}: damaged, and cannot be set aside: ${String(refusal)}` };
      }
    }
  }
}

function connect(disk: SpoolDisk, file: string): SpoolDatabase {
  const db = disk.open(file);
  try {
    db.pragma('locking_mode = EXCLUSIVE');
    // Of a new file only. A commit writes whole pages, and every ten seconds there is one, of a few hundred bytes.
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (disk.size(file) <= CHECKED_BYTES) {
      const found = String(db.pragma('quick_check(1)', { simple: true }));
      if (wasNotRead(found)) throw new Database.SqliteError('the disk cannot be read', 'SQLITE_IOERR_READ');
      if (found !== 'ok') throw new Database.SqliteError('the file is damaged', 'SQLITE_CORRUPT');
    }
    const version = Number(db.pragma('user_version', { simple: true }));
    const tables = tablesOf(db);
    if (tables === null && version === 0) {
      db.transaction(() => {
        db.exec(SCHEMA);
        db.pragma(`user_version = ${VERSION}`);
      })();
    } else if (tables === TABLES) {
      // These tables are of this version, whatever a damaged number says.
      if (version !== VERSION) db.pragma(`user_version = ${VERSION}`);
    } else if (version > VERSION) throw new Error('was written by a newer vigie-edge: update it');
    else throw new Database.SqliteError('its tables are not those of a spool', 'SQLITE_CORRUPT');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The check reports a page that the disk did not give as it does a damaged one; only the code tells them apart. */
function wasNotRead(found: string): boolean {
  const code = Number(/error code=(\d+)/.exec(found)?.[1] ?? 0);
  return (code & 0xff) === SQLITE_IOERR;
}

/**
 * Of a file whose write version (byte 18 of the header) is damaged, SQLite only says that it may not be written. That
 * alone proves nothing: power that goes in a checkpoint may leave a torn header, which the log mends.
 */
function isWritableFormat(header: Uint8Array): boolean {
  const version = header[18];
  return header.length < 20 || version === 1 || version === 2;
}

/** `null`: there is none. */
function tablesOf(db: SpoolDatabase): string | null {
  return db.prepare("SELECT group_concat(sql, ';') FROM sqlite_schema WHERE sql IS NOT NULL").pluck().get() as
    | string
    | null;
}

/** `isDiskFull`: the disk has no room, and may have some after something was given up. */
export type Attempted<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly isDiskFull: boolean };

/** What the disk refuses is a value; anything else is the programmer's error and goes on. */
export function attempt<T>(work: () => T): Attempted<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof Database.SqliteError) {
      const message = `${error.code}: ${error.message}`;
      return { ok: false, message, isDiskFull: error.code === 'SQLITE_FULL' };
    }
    throw error;
  }
}
