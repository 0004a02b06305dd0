// Where rows that come by themselves lie on the time axis. Pure.
// A device prints regularly, and its lines arrive with a jitter of some ms, which would cost bytes to date; so a row is
// put at a whole number of intervals after the one before when its arrival agrees within the bound, else where it
// arrived: the rhythm follows a device whose clock drifts in rare small steps.
// Invariants: instants increase; a row that arrived alone lies at most the bound from its arrival. Rows that arrived in
// one heap, since the box could not read meanwhile, follow one another at the interval if they fit the time they had;
// else only the last counts. Not here: what the rows say.

/** Most that a row's instant is off, ms. */
export function boundMs(intervalMs: number): number {
  return Math.min(50, Math.max(5, intervalMs / 4));
}

export class Placing {
  readonly #intervalMs: number;
  readonly #boundMs: number;
  #lastMs: number | null = null;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#boundMs = boundMs(intervalMs);
  }

  /** Instants of `count` rows that arrived together, whole ms; `null`: its instant is not known. */
  place(arrivedMs: number, count: number): (number | null)[] {
    const lastMs = this.#lastMs;
    const heap = Array.from({ length: count }, (_, i) => i);
    if (count > 1 && lastMs !== null) {
      const endMs = lastMs + count * this.#intervalMs;
      const fits = endMs <= arrivedMs + this.#boundMs && endMs > arrivedMs - this.#intervalMs - this.#boundMs;
      if (fits) {
        this.#lastMs = endMs;
        return heap.map((i) => lastMs + (i + 1) * this.#intervalMs);
      }
    }
    const alone = this.#one(arrivedMs);
    return heap.map((i) => (i === count - 1 ? alone : null));
  }

  #one(arrivedMs: number): number | null {
    const here = Math.round(arrivedMs);
    let placed = here;
    if (this.#lastMs !== null) {
      const steps = Math.max(1, Math.round((arrivedMs - this.#lastMs) / this.#intervalMs));
      const expected = this.#lastMs + steps * this.#intervalMs;
      if (Math.abs(arrivedMs - expected) <= this.#boundMs) placed = expected;
      if (placed <= this.#lastMs) return null;
    }
    this.#lastMs = placed;
    return placed;
  }
}
