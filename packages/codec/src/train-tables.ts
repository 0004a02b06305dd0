// Learning the tables: how often each context saw a one, how sure a block should be of that at its start, and how much
// each of the three models is to be trusted. Watchers look on while samples are measured. A prior keeps an entry
// only when it saves more than storing it costs. Not here: what the samples are measured with (train.ts).
import type { Watcher } from './coder.ts';
import { CONFIDENCES } from './confidences.ts';
import { PLAIN_COUNT, STATE_COUNT } from './contexts.ts';
import { type Overrides, overridesOf } from './prior.ts';
import { COUNT_LIMIT, RATE } from './tables.ts';

/** Counts of zeros and ones per context. */
export class Counts implements Watcher {
  readonly states = new Float64Array(2 * STATE_COUNT);
  readonly plains = new Float64Array(2 * PLAIN_COUNT);
  begin(): void {}
  mixed(y: number, a: number, b: number, c: number): void {
    this.states[2 * a + y]!++;
    this.states[2 * b + y]!++;
    this.states[2 * c + y]!++;
  }
  plain(y: number, index: number): void {
    this.plains[2 * index + y]!++;
  }
}

/** Bits each of some contexts would have cost from each of the eight confidences, side by side. */
export class Trials implements Watcher {
  private readonly costs: Float64Array;
  private readonly probability: Float64Array;
  private readonly seen: Int32Array;
  private readonly begun: Int32Array;
  /** Place of a context among those tried, or −1. */
  private readonly place = new Int16Array(STATE_COUNT).fill(-1);
  private readonly start: ArrayLike<number>;
  private run = 0;

  /** @param start the states the contexts start from; their confidence does not matter */
  constructor(indexes: ArrayLike<number>, start: ArrayLike<number>) {
    const count = indexes.length;
    for (let k = 0; k < count; k++) this.place[indexes[k]!] = k;
    this.costs = new Float64Array(8 * count);
    this.probability = new Float64Array(8 * count);
    this.seen = new Int32Array(count);
    this.begun = new Int32Array(count);
    this.start = start;
  }
  begin(): void {
    this.run++;
  }
  mixed(y: number, a: number, b: number, c: number): void {
    this.observe(y, this.place[a]!);
    this.observe(y, this.place[b]!);
    this.observe(y, this.place[c]!);
  }
  plain(): void {}

  /** The confidence that costs the context at a place least. */
  best(place: number): number {
    let best = 0;
    for (let v = 1; v < 8; v++) {
      if (this.costs[8 * place + v]! < this.costs[8 * place + best]! - 1e-9) best = v;
    }
    return CONFIDENCES[best]!;
  }

  private observe(y: number, place: number): void {
    if (place < 0) return;
    const at = 8 * place;
    if (this.begun[place] !== this.run) {
      this.begun[place] = this.run;
      this.seen[place] = 0;
      this.probability.fill((this.start[place]! >>> 8) / 65_536, at, at + 8);
    }
    const seen = this.seen[place]!++;
    for (let v = 0; v < 8; v++) {
      const p = this.probability[at + v]!;
      const clear = Math.max(0.0005, Math.min(0.9995, p));
      this.costs[at + v]! -= Math.log2(y !== 0 ? clear : 1 - clear);
      const count = Math.min(COUNT_LIMIT, CONFIDENCES[v]! + seen);
      this.probability[at + v] = p + ((y - p) * RATE[count]!) / 32_768;
    }
  }
}

/** Share of ones, drawn towards `p` as if by `weight` observations. */
export function share(zeros: number, ones: number, p: number, weight: number): number {
  return (ones + weight * p) / (zeros + ones + weight);
}

/** 16 bits, away from the ends. */
export function probability16(p: number): number {
  return Math.max(24, Math.min(65_512, Math.round(p * 65_536)));
}

/** Priors keep probabilities as logits in quarters, −32 … 31: six bits. */
export const LOGIT_QUARTERS = 32;
export function quarters(p: number): number {
  return Math.max(-LOGIT_QUARTERS, Math.min(LOGIT_QUARTERS - 1, Math.round(Math.log(p / (1 - p)) * 4)));
}

/** Bits saved by knowing `better` instead of `usual`. */
function saved(zeros: number, ones: number, usual: number, better: number): number {
  return ones * Math.log2(better / usual) + zeros * Math.log2((1 - better) / (1 - usual));
}

/**
 * Entries of a table worth storing.
 * @param counts two per entry @param usual the 16-bit probabilities without them
 * @param of the 16-bit probability of a logit in quarters, as the reader of a prior has it
 */
export function chooseOverrides(
  counts: Float64Array,
  from: number,
  to: number,
  usual: (index: number) => number,
  of: (quarters: number) => number,
  worthBits: number,
  discount: number,
): Overrides {
  const indexes: number[] = [];
  const values: number[] = [];
  for (let i = from; i < to; i++) {
    const zeros = counts[2 * i]!;
    const ones = counts[2 * i + 1]!;
    if (zeros + ones < 4) continue;
    const before = usual(i) / 65_536;
    const stored = of(quarters(share(zeros, ones, before, 3)));
    if (saved(zeros, ones, before, stored / 65_536) * discount < worthBits) continue;
    indexes.push(i);
    values.push(stored);
  }
  return overridesOf(indexes, values);
}
