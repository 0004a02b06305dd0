// The simulated fleet in motion: machines connect spread over a minute, end a minute one after the other all the time, and
// lose their links together. Keeps what happened, as instants.
// Invariants: one timer gives all blocks, in the order they are due, so that what the generator is late by shows in
// `lateMs` and not in one machine; nothing is taken back when a link fails.
// Not here: one machine (edge.ts), the server, figures (results.ts).
import type { Clock, Randomness } from '@vigie/protocol';
import type { LinkWatch, SimulatedEdge } from './edge.ts';
import { BLOCK_MS } from './recording.ts';

/** Edges whose server was away for long come back spread over their longest back-off (edge/uplink). */
const SPREAD_MS = 60_000;

/** An acknowledged block. */
export interface Acknowledged {
  readonly dueMs: number;
  readonly sentMs: number;
  readonly atMs: number;
}

/** What the watches of all machines saw, since the start. */
export class Seen implements LinkWatch {
  readonly handshakesMs: number[] = [];
  readonly blocks: Acknowledged[] = [];
  /** How often, by reason: attempts without a welcome, and welcomed links that broke. */
  readonly #errors = new Map<string, number>();

  handshake(atMs: number): void {
    this.handshakesMs.push(atMs);
  }
  acknowledged(block: Acknowledged): void {
    this.blocks.push(block);
  }
  failed(reason: string): void {
    this.#count(reason);
  }
  lost(reason: string): void {
    this.#count(`lost: ${reason}`);
  }

  /** Those since they were taken last. */
  takeErrors(): Record<string, number> {
    const taken = Object.fromEntries(this.#errors);
    this.#errors.clear();
    return taken;
  }

  #count(reason: string): void {
    this.#errors.set(reason, (this.#errors.get(reason) ?? 0) + 1);
  }
}

/** Instant at which the first block of machine `index` of `count` is due, from the start: evenly spread over a minute. */
export function phaseMs(index: number, count: number): number {
  return (index * BLOCK_MS) / count;
}

export class Load {
  readonly #edges: readonly SimulatedEdge[];
  readonly #startMs: number;
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  /** Blocks given so far, of all machines. */
  #given = 0;
  #stopped = false;
  /** The most a block was given late. */
  lateMs = 0;

  /** @param edges in the order of their phases, the first of which begins at `startMs`. */
  constructor(options: {
    readonly edges: readonly SimulatedEdge[];
    readonly startMs: number;
    readonly clock: Clock;
    readonly randomness: Randomness;
  }) {
    this.#edges = options.edges;
    this.#startMs = options.startMs;
    this.#clock = options.clock;
    this.#randomness = options.randomness;
  }

  /** The machines connect, and their minutes begin to end. */
  start(): void {
    for (const edge of this.#edges) {
      this.#clock.after(this.#randomness.uniform() * SPREAD_MS, () => {
        if (!this.#stopped) edge.start();
      });
    }
    this.#give();
  }

  stop(): void {
    this.#stopped = true;
    for (const edge of this.#edges) edge.stop();
  }

  #give(): void {
    if (this.#stopped) return;
    const count = this.#edges.length;
    for (;;) {
      const index = this.#given % count;
      // The block of the minute that begins at the phase ends with it.
      const minutes = Math.floor(this.#given / count) + 1;
      const dueMs = this.#startMs + phaseMs(index, count) + minutes * BLOCK_MS;
      const nowMs = this.#clock.monotonicMs();
      if (dueMs > nowMs) {
        this.#clock.after(dueMs - nowMs, () => this.#give());
        return;
      }
      this.lateMs = Math.max(this.lateMs, nowMs - dueMs);
      this.#edges[index]?.minute();
      this.#given++;
    }
  }
}
