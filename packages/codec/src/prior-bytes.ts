// The bytes of priors, format version 1 (docs/wire-format.md draws them): what differs from the universal prior, range
// coded under adaptive probabilities that all start even. A prior read is checked in every part, so that a hostile
// one can at worst make blocks long. Writing and reading are one function, as for blocks.
import { ByteReader, ByteWriter } from './bytes.ts';
import { contentHash, crc24, fingerprint } from './checksum.ts';
import { Coder } from './coder.ts';
import { CONFIDENCES } from './confidences.ts';
import {
  HEAD_SIZE,
  INSTANT_A,
  INSTANT_REGULAR,
  MODEL_B,
  MODEL_C,
  NUMBER_SIZE,
  PLAIN_COUNT,
  SIGN_A,
  STATE_COUNT,
  STEPS,
  WEIGHT_COUNT,
} from './contexts.ts';
import { WHOLE_MOST } from './decimal.ts';
import { PREDICTORS } from './predictors.ts';
import {
  type ColumnPrior,
  MAX_STREAM_COLUMNS,
  type Overrides,
  type Prior,
  type UniversalPrior,
} from './prior.ts';
import { MANTISSA_MOST, MAX_TERMS, SHIFT_MOST, TERM_KINDS, type Term } from './relations.ts';
import type { Weights } from './residual.ts';
import { codeNumber, codeRaw, codeTree } from './symbols.ts';
import { nearestQuarters, ofQuarters } from './tables.ts';
import { type CodecSchema, type Decoded, MAX_BLOCK_COLUMNS, refuse } from './types.ts';
import { universalPrior } from './universal-prior.ts';

const VERSION = 1;
/** Bounds of a whole prior, far above any that training makes. */
const MAX_RANKS = 65_536;
const MAX_OVERRIDES = 262_144;
const MAX_TEXT_UNITS = 65_536;
export const MAX_TEXTS = 64;
const LEVEL_MOST = 24;

/** Contexts of a prior's own symbols; the blocks' contexts are not used here. */
const CONTEXT = {
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

/** A prior without what follows from its bytes. */
export type PriorContent = Omit<Prior, 'hash' | 'check' | 'fingerprint'>;

export interface PriorOptions {
  /** Another universal prior than the one shipped: the one it was or is to be used with. */
  readonly universal?: UniversalPrior;
}

const encoded = new WeakMap<Prior, Uint8Array>();

/** The bytes a prior was made from. */
export function encodePrior(prior: Prior): Uint8Array {
  const bytes = encoded.get(prior);
  if (bytes === undefined) throw new Error('a prior that was neither trained nor decoded here');
  return bytes.slice();
}

/** Bytes of new content. */
export function writePrior(
  schema: CodecSchema,
  content: PriorContent,
  universal: UniversalPrior,
): Uint8Array {
  const coder = newCoder();
  coder.write();
  if (codeContent(coder, schema, content, universal) === null)
    throw new Error('training made an impossible prior');
  const out = new ByteWriter();
  out.byte(VERSION);
  out.uint24(fingerprint(schema));
  out.bytes(coder.finish());
  out.uint24(crc24(out.buffer, out.length, universal.check));
  return out.done();
}

/** Never throws; on any bytes returns a prior or what is wrong with them. */
export function decodePrior(
  bytes: Uint8Array,
  schema: CodecSchema,
  options: PriorOptions = {},
): Decoded<Prior> {
  const universal = options.universal ?? universalPrior;
  const end = bytes.length - 3;
  if (end < 4) return refuse('truncated', 'fewer bytes than a prior has');
  const input = new ByteReader(bytes, 0, bytes.length);
  const version = input.byte();
  if (version !== VERSION) return refuse('unsupported-version', `prior format ${version} is not known here`);
  if (new ByteReader(bytes, end, bytes.length).uint24() !== crc24(bytes, end, universal.check)) {
    return refuse('corrupt', 'the check does not match');
  }
  const made = input.uint24();
  if (schema.channels.length > MAX_BLOCK_COLUMNS) return refuse('too-large', 'a schema of too many channels');
  if (made !== fingerprint(schema)) return refuse('schema-mismatch', 'the prior was made for another schema');
  const coder = newCoder();
  coder.read(bytes, 4, end);
  const content = codeContent(coder, schema, null, universal);
  if (content === null) return refuse('corrupt', 'the prior makes no sense');
  const hash = contentHash(bytes);
  const prior: Prior = { ...content, hash, check: Number.parseInt(hash.slice(-6), 16), fingerprint: made };
  encoded.set(prior, bytes.slice());
  return { ok: true, value: prior };
}

function newCoder(): Coder {
  const coder = new Coder(CONTEXT.end);
  coder.plain.fill(32_768);
  return coder;
}

/** What is left of the bounds while a prior is read. */
interface Budget {
  ranks: number;
  overrides: number;
  textUnits: number;
}

function codeContent(
  coder: Coder,
  schema: CodecSchema,
  given: PriorContent | null,
  universal: UniversalPrior,
): PriorContent | null {
  const lastMs = codeRaw(coder, given?.instants.lastMs ?? 0, 53);
  const period = codeNumber(coder, CONTEXT.period, given?.instants.period ?? 0);
  if (period < 1 || period > 2 ** 36) return null;
  const budget: Budget = { ranks: MAX_RANKS, overrides: MAX_OVERRIDES, textUnits: MAX_TEXT_UNITS };
  const plain = codePlain(
    coder,
    given?.instants.plain ?? null,
    universal.plain,
    INSTANT_REGULAR,
    PLAIN_COUNT,
    budget,
  );
  const used: Used = { groups: new Uint16Array(STATE_COUNT), members: new Uint16Array(STATE_COUNT) };
  const states = codeStates(
    coder,
    given?.instants.states ?? null,
    INSTANT_A,
    STATE_COUNT,
    universal,
    used,
    budget,
  );
  if (plain === null || states === null) return null;
  const weights = new Int32Array(WEIGHT_COUNT);
  for (let k = 0; k < WEIGHT_COUNT; k++) {
    const usual = universal.weights[k]! >> 8;
    weights[k] =
      (codeNumber(coder, CONTEXT.mixWeight, given === null ? 0 : (given.weights[k]! >> 8) - usual) + usual) *
      256;
  }
  const streams = codeStreams(coder, given?.streams ?? null, schema.channels.length);
  if (streams === null) return null;
  const columns: ColumnPrior[] = new Array<ColumnPrior>(schema.channels.length);
  for (const stream of streams) {
    for (let place = 0; place < stream.length; place++) {
      const index = stream[place]!;
      const column = codeColumnPrior(coder, given?.columns[index] ?? null, place, universal, used, budget);
      if (column === null) return null;
      columns[index] = column;
    }
  }
  return { streams, columns, instants: { lastMs, period, plain, states }, weights };
}

/** Every column once, in streams of at most `MAX_STREAM_COLUMNS`. */
function codeStreams(
  coder: Coder,
  given: readonly Uint16Array[] | null,
  columnCount: number,
): Uint16Array[] | null {
  const streams: Uint16Array[] = [];
  const seen = new Uint8Array(columnCount);
  let left = columnCount;
  let before = -1;
  while (left > 0) {
    const from = given?.[streams.length] ?? null;
    const length = codeNumber(coder, CONTEXT.streamLength, from?.length ?? 0);
    if (length < 1 || length > Math.min(left, MAX_STREAM_COLUMNS)) return null;
    const stream = new Uint16Array(length);
    for (let k = 0; k < length; k++) {
      // Mostly the column after the one before.
      const index = before + 1 + codeNumber(coder, CONTEXT.order, from === null ? 0 : from[k]! - before - 1);
      if (!(index >= 0 && index < columnCount) || seen[index] !== 0) return null;
      seen[index] = 1;
      stream[k] = index;
      before = index;
    }
    streams.push(stream);
    left -= length;
  }
  return streams;
}

function codeColumnPrior(
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

/** How many columns so far have an entry of their own there: others will, too. */
interface Used {
  readonly groups: Uint16Array;
  readonly members: Uint16Array;
}

function region(index: number): number {
  if (index < MODEL_B) return 0;
  return index < MODEL_C ? 1 : index < SIGN_A ? 2 : 3;
}

/** Entries of the table of states: which, in groups of eight, then their logits and confidences. */
function codeStates(
  coder: Coder,
  given: Overrides | null,
  first: number,
  last: number,
  universal: UniversalPrior,
  used: Used,
  budget: Budget,
): Overrides | null {
  const wanted = new Map<number, number>();
  given?.indexes.forEach((index, k) => {
    wanted.set(index, given.values[k]!);
  });
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
  return { indexes: Uint16Array.from(indexes), values: Int32Array.from(values) };
}

function codePlain(
  coder: Coder,
  given: Overrides | null,
  universal: Uint16Array,
  from: number,
  to: number,
  budget: Budget,
): Overrides | null {
  const wanted = new Map<number, number>();
  given?.indexes.forEach((index, k) => {
    wanted.set(index, given.values[k]!);
  });
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
  return { indexes: Uint16Array.from(indexes), values: Int32Array.from(values) };
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
