// The lattice of a column: which whole numbers its sensor can give. Either every `step`-th about a reference, or the
// listed ones only, numbered by rank. Coding places on the lattice instead of numbers saves the bits that the
// sensor never had. Not here: how a lattice is learnt (train-columns.ts).
import { type Coder, READING } from './coder.ts';
import { HEAD_FRESH } from './contexts.ts';
import { bitLength, codeRaw } from './symbols.ts';

export interface Lattice {
  /** A usual value: the median. On the lattice. */
  readonly reference: number;
  /** ≥ 1; every value seen was a multiple of it away from the reference. */
  readonly step: number;
  /** The values seen, ascending, when they are few enough among those the step allows; else `null`. */
  readonly ranks: Float64Array | null;
}

/** Places are int32 and this near to 0, so that differences stay int32 too. */
export const PLACE_MOST = 2 ** 30;
/** Values outside the ranks that one block may list; with more, the block leaves the lattice. */
const FRESH_MOST = 15;

/** Places of `whole[0 … count−1]`, written to `places`; the values to list (ascending), or `null`: off the lattice. */
export function placeAll(
  lattice: Lattice,
  whole: Float64Array,
  count: number,
  places: Int32Array,
): number[] | null {
  const { reference, step, ranks } = lattice;
  if (ranks === null) {
    for (let i = 0; i < count; i++) {
      const place = (whole[i]! - reference) / step;
      // Fails for fractions and for what is too far alike.
      if (place !== (place | 0) || place >= PLACE_MOST || place <= -PLACE_MOST) return null;
      places[i] = place;
    }
    return [];
  }
  const fresh: number[] = [];
  for (let i = 0; i < count; i++) {
    const rank = rankOf(ranks, whole[i]!);
    places[i] = rank;
    if (rank >= 0 || fresh.includes(whole[i]!)) continue;
    if (fresh.length === FRESH_MOST || freshIndex(lattice, ranks, whole[i]!) === null) return null;
    fresh.push(whole[i]!);
  }
  if (fresh.length > 0) {
    fresh.sort((x, y) => x - y);
    const all = mergeRanks(ranks, fresh);
    for (let i = 0; i < count; i++) places[i] = rankOf(all, whole[i]!);
  }
  return fresh;
}

/** Index of `value` in ascending `ranks`, or −1. */
export function rankOf(ranks: Float64Array, value: number): number {
  let low = 0;
  let high = ranks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ranks[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return ranks[low] === value ? low : -1;
}

/** Both in one ascending list. Only the few fresh values are sorted: ranks may be hundreds, in every block. */
export function mergeRanks(ranks: Float64Array, fresh: readonly number[]): Float64Array {
  const all = new Float64Array(ranks.length + fresh.length);
  all.set(ranks);
  let end = ranks.length;
  const ascending = fresh.toSorted((x, y) => x - y);
  for (let k = ascending.length - 1; k >= 0; k--) {
    const value = ascending[k]!;
    const from = rankAbove(ranks, end, value);
    all.copyWithin(from + k + 1, from, end);
    all[from + k] = value;
    end = from;
  }
  return all;
}

/** Index of the first of `ranks[0 … end−1]` above `value`, else `end`. */
function rankAbove(ranks: Float64Array, end: number, value: number): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranks[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Codes the values that a block lists besides the ranks; `null`: more than a block may list. */
export function codeFresh(
  coder: Coder,
  lattice: Lattice,
  ranks: Float64Array,
  given: readonly number[],
): number[] | null {
  let count = 0;
  while (coder.flag(given.length > count ? 1 : 0, HEAD_FRESH + Math.min(count, FRESH_MOST)) !== 0) {
    if (++count > FRESH_MOST) return null;
  }
  const reading = coder.mode === READING;
  const bits = freshBits(lattice, ranks);
  const fresh: number[] = [];
  for (let k = 0; k < count; k++) {
    const index = codeRaw(coder, reading ? 0 : (freshIndex(lattice, ranks, given[k]!) ?? 0), bits);
    fresh.push(ranks[0]! + (index - freshMargin(lattice, ranks)) * lattice.step);
  }
  return fresh;
}

/** Steps from the first to the last rank. */
function span(lattice: Lattice, ranks: Float64Array): number {
  return (ranks[ranks.length - 1]! - ranks[0]!) / lattice.step;
}
/** A listed value may lie this many steps outside the ranks. */
function freshMargin(lattice: Lattice, ranks: Float64Array): number {
  return Math.floor(span(lattice, ranks) / 2) + 64;
}
function freshBits(lattice: Lattice, ranks: Float64Array): number {
  return bitLength(span(lattice, ranks) + 2 * freshMargin(lattice, ranks));
}
function freshIndex(lattice: Lattice, ranks: Float64Array, value: number): number | null {
  const index = (value - ranks[0]!) / lattice.step + freshMargin(lattice, ranks);
  return Number.isInteger(index) && index >= 0 && index < 2 ** freshBits(lattice, ranks) ? index : null;
}
