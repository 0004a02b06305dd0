// The page for whoever stands at the box, served on the box alone and usable without any network: values as they are read,
// spool, clock, modem, last acknowledgement, and a test of the whole way to the server and back. French and English.
// Invariants: it shows nothing that is secret and changes nothing; only pages of its own address may ask for the test.
// Not here: what the agent says of itself (agent.ts), its words (page.html.ts).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Outcome } from '@vigie/config';
import type { MachineSchema } from '@vigie/model';
import type { SampledRow } from '../acquire/source.ts';
import type { AgentStatus, LinkTest } from '../agent.ts';
import { PAGE } from './page.html.ts';

export interface LocalPageOptions {
  readonly host: string;
  readonly port: number;
  readonly status: () => AgentStatus;
  readonly newestRow: () => SampledRow | null;
  readonly schema: () => MachineSchema;
  /** Of the axis that rows lie on. */
  readonly nowMs: () => number;
  readonly testLink: () => Promise<LinkTest>;
}

/** What the page asks for every second. */
export interface LocalView {
  readonly status: AgentStatus;
  /** Since the newest row; `null`: there is none. */
  readonly rowAgoMs: number | null;
  readonly channels: readonly {
    readonly names: { readonly fr: string; readonly en: string };
    readonly unit: string;
    readonly decimals: number | null;
    readonly value: number | string | null;
  }[];
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** @returns the port it listens on, and what ends it. `message`: why it cannot listen. */
export function serveLocalPage(
  options: LocalPageOptions,
): Promise<Outcome<{ port: number; close: () => void }>> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => send(response, 500, 'text/plain', ''));
  });
  return new Promise((resolve) => {
    server.once('error', (error) =>
      resolve({
        ok: false,
        message: `${options.host}:${options.port} cannot be listened on: ${error.message}`,
      }),
    );
    server.listen(options.port, options.host, () =>
      resolve({
        ok: true,
        value: { port: (server.address() as AddressInfo).port, close: () => end(server) },
      }),
    );
  });
}

function end(server: Server): void {
  server.close();
  server.closeAllConnections();
}

async function answer(
  options: LocalPageOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  // A name that leads here from elsewhere is no page of this box.
  if (
    options.host === '127.0.0.1' &&
    !/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')
  ) {
    return send(response, 421, 'text/plain', 'Only on this box itself.\n');
  }
  const path = url.split('?')[0];
  if (path === '/' && method === 'GET') return send(response, 200, 'text/html; charset=utf-8', PAGE);
  if (path === '/view' && method === 'GET') return json(response, viewOf(options));
  if (path === '/test' && method === 'POST') {
    if (request.headers['x-vigie'] !== 'test')
      return send(response, 403, 'text/plain', 'Only from this page.\n');
    return json(response, await options.testLink());
  }
  return send(response, 404, 'text/plain', 'There is nothing at this address.\n');
}

function viewOf({ status, newestRow, schema, nowMs }: LocalPageOptions): LocalView {
  const row = newestRow();
  return {
    status: status(),
    rowAgoMs: row === null ? null : Math.max(0, nowMs() - row.monotonicMs),
    channels: schema().channels.map(({ names, unit, decimals }, i) => ({
      ...{ names, unit, decimals },
      value: row?.values[i] ?? null,
    })),
  };
}

function json(response: ServerResponse, value: unknown): void {
  send(response, 200, 'application/json', JSON.stringify(value));
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { ...HEADERS, 'Content-Type': type }).end(body);
}
