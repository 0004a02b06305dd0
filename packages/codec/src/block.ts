// Rows ↔ blocks, format version 0: deltas of scaled integers as varints, raw bits for what is no decimal.
// Lossless bit for bit; a column is decoded without the others; decoding is total and bounded by
// MAX_BLOCK_ROWS and MAX_BLOCK_COLUMNS.
//
//   'V' · version u8 · schema hash 8 · row count varint · column count varint · first instant varint
//   · instants: zig-zag varints of the second difference, length-prefixed
//   · per column: length varint · mode u8 · [presence bitmap] · body
//   · CRC-32 of all before, u32 big-endian
//
// Mode: low four bits 0 constant bits (8 bytes), 1 deltas at `decimals` (u8), 2 raw float64, 3 text;
// 0x10: a presence bitmap of ⌈rows/8⌉ bytes comes first, and only present samples are in the body.
import { ByteReader, ByteWriter, crc32 } from './bytes.ts';
import type { BlockHeader, CodecError, CodecSchema, Column, Decoded, DecodedRows, Rows } from './types.ts';
import { MAX_BLOCK_COLUMNS, MAX_BLOCK_ROWS } from './types.ts';

const VERSION = 0;
const MAGIC = 0x56;
const MODE = { constant: 0, deltas: 1, raw: 2, text: 3 } as const;
const PRESENCE = 0x10;
const POWERS = Float64Array.from({ length: 10 }, (_, d) => 10 ** d);
const bits = new DataView(new ArrayBuffer(8));

export interface EncodeOptions {
  /** 16 hex digits. */
  readonly schemaHash: string;
}

/** @throws RangeError when rows do not fit the schema or the bounds: the programmer's error. */
export function encodeBlock(schema: CodecSchema, rows: Rows, options: EncodeOptions): Uint8Array {
  const { rowCount, timesMs, columns } = rows;
  if (rowCount < 1 || rowCount > MAX_BLOCK_ROWS) throw new RangeError(`a block of ${rowCount} rows`);
  if (columns.length !== schema.channels.length || columns.length > MAX_BLOCK_COLUMNS) {
    throw new RangeError(`${columns.length} columns for ${schema.channels.length} channels`);
  }
  const out = new ByteWriter();
  out.byte(MAGIC);
  out.byte(VERSION);
  for (let i = 0; i < 8; i++) out.byte(Number.parseInt(options.schemaHash.slice(2 * i, 2 * i + 2), 16));
  out.varint(rowCount);
  out.varint(columns.length);
  out.varint(timesMs[0] ?? 0);
  const times = new ByteWriter();
  let before = timesMs[0] ?? 0;
  let step = schema.intervalMs;
  for (let i = 1; i < rowCount; i++) {
    const time = timesMs[i] ?? 0;
    times.varint(zigzag(time - before - step));
    step = time - before;
    before = time;
  }
  out.varint(times.length);
  out.bytes(times.done());
  for (let c = 0; c < columns.length; c++) {
    const body = new ByteWriter();
    const column = columns[c];
    if (column === undefined) throw new RangeError(`column ${c} is missing`);
    if (column.type === 'text') encodeText(body, column.values, rowCount);
    else encodeNumbers(body, column.values, column.present, rowCount, schema.channels[c]?.decimals ?? null);
    out.varint(body.length);
    out.bytes(body.done());
  }
  const crc = crc32(out.done());
  out.uint32(crc);
  return out.done();
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}
function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function encodeNumbers(
  out: ByteWriter,
  values: Float64Array,
  present: Uint8Array | null,
  rowCount: number,
  decimals: number | null,
): void {
  let kept = values.subarray(0, rowCount);
  let flag = 0;
  if (present?.subarray(0, rowCount).includes(0)) {
    flag = PRESENCE;
    kept = kept.filter((_, i) => present[i] !== 0);
  }
  const scaled = asIntegers(kept, decimals);
  const constant = isConstant(kept);
  const mode = constant ? MODE.constant : scaled === null ? MODE.raw : MODE.deltas;
  out.byte(mode | flag);
  if (flag !== 0 && present !== null) writeBitmap(out, rowCount, (i) => present[i] !== 0);
  if (constant) out.float64(kept[0] ?? 0);
  else if (scaled === null) for (const value of kept) out.float64(value);
  else {
    out.byte(scaled.decimals);
    let before = 0;
    for (const value of scaled.integers) {
      out.varint(zigzag(value - before));
      before = value;
    }
  }
}

function writeBitmap(out: ByteWriter, count: number, has: (index: number) => boolean): void {
  for (let i = 0; i < count; i += 8) {
    let byte = 0;
    for (let k = 0; k < 8 && i + k < count; k++) if (has(i + k)) byte |= 1 << k;
    out.byte(byte);
  }
}

/** Same bits throughout, so that −0 and NaN payloads survive. */
function isConstant(values: Float64Array): boolean {
  const words = new Uint32Array(values.slice().buffer);
  for (let i = 2; i < words.length; i += 2)
    if (words[i] !== words[0] || words[i + 1] !== words[1]) return false;
  return true;
}

/** The smallest number of decimals at which every value is an exact integer below 2^51, else `null`. */
function asIntegers(
  values: Float64Array,
  usual: number | null,
): { readonly decimals: number; readonly integers: Float64Array } | null {
  const integers = new Float64Array(values.length);
  for (const decimals of usual === null ? [0, 1, 2, 3, 4, 5, 6] : [usual, 0, 3, 6]) {
    const power = POWERS[decimals] ?? 1;
    let fits = true;
    for (let i = 0; i < values.length && fits; i++) {
      const value = values[i] ?? 0;
      const integer = Math.round(value * power);
      fits = integer / power === value && !Object.is(integer, -0) && Math.abs(integer) < 2 ** 51;
      integers[i] = integer;
    }
    if (fits) return { decimals, integers };
  }
  return null;
}

function encodeText(out: ByteWriter, values: readonly (string | null)[], rowCount: number): void {
  out.byte(MODE.text | PRESENCE);
  writeBitmap(out, rowCount, (i) => values[i] !== null);
  for (let i = 0; i < rowCount; i++) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    // UTF-16 code units, so that a lone surrogate comes back as it was.
    out.varint(value.length);
    for (let k = 0; k < value.length; k++) out.varint(value.charCodeAt(k));
  }
}

function refuse(
  code: CodecError['code'],
  message: string,
): { readonly ok: false; readonly error: CodecError } {
  return { ok: false, error: { code, message } };
}

/** Reads the header alone; does not check the CRC. */
export function readBlockHeader(bytes: Uint8Array): Decoded<BlockHeader> {
  const reader = new ByteReader(bytes);
  return readHeader(reader);
}

function readHeader(reader: ByteReader): Decoded<BlockHeader> {
  if (reader.byte() !== MAGIC) return refuse('corrupt', 'does not start as a block does');
  const formatVersion = reader.byte();
  if (formatVersion !== VERSION) {
    return refuse('unsupported-version', `block format ${formatVersion} is not known here`);
  }
  const schemaHash = Array.from(reader.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const rowCount = reader.varint();
  const columnCount = reader.varint();
  const firstMs = reader.varint();
  if (reader.failed) return refuse('truncated', 'the block ends within its header');
  if (rowCount < 1 || rowCount > MAX_BLOCK_ROWS || columnCount > MAX_BLOCK_COLUMNS) {
    return refuse('too-large', `the block claims ${rowCount} rows of ${columnCount} columns`);
  }
  return { ok: true, value: { formatVersion, rowCount, columnCount, schemaHash, priorHash: null, firstMs } };
}

export interface DecodeOptions {
  /** Indexes of the columns wanted; `[]`: instants only; absent: all. */
  readonly columns?: readonly number[];
}

/** Never throws; on any bytes returns rows or what is wrong with them. */
export function decodeBlock(
  bytes: Uint8Array,
  schema: CodecSchema,
  options: DecodeOptions = {},
): Decoded<DecodedRows> {
  if (bytes.length < 4) return refuse('truncated', 'fewer bytes than a checksum');
  const body = bytes.subarray(0, bytes.length - 4);
  const reader = new ByteReader(body);
  const header = readHeader(reader);
  if (!header.ok) return header;
  if (new ByteReader(bytes.subarray(body.length)).uint32() !== crc32(body)) {
    return refuse('corrupt', 'the checksum does not match');
  }
  const { rowCount, columnCount, firstMs } = header.value;
  if (columnCount !== schema.channels.length) {
    return refuse('schema-mismatch', `${columnCount} columns, the schema has ${schema.channels.length}`);
  }
  const timesEnd = reader.varint() + reader.at;
  const timesMs = new Float64Array(rowCount);
  timesMs[0] = firstMs;
  let step = schema.intervalMs;
  for (let i = 1; i < rowCount; i++) {
    step += unzigzag(reader.varint());
    timesMs[i] = (timesMs[i - 1] ?? 0) + step;
  }
  if (reader.failed || reader.at !== timesEnd)
    return refuse('corrupt', 'the instants do not fit their length');
  const wanted = options.columns === undefined ? null : new Set(options.columns);
  const columns: (Column | null)[] = [];
  for (let c = 0; c < columnCount; c++) {
    const part = reader.bytes(reader.varint());
    if (reader.failed) return refuse('truncated', `the block ends within column ${c}`);
    if (wanted !== null && !wanted.has(c)) {
      columns.push(null);
      continue;
    }
    const column = decodeColumn(new ByteReader(part), rowCount);
    if (column === null) return refuse('corrupt', `column ${c} does not fit its length`);
    columns.push(column);
  }
  if (reader.left > 0) return refuse('corrupt', `${reader.left} bytes after the last column`);
  return { ok: true, value: { rowCount, timesMs, columns } };
}

function decodeColumn(reader: ByteReader, rowCount: number): Column | null {
  const mode = reader.byte();
  let present: Uint8Array | null = null;
  if (mode & PRESENCE) {
    const bitmap = reader.bytes(Math.ceil(rowCount / 8));
    present = new Uint8Array(rowCount);
    for (let i = 0; i < rowCount; i++) present[i] = ((bitmap[i >> 3] ?? 0) >> (i & 7)) & 1;
  }
  const has = (i: number): boolean => present === null || present[i] !== 0;
  if ((mode & 15) === MODE.text) {
    const values: (string | null)[] = [];
    for (let i = 0; i < rowCount; i++) {
      if (!has(i)) {
        values.push(null);
        continue;
      }
      const length = reader.varint();
      if (length > reader.left) return null;
      let value = '';
      for (let k = 0; k < length; k++) value += String.fromCharCode(reader.varint() & 0xffff);
      values.push(value);
    }
    return reader.failed || reader.left > 0 ? null : { type: 'text', values };
  }
  const values = new Float64Array(rowCount);
  switch (mode & 15) {
    case MODE.constant: {
      const high = reader.uint32();
      const low = reader.uint32();
      bits.setUint32(0, high);
      bits.setUint32(4, low);
      for (let i = 0; i < rowCount; i++) if (has(i)) values[i] = bits.getFloat64(0);
      break;
    }
    case MODE.deltas: {
      const power = POWERS[reader.byte()];
      if (power === undefined) return null;
      let integer = 0;
      for (let i = 0; i < rowCount; i++) {
        if (!has(i)) continue;
        integer += unzigzag(reader.varint());
        values[i] = integer / power;
      }
      break;
    }
    case MODE.raw:
      for (let i = 0; i < rowCount; i++) if (has(i)) values[i] = reader.float64();
      break;
    default:
      return null;
  }
  return reader.failed || reader.left > 0 ? null : { type: 'number', values, present };
}
