// Enrolment: proves with a single-use code that this edge belongs to a machine, and receives the server's pins.
// The code carries the start of the server's pin, so that nobody in between can answer in its place.
import type { Outcome } from '@vigie/config';
import { type Clock, PROTOCOL_VERSION } from '@vigie/protocol';
import { dialTls } from '../uplink/connection.ts';
import type { Credential, Identity } from './identity.ts';

const DEADLINE_MS = 20_000;

export function enrol(options: {
  readonly host: string;
  readonly port: number;
  readonly code: { readonly secretHex: string; readonly pinStart: string };
  readonly credential: Credential;
  readonly clock: Clock;
}): Promise<Outcome<Identity>> {
  const { host, port } = options;
  const { secretHex, pinStart } = options.code;
  return new Promise((resolve) => {
    const deadline = options.clock.after(DEADLINE_MS, () => attempt.abort());
    const attempt = dialTls(
      { host, port, accepts: (pin) => pin.startsWith(pinStart) },
      {
        open: (connection) =>
          connection.send({
            type: 'ENROL',
            body: { protocol: PROTOCOL_VERSION, code: secretHex, publicKey: options.credential.publicKey },
          }),
        frame: (frame) => {
          deadline.cancel();
          if (frame.type === 'ENROLLED') resolve({ ok: true, value: { host, port, ...frame.body } });
          else if (frame.type === 'REFUSED')
            resolve({ ok: false, message: `the server refused: ${frame.body.message}` });
          else resolve({ ok: false, message: `the server answered with ${frame.type}` });
          attempt.abort();
        },
        garbage: (message) => {
          resolve({ ok: false, message });
          attempt.abort();
        },
        closed: (reason) => {
          deadline.cancel();
          resolve({ ok: false, message: `${host}:${port}: ${reason}` });
        },
      },
    );
  });
}
