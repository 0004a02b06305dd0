// Columns whose whole numbers do not fit 32 bits about their first one, and doubles that are no decimals: each as a
// 64-bit integer, coded as the difference from the one before in classes of magnitude. Rare, so simple.
import { type Coder, READING } from './coder.ts';
import { NUMBER_SIZE, WIDE } from './contexts.ts';
import { float64Of, highBits, lowBits } from './decimal.ts';
import { codeTree } from './symbols.ts';

/** Whole numbers up to 2^53, exact. */
export function codeWideIntegers(coder: Coder, values: Float64Array, count: number): void {
  codeWide(
    coder,
    count,
    (i) => Math.floor(values[i]! / 2 ** 32) | 0,
    (i) => values[i]! | 0,
    (i, high, low) => {
      values[i] = high * 2 ** 32 + (low >>> 0);
    },
  );
}

/** Doubles bit for bit, in the order of the floats, so that neighbours are near. */
export function codeWideFloats(coder: Coder, values: Float64Array, count: number): void {
  codeWide(
    coder,
    count,
    (i) => ordered(highBits(values[i]!)),
    (i) => lowBits(values[i]!) ^ (highBits(values[i]!) >> 31),
    (i, high, low) => {
      values[i] = float64Of(ordered(high), low ^ (high >> 31));
    },
  );
}

function ordered(high: number): number {
  return high ^ ((high >> 31) & 0x7fff_ffff);
}

function codeWide(
  coder: Coder,
  count: number,
  highOf: (i: number) => number,
  lowOf: (i: number) => number,
  put: (i: number, high: number, low: number) => void,
): void {
  const reading = coder.mode === READING;
  let high = 0;
  let low = 0;
  let context = 0;
  for (let i = 0; i < count; i++) {
    let dHigh = 0;
    let dLow = 0;
    if (!reading) {
      const thisLow = lowOf(i);
      dLow = (thisLow - low) | 0;
      dHigh = (highOf(i) - high - (thisLow >>> 0 < low >>> 0 ? 1 : 0)) | 0;
    }
    const base = WIDE + context * NUMBER_SIZE;
    if (coder.flag((dHigh | dLow) === 0 ? 1 : 0, base) !== 0) {
      dHigh = 0;
      dLow = 0;
      context = 0;
    } else {
      const negative = coder.flag(dHigh < 0 ? 1 : 0, base + 1);
      if (negative !== 0 && !reading) [dHigh, dLow] = negated(dHigh, dLow);
      // Bits below the top one: 0 … 63, where 63 is the magnitude of the one number without a positive twin.
      const below = codeTree(
        coder,
        base + 2,
        6,
        dHigh !== 0 ? 63 - Math.clz32(dHigh) : 31 - Math.clz32(dLow),
      );
      context = 1 + (below >> 3);
      if (below >= 32) {
        dHigh = codeBelowTop(coder, dHigh, below - 32);
        dLow = codeWord(coder, dLow);
      } else {
        dHigh = 0;
        dLow = codeBelowTop(coder, dLow, below);
      }
      if (negative !== 0) [dHigh, dLow] = negated(dHigh, dLow);
    }
    const sum = (low >>> 0) + (dLow >>> 0);
    low = sum | 0;
    high = (high + dHigh + (sum >= 2 ** 32 ? 1 : 0)) | 0;
    if (reading) put(i, high, low);
  }
}

function negated(high: number, low: number): [number, number] {
  return [(~high + (low === 0 ? 1 : 0)) | 0, -low | 0];
}

/** A word whose top bit is bit `count`. */
function codeBelowTop(coder: Coder, word: number, count: number): number {
  return (1 << count) | coder.raw(word & ((1 << count) - 1), count);
}

export function codeWord(coder: Coder, word: number): number {
  const high = coder.raw(word >>> 16, 16);
  return (high << 16) | coder.raw(word & 0xffff, 16);
}
