// What the world gives to a state machine's driver: time and timers. Only each program's main.ts builds
// the real one; a simulation builds a seeded one. Disk, network and serial ports have their own
// interfaces beside the code that uses them.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** ms since some fixed point of this boot; never steps, survives a restart of the process. */
  monotonicMs(): number;
  /** Unix ms as the operating system believes; may be wrong by years, may step. */
  utcMs(): number;
  /** Calls back once, after `delayMs` of monotonic time. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Randomness {
  /** Uniform in [0, 1). */
  uniform(): number;
  bytes(count: number): Uint8Array;
}

/**
 * One timer that is moved about: `callback` runs at the latest when it was last asked for, and may run earlier, so that
 * it must look at the clock itself. Nobody has to poll for what is due.
 */
export class Wake {
  readonly #clock: Clock;
  readonly #callback: () => void;
  #timer: Timer | null = null;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** @param atMs monotonic; `null`: nothing is due. */
  by(atMs: number | null): void {
    if (atMs === null || atMs >= this.#atMs) return;
    this.#timer?.cancel();
    this.#atMs = atMs;
    this.#timer = this.#clock.after(Math.max(0, atMs - this.#clock.monotonicMs()), () => {
      this.#timer = null;
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#callback();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#atMs = Number.POSITIVE_INFINITY;
  }
}
