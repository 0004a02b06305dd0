// The integer tables of the coder: logit and its inverse, and the adaptation rates. Built at load time with
// IEEE × ÷ + − only, never with Math.exp or Math.log, whose last bits differ between engines: a table that
// differed by one anywhere would decode other rows.

/** Probabilities on the coded path have 15 bits; those of a context's state have 16. */
const PROBABILITY_ONE = 32_768;
/** Bounds of a coded probability: certainty costs 0.001 bit, a surprise 10.4 bits. */
const PROBABILITY_LEAST = 24;

/** Logits are in 1/256; this many steps either side of even odds. */
export const LOGIT_BOUND = 2047;

/** e^(1/256), as near as a double comes. */
const E_256TH = 1.003913889338348;

/** `SQUASH[LOGIT_BOUND + 1 + logit]`: the probability of that logit. */
export const SQUASH: Uint16Array = squashTable();
/** `STRETCH[p >>> 4]`: the logit of a 16-bit probability. */
export const STRETCH: Int16Array = stretchTable();

/** Observations after which a context's rate of adaptation stays where it is. */
export const COUNT_LIMIT = 120;
/** `RATE[n]`: weight, in 1/32768, of the next observation of a context that has seen `n`. */
export const RATE: Int32Array = Int32Array.from({ length: 256 }, (_, n) =>
  Math.floor(327_680 / (10 * n + 16)),
);

/** 16-bit probability of a logit in quarters, −32 … 31: how priors keep them. */
export function ofQuarters(quarters: number): number {
  return SQUASH[LOGIT_BOUND + 1 + quarters * 64]! * 2;
}
/** 16-bit probability of a logit in eighths, −64 … 63: how the universal prior keeps them. */
export function ofEighths(eighths: number): number {
  return SQUASH[LOGIT_BOUND + 1 + eighths * 32]! * 2;
}

export function nearestQuarters(probability: number): number {
  return nearest(probability, 32, ofQuarters);
}
export function nearestEighths(probability: number): number {
  return nearest(probability, 64, ofEighths);
}

/** The logit whose probability is nearest, found in the table: the same on every engine. */
function nearest(probability: number, bound: number, of: (logit: number) => number): number {
  let low = -bound;
  let high = bound - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(middle) >= probability) high = middle;
    else low = middle + 1;
  }
  return low > -bound && probability - of(low - 1) < of(low) - probability ? low - 1 : low;
}

function odds(): Float64Array {
  const table = new Float64Array(2 * LOGIT_BOUND + 2);
  let up = 1;
  table[LOGIT_BOUND + 1] = 1;
  for (let logit = 1; logit <= LOGIT_BOUND + 1; logit++) {
    up *= E_256TH;
    if (logit <= LOGIT_BOUND) table[LOGIT_BOUND + 1 + logit] = up;
    table[LOGIT_BOUND + 1 - logit] = 1 / up;
  }
  return table;
}

function squashTable(): Uint16Array {
  return Uint16Array.from(odds(), (o) => {
    const p = Math.floor((PROBABILITY_ONE * o) / (1 + o) + 0.5);
    return Math.max(PROBABILITY_LEAST, Math.min(PROBABILITY_ONE - PROBABILITY_LEAST, p));
  });
}

function stretchTable(): Int16Array {
  const table = odds();
  const out = new Int16Array(4096);
  let at = 0;
  for (let i = 0; i < 4096; i++) {
    const wanted = (2 * i + 1) / (8191 - 2 * i);
    while (at < table.length - 1 && table[at]! < wanted) at++;
    out[i] = Math.max(-LOGIT_BOUND, at - LOGIT_BOUND - 1);
  }
  return out;
}
