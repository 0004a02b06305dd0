// PostgreSQL behind the store's SQL, through pg.
// Invariants: a transaction is on disk when it has resolved, as far as the server keeps its word: synchronous_commit is
// never left off (with a synchronous standby «on» means there too); a connection that breaks takes only its own question
// along; of several hosts only the primary is asked, and the next connection finds it after it changed. Not here:
// partitions (archive.ts).
import { createHash } from 'node:crypto';
import pg from 'pg';
import {
  bothChanges,
  type Changes,
  type Columns,
  type Database,
  NO_CHANGES,
  newerSchema,
  type Sql,
  type SqlRow,
  type SqlValue,
  StoreError,
} from './database.ts';
import { PostgresHosts } from './postgres-hosts.ts';

/** Connections for questions and transactions, beside the one that listens. */
const MOST_CONNECTIONS = 8;
/** Questions that wait for a connection; beyond, they are refused, so that a database that hangs fills no memory. */
const MOST_WAITING = 20_000;
const CONNECT_MS = 5000;
/** A listener that lost its connection tries again after this. */
const LISTEN_AGAIN_MS = 1000;
/** A listener asks so often whether its connection still lives, and waits so long for the answer. */
const LISTENER_BEAT_MS = 10_000;
/** Two servers that start at once must not both make the tables. */
const MIGRATION_LOCK = 0x5647_0001;
/** SQLSTATEs of a server that is going, coming or full, and of one that takes no writes (any more). */
const AWAY = /^(08|53|57|58)|^25006$/;
/** What pg says of a connection that is gone; it gives these no code. */
const GONE = /^Connection terminated|not queryable$|^timeout expired|^Client was closed/;

const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** What a message between servers is about; each gets its own, too. */
export interface Notices {
  /** Calls back for each message until the database is closed. `lost`: some may have been missed. */
  listen(channel: string, heard: (message: string) => void, lost: () => void): Promise<void>;
}

export interface PostgresDatabase extends Database, Notices {
  /** Runs a script of several statements, without parameters. */
  script(text: string): Promise<void>;
  /** Held until it is released, or the connection ends; `null`: another one holds it. */
  tryLock(key: number): Promise<{ release(): Promise<void> } | null>;
}

/**
 * @param url of one host or several; only the one that is the primary is asked
 * @param migrations SQL scripts; number i brings the database from version i to i + 1. All in one transaction.
 * @param connections at most, beside the one that listens
 * @throws StoreError when it cannot be reached or a newer Vigie wrote it.
 */
export async function openPostgres(
  url: string,
  migrations: readonly string[],
  connections = MOST_CONNECTIONS,
): Promise<PostgresDatabase> {
  const hosts = new PostgresHosts(url);
  const settings = (): pg.ClientConfig => ({
    connectionString: hosts.current,
    types,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: 'vigie',
  });
  // Each connection is made to the host that is the primary then; who waits for one waits as long as it takes.
  class Client extends pg.Client {
    constructor() {
      super(settings());
    }
  }
  const pool = new pg.Pool({ Client, max: connections, onConnect: mustBePrimary });
  // Of an idle connection that broke: the pool makes a new one when it is needed.
  pool.on('error', () => undefined);
  /** On the primary, whichever host that is; each is tried twice at most. */
  const connect = async (): Promise<pg.PoolClient> => {
    if (pool.waitingCount >= MOST_WAITING) throw new Unreachable('the database does not keep up');
    for (let tried = 1; ; tried++) {
      const host = hosts.current;
      try {
        return await pool.connect();
      } catch (error) {
        hosts.leave(host);
        if (tried >= 2 * hosts.count - 1) throw new Unreachable(reasonOf(error));
      }
    }
  };
  try {
    await migrate(await connect(), migrations);
  } catch (error) {
    await pool.end();
    if (error instanceof StoreError) throw error;
    throw new StoreError('database-unusable', `the database cannot be used: ${reasonOf(error)}`);
  }
  let isClosed = false;
  const listener = new Listener(
    async () => {
      const host = hosts.current;
      const client = new Client();
      client.on('error', () => undefined);
      try {
        await client.connect();
        await mustBePrimary(client);
        return client;
      } catch (error) {
        hosts.leave(host);
        void client.end().catch(() => undefined);
        throw error;
      }
    },
    () => isClosed,
  );

  const using = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await connect();
    // What breaks while nothing is asked is told by the next question.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    let isBroken = false;
    try {
      return await work(client);
    } catch (error) {
      isBroken = isAway(error);
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(isBroken);
    }
  };
  const transaction = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    using(async (client) => {
      try {
        // One that was left off would acknowledge what a cut takes back.
        await client.query(
          "BEGIN; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local')",
        );
        const result = await work(sqlOn(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // Of a connection that is gone there is nothing to take back, and it is not used again.
        if (!isAway(error)) await client.query('ROLLBACK');
        throw error;
      }
    });
  const outside = sqlOn({ query: (config) => using((client) => client.query(config)) });

  let watching: Promise<void> | null = null;
  let changed: Changes = 'anything';
  const anything = (): void => {
    changed = 'anything';
  };

  return {
    ...outside,
    isShared: true,
    isAway,
    insert: (table, columns, rows, tail) => transaction((sql) => sql.insert(table, columns, rows, tail)),
    transaction,
    script: (text) => using(async (client) => void (await client.query(text))),
    listen: (channel, heard, lost) => listener.listen(channel, heard, lost),
    tryLock: async (key) => {
      const client = await connect();
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
    // A trigger tells of what gateways look at (migrations.ts): the machine's id, or nothing for what concerns all.
    version: () => null,
    changedElsewhere: async () => {
      watching ??= listener.listen(
        'vigie_changed',
        (machine) => {
          changed = machine === '' ? 'anything' : bothChanges(changed, new Set([machine]));
        },
        anything,
      );
      await watching.catch(anything);
      const was = changed;
      changed = NO_CHANGES;
      return was;
    },
    // Its own autovacuum does that.
    tidy: async () => undefined,
    close: async () => {
      isClosed = true;
      await listener.close();
      await pool.end();
    },
  };
}

/** A standby answers questions, but what it says may be late, and it takes no rows. */
async function mustBePrimary(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  if (rows[0]?.standby !== false) throw new Error('this host is a standby, none of them is the primary');
}

class Unreachable extends Error {}

/** Whether what went wrong is the connection or the server, not what was asked of it. */
function isAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return AWAY.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  return error instanceof Unreachable || 'syscall' in error || GONE.test(error.message);
}

interface Listening {
  readonly channel: string;
  readonly heard: (message: string) => void;
  readonly lost: () => void;
}

/** One connection that hears every channel; when it breaks, another one is made, and all are told that they may have missed something. */
class Listener {
  readonly #connect: () => Promise<pg.Client>;
  readonly #isClosed: () => boolean;
  readonly #all: Listening[] = [];
  #client: Promise<pg.Client> | null = null;

  constructor(connect: () => Promise<pg.Client>, isClosed: () => boolean) {
    this.#connect = connect;
    this.#isClosed = isClosed;
  }

  async listen(channel: string, heard: (message: string) => void, lost: () => void): Promise<void> {
    this.#all.push({ channel, heard, lost });
    if (this.#client === null) this.#open();
    const client = await this.#client;
    await client?.query(`LISTEN ${channel}`);
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null);
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  #open(): void {
    const opened = this.#connect().then(async (client) => {
      let isOver = false;
      let beat: NodeJS.Timeout | undefined;
      const over = (): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(beat);
        void client.end().catch(() => undefined);
        if (this.#client === opened) this.#again();
      };
      // A host that fell silent says nothing: its connection would seem to live for hours.
      const ask = (): void => {
        beat = setTimeout(over, LISTENER_BEAT_MS).unref();
        client.query('SELECT 1').then(() => {
          clearTimeout(beat);
          if (!isOver) beat = setTimeout(ask, LISTENER_BEAT_MS).unref();
        }, over);
      };
      client.on('error', over);
      client.on('end', over);
      client.on('notification', ({ channel, payload }: pg.Notification) => {
        for (const one of this.#all) if (one.channel === channel) one.heard(payload ?? '');
      });
      for (const channel of new Set(this.#all.map((one) => one.channel)))
        await client.query(`LISTEN ${channel}`);
      ask();
      return client;
    });
    this.#client = opened;
    opened.catch(() => {
      if (this.#client === opened) this.#again();
    });
  }

  /** Until it succeeds. */
  #again(): void {
    if (this.#isClosed()) return;
    setTimeout(() => {
      if (this.#isClosed()) return;
      this.#open();
      this.#client?.then(
        () => {
          for (const { lost } of this.#all) lost();
        },
        () => undefined,
      );
    }, LISTEN_AGAIN_MS).unref();
  }
}

async function migrate(client: pg.PoolClient, migrations: readonly string[]): Promise<void> {
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

/** What asks one question: a connection, or a pool of them. */
interface Asked {
  query(config: pg.QueryConfig): Promise<pg.QueryResult>;
}

function sqlOn(on: Asked): Sql {
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
