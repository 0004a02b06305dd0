// Whether a row must leave at once: with it a limit rings, by the same code and delays as at the server, which rings when it
// has the row. Invariant: at most one urgent row per pause, so that values trembling at their limits do not spend the data
// plan; what rings within a pause leaves when it ends. Not here: alarms themselves (the server's), and which limits are in
// force (settings.ts).
import {
  type MachineSchema,
  type WatchedLimit,
  type WatchedRow,
  type Watches,
  watchedLimits,
  watchRows,
} from '@vigie/model';
import type { SampledRow } from './source.ts';

const PAUSE_MS = 5000;

export class Urgency {
  #limits: readonly WatchedLimit[];
  #watches: Watches = {};
  #previous: WatchedRow | null = null;
  #isOwed = false;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(schema: MachineSchema) {
    this.#limits = watchedLimits(schema);
  }

  /** Other limits hold from now on. @param schema of the same channels. */
  setLimits(schema: MachineSchema): void {
    this.#limits = watchedLimits(schema);
    const sources = new Set(this.#limits.map(({ source }) => source));
    this.#watches = Object.fromEntries(
      Object.entries(this.#watches).filter(([source]) => sources.has(source)),
    );
  }

  isUrgent({ monotonicMs, values }: SampledRow): boolean {
    const row = { atMs: monotonicMs, values };
    const { watches, crossings } = watchRows(this.#limits, this.#watches, [row], this.#previous);
    this.#watches = watches;
    this.#previous = row;
    this.#isOwed ||= crossings.some(({ on }) => on);
    if (!this.#isOwed || monotonicMs - this.#lastMs < PAUSE_MS) return false;
    this.#isOwed = false;
    this.#lastMs = monotonicMs;
    return true;
  }
}
