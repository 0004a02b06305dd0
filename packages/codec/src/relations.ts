// What other columns of the same stream say of a column: a sum of few terms, each a quantity of an earlier column
// times a trained weight, added to the prediction of every row. Earlier columns are whole by then, so a term may
// look one row ahead. Doubles only where every product is exact; the order of the sum is that of the terms.
import type { Trace } from './residual.ts';

/** Quantities of the other column: its residual one row before, in the row, one row after; likewise its difference
 *  from the row before in the row and one row after; its way since row 0. */
export const TERM_KINDS = 6;

export interface Term {
  /** Place of the other column in the stream; before this one's. */
  readonly from: number;
  readonly kind: number;
  /** Weight = mantissa × 2^−shift. */
  readonly mantissa: number;
  readonly shift: number;
}
export const MANTISSA_MOST = 127;
export const SHIFT_MOST = 31;
export const MAX_TERMS = 6;

/** A column of a stream while the stream is coded. */
export interface Lane {
  readonly values: Int32Array;
  readonly trace: Trace;
  /** Every row is there, on the lattice of the prior: other columns may build on it. */
  related: boolean;
  /** Every row is there: its trace lies row by row. */
  aligned: boolean;
}

export function termQuantity(kind: number, { values, trace }: Lane, row: number, rowCount: number): number {
  const ahead = row + 1 < rowCount;
  switch (kind) {
    case 0:
      return trace.residual[row - 1]!;
    case 1:
      return trace.residual[row]!;
    case 2:
      return ahead ? trace.residual[row + 1]! : 0;
    case 3:
      return values[row]! - values[row - 1]!;
    case 4:
      return values[row]! - values[0]!;
    default:
      return ahead ? values[row + 1]! - values[row]! : 0;
  }
}

/** 1024 times the sum of the terms, by row, into `outer`; false when a column they need is not as usual. */
export function sumTerms(
  terms: readonly Term[],
  lanes: readonly Lane[],
  rowCount: number,
  sums: Float64Array,
  outer: Int32Array,
): boolean {
  if (terms.length === 0) return false;
  for (const { from } of terms) if (!lanes[from]!.related) return false;
  sums.fill(0, 0, rowCount);
  for (const { from, kind, mantissa, shift } of terms) {
    const lane = lanes[from]!;
    const weight = (mantissa * 1024) / 2 ** shift;
    for (let i = 1; i < rowCount; i++) sums[i]! += weight * termQuantity(kind, lane, i, rowCount);
  }
  for (let i = 1; i < rowCount; i++) {
    const sum = Math.floor(sums[i]! + 0.5);
    outer[i] = sum > 1e9 ? 1e9 : sum < -1e9 ? -1e9 : sum;
  }
  return true;
}
