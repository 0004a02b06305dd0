// For tests of the API: a real HTTP server on a real store, with people of each role and machines within and beyond theirs.
// Not here: anything of the product.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { realClock, realRandomness } from '@vigie/config';
import { channelSchema } from '@vigie/model';
import { hashPassword, sha256 } from '../accounts/account.ts';
import { accountsOn } from '../accounts/accounts.ts';
import { ACCOUNT_MIGRATIONS } from '../accounts/tables.ts';
import { aloneBus } from '../bus.ts';
import { makeEnrolmentCode } from '../gateway/enrolment-code.ts';
import { linkIdentity } from '../gateway/identity.ts';
import { Live } from '../live.ts';
import { PostOffice } from '../mail/post-office.ts';
import type { MailSettings } from '../mail/settings.ts';
import type { Database } from '../store/database.ts';
import { openDatabases, storeOn } from '../store/open.ts';
import { connect, sqliteDatabase } from '../store/sqlite-database.ts';
import type { Store } from '../store/store.ts';
import { type AppOptions, createApp } from './app.ts';

export const PASSWORD = 'seven sober herons';
const SCHEMA_HASH = 'a'.repeat(16);

const HOT_TABLES = [
  ...['enrolment_code', 'note', 'alarm_watch', 'alarm', 'alarm_shelf', 'alarm_event', 'machine'],
];

/** `admin` holds TV-12 and TV-13, `user` TV-12, `foreign-user` TV-99; `machineless` was made by the Super Admin. */
const PEOPLE = [
  { id: 'root', role: 'super-admin', machines: [] },
  { id: 'admin', role: 'admin', machines: ['TV-12', 'TV-13'] },
  { id: 'user', role: 'user', machines: ['TV-12'] },
  { id: 'foreign-admin', role: 'admin', machines: ['TV-99'] },
  { id: 'foreign-user', role: 'user', machines: ['TV-99'] },
  { id: 'machineless', role: 'user', machines: [] },
] as const;
export type Person = (typeof PEOPLE)[number]['id'];

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestApi {
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  readonly accounts: Database;
  readonly store: Store;
  readonly hot: Database;
  readonly address: string;
  readonly log: readonly string[];
  /** @param person `null`: signed out */
  ask(person: Person | null, asked: Asked): Promise<Response>;
  /** Everybody and every machine as at first. */
  reseed(): Promise<void>;
  /** All that is stored of accounts and machines, but for who was seen when. */
  snapshot(): Promise<string>;
  close(): Promise<void>;
}

/** Each is signed in by these, the second time from elsewhere. */
export const tokenOf = (person: Person): string => `token of ${person}`.replaceAll(' ', '-');
export const sessionIdOf = (token: string): string => sha256(token).slice(0, 16);

export async function startApi(
  options: Partial<AppOptions> = {},
  mailing: MailSettings = { mail: null, webhook: null },
): Promise<TestApi> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-api-'));
  const clock = realClock();
  const databases = await openDatabases({ folder, database: null });
  const store = storeOn(databases, () => clock.utcMs());
  const db = sqliteDatabase(connect(join(folder, 'accounts.db'), ACCOUNT_MIGRATIONS));
  const accounts = accountsOn(db, clock);
  const live = new Live(clock, aloneBus);
  await live.start(() => undefined);
  const identity = linkIdentity(join(folder, 'keys'));
  const log: string[] = [];
  const post = new PostOffice({
    ...{ db: databases.hot, store, wishes: accounts.notifications, clock, randomness: realRandomness },
    log: (message, facts) => log.push(JSON.stringify({ message, ...facts })),
    ...mailing,
  });
  post.start();
  const app = createApp({
    ...{
      store,
      accounts,
      live,
      clock,
      page: join(folder, 'page'),
      edgePackages: folder,
      installScript: '',
      trustProxy: false,
      endsTls: false,
    },
    log: (message, facts) => log.push(JSON.stringify({ message, ...facts })),
    linkPort: 8443,
    makeCode: (machine) => makeEnrolmentCode(store, identity, machine, clock.utcMs()),
    post,
    ...options,
  });
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const password = await hashPassword(PASSWORD);
  const tables = [
    'audit',
    'invitation',
    'recovery_code',
    'session',
    'visit',
    'setup_code',
    'account_machine',
    'account',
  ];

  const reseed = async (): Promise<void> => {
    await db.transaction(async (sql) => {
      for (const table of tables) await sql.run(`DELETE FROM ${table}`);
      for (const { id, role, machines } of PEOPLE) {
        await sql.run(
          `INSERT INTO account (id, name, email, role, language, password, kept_by) VALUES ($1, $2, $3, $4, 'en', $5, 'root')`,
          ...[id, id, `${id}@example.com`, role, password],
        );
        for (const machine of machines) {
          await sql.run('INSERT INTO account_machine (account, machine) VALUES ($1, $2)', id, machine);
        }
        for (const token of [tokenOf(id), `${tokenOf(id)}-too`]) {
          await sql.run(
            'INSERT INTO session (sha256, account, expires_ms, seen_ms) VALUES ($1, $2, $3, $3)',
            ...[sha256(token), id, clock.utcMs() + 3_600_000],
          );
        }
      }
    });
    await databases.hot.transaction(async (sql) => {
      for (const table of HOT_TABLES) await sql.run(`DELETE FROM ${table}`);
      for (const id of ['TV-12', 'TV-13', 'TV-99']) {
        await sql.run(
          `INSERT INTO machine (id, name, site, time_zone, schema_hash) VALUES ($1, $1, 'Lyon', 'Europe/Paris', $2)`,
          ...[id, SCHEMA_HASH],
        );
        await sql.run("INSERT INTO alarm_watch (machine, json) VALUES ($1, '{}')", id);
        // One that rings, and one that is shelved.
        for (const [alarm, source] of [
          [1, 't.alarm-high'],
          [2, 't.warning-high'],
        ] as const) {
          await sql.run(
            `INSERT INTO alarm (machine, id, source, kind, channel, severity, happened_ms, learned_ms, is_over, is_open,
               crossings, flapping, escalated) VALUES ($1, $2, $3, $4, 't', $5, 1000, 2000, 0, 1, 1, 0, 0)`,
            ...[id, alarm, source, source.slice(2), alarm === 1 ? 'alarm' : 'warning'],
          );
        }
        await sql.run(
          `INSERT INTO alarm_shelf (machine, source, at_ms, until_ms, until_over, reason, author, author_name)
             VALUES ($1, 't.warning-high', 1000, $2, 0, 'works', 'somebody', 'Somebody')`,
          ...[id, clock.utcMs() + 3_600_000],
        );
        for (const [note, deletedMs] of [
          ['there', null],
          ['deleted', clock.utcMs()],
        ] as const) {
          await sql.run(
            `INSERT INTO note (machine, id, at_ms, text, author, author_name, made_at_ms, deleted_ms)
             VALUES ($1, $2, 1000, 'seen', 'somebody', 'Somebody', 1000, $3)`,
            ...[id, note, deletedMs],
          );
        }
      }
    });
  };
  await reseed();
  await store.putSchema('TV-12', SCHEMA_HASH, {
    ...{ model: 'test', names: { fr: 'Test', en: 'Test' }, intervalMs: 1000, cutMs: 3_600_000 },
    stateChannel: null,
    channels: [channelSchema.parse({ id: 't', kind: 'number', names: { fr: 'T', en: 'T' } })],
  });
  return {
    routes: app.routes,
    accounts: db,
    store,
    hot: databases.hot,
    address,
    log,
    ask: (person, { method, path, body, headers = {} }) =>
      fetch(address + path, {
        method,
        headers: {
          ...(person === null ? {} : { cookie: `vigie-session=${tokenOf(person)}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    reseed,
    snapshot: async () => {
      const all: string[] = [];
      const add = async (from: Database, table: string): Promise<void> => {
        const rows = await from.all(`SELECT * FROM ${table}`);
        all.push(`${table} ${rows.map((row) => JSON.stringify(row)).sort()}`);
      };
      for (const table of tables) await add(db, table);
      for (const table of HOT_TABLES) await add(databases.hot, table);
      return all.join('\n');
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
      await post.close();
      await store.close();
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
