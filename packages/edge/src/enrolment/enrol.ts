// Enrolment and rotation of the machine's key: one question to the server over a connection of its own, one answer.
// Enrolment proves with a single-use code that this edge belongs to a machine, and receives the server's pins; the code
// carries the start of the server's pin, so that nobody in between can answer in its place. Rotation is proven by the
// present key and by the new one. Not here: where keys are kept (identity.ts).
import type { Outcome } from '@vigie/config';
import { type Clock, type Frame, PROTOCOL_VERSION, rotationMessage } from '@vigie/protocol';
import { type Connection, type Dial, dialTls } from '../uplink/connection.ts';
import type { Credential, Identity } from './identity.ts';

const DEADLINE_MS = 20_000;

/** `refused`: the server answered, with no. */
type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly refused: boolean };

export async function enrol(options: {
  readonly host: string;
  readonly port: number;
  readonly code: { readonly secretHex: string; readonly pinStart: string };
  readonly credential: Credential;
  readonly clock: Clock;
}): Promise<Outcome<Identity>> {
  const { host, port, clock, credential } = options;
  const { secretHex, pinStart } = options.code;
  return ask(
    { host, port, accepts: (pin) => pin.startsWith(pinStart) },
    clock,
    () => ({
      type: 'ENROL',
      body: { protocol: PROTOCOL_VERSION, code: secretHex, publicKey: credential.publicKey },
    }),
    (frame) => (frame.type === 'ENROLLED' ? { host, port, ...frame.body } : null),
  );
}

/** Has `next` take the place of `present` at the server; or says why not. Asking again harms nothing. */
export function rotateKey(options: {
  readonly identity: Identity;
  readonly present: Credential;
  readonly next: Credential;
  readonly clock: Clock;
}): Promise<Answer<true>> {
  const { identity, present, next, clock } = options;
  const { machine, host, port, pins } = identity;
  const newKey = next.publicKey;
  return ask(
    { host, port, accepts: (pin) => pins.includes(pin) },
    clock,
    ({ exporter }) => {
      const message = rotationMessage(exporter, machine, newKey);
      const proof = present.sign(message).toString('base64');
      const newProof = next.sign(message).toString('base64');
      return { type: 'ROTATE', body: { protocol: PROTOCOL_VERSION, machine, newKey, proof, newProof } };
    },
    (frame) => (frame.type === 'ROTATED' ? true : null),
  );
}

function ask<T>(
  server: Parameters<Dial>[0],
  clock: Clock,
  question: (connection: Connection) => Frame,
  answerOf: (frame: Frame) => T | null,
): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const fail = (message: string, refused: boolean): void => resolve({ ok: false, message, refused });
    const deadline = clock.after(DEADLINE_MS, () => attempt.abort());
    const attempt = dialTls(server, {
      open: (connection) => connection.send(question(connection)),
      frame: (frame) => {
        deadline.cancel();
        const value = answerOf(frame);
        if (value !== null) resolve({ ok: true, value });
        else if (frame.type === 'REFUSED') fail(`the server refused: ${frame.body.message}`, true);
        else fail(`the server answered with ${frame.type}`, true);
        attempt.abort();
      },
      garbage: (message) => {
        fail(message, false);
        attempt.abort();
      },
      carried: () => undefined,
      closed: (reason) => {
        deadline.cancel();
        fail(`${server.host}:${server.port}: ${reason}`, false);
      },
    });
  });
}
