// What there is to say of a column of numbers before it is coded: in which form its values are whole numbers, which
// rows hold none, and whether it stays on the lattice that the prior leads to expect. Only the writer plans; the
// reader is told. Not here: coding (number-column.ts).
import {
  float32Order,
  lengthen,
  MAX_DECIMALS,
  POWERS,
  shorten,
  significantDigits,
  wholeOf,
} from './decimal.ts';
import { PLACE_MOST, placeAll } from './lattice.ts';
import type { ColumnPrior } from './prior.ts';
import type { Lane } from './relations.ts';
import type { Stream } from './stream.ts';
import type { NumberColumn } from './types.ts';

/** As expected · whole numbers at other decimals or off the lattice · float32 · wide whole numbers · wide float64 ·
 *  whole numbers of few significant digits. */
export const FORM = {
  usual: 0,
  decimal: 1,
  float32: 2,
  wideDecimal: 3,
  wideFloat: 4,
  significant: 5,
} as const;

export const KIND_VALUE = 0;
export const KIND_MISSING = 1;
export const KIND_ESCAPED = 2;

/** What there is to say of a column; written or, when reading, filled in. */
export interface Plan {
  form: number;
  decimals: number;
  /** Significant digits, 0: any. */
  digits: number;
  /** Some row is missing or escaped; `stream.kinds` says which. */
  gaps: boolean;
  /** Rows of kind `value`; their whole numbers (or floats) are `stream.whole[0 … count−1]`. */
  count: number;
  fresh: number[];
}

export function emptyPlan(rowCount: number): Plan {
  return { form: FORM.usual, decimals: 0, digits: 0, gaps: false, count: rowCount, fresh: [] };
}

export function planOf(
  stream: Stream,
  { values, present }: NumberColumn,
  usualDecimals: number,
  prior: ColumnPrior | null,
  lane: Lane,
): Plan {
  const { whole, rowCount } = stream;
  const plan = emptyPlan(rowCount);
  plan.decimals = usualDecimals;
  plan.digits = prior?.digits ?? 0;
  if (!allWhole(values, present, plan, rowCount, whole)) planIrregular(stream, plan, values, present);
  if (plan.form === FORM.usual) {
    if (prior === null) {
      if (!isNarrow(whole, plan.count)) plan.form = FORM.wideDecimal;
      else planDigits(plan, whole);
    } else {
      const fresh = placeAll(prior.lattice, whole, plan.count, plan.gaps ? stream.places : lane.values);
      if (fresh !== null) plan.fresh = fresh;
      else if (isNarrow(whole, plan.count)) plan.form = plan.digits > 0 ? FORM.significant : FORM.decimal;
      else {
        plan.form = FORM.wideDecimal;
        for (let i = 0; i < plan.count; i++) whole[i] = lengthen(whole[i]!, plan.digits);
      }
    }
  } else if (plan.form === FORM.decimal) {
    if (!isNarrow(whole, plan.count)) plan.form = FORM.wideDecimal;
    else planDigits(plan, whole);
  }
  return plan;
}

/** The common case, kept apart so that it is fast. */
function allWhole(
  values: Float64Array,
  present: Uint8Array | null,
  { decimals, digits }: Plan,
  rowCount: number,
  whole: Float64Array,
): boolean {
  const power = POWERS[decimals]!;
  for (let i = 0; i < rowCount; i++) {
    if (present !== null && present[i] === 0) return false;
    const value = shorten(wholeOf(values[i]!, power), digits);
    if (Number.isNaN(value)) return false;
    whole[i] = value;
  }
  return true;
}

/** Finds the form that takes the most values in, and marks the rest. */
function planIrregular(stream: Stream, plan: Plan, values: Float64Array, present: Uint8Array | null): void {
  const { kinds, whole, rowCount } = stream;
  let there = 0;
  for (let i = 0; i < rowCount; i++) {
    kinds[i] = present !== null && present[i] === 0 ? KIND_MISSING : KIND_VALUE;
    if (kinds[i] === KIND_VALUE) there++;
  }
  const take = (wholeOfRow: (value: number) => number): number => {
    let count = 0;
    for (let i = 0; i < rowCount; i++) {
      if (kinds[i] === KIND_MISSING) continue;
      const value = wholeOfRow(values[i]!);
      kinds[i] = Number.isNaN(value) ? KIND_ESCAPED : KIND_VALUE;
      if (!Number.isNaN(value)) whole[count++] = value;
    }
    return count;
  };
  const enough = there - Math.floor(there / 8);
  let found = false;
  // The usual decimals once more, now with room for what is none; then the others, fewest first.
  for (let k = -1; k <= MAX_DECIMALS && !found; k++) {
    const decimals = k < 0 ? plan.decimals : k;
    const digits = k < 0 ? plan.digits : 0;
    plan.count = take((value) => shorten(wholeOf(value, POWERS[decimals]!), digits));
    if (plan.count < enough) continue;
    if (k >= 0) plan.form = FORM.decimal;
    plan.decimals = decimals;
    plan.digits = digits;
    found = true;
  }
  if (!found) {
    plan.form = FORM.float32;
    plan.count = take(float32Order);
    found = plan.count === there && isNarrow(whole, plan.count);
  }
  if (!found) {
    plan.form = FORM.wideFloat;
    // Any 64 bits are taken, NaN too: nothing is escaped.
    let count = 0;
    for (let i = 0; i < rowCount; i++) {
      if (kinds[i] === KIND_MISSING) continue;
      kinds[i] = KIND_VALUE;
      whole[count++] = values[i]!;
    }
    plan.count = count;
  }
  plan.gaps = plan.count < rowCount;
}

/** Numbers of fewer significant digits than their largest has integers are renumbered. */
function planDigits(plan: Plan, whole: Float64Array): void {
  const digits = significantDigits(whole, plan.count);
  if (digits === 0) return;
  plan.form = FORM.significant;
  plan.digits = digits;
  for (let i = 0; i < plan.count; i++) whole[i] = shorten(whole[i]!, digits);
}

/** Differences from the first stay well within 32 bits. */
function isNarrow(whole: Float64Array, count: number): boolean {
  for (let i = 1; i < count; i++) {
    const way = whole[i]! - whole[0]!;
    if (way >= PLACE_MOST || way <= -PLACE_MOST) return false;
  }
  return true;
}
