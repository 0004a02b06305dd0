// One channel of a rollup node as bits: up to 60 summaries of samples that are decimals, read in microseconds, since a
// chart of a month reads hundreds of these. Whole numbers (value × 10^exponent), each predicted and its error written:
//
//   flags u8 (1: not all intervals are there) · [which are, 60 bits little-endian in 8 bytes]
//   exponent of values u8 · of sums u8 · unit u of times, ms, varint
//   of the first summary: first zigzag varint · firstAt in ms, (lastAt − firstAt) ÷ u, count, varints
//   which columns have bits u16, little-endian, bit c for column c; the others are zeros
//   a code u8 for each of these (w < 64: each number in w bits; 64 + k: Golomb-Rice with parameter k)
//   bits of the columns, one after the other, most significant first, zeros to the end of the byte · CRC-32 u32
//
// A Golomb-Rice number (Golomb 1966, Rice 1979) is n >> k in zeros, a one, its k low bits; 20 zeros: 53 bits follow.
// An extreme is found by its row, as if rows were evenly spaced, and by how far from there it lies: rows of a clock's own
// ticks share no unit but the millisecond, and their places in a minute would take ten bits more each.
// FIRST_FORM, of before, had instants ÷ u for all of that, and a code for each of its columns; it is read for ever.
// Invariants: lossless bit for bit or not taken (`null`); any bytes give summaries or `null`, in bounded memory.
// Pure. Not here: what is no decimal (a block of the codec, rollup.ts).
import { crc32 } from 'node:zlib';
import type { Summary } from './m4.ts';

/** Of a node. */
export const INTERVALS = 60;
const MOST_EXPONENT = 12;
/** Of a whole number, so that twice the difference of two is exact. */
const MOST = 2 ** 50;
const ESCAPE = 20;
const ESCAPED_BITS = 53;
const RICE = 64;
const MOST_RICE = 40;
const CRC_BYTES = 4;

/** Each is predicted from those before it, in this order; docs/database.md says how. */
const COLUMNS = 12;
const [COUNT, FIRST_AT, SPAN, FIRST, LAST, MIN, MAX, MIN_ROW, MAX_ROW, MIN_OFF, MAX_OFF, SUM] = [
  ...[0, 1, 2, 3, 4, 5],
  ...[6, 7, 8, 9, 10, 11],
] as const;
/** Those that FIRST_FORM had: lastAt instead of SPAN, instants instead of rows. */
const FIRST_COLUMNS = [COUNT, FIRST_AT, SPAN, FIRST, LAST, MIN, MAX, MIN_ROW, MAX_ROW, SUM];

/** The byte before these in a rollup. */
export const FIRST_FORM = 0;
export const FORM = 2;
export type Form = typeof FIRST_FORM | typeof FORM;

export type Indexed = Summary & { readonly index: number };

const written = Array.from({ length: COLUMNS }, () => new Float64Array(INTERVALS));
const lengths = new Uint8Array(COLUMNS);

/** @param summaries at most 60, in order; `null`: they are none of decimals. */
export function writeSummaries(summaries: readonly Indexed[], decimals: number | null): Uint8Array | null {
  const [head] = summaries;
  if (head === undefined || summaries.length > INTERVALS) return null;
  const exponent = exponentOf(summaries, decimals, ({ first, last, min, max }) => [first, last, min, max]);
  const sumExponent = exponentOf(summaries, decimals, ({ sum }) => [sum]);
  const unitMs = unitOf(summaries, head.firstAt);
  if (exponent === null || sumExponent === null || unitMs === null) return null;
  const scale = 10 ** exponent;
  const sumScale = 10 ** sumExponent;
  const whole = (value: number): number => Math.round(value * scale);
  const spanOf = ({ firstAt, lastAt }: Indexed): number => (lastAt - firstAt) / unitMs;
  lengths.fill(0);
  let before = head;
  for (const one of summaries) {
    const first = whole(one.first);
    const last = whole(one.last);
    const span = spanOf(one);
    put(COUNT, zigzag(one.count - before.count));
    put(FIRST_AT, zigzag((one.firstAt - before.firstAt) / unitMs));
    put(SPAN, zigzag(span - spanOf(before)));
    put(FIRST, zigzag(first - whole(before === one ? one.first : before.last)));
    put(LAST, zigzag(last - first));
    put(MIN, Math.min(first, last) - whole(one.min));
    put(MAX, whole(one.max) - Math.max(first, last));
    // Ties keep the earliest: an extreme that the first sample has is there.
    if (one.min !== one.first)
      putPlace(MIN_ROW, MIN_OFF, (one.minAt - one.firstAt) / unitMs, span, one.count);
    else if (one.minAt !== one.firstAt) return null;
    if (one.max !== one.first)
      putPlace(MAX_ROW, MAX_OFF, (one.maxAt - one.firstAt) / unitMs, span, one.count);
    else if (one.maxAt !== one.firstAt) return null;
    put(SUM, zigzag(Math.round(one.sum * sumScale) - predictedSum(one, sumScale)));
    before = one;
  }
  const bases = [zigzag(whole(head.first)), head.firstAt, spanOf(head), head.count];
  const columns = written.map((column, c) => column.subarray(0, lengths[c]));
  if (![bases, ...columns].every((one) => one.every(isCodable))) return null;
  const out = new BitWriter();
  const isFull = summaries.length === INTERVALS;
  out.byte(isFull ? 0 : 1);
  if (!isFull) {
    const there = new Uint8Array(8);
    for (const { index } of summaries) there[index >> 3] = (there[index >> 3] ?? 0) | (1 << (index & 7));
    for (const byte of there) out.byte(byte);
  }
  out.byte(exponent);
  out.byte(sumExponent);
  out.varint(unitMs);
  for (const base of bases) out.varint(base);
  const chosen = columns.map((column) => codeOf(column, column.length));
  const which = chosen.reduce((mask, code, c) => mask | (code === 0 ? 0 : 1 << c), 0);
  out.byte(which & 0xff);
  out.byte(which >> 8);
  for (const code of chosen) if (code !== 0) out.byte(code);
  for (const [c, column] of columns.entries()) {
    const code = chosen[c] ?? 0;
    for (const value of column) out.coded(value, code);
  }
  return out.done();
}

/** @param at after the first sample, and `span` of all of them, in units */
function putPlace(row: number, off: number, at: number, span: number, count: number): void {
  const k = span > 0 ? Math.round((at * (count - 1)) / span) : 0;
  put(row, k);
  put(off, zigzag(at - evenly(k, span, count)));
}

/** Where row k of so many lies in a span if all are as far from each other. */
function evenly(k: number, span: number, count: number): number {
  return span > 0 && count > 1 ? Math.round((k * span) / (count - 1)) : 0;
}

function put(column: number, value: number): void {
  const at = lengths[column] ?? 0;
  const values = written[column];
  if (values !== undefined) values[at] = value;
  lengths[column] = at + 1;
}

/** Places after the point that hold all values exactly, the channel's own if they do; `null`: none does. */
function exponentOf(
  summaries: readonly Indexed[],
  decimals: number | null,
  of: (summary: Indexed) => readonly number[],
): number | null {
  const holds = (exponent: number): boolean => {
    const scale = 10 ** exponent;
    return summaries.every((summary) =>
      of(summary).every((value) => {
        const whole = Math.round(value * scale);
        return Math.abs(whole) < MOST && whole / scale === value && !Object.is(value, -0);
      }),
    );
  };
  if (decimals !== null && decimals <= MOST_EXPONENT && holds(decimals)) return decimals;
  for (let exponent = 0; exponent <= MOST_EXPONENT; exponent++) if (holds(exponent)) return exponent;
  return null;
}

/** The largest in which all times between instants are whole; `null`: these are no whole ms, or the counts are no counts. */
function unitOf(summaries: readonly Indexed[], beginMs: number): number | null {
  let unitMs = 0;
  for (const { firstAt, lastAt, minAt, maxAt, count } of summaries) {
    if (![firstAt, lastAt, minAt, maxAt, count].every(Number.isSafeInteger)) return null;
    if (unitMs === 1) continue;
    for (const ms of [firstAt - beginMs, lastAt - firstAt, minAt - firstAt, maxAt - firstAt])
      unitMs = gcd(unitMs, Math.abs(ms));
  }
  return Math.max(1, unitMs);
}

function gcd(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small !== 0) [large, small] = [small, large % small];
  return large;
}

/** The four known points, weighed alike, for each sample; only products and sums, which every engine rounds alike. */
function predictedSum(
  { first, last, min, max, count }: Pick<Summary, 'first' | 'last' | 'min' | 'max' | 'count'>,
  sumScale: number,
): number {
  return Math.round((first + last + min + max) * 0.25 * count * sumScale);
}

function isCodable(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** 0, −1, 1, −2 … become 0, 1, 2, 3 … */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** The one of fewest bits. */
function codeOf(column: Float64Array, length: number): number {
  let [most, sum] = [0, 0];
  for (let i = 0; i < length; i++) {
    most = Math.max(most, column[i] ?? 0);
    sum += column[i] ?? 0;
  }
  let best = bitsOf(most);
  let fewest = best * length;
  const mean = sum / Math.max(1, length);
  const around = Math.max(0, bitsOf(Math.floor(mean)) - 1);
  for (let k = Math.max(0, around - 1); k <= Math.min(MOST_RICE, around + 1); k++) {
    const divisor = 2 ** k;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const quotient = Math.floor((column[i] ?? 0) / divisor);
      bits += quotient < ESCAPE ? quotient + 1 + k : ESCAPE + ESCAPED_BITS;
    }
    if (bits < fewest) [best, fewest] = [RICE + k, bits];
  }
  return best;
}

function bitsOf(value: number): number {
  return value < 2 ** 31 ? 32 - Math.clz32(value) : 32 + bitsOf(Math.floor(value / 2 ** 32));
}

class BitWriter {
  #bytes = new Uint8Array(1024);
  #at = 0;
  /** Bits of the byte at `#at` that are taken. */
  #taken = 0;

  byte(value: number): void {
    this.bits(value, 8);
  }
  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 0x80);
    this.byte(rest);
  }
  coded(value: number, code: number): void {
    if (code < RICE) {
      this.bits(value, code);
      return;
    }
    const k = code - RICE;
    const quotient = Math.floor(value / 2 ** k);
    if (quotient >= ESCAPE) {
      this.bits(0, ESCAPE);
      this.bits(value, ESCAPED_BITS);
      return;
    }
    this.bits(1, quotient + 1);
    this.bits(value % 2 ** k, k);
  }
  /** @param count up to 53 */
  bits(value: number, count: number): void {
    if (this.#at + 16 > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let left = count;
    while (left > 0) {
      const now = Math.min(8 - this.#taken, left);
      left -= now;
      const part = Math.floor(value / 2 ** left) % 2 ** now;
      this.#bytes[this.#at] = (this.#bytes[this.#at] ?? 0) | (part << (8 - this.#taken - now));
      this.#taken += now;
      if (this.#taken === 8) {
        this.#at++;
        this.#taken = 0;
      }
    }
  }
  done(): Uint8Array {
    const size = this.#at + (this.#taken > 0 ? 1 : 0);
    const out = new Uint8Array(size + CRC_BYTES);
    out.set(this.#bytes.subarray(0, size));
    new DataView(out.buffer).setUint32(size, crc32(out.subarray(0, size)), true);
    return out;
  }
}

/** Whole bytes of a buffer of its own, with zeros behind them, so that a window of four bytes may stand anywhere. */
class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  bitAt = 0;
  failed = false;

  /** @param end of the bytes that may be read */
  constructor(bytes: Uint8Array, end: number) {
    this.#bytes = new Uint8Array(end + 4);
    this.#bytes.set(bytes.subarray(0, end));
    this.#end = 8 * end;
  }

  /** Whether all is read but zeros that fill the last byte. */
  get ended(): boolean {
    const left = this.#end - this.bitAt;
    return !this.failed && left >= 0 && left < 8 && this.#window() === 0;
  }

  skip(count: number): void {
    this.bitAt += count;
    this.failed ||= this.bitAt > this.#end;
  }
  /** @param count up to 53 */
  bits(count: number): number {
    if (count > 24) {
      const high = this.bits(count - 24);
      return high * 2 ** 24 + this.bits(24);
    }
    const value = count === 0 ? 0 : this.#window() >>> (32 - count);
    this.skip(count);
    return this.failed ? 0 : value;
  }
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 56 && !this.failed; shift += 7) {
      const byte = this.bits(8);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : this.#fail();
    }
    return this.#fail();
  }
  /** Fills `places`. @returns how many intervals are there */
  places(): number {
    let count = 0;
    for (let from = 0; from < 64; from += 8) {
      const byte = this.bits(8);
      for (let k = 0; k < 8; k++) if ((byte >> k) & 1) places[count++] = from + k;
    }
    // One beyond the last interval is no place.
    return (places[count - 1] ?? 0) < INTERVALS ? count : this.#fail();
  }
  column(code: number, count: number, into: Float64Array): void {
    if (code < RICE) {
      if (code > ESCAPED_BITS) this.#fail();
      for (let i = 0; i < count && !this.failed; i++) into[i] = this.bits(code);
      return;
    }
    const k = code - RICE;
    const divisor = 2 ** k;
    if (k > MOST_RICE) this.#fail();
    for (let i = 0; i < count && !this.failed; i++) {
      const zeros = Math.clz32(this.#window());
      if (zeros >= ESCAPE) {
        this.skip(ESCAPE);
        into[i] = this.bits(ESCAPED_BITS);
      } else {
        this.skip(zeros + 1);
        into[i] = zeros * divisor + this.bits(k);
      }
    }
  }
  /** The next 25 bits, left in 32. */
  #window(): number {
    const at = this.bitAt >>> 3;
    const bytes = this.#bytes;
    if (at > bytes.length - 4) return 0;
    const word =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number);
    return (word << (this.bitAt & 7)) >>> 0;
  }
  #fail(): number {
    this.failed = true;
    return 0;
  }
}

/** One for all, since a chart reads thousands of these one after the other. */
const read = Array.from({ length: COLUMNS }, () => new Float64Array(INTERVALS));
const places = new Uint8Array(64);
const codes = new Uint8Array(COLUMNS);

/**
 * Calls back for each summary, in order; what it gets is its own. `false`: these are no bytes of `writeSummaries`.
 * @param index of the interval
 */
export function readSummaries(
  bytes: Uint8Array,
  form: Form,
  each: (index: number, summary: Summary) => void,
): boolean {
  const byteCount = bytes.length - CRC_BYTES;
  if (byteCount < 1) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(byteCount, true) !== crc32(bytes.subarray(0, byteCount))) return false;
  const input = new BitReader(bytes, byteCount);
  const flags = input.bits(8);
  if (flags > 1) return false;
  const isFirst = form === FIRST_FORM;
  const rowCount = flags === 0 ? allPlaces() : input.places();
  const exponent = input.bits(8);
  const sumExponent = input.bits(8);
  const unitMs = input.varint();
  let last = unzigzag(input.varint());
  let firstAt = input.varint() * (isFirst ? unitMs : 1);
  /** In units; of FIRST_FORM: when the last sample was. */
  let span = input.varint();
  let count = input.varint();
  if (rowCount === 0 || exponent > MOST_EXPONENT || sumExponent > MOST_EXPONENT || input.failed) return false;
  if (isFirst) {
    codes.fill(0);
    for (const c of FIRST_COLUMNS) codes[c] = input.bits(8);
  } else {
    const which = input.bits(8) | (input.bits(8) << 8);
    if (which >> COLUMNS !== 0) return false;
    for (let c = 0; c < COLUMNS; c++) codes[c] = (which >> c) & 1 ? input.bits(8) : 0;
  }
  const column = (c: number, length: number): Float64Array => {
    const values = read[c] as Float64Array;
    input.column(codes[c] ?? 0, length, values);
    return values;
  };
  const counts = column(COUNT, rowCount);
  const firstAts = column(FIRST_AT, rowCount);
  const spans = column(SPAN, rowCount);
  const firsts = column(FIRST, rowCount);
  const lasts = column(LAST, rowCount);
  const mins = column(MIN, rowCount);
  const maxs = column(MAX, rowCount);
  // Extremes that the first sample has come without a place: how many do is known once the values are.
  let [minCount, maxCount] = [0, 0];
  let before = last;
  for (let i = 0; i < rowCount; i++) {
    const first = before + unzigzag(firsts[i] as number);
    const end = first + unzigzag(lasts[i] as number);
    const min = Math.min(first, end) - (mins[i] as number);
    const max = Math.max(first, end) + (maxs[i] as number);
    firsts[i] = first;
    lasts[i] = end;
    mins[i] = min;
    maxs[i] = max;
    before = end;
    if (min !== first) minCount++;
    if (max !== first) maxCount++;
  }
  const minRows = column(MIN_ROW, minCount);
  const maxRows = column(MAX_ROW, maxCount);
  const minOffs = column(MIN_OFF, minCount);
  const maxOffs = column(MAX_OFF, maxCount);
  const sums = column(SUM, rowCount);
  if (!input.ended) return false;
  const scale = 10 ** exponent;
  const sumScale = 10 ** sumExponent;
  let [minNext, maxNext] = [0, 0];
  for (let i = 0; i < rowCount; i++) {
    count += unzigzag(counts[i] as number);
    firstAt += unzigzag(firstAts[i] as number) * unitMs;
    span += unzigzag(spans[i] as number);
    const first = (firsts[i] as number) / scale;
    const min = (mins[i] as number) / scale;
    const max = (maxs[i] as number) / scale;
    last = (lasts[i] as number) / scale;
    let [minAt, maxAt] = [firstAt, firstAt];
    if (min !== first) {
      const row = minRows[minNext] as number;
      const at = isFirst ? row : evenly(row, span, count) + unzigzag(minOffs[minNext] as number);
      minAt += at * unitMs;
      minNext++;
    }
    if (max !== first) {
      const row = maxRows[maxNext] as number;
      const at = isFirst ? row : evenly(row, span, count) + unzigzag(maxOffs[maxNext] as number);
      maxAt += at * unitMs;
      maxNext++;
    }
    each(places[i] as number, {
      first,
      firstAt,
      last,
      lastAt: (isFirst ? 0 : firstAt) + span * unitMs,
      min,
      minAt,
      max,
      maxAt,
      sum:
        (predictedSum({ first, last, min, max, count }, sumScale) + unzigzag(sums[i] as number)) / sumScale,
      count,
    });
  }
  return true;
}

function allPlaces(): number {
  for (let i = 0; i < INTERVALS; i++) places[i] = i;
  return INTERVALS;
}
