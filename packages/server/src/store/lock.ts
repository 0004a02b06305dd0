// Locks of a data folder. `server.lock`: one vigie-server, since two would keep what they know of boots and machines apart
// and undo each other. `sealing.lock`: who moves blocks between the hot file and the archive, or must see them rest.
// A lock is SQLite's on a file of its own, so that the system frees it however the process ends.
// Not here: commands that run beside the server on purpose; they open the databases without the first.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from './database.ts';

/** A server that is just ending gets this long to let go. */
const HAND_OVER_MS = 1000;

/** @throws StoreError when another server holds the folder. */
export function lockFolder(folder: string): Lock {
  const lock = lockFile(join(folder, 'server.lock'), HAND_OVER_MS);
  if (lock === null) {
    throw new StoreError('folder-in-use', `another vigie-server runs on the data folder ${folder}`);
  }
  return lock;
}

/** While it is held no block moves. `null`: it is not free within that time. */
export function lockSealing(folder: string, withinMs: number): Lock | null {
  return lockFile(join(folder, 'sealing.lock'), withinMs);
}

export interface Lock {
  release(): void;
}

/** Waits without giving others a turn. `null`: it is not free within that time. */
export function lockFile(file: string, withinMs: number): Lock | null {
  const db = new Database(file, { timeout: withinMs });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
    if (!busy) throw error;
    return null;
  }
  return { release: () => db.close() };
}
