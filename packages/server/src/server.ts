// The server put together: store, accounts, gateway for edges, HTTP for pages. Not here: flags and signals (main.ts).
import { mkdirSync } from 'node:fs';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import type { Clock, Randomness } from '@vigie/protocol';
import { openAccounts } from './accounts/open.ts';
import { startWatchman } from './alarms/watchman.ts';
import { createApp } from './api/app.ts';
import { aloneBus, type Bus } from './bus.ts';
import { makeEnrolmentCode } from './gateway/enrolment-code.ts';
import { startGateway } from './gateway/gateway.ts';
import { linkIdentity } from './gateway/identity.ts';
import { Live } from './live.ts';
import { PostOffice } from './mail/post-office.ts';
import type { MailSettings } from './mail/settings.ts';
import { PostgresBus } from './postgres-bus.ts';
import { lockFolder } from './store/lock.ts';
import { POSTGRES_MIGRATIONS } from './store/migrations.ts';
import { openDatabases, storeOn } from './store/open.ts';
import { openPostgres } from './store/postgres-database.ts';
import { startSealing } from './store/sealing.ts';
import { keepFresh, readTls } from './web-tls.ts';

export interface ServerOptions {
  readonly data: string;
  /** `postgres://…`, of one host or several; `null`: SQLite in the data folder. */
  readonly database: string | null;
  readonly host: string;
  readonly port: number;
  readonly linkHost: string;
  readonly linkPort: number;
  readonly page: string;
  /** Folder of the agent's packages, and the script that installs one. */
  readonly edgePackages: string;
  readonly installScript: string;
  /** Of the web site; `null`: plain HTTP. */
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly trustProxy: boolean;
  readonly mailing: MailSettings;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'uniform'>;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export interface RunningServer {
  readonly port: number;
  readonly linkPort: number;
  /** Of the first Super Admin; `null` when there is one. */
  readonly setupCode: string | null;
  close(): Promise<void>;
}

/** Rejects when a port is taken or the data folder cannot be used; then nothing of it is left running. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { data, clock, log, tlsCert, tlsKey, trustProxy } = options;
  const tls = tlsCert === null || tlsKey === null ? null : { cert: tlsCert, key: tlsKey };
  // Before anything is begun: files that do not serve are the operator's to mend.
  const https = tls === null ? {} : { createServer: createHttpsServer, serverOptions: readTls(tls) };
  mkdirSync(data, { recursive: true, mode: 0o700 });
  // Undone in reverse, whether the server ends or does not get to start.
  const undo: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const lock = lockFolder(data);
    undo.push(() => lock.release());
    const place = { folder: data, database: options.database };
    const databases = await openDatabases(place);
    const store = storeOn(databases, () => clock.utcMs());
    undo.push(() => store.close());
    const identity = () => linkIdentity(join(data, 'keys'));
    await store.agreeOnLinkKeys(identity().pins, clock.utcMs());
    const sealing = startSealing(place, log);
    undo.push(() => sealing.close());
    const { accounts, close: closeAccounts } = openAccounts(place, databases.postgres, clock);
    undo.push(closeAccounts);
    const bus = await openBus(options);
    const live = new Live(clock, bus);
    const gateway = await startGateway({
      host: options.linkHost,
      port: options.linkPort,
      identity,
      store,
      live,
      clock,
      log,
    }).catch(async (error: unknown) => {
      await bus.close();
      throw error;
    });
    undo.push(() => gateway.close());
    // Before the connections end: who is not back soon is then told by another server.
    undo.push(() => bus.close());
    const watchman = startWatchman({ store, live, clock, log });
    undo.push(() => watchman.close());
    const post = new PostOffice({
      ...{ db: databases.hot, store, wishes: accounts.notifications, clock, log, ...options.mailing },
      randomness: options.randomness,
    });
    undo.push(() => post.close());
    post.start();
    undo.push(live.watchAlarms(() => post.alarmed()));
    const app = createApp({
      edgePackages: options.edgePackages,
      installScript: options.installScript,
      ...{ page: options.page, store, accounts, live, clock, log, trustProxy, endsTls: tls !== null },
      linkPort: gateway.port,
      makeCode: (machine) => makeEnrolmentCode(store, identity(), machine, clock.utcMs()),
      post,
    });
    const http = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
      const server = serve({ fetch: app.fetch, hostname: options.host, port: options.port, ...https }, () =>
        resolve(server),
      );
      server.once('error', reject);
    });
    if (tls !== null && http instanceof HttpsServer) undo.push(keepFresh(http, tls, clock, log));
    undo.push(async () => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      if ('closeAllConnections' in http) http.closeAllConnections();
      await closed;
    });
    const address = http.address();
    return {
      port: typeof address === 'object' && address !== null ? address.port : options.port,
      linkPort: gateway.port,
      setupCode: await accounts.signIn.setupCode(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where several servers may be, the one on which they hear each other. */
async function openBus({ database, clock, log }: ServerOptions): Promise<Bus> {
  if (database === null) return aloneBus;
  return new PostgresBus({ db: await openPostgres(database, POSTGRES_MIGRATIONS, 1), clock, log });
}
