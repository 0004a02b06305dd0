// Growing writer and bounded reader of bytes, with varints up to 2^53 and CRC-32. The reader never throws: past
// the end it yields zeros and remembers that it failed.

export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  #room(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.length++] = value;
  }
  uint32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }
  float64(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.length, value);
    this.length += 8;
  }
  /** Non-negative integer up to 2^53 − 1, seven bits a byte, low first. */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.length++] = rest;
  }
  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
  done(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  failed = false;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  get left(): number {
    return this.#bytes.length - this.at;
  }
  byte(): number {
    if (this.left < 1) return this.#fail();
    return this.#bytes[this.at++] ?? 0;
  }
  uint32(): number {
    if (this.left < 4) return this.#fail();
    this.at += 4;
    return this.#view.getUint32(this.at - 4);
  }
  float64(): number {
    if (this.left < 8) return this.#fail();
    this.at += 8;
    return this.#view.getFloat64(this.at - 8);
  }
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value > Number.MAX_SAFE_INTEGER ? this.#fail() : value;
      scale *= 128;
    }
    return this.#fail();
  }
  /** A view, not a copy; empty when there are fewer. */
  bytes(length: number): Uint8Array {
    if (length > this.left) {
      this.#fail();
      return new Uint8Array(0);
    }
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
  #fail(): 0 {
    this.failed = true;
    this.at = this.#bytes.length;
    return 0;
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let c = index;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 as of IEEE 802.3. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}
