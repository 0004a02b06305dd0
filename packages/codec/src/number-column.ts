// A column of numbers in a stream. Usually: all rows there, all on the lattice that the prior (or else the channel's
// decimals) leads to expect, which takes one decision to say. Otherwise the column says which rows are missing or
// no such numbers, and in what form the rest is. Writing and reading are one function: `codeNumbers` fills in the
// plan when reading. Not here: the writer's choices (number-plan.ts).
import { READING } from './coder.ts';
import {
  ESCAPE,
  HEAD_CONSTANT,
  HEAD_FIRST,
  HEAD_FORM,
  HEAD_GAPS,
  HEAD_ORDINARY,
  HEAD_PREDICTOR,
  HEAD_STEP,
  MASK,
  STEP_NUMBER,
} from './contexts.ts';
import { float32Of, float64Of, highBits, lengthen, lowBits, POWERS } from './decimal.ts';
import { codeFresh, mergeRanks, rankOf } from './lattice.ts';
import { emptyPlan, FORM, KIND_ESCAPED, KIND_MISSING, KIND_VALUE, type Plan, planOf } from './number-plan.ts';
import { choosePredictor, PREDICTORS } from './predictors.ts';
import { type ColumnPrior, loadResiduals } from './prior.ts';
import { type Lane, sumTerms } from './relations.ts';
import { codeResiduals, LEVEL_START } from './residual.ts';
import type { Stream } from './stream.ts';
import { codeNumber, codeTree } from './symbols.ts';
import type { NumberColumn } from './types.ts';
import { codeWideFloats, codeWideIntegers, codeWord } from './wide.ts';

/** Writes a column (or measures it), or reads one and returns it; `null`: bytes that make no sense. */
export function codeNumberColumn(
  stream: Stream,
  lane: Lane,
  given: NumberColumn | null,
  usualDecimals: number,
  prior: ColumnPrior | null,
): NumberColumn | null {
  const plan =
    given === null ? emptyPlan(stream.rowCount) : planOf(stream, given, usualDecimals, prior, lane);
  const values = given === null ? new Float64Array(stream.rowCount) : given.values;
  if (!codeNumbers(stream, lane, plan, values, usualDecimals, prior)) return null;
  if (plan.gaps) stream.kindsBefore.set(stream.kinds.subarray(0, stream.rowCount));
  else stream.kindsBefore.fill(0, 0, stream.rowCount);
  if (given !== null) return given;
  const present = plan.gaps ? presence(stream) : null;
  return { type: 'number', values, present };
}

function codeNumbers(
  stream: Stream,
  lane: Lane,
  plan: Plan,
  values: Float64Array,
  usualDecimals: number,
  prior: ColumnPrior | null,
): boolean {
  const { coder, rowCount } = stream;
  const reading = coder.mode === READING;
  const ordinary = coder.flag(plan.form === FORM.usual && !plan.gaps ? 1 : 0, HEAD_ORDINARY) !== 0;
  if (reading) {
    plan.decimals = usualDecimals;
    plan.digits = prior?.digits ?? 0;
  }
  if (!ordinary) {
    plan.gaps = coder.flag(plan.gaps ? 1 : 0, HEAD_GAPS) !== 0;
    plan.form = codeTree(coder, HEAD_FORM, 3, plan.form);
    if (plan.form > FORM.significant) return false;
    if (plan.form !== FORM.usual && plan.form !== FORM.float32 && plan.form !== FORM.wideFloat) {
      plan.decimals = coder.raw(plan.decimals, 4);
    }
    if (plan.form === FORM.significant) plan.digits = coder.raw(plan.digits, 4);
    else if (plan.form !== FORM.usual) plan.digits = 0;
    if (plan.gaps) codeKinds(stream, plan, values);
  }
  lane.aligned = !plan.gaps;
  lane.related = ordinary && prior !== null;
  if (plan.count === 0) return true;
  if (plan.form === FORM.wideDecimal || plan.form === FORM.wideFloat) {
    if (plan.form === FORM.wideDecimal) codeWideIntegers(coder, stream.whole, plan.count);
    else codeWideFloats(coder, stream.whole, plan.count);
    if (lane.aligned) clearTrace(lane, rowCount);
    if (reading) putWide(stream, plan, values);
    return true;
  }
  if (plan.form === FORM.usual && prior !== null) return codeExpected(stream, lane, plan, values, prior);
  return codeUnforeseen(stream, lane, plan, values, usualDecimals, prior);
}

/** On the prior's lattice, with its predictor. */
function codeExpected(
  stream: Stream,
  lane: Lane,
  plan: Plan,
  values: Float64Array,
  prior: ColumnPrior,
): boolean {
  const { coder } = stream;
  const { count } = plan;
  const reading = coder.mode === READING;
  const { reference, step, ranks } = prior.lattice;
  const places = plan.gaps ? stream.places : lane.values;
  let all = ranks;
  let usual = 0;
  if (ranks !== null) {
    const fresh = codeFresh(coder, prior.lattice, ranks, plan.fresh);
    if (fresh === null) return false;
    if (reading && fresh.length > 0) all = mergeRanks(ranks, fresh);
    usual = rankOf(ranks, reference);
  }
  const constant = coder.flag(isConstant(places, count, reading) ? 1 : 0, HEAD_CONSTANT) !== 0;
  const first = codeNumber(coder, HEAD_FIRST, reading ? 0 : places[0]! - usual) + usual;
  if (first !== (first | 0)) return false;
  if (constant) fillConstant(places, plan.gaps ? null : lane, first, count);
  else {
    places[0] = first;
    loadResiduals(coder, stream.universal, stream.prior, prior);
    let outer: Int32Array | null = null;
    let companion = null;
    if (!plan.gaps) {
      if (sumTerms(prior.terms, stream.lanes, count, stream.sums, stream.outer)) outer = stream.outer;
      const other = prior.companion < 0 ? undefined : stream.lanes[prior.companion];
      if (other?.aligned) companion = other.trace;
    }
    const trace = plan.gaps ? stream.loose.trace : lane.trace;
    codeResiduals(coder, places, count, prior.weights, prior.level, outer, companion, trace);
  }
  if (!reading) return true;
  const power = POWERS[plan.decimals]!;
  const { kinds } = stream;
  const { digits } = plan;
  if (all === null && digits === 0) {
    if (!plan.gaps) for (let i = 0; i < count; i++) values[i] = (reference + places[i]! * step) / power;
    else
      for (let i = 0, k = 0; k < count; i++)
        if (kinds[i] === KIND_VALUE) values[i] = (reference + places[k++]! * step) / power;
    return true;
  }
  for (let i = 0, k = 0; k < count; i++) {
    if (plan.gaps && kinds[i] !== KIND_VALUE) continue;
    const place = places[k++]!;
    const whole = all === null ? reference + place * step : all[place];
    if (whole === undefined) return false;
    values[i] = lengthen(whole, digits) / power;
  }
  return true;
}

/** Without a prior, or away from it: the step is the block's own, the predictor one of a few. */
function codeUnforeseen(
  stream: Stream,
  lane: Lane,
  plan: Plan,
  values: Float64Array,
  usualDecimals: number,
  prior: ColumnPrior | null,
): boolean {
  const { coder, whole } = stream;
  const { count } = plan;
  const reading = coder.mode === READING;
  const usual =
    prior !== null &&
    plan.form !== FORM.float32 &&
    plan.decimals === usualDecimals &&
    plan.digits === prior.digits
      ? prior.lattice.reference
      : 0;
  const places = plan.gaps ? stream.places : lane.values;
  let step = reading ? 0 : commonStep(whole, count);
  const constant = coder.flag(step === 0 ? 1 : 0, HEAD_CONSTANT) !== 0;
  const first = codeNumber(coder, HEAD_FIRST, reading ? 0 : whole[0]! - usual) + usual;
  if (constant) fillConstant(places, plan.gaps ? null : lane, 0, count);
  else {
    if (coder.flag(step > 1 ? 1 : 0, HEAD_STEP) !== 0) step = codeNumber(coder, STEP_NUMBER, step);
    else step = 1;
    if (!reading) for (let i = 0; i < count; i++) places[i] = (whole[i]! - first) / step;
    places[0] = 0;
    const choice = codeTree(coder, HEAD_PREDICTOR, 3, reading ? 0 : choosePredictor(places, count));
    const weights = PREDICTORS[choice];
    if (weights === undefined) return false;
    loadResiduals(coder, stream.universal, stream.prior, null);
    const trace = plan.gaps ? stream.loose.trace : lane.trace;
    codeResiduals(coder, places, count, weights, LEVEL_START, null, null, trace);
  }
  if (!reading) return true;
  const power = POWERS[plan.decimals]!;
  const { kinds } = stream;
  for (let i = 0, k = 0; k < count; i++) {
    if (plan.gaps && kinds[i] !== KIND_VALUE) continue;
    const number = first + places[k++]! * step;
    values[i] = plan.form === FORM.float32 ? float32Of(number) : lengthen(number, plan.digits) / power;
  }
  return true;
}

function isConstant(places: Int32Array, count: number, reading: boolean): boolean {
  if (reading) return false;
  const first = places[0]!;
  for (let i = 1; i < count; i++) if (places[i] !== first) return false;
  return true;
}

function fillConstant(places: Int32Array, lane: Lane | null, first: number, count: number): void {
  places.fill(first, 0, count);
  if (lane !== null) clearTrace(lane, count);
}

function clearTrace({ trace }: Lane, count: number): void {
  trace.residual.fill(0, 0, count);
  trace.activity.fill(0, 0, count);
}

/** Greatest common divisor of the differences; 0 when there are none. */
function commonStep(whole: Float64Array, count: number): number {
  let step = 0;
  for (let i = 1; i < count && step !== 1; i++) {
    let rest = Math.abs(whole[i]! - whole[i - 1]!);
    while (rest !== 0) [step, rest] = [rest, step % rest];
  }
  return step;
}

/** Which rows hold a value, none, or 64 bits of their own; and those bits. */
function codeKinds(stream: Stream, plan: Plan, values: Float64Array): void {
  const { coder, kinds, kindsBefore, rowCount } = stream;
  const reading = coder.mode === READING;
  let before = 0;
  let count = 0;
  let escapedBefore = 0;
  for (let i = 0; i < rowCount; i++) {
    const given = reading ? 0 : kinds[i]!;
    const context =
      MASK + (before === 0 ? 0 : 1) + (i > 1 && kinds[i - 2] !== 0 ? 2 : 0) + (kindsBefore[i] === 0 ? 0 : 4);
    let kind = coder.flag(given !== KIND_VALUE ? 1 : 0, context) !== 0 ? KIND_MISSING : KIND_VALUE;
    if (kind !== KIND_VALUE && coder.flag(given === KIND_ESCAPED ? 1 : 0, ESCAPE) !== 0) kind = KIND_ESCAPED;
    kinds[i] = kind;
    before = kind;
    if (kind === KIND_VALUE) count++;
    if (kind !== KIND_ESCAPED) continue;
    const value = values[i]!;
    const high = reading ? 0 : highBits(value);
    const low = reading ? 0 : lowBits(value);
    const again = !reading && high === highBits(escapedBefore) && low === lowBits(escapedBefore);
    if (coder.flag(again ? 1 : 0, ESCAPE + 1) === 0) {
      const newHigh = codeWord(coder, high);
      escapedBefore = float64Of(newHigh, codeWord(coder, low));
    }
    if (reading) values[i] = escapedBefore;
  }
  plan.count = count;
}

function putWide({ whole, kinds }: Stream, plan: Plan, values: Float64Array): void {
  const power = POWERS[plan.decimals]!;
  for (let i = 0, k = 0; k < plan.count; i++) {
    if (plan.gaps && kinds[i] !== KIND_VALUE) continue;
    const value = whole[k++]!;
    values[i] = plan.form === FORM.wideFloat ? value : value / power;
  }
}

/** `null` when every row has a sample after all: its gaps are only escapes. */
function presence({ kinds, rowCount }: Stream): Uint8Array | null {
  const present = new Uint8Array(rowCount);
  let missing = false;
  for (let i = 0; i < rowCount; i++) {
    present[i] = kinds[i] === KIND_MISSING ? 0 : 1;
    if (present[i] === 0) missing = true;
  }
  return missing ? present : null;
}
