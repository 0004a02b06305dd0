// The last seven days of machines, read for their strips and kept for some minutes, since what is long past does not change
// while somebody looks. Invariant: no strip rather than a wrong one. Not here: what makes a slot (strip.ts).
import type { Strip } from '@vigie/contract';
import type { Clock } from '@vigie/protocol';
import type { Conditions } from '../journal/changes.ts';
import type { Store } from '../store/store.ts';
import { type Judged, judgedAfter, judgedAs, SLOT_MS, SLOTS, stripOf } from './strip.ts';

const KEPT_MS = 3 * 60_000;
const MOST_KEPT = 5000;

interface Kept {
  readonly strip: Promise<Strip | null>;
  readonly untilMs: number;
}

export class Weeks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** `null`: its rows were never judged, or its journal has too much to tell. */
  of(machine: string): Promise<Strip | null> {
    const known = this.#kept.get(machine);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && known.untilMs > nowMs) return known.strip;
    const strip = this.#read(machine);
    this.#kept.delete(machine);
    this.#kept.set(machine, { strip, untilMs: nowMs + KEPT_MS });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    // A database that was away is asked again.
    strip.catch(() => this.#kept.delete(machine));
    return strip;
  }

  async #read(machine: string): Promise<Strip | null> {
    const nowMs = this.#clock.utcMs();
    const fromMs = (Math.floor(nowMs / SLOT_MS) - SLOTS + 1) * SLOT_MS;
    const kept = await this.#store.conditions(machine);
    const { entries, before } = await this.#store.limitNews(machine, fromMs);
    if (kept === null || entries === null) return null;
    const { channels } = JSON.parse(kept) as Conditions;
    const judged = new Map<string, Judged>();
    const spokenOf = new Set(entries.map(({ channel }) => channel));
    // What the journal is silent about since then is as it says now.
    for (const [channel, { told }] of Object.entries(channels)) {
      if (!spokenOf.has(channel)) judged.set(channel, judgedAs(told));
    }
    for (const [channel, entry] of before) judged.set(channel, judgedAfter(entry) ?? 'well');
    const { firstMs, gaps } = await this.#store.coverage(machine, fromMs, nowMs);
    const lastMs = (await this.#store.lastRow(machine))?.atMs ?? null;
    return stripOf({ fromMs, nowMs, before: judged, entries, gaps, firstMs, lastMs });
  }
}
