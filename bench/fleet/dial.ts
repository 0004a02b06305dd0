// Connections of the simulated machines: those of edge/uplink/connection.ts, made cheap. All share one TLS context, and
// a certificate whose key was once compared with the pins is known again by its bytes.
// Invariants: TLS 1.3, no session is resumed, nothing is sent before the server's key is known to be pinned.
// Not here: what is said (protocol), when to dial (edge/uplink).
import { connect, createSecureContext } from 'node:tls';
import type { Dial } from '@vigie/edge';
import { EXPORTER_BYTES, EXPORTER_LABEL, FrameReader, FrameWriter } from '@vigie/protocol';
import { pinOf } from '../../packages/edge/src/enrolment/identity.ts';

export function sharedDial(): Dial {
  const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ca: [] });
  let known: { readonly certificate: Buffer; readonly pin: string } | null = null;
  return ({ host, port, accepts }, events) => {
    let over = false;
    const end = (reason: string): void => {
      if (over) return;
      over = true;
      socket.destroy();
      events.closed(reason);
    };
    const socket = connect({
      host,
      port,
      secureContext,
      ALPNProtocols: ['vigie/1'],
      rejectUnauthorized: false,
    });
    socket.setNoDelay(true);
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.on('close', () => end('the connection was closed'));
    socket.on('secureConnect', () => {
      const shown = socket.getPeerX509Certificate();
      if (shown !== undefined && !known?.certificate.equals(shown.raw)) {
        const spki = shown.publicKey.export({ type: 'spki', format: 'der' });
        known = { certificate: shown.raw, pin: pinOf(spki) };
      }
      if (shown === undefined || !accepts(known?.pin ?? '')) {
        end('the server shows a key that is not pinned');
        return;
      }
      const reader = new FrameReader();
      const writer = new FrameWriter();
      socket.on('data', (chunk: Buffer) => {
        for (const result of reader.push(chunk)) {
          if (over) return;
          if (!result.ok) events.garbage(`the server sent ${result.message}`);
          else events.frame(result.frame);
        }
      });
      events.open({
        exporter: socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)),
        send: (frame) => {
          if (over) return;
          if (socket.writableCorked === 0) {
            socket.cork();
            process.nextTick(() => socket.uncork());
          }
          socket.write(writer.encode(frame));
        },
        close: (reason = 'closed') => end(reason),
      });
    });
    return { abort: () => end('not connected in time') };
  };
}
