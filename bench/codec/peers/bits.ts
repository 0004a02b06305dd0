// Writer and reader of single bits, high bit first, and the small arithmetic the peers share.
// Values up to 53 bits are numbers, wider ones BigInt. Reading past the end throws: a peer's bytes come from this
// process, so that a short read is a mistake of the programmer.

export class BitWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;
  #pending = 0;
  #pendingBits = 0;

  /** The low `count` bits, 53 at most, of a non-negative integer. */
  bits(value: number, count: number): void {
    let left = count;
    while (left > 0) {
      const take = Math.min(8 - this.#pendingBits, left);
      left -= take;
      const part = Math.floor(value / 2 ** left) % 2 ** take;
      this.#pending = (this.#pending << take) | part;
      this.#pendingBits += take;
      if (this.#pendingBits === 8) this.#flush();
    }
  }
  /** The low `count` bits, 64 at most. */
  big(value: bigint, count: number): void {
    if (count > 32) this.bits(Number((value >> 32n) & 0xffff_ffffn), count - 32);
    this.bits(Number(value & 0xffff_ffffn), Math.min(count, 32));
  }
  /** Seven bits a byte, low first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.bits((rest % 128) + 128, 8);
      rest = Math.floor(rest / 128);
    }
    this.bits(rest, 8);
  }
  /** Pads the last byte with zeros. */
  done(): Uint8Array {
    if (this.#pendingBits > 0) {
      this.#pending <<= 8 - this.#pendingBits;
      this.#flush();
    }
    return this.#bytes.slice(0, this.#length);
  }
  #flush(): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = this.#pending;
    this.#pending = 0;
    this.#pendingBits = 0;
  }
}

export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  bits(count: number): number {
    let value = 0;
    let left = count;
    while (left > 0) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new RangeError('read past the last bit');
      const here = 8 - (this.#at & 7);
      const take = Math.min(here, left);
      value = value * 2 ** take + ((byte >> (here - take)) & (2 ** take - 1));
      this.#at += take;
      left -= take;
    }
    return value;
  }
  big(count: number): bigint {
    if (count <= 32) return BigInt(this.bits(count));
    const high = BigInt(this.bits(count - 32));
    return (high << 32n) | BigInt(this.bits(32));
  }
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bits(8);
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }
}

/** 0, −1, 1, −2 … as 0, 1, 2, 3 … */
export function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}
export function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
}

/** Bits a non-negative integer needs; 0 for 0. */
export function bitLength(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 2 ** 32));
}

export function leadingZeros(word: bigint): number {
  const high = Number(word >> 32n);
  return high !== 0 ? Math.clz32(high) : 32 + Math.clz32(Number(word & 0xffff_ffffn));
}

export function trailingZeros(word: bigint): number {
  const low = Number(word & 0xffff_ffffn);
  if (low !== 0) return 31 - Math.clz32(low & -low);
  const high = Number(word >> 32n);
  return high === 0 ? 64 : 63 - Math.clz32(high & -high);
}
