// Chimp and Chimp128: Liakos et al., «Chimp: Efficient Lossless Floating Point Compression for Time Series
// Databases», VLDB 2022. As Gorilla, with leading zeros in eight classes and flags of two bits; Chimp128 may XOR
// with any of the 128 values before, found by the low 14 bits. Instants: timestamps.ts, once a block. Not counted:
// the block's row count.
//
//   00 · [reference 7]                                    same value
//   01 · [reference 7] · class 3 · length 6 · centre      many trailing zeros
//   10 · rest                                             as many leading zeros as before
//   11 · class 3 · rest
import type { Block } from '../recording.ts';
import { BitReader, BitWriter, leadingZeros, trailingZeros } from './bits.ts';
import { type Decode, type Encode, type Peer, written } from './peer.ts';
import { readTimes, writeTimes } from './timestamps.ts';

const LEADING = [0, 8, 12, 16, 18, 20, 22, 24] as const;
/** For a count of leading zeros, the class of the greatest that is not more. */
const CLASS = Uint8Array.from({ length: 65 }, (_, zeros) => LEADING.findLastIndex((most) => most <= zeros));
const NONE = -1;

interface Variant {
  /** Values that may be referred to; 1: only the one before. */
  readonly window: number;
  readonly referenceBits: number;
  /** More trailing zeros than this are left out. */
  readonly trailingLeast: number;
}
const CHIMP: Variant = { window: 1, referenceBits: 0, trailingLeast: 6 };
const CHIMP128: Variant = { window: 128, referenceBits: 7, trailingLeast: 13 };
const KEY_MASK = 0x3fffn;

const encode =
  (variant: Variant): Encode =>
  (block: Block) => {
    const out = new BitWriter();
    writeTimes(out, block);
    for (const { bits } of block.recording.columns) {
      writeColumn(out, bits.subarray(block.from, block.to), variant);
    }
    return out.done();
  };

function writeColumn(out: BitWriter, words: BigUint64Array, variant: Variant): void {
  const { window, referenceBits, trailingLeast } = variant;
  const latest = new Map<bigint, number>();
  const reach = (word: bigint, i: number): number => {
    if (window === 1) return i - 1;
    const found = latest.get(word & KEY_MASK);
    return found !== undefined && i - found < window ? found : NONE;
  };
  out.big(words[0]!, 64);
  latest.set(words[0]! & KEY_MASK, 0);
  let before = NONE;
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    let reference = reach(word, i);
    if (reference === NONE || trailingZeros(word ^ words[reference]!) <= trailingLeast) reference = NONE;
    const xor = word ^ words[reference === NONE ? i - 1 : reference]!;
    const leadingClass = CLASS[leadingZeros(xor)]!;
    const leading = LEADING[leadingClass]!;
    if (xor === 0n) {
      out.bits(0b00, 2);
      out.bits((reference === NONE ? i - 1 : reference) % window, referenceBits);
      before = NONE;
    } else if (reference !== NONE) {
      const trailing = trailingZeros(xor);
      const length = 64 - leading - trailing;
      out.bits(0b01, 2);
      out.bits(reference % window, referenceBits);
      out.bits(leadingClass, 3);
      out.bits(length, 6);
      out.big(xor >> BigInt(trailing), length);
      before = NONE;
    } else {
      out.bits(leading === before ? 0b10 : 0b11, 2);
      if (leading !== before) out.bits(leadingClass, 3);
      out.big(xor, 64 - leading);
      before = leading;
    }
    latest.set(word & KEY_MASK, i);
  }
}

const decode =
  (variant: Variant): Decode =>
  (bytes, rowCount, columns) => {
    const reader = new BitReader(bytes);
    const timesMs = readTimes(reader, rowCount);
    return { timesMs, columns: columns.map(() => readColumn(reader, rowCount, variant)) };
  };

function readColumn(reader: BitReader, rowCount: number, { window, referenceBits }: Variant): BigUint64Array {
  const words = new BigUint64Array(rowCount);
  words[0] = reader.big(64);
  let leading = 0;
  for (let i = 1; i < rowCount; i++) {
    const flag = reader.bits(2);
    if (flag <= 0b01) {
      // The one value of the window before i whose index leaves this remainder.
      const back = (i - 1 - reader.bits(referenceBits) + window) % window;
      const reference = words[i - 1 - back]!;
      words[i] = flag === 0b00 ? reference : reference ^ readCentre(reader);
    } else {
      if (flag === 0b11) leading = LEADING[reader.bits(3)]!;
      words[i] = words[i - 1]! ^ reader.big(64 - leading);
    }
  }
  return words;
}

function readCentre(reader: BitReader): bigint {
  const leading = LEADING[reader.bits(3)]!;
  const length = reader.bits(6);
  return reader.big(length) << BigInt(64 - leading - length);
}

export const CHIMP_PEERS: readonly Peer[] = [
  written('chimp', encode(CHIMP), decode(CHIMP)),
  written('chimp128', encode(CHIMP128), decode(CHIMP128)),
];
