// The entropy coder: a binary arithmetic coder with carry (31-bit range, int32 only) under a mixture of three adaptive
// contexts per decision. One object writes, reads or measures, by `mode`, so that writer and reader cannot drift
// apart: all code above calls `bit(y, …)` with the decision to write and goes on with the decision returned.
// Invariants: 2^23 ≤ range < 2^31 between calls; reading past the end yields zeros and is no error, since a
// stream's trailing zero bytes are not stored. Not here: what a decision means (residual.ts, symbols.ts).
import { PLAIN_COUNT, STATE_COUNT, WEIGHT_COUNT } from './contexts.ts';
import { COUNT_LIMIT, LOGIT_BOUND, RATE, SQUASH, STRETCH } from './tables.ts';

export const WRITING = 0;
export const READING = 1;
export const MEASURING = 2;
export type Mode = typeof WRITING | typeof READING | typeof MEASURING;

/** What training sees of every decision; the indexes are those of `states`, `weights` and `plain`. */
export interface Watcher {
  /** A column's residuals begin from what the priors say. */
  begin(): void;
  mixed(y: number, a: number, b: number, c: number): void;
  plain(y: number, index: number): void;
}

const RANGE_TOP = 0x800000;
const RANGE_FULL = 0x7fffffff;
/** Plain probabilities stay this far from 0 and 65536: at least 0.001 bit each. */
const PLAIN_LEAST = 48;
/** A plain probability moves 2^−4 of the way at each decision. */
const PLAIN_SHIFT = 4;
/** Whole bits are coded at most so many at once, so that the range keeps 11 bits. */
const RAW_MOST = 12;

export class Coder {
  mode: Mode = WRITING;
  /** Contexts: 16-bit probability that y = 1, times 256, plus the observations behind it. */
  readonly states = new Int32Array(STATE_COUNT);
  /** Three per kind of decision, in 1/16384. */
  readonly weights = new Int32Array(WEIGHT_COUNT);
  /** 16-bit probabilities that y = 1. */
  readonly plain: Uint16Array;
  /** Weights learn at 2^−learningShift. */
  learningShift = 13;
  watcher: Watcher | null = null;

  private bytes: Uint8Array = new Uint8Array(1024);
  private at = 0;
  private end = 0;
  private low = 0;
  private range = RANGE_FULL;
  private code = 0;
  private lastByte = 0;

  /** @param plainCount blocks and priors have plain contexts of their own */
  constructor(plainCount: number = PLAIN_COUNT) {
    this.plain = new Uint16Array(plainCount);
  }

  /** Begins a stream in the coder's own buffer; `finish` returns it. */
  write(): void {
    if (this.mode === READING) this.bytes = new Uint8Array(1024);
    this.mode = WRITING;
    this.at = 0;
    this.low = 0;
    this.range = RANGE_FULL;
  }

  read(bytes: Uint8Array, from: number, to: number): void {
    this.mode = READING;
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.range = RANGE_FULL;
    this.code = (this.next() << 23) | (this.next() << 15) | (this.next() << 7);
    this.lastByte = this.next();
    this.code |= this.lastByte >>> 1;
  }

  measure(watcher: Watcher | null): void {
    this.mode = MEASURING;
    this.watcher = watcher;
  }

  /** A decision under three contexts, mixed by the three weights at `w`. */
  bit(given: number, a: number, b: number, c: number, w: number): number {
    const states = this.states;
    const weights = this.weights;
    const stateA = states[a]!;
    const stateB = states[b]!;
    const stateC = states[c]!;
    const logitA = STRETCH[stateA >>> 12]!;
    const logitB = STRETCH[stateB >>> 12]!;
    const logitC = STRETCH[stateC >>> 12]!;
    const weightA = weights[w]!;
    const weightB = weights[w + 1]!;
    const weightC = weights[w + 2]!;
    let logit = (Math.imul(logitA, weightA) + Math.imul(logitB, weightB) + Math.imul(logitC, weightC)) >> 14;
    if (logit > LOGIT_BOUND) logit = LOGIT_BOUND;
    else if (logit < -LOGIT_BOUND) logit = -LOGIT_BOUND;
    const probability = SQUASH[logit + LOGIT_BOUND + 1]!;
    const y = this.split(given, probability);
    if (this.watcher !== null) this.watcher.mixed(y, a, b, c);
    const shift = this.learningShift;
    const error = (y << 15) - probability;
    const half = 1 << (shift - 1);
    weights[w] = weightA + ((Math.imul(logitA, error) + half) >> shift);
    weights[w + 1] = weightB + ((Math.imul(logitB, error) + half) >> shift);
    weights[w + 2] = weightC + ((Math.imul(logitC, error) + half) >> shift);
    states[a] = observed(stateA, y);
    states[b] = observed(stateB, y);
    states[c] = observed(stateC, y);
    return y;
  }

  /** A decision with a probability of its own. */
  flag(given: number, index: number): number {
    const before = this.plain[index]!;
    let probability = before >>> 1;
    if (probability < PLAIN_LEAST) probability = PLAIN_LEAST;
    else if (probability > 32_768 - PLAIN_LEAST) probability = 32_768 - PLAIN_LEAST;
    const y = this.split(given, probability);
    if (this.watcher !== null) this.watcher.plain(y, index);
    this.plain[index] =
      y !== 0 ? before + ((65_536 - before) >>> PLAIN_SHIFT) : before - (before >>> PLAIN_SHIFT);
    return y;
  }

  /** `count` ≤ 31 whole bits of a non-negative integer. */
  raw(given: number, count: number): number {
    if (this.mode === MEASURING) return given;
    let left = count;
    let value = 0;
    while (left > 0) {
      const size = left > RAW_MOST ? RAW_MOST : left;
      left -= size;
      this.range >>>= size;
      let part: number;
      if (this.mode === READING) {
        part = (this.code / this.range) | 0;
        // Only bytes that no writer makes lead past the last part; the range's remainder is theirs.
        if (part >>> size !== 0) part = (1 << size) - 1;
        this.code = (this.code - Math.imul(part, this.range)) | 0;
      } else {
        part = (given >>> left) & ((1 << size) - 1);
        this.low = (this.low + Math.imul(part, this.range)) | 0;
        if (this.low < 0) this.carry();
      }
      value = (value << size) | part;
      if (this.range < RANGE_TOP) this.renew();
    }
    return value;
  }

  /** Ends the stream: the fewest bytes that name a number within the range; the reader supplies zeros after them. */
  finish(): Uint8Array {
    const last = this.low + this.range - 1;
    for (const shift of [31, 23, 15, 7, 0]) {
      const unit = 2 ** shift;
      const named = Math.ceil(this.low / unit) * unit;
      if (named > last) continue;
      this.low = named >= 2 ** 31 ? named - 2 ** 31 : named;
      if (named >= 2 ** 31) this.carryBytes();
      break;
    }
    for (let i = 0; i < 5; i++) this.put(this.low >>> 23);
    while (this.at > 0 && this.bytes[this.at - 1] === 0) this.at--;
    return this.bytes.slice(0, this.at);
  }

  /** Splits the range by the probability (15 bits) that y = 1. */
  private split(given: number, probability: number): number {
    const bound = Math.imul(this.range >>> 15, probability);
    if (this.mode === READING) {
      let y: number;
      if (this.code < bound) {
        this.range = bound;
        y = 1;
      } else {
        this.code = (this.code - bound) | 0;
        this.range = (this.range - bound) | 0;
        y = 0;
      }
      if (this.range < RANGE_TOP) this.renew();
      return y;
    }
    if (this.mode === WRITING) {
      if (given !== 0) this.range = bound;
      else {
        this.low = (this.low + bound) | 0;
        if (this.low < 0) this.carry();
        this.range = (this.range - bound) | 0;
      }
      if (this.range < RANGE_TOP) this.renew();
    }
    return given;
  }

  /** Restores the range to 24 bits or more, a byte at a time. */
  private renew(): void {
    if (this.mode === READING) {
      do {
        const byte = this.next();
        this.code = (this.code << 8) | ((this.lastByte & 1) << 7) | (byte >>> 1);
        this.lastByte = byte;
        this.range <<= 8;
      } while (this.range < RANGE_TOP);
    } else {
      do {
        this.put(this.low >>> 23);
        this.range <<= 8;
      } while (this.range < RANGE_TOP);
    }
  }

  private next(): number {
    const at = this.at++;
    return at < this.end ? this.bytes[at]! : 0;
  }

  private put(byte: number): void {
    if (this.at === this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes[this.at++] = byte;
    this.low = (this.low << 8) & RANGE_FULL;
  }

  private carry(): void {
    this.low &= RANGE_FULL;
    this.carryBytes();
  }
  private carryBytes(): void {
    let i = this.at - 1;
    while (this.bytes[i] === 255) this.bytes[i--] = 0;
    this.bytes[i]!++;
  }
}

/** The state after one more observation. */
function observed(state: number, y: number): number {
  const count = state & 255;
  const move = Math.imul((y << 16) - (state >>> 8), RATE[count]!) >> 15;
  return state + (move << 8) + (count < COUNT_LIMIT ? 1 : 0);
}
