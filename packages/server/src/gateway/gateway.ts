// Where edges connect: TLS 1.3, one link each (link.ts). Not here: what a connection may say and what becomes of it.
import { createServer as createDoor, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { EXPORTER_BYTES, EXPORTER_LABEL, type Timer } from '@vigie/protocol';
import { LinkNews } from '../journal/link-news.ts';
import { bothChanges, type Changes, NO_CHANGES } from '../store/database.ts';
import type { LinkIdentity } from './identity.ts';
import { Intake } from './intake.ts';
import { Link, type LinkOptions, type LinkSocket } from './link.ts';
import { isSigned } from './proof.ts';
import { WaitingRoom } from './waiting-room.ts';

const MOST_CONNECTIONS = 20_000;
const TLS_HANDSHAKE_MS = 15_000;
/** Handshakes and first words under way at once: less than a second of work. */
const MOST_ARRIVING = 100;
/** Others that wait in line, and how long: an edge gives up after twenty seconds. */
const MOST_IN_LINE = 8192;
const MOST_WAIT_MS = 8000;
/** Connections that the system may hold until they are taken; it cuts it down to what it allows. */
const BACKLOG = 4096;
/** A peer that takes so little of what it is sent is gone, or means ill. */
const MOST_UNREAD_BYTES = 4 << 20;
/** Commands of other processes (settings, revocation, rotation) take effect within this time and an instant. */
const LOOK_EVERY_MS = 500;

export interface GatewayOptions extends Omit<LinkOptions, 'pins' | 'intake' | 'isSigned'> {
  readonly host: string;
  readonly port: number;
  /** The keys as they are now: a command may rotate them. */
  readonly identity: () => LinkIdentity;
}

export interface Gateway {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects when the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const connections = new Set<Link>();
  let identity = options.identity();
  const linkOptions: LinkOptions = {
    ...options,
    intake: new Intake(options.clock),
    isSigned,
    get pins() {
      return identity.pins;
    },
  };
  const { live } = options;
  const linkNews = new LinkNews(
    options.clock,
    options.store,
    (machine) => live.connected(machine) !== null,
    (machine, entry) => {
      void options.store.addJournal(machine, [entry]).then(
        () => live.journal(machine, entry),
        (error: unknown) => options.log('store: refused', { machine, why: String(error) }),
      );
    },
  );
  const context = () => ({
    key: identity.keyPem,
    cert: identity.certificatePem,
    minVersion: 'TLSv1.3' as const,
  });
  const server: Server = createServer(
    { ...context(), ALPNProtocols: ['vigie/1'], handshakeTimeout: TLS_HANDSHAKE_MS },
    (socket) => {
      const peer = peerOf(socket);
      const link = new Link(
        linkSocket(socket),
        linkOptions,
        linkNews,
        () => connections.delete(link),
        () => room.gone(peer),
      );
      connections.add(link);
    },
  );
  /** Of peers that have not said yet, or not proved, who they are. */
  const room = new WaitingRoom({
    ...{ mostInside: MOST_ARRIVING, mostInLine: MOST_IN_LINE, mostWaitMs: MOST_WAIT_MS },
    nowMs: () => options.clock.monotonicMs(),
  });
  // Nothing is read of who waits: each read takes 64 kB of memory, and all wait at once.
  const door = createDoor({ pauseOnConnect: true }, (socket) => {
    const peer = peerOf(socket);
    // What goes wrong while it waits is said by 'close', which always follows.
    socket.on('error', () => undefined);
    socket.once('close', () => room.gone(peer));
    if (!room.come(peer, () => server.emit('connection', socket))) socket.destroy();
  });
  let looking: Timer | null = null;
  let changed: Changes = NO_CHANGES;
  let isClosing = false;
  const look = async (): Promise<void> => {
    try {
      changed = bothChanges(changed, await options.store.changedElsewhere());
      if (changed === 'anything') {
        const found = options.identity();
        if (found.pins[0] !== identity.pins[0])
          options.log('link: the server shows its next key from now on');
        identity = found;
        server.setSecureContext(context());
        await options.store.agreeOnLinkKeys(found.pins, options.clock.utcMs()).catch((error: unknown) => {
          options.log('link: other keys', { why: error instanceof Error ? error.message : String(error) });
        });
      }
      for (const link of connections) {
        if (changed === 'anything' || (link.machine !== null && changed.has(link.machine))) link.look();
      }
      changed = NO_CHANGES;
    } catch (error) {
      options.log('link: changes cannot be read', { why: String(error) });
    }
    if (!isClosing) looking = options.clock.after(LOOK_EVERY_MS, () => void look());
  };
  door.maxConnections = MOST_CONNECTIONS;
  server.on('tlsClientError', (error, socket) => {
    options.log('link: no TLS', { from: socket.remoteAddress, why: error.message });
    socket.destroy();
  });
  await live.start((machine, heardMs) => linkNews.disconnected(machine, heardMs));
  return new Promise((resolve, reject) => {
    door.once('error', reject);
    door.listen({ port: options.port, host: options.host, backlog: BACKLOG }, () => {
      door.off('error', reject);
      looking = options.clock.after(LOOK_EVERY_MS, () => void look());
      const address = door.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : options.port,
        close: async () => {
          isClosing = true;
          looking?.cancel();
          const links = [...connections];
          const closed = new Promise<void>((done) => door.close(() => done()));
          for (const link of links) link.end('shutting-down', 'the server is stopping');
          await closed;
          linkNews.close();
          await Promise.all(links.map((link) => link.settled));
        },
      });
    });
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
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
      if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
      if (socket.writable) socket.write(bytes);
    },
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}
