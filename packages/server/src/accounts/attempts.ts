// Counts attempts at secrets (passwords, codes, links), per account and per address, within a sliding window.
// Invariants: each server counts alone; what is right is given back, so that many people may sign in from one address;
// memory is bounded. Not here: what an attempt is at.

/** Attempts within the window before one must wait. */
const MOST_ATTEMPTS = 10;
const WINDOW_MS = 15 * 60_000;
/** Keys remembered; beyond, the oldest are forgotten. */
const MOST_REMEMBERED = 10_000;

export class Attempts {
  readonly #nowMs: () => number;
  readonly #atMs = new Map<string, number[]>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Counts one at each key; ms to wait before the next, 0 when it may go on. */
  attempt(...keys: readonly string[]): number {
    return Math.max(...keys.map((key) => this.#one(key)));
  }

  /** Takes back the last one, which was right. */
  forgive(...keys: readonly string[]): void {
    for (const key of keys) this.#atMs.set(key, this.#atMs.get(key)?.slice(0, -1) ?? []);
  }

  forget(key: string): void {
    this.#atMs.delete(key);
  }

  #one(key: string): number {
    const nowMs = this.#nowMs();
    const recent = (this.#atMs.get(key) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS);
    const oldest = recent[0];
    if (recent.length >= MOST_ATTEMPTS && oldest !== undefined) return oldest + WINDOW_MS - nowMs;
    this.#atMs.delete(key);
    this.#atMs.set(key, [...recent, nowMs]);
    if (this.#atMs.size > MOST_REMEMBERED) {
      const first = this.#atMs.keys().next().value;
      if (first !== undefined) this.#atMs.delete(first);
    }
    return 0;
  }
}
