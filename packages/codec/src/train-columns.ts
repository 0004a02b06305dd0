// Learning what each column is by itself: its decimals, its lattice, the predictor that fits it.
// Training is not on the coded path, so it may use logarithms; what it finds is rounded and stored as integers.
import { MAX_DECIMALS, POWERS, shorten, significantDigits, WHOLE_MOST, wholeOf } from './decimal.ts';
import { type Lattice, PLACE_MOST, rankOf } from './lattice.ts';
import { solve } from './least-squares.ts';
import { PREDICTORS } from './predictors.ts';
import type { Weights } from './residual.ts';
import type { CodecChannel, NumberColumn, Rows } from './types.ts';

/** Rows of one piece of training; longer samples are cut into such. */
export const PIECE_ROWS = 60;

/** A column of the samples, ready to fit. */
export interface Sampled {
  readonly decimals: number;
  readonly digits: number;
  readonly lattice: Lattice;
  /** Places on the lattice by piece; `null` where the piece has gaps or leaves the lattice. */
  readonly pieces: readonly (Int32Array | null)[];
  readonly constant: boolean;
}

export interface Walk {
  d1: number;
  d2: number;
  d3: number;
  pull: number;
  way: number;
}

/** Cuts samples into pieces of at most `PIECE_ROWS` rows. */
export function cut(samples: readonly Rows[]): Rows[] {
  return samples.flatMap((rows) => {
    const pieces: Rows[] = [];
    for (let from = 0; from < rows.rowCount; from += PIECE_ROWS) {
      const to = Math.min(rows.rowCount, from + PIECE_ROWS);
      // A short rest would teach what short blocks are like.
      if (to - from < PIECE_ROWS / 2 && pieces.length > 0) break;
      pieces.push(sliceRows(rows, from, to));
    }
    return pieces;
  });
}

function sliceRows(rows: Rows, from: number, to: number): Rows {
  return {
    rowCount: to - from,
    timesMs: rows.timesMs.subarray(from, to),
    columns: rows.columns.map((column) =>
      column.type === 'text'
        ? { type: 'text', values: column.values.slice(from, to) }
        : {
            type: 'number',
            values: column.values.subarray(from, to),
            present: column.present === null ? null : column.present.subarray(from, to),
          },
    ),
  };
}

/** `index` is the column's; `pieces` those to fit on, `samples` all rows there are. */
export function sampleColumn(
  channel: CodecChannel,
  index: number,
  samples: readonly Rows[],
  pieces: readonly Rows[],
): Sampled {
  const decimals = usualDecimals(channel, index, samples);
  const all: number[] = [];
  /** Where each piece starts among all values. */
  const starts: number[] = [];
  for (const rows of cut(samples)) {
    starts.push(all.length);
    eachWhole(rows, index, decimals, 0, (whole) => all.push(whole));
  }
  const whole = Float64Array.from(all);
  const digits = significantDigits(whole, whole.length);
  const lattice = learnLattice(
    whole.map((value) => shorten(value, digits)),
    starts,
  );
  const placed = pieces.map((rows) => placesOf(rows, index, decimals, digits, lattice));
  return { decimals, digits, lattice, pieces: placed, constant: all.every((whole) => whole === all[0]) };
}

function eachWhole(
  rows: Rows,
  index: number,
  decimals: number,
  digits: number,
  take: (whole: number) => void,
): void {
  const column = rows.columns[index] as NumberColumn;
  const power = POWERS[decimals]!;
  for (let i = 0; i < rows.rowCount; i++) {
    if (column.present !== null && column.present[i] === 0) continue;
    const whole = shorten(wholeOf(column.values[i]!, power), digits);
    if (!Number.isNaN(whole)) take(whole);
  }
}

/** The channel's own when they fit seven samples of eight, else the fewest that do. */
function usualDecimals(channel: CodecChannel, index: number, samples: readonly Rows[]): number {
  let there = 0;
  for (const rows of samples) {
    const { present } = rows.columns[index] as NumberColumn;
    for (let i = 0; i < rows.rowCount; i++) if (present === null || present[i] !== 0) there++;
  }
  const tried = channel.decimals === null ? [] : [channel.decimals];
  for (let d = 0; d <= MAX_DECIMALS; d++) tried.push(d);
  for (const decimals of tried) {
    let fits = 0;
    for (const rows of samples) eachWhole(rows, index, decimals, 0, () => fits++);
    if (fits >= there - there / 8) return decimals;
  }
  return channel.decimals ?? 0;
}

/** Dictionaries longer than this cost more to send than they save. */
const RANKS_MOST = 2048;
/** Bits that a value outside the ranks costs a block, about. */
const FRESH_COST_BITS = 14;

/** @param starts of the pieces among all values, which are in the order of time. */
function learnLattice(all: Float64Array, starts: readonly number[]): Lattice {
  const sorted = all.slice().sort();
  const reference = sorted[sorted.length >> 1] ?? 0;
  let step = 0;
  const distinct: number[] = [];
  let once = 0;
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i]!;
    if (i > 0 && value === sorted[i - 1]) continue;
    if (sorted[i + 1] !== value) once++;
    if (distinct.length > 0) {
      let rest = value - distinct[distinct.length - 1]!;
      while (rest !== 0) [step, rest] = [rest, step % rest];
    }
    distinct.push(value);
  }
  if (step === 0 || step > WHOLE_MOST) step = 1;
  const span = (sorted[sorted.length - 1]! - sorted[0]!) / step + 1;
  const ranked =
    distinct.length > 1 &&
    distinct.length <= RANKS_MOST &&
    all.length / distinct.length > 6 &&
    span > 1.5 * distinct.length &&
    span < PLACE_MOST &&
    Math.max(once / all.length, 4 * freshShare(all, starts)) * FRESH_COST_BITS <
      0.35 * Math.log2(span / distinct.length);
  return { reference, step, ranks: ranked ? Float64Array.from(distinct) : null };
}

/**
 * Values of the later half's pieces that the earlier half does not know, each counted once a piece, per sample: what
 * drifts or sweeps through its range soon leaves any list of the values it had.
 */
function freshShare(all: Float64Array, starts: readonly number[]): number {
  const middle = starts[starts.length >> 1] ?? 0;
  const known = new Set(all.subarray(0, middle));
  let fresh = 0;
  for (let piece = starts.length >> 1; piece < starts.length; piece++) {
    const values = new Set(all.subarray(starts[piece], starts[piece + 1]));
    for (const value of values) if (!known.has(value)) fresh++;
  }
  return all.length === middle ? 0 : fresh / (all.length - middle);
}

function placesOf(
  rows: Rows,
  index: number,
  decimals: number,
  digits: number,
  lattice: Lattice,
): Int32Array | null {
  const places = new Int32Array(rows.rowCount);
  let count = 0;
  let within = true;
  eachWhole(rows, index, decimals, digits, (whole) => {
    const place =
      lattice.ranks === null ? (whole - lattice.reference) / lattice.step : rankOf(lattice.ranks, whole);
    if (place >= PLACE_MOST || place <= -PLACE_MOST) within = false;
    places[count++] = place;
  });
  return within && count === rows.rowCount ? places : null;
}

/** Walks a piece under a predictor; `visit` gets the residual and what the predictor had to go by. */
export function walk(
  places: Int32Array,
  [w1, w2, w3, w4, w5]: Weights,
  outer: Float64Array | null,
  visit: (row: number, residual: number, walk: Walk, difference: number) => void,
): void {
  const first = places[0]!;
  const at: Walk = { d1: 0, d2: 0, d3: 0, pull: 0, way: 0 };
  let before = first;
  let mean = 0;
  for (let i = 1; i < places.length; i++) {
    const now = places[i]!;
    at.pull = mean + first - before;
    at.way = before - first;
    const step =
      w1 * at.d1 + w2 * at.d2 + w3 * at.d3 + w4 * at.pull + w5 * at.way + (outer === null ? 0 : outer[i]!);
    visit(i, now - before - Math.floor(step / 1024 + 0.5), at, now - before);
    at.d3 = at.d2;
    at.d2 = at.d1;
    at.d1 = now - before;
    before = now;
    mean += (now - first - mean) / Math.min(24, i + 1);
  }
}

export interface Fit {
  weights: Weights;
  /** Sum of binary logarithms of 1 + |residual|: what is compared. */
  bits: number;
  /** Sum of |residual|. */
  sum: number;
  residuals: (Int32Array | null)[];
}

export function fitOf(
  pieces: readonly (Int32Array | null)[],
  weights: Weights,
  outers: readonly (Float64Array | null)[] | null,
): Fit {
  let bits = 0;
  let sum = 0;
  const residuals = pieces.map((places, p) => {
    if (places === null) return null;
    const residual = new Int32Array(places.length);
    walk(places, weights, outers?.[p] ?? null, (row, error) => {
      const magnitude = Math.abs(error);
      bits += Math.log2(1 + magnitude);
      sum += Math.min(65_535, magnitude);
      residual[row] = error;
    });
    return residual;
  });
  return { weights, bits, sum, residuals };
}

/** The best of the fixed predictors and a fitted one. */
export function fitPredictor(pieces: readonly (Int32Array | null)[]): Fit {
  const own = 4;
  const gram = Array.from({ length: own }, () => new Float64Array(own));
  const right = new Float64Array(own);
  for (const places of pieces) {
    if (places === null) continue;
    walk(places, PREDICTORS[0]!, null, (_, __, { d1, d2, d3, pull }, difference) => {
      const weight = 1 / (1 + Math.abs(difference) + Math.abs(d1));
      const terms = [d1, d2, d3, pull];
      for (let p = 0; p < own; p++) {
        for (let q = 0; q < own; q++) gram[p]![q]! += weight * terms[p]! * terms[q]!;
        right[p]! += weight * terms[p]! * difference;
      }
    });
  }
  const solved = solve(gram, right, [0, 1, 2, 3]);
  const fitted = solved === null ? [] : [ownWeights([...solved, 0])];
  let best = fitOf(pieces, PREDICTORS[0]!, null);
  best.bits *= 0.99;
  for (const weights of [...PREDICTORS.slice(1), ...fitted]) {
    const fit = fitOf(pieces, weights, null);
    if (fit.bits < best.bits) best = fit;
  }
  return best;
}

/** In 1/1024, in steps of 16, so that they are few bits in a prior. */
export function ownWeights(solved: readonly number[]): Weights {
  const rounded = (k: number): number => Math.max(-4096, Math.min(4080, Math.round(solved[k]! * 64) * 16));
  return [rounded(0), rounded(1), rounded(2), rounded(3), rounded(4)];
}
