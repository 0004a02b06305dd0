// Keeps one connection to the server and drives the link session with the spool: blocks in order, acknowledgements,
// live rows while somebody watches. Reconnects with full jitter, capped at a minute.
// Not here: the rules of the session (protocol/edge-session.ts), sockets (connection.ts), acquisition.
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
import type { BootAxis, SampledRow } from '../acquire/source.ts';
import { isWorthTelling, type Told } from '../clock/anchors.ts';
import type { Credential, Identity } from '../enrolment/identity.ts';
import type { Spool } from '../spool/spool.ts';
import { type Connection, openConnection } from './connection.ts';

const BACK_OFF_MS = { base: 500, most: 60_000 } as const;
const CONNECT_DEADLINE_MS = 20_000;
/** A connection that stood so long, or moved the mark, was worth dialling for: the next back-off begins anew. */
const STOOD_MS = 60_000;
const TICK_MS = 1000;

export interface UplinkOptions {
  readonly identity: Identity;
  readonly credential: Credential;
  readonly spool: Spool;
  readonly axis: BootAxis;
  /** Every block asks for its acknowledgement. */
  readonly eager: boolean;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onSettings: (settings: Settings) => void;
  readonly onAcknowledged: () => void;
  readonly say: (message: string) => void;
}

export class Uplink {
  readonly #options: UplinkOptions;
  #session: EdgeSession = newEdgeSession;
  #connection: Connection | null = null;
  #attempt: { abort(): void } | null = null;
  #timer: Timer | null = null;
  #ticking: Timer | null = null;
  #failures = 0;
  #retryAfterMs = 0;
  #stopped = false;
  /** When the server welcomed this edge; `null`: not in this connection. */
  #welcomedMs: number | null = null;
  #newestRow: SampledRow | null = null;
  #told: Told = null;
  #problem: string | null = 'not connected yet';
  #acknowledgedMs: number | null = null;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#dial();
    this.#tick();
  }

  /** `null`: the server has welcomed this edge and the connection stands. */
  get problem(): string | null {
    return this.#session.phase === 'open' ? null : this.#problem;
  }
  /** Monotonic instant of the last acknowledgement; `null` before the first. */
  get acknowledgedMs(): number | null {
    return this.#acknowledgedMs;
  }

  /** The spool holds new blocks; `urgent`: that they arrive is to be known at once. */
  stored(urgent: boolean): void {
    this.#feed({ type: 'stored', urgent });
  }

  /** A row was acquired; sent at once while somebody watches. */
  row(row: SampledRow): void {
    this.#newestRow = row;
    if (isWatched(this.#session, this.#nowMs())) this.#sendRow(row, false);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#ticking?.cancel();
    this.#connection?.close();
    this.#attempt?.abort();
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #feed(event: EdgeEvent): void {
    const { state, effects } = stepEdge(this.#session, event, this.#nowMs());
    this.#session = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: EdgeEffect): void {
    const { spool, axis, identity, say } = this.#options;
    switch (effect.type) {
      case 'send':
        this.#connection?.send(effect.frame);
        return;
      case 'send-schema': {
        const json = spool.schemaJson(effect.hash);
        if (json === null) return;
        this.#connection?.send({ type: 'SCHEMA', hash: effect.hash, bytes: new TextEncoder().encode(json) });
        return;
      }
      case 'send-prior': {
        const prior = spool.prior(effect.hash);
        if (prior === null) return;
        const { schemaHash, bytes } = prior;
        this.#connection?.send({ type: 'PRIOR', hash: effect.hash, schema: schemaHash, bytes });
        return;
      }
      case 'read': {
        const found = spool.read(effect.sequence);
        // A disk that cannot be read now may be read later: the next `stored` asks again.
        this.#feed({ type: 'entry', entry: found.ok ? found.value : null });
        return;
      }
      case 'live-wanted':
        if (this.#newestRow !== null) this.#sendRow(this.#newestRow, true);
        return;
      case 'welcomed':
        this.#welcomedMs = this.#nowMs();
        this.#problem = null;
        this.#told = null;
        say(
          `connected to ${identity.host}:${identity.port}, ${spool.nextSequence - spool.acknowledged} rows to send`,
        );
        this.#options.onSettings(effect.settings);
        return;
      case 'acknowledged':
        if (effect.nextSequence > spool.acknowledged) this.#failures = 0;
        spool.acknowledge(effect.nextSequence);
        this.#acknowledgedMs = this.#nowMs();
        this.#options.onAcknowledged();
        return;
      case 'exchange': {
        if (!isWorthTelling(this.#told, effect)) return;
        const anchor = axis.anchor(effect);
        this.#told = { atMs: this.#nowMs(), errorMs: anchor.errorMs };
        this.#feed({ type: 'anchor', anchor: { bootNumber: spool.boot, ...anchor } });
        return;
      }
      case 'close':
        this.#problem = inWords(effect.reason);
        say(`link: ${this.#problem}`);
        if (effect.reason.kind === 'refused') this.#retryAfterMs = effect.reason.refused.retryAfterMs ?? 0;
        if (effect.reason.kind === 'spool-behind') {
          const renewed = spool.renew();
          if (!renewed.ok) say(`spool: cannot go on under a new identity yet: ${renewed.message}`);
        }
        this.#connection?.close();
        return;
    }
  }

  #sendRow(row: SampledRow, asked: boolean): void {
    const { spool } = this.#options;
    const { monotonicMs } = row;
    this.#feed({ type: 'row', bootNumber: spool.boot, monotonicMs, block: spool.liveBlock(row), asked });
  }

  #dial(): void {
    if (this.#stopped) return;
    const { identity, clock } = this.#options;
    const deadline = clock.after(CONNECT_DEADLINE_MS, () => this.#attempt?.abort());
    this.#attempt = openConnection(
      { host: identity.host, port: identity.port, accepts: (pin) => identity.pins.includes(pin) },
      {
        open: (connection) => {
          deadline.cancel();
          this.#connection = connection;
          this.#greet(connection);
        },
        frame: (frame) => this.#feed({ type: 'frame', frame }),
        garbage: (message) => this.#feed({ type: 'garbage', message }),
        closed: (reason) => {
          deadline.cancel();
          this.#again(reason);
        },
      },
    );
  }

  #greet({ exporter, close }: Connection): void {
    const { identity, credential, spool, axis } = this.#options;
    const oldest = spool.oldestSequence();
    if (!oldest.ok) {
      close(`the spool cannot be read: ${oldest.message}`);
      return;
    }
    this.#feed({
      type: 'opened',
      eager: this.#options.eager,
      hello: {
        protocol: PROTOCOL_VERSION,
        machine: identity.machine,
        proof: credential.sign(proofMessage(exporter, identity.machine)).toString('base64'),
        spool: spool.id,
        bootNumber: spool.boot,
        bootId: spool.bootId,
        monotonicMs: axis.nowMs(),
        schema: spool.schemaHash,
        prior: spool.priorHash,
        oldestSequence: oldest.value,
        nextSequence: spool.nextSequence,
      },
    });
  }

  #again(reason: string): void {
    const { clock, randomness, say } = this.#options;
    this.#attempt = null;
    this.#connection = null;
    if (this.#welcomedMs !== null && this.#nowMs() - this.#welcomedMs >= STOOD_MS) this.#failures = 0;
    this.#welcomedMs = null;
    const explained = this.#session.phase === 'closed';
    this.#session = newEdgeSession;
    if (this.#stopped) return;
    if (!explained) {
      // Said once for the first failure and then now and then, so that a month without link fills no disk.
      if (this.#failures === 0 || this.#failures % 10 === 9) say(`link: ${reason}`);
      this.#problem = reason;
    }
    const ceilingMs = Math.min(BACK_OFF_MS.most, BACK_OFF_MS.base * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 20);
    this.#timer = clock.after(this.#retryAfterMs + randomness.uniform() * ceilingMs, () => this.#dial());
    this.#retryAfterMs = 0;
  }

  #tick(): void {
    if (this.#stopped) return;
    this.#feed({ type: 'tick' });
    this.#ticking = this.#options.clock.after(TICK_MS, () => this.#tick());
  }
}

function inWords(reason: CloseReason): string {
  switch (reason.kind) {
    case 'refused':
      return `the server refuses: ${reason.refused.message}`;
    case 'no-answer':
      return `the server did not answer ${reason.to}`;
    case 'spool-behind':
      return `the server holds rows up to ${reason.serverNextSequence}, more than this spool ever had: it is an older copy and goes on under a new identity`;
    case 'violation':
      return `the server broke the protocol: ${reason.message}`;
  }
}
