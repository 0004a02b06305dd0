// One TLS 1.3 connection to the server, checked by its public key before a byte is sent; whatever the certificate's
// dates say, since this box may not know the date. Sessions are never resumed: resumption would skip the check.
// Frames in, frames out. Not here: what is said (protocol/edge-session.ts).
import { X509Certificate } from 'node:crypto';
import { connect as tcp } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { EXPORTER_BYTES, EXPORTER_LABEL, type Frame, FrameReader, FrameWriter } from '@vigie/protocol';
import { pinOf } from '../enrolment/identity.ts';

export interface Connection {
  /** Keying material bound to this very session (RFC 8446 §7.5). */
  readonly exporter: Uint8Array;
  /** Own address it leaves from; `null`: not known. */
  readonly localAddress: string | null;
  send(frame: Frame): void;
  close(reason?: string): void;
}

export interface ConnectionEvents {
  open(connection: Connection): void;
  frame(frame: Frame): void;
  /** Bytes that are no frame; the connection must end. */
  garbage(message: string): void;
  /** So much more was carried both ways, TCP and IP included, as well as can be told from here. */
  carried(bytes: number): void;
  /** Once, whatever ended it. */
  closed(reason: string): void;
}

/** Headers of IPv4 and TCP; what is sent or received in one go has one packet, and one that acknowledges it. */
const PACKET_BYTES = 40;
/** Of the packets that open and close a connection. */
const OPENING_BYTES = 7 * PACKET_BYTES;
/** Of an attempt that nobody answers. */
const SYN_BYTES = 60;

/** Dials; returns what aborts the attempt or ends the connection. */
export type Dial = (
  options: { readonly host: string; readonly port: number; readonly accepts: (pin: string) => boolean },
  events: ConnectionEvents,
) => { abort(): void };

export const dialTls: Dial = dialBy(
  // No authority's certificates, not the world's: those would take 5 MB for nothing.
  { minVersion: 'TLSv1.3', ca: [] },
  (certificate) => pinOf(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })),
);

/**
 * Who dials for thousands brings a context that all of them share, and remembers what a certificate's pin is.
 * @param pin of a certificate (DER)
 */
export function dialBy(secure: ConnectionOptions, pin: (certificate: Buffer) => string): Dial {
  return (options, events) => dial(secure, pin, options, events);
}

function dial(
  secure: ConnectionOptions,
  pin: (certificate: Buffer) => string,
  options: Parameters<Dial>[0],
  events: ConnectionEvents,
): ReturnType<Dial> {
  let over = false;
  const end = (reason: string): void => {
    if (over) return;
    over = true;
    count();
    socket.destroy();
    wire.destroy();
    events.closed(reason);
  };
  // Its counts are of what is on the wire; those of a TLS socket are of what is in it.
  const wire = tcp({ host: options.host, port: options.port });
  let [counted, packets] = [0, 0];
  const count = (): void => {
    const inside = wire.bytesRead + wire.bytesWritten + 2 * PACKET_BYTES * packets;
    const bytes = inside + (wire.bytesRead > 0 ? OPENING_BYTES : SYN_BYTES);
    events.carried(bytes - counted);
    counted = bytes;
  };
  const socket = connect({
    socket: wire,
    ...secure,
    ALPNProtocols: ['vigie/1'],
    // The pin below decides; a date or a name proves nothing here.
    rejectUnauthorized: false,
  });
  wire.setNoDelay(true);
  for (const one of [wire, socket]) one.on('error', (error) => end(error.message));
  socket.on('close', () => end('the connection was closed'));
  socket.on('secureConnect', () => {
    const raw = socket.getPeerCertificate().raw;
    if (raw === undefined || !options.accepts(pin(raw))) {
      end('the server shows a key that is not pinned: nothing was sent to it');
      return;
    }
    const reader = new FrameReader();
    const writer = new FrameWriter();
    socket.on('data', (chunk: Buffer) => {
      packets++;
      count();
      for (const result of reader.push(chunk)) {
        if (over) return;
        if (!result.ok) events.garbage(`the server sent ${result.message}`);
        else events.frame(result.frame);
      }
    });
    events.open({
      localAddress: wire.localAddress?.replace(/^::ffff:/, '') ?? null,
      exporter: socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)),
      send: (frame) => {
        if (over) return;
        // Frames of the same instant share a TLS record and a packet.
        if (socket.writableCorked === 0) {
          socket.cork();
          packets++;
          process.nextTick(() => socket.uncork());
        }
        socket.write(writer.encode(frame));
      },
      close: (reason = 'closed') => end(reason),
    });
  });
  return { abort: () => end('given up') };
}
