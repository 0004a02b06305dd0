// What the spool asks of the disk: SQLite on a file, and a look at the file itself. `realDisk` is the box's own, `noDisk`
// stands for one that refuses; a simulation has one that tears and loses writes. Not here: what is kept, and how it is made durable (database.ts).
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import Database from 'better-sqlite3';

export type SpoolDatabase = Database.Database;

export interface SpoolDisk {
  /** @throws SqliteError when the file cannot be opened. */
  open(file: string): SpoolDatabase;
  /** Bytes of the file, 0 when there is none. */
  size(file: string): number;
  /** The first `count` bytes, or as many as there are; none when there is no file. */
  head(file: string, count: number): Uint8Array;
  /** Whether something can be written beside the file. */
  takesWrites(file: string): boolean;
  /** Writes in place, and waits for the disk when `safely`, also for what was written before; `false`: it refuses. */
  scribble(file: string, at: number, bytes: Uint8Array, safely: boolean): boolean;
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
    if (!existsSync(file)) return bytes.subarray(0, 0);
    const handle = openSync(file, 'r');
    const size = readSync(handle, bytes, 0, count, 0);
    closeSync(handle);
    return bytes.subarray(0, size);
  },
  takesWrites: (file) => {
    try {
      writeFileSync(`${file}.probe`, '');
      rmSync(`${file}.probe`);
      return true;
    } catch {
      return false;
    }
  },
  scribble: (file, at, bytes, safely) => {
    try {
      const handle = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
      try {
        writeSync(handle, bytes, 0, bytes.length, at);
        if (safely) fdatasyncSync(handle);
      } finally {
        closeSync(handle);
      }
      return true;
    } catch {
      // A full disk, a read-only one.
      return false;
    }
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

/** Memory, for as long as the process lives. */
export const noDisk: SpoolDisk = {
  open: () => new Database(':memory:'),
  size: () => 0,
  head: () => new Uint8Array(0),
  takesWrites: () => true,
  scribble: () => true,
  setAside: () => {
    throw new Error('memory is never damaged');
  },
};
