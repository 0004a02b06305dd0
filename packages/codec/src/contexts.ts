// Where each context lives in the coder's tables. Three tables: `states` (mixed decisions of the residuals), `weights`
// (three per kind of decision) and `plain` (decisions of heads, instants, masks and texts, with one probability each).
// The layout is part of the format: priors are stored in its order. Nothing here computes.

/** Decisions of one magnitude: 0 is the base, 1–5 one class up each, 6–7 one class down each. */
export const STEPS = 8;
/** Model A: level of the slow mean × how the fast mean stands to it. */
export const MODEL_A = 0;
const LEVELS = 18;
/** Model B: what came just before: classes of two residuals, or how long the value has held. */
export const MODEL_B = MODEL_A + LEVELS * 8 * STEPS;
/** Model C, four steps each: the companion column's residual in the same row, or the value just before. */
export const MODEL_C = MODEL_B + 320 * STEPS;
export const MODEL_C_VALUE = MODEL_C + 96 * 4;
export const SIGN_A = MODEL_C_VALUE + 128 * 4;
export const SIGN_B = SIGN_A + 45;
export const SIGN_C = SIGN_B + 48;
export const SIGN_C_VALUE = SIGN_C + 36;
export const MANTISSA_A = SIGN_C_VALUE + 128;
export const MANTISSA_B = MANTISSA_A + 48;
export const MANTISSA_C = MANTISSA_B + 48;
/** An instant's deviation from its grid, no and then which way: by the deviations before it, by the last four steps,
 *  by how long the steps have been even. */
export const INSTANT_A = MANTISSA_C + 24;
export const INSTANT_B = INSTANT_A + 2 * 8;
export const INSTANT_C = INSTANT_B + 2 * 81;
export const STATE_COUNT = INSTANT_C + 2 * 48;

export const WEIGHT_BASE = 0;
export const WEIGHT_UP_QUIET = 9;
export const WEIGHT_UP = WEIGHT_UP_QUIET + 15;
export const WEIGHT_DOWN = WEIGHT_UP + 15;
export const WEIGHT_SIGN = WEIGHT_DOWN + 6;
export const WEIGHT_MANTISSA = WEIGHT_SIGN + 3;
export const WEIGHT_INSTANT = WEIGHT_MANTISSA + 6;
export const WEIGHT_COUNT = WEIGHT_INSTANT + 6;

/** Size of the contexts of one signed whole number: zero, sign, tree of its class, first bit below the top one. */
export const NUMBER_SIZE = 130;

// Heads: one column's.
export const HEAD_ORDINARY = 0;
export const HEAD_GAPS = 1;
export const HEAD_FORM = 2;
export const HEAD_CONSTANT = 10;
export const HEAD_STEP = 11;
export const HEAD_PREDICTOR = 12;
export const HEAD_FRESH = 20;
export const HEAD_FIRST = 36;
export const HEAD_SIZE = HEAD_FIRST + NUMBER_SIZE;
// What follows is the stream's, not a column's.
export const STEP_NUMBER = HEAD_SIZE;
/** Masks: previous row × row before × the column before. */
export const MASK = STEP_NUMBER + NUMBER_SIZE;
export const ESCAPE = MASK + 8;
export const WIDE = ESCAPE + 2;
export const WIDE_CONTEXTS = 9;
export const TEXT_LENGTH = WIDE + WIDE_CONTEXTS * NUMBER_SIZE;
export const TEXT_NARROW = TEXT_LENGTH + NUMBER_SIZE;
export const TEXT_UNIT = TEXT_NARROW + 1;
export const INSTANT_REGULAR = TEXT_UNIT + 256;
export const INSTANT_RAW = INSTANT_REGULAR + 1;
export const INSTANT_UNIT = INSTANT_RAW + 1;
/** How large a deviation is. */
export const INSTANT_DEVIATION = INSTANT_UNIT + 4;
export const PLAIN_COUNT = INSTANT_DEVIATION + NUMBER_SIZE;
