// Growing writer of bytes and bounded reader of varints and 24-bit words. The reader never throws: past the end it
// yields zeros and remembers that it failed.

export class ByteWriter {
  private written = new Uint8Array(256);
  length = 0;

  private room(size: number): void {
    if (this.length + size <= this.written.length) return;
    const grown = new Uint8Array(Math.max(this.written.length * 2, this.length + size));
    grown.set(this.written);
    this.written = grown;
  }
  byte(value: number): void {
    this.room(1);
    this.written[this.length++] = value;
  }
  /** Big-endian. */
  uint24(value: number): void {
    this.byte(value >>> 16);
    this.byte(value >>> 8);
    this.byte(value);
  }
  /** Non-negative integer below 2^31, seven bits a byte, low first. */
  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }
  bytes(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.written.set(bytes, this.length);
    this.length += bytes.length;
  }
  done(): Uint8Array {
    return this.written.slice(0, this.length);
  }
  /** The buffer itself, of which `length` bytes are written. */
  get buffer(): Uint8Array {
    return this.written;
  }
}

export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  failed = false;
  constructor(bytes: Uint8Array, from: number, end: number) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }
  byte(): number {
    if (this.at < this.end) return this.bytes[this.at++]!;
    this.failed = true;
    return 0;
  }
  uint24(): number {
    return (this.byte() << 16) | (this.byte() << 8) | this.byte();
  }
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    this.failed = true;
    return 0;
  }
}
