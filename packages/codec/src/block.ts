// Rows ↔ blocks, format version 1 (docs/wire-format.md draws every byte). A block is
//
//   head u8 · [row count varint] · tag 3 bytes · lengths of all streams but the last, varints · streams · CRC-24
//
// Lossless bit for bit; decodable alone, or with the one prior it names; a column is decoded with only the columns
// before it in its stream. Decoding is total: any bytes give rows or what is wrong with them, in memory bounded by
// MAX_BLOCK_ROWS × MAX_BLOCK_COLUMNS. Not here: how a column is coded (column.ts).
import { ByteReader, ByteWriter } from './bytes.ts';
import { checkOf, fingerprint } from './checksum.ts';
import { Coder } from './coder.ts';
import { codeColumn } from './column.ts';
import { codeInstants } from './instants.ts';
import {
  loadInstants,
  loadStream,
  MAX_STREAM_COLUMNS,
  type Prior,
  STREAM_COLUMNS,
  type UniversalPrior,
} from './prior.ts';
import { Scratch } from './stream.ts';
import {
  type BlockHeader,
  type CodecSchema,
  type Column,
  type Decoded,
  type DecodedRows,
  MAX_BLOCK_COLUMNS,
  MAX_BLOCK_ROWS,
  MAX_BLOCK_TEXT,
  type Rows,
  refuse,
  TAG_LENGTH,
} from './types.ts';
import { universalPrior } from './universal-prior.ts';

const VERSION = 1;
const PRIMED = 0x10;
/** Row counts that the head names by index; 0: a varint follows. */
const ROW_COUNTS = [0, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 10_000];

/** One per direction and reused: blocks are coded one at a time, and a coder's tables are large beside a block. */
const writer = new Coder();
const reader = new Coder();
const scratch = new Scratch();

export interface EncodeOptions {
  /** 16 hex digits; the block carries the first six, unless a prior implies them. */
  readonly schemaHash: string;
  readonly prior?: Prior | null;
  /** Another universal prior than the one shipped; whoever decodes must have the same. */
  readonly universal?: UniversalPrior;
}

/** @throws RangeError when rows do not fit the schema or the bounds: the programmer's error. */
export function encodeBlock(schema: CodecSchema, rows: Rows, options: EncodeOptions): Uint8Array {
  const { rowCount, columns } = rows;
  const prior = options.prior ?? null;
  const universal = options.universal ?? universalPrior;
  checkBounds(schema, rows, prior);
  const out = new ByteWriter();
  const rowCode = Math.max(0, ROW_COUNTS.indexOf(rowCount));
  out.byte((VERSION << 5) | (prior === null ? 0 : PRIMED) | rowCode);
  if (rowCode === 0) out.varint(rowCount);
  out.uint24(Number.parseInt((prior?.hash ?? options.schemaHash).slice(0, TAG_LENGTH), 16));
  const groups = prior?.streams ?? consecutive(columns.length);
  const stream = scratch.stream(writer, universal, prior, rowCount, MAX_STREAM_COLUMNS, MAX_BLOCK_TEXT);
  const streams = groups.map((group, g) => {
    writer.write();
    loadStream(writer, universal, prior);
    if (g === 0) loadInstants(writer, universal, prior);
    if (g === 0) codeInstants(writer, rows.timesMs, rowCount, schema.intervalMs, prior?.instants ?? null);
    stream.kindsBefore.fill(0, 0, rowCount);
    for (let k = 0; k < group.length; k++) {
      if (codeColumn(stream, schema, k, group[k]!, columns[group[k]!]!) === null) {
        throw new RangeError(`texts of more than ${MAX_BLOCK_TEXT} code units in a block`);
      }
    }
    return writer.finish();
  });
  for (let g = 0; g < streams.length - 1; g++) out.varint(streams[g]!.length);
  for (const bytes of streams) out.bytes(bytes);
  out.uint24(checkOf(out.buffer, out.length, seed(schema, prior, universal)));
  return out.done();
}

function checkBounds(schema: CodecSchema, rows: Rows, prior: Prior | null): void {
  const { rowCount, columns, timesMs } = rows;
  if (rowCount < 1 || rowCount > MAX_BLOCK_ROWS) throw new RangeError(`a block of ${rowCount} rows`);
  const columnCount = schema.channels.length;
  if (columns.length !== columnCount || columnCount < 1 || columnCount > MAX_BLOCK_COLUMNS) {
    throw new RangeError(`${columns.length} columns for ${columnCount} channels`);
  }
  if (prior !== null && prior.fingerprint !== fingerprint(schema)) {
    throw new RangeError(`prior ${prior.hash} was made for another schema`);
  }
  for (let i = 0; i < rowCount; i++) {
    const time = timesMs[i]!;
    if (!(time >= 0 && Number.isSafeInteger(time))) throw new RangeError(`instant ${time} of row ${i}`);
  }
  columns.forEach((column, c) => {
    const text = schema.channels[c]!.kind === 'text';
    if (text !== (column.type === 'text')) throw new RangeError(`column ${c} is not of its channel's kind`);
  });
}

/** Streams of the columns in their order. */
export function consecutive(columnCount: number): Uint16Array[] {
  const groups: Uint16Array[] = [];
  for (let c = 0; c < columnCount; c += STREAM_COLUMNS) {
    groups.push(Uint16Array.from({ length: Math.min(STREAM_COLUMNS, columnCount - c) }, (_, k) => c + k));
  }
  return groups;
}

/** Where the check begins: the same bytes under another schema or prior are no block. `prior` is
 *  known to be the schema's. */
function seed(schema: CodecSchema, prior: Prior | null, universal: UniversalPrior): number {
  return (prior?.fingerprint ?? fingerprint(schema)) ^ universal.check ^ (prior?.check ?? 0);
}

/** Reads the head alone; does not check the CRC. */
export function readBlockHeader(bytes: Uint8Array): Decoded<BlockHeader> {
  return readHead(new ByteReader(bytes, 0, bytes.length));
}

function readHead(reader: ByteReader): Decoded<BlockHeader> {
  const head = reader.byte();
  if (reader.failed) return refuse('truncated', 'no bytes at all');
  const formatVersion = head >> 5;
  if (formatVersion !== VERSION) {
    return refuse('unsupported-version', `block format ${formatVersion} is not known here`);
  }
  const rowCount = ROW_COUNTS[head & 15] || reader.varint();
  const tag = reader.uint24().toString(16).padStart(TAG_LENGTH, '0');
  if (reader.failed) return refuse('truncated', 'the block ends within its head');
  if (rowCount < 1 || rowCount > MAX_BLOCK_ROWS) {
    return refuse('too-large', `the block claims ${rowCount} rows`);
  }
  const primed = (head & PRIMED) !== 0;
  return {
    ok: true,
    value: { formatVersion, rowCount, schemaTag: primed ? null : tag, priorTag: primed ? tag : null },
  };
}

export interface DecodeOptions {
  /** Indexes of the columns wanted; `[]`: instants only; absent: all. */
  readonly columns?: readonly number[];
  /** The prior whose hash begins with these six digits; `null`: not known here. */
  readonly prior?: (tag: string) => Prior | null;
  readonly universal?: UniversalPrior;
}

/** Never throws; on any bytes returns rows or what is wrong with them. */
export function decodeBlock(
  bytes: Uint8Array,
  schema: CodecSchema,
  options: DecodeOptions = {},
): Decoded<DecodedRows> {
  if (bytes.length < 3) return refuse('truncated', 'fewer bytes than a check');
  const end = bytes.length - 3;
  const input = new ByteReader(bytes, 0, end);
  const header = readHead(input);
  if (!header.ok) return header;
  const { rowCount, priorTag } = header.value;
  const universal = options.universal ?? universalPrior;
  const prior = priorTag === null ? null : (options.prior?.(priorTag) ?? null);
  if (priorTag !== null && prior === null) {
    return refuse('prior-unknown', `the block needs prior ${priorTag}, which is not here`);
  }
  if (prior !== null && prior.fingerprint !== fingerprint(schema)) {
    return refuse('schema-mismatch', `prior ${prior.hash} was made for another schema`);
  }
  if (
    new ByteReader(bytes, end, bytes.length).uint24() !== checkOf(bytes, end, seed(schema, prior, universal))
  ) {
    return refuse('corrupt', 'the check does not match');
  }
  const columnCount = schema.channels.length;
  if (columnCount > MAX_BLOCK_COLUMNS) {
    return refuse('too-large', `the block claims ${rowCount} rows of ${columnCount} columns`);
  }
  const groups = prior?.streams ?? consecutive(columnCount);
  const lengths: number[] = [];
  for (let g = 0; g < groups.length - 1; g++) lengths.push(input.varint());
  lengths.push(end - input.at - lengths.reduce((sum, length) => sum + length, 0));
  if (input.failed || lengths[lengths.length - 1]! < 0) {
    return refuse('truncated', 'the block ends within its streams');
  }
  const wanted = new Uint8Array(columnCount);
  if (options.columns === undefined) wanted.fill(1);
  else for (const index of options.columns) wanted[index] = 1;
  const timesMs = new Float64Array(rowCount);
  const columns = new Array<Column | null>(columnCount).fill(null);
  const stream = scratch.stream(reader, universal, prior, rowCount, MAX_STREAM_COLUMNS, MAX_BLOCK_TEXT);
  let at = input.at;
  for (let g = 0; g < groups.length; g++) {
    const group = groups[g]!;
    const from = at;
    at += lengths[g]!;
    let count = group.length;
    while (count > 0 && wanted[group[count - 1]!] === 0) count--;
    if (count === 0 && g > 0) continue;
    reader.read(bytes, from, at);
    loadStream(reader, universal, prior);
    if (g === 0) loadInstants(reader, universal, prior);
    if (g === 0 && !codeInstants(reader, timesMs, rowCount, schema.intervalMs, prior?.instants ?? null)) {
      return refuse('corrupt', 'an instant is no whole number of milliseconds');
    }
    stream.kindsBefore.fill(0, 0, rowCount);
    for (let k = 0; k < count; k++) {
      const index = group[k]!;
      const column = codeColumn(stream, schema, k, index, null);
      if (column === null) return refuse('corrupt', `column ${index} makes no sense`);
      if (wanted[index] !== 0) columns[index] = column;
    }
  }
  return { ok: true, value: { rowCount, timesMs, columns } };
}
