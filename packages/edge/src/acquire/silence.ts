// How long a source has given no row, and how many rows the server must be told will never come.
// Invariant: what is told never covers a row. Not here: the gap itself (spool/).

/** A shorter silence is not worth a frame. */
const SILENCE_MS = 10_000;

export class Silence {
  readonly #intervalMs: number;
  #heardMs: number;

  /** @param startMs instant from which on rows are due. */
  constructor(intervalMs: number, startMs: number) {
    this.#intervalMs = intervalMs;
    this.#heardMs = startMs;
  }

  /** Rows to tell as silent before the one at `rowMs`; 0: none. */
  before(rowMs: number): number {
    const silenceMs = rowMs - this.#heardMs;
    this.#heardMs = rowMs;
    if (silenceMs < Math.max(SILENCE_MS, 1.5 * this.#intervalMs)) return 0;
    return Math.max(1, Math.round(silenceMs / this.#intervalMs) - 1);
  }
}
