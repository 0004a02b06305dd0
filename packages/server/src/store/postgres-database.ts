// PostgreSQL behind the store's SQL, through pg.
// Invariants: a transaction is on disk when it has resolved, as far as the server keeps its word: synchronous_commit is
// never left off (with a synchronous standby «on» means there too); a connection that breaks takes only its own question
// along. Not here: partitions (archive.ts).
import { createHash } from 'node:crypto';
import pg from 'pg';
import {
  type Columns,
  type Database,
  newerSchema,
  type Sql,
  type SqlRow,
  type SqlValue,
  StoreError,
} from './database.ts';

/** Connections for questions and transactions, beside the one that listens. */
const MOST_CONNECTIONS = 8;
const CONNECT_MS = 5000;
/** A listener that lost its connection tries again after this. */
const LISTEN_AGAIN_MS = 1000;
/** Two servers that start at once must not both make the tables. */
const MIGRATION_LOCK = 0x5647_0001;

const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** What a message between servers is about; each gets its own, too. */
export interface Notices {
  /** Calls back for each message until the database is closed. `lost`: some may have been missed. */
  listen(channel: string, heard: (message: string) => void, lost: () => void): Promise<void>;
  /** @param message at most 7,900 bytes of UTF-8 */
  notify(channel: string, message: string): Promise<void>;
}

export interface PostgresDatabase extends Database, Notices {
  /** Runs a script of several statements, without parameters. */
  script(text: string): Promise<void>;
  /** Held until it is released, or the connection ends; `null`: another one holds it. */
  tryLock(key: number): Promise<{ release(): Promise<void> } | null>;
}

/**
 * @param migrations SQL scripts; number i brings the database from version i to i + 1. All in one transaction.
 * @throws StoreError when it cannot be reached or a newer Vigie wrote it.
 */
export async function openPostgres(url: string, migrations: readonly string[]): Promise<PostgresDatabase> {
  const settings = {
    connectionString: url,
    types,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'vigie',
  };
  const pool = new pg.Pool({ ...settings, max: MOST_CONNECTIONS });
  // Of an idle connection that broke: the pool makes a new one when it is needed.
  pool.on('error', () => undefined);
  try {
    await migrate(pool, migrations);
  } catch (error) {
    await pool.end();
    if (error instanceof StoreError) throw error;
    throw new StoreError('database-unusable', `the database cannot be used: ${reasonOf(error)}`);
  }
  const outside = sqlOn(pool);
  let watching: Promise<void> | null = null;
  let changed = true;
  const noteChange = (): void => {
    changed = true;
  };
  let closed = false;
  const listeners: pg.Client[] = [];

  const transaction = async <T>(work: (sql: Sql) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    // What breaks while nothing is asked is told by the next question.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    let broken: Error | undefined;
    try {
      // One that was left off would acknowledge what a cut takes back.
      await client.query(
        "BEGIN; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local')",
      );
      const result = await work(sqlOn(client));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((why: unknown) => {
        broken = why instanceof Error ? why : new Error(String(why));
      });
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(broken);
    }
  };

  const listen = async (
    channel: string,
    heard: (message: string) => void,
    lost: () => void,
  ): Promise<void> => {
    const client = new pg.Client(settings);
    listeners.push(client);
    const again = (): void => {
      const place = listeners.indexOf(client);
      if (place < 0) return;
      listeners.splice(place, 1);
      void client.end().catch(() => undefined);
      if (closed) return;
      setTimeout(() => {
        if (closed) return;
        void listen(channel, heard, lost).then(lost, () => undefined);
      }, LISTEN_AGAIN_MS).unref();
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', ({ payload }: pg.Notification) => heard(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch (error) {
      again();
      throw error;
    }
  };

  return {
    ...outside,
    insert: (table, columns, rows, tail) => transaction((sql) => sql.insert(table, columns, rows, tail)),
    transaction,
    script: async (text) => {
      await pool.query(text);
    },
    listen,
    notify: async (channel, message) => {
      await pool.query({ name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [channel, message] });
    },
    tryLock: async (key) => {
      const client = await pool.connect();
      const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
        key,
      ]);
      if (rows[0]?.held !== true) {
        client.release();
        return null;
      }
      // Its end ends the lock; who holds it finds out by its next question.
      client.on('error', () => undefined);
      return {
        release: async () => {
          // The connection is not used again, so that the lock ends with it whatever happens.
          client.release(true);
        },
      };
    },
    // A trigger tells of what gateways look at (migrations.ts).
    changedElsewhere: async () => {
      watching ??= listen('vigie_changed', noteChange, noteChange);
      await watching.catch(noteChange);
      const was = changed;
      changed = false;
      return was;
    },
    close: async () => {
      closed = true;
      for (const client of listeners.splice(0)) await client.end().catch(() => undefined);
      await pool.end();
    },
  };
}

async function migrate(pool: pg.Pool, migrations: readonly string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await client.query('CREATE TABLE IF NOT EXISTS vigie_schema (version BIGINT NOT NULL)');
    const { rows } = await client.query<{ version: number }>(
      'SELECT max(version) AS version FROM vigie_schema',
    );
    const from = rows[0]?.version ?? 0;
    if (from > migrations.length) {
      const { rows: names } = await client.query<{ name: string }>('SELECT current_database() AS name');
      throw newerSchema(`the database ${names[0]?.name}`, from, migrations.length);
    }
    if (from === migrations.length) return;
    await client.query('BEGIN');
    for (const script of migrations.slice(from)) await client.query(script);
    await client.query('INSERT INTO vigie_schema (version) VALUES ($1)', [migrations.length]);
    await client.query('COMMIT');
  } finally {
    // Ends the transaction, where it failed, and the lock.
    client.release(true);
  }
}

function sqlOn(on: pg.Pool | pg.PoolClient): Sql {
  const query = (text: string, values: readonly unknown[]) =>
    on.query({ name: nameOf(text), text, values: values.map(encoded) });
  const matching = async (table: string, keys: Columns, rows: readonly SqlRow[], tail: string) => {
    if (rows.length === 0) return [];
    const names = Object.keys(keys);
    const text = `SELECT t.* FROM ${table} t JOIN unnest(${arrays(keys)}) AS k(${names.join(', ')}) USING (${names.join(', ')})${tail}`;
    return (await query(text, columnsOf(names, rows))).rows;
  };
  return {
    all: async <Row>(text: string, ...parameters: readonly SqlValue[]) =>
      (await query(text, parameters)).rows as Row[],
    get: async <Row>(text: string, ...parameters: readonly SqlValue[]) =>
      (await query(text, parameters)).rows[0] as Row | undefined,
    run: async (text, ...parameters) => (await query(text, parameters)).rowCount ?? 0,
    insert: async (table, columns, rows, tail = '') => {
      if (rows.length === 0) return;
      const names = Object.keys(columns);
      const text = `INSERT INTO ${table} (${names.join(', ')}) SELECT * FROM unnest(${arrays(columns)}) ${tail}`;
      await query(text, columnsOf(names, rows));
    },
    update: async (table, keys, columns, rows) => {
      if (rows.length === 0) return;
      const [set, by] = [Object.keys(columns), Object.keys(keys)];
      const text = `UPDATE ${table} t SET ${set.map((name) => `${name} = k.${name}`).join(', ')} FROM unnest(${arrays({ ...columns, ...keys })}) AS k(${[...set, ...by].join(', ')}) WHERE ${by.map((name) => `t.${name} = k.${name}`).join(' AND ')}`;
      await query(text, columnsOf([...set, ...by], rows));
    },
    remove: async (table, keys, rows) => {
      if (rows.length === 0) return;
      const names = Object.keys(keys);
      const text = `DELETE FROM ${table} t USING unnest(${arrays(keys)}) AS k(${names.join(', ')}) WHERE ${names.map((name) => `t.${name} = k.${name}`).join(' AND ')}`;
      await query(text, columnsOf(names, rows));
    },
    // In one order for all, so that no two transactions wait for each other.
    lock: (table, keys, rows) =>
      matching(table, keys, rows, ` ORDER BY ${Object.keys(keys).join(', ')} FOR UPDATE OF t`),
    find: (table, keys, rows) => matching(table, keys, rows, ''),
  };
}

function arrays(columns: Columns): string {
  return Object.values(columns)
    .map((type, i) => `$${i + 1}::${type}[]`)
    .join(', ');
}

function columnsOf(names: readonly string[], rows: readonly SqlRow[]): unknown[][] {
  return names.map((name) => rows.map((row) => encoded(row[name] ?? null)));
}

function encoded(value: unknown): unknown {
  return value instanceof Uint8Array && !Buffer.isBuffer(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value;
}

const names = new Map<string, string>();
/** Prepared once for each connection, by a name that is the text's own. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 24);
    names.set(text, name);
  }
  return name;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
