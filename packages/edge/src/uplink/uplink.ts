// Keeps one connection to the server and drives the link session with the spool: sends blocks in order, takes
// acknowledgements, sends live rows while somebody watches. Reconnects with full jitter, capped at a minute.
// Not here: the rules of the session (protocol), acquisition.
import {
  type Clock,
  type CloseReason,
  type EdgeEffect,
  type EdgeEvent,
  type EdgeSession,
  isWatched,
  newEdgeSession,
  PROTOCOL_VERSION,
  proofMessage,
  type Randomness,
  type Settings,
  stepEdge,
  type Timer,
} from '@vigie/protocol';
import type { BootClock } from '../clock/boot-clock.ts';
import type { Credential, Identity } from '../enrolment/identity.ts';
import type { Spool } from '../spool/spool.ts';
import { type Connection, openConnection } from './connection.ts';

const BACK_OFF_BASE_MS = 500;
const BACK_OFF_CAP_MS = 60_000;
const CONNECT_DEADLINE_MS = 20_000;
const TICK_MS = 1000;
/** The boot is anchored again this often at most, so that drift is followed. */
const ANCHOR_EVERY_MS = 600_000;

export interface Uplink {
  /** New rows were cut into blocks. */
  grew(): void;
  /** A row for whoever watches; ignored when nobody does, or the last was sent too lately. */
  live(monotonicMs: number, encode: () => Uint8Array): void;
  readonly connected: boolean;
  readonly lastAcknowledgedMs: number | null;
  readonly lastProblem: string | null;
  stop(): void;
}

export function startUplink(options: {
  readonly identity: Identity;
  readonly credential: Credential;
  readonly spool: Spool;
  readonly boot: BootClock;
  readonly bootId: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onSettings: (settings: Settings) => void;
  readonly onAcknowledged: () => void;
  readonly say: (message: string) => void;
}): Uplink {
  const { identity, credential, spool, boot, clock, randomness } = options;
  let session: EdgeSession = newEdgeSession;
  let connection: Connection | null = null;
  let attempt: { abort(): void } | null = null;
  let failures = 0;
  let stopped = false;
  let retry: Timer | null = null;
  let newestRow: { readonly monotonicMs: number; readonly encode: () => Uint8Array } | null = null;
  let lastAcknowledgedMs: number | null = null;
  let lastProblem: string | null = null;
  let anchored: { readonly atMs: number; readonly errorMs: number } | null = null;

  const feed = (event: EdgeEvent): void => {
    const { state, effects } = stepEdge(session, event, clock.monotonicMs());
    session = state;
    for (const effect of effects) carryOut(effect);
  };

  const sendRow = (row: NonNullable<typeof newestRow>, asked: boolean): void => {
    const { monotonicMs, encode } = row;
    feed({ type: 'row', bootNumber: spool.bootNumber, monotonicMs, block: encode(), asked });
  };

  const carryOut = (effect: EdgeEffect): void => {
    switch (effect.type) {
      case 'send':
        connection?.send(effect.frame);
        return;
      case 'send-schema': {
        const bytes = spool.schemaJson(effect.hash);
        if (bytes !== null) connection?.send({ type: 'SCHEMA', hash: effect.hash, bytes });
        return;
      }
      case 'read':
        feed({ type: 'entry', entry: spool.at(effect.sequence) });
        return;
      case 'live-wanted':
        if (newestRow !== null) sendRow(newestRow, true);
        return;
      case 'welcomed':
        failures = 0;
        lastProblem = null;
        anchored = null;
        options.say(`connected to ${identity.host}:${identity.port}, ${spool.backlogRows} rows to send`);
        options.onSettings(effect.settings);
        return;
      case 'acknowledged':
        spool.acknowledge(effect.nextSequence);
        lastAcknowledgedMs = clock.monotonicMs();
        options.onAcknowledged();
        return;
      case 'exchange': {
        const anchor = boot.anchor(effect.utcMs, effect.sentMs, effect.answeredMs);
        const now = clock.monotonicMs();
        const better = anchored === null || anchor.errorMs * 2 < anchored.errorMs;
        if (!better && anchored !== null && now - anchored.atMs < ANCHOR_EVERY_MS) return;
        anchored = { atMs: now, errorMs: anchor.errorMs };
        feed({ type: 'anchor', anchor: { bootNumber: spool.bootNumber, ...anchor } });
        return;
      }
      case 'close':
        lastProblem = inWords(effect.reason);
        retryAfterMs = effect.reason.kind === 'refused' ? (effect.reason.refused.retryAfterMs ?? 0) : 0;
        options.say(`link: ${lastProblem}`);
        connection?.close();
        return;
    }
  };
  let retryAfterMs = 0;

  const again = (reason: string): void => {
    attempt = null;
    connection = null;
    session = newEdgeSession;
    if (stopped) return;
    lastProblem ??= reason;
    if (failures === 0 || failures % 10 === 9) options.say(`link: ${reason}`);
    const ceiling = Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** failures);
    failures = Math.min(failures + 1, 20);
    retry = clock.after(retryAfterMs + randomness.uniform() * ceiling, dial);
    retryAfterMs = 0;
  };

  const dial = (): void => {
    if (stopped) return;
    const deadline = clock.after(CONNECT_DEADLINE_MS, () => attempt?.abort());
    attempt = openConnection(
      { host: identity.host, port: identity.port, accepts: (pin) => identity.pins.includes(pin) },
      {
        open: (opened) => {
          deadline.cancel();
          connection = opened;
          feed({
            type: 'opened',
            hello: {
              protocol: PROTOCOL_VERSION,
              machine: identity.machine,
              proof: credential.sign(proofMessage(opened.exporter, identity.machine)).toString('base64'),
              spool: spool.id,
              bootNumber: spool.bootNumber,
              bootId: options.bootId,
              monotonicMs: boot.monotonicMs(),
              schema: spool.schemaHash,
              oldestSequence: spool.oldestSequence,
              nextSequence: spool.nextSequence,
            },
          });
        },
        frame: (frame) => feed({ type: 'frame', frame }),
        closed: (reason) => {
          deadline.cancel();
          again(reason);
        },
      },
    );
  };

  const tick = (): void => {
    if (stopped) return;
    feed({ type: 'tick' });
    clock.after(TICK_MS, tick);
  };

  dial();
  tick();
  return {
    grew: () => feed({ type: 'stored' }),
    live: (monotonicMs, encode) => {
      newestRow = { monotonicMs, encode };
      if (isWatched(session, clock.monotonicMs())) sendRow(newestRow, false);
    },
    get connected() {
      return session.phase === 'open';
    },
    get lastAcknowledgedMs() {
      return lastAcknowledgedMs;
    },
    get lastProblem() {
      return lastProblem;
    },
    stop: () => {
      stopped = true;
      retry?.cancel();
      attempt?.abort();
      connection?.close();
    },
  };
}

function inWords(reason: CloseReason): string {
  switch (reason.kind) {
    case 'refused':
      return `the server refuses: ${reason.refused.message}`;
    case 'no-answer':
      return `the server did not answer ${reason.to}`;
    case 'spool-behind':
      return `the server holds rows up to ${reason.serverNextSequence}, more than this spool ever had: is it an old copy?`;
    case 'violation':
      return `the server broke the protocol: ${reason.message}`;
  }
}
