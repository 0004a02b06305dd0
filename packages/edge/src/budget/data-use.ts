// Keeps the count of what the link carries through restarts, and asks what the budget allows (advice.ts).
// Invariants: at a power cut no more than SAVE_BYTES of the count are lost; dates are the server's. Where the modem's own
// interface is known its counters are taken, since they hold what all programs of the box carry; else the link counts itself.
// Not here: who obeys (agent.ts).
import type { Outcome } from '@vigie/config';
import { z } from 'zod';
import { type Advice, advise, type Demand } from './advice.ts';
import { billedBytes, counted, type DataPlan, noUsage, sessionEnded, type Usage } from './usage.ts';

/** A count is kept when so much was carried since, or after a while. */
const SAVE_BYTES = 65_536;
const SAVE_MS = 600_000;

export const keptUsage = z.object({
  monthStartMs: z.number().nullable(),
  closedBytes: z.number().min(0),
  openBytes: z.number().min(0),
  unitStartMs: z.number().nullable(),
});

/** Bytes both ways that an interface has carried since it came up; `null`: it is not there. */
export type Counter = () => number | null;

export interface DataUseOptions {
  readonly plan: DataPlan;
  readonly kept: Usage | null;
  readonly keep: (usage: Usage) => Outcome<void>;
  /** Of the metered interface; `null`: none is known, the link's own count is taken. */
  readonly counter: Counter | null;
}

export class DataUse {
  readonly #options: DataUseOptions;
  #usage: Usage;
  #counterBytes: number | null;
  #linkBytes = 0;
  #savedBytes: number;
  #savedMs = 0;

  constructor(options: DataUseOptions) {
    this.#options = options;
    // What the session before rounded up is not known to be the same one: a unit more is the careful count.
    this.#usage = options.kept === null ? noUsage : sessionEnded(options.kept, options.plan);
    this.#savedBytes = this.billedBytes;
    this.#counterBytes = options.counter?.() ?? null;
  }

  get billedBytes(): number {
    return billedBytes(this.#usage, this.#options.plan);
  }
  /** By the interface's counter, or by what this program itself has carried. */
  get countedBy(): 'interface' | 'link' {
    return this.#options.counter === null ? 'link' : 'interface';
  }

  /** The link has carried so much. */
  carried(bytes: number): void {
    this.#linkBytes += bytes;
  }

  /** The modem has a new data session. */
  sessionEnded(): void {
    this.#usage = sessionEnded(this.#usage, this.#options.plan);
  }

  /** @param nowMs monotonic. @param utcMs by the server's clock; `null`: not known. */
  advice(demand: Demand, nowMs: number, utcMs: number | null): Advice {
    this.#usage = counted(this.#usage, this.#options.plan, this.#take(), utcMs);
    const billed = this.billedBytes;
    if (Math.abs(billed - this.#savedBytes) >= SAVE_BYTES || nowMs - this.#savedMs >= SAVE_MS)
      this.#save(nowMs);
    return advise(this.#usage, this.#options.plan, demand, utcMs);
  }

  /** The program ends. */
  close(nowMs: number): void {
    this.#usage = counted(this.#usage, this.#options.plan, this.#take(), null);
    this.#save(nowMs);
  }

  #save(nowMs: number): void {
    // A disk that refuses now is asked again in a while.
    this.#savedMs = nowMs;
    if (this.billedBytes !== this.#savedBytes && this.#options.keep(this.#usage).ok)
      this.#savedBytes = this.billedBytes;
  }

  #take(): number {
    const { counter } = this.#options;
    const link = this.#linkBytes;
    this.#linkBytes = 0;
    if (counter === null) return link;
    const now = counter();
    const before = this.#counterBytes;
    this.#counterBytes = now;
    if (now === null || before === null) return now ?? link;
    // An interface that came back counts from 0.
    return now >= before ? now - before : now;
  }
}
