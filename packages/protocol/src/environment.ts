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
