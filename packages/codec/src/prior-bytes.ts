// The bytes of priors, format version 1 (docs/wire-format.md draws them): what differs from the universal prior, range
// coded under adaptive probabilities that all start even. A prior read is checked in every part, so that a hostile
// one can at worst make blocks long. Writing and reading are one function, as for blocks.
import { ByteReader, ByteWriter } from './bytes.ts';
import { checkOf, contentHash, fingerprint } from './checksum.ts';
import { Coder } from './coder.ts';
import { INSTANT_A, INSTANT_REGULAR, PLAIN_COUNT, STATE_COUNT, WEIGHT_COUNT } from './contexts.ts';
import {
  type ColumnPrior,
  MAX_STREAM_COLUMNS,
  type Overrides,
  type Prior,
  type UniversalPrior,
} from './prior.ts';
import { codeColumnPrior } from './prior-columns.ts';
import { type Budget, CONTEXT, codePlain, codeStates, type Used } from './prior-tables.ts';
import { codeNumber, codeRaw } from './symbols.ts';
import { type CodecSchema, type Decoded, MAX_BLOCK_COLUMNS, refuse } from './types.ts';
import { universalPrior } from './universal-prior.ts';

const VERSION = 1;
/** Bounds of a whole prior, far above any that training makes. */
const MAX_RANKS = 65_536;
const MAX_OVERRIDES = 262_144;
const MAX_TEXT_UNITS = 65_536;

/** A prior without what follows from its bytes. */
export type PriorContent = Omit<Prior, 'hash' | 'check' | 'fingerprint'>;

export interface PriorOptions {
  /** Another universal prior than the one shipped: the one it was or is to be used with. */
  readonly universal?: UniversalPrior;
}

/** @param options as it was trained or decoded with */
export function encodePrior(prior: Omit<Prior, 'hash' | 'check'>, options: PriorOptions = {}): Uint8Array {
  const universal = options.universal ?? universalPrior;
  const coder = newCoder();
  coder.write();
  if (codeContent(coder, prior.columns.length, prior, universal) === null) {
    throw new Error('training made an impossible prior');
  }
  const out = new ByteWriter();
  out.byte(VERSION);
  out.uint24(prior.fingerprint);
  out.bytes(coder.finish());
  out.uint24(checkOf(out.buffer, out.length, universal.check));
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
  if (new ByteReader(bytes, end, bytes.length).uint24() !== checkOf(bytes, end, universal.check)) {
    return refuse('corrupt', 'the check does not match');
  }
  const made = input.uint24();
  if (schema.channels.length > MAX_BLOCK_COLUMNS) return refuse('too-large', 'a schema of too many channels');
  if (made !== fingerprint(schema)) return refuse('schema-mismatch', 'the prior was made for another schema');
  const coder = newCoder();
  coder.read(bytes, 4, end);
  const content = codeContent(coder, schema.channels.length, null, universal);
  if (content === null) return refuse('corrupt', 'the prior makes no sense');
  const hash = contentHash(bytes);
  const prior: Prior = {
    ...gathered(content),
    hash,
    check: Number.parseInt(hash.slice(-6), 16),
    fingerprint: made,
  };
  return { ok: true, value: prior };
}

/** Its tables' differences in two arrays instead of some hundred: who serves many machines holds as many priors. */
function gathered(content: PriorContent): PriorContent {
  const { instants, columns } = content;
  const all = [instants.plain, instants.states, ...columns.flatMap(({ states, heads }) => [states, heads])];
  const count = all.reduce((sum, { from, to }) => sum + to - from, 0);
  const indexes = new Uint16Array(count);
  const values = new Int32Array(count);
  let at = 0;
  const moved = (overrides: Overrides): Overrides => {
    const from = at;
    at += overrides.to - overrides.from;
    indexes.set(overrides.indexes.subarray(overrides.from, overrides.to), from);
    values.set(overrides.values.subarray(overrides.from, overrides.to), from);
    return { indexes, values, from, to: at };
  };
  return {
    ...content,
    instants: { ...instants, plain: moved(instants.plain), states: moved(instants.states) },
    columns: columns.map((column) => ({
      ...column,
      states: moved(column.states),
      heads: moved(column.heads),
    })),
  };
}

function newCoder(): Coder {
  const coder = new Coder(CONTEXT.end);
  coder.plain.fill(32_768);
  return coder;
}

function codeContent(
  coder: Coder,
  columnCount: number,
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
  const streams = codeStreams(coder, given?.streams ?? null, columnCount);
  if (streams === null) return null;
  const columns: ColumnPrior[] = new Array<ColumnPrior>(columnCount);
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
