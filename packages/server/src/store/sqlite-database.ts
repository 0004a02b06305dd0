// SQLite behind the store's SQL. Opens files the one way that keeps what is acknowledged: WAL with synchronous=FULL on
// every connection (better-sqlite3 falls back to NORMAL in WAL), and migrations by number that never destroy.
// Invariant: one connection, so whatever comes while a transaction is open waits for its end.
import DatabaseFile from 'better-sqlite3';
import {
  type Columns,
  type Database,
  NO_CHANGES,
  newerSchema,
  type Sql,
  type SqlRow,
  type SqlValue,
} from './database.ts';

export type Sqlite = DatabaseFile.Database;

/**
 * @param migrations SQL scripts; number i brings the file from version i to i + 1. All in one transaction.
 * @throws StoreError when a newer Vigie wrote the file.
 */
export function connect(file: string, migrations: readonly string[]): Sqlite {
  const db = new DatabaseFile(file);
  // What a long backlog took is given back when it is sealed. Said to a file that is there, it would write to it.
  if (db.pragma('page_count', { simple: true }) === 0) db.pragma('auto_vacuum = INCREMENTAL');
  return prepareSqlite(db, file, migrations);
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
    throw newerSchema(file, version, migrations.length);
  }
  // Under the write lock, since a command may open the same new file at this very moment.
  db.transaction(() => {
    const from = Number(db.pragma('user_version', { simple: true }));
    for (const script of migrations.slice(from)) db.exec(script);
    if (from < migrations.length) db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
  return db;
}

/** Freed at once: 8 MB. */
const TIDIED_PAGES = 2000;

interface Prepared {
  readonly statement: DatabaseFile.Statement<SqlValue[]>;
  /** Of each place in the statement, the parameter that belongs there. */
  readonly places: readonly number[];
}

export function sqliteDatabase(db: Sqlite): Database {
  const prepared = new Map<string, Prepared>();
  // Changes when another connection commits to the file, and costs no look at it.
  const versions = db.prepare<[], number>('PRAGMA data_version').pluck();
  const dataVersion = (): number => versions.get() ?? 0;
  const changes = db.prepare<[], number>('SELECT total_changes()').pluck();
  const totalChanges = (): number => changes.get() ?? 0;
  let seenVersion = dataVersion();
  /** Resolves when the last transaction that was asked for has ended; `null`: none is open. */
  let busy: Promise<void> | null = null;

  const prepare = (text: string): Prepared => {
    let known = prepared.get(text);
    if (known === undefined) {
      const places: number[] = [];
      const positional = text.replace(/\$(\d+)/g, (_, n: string) => {
        places.push(Number(n) - 1);
        return '?';
      });
      known = { statement: db.prepare<SqlValue[]>(positional), places };
      prepared.set(text, known);
    }
    return known;
  };
  const place = ({ places }: Prepared, parameters: readonly SqlValue[]): SqlValue[] =>
    places.map((i) => parameters[i] ?? null);
  const all = (text: string, parameters: readonly SqlValue[]): unknown[] => {
    const one = prepare(text);
    return one.statement.all(...place(one, parameters));
  };
  const found = (table: string, keys: Columns, rows: readonly SqlRow[]): unknown[] => {
    const names = Object.keys(keys);
    const text = `SELECT * FROM ${table} WHERE ${names.map((name, i) => `${name} = $${i + 1}`).join(' AND ')}`;
    return rows.flatMap((row) =>
      all(
        text,
        names.map((name) => row[name] ?? null),
      ),
    );
  };

  /** Straight on the connection: only for who holds it. */
  const direct: Sql = {
    all: async <Row>(text: string, ...parameters: readonly SqlValue[]) => all(text, parameters) as Row[],
    get: async <Row>(text: string, ...parameters: readonly SqlValue[]) => {
      const one = prepare(text);
      return one.statement.get(...place(one, parameters)) as Row | undefined;
    },
    run: async (text, ...parameters) => {
      const one = prepare(text);
      return one.statement.run(...place(one, parameters)).changes;
    },
    insert: async (table, columns, rows, tail = '') => {
      if (rows.length === 0) return;
      const names = Object.keys(columns);
      const text = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')}) ${tail}`;
      const one = prepare(text);
      for (const row of rows) one.statement.run(...names.map((name) => row[name] ?? null));
    },
    update: async (table, keys, columns, rows) => {
      if (rows.length === 0) return;
      const [set, by] = [Object.keys(columns), Object.keys(keys)];
      const text = `UPDATE ${table} SET ${set.map((name, i) => `${name} = $${i + 1}`).join(', ')} WHERE ${by.map((name, i) => `${name} = $${set.length + i + 1}`).join(' AND ')}`;
      const one = prepare(text);
      for (const row of rows) one.statement.run(...[...set, ...by].map((name) => row[name] ?? null));
    },
    remove: async (table, keys, rows) => {
      if (rows.length === 0) return;
      const names = Object.keys(keys);
      const one = prepare(
        `DELETE FROM ${table} WHERE ${names.map((name, i) => `${name} = $${i + 1}`).join(' AND ')}`,
      );
      for (const row of rows) one.statement.run(...names.map((name) => row[name] ?? null));
    },
    lock: async <Row>(table: string, keys: Columns, rows: readonly SqlRow[]) =>
      found(table, keys, rows) as Row[],
    find: async <Row>(table: string, keys: Columns, rows: readonly SqlRow[]) =>
      found(table, keys, rows) as Row[],
  };

  const transaction = async <T>(work: (sql: Sql) => Promise<T>): Promise<T> => {
    while (busy !== null) await busy;
    let free: () => void = () => undefined;
    busy = new Promise((resolve) => {
      free = resolve;
    });
    try {
      prepare('BEGIN IMMEDIATE').statement.run();
      try {
        const result = await work(direct);
        prepare('COMMIT').statement.run();
        return result;
      } catch (error) {
        // The error that ended it says more than one about its end, which a lost disk brings.
        if (db.open && db.inTransaction) {
          try {
            db.exec('ROLLBACK');
          } catch {}
        }
        throw error;
      }
    } finally {
      busy = null;
      free();
    }
  };
  const outside = async (): Promise<void> => {
    while (busy !== null) await busy;
  };
  return {
    isShared: false,
    isAway: () => false,
    all: async (text, ...parameters) => {
      if (busy !== null) await outside();
      return direct.all(text, ...parameters);
    },
    get: async (text, ...parameters) => {
      if (busy !== null) await outside();
      return direct.get(text, ...parameters);
    },
    run: async (text, ...parameters) => {
      if (busy !== null) await outside();
      return direct.run(text, ...parameters);
    },
    insert: (table, columns, rows, tail) => transaction((sql) => sql.insert(table, columns, rows, tail)),
    update: (table, keys, columns, rows) => transaction((sql) => sql.update(table, keys, columns, rows)),
    remove: (table, keys, rows) => transaction((sql) => sql.remove(table, keys, rows)),
    lock: async (table, keys, rows) => {
      await outside();
      return direct.lock(table, keys, rows);
    },
    find: async (table, keys, rows) => {
      await outside();
      return direct.find(table, keys, rows);
    },
    transaction,
    changedElsewhere: async () => {
      const version = dataVersion();
      const changed = version !== seenVersion;
      seenVersion = version;
      return changed ? 'anything' : NO_CHANGES;
    },
    // The first counts what other connections commit, the second what this one does.
    version: () => `${dataVersion()} ${totalChanges()}`,
    tidy: async () => {
      await outside();
      db.pragma(`incremental_vacuum(${TIDIED_PAGES})`);
    },
    close: async () => {
      await outside();
      db.close();
    },
  };
}
