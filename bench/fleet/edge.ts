// One simulated machine: the product's own uplink (its back-off, its session, its anchors) on a spool that makes its rows
// up, with a watch on what it sends and when that is acknowledged.
// Invariants: every block asks for its acknowledgement; a block is measured once, from its first sending; what was due
// and never sent is counted as well, since blocks are numbered by the minute they end.
// Not here: when minutes end (load.ts), what figures are made of it (results.ts).
import { type KeyObject, sign } from 'node:crypto';
import type { Connection, ConnectionEvents, Dial } from '@vigie/edge';
import type { Clock, Frame, Randomness } from '@vigie/protocol';
import { anchorOf } from '../../packages/edge/src/clock/anchors.ts';
import type { EdgeHome } from '../../packages/edge/src/enrolment/home.ts';
import type { Spool } from '../../packages/edge/src/spool/spool.ts';
import { Uplink } from '../../packages/edge/src/uplink/uplink.ts';
import { BLOCK_MS, BLOCK_ROWS } from './recording.ts';
import { FIRST_ROW_MS, type MadeUpSpool } from './spool.ts';

/** Told of what happens on the link; instants are the clock's. */
export interface LinkWatch {
  /** TLS stands and the server's key is the pinned one. */
  handshake(atMs: number): void;
  /** An attempt ended before the server's welcome. */
  failed(reason: string): void;
  /** A welcomed connection ended, not by `drop`. */
  lost(reason: string): void;
  acknowledged(block: { readonly dueMs: number; readonly sentMs: number; readonly atMs: number }): void;
}

export interface SimulatedEdgeOptions {
  readonly machine: string;
  readonly key: KeyObject;
  readonly pins: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly spool: MadeUpSpool;
  /** Instant of its first row. */
  readonly firstRowMs: number;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly watch: LinkWatch;
}

export class SimulatedEdge {
  readonly #options: SimulatedEdgeOptions;
  readonly #uplink: Uplink;
  /** Of blocks sent and not acknowledged, by number. */
  readonly #sentMs = new Map<number, number>();
  #acknowledgedBlocks = 0;
  #abort: () => void = () => undefined;
  #said: string | null = null;
  #isWelcomed = false;
  /** The end that comes now is none to be counted. */
  #isExpected = false;
  #settingsHash: string | null = null;
  /** When it was welcomed, with all it holds acknowledged, for the first time since it was lost; `null`: not yet. */
  #backMs: number | null = null;
  #flows = false;

  constructor(options: SimulatedEdgeOptions) {
    this.#options = options;
    const { machine, key, pins, host, port, spool, firstRowMs, clock, randomness } = options;
    const zeroMs = firstRowMs - FIRST_ROW_MS;
    const credential = { publicKey: '', sign: (message: Uint8Array) => sign(null, message, key) };
    const home: EdgeHome = {
      settings: null,
      usage: null,
      keepUsage: () => ({ ok: true, value: undefined }),
      keepSettings: () => ({ ok: true, value: undefined }),
      keepPins: () => ({ ok: true, value: undefined }),
      credentials: () => [credential],
      proven: () => ({ ok: true, value: undefined }),
    };
    this.#uplink = new Uplink({
      identity: { machine, host, port, pins: [...pins] },
      home,
      // An uplink asks no more of a spool than `UplinkSpool` says.
      spool: spool as MadeUpSpool & Spool,
      axis: {
        bootId: spool.bootId,
        nowMs: () => Math.round(clock.monotonicMs() - zeroMs),
        anchor: (exchange) =>
          anchorOf({
            ...exchange,
            sentMs: exchange.sentMs - zeroMs,
            answeredMs: exchange.answeredMs - zeroMs,
          }),
      },
      dial: (server, events) => this.#dial(server, events),
      eager: true,
      clock,
      randomness,
      settingsHash: () => this.#settingsHash,
      onSettings: ({ hash }) => {
        this.#settingsHash = hash;
        return { hash, outcome: 'applied', message: '' };
      },
      onAcknowledged: () => undefined,
      onCarried: () => undefined,
      onBlock: () => undefined,
      onExchange: () => undefined,
      // Why it closes a connection is said before it does.
      say: (message) => {
        if (message.startsWith('link: ')) this.#said = message.slice('link: '.length);
      },
    });
  }

  get isWelcomed(): boolean {
    return this.#isWelcomed;
  }
  /** All it holds is on the server. */
  get isDrained(): boolean {
    return this.#acknowledgedBlocks >= this.#options.spool.blocks;
  }
  get acknowledgedRows(): number {
    return this.#acknowledgedBlocks * BLOCK_ROWS;
  }
  get backMs(): number | null {
    return this.#backMs;
  }
  /** A block that was due after `backMs` was acknowledged within a minute of that. */
  get flows(): boolean {
    return this.#flows;
  }

  start(): void {
    this.#uplink.start();
  }

  /** A minute is over: its block is due. */
  minute(): void {
    this.#options.spool.addBlock();
    this.#uplink.stored(false);
  }

  /** The link breaks; what follows is the product's own back-off. */
  drop(): void {
    this.expectLoss();
    this.#isExpected = true;
    this.#abort();
    this.#isExpected = false;
  }

  /** The link is about to break, by whatever means: whether it is back is asked from now on. */
  expectLoss(): void {
    this.#backMs = null;
    this.#flows = false;
  }

  stop(): void {
    this.#isExpected = true;
    this.#uplink.stop();
  }

  #dial(server: Parameters<Dial>[0], events: ConnectionEvents): { abort(): void } {
    const { dial, clock, watch } = this.#options;
    let refused: string | null = null;
    this.#said = null;
    const attempt = dial(server, {
      open: (connection) => {
        watch.handshake(clock.monotonicMs());
        // The newest row, which it shows at once.
        this.#uplink.row({ monotonicMs: this.#nowMs(), values: [] });
        events.open(this.#watched(connection));
      },
      frame: (frame) => {
        if (frame.type === 'REFUSED') refused = `refused: ${frame.body.reason}`;
        if (frame.type === 'WELCOME') this.#isWelcomed = true;
        if (frame.type === 'WELCOME') this.#mark(frame.body.nextSequence);
        if (frame.type === 'ACK') this.#mark(frame.nextSequence);
        events.frame(frame);
      },
      garbage: (message) => events.garbage(message),
      carried: () => undefined,
      closed: (reason) => {
        const wasWelcomed = this.#isWelcomed;
        this.#isWelcomed = false;
        // One that was back and is lost again was not back yet.
        if (wasWelcomed) this.expectLoss();
        if (!this.#isExpected) {
          const why = refused ?? this.#said ?? reason;
          if (wasWelcomed) watch.lost(why);
          else watch.failed(why);
        }
        events.closed(reason);
      },
    });
    this.#abort = () => attempt.abort();
    return attempt;
  }

  #watched({ exporter, localAddress, send, close }: Connection): Connection {
    return {
      exporter,
      localAddress,
      close,
      send: (frame: Frame) => {
        if (frame.type === 'BLOCK') {
          const number = frame.firstSequence / BLOCK_ROWS;
          if (!this.#sentMs.has(number)) this.#sentMs.set(number, this.#options.clock.monotonicMs());
        }
        send(frame);
      },
    };
  }

  #mark(nextSequence: number): void {
    const { clock, watch, firstRowMs } = this.#options;
    const atMs = clock.monotonicMs();
    const blocks = Math.floor(nextSequence / BLOCK_ROWS);
    for (; this.#acknowledgedBlocks < blocks; this.#acknowledgedBlocks++) {
      const number = this.#acknowledgedBlocks;
      const dueMs = firstRowMs + (number + 1) * BLOCK_MS;
      watch.acknowledged({ dueMs, sentMs: this.#sentMs.get(number) ?? atMs, atMs });
      this.#sentMs.delete(number);
      if (this.#backMs !== null && dueMs >= this.#backMs && atMs - dueMs <= BLOCK_MS) this.#flows = true;
    }
    if (this.#backMs === null && this.isDrained) this.#backMs = atMs;
  }

  #nowMs(): number {
    return Math.round(this.#options.clock.monotonicMs() - this.#options.firstRowMs + FIRST_ROW_MS);
  }
}
