// The PostgreSQL that tests and benches bring up: what it acknowledged outlives kill -9, on itself and on a standby that
// takes over, and no server outlives who started it. Not here: what Vigie does with one.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, DatabaseError } from 'pg';
import { afterAll, expect, it } from 'vitest';
import { type Postgres, startPostgres, startStandby } from '../scripts/postgres.ts';
import { root, until } from './world.ts';

const ends: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
});

const started = async (): Promise<Postgres> => {
  const postgres = await startPostgres();
  ends.push(() => postgres.dispose());
  return postgres;
};

/** Gives the numbers in table `t`. */
const stored = async (url: string): Promise<number[]> =>
  (await ask<{ n: number }>(url, 'SELECT n FROM t ORDER BY n')).map(({ n }) => n);

it('gives empty databases, two at once on each of two servers, to an owner with no further rights', async () => {
  const servers = await Promise.all([started(), started()]);
  expect(servers[0].port).not.toBe(servers[1].port);
  const urls = await Promise.all(
    servers.flatMap((server) => [server.createDatabase(), server.createDatabase()]),
  );
  await Promise.all(urls.map((url, i) => ask(url, `CREATE TABLE t AS SELECT ${i} AS n`)));
  expect(await Promise.all(urls.map(stored))).toEqual([[0], [1], [2], [3]]);
  const [url = ''] = urls;
  const asked = await ask(url, 'SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user');
  expect(asked).toEqual([{ rolsuper: false, rolcreatedb: false }]);
  expect(await ask(url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  // A stranger on this machine is not let in.
  await expect(ask(url.replace(/:[0-9a-f]+@/, ':guessed@'), 'SELECT 1')).rejects.toThrow('password');
});

it('keeps what it acknowledged through kill -9, again and again', async () => {
  const server = await started();
  const url = await server.createDatabase();
  await ask(url, 'CREATE TABLE t (n int PRIMARY KEY)');
  const port = server.port;
  let acknowledged: number[] = [];
  for (let round = 0; round < 3; round++) {
    const writer = new Writer(url, acknowledged.length);
    await until('rows', () => writer.acknowledged.length >= 50);
    await server.kill9();
    expect(server.pid).toBeNull();
    await writer.ended;
    await server.start();
    expect(server.port).toBe(port);
    acknowledged = expectAll(await stored(url), [...acknowledged, ...writer.acknowledged]);
  }
  await server.stop();
  await server.start();
  expect(await stored(url)).toEqual(acknowledged);
});

it('hands over to a standby that has every acknowledged row', async () => {
  const primary = await started();
  const url = await primary.createDatabase('rows');
  await ask(url, 'CREATE TABLE t (n int PRIMARY KEY)');
  const before = new Writer(url);
  await until('rows', () => before.acknowledged.length >= 10);
  // Made beside a primary at work.
  const standby = await startStandby(primary);
  ends.push(() => standby.dispose());
  await before.stop();

  // Nothing is acknowledged that the standby has not got.
  await standby.stop();
  const first = before.acknowledged.length;
  const writer = new Writer(url, first);
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  await until('a commit that waits', async () => (await ask(primary.adminUrl(), waiting)).length > 0);
  expect(writer.acknowledged).toEqual([]);
  await standby.start();
  await until('rows', () => writer.acknowledged.length >= 50);

  await primary.kill9();
  await writer.ended;
  await standby.promote();
  const rows = await stored(standby.url('rows'));
  expectAll(rows, [...before.acknowledged, ...writer.acknowledged]);
  // By itself now, waiting for nobody.
  await ask(standby.url('rows'), `INSERT INTO t VALUES (${rows.length})`);
  await standby.kill9();
  await standby.start();
  expect(await stored(standby.url('rows'))).toHaveLength(rows.length + 1);
});

it('does not outlive a process that is killed', async () => {
  const folder = emptyFolder();
  const script = `
    import { startPostgres } from './scripts/postgres.ts';
    const { port } = await startPostgres({ folder: process.argv[1] });
    console.log(port);
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    starter.stdout.once('data', (line) => resolve(Number(String(line))));
    starter.once('exit', (code) => reject(new Error(`it ended with code ${code}`)));
  });
  expect(await answers(port)).toBe(true);
  starter.kill('SIGKILL');
  await until('its end', async () => !(await answers(port)) && readdirSync(folder).length === 0);
});

it('leaves nothing behind', async () => {
  const folder = emptyFolder();
  const server = await startPostgres({ folder, settings: { shared_buffers: '32MB' } });
  expect(await ask(server.adminUrl(), 'SHOW shared_buffers')).toEqual([{ shared_buffers: '32MB' }]);
  const { port } = server;
  await server.dispose();
  expect(readdirSync(folder)).toEqual([]);
  expect(await answers(port)).toBe(false);
  await expect(startPostgres({ folder, settings: { shared_buffers: 'much' } })).rejects.toThrow(
    'shared_buffers',
  );
  expect(readdirSync(folder)).toEqual([]);
});

/** Which whoever root runs a server as can reach. */
function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-postgres-parent-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  return folder;
}

/** Commits one row after the other, 0, 1, 2 …, until it is stopped or its server ends. */
class Writer {
  readonly acknowledged: number[] = [];
  readonly ended: Promise<void>;
  #isStopped = false;

  constructor(url: string, first = 0) {
    this.ended = this.#write(url, first);
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.ended;
  }

  async #write(url: string, first: number): Promise<void> {
    const client = await connected(url);
    try {
      for (let n = first; !this.#isStopped; n++) {
        await client.query('INSERT INTO t VALUES ($1)', [n]);
        this.acknowledged.push(n);
      }
    } catch (error) {
      // The server's end is a socket's error; what the server says is a mistake here.
      if (error instanceof DatabaseError) throw error;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** All of `acknowledged`, and no more than one whose answer was lost. Gives what is there. */
function expectAll(rows: number[], acknowledged: readonly number[]): number[] {
  expect(rows.slice(0, acknowledged.length)).toEqual(acknowledged);
  expect(rows.length - acknowledged.length).toBeLessThanOrEqual(1);
  return rows;
}

async function ask<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = await connected(url);
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
