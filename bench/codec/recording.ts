// A recording as the benches need it: by column, each sample as float64, as its bits, as text and as a scaled integer.
// The text of a sample is the shortest that reads back as the same float64, whatever the file wrote («1.50» is
// «1.5»): no peer pays for digits that say nothing. Decimals and integer widths are those of the whole file: peers
// are given what a schema would tell them, and more, for it knows the measured half as well.
import { readRecording } from '@vigie/edge';

export interface BenchColumn {
  readonly name: string;
  /** NaN where there is no sample. */
  readonly values: Float64Array;
  /** The same memory as `values`. */
  readonly bits: BigUint64Array;
  /** '' where there is no sample. */
  readonly texts: readonly string[];
  /** Most decimal places of any sample. */
  readonly decimals: number;
  /** Samples × 10^decimals, NaN where there is none; `null` when not every sample is an exact integer then. */
  readonly integers: Float64Array | null;
  /** What holds every integer, signed or unsigned; 64 without `integers`. */
  readonly widthBits: 8 | 16 | 32 | 64;
  readonly hasMissing: boolean;
}

export interface BenchRecording {
  readonly file: string;
  readonly rowCount: number;
  readonly timesMs: Float64Array;
  readonly columns: readonly BenchColumn[];
  /** Every instant is a whole second. */
  readonly wholeSeconds: boolean;
  /** Hex; the same for the same file. */
  readonly sha256: string;
}

/** Rows `from` to `to − 1` of a recording, coded alone. */
export interface Block {
  readonly recording: BenchRecording;
  readonly from: number;
  readonly to: number;
}

export type Loaded =
  | { readonly ok: true; readonly value: BenchRecording }
  | { readonly ok: false; readonly message: string };

export function loadRecording(file: string): Loaded {
  const read = readRecording(file, { mayRepeat: true });
  if (!read.ok) return read;
  const { columns, cells, rowCount, timesMs, sha256 } = read.value;
  if (rowCount < 4) return { ok: false, message: `${file}: ${rowCount} rows, too few to train and measure` };
  return {
    ok: true,
    value: {
      file,
      rowCount,
      timesMs,
      columns: columns.map(({ header }, c) =>
        columnOf(
          header,
          Float64Array.from({ length: rowCount }, (_, row) => cells[row * columns.length + c]!),
        ),
      ),
      wholeSeconds: timesMs.every((ms) => ms % 1000 === 0),
      sha256,
    },
  };
}

export function columnOf(name: string, values: Float64Array<ArrayBuffer>): BenchColumn {
  const texts = Array.from(values, (value) => (Number.isNaN(value) ? '' : String(value)));
  const decimals = texts.reduce((most, text) => Math.max(most, decimalPlaces(text)), 0);
  const integers = asIntegers(values, texts, decimals);
  return {
    name,
    values,
    bits: new BigUint64Array(values.buffer),
    texts,
    decimals,
    integers,
    widthBits: integers === null ? 64 : widthOf(integers),
    hasMissing: texts.includes(''),
  };
}

/** 0 for text with an exponent: see `asIntegers`. */
export function decimalPlaces(text: string): number {
  const point = text.indexOf('.');
  return point < 0 || text.includes('e') ? 0 : text.length - point - 1;
}

/** From the text, so that no product is rounded. Exponents and −0 have no scaled integer. */
function asIntegers(values: Float64Array, texts: readonly string[], decimals: number): Float64Array | null {
  const integers = new Float64Array(texts.length);
  for (const [i, text] of texts.entries()) {
    if (text === '') {
      integers[i] = Number.NaN;
      continue;
    }
    if (text.includes('e') || Object.is(values[i], -0)) return null;
    const digits = text.replace('.', '') + '0'.repeat(decimals - decimalPlaces(text));
    const integer = Number(digits);
    if (!Number.isSafeInteger(integer)) return null;
    integers[i] = integer === 0 ? 0 : integer;
  }
  return integers;
}

function widthOf(integers: Float64Array): 8 | 16 | 32 | 64 {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const integer of integers) {
    if (integer < low) low = integer;
    if (integer > high) high = integer;
  }
  for (const width of [8, 16, 32] as const) {
    const half = 2 ** (width - 1);
    if ((low >= -half && high < half) || (low >= 0 && high < 2 * half)) return width;
  }
  return low >= -(2 ** 31) && high < 2 ** 32 ? 32 : 64;
}

/** Samples as scaled integers, or `null` where a coder of integers must fall back on raw float64. */
export function denseIntegers(column: BenchColumn): Float64Array | null {
  return column.hasMissing ? null : column.integers;
}

/** Whole blocks only, but for a range between half a block and one block long, which is one block. */
export function cut(recording: BenchRecording, blockRows: number, from: number, to: number): Block[] {
  const blocks: Block[] = [];
  for (let at = from; at + blockRows <= to; at += blockRows) {
    blocks.push({ recording, from: at, to: at + blockRows });
  }
  if (blocks.length === 0 && to - from >= blockRows / 2) blocks.push({ recording, from, to });
  return blocks;
}

/** What was there before the first measured row, and what is measured. */
export interface Halves {
  readonly training: { readonly from: number; readonly to: number };
  readonly measured: { readonly from: number; readonly to: number };
}

/** @param rowsMost of each half, those around the middle; `null`: all. */
export function halves(recording: BenchRecording, rowsMost: number | null): Halves {
  const middle = Math.floor(recording.rowCount / 2);
  const most = rowsMost ?? recording.rowCount;
  return {
    training: { from: Math.max(0, middle - most), to: middle },
    measured: { from: middle, to: Math.min(recording.rowCount, middle + most) },
  };
}
