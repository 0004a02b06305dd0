// What the spool asks of the disk: SQLite on a file, and a look at the file itself. `realDisk` is the box's own; a
// simulation has one that tears and loses writes. Not here: what is kept, and how it is made durable (database.ts).
import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';

export type SpoolDatabase = Database.Database;

export interface SpoolDisk {
  /** @throws SqliteError when the file cannot be opened. */
  open(file: string): SpoolDatabase;
  /** Bytes of the file, 0 when there is none. */
  size(file: string): number;
  /** The first `count` bytes, or as many as there are. */
  head(file: string, count: number): Uint8Array;
  /** Renames the file and what SQLite keeps beside it; returns the new name. */
  setAside(file: string): string;
}

/** How long a process that is just ending may hold the file. */
const HAND_OVER_MS = 500;

export const realDisk: SpoolDisk = {
  open: (file) => new Database(file, { timeout: HAND_OVER_MS }),
  size: (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0,
  head: (file, count) => {
    const bytes = Buffer.alloc(count);
    const handle = openSync(file, 'r');
    const size = readSync(handle, bytes, 0, count, 0);
    closeSync(handle);
    return bytes.subarray(0, size);
  },
  setAside: (file) => {
    let n = 1;
    while (existsSync(`${file}.damaged-${n}`)) n++;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged-${n}${suffix}`);
    }
    return `${file}.damaged-${n}`;
  },
};
