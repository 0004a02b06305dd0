// One vigie-server per data folder: two would keep what they know of boots and machines apart and undo each other.
// The lock is SQLite's on a file of its own, so that the system frees it however the process ends.
// Not here: commands that run beside the server on purpose; they open the databases without it.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from './database.ts';

/** A server that is just ending gets this long to let go. */
const HAND_OVER_MS = 1000;

/** @throws StoreError when another server holds the folder. */
export function lockFolder(folder: string): { release(): void } {
  const db = new Database(join(folder, 'server.lock'), { timeout: HAND_OVER_MS });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
    if (!busy) throw error;
    throw new StoreError('folder-in-use', `another vigie-server runs on the data folder ${folder}`);
  }
  return { release: () => db.close() };
}
