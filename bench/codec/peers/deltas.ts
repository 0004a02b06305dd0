// Two layouts by column, of deltas of scaled integers: little by themselves, they are what general compressors do
// best on.
// - column-deltas: per column the width of its deltas, the first value in 7 bytes, the deltas little-endian.
// - varint-deltas: zig-zag varints, second differences where a column never falls (counters, instants); after
//   VictoriaMetrics, lib/encoding (nearest_delta.go, nearest_delta2.go), whose blocks go through zstd then.
// A column that is no scaled integer is 8 raw bytes a sample. Not counted: scales (schema), the block's row count.
import { type BenchColumn, type Block, denseIntegers } from '../recording.ts';
import { unzigzag, zigzag } from './bits.ts';
import { bitsOfIntegers, type DecodedBlock, type Peer, written } from './peer.ts';

const FIRST_STEP_MS = 1000;
/** First values are 48 bits in two's complement, and a byte of zeros. */
const FIRST_MOST = 2 ** 47;
const RAW_BYTES = 8;

class Bytes {
  readonly #bytes: number[] = [];
  /** Two's complement. */
  littleEndian(value: number, size: number): void {
    let rest = BigInt.asUintN(8 * size, BigInt(value));
    for (let k = 0; k < size; k++, rest >>= 8n) this.#bytes.push(Number(rest & 255n));
  }
  word(word: bigint): void {
    for (let k = 0n; k < 64n; k += 8n) this.#bytes.push(Number((word >> k) & 255n));
  }
  varint(value: number): void {
    let rest = zigzag(value);
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) + 128);
    this.#bytes.push(rest);
  }
  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  word(size = RAW_BYTES): bigint {
    let word = 0n;
    for (let k = 0n; k < BigInt(8 * size); k += 8n) word |= BigInt(this.#bytes[this.#at++]!) << k;
    return word;
  }
  littleEndian(size: number): number {
    return Number(BigInt.asIntN(8 * size, this.word(size)));
  }
  varint(): number {
    let code = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]!;
      code += (byte % 128) * scale;
      if (byte < 128) return unzigzag(code);
    }
  }
}

/** Whether a layout takes the column as integers: a matter of the schema, the same for every block. */
function smallIntegers(column: BenchColumn): Float64Array | null {
  const integers = denseIntegers(column);
  return integers?.every((integer) => Math.abs(integer) < FIRST_MOST) ? integers : null;
}

function deltaSize(deltas: readonly number[]): number {
  const most = deltas.reduce((greatest, delta) => Math.max(greatest, Math.abs(delta)), 0);
  return most < 2 ** 7 ? 1 : most < 2 ** 15 ? 2 : most < 2 ** 31 ? 4 : 7;
}

/** Each value less the one before. */
function differences(values: Float64Array | readonly number[]): number[] {
  return Array.from({ length: values.length - 1 }, (_, i) => values[i + 1]! - values[i]!);
}

function sums(first: number, deltas: readonly number[]): number[] {
  let value = first;
  return [first, ...deltas.map((delta) => (value += delta))];
}

export function columnDeltas({ recording, from, to }: Block): Uint8Array {
  const out = new Bytes();
  const put = (deltas: readonly number[], size: number): void => {
    for (const delta of deltas) out.littleEndian(delta, size);
  };
  const times = recording.timesMs.subarray(from, to);
  out.littleEndian(times[0]!, 6);
  const changes = differences([FIRST_STEP_MS, ...differences(times)]);
  out.littleEndian(deltaSize(changes), 1);
  put(changes, deltaSize(changes));
  for (const column of recording.columns) {
    const integers = smallIntegers(column)?.subarray(from, to);
    if (integers === undefined) {
      out.littleEndian(RAW_BYTES, 1);
      for (const word of column.bits.subarray(from, to)) out.word(word);
      continue;
    }
    const deltas = differences(integers);
    const size = deltaSize(deltas);
    out.littleEndian(size, 1);
    out.littleEndian(integers[0]!, 6);
    out.littleEndian(0, 1);
    put(deltas, size);
  }
  return out.done();
}

function readColumnDeltas(
  bytes: Uint8Array,
  rowCount: number,
  columns: readonly BenchColumn[],
): DecodedBlock {
  const reader = new Reader(bytes);
  const take = (size: number): number[] =>
    Array.from({ length: rowCount - 1 }, () => reader.littleEndian(size));
  const first = reader.littleEndian(6);
  const steps = sums(FIRST_STEP_MS, take(reader.littleEndian(1))).slice(1);
  const decoded = columns.map(({ decimals }) => {
    const size = reader.littleEndian(1);
    if (size === RAW_BYTES) return BigUint64Array.from({ length: rowCount }, () => reader.word());
    const value = reader.littleEndian(6);
    reader.littleEndian(1);
    return bitsOfIntegers(sums(value, take(size)), decimals);
  });
  return { timesMs: sums(first, steps), columns: decoded };
}

const KIND = { constant: 1, rising: 2, other: 3 } as const;

export function varintDeltas({ recording, from, to }: Block): Uint8Array {
  const out = new Bytes();
  const put = (values: Float64Array, second: boolean): void => {
    out.varint(values[0]!);
    const deltas = differences(values);
    for (const delta of second ? differences([0, ...deltas]) : deltas) out.varint(delta);
  };
  put(recording.timesMs.subarray(from, to), true);
  for (const column of recording.columns) {
    const integers = denseIntegers(column)?.subarray(from, to);
    if (integers === undefined) {
      for (const word of column.bits.subarray(from, to)) out.word(word);
      continue;
    }
    const deltas = differences(integers);
    const kind = deltas.every((delta) => delta === 0)
      ? KIND.constant
      : deltas.every((delta) => delta >= 0)
        ? KIND.rising
        : KIND.other;
    out.littleEndian(kind, 1);
    put(kind === KIND.constant ? integers.subarray(0, 1) : integers, kind === KIND.rising);
  }
  return out.done();
}

function readVarintDeltas(
  bytes: Uint8Array,
  rowCount: number,
  columns: readonly BenchColumn[],
): DecodedBlock {
  const reader = new Reader(bytes);
  const take = (second: boolean): number[] => {
    const first = reader.varint();
    const deltas = Array.from({ length: rowCount - 1 }, () => reader.varint());
    return sums(first, second ? sums(0, deltas).slice(1) : deltas);
  };
  const timesMs = take(true);
  return {
    timesMs,
    columns: columns.map((column) => {
      if (denseIntegers(column) === null) {
        return BigUint64Array.from({ length: rowCount }, () => reader.word());
      }
      const kind = reader.littleEndian(1);
      const integers =
        kind === KIND.constant
          ? new Array<number>(rowCount).fill(reader.varint())
          : take(kind === KIND.rising);
      return bitsOfIntegers(integers, column.decimals);
    }),
  };
}

export const DELTA_PEERS: readonly Peer[] = [
  written('column-deltas', columnDeltas, readColumnDeltas),
  written('varint-deltas', varintDeltas, readVarintDeltas),
];
