// The residual loop: a column's whole numbers, each as the difference from what the rows before it (and other columns
// of the same row) predict. A residual is its class (bit length of its magnitude) found by steps up or down from
// the class expected, then sign, two modelled mantissa bits and the rest as whole bits. All arithmetic is int32 and
// wraps, so any int32 value survives any prediction. Not here: what the numbers mean (lattice.ts), the prior's terms
// (relations.ts).
import { type Coder, READING } from './coder.ts';
import {
  MANTISSA_A,
  MANTISSA_B,
  MANTISSA_C,
  MODEL_A,
  MODEL_B,
  MODEL_C,
  MODEL_C_VALUE,
  SIGN_A,
  SIGN_B,
  SIGN_C,
  SIGN_C_VALUE,
  WEIGHT_BASE,
  WEIGHT_DOWN,
  WEIGHT_MANTISSA,
  WEIGHT_SIGN,
  WEIGHT_UP,
  WEIGHT_UP_QUIET,
} from './contexts.ts';

/** Weights, in 1/1024, of: the last three differences, the pull to the running mean, the way gone since row 0. */
export type Weights = readonly [number, number, number, number, number];

/** What a column's residuals tell the columns after it, by row. `activity`: 0 none … 3 large for this column. */
export interface Trace {
  readonly residual: Int32Array;
  readonly activity: Uint8Array;
}

/** Level at which a column without a prior starts: a mean magnitude of two. */
export const LEVEL_START = 9;
/** The mean of magnitudes is kept in 1/256 of magnitudes up to this. */
const MAGNITUDE_MOST = 65_535;
const CLASS_MOST = 32;
/** Pull of the running mean in 1/256: as of all rows at first, of the last 24 in the end. */
const MEAN_PULL = Int32Array.from({ length: 24 }, (_, i) => Math.floor(256 / (i + 1) + 0.5));

/**
 * Codes `values[1 … count−1]`, given `values[0]`; fills `trace` for the same rows.
 * @param outer 1024 times what other columns add to each prediction, or `null`
 * @param companion the trace that serves as context, or `null`
 */
export function codeResiduals(
  coder: Coder,
  values: Int32Array,
  count: number,
  weights: Weights,
  level: number,
  outer: Int32Array | null,
  companion: Trace | null,
  trace: Trace,
): void {
  const [w1, w2, w3, w4, w5] = weights;
  const reading = coder.mode === READING;
  const { residual, activity } = trace;
  const first = values[0]!;
  let before = first;
  let d1 = 0;
  let d2 = 0;
  let d3 = 0;
  let mean = 0;
  let class1 = 0;
  let class2 = 0;
  let sign1 = 0;
  let sign2 = 0;
  let held = 1;
  let heldBefore = 0;
  let lastClass = 0;
  let lastSign = 0;
  let slow = 1 << level;
  let fast = slow;
  residual[0] = 0;
  activity[0] = 0;
  for (let i = 1; i < count; i++) {
    const pull = ((mean >> 8) + first - before) | 0;
    const step =
      (Math.imul(w1, d1) +
        Math.imul(w2, d2) +
        Math.imul(w3, d3) +
        Math.imul(w4, pull) +
        Math.imul(w5, before - first) +
        (outer === null ? 0 : outer[i]!) +
        512) >>
      10;
    const predicted = (before + step) | 0;

    const slowHalves = halfOctaves(slow);
    const lv = slowHalves < 6 ? 0 : slowHalves - 6;
    let relative = halfOctaves(fast) - slowHalves + 4;
    relative = relative < 0 ? 0 : relative > 7 ? 7 : relative;
    // Classes are counted from the one expected, so that columns of all scales share contexts.
    const expected = lv < 12 ? 0 : ((lv - 12) >> 1) + 1;
    const scale = expected > 2 ? 2 : expected;
    const a = MODEL_A + ((lv > 17 ? 16 + (lv & 1) : lv) * 8 + relative) * 8;
    let b: number;
    if (expected === 0) {
      b =
        class1 > 0
          ? (class1 > 7 ? 7 : class1) * 8 + (class2 > 7 ? 7 : class2)
          : 64 + duration(held) * 8 + (lastClass > 7 ? 7 : lastClass);
    } else if (class1 > 0) {
      b = (scale === 1 ? 128 : 192) + around(class1 - expected) * 8 + around(class2 - expected);
    } else b = 256 + duration(held) * 8 + duration(heldBefore);
    b = MODEL_B + b * 8;
    const c =
      companion === null
        ? MODEL_C_VALUE + (before & 127) * 4
        : MODEL_C +
          ((scale * 4 + companion.activity[i]!) * 8 +
            (expected === 0 ? (class1 > 1 ? 2 : class1) + (lv > 6 ? 3 : 0) : relative >> 1)) *
            4;

    let error = 0;
    let magnitude = 0;
    let known = 0;
    if (!reading) {
      error = (values[i]! - predicted) | 0;
      magnitude = error < 0 ? -error | 0 : error;
      known = 32 - Math.clz32(magnitude);
    }
    const base = expected < 1 ? 1 : expected;
    let size: number;
    if (coder.bit(known >= base ? 1 : 0, a, b, c, WEIGHT_BASE + scale * 3) !== 0) {
      const upWeights = scale === 0 ? WEIGHT_UP_QUIET : WEIGHT_UP;
      for (size = base; size < CLASS_MOST; size++) {
        const up = size - base;
        const j = up > 4 ? 4 : up;
        if (
          coder.bit(known > size ? 1 : 0, a + 1 + j, b + 1 + j, c + (j > 0 ? 2 : 1), upWeights + j * 3) === 0
        ) {
          break;
        }
      }
    } else {
      for (size = base - 1; size > 0; size--) {
        const j = base - size > 1 ? 1 : 0;
        if (coder.bit(known < size ? 1 : 0, a + 6 + j, b + 6 + j, c + 3, WEIGHT_DOWN + j * 3) === 0) break;
      }
    }

    let sign = 0;
    if (size > 0) {
      // Which way the running mean lies from the prediction, and how far on this column's scale.
      const lean = (pull - step) | 0;
      const far = lean < 0 ? -lean : lean;
      const leaning = far << 9 < slow ? 2 : lean < 0 ? (far << 7 < slow ? 1 : 0) : far << 7 < slow ? 3 : 4;
      let signC = SIGN_C_VALUE + (before & 127);
      if (companion !== null) {
        const other = companion.residual[i]!;
        signC = SIGN_C + ((other < 0 ? 1 : other > 0 ? 2 : 0) * 4 + companion.activity[i]!) * 3 + lastSign;
      }
      sign =
        1 +
        coder.bit(
          error < 0 ? 1 : 0,
          SIGN_A + (sign1 * 3 + sign2) * 5 + leaning,
          SIGN_B + ((class1 > 7 ? 7 : class1) * 3 + lastSign) * 2 + (size > base + 1 ? 1 : 0),
          signC,
          WEIGHT_SIGN,
        );
      if (size > 1) {
        const ma = MANTISSA_A + (size > 15 ? 15 : size) * 3;
        const mb = MANTISSA_B + (expected > 15 ? 15 : expected) * 3;
        const mc = MANTISSA_C + relative * 3;
        const high = coder.bit((magnitude >>> (size - 2)) & 1, ma, mb, mc, WEIGHT_MANTISSA);
        let bits = 2 + high;
        if (size > 2) {
          const given = (magnitude >>> (size - 3)) & 1;
          bits =
            bits * 2 + coder.bit(given, ma + 1 + high, mb + 1 + high, mc + 1 + high, WEIGHT_MANTISSA + 3);
          if (size > 3) {
            const rest = size - 3;
            bits = (bits << rest) | coder.raw(magnitude & ((1 << rest) - 1), rest);
          }
        }
        magnitude = bits;
      } else magnitude = 1;
      if (reading) error = sign === 2 ? -magnitude | 0 : magnitude;
      lastClass = size;
      lastSign = sign;
      heldBefore = held;
      held = 1;
    } else {
      magnitude = 0;
      if (reading) error = 0;
      if (held < 100) held++;
    }
    if (reading) values[i] = predicted + error;
    residual[i] = error;
    if (expected === 0) activity[i] = size > 2 ? 3 : size;
    else activity[i] = size < expected ? 0 : size - expected > 1 ? 3 : size - expected + 1;

    class2 = class1;
    class1 = size;
    sign2 = sign1;
    sign1 = sign;
    const weighed = (magnitude < 0 || magnitude > MAGNITUDE_MOST ? MAGNITUDE_MOST : magnitude) << 8;
    slow += (weighed - slow) >> 4;
    fast += (weighed - fast) >> 2;
    if (slow < 1) slow = 1;
    if (fast < 1) fast = 1;
    const now = values[i]!;
    d3 = d2;
    d2 = d1;
    d1 = (now - before) | 0;
    before = now;
    mean = (mean + (Math.imul((((now - first) << 8) - mean) >> 4, MEAN_PULL[i < 23 ? i : 23]!) >> 4)) | 0;
  }
}

/** Twice the binary logarithm, near enough: 0 … 49. */
function halfOctaves(mean: number): number {
  const bits = 32 - Math.clz32(mean);
  return bits < 2 ? bits : bits * 2 - 2 + ((mean >> (bits - 2)) & 1);
}

function around(difference: number): number {
  return difference < -3 ? 0 : difference > 4 ? 7 : difference + 3;
}

function duration(rows: number): number {
  if (rows < 4) return rows;
  return rows > 7 ? (rows > 15 ? (rows > 31 ? 7 : 6) : 5) : 4;
}
