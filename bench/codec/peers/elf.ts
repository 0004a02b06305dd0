// Elf: Li et al., «Elf: Erasing-based Lossless Floating-Point Compression», VLDB 2023, with the cheaper flags of
// Elf+ («Erasing-based lossless compression method for streaming floating-point time series», arXiv 2306.16053):
// bits of the mantissa that the decimal does not need are erased, so that XOR leaves long runs of zeros. Instants:
// timestamps.ts, once a block. Encoder only, a size: the paper's special case for powers of ten, which decoding
// needs, is left out. Not counted: the block's row count.
//
//   per sample: 10 not erased · 0 erased, as many significant digits as before · 11 · digits 4
//   first: trailing zeros 7 · rest; then 01 same · 00 centre in the window before
//     · 10 · class 3 · length − 1 4 · centre · 11 · class 3 · length 6 · centre
import type { BenchColumn, Block } from '../recording.ts';
import { decimalPlaces } from '../recording.ts';
import { BitWriter, leadingZeros, trailingZeros } from './bits.ts';
import { type Peer, written } from './peer.ts';
import { writeTimes } from './timestamps.ts';

const LEADING = [0, 8, 12, 16, 18, 20, 22, 24] as const;
const CLASS = Uint8Array.from({ length: 65 }, (_, zeros) => LEADING.findLastIndex((most) => most <= zeros));
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
/** Bits of a binary fraction that tell n decimal places apart. */
const FRACTION_BITS = Float64Array.from({ length: 21 }, (_, places) => Math.ceil(places * Math.log2(10)));
/** Digits above which nothing is erased: float64 does not hold them exactly. */
const DIGITS_MOST = 16;
/** Erased bits up to which the flags would cost more. */
const ERASED_LEAST = 4;

function encodeElf(block: Block): Uint8Array {
  const out = new BitWriter();
  writeTimes(out, block);
  for (const column of block.recording.columns) writeColumn(out, column, block.from, block.to);
  return out.done();
}

function writeColumn(out: BitWriter, column: BenchColumn, from: number, to: number): void {
  const words = new ErasedWords(out);
  let digitsBefore = -1;
  for (let row = from; row < to; row++) {
    const word = column.bits[row]!;
    const erased = erase(word, column.values[row]!, column.texts[row]!);
    if (erased === null) out.bits(0b10, 2);
    else if (erased.digits === digitsBefore) out.bits(0, 1);
    else {
      out.bits(0b11, 2);
      out.bits(erased.digits % 16, 4);
      digitsBefore = erased.digits;
    }
    words.write(erased?.word ?? word);
  }
}

/** `null`: erasing does not pay. */
function erase(
  word: bigint,
  value: number,
  text: string,
): { readonly word: bigint; readonly digits: number } | null {
  if (text === '' || value === 0 || text.includes('e')) return null;
  const digits = text.replace(/[-.]/g, '').replace(/^0+/, '').length;
  const exponent = Number((word >> 52n) & 0x7ffn) - 1023;
  const erasable = 52 - FRACTION_BITS[Math.min(decimalPlaces(text), 20)]! - exponent;
  if (digits > DIGITS_MOST || erasable <= ERASED_LEAST || erasable >= 64) return null;
  const kept = word & (ALL_ONES << BigInt(erasable)) & ALL_ONES;
  return kept === word ? null : { word: kept, digits };
}

/** The paper's XOR coder, of which a column has one. */
class ErasedWords {
  readonly #out: BitWriter;
  #before: bigint | null = null;
  #leading = -1;
  #trailing = 0;
  constructor(out: BitWriter) {
    this.#out = out;
  }
  write(word: bigint): void {
    const out = this.#out;
    if (this.#before === null) {
      const trailing = trailingZeros(word);
      out.bits(trailing, 7);
      out.big(word >> BigInt(trailing), 64 - trailing);
      this.#before = word;
      return;
    }
    const xor = word ^ this.#before;
    this.#before = word;
    if (xor === 0n) {
      out.bits(0b01, 2);
      return;
    }
    const leadingClass = CLASS[leadingZeros(xor)]!;
    const leading = LEADING[leadingClass]!;
    const trailing = trailingZeros(xor);
    if (leading === this.#leading && trailing >= this.#trailing) out.bits(0b00, 2);
    else {
      this.#leading = leading;
      this.#trailing = trailing;
      const length = 64 - leading - trailing;
      out.bits(length <= 16 ? 0b10 : 0b11, 2);
      out.bits(leadingClass, 3);
      if (length <= 16) out.bits(length - 1, 4);
      else out.bits(length % 64, 6);
    }
    out.big(xor >> BigInt(this.#trailing), 64 - this.#leading - this.#trailing);
  }
}

export const ELF: Peer = written('elf', encodeElf);
