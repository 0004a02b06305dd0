// What is known of rows before a block is read. The universal prior: how residuals of measured quantities are spread,
// whatever the machine. A prior: the same for one schema, learnt from its own rows, with each column's lattice,
// predictor and relations, kept as differences from the universal one so that it is small in memory too.
// Not here: how they are learnt (train*.ts) and their bytes (prior-bytes.ts).
import type { Coder } from './coder.ts';
import type { Lattice } from './lattice.ts';
import type { Term } from './relations.ts';
import type { Weights } from './residual.ts';

export interface UniversalPrior {
  readonly states: Int32Array;
  readonly weights: Int32Array;
  /** Without a prior. */
  readonly plain: Uint16Array;
  /** Heads of a column whose prior says nothing of them. */
  readonly heads: Uint16Array;
  /** 24 bits that a block's check covers, so that it is refused under another universal prior. */
  readonly check: number;
}

/** Entries of a table that differ from the universal one: those from `from` to before `to` of two arrays that others may share. */
export interface Overrides {
  readonly indexes: Uint16Array;
  readonly values: Int32Array;
  readonly from: number;
  readonly to: number;
}

export function overridesOf(indexes: readonly number[], values: readonly number[]): Overrides {
  return { indexes: Uint16Array.from(indexes), values: Int32Array.from(values), from: 0, to: indexes.length };
}

export interface ColumnPrior {
  readonly decimals: number;
  /** Significant digits, 0: any; the lattice is that of the numbers so renumbered. */
  readonly digits: number;
  readonly lattice: Lattice;
  /** Weights of the predictor, and the terms of other columns that go with them. */
  readonly weights: Weights;
  readonly terms: readonly Term[];
  /** Place in the stream of the column whose residuals are context, or −1. */
  readonly companion: number;
  /** Binary logarithm of 256 × the usual magnitude of a residual. */
  readonly level: number;
  readonly states: Overrides;
  readonly heads: Overrides;
  /** Known values of a text channel. */
  readonly texts: readonly string[];
}

export interface InstantPrior {
  /** The last instant seen: the next block's is likely not far. */
  readonly lastMs: number;
  /** Mean time between two rows, in 1/256 ms. */
  readonly period: number;
  readonly plain: Overrides;
  readonly states: Overrides;
}

export interface Prior {
  /** 16 lower-case hex digits of a content hash of its bytes; a block names a prior by the first six. */
  readonly hash: string;
  /** 24 bits that a block's check covers. */
  readonly check: number;
  /** Of the schema it was made for. */
  readonly fingerprint: number;
  /** Indexes of the columns of each stream, in coding order; each column once. */
  readonly streams: readonly Uint16Array[];
  /** By column index. */
  readonly columns: readonly ColumnPrior[];
  readonly instants: InstantPrior;
  readonly weights: Int32Array;
}

/** Columns of one stream at most: a chart that needs the last pays for all before it. */
export const MAX_STREAM_COLUMNS = 16;
/** Consecutive columns that share a stream when no prior groups them. */
export const STREAM_COLUMNS = 8;

/** Weights learn slower when they were trained on the very machine. */
const LEARNING_UNIVERSAL = 13;
const LEARNING_PRIMED = 14;

/** What a stream starts from. */
export function loadStream(coder: Coder, universal: UniversalPrior, prior: Prior | null): void {
  coder.plain.set(universal.plain);
  coder.learningShift = prior === null ? LEARNING_UNIVERSAL : LEARNING_PRIMED;
  if (prior !== null) apply(coder.plain, prior.instants.plain);
}

/** What the instants of a block start from, after `loadStream`. */
export function loadInstants(coder: Coder, universal: UniversalPrior, prior: Prior | null): void {
  loadResiduals(coder, universal, prior, null);
  if (prior !== null) apply(coder.states, prior.instants.states);
}

/** What a column's head starts from; without a prior heads go on learning from column to column. */
export function loadHead(coder: Coder, universal: UniversalPrior, column: ColumnPrior | null): void {
  if (column === null) return;
  coder.plain.set(universal.heads);
  apply(coder.plain, column.heads);
}

/** What a column's residuals start from; `column` is `null` when the block leaves the column's lattice, too. */
export function loadResiduals(
  coder: Coder,
  universal: UniversalPrior,
  prior: Prior | null,
  column: ColumnPrior | null,
): void {
  coder.states.set(universal.states);
  coder.weights.set(prior === null ? universal.weights : prior.weights);
  if (column !== null) apply(coder.states, column.states);
  coder.watcher?.begin();
}

function apply(table: Int32Array | Uint16Array, { indexes, values, from, to }: Overrides): void {
  for (let k = from; k < to; k++) table[indexes[k]!] = values[k]!;
}
