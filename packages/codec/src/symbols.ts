// Small symbols out of plain decisions: trees, signed whole numbers of up to 54 bits, and wide whole bits.
// Each takes what to write and returns what was coded, as the coder does. Not here: residuals, which are mixed.
import { type Coder, READING } from './coder.ts';

/** A number of `bits` bits, most significant first, under 2^bits contexts at `base`. */
export function codeTree(coder: Coder, base: number, bits: number, given: number): number {
  let node = 1;
  for (let k = bits - 1; k >= 0; k--) node = node * 2 + coder.flag((given >> k) & 1, base + node);
  return node - (1 << bits);
}

/** A non-negative integer below 2^53 in `count` whole bits. */
export function codeRaw(coder: Coder, given: number, count: number): number {
  if (count <= 30) return coder.raw(given, count);
  const high = coder.raw(Math.floor(given / 2 ** 30), count - 30);
  return high * 2 ** 30 + coder.raw(given % 2 ** 30, 30);
}

/** A signed integer of magnitude below 2^55, under `NUMBER_SIZE` contexts at `base`. */
export function codeNumber(coder: Coder, base: number, given: number): number {
  if (coder.flag(given === 0 ? 1 : 0, base) !== 0) return 0;
  const negative = coder.flag(given < 0 ? 1 : 0, base + 1);
  const magnitude = Math.abs(given);
  const size = codeTree(coder, base + 2, 6, coder.mode === READING ? 0 : bitLength(magnitude));
  let value = 1;
  if (size > 1) {
    const rest = size - 2;
    const unit = 2 ** Math.min(rest, 53);
    const high = coder.flag(Math.floor(magnitude / unit) % 2, base + 66 + size);
    value = (2 + high) * unit + codeRaw(coder, magnitude % unit, Math.min(rest, 53));
  }
  return negative !== 0 ? -value : value;
}

/** Bits of a non-negative integer: 0 for 0. */
export function bitLength(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 2 ** 32));
}
