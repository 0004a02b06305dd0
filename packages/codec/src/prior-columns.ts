// One column inside a prior's bytes: its lattice, predictor, terms, companion and tables. Every part read is checked:
// ranks ascend, terms and companions come before the column, nothing exceeds the budget.
import type { Coder } from './coder.ts';
import { HEAD_SIZE, INSTANT_A } from './contexts.ts';
import { WHOLE_MOST } from './decimal.ts';
import { PREDICTORS } from './predictors.ts';
import type { ColumnPrior, UniversalPrior } from './prior.ts';
import { type Budget, CONTEXT, codePlain, codeStates, type Used } from './prior-tables.ts';
import { MANTISSA_MOST, MAX_TERMS, SHIFT_MOST, TERM_KINDS, type Term } from './relations.ts';
import type { Weights } from './residual.ts';
import { codeNumber, codeTree } from './symbols.ts';

export const MAX_TEXTS = 64;
const LEVEL_MOST = 24;

export function codeColumnPrior(
  coder: Coder,
  given: ColumnPrior | null,
  place: number,
  universal: UniversalPrior,
  used: Used,
  budget: Budget,
): ColumnPrior | null {
  const decimals = codeTree(coder, CONTEXT.decimals, 4, given?.decimals ?? 0);
  const digits = codeTree(coder, CONTEXT.digits, 4, given?.digits ?? 0);
  const reference = codeNumber(coder, CONTEXT.reference, given?.lattice.reference ?? 0);
  const step = 1 + codeNumber(coder, CONTEXT.step, (given?.lattice.step ?? 1) - 1);
  if (Math.abs(reference) > WHOLE_MOST || step < 1 || step > WHOLE_MOST) return null;
  const ranks = codeRanks(coder, given?.lattice.ranks ?? null, given === null, reference, step, budget);
  if (ranks === undefined) return null;
  const level = codeTree(coder, CONTEXT.level, 5, given?.level ?? 0);
  const weights = codeWeights(coder, given?.weights ?? null);
  const terms = codeTerms(coder, given?.terms ?? null, place);
  const companion = codeTree(coder, CONTEXT.place, 4, (given?.companion ?? -1) + 1) - 1;
  if (level > LEVEL_MOST || weights === null || terms === null || companion >= place) return null;
  const states = codeStates(coder, given?.states ?? null, 0, INSTANT_A, universal, used, budget);
  const heads = codePlain(coder, given?.heads ?? null, universal.heads, 0, HEAD_SIZE, budget);
  const texts = codeTexts(coder, given?.texts ?? null, budget);
  if (states === null || heads === null || texts === null) return null;
  return {
    decimals,
    digits,
    lattice: { reference, step, ranks },
    weights,
    terms,
    companion,
    level,
    states,
    heads,
    texts,
  };
}

/** `undefined`: nonsense. The ranks are coded up and down from the reference, which is one of them. */
function codeRanks(
  coder: Coder,
  given: Float64Array | null,
  reading: boolean,
  reference: number,
  step: number,
  budget: Budget,
): Float64Array | null | undefined {
  const count = codeNumber(coder, CONTEXT.rankCount, given?.length ?? 0);
  if (count === 0) return null;
  budget.ranks -= count;
  if (count < 0 || budget.ranks < 0) return undefined;
  const below = codeNumber(coder, CONTEXT.rankCount, given === null ? 0 : given.indexOf(reference));
  if (below < 0 || below >= count) return undefined;
  const ranks = new Float64Array(count);
  ranks[below] = reference;
  for (let k = below + 1; k < count; k++) {
    const gap =
      codeNumber(coder, CONTEXT.rankGap, reading ? 0 : (given![k]! - given![k - 1]!) / step - 1) + 1;
    ranks[k] = ranks[k - 1]! + gap * step;
    if (gap < 1 || ranks[k]! > WHOLE_MOST) return undefined;
  }
  for (let k = below - 1; k >= 0; k--) {
    const gap =
      codeNumber(coder, CONTEXT.rankGap, reading ? 0 : (given![k + 1]! - given![k]!) / step - 1) + 1;
    ranks[k] = ranks[k + 1]! - gap * step;
    if (gap < 1 || ranks[k]! < -WHOLE_MOST) return undefined;
  }
  return ranks;
}

/** One of the fixed predictors by index, or its own weights in steps of 16/1024. */
function codeWeights(coder: Coder, given: Weights | null): Weights | null {
  const index = given === null ? 0 : PREDICTORS.findIndex((fixed) => fixed.every((w, k) => w === given[k]));
  const choice = codeTree(coder, CONTEXT.predictor, 3, index < 0 ? PREDICTORS.length : index);
  const fixed = PREDICTORS[choice];
  if (fixed !== undefined) return fixed;
  const own = [0, 0, 0, 0, 0].map((_, k) =>
    codeNumber(coder, CONTEXT.weight, given === null ? 0 : given[k]! / 16),
  );
  if (own.some((weight) => Math.abs(weight) > 256)) return null;
  return [own[0]! * 16, own[1]! * 16, own[2]! * 16, own[3]! * 16, own[4]! * 16];
}

function codeTerms(coder: Coder, given: readonly Term[] | null, place: number): Term[] | null {
  const count = codeTree(coder, CONTEXT.termCount, 3, given?.length ?? 0);
  if (count > MAX_TERMS) return null;
  const terms: Term[] = [];
  for (let k = 0; k < count; k++) {
    const term = given?.[k];
    const from = codeTree(coder, CONTEXT.place + 16, 4, term?.from ?? 0);
    const kind = codeTree(coder, CONTEXT.termKind, 3, term?.kind ?? 0);
    const shift = codeTree(coder, CONTEXT.shift, 5, term?.shift ?? 0);
    const mantissa = codeNumber(coder, CONTEXT.mantissa, term?.mantissa ?? 0);
    if (from >= place || kind >= TERM_KINDS || shift > SHIFT_MOST || Math.abs(mantissa) > MANTISSA_MOST)
      return null;
    terms.push({ from, kind, mantissa, shift });
  }
  return terms;
}

function codeTexts(coder: Coder, given: readonly string[] | null, budget: Budget): string[] | null {
  const count = codeNumber(coder, CONTEXT.text, given?.length ?? 0);
  if (count < 0 || count > MAX_TEXTS) return null;
  const texts: string[] = [];
  for (let k = 0; k < count; k++) {
    const text = given?.[k] ?? '';
    const length = codeNumber(coder, CONTEXT.text, text.length);
    budget.textUnits -= length;
    if (length < 0 || budget.textUnits < 0) return null;
    let units = '';
    for (let i = 0; i < length; i++) units += String.fromCharCode(coder.raw(text.charCodeAt(i), 16));
    texts.push(units);
  }
  return texts;
}
