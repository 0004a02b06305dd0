// Opens SQLite files the one way that keeps what is acknowledged: WAL with synchronous=FULL on every connection
// (better-sqlite3 falls back to NORMAL in WAL), and migrations by number that never destroy.
import Database from 'better-sqlite3';

export type Sqlite = Database.Database;

/** Why a database cannot be used; `message` is one sentence for the operator. */
export class StoreError extends Error {
  readonly code: 'newer-schema' | 'folder-in-use';
  constructor(code: StoreError['code'], message: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }
}

/**
 * @param migrations SQL scripts; number i brings the file from version i to i + 1. All in one transaction.
 * @throws StoreError when a newer Vigie wrote the file.
 */
export function connect(file: string, migrations: readonly string[]): Sqlite {
  return prepareSqlite(new Database(file), file, migrations);
}

/** The same for a file that is open already; `file`: its name in messages. */
export function prepareSqlite(db: Sqlite, file: string, migrations: readonly string[]): Sqlite {
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
  // Under the write lock, since a command may open the same new file at this very moment.
  db.transaction(() => {
    const from = Number(db.pragma('user_version', { simple: true }));
    for (const script of migrations.slice(from)) db.exec(script);
    if (from < migrations.length) db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
  return db;
}
