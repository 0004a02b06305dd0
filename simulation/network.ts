// The road between one edge and the server: bytes in order or not at all, as TCP under TLS gives them; late, in pieces,
// cut, or silent while both ends believe that it stands.
// Invariants: what arrives is a prefix of what was sent; after a reset or a lost end nothing arrives, but what was on
// its way may. Not here: TLS itself, which decides before any of this who may speak.
import type { Connection, ConnectionEvents, Dial } from '@vigie/edge';
import { type Clock, FrameReader, FrameWriter } from '@vigie/protocol';
import type { LinkSocket } from '@vigie/server';
import type { Dice } from './random.ts';

export interface NetworkFaults {
  refused: number;
  hung: number;
  resets: number;
  silences: number;
  /** Connections whose bytes reached the server after the edge had given them up. */
  lateBytes: number;
}

interface ServerEnd {
  data(chunk: Uint8Array): void;
  closed(): void;
}

export interface NetworkOptions {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly faults: NetworkFaults;
  /** Hands a new connection to the server; `false`: nobody listens. */
  readonly accept: (socket: LinkSocket) => boolean;
  /** Mean connections between two that fail in some way. */
  readonly troubleEvery: number;
}

export class Network {
  readonly #options: NetworkOptions;
  /** Nothing connects and what stands goes silent. */
  #down = false;
  readonly #pipes = new Set<Pipe>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  set down(down: boolean) {
    this.#down = down;
    if (down) for (const pipe of this.#pipes) pipe.silence();
  }

  /** The server's machine ends: politely with a reset each, or without a word. */
  serverGone(silently: boolean): void {
    for (const pipe of this.#pipes) pipe.serverGone(silently);
  }

  /** A way out for one edge process; `isAlive`: false once it is dead, when nothing reaches or leaves it. */
  dialler(isAlive: () => boolean): {
    dial: Dial;
    died: (silently: boolean) => void;
    silence: () => void;
  } {
    const mine = new Set<Pipe>();
    return {
      dial: (_, events) => {
        const pipe = new Pipe(this.#options, events, isAlive, () => {
          this.#pipes.delete(pipe);
          mine.delete(pipe);
        });
        this.#pipes.add(pipe);
        mine.add(pipe);
        pipe.open(this.#down);
        return { abort: () => pipe.edgeCloses('given up') };
      },
      died: (silently) => {
        for (const pipe of [...mine]) pipe.edgeGone(silently);
      },
      silence: () => {
        for (const pipe of mine) pipe.silence();
      },
    };
  }
}

class Pipe {
  readonly #o: NetworkOptions;
  readonly #events: ConnectionEvents;
  readonly #isAlive: () => boolean;
  readonly #gone: () => void;
  readonly #latencyMs: number;
  readonly #bytesPerMs: number;
  #server: ServerEnd | null = null;
  #edgeOpen = true;
  #serverOpen = false;
  /** Bytes of this direction vanish. */
  #upSilent = false;
  #downSilent = false;
  #upArrivesMs = 0;
  #downArrivesMs = 0;
  #paused: Uint8Array[] | null = null;

  constructor(options: NetworkOptions, events: ConnectionEvents, isAlive: () => boolean, gone: () => void) {
    this.#o = options;
    this.#events = events;
    this.#isAlive = isAlive;
    this.#gone = gone;
    this.#latencyMs = options.dice.spread(10, 2_000);
    this.#bytesPerMs = options.dice.spread(1, 1_000);
  }

  open(down: boolean): void {
    const { dice, faults } = this.#o;
    if (down) {
      if (dice.chance(0.5)) {
        faults.refused++;
        this.#later(this.#latencyMs, () => this.#edgeClosed('refused'));
      } else faults.hung++;
      return;
    }
    // TCP and TLS 1.3: two round trips.
    this.#later(4 * this.#latencyMs, () => {
      if (!this.#edgeOpen || this.#upSilent) return;
      const reader = new FrameReader();
      const writer = new FrameWriter();
      const exporter = dice.bytes(32);
      this.#serverOpen = this.#o.accept(this.#socket(exporter, reader));
      if (!this.#serverOpen) {
        this.#edgeClosed('refused');
        return;
      }
      const connection: Connection = {
        exporter,
        localAddress: null,
        send: (frame) => {
          if (this.#edgeOpen && this.#isAlive()) this.#up(writer.encode(frame));
        },
        close: (reason = 'closed') => this.edgeCloses(reason),
      };
      this.#events.open(connection);
      this.#plan();
    });
  }

  /** What will happen to this connection, if it lives that long. */
  #plan(): void {
    const { dice, faults, troubleEvery } = this.#o;
    if (!dice.chance(1 / troubleEvery)) return;
    const afterMs = dice.spread(1, 6 * 3_600_000);
    const kind = dice.below(4);
    this.#later(afterMs, () => {
      if (!this.#edgeOpen) return;
      if (kind === 0) {
        faults.resets++;
        this.#edgeClosed('reset');
        this.#later(dice.spread(1, 5_000), () => this.#serverClosed());
        return;
      }
      faults.silences++;
      if (kind !== 1) this.#upSilent = true;
      if (kind !== 2) this.#downSilent = true;
    });
  }

  silence(): void {
    this.#upSilent = true;
    this.#downSilent = true;
  }

  edgeCloses(reason: string): void {
    if (!this.#edgeOpen) return;
    this.#edgeClosed(reason);
    this.#upFrame(0, () => this.#serverClosed());
  }

  edgeGone(silently: boolean): void {
    this.#edgeOpen = false;
    if (silently) this.#upSilent = true;
    else this.#upFrame(0, () => this.#serverClosed());
    this.#forget();
  }

  serverGone(silently: boolean): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    this.#server = null;
    this.#downSilent = silently;
    if (!silently) this.#downFrame(0, () => this.#edgeClosed('reset'));
    this.#forget();
  }

  #socket(exporter: Uint8Array, reader: FrameReader): LinkSocket {
    return {
      from: 'simulated',
      exporter: () => exporter,
      listen: (events) => {
        this.#server = events;
      },
      write: (bytes) => {
        if (!this.#serverOpen) return;
        this.#downFrame(bytes.length, () => {
          if (!this.#edgeOpen || !this.#isAlive()) return;
          for (const result of reader.push(bytes)) {
            if (result.ok) this.#events.frame(result.frame);
            else this.#events.garbage(result.message);
          }
        });
      },
      end: () => this.#downFrame(0, () => this.#edgeClosed('closed')),
      destroy: () => {
        this.#downFrame(0, () => this.#edgeClosed('closed'));
        this.#serverClosed();
      },
      pause: () => {
        this.#paused ??= [];
      },
      resume: () => {
        const held = this.#paused ?? [];
        this.#paused = null;
        for (const chunk of held) this.#server?.data(chunk);
      },
    };
  }

  #up(bytes: Uint8Array): void {
    const { dice, faults } = this.#o;
    const cut = dice.chance(0.2) ? dice.below(bytes.length) : 0;
    for (const part of cut === 0 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      this.#upFrame(part.length, () => {
        if (!this.#edgeOpen) faults.lateBytes++;
        if (this.#paused !== null) this.#paused.push(part);
        else this.#server?.data(part);
      });
    }
  }

  /** In order, each after the one before; lost when the direction is silent on leaving or on arriving. */
  #upFrame(count: number, arrives: () => void): void {
    if (this.#upSilent) return;
    const { clock } = this.#o;
    const atMs =
      Math.max(clock.monotonicMs() + this.#latencyMs, this.#upArrivesMs) + count / this.#bytesPerMs;
    this.#upArrivesMs = atMs;
    this.#later(atMs - clock.monotonicMs(), () => {
      if (this.#serverOpen && !this.#upSilent) arrives();
    });
  }

  #downFrame(count: number, arrives: () => void): void {
    if (this.#downSilent) return;
    const { clock } = this.#o;
    const atMs =
      Math.max(clock.monotonicMs() + this.#latencyMs, this.#downArrivesMs) + count / this.#bytesPerMs;
    this.#downArrivesMs = atMs;
    this.#later(atMs - clock.monotonicMs(), () => {
      if (!this.#downSilent) arrives();
    });
  }

  #edgeClosed(reason: string): void {
    if (!this.#edgeOpen) return;
    this.#edgeOpen = false;
    if (this.#isAlive()) this.#events.closed(reason);
    this.#forget();
  }

  #serverClosed(): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    const server = this.#server;
    this.#server = null;
    server?.closed();
    this.#forget();
  }

  #forget(): void {
    if (!this.#edgeOpen && !this.#serverOpen) this.#gone();
  }

  #later(delayMs: number, work: () => void): void {
    this.#o.clock.after(delayMs, work);
  }
}
