// The predictors a block may choose among when no prior has fitted one to the column, and how a column fares under
// a predictor. Choosing looks at the first rows only. Not here: coding (residual.ts does the same walk, inlined).
import type { Weights } from './residual.ts';

/** In 1/1024: last value, straight on, half on, pull to the mean (two strengths), swing back, curve. */
export const PREDICTORS: readonly Weights[] = [
  [0, 0, 0, 0, 0],
  [1024, 0, 0, 0, 0],
  [512, 0, 0, 0, 0],
  [0, 0, 0, 512, 0],
  [0, 0, 0, 900, 0],
  [-400, -200, 0, 0, 0],
  [1500, -600, 0, 0, 0],
];
const ROWS_LOOKED_AT = 512;

/** Index of the predictor that leaves the fewest bits; the last value unless another is clearly better. */
export function choosePredictor(values: Int32Array, count: number): number {
  const rows = Math.min(count, ROWS_LOOKED_AT);
  let best = 0;
  let bestBits = bitsLeft(values, rows, PREDICTORS[0]!) - rows * 0.02 - 2;
  for (let k = 1; k < PREDICTORS.length; k++) {
    const bits = bitsLeft(values, rows, PREDICTORS[k]!);
    if (bits < bestBits) {
      best = k;
      bestBits = bits;
    }
  }
  return best;
}

function bitsLeft(values: Int32Array, count: number, [w1, w2, , w4]: Weights): number {
  const first = values[0]!;
  let before = first;
  let d1 = 0;
  let d2 = 0;
  let mean = 0;
  let product = 1;
  let bits = 0;
  for (let i = 1; i < count; i++) {
    const now = values[i]!;
    const pull = mean + first - before;
    const error = now - before - (w1 * d1 + w2 * d2 + w4 * pull) / 1024;
    product *= 1 + Math.round(error < 0 ? -error : error);
    while (product >= 4_294_967_296) {
      product /= 4_294_967_296;
      bits += 32;
    }
    d2 = d1;
    d1 = now - before;
    before = now;
    mean += (now - first - mean) / Math.min(24, i + 1);
  }
  return bits + fractionalLog2(product);
}

/** Binary logarithm, straight between powers of two: near enough to choose by, and the same on every engine. */
function fractionalLog2(value: number): number {
  let whole = 0;
  let rest = value;
  while (rest >= 2) {
    rest /= 2;
    whole++;
  }
  return whole + rest - 1;
}
