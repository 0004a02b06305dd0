// Opens SQLite files the one way that keeps what is acknowledged: WAL with synchronous=FULL on every connection
// (better-sqlite3 falls back to NORMAL in WAL), and migrations by number that never destroy.
import Database from 'better-sqlite3';

export type Sqlite = Database.Database;

/** Why a database cannot be used; `message` is one sentence for the operator. */
export class StoreError extends Error {
  readonly code: 'newer-schema';
  constructor(code: 'newer-schema', message: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }
}

/**
 * @param migrations SQL scripts; number i brings the file from version i to i + 1, in a transaction.
 * @throws StoreError when a newer Vigie wrote the file.
 */
export function connect(file: string, migrations: readonly string[]): Sqlite {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('busy_timeout = 5000');
  db.pragma('foreign_keys = ON');
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > migrations.length) {
    db.close();
    throw new StoreError(
      'newer-schema',
      `${file} was written by a newer Vigie (schema ${version}, this one knows ${migrations.length}): update Vigie, or restore an older backup.`,
    );
  }
  for (let next = version; next < migrations.length; next++) {
    db.transaction(() => {
      db.exec(migrations[next] ?? '');
      db.pragma(`user_version = ${next + 1}`);
    })();
  }
  return db;
}
