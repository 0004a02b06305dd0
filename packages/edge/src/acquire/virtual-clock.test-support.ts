// A clock whose time passes only when told, for what would take hours or be at the mercy of a busy machine.
import type { Clock } from '@vigie/protocol';

export class VirtualClock implements Clock {
  #nowMs: number;
  #timers: { atMs: number; order: number; call: () => void }[] = [];
  #order = 0;

  constructor(nowMs = 1_000_000) {
    this.#nowMs = nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  utcMs(): number {
    return 1_700_000_000_000 + Math.round(this.#nowMs);
  }

  after(delayMs: number, call: () => void): { cancel(): void } {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, call };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Lets time pass, with everything that is due meanwhile and what follows of it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const next = this.#timers
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.call();
    }
    this.#nowMs = endMs;
  }

  /** Lets time pass until the promise is settled; throws when that takes an hour. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const watched = promise.finally(() => {
      done = true;
    });
    for (let ms = 0; !done; ms++) {
      if (ms > 3_600_000) throw new Error('nothing happens any more');
      await this.pass(1);
    }
    return watched;
  }
}

/** Promises that wait for no timer have had their turn. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
