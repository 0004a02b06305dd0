// ALP: Afroozeh, Kuffó, Boncz, «ALP: Adaptive Lossless floating-Point Compression», SIGMOD 2023, §3.1: a column as
// integers round(v · 10^e ÷ 10^f) less their least, packed in as many bits as the greatest needs; what does not come
// back exactly is an exception of 16 + 64 bits. The best (e, f) is searched per block and column. A block is one
// vector; vectors of the paper are 1024 values, so that a header of 13 bytes weighs more here. The fall-back for
// real doubles (ALP_RD, §3.4) is left out. Instants: timestamps.ts, once a block. Not counted: the row count.
//
//   per column: e 8 · f 8 · width 8 · exceptions 16 · least 64 · integers · exceptions: row 16 · float64
import type { Block } from '../recording.ts';
import { BitReader, BitWriter, bitLength } from './bits.ts';
import { type DecodedBlock, type Peer, written } from './peer.ts';
import { readTimes, writeTimes } from './timestamps.ts';

const POWERS = Float64Array.from({ length: 19 }, (_, exponent) => 10 ** exponent);
const FACTOR_MOST = 6;
const EXCEPTION_BITS = 80;
const NO_INTEGER = Number.NaN;

interface Scale {
  readonly exponent: number;
  readonly factor: number;
}
interface Choice extends Scale {
  readonly costBits: number;
  readonly widthBits: number;
  readonly least: number;
  readonly exceptions: number;
}

function encodeAlp(block: Block): Uint8Array {
  const out = new BitWriter();
  writeTimes(out, block);
  for (const column of block.recording.columns) {
    writeColumn(out, column.values.subarray(block.from, block.to), column.decimals);
  }
  return out.done();
}

function writeColumn(out: BitWriter, values: Float64Array, decimals: number): void {
  const { exponent, factor, widthBits, least, exceptions } = choose(values, decimals);
  out.bits(exponent, 8);
  out.bits(factor, 8);
  out.bits(widthBits, 8);
  out.bits(exceptions, 16);
  out.big(BigInt.asUintN(64, BigInt(least)), 64);
  const integers = Array.from(values, (value) => scaled(value, { exponent, factor }));
  for (const integer of integers) out.bits(Number.isNaN(integer) ? 0 : integer - least, widthBits);
  const words = new BigUint64Array(values.slice().buffer);
  for (const [row, integer] of integers.entries()) {
    if (!Number.isNaN(integer)) continue;
    out.bits(row, 16);
    out.big(words[row]!, 64);
  }
}

/** `NO_INTEGER` where the value does not come back from it bit for bit. */
function scaled(value: number, { exponent, factor }: Scale): number {
  const integer = Math.round((value * POWERS[exponent]!) / POWERS[factor]!);
  if (!Number.isSafeInteger(integer) || Object.is(integer, -0)) return NO_INTEGER;
  return unscaled(integer, { exponent, factor }) === value ? integer : NO_INTEGER;
}

function unscaled(integer: number, { exponent, factor }: Scale): number {
  return (integer * POWERS[factor]!) / POWERS[exponent]!;
}

function choose(values: Float64Array, decimals: number): Choice {
  let best: Choice | null = null;
  for (let exponent = 0; exponent < POWERS.length; exponent++) {
    for (let factor = 0; factor <= Math.min(exponent, FACTOR_MOST); factor++) {
      if (exponent - factor !== decimals && exponent > decimals + FACTOR_MOST) continue;
      const choice = weigh(values, { exponent, factor });
      if (best === null || choice.costBits < best.costBits) best = choice;
      if (choice.exceptions === 0 && exponent >= decimals) break;
    }
  }
  return best!;
}

function weigh(values: Float64Array, scale: Scale): Choice {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let exceptions = 0;
  for (const value of values) {
    const integer = scaled(value, scale);
    if (Number.isNaN(integer)) exceptions++;
    else {
      if (integer < least) least = integer;
      if (integer > greatest) greatest = integer;
    }
  }
  if (exceptions === values.length) least = greatest = 0;
  const widthBits = bitLength(greatest - least);
  return {
    ...scale,
    widthBits,
    least,
    exceptions,
    costBits: widthBits * values.length + exceptions * EXCEPTION_BITS,
  };
}

function decodeAlp(bytes: Uint8Array, rowCount: number, columns: readonly unknown[]): DecodedBlock {
  const reader = new BitReader(bytes);
  const timesMs = readTimes(reader, rowCount);
  return { timesMs, columns: columns.map(() => readColumn(reader, rowCount)) };
}

function readColumn(reader: BitReader, rowCount: number): BigUint64Array {
  const scale = { exponent: reader.bits(8), factor: reader.bits(8) };
  const widthBits = reader.bits(8);
  const exceptions = reader.bits(16);
  const least = Number(BigInt.asIntN(64, reader.big(64)));
  const values = Float64Array.from({ length: rowCount }, () =>
    unscaled(least + reader.bits(widthBits), scale),
  );
  const words = new BigUint64Array(values.buffer);
  for (let i = 0; i < exceptions; i++) words[reader.bits(16)] = reader.big(64);
  return words;
}

export const ALP: Peer = written('alp', encodeAlp, decodeAlp);
