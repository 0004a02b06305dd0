// The server put together: store, accounts, gateway for edges, HTTP for pages. Not here: flags and signals (main.ts).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import type { Clock } from '@vigie/protocol';
import { Accounts } from './accounts/accounts.ts';
import { createApp } from './api/app.ts';
import { startGateway } from './gateway/gateway.ts';
import { linkIdentity } from './gateway/identity.ts';
import { Live } from './live.ts';
import { openSqliteStore } from './store/sqlite.ts';

export interface ServerOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly linkHost: string;
  readonly linkPort: number;
  readonly page: string;
  readonly secureCookies: boolean;
  readonly clock: Clock;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export interface RunningServer {
  readonly port: number;
  readonly linkPort: number;
  /** Of the first Super Admin; `null` when there is one. */
  readonly setupCode: string | null;
  close(): Promise<void>;
}

/** Rejects when a port is taken or the data folder cannot be used. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { data, clock, log } = options;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const store = openSqliteStore({ folder: data });
  const accounts = new Accounts(data, () => clock.utcMs());
  const live = new Live(clock);
  const closeStores = async (): Promise<void> => {
    await store.close();
    accounts.close();
  };
  try {
    const gateway = await startGateway({
      host: options.linkHost,
      port: options.linkPort,
      identity: linkIdentity(join(data, 'keys')),
      store,
      live,
      clock,
      log,
    });
    const app = createApp({ ...options, store, accounts, live });
    const http = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
      const server = serve({ fetch: app.fetch, hostname: options.host, port: options.port }, () =>
        resolve(server),
      );
      server.once('error', reject);
    });
    const address = http.address();
    return {
      port: typeof address === 'object' && address !== null ? address.port : options.port,
      linkPort: gateway.port,
      setupCode: accounts.setupCode(),
      close: async () => {
        const closed = new Promise<void>((resolve) => http.close(() => resolve()));
        if ('closeAllConnections' in http) http.closeAllConnections();
        await gateway.close();
        await closed;
        await closeStores();
      },
    };
  } catch (error) {
    await closeStores();
    throw error;
  }
}
