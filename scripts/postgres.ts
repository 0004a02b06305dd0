// A real PostgreSQL for tests and benches, private to them: `startPostgres`, databases in it, kill -9, and a standby that
// holds every row before its commit is acknowledged (`startStandby`) and can take over (`promote`).
// The server is given no superuser but the owner of one database, as an operator would. A standby is made through SQL
// and a copy of files, since the packaged programs lack pg_basebackup.
// Not here: the process and how it never outlives its starter (postgres-process.ts).
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { Client } from 'pg';
import { type PostgresOptions, PostgresProcess } from './postgres-process.ts';

export type { PostgresOptions } from './postgres-process.ts';

const OWNER = 'vigie';
const STANDBY = 'standby';

export interface Postgres {
  readonly port: number;
  /** Of its main process; `null`: it does not run. */
  readonly pid: number | null;
  /** As the owner of that database. */
  url(database: string): string;
  /** As superuser. */
  adminUrl(database?: string): string;
  /** A new, empty one; gives its `url`. */
  createDatabase(name?: string): Promise<string>;
  /** SIGKILL for the server and all its processes. */
  kill9(): Promise<void>;
  /** SIGSTOP for them, and SIGCONT: it hangs with its connections open. */
  freeze(): void;
  thaw(): void;
  /** In order; what it holds is kept. */
  stop(): Promise<void>;
  /** Again after `stop` or `kill9`, on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes all it has. */
  dispose(): Promise<void>;
  /** Everything the server wrote, for messages of failure. */
  log(): string;
}

export interface Standby extends Postgres {
  /** From now on it is a primary. Has every row whose commit the old one acknowledged. */
  promote(): Promise<void>;
}

/** Runs when it resolves. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const server = new PostgresProcess(options);
  return orDisposed(server, async () => {
    await server.initialise();
    await server.start();
    await ask(adminUrl(server), `CREATE ROLE ${OWNER} LOGIN PASSWORD '${server.password}'`);
    return new Member(server);
  });
}

/**
 * A copy of `primary` that follows it. When this resolves, no commit on `primary` is acknowledged before the standby has
 * it on disk (`synchronous_commit=on`) or also shows it (`remote_apply`); without the standby, commits wait for ever.
 */
export async function startStandby(primary: Postgres): Promise<Standby> {
  const { server: source } = primary as Member;
  const server = new PostgresProcess(source.options, source.password);
  return orDisposed(server, async () => {
    await copyData(source, server);
    await server.start();
    const admin = adminUrl(source);
    await ask(admin, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
    await ask(admin, 'SELECT pg_reload_conf()');
    const state = `SELECT 1 FROM pg_stat_replication WHERE application_name = '${STANDBY}' AND sync_state = 'sync'`;
    while ((await ask(admin, state)).length === 0) {
      if (server.pid === null) throw new Error(`the standby ended:\n${server.log()}`);
      await rest(10);
    }
    return new Member(server);
  });
}

class Member implements Standby {
  readonly server: PostgresProcess;
  #databases = 0;

  constructor(server: PostgresProcess) {
    this.server = server;
  }

  get port(): number {
    return this.server.port;
  }

  get pid(): number | null {
    return this.server.pid;
  }

  url(database: string): string {
    return urlOf(this.server, OWNER, database);
  }

  adminUrl(database?: string): string {
    return adminUrl(this.server, database);
  }

  async createDatabase(name = `vigie_${++this.#databases}`): Promise<string> {
    // Of template0, to which nothing is ever connected: two may be made at once.
    await ask(this.adminUrl(), `CREATE DATABASE "${name}" OWNER ${OWNER} TEMPLATE template0`);
    return this.url(name);
  }

  kill9(): Promise<void> {
    return this.server.kill9();
  }

  freeze(): void {
    this.server.freeze();
  }

  thaw(): void {
    this.server.thaw();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  start(): Promise<void> {
    return this.server.start();
  }

  dispose(): Promise<void> {
    return this.server.dispose();
  }

  log(): string {
    return this.server.log();
  }

  async promote(): Promise<void> {
    await ask(this.adminUrl(), 'SELECT pg_promote()');
  }
}

/** What pg_basebackup does, for a server without tablespaces. */
async function copyData(from: PostgresProcess, to: PostgresProcess): Promise<void> {
  const client = await connected(adminUrl(from));
  try {
    // Keeps the log from here on until the standby has it.
    await client.query('SELECT pg_create_physical_replication_slot($1, true)', [STANDBY]);
    // The backup lasts as long as this connection.
    await client.query('SELECT pg_backup_start($1, true)', [STANDBY]);
    await copyFolder(from.data, to.data, to);
    const { rows } = await client.query<{ label: string }>(
      'SELECT labelfile AS label FROM pg_backup_stop(false)',
    );
    const source = `host=127.0.0.1 port=${from.port} user=postgres password=${from.password}`;
    const files = {
      backup_label: rows[0]?.label ?? '',
      'standby.signal': '',
      // Instead of the primary's: as a primary of its own it will wait for no standby.
      'postgresql.auto.conf': `primary_conninfo = '${source} application_name=${STANDBY}'\nprimary_slot_name = '${STANDBY}'\n`,
    };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(to.data, name), text, { mode: 0o600 });
      to.own(join(to.data, name));
    }
  } finally {
    await client.end();
  }
}

/** Of these folders a standby needs what comes over the link, or nothing. */
const EMPTY = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_subtrans',
]);
const OMITTED = new Set(['postmaster.pid', 'postmaster.opts']);

async function copyFolder(from: string, to: string, owner: PostgresProcess): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  owner.own(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (OMITTED.has(entry.name)) continue;
    if (entry.isDirectory() && EMPTY.has(entry.name)) {
      await mkdir(copy, { mode: 0o700 });
      owner.own(copy);
    } else if (entry.isDirectory()) {
      await copyFolder(source, copy, owner);
    } else {
      try {
        await copyFile(source, copy);
        owner.own(copy);
      } catch (error) {
        // The primary works meanwhile; what it removed, the standby will remove too.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
}

async function orDisposed<T>(server: PostgresProcess, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await server.dispose();
    throw error;
  }
}

function urlOf(server: PostgresProcess, user: string, database: string): string {
  return `postgres://${user}:${server.password}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`;
}

function adminUrl(server: PostgresProcess, database = 'postgres'): string {
  return urlOf(server, 'postgres', database);
}

async function ask(url: string, sql: string): Promise<readonly unknown[]> {
  const client = await connected(url);
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // Of a server that was killed; what is asked of it next is refused, which says it again.
  client.on('error', () => {});
  await client.connect();
  return client;
}
