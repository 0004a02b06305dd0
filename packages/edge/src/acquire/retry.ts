// When a connection or a port that failed is tried again: soon at first, then twice as late each time, up to a bound.

const FIRST_MS = 500;
const MOST_MS = 10_000;

export class Retry {
  #delayMs = FIRST_MS;

  /** ms to wait before the next attempt, after one that failed. */
  next(): number {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(MOST_MS, 2 * delayMs);
    return delayMs;
  }

  /** It works: the next failure begins anew. */
  works(): void {
    this.#delayMs = FIRST_MS;
  }
}
