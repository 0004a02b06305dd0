// The tables inside a prior's bytes: which entries differ from the universal prior, by how much, and how sure a block
// may be of them. Columns tend to differ in the same places, so each place remembers how often it was used.
import type { Coder } from './coder.ts';
import { CONFIDENCES } from './confidences.ts';
import { MODEL_B, MODEL_C, NUMBER_SIZE, SIGN_A, STEPS } from './contexts.ts';
import { type Overrides, overridesOf, type UniversalPrior } from './prior.ts';
import { codeNumber, codeTree } from './symbols.ts';
import { nearestQuarters, ofQuarters } from './tables.ts';

/** Contexts of a prior's own symbols; the blocks' contexts are not used here. */
export const CONTEXT = {
  period: 0,
  streamLength: NUMBER_SIZE,
  order: 2 * NUMBER_SIZE,
  reference: 3 * NUMBER_SIZE,
  step: 4 * NUMBER_SIZE,
  rankCount: 5 * NUMBER_SIZE,
  rankGap: 6 * NUMBER_SIZE,
  weight: 7 * NUMBER_SIZE,
  mantissa: 8 * NUMBER_SIZE,
  stateValue: 9 * NUMBER_SIZE,
  plainValue: 13 * NUMBER_SIZE,
  mixWeight: 14 * NUMBER_SIZE,
  text: 15 * NUMBER_SIZE,
  digits: 16 * NUMBER_SIZE,
  predictor: 16 * NUMBER_SIZE + 16,
  decimals: 16 * NUMBER_SIZE + 32,
  level: 16 * NUMBER_SIZE + 48,
  termCount: 16 * NUMBER_SIZE + 80,
  termKind: 16 * NUMBER_SIZE + 88,
  shift: 16 * NUMBER_SIZE + 96,
  place: 16 * NUMBER_SIZE + 128,
  confidence: 16 * NUMBER_SIZE + 160,
  group: 16 * NUMBER_SIZE + 176,
  member: 16 * NUMBER_SIZE + 208,
  plainMember: 16 * NUMBER_SIZE + 244,
  end: 16 * NUMBER_SIZE + 246,
} as const;

/** What is left of the bounds while a prior is read. */
export interface Budget {
  ranks: number;
  overrides: number;
  textUnits: number;
}

/** How many columns so far have an entry of their own there: others will, too. */
export interface Used {
  readonly groups: Uint16Array;
  readonly members: Uint16Array;
}

function region(index: number): number {
  if (index < MODEL_B) return 0;
  return index < MODEL_C ? 1 : index < SIGN_A ? 2 : 3;
}

/** Entries of the table of states: which, in groups of eight, then their logits and confidences. */
export function codeStates(
  coder: Coder,
  given: Overrides | null,
  first: number,
  last: number,
  universal: UniversalPrior,
  used: Used,
  budget: Budget,
): Overrides | null {
  const wanted = valuesByIndex(given);
  const indexes: number[] = [];
  const values: number[] = [];
  for (let from = first; from < last; from += STEPS) {
    const to = Math.min(from + STEPS, last);
    let any = 0;
    for (let i = from; i < to && any === 0; i++) if (wanted.has(i)) any = 1;
    const area = region(from);
    if (coder.flag(any, CONTEXT.group + area * 8 + Math.min(7, used.groups[from]!)) === 0) continue;
    used.groups[from]!++;
    for (let i = from; i < to; i++) {
      const context = CONTEXT.member + (area * 8 + Math.min(7, used.members[i]!));
      if (coder.flag(wanted.has(i) ? 1 : 0, context) === 0) continue;
      used.members[i]!++;
      if (--budget.overrides < 0) return null;
      const usual = nearestQuarters(universal.states[i]! >>> 8);
      const value = wanted.get(i) ?? 0;
      const logit =
        usual +
        codeNumber(coder, CONTEXT.stateValue + area * NUMBER_SIZE, nearestQuarters(value >>> 8) - usual);
      if (logit < -32 || logit > 31) return null;
      const confidence = codeTree(
        coder,
        CONTEXT.confidence,
        3,
        CONFIDENCES.findIndex((n) => n === (value & 255)),
      );
      indexes.push(i);
      values.push((ofQuarters(logit) << 8) | CONFIDENCES[confidence]!);
    }
  }
  return overridesOf(indexes, values);
}

export function codePlain(
  coder: Coder,
  given: Overrides | null,
  universal: Uint16Array,
  from: number,
  to: number,
  budget: Budget,
): Overrides | null {
  const wanted = valuesByIndex(given);
  const indexes: number[] = [];
  const values: number[] = [];
  let before = 0;
  for (let i = from; i < to; i++) {
    before = coder.flag(wanted.has(i) ? 1 : 0, CONTEXT.plainMember + before);
    if (before === 0) continue;
    if (--budget.overrides < 0) return null;
    const usual = nearestQuarters(universal[i]!);
    const logit = usual + codeNumber(coder, CONTEXT.plainValue, nearestQuarters(wanted.get(i) ?? 0) - usual);
    if (logit < -32 || logit > 31) return null;
    indexes.push(i);
    values.push(ofQuarters(logit));
  }
  return overridesOf(indexes, values);
}

function valuesByIndex(given: Overrides | null): Map<number, number> {
  const values = new Map<number, number>();
  if (given === null) return values;
  for (let k = given.from; k < given.to; k++) values.set(given.indexes[k]!, given.values[k]!);
  return values;
}
