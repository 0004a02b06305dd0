// Gorilla: each float64 XORed with the one before; what is between the leading and the trailing zeros is written, in
// the window of the value before where it fits. Pelkonen et al., «Gorilla: A Fast, Scalable, In-Memory Time Series
// Database», VLDB 2015, §4.1.2. Instants: timestamps.ts, once a block. Not counted: the block's row count.
//
//   0                                     same value
//   1 0 · meaningful bits                 in the window before
//   1 1 · leading zeros 5 · length 6 · meaningful bits
import type { Block } from '../recording.ts';
import { BitReader, BitWriter, leadingZeros, trailingZeros } from './bits.ts';
import { type DecodedBlock, type Peer, written } from './peer.ts';
import { readTimes, writeTimes } from './timestamps.ts';

const LEADING_MOST = 31;

export function encodeGorilla(block: Block): Uint8Array {
  const out = new BitWriter();
  writeTimes(out, block);
  for (const { bits } of block.recording.columns) writeColumn(out, bits.subarray(block.from, block.to));
  return out.done();
}

function writeColumn(out: BitWriter, words: BigUint64Array): void {
  out.big(words[0]!, 64);
  let window: { leading: number; trailing: number } | null = null;
  for (let i = 1; i < words.length; i++) {
    const xor = words[i]! ^ words[i - 1]!;
    if (xor === 0n) {
      out.bits(0, 1);
      continue;
    }
    const leading = Math.min(leadingZeros(xor), LEADING_MOST);
    const trailing = trailingZeros(xor);
    if (window !== null && leading >= window.leading && trailing >= window.trailing) {
      out.bits(0b10, 2);
    } else {
      window = { leading, trailing };
      out.bits(0b11, 2);
      out.bits(leading, 5);
      out.bits((64 - leading - trailing) % 64, 6); // 64 is written as 0
    }
    out.big(xor >> BigInt(window.trailing), 64 - window.leading - window.trailing);
  }
}

export function decodeGorilla(
  bytes: Uint8Array,
  rowCount: number,
  columns: readonly unknown[],
): DecodedBlock {
  const reader = new BitReader(bytes);
  const timesMs = readTimes(reader, rowCount);
  return { timesMs, columns: columns.map(() => readColumn(reader, rowCount)) };
}

function readColumn(reader: BitReader, rowCount: number): BigUint64Array {
  const words = new BigUint64Array(rowCount);
  let word = reader.big(64);
  words[0] = word;
  let leading = 0;
  let length = 0;
  for (let i = 1; i < rowCount; i++) {
    if (reader.bits(1) === 1) {
      if (reader.bits(1) === 1) {
        leading = reader.bits(5);
        length = reader.bits(6) || 64;
      }
      word ^= reader.big(length) << BigInt(64 - leading - length);
    }
    words[i] = word;
  }
  return words;
}

export const GORILLA: Peer = written('gorilla', encodeGorilla, decodeGorilla);
