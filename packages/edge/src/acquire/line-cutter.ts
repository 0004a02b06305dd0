// Cuts the bytes of a serial port into lines, each with the instant at which its first byte came. Pure.
// Invariants: only complete lines are given; the rest of a line that was under way when the port was opened is none; no
// more than MOST_LINE_BYTES are kept of one. Not here: what a line says (line-parser.ts).

export const MOST_LINE_BYTES = 16_384;
/** A first byte that comes later than this after the opening begins a line: a device that is printing does not pause. */
const QUIET_MS = 200;

export interface Line {
  /** `null`: no text, or too long for one. */
  readonly text: string | null;
  /** Instant of its first byte. */
  readonly firstMs: number;
}

export class LineCutter {
  readonly #openedMs: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  /** Bytes of the line under way; `null`: they belong to none. */
  #bytes: number[] | null = null;
  #begun = false;
  #tooLong = false;
  #firstMs = 0;

  constructor(openedMs: number) {
    this.#openedMs = openedMs;
  }

  /** @param nowMs instant at which these bytes came. */
  push(bytes: Uint8Array, nowMs: number): Line[] {
    if (!this.#begun) {
      this.#begun = true;
      if (nowMs - this.#openedMs >= QUIET_MS) this.#bytes = [];
    }
    const lines: Line[] = [];
    for (const byte of bytes) {
      if (byte === 10 || byte === 13) {
        const line = this.#bytes;
        this.#bytes = [];
        if (line !== null && line.length > 0)
          lines.push({ text: this.#textOf(line), firstMs: this.#firstMs });
        this.#tooLong = false;
      } else if (this.#bytes !== null) {
        if (this.#bytes.length === 0) this.#firstMs = nowMs;
        if (this.#bytes.length < MOST_LINE_BYTES) this.#bytes.push(byte);
        else this.#tooLong = true;
      }
    }
    return lines;
  }

  #textOf(bytes: readonly number[]): string | null {
    // No measurement holds control characters: they are noise.
    if (this.#tooLong || bytes.some((byte) => byte < 32 && byte !== 9)) return null;
    try {
      return this.#decoder.decode(Uint8Array.from(bytes));
    } catch {
      return null;
    }
  }
}
