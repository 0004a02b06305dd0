// The one source of chance of a simulated life: everything drawn comes from its seed, so that a seed replays a life.
import type { Randomness } from '@vigie/protocol';

export class Dice implements Randomness {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** mulberry32 */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.below(256);
    return bytes;
  }

  /** Whole, 0 ≤ n < `end`. */
  below(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.uniform();
  }

  /** As often short as long: uniform in the logarithm. */
  spread(least: number, most: number): number {
    return least * (most / least) ** this.uniform();
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }
}
