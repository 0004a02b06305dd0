// Where edges connect: TLS 1.3, one link each (link.ts). Not here: what a connection may say and what becomes of it.
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { EXPORTER_BYTES, EXPORTER_LABEL } from '@vigie/protocol';
import { LinkNews } from '../journal/link-news.ts';
import type { LinkIdentity } from './identity.ts';
import { Link, type LinkOptions, type LinkSocket } from './link.ts';

const MOST_CONNECTIONS = 20_000;
const TLS_HANDSHAKE_MS = 15_000;

export interface GatewayOptions extends Omit<LinkOptions, 'pins'> {
  readonly host: string;
  readonly port: number;
  readonly identity: LinkIdentity;
}

export interface Gateway {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects when the port is taken. */
export function startGateway(options: GatewayOptions): Promise<Gateway> {
  const connections = new Set<Link>();
  const linkNews = new LinkNews(options.clock, options.store, (machine, entry) => {
    void options.store.addJournal(machine, [entry]).then(
      () => options.live.journal(machine, entry),
      (error: unknown) => options.log('store: refused', { machine, why: String(error) }),
    );
  });
  const server: Server = createServer(
    {
      key: options.identity.keyPem,
      cert: options.identity.certificatePem,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['vigie/1'],
      handshakeTimeout: TLS_HANDSHAKE_MS,
    },
    (socket) => {
      const link = new Link(linkSocket(socket), { ...options, pins: options.identity.pins }, linkNews, () =>
        connections.delete(link),
      );
      connections.add(link);
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.on('tlsClientError', (error, socket) => {
    options.log('link: no TLS', { from: socket.remoteAddress, why: error.message });
    socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : options.port,
        close: async () => {
          const links = [...connections];
          const closed = new Promise<void>((done) => server.close(() => done()));
          for (const link of links) link.end('shutting-down', 'the server is stopping');
          await closed;
          linkNews.close();
          await Promise.all(links.map((link) => link.settled));
        },
      });
    });
  });
}

function linkSocket(socket: TLSSocket): LinkSocket {
  socket.setNoDelay(true);
  return {
    from: socket.remoteAddress ?? 'an address that is gone',
    exporter: () => socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)),
    listen: ({ data, closed }) => {
      socket.on('data', data);
      // What went wrong is said by 'close', which always follows.
      socket.on('error', () => undefined);
      socket.on('close', closed);
    },
    write: (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}
