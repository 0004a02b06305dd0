// The real clock and randomness of a process. Taken by each program's main.ts and by scripts; everything else
// receives them, so that a simulation can hold time still.
import { randomBytes } from 'node:crypto';

export function realClock() {
  return {
    /** CLOCK_MONOTONIC: ms since power-on, the same for every process of a boot. */
    monotonicMs: (): number => Number(process.hrtime.bigint() / 1000n) / 1000,
    utcMs: (): number => Date.now(),
    after: (delayMs: number, callback: () => void) => {
      const timer = setTimeout(callback, Math.max(0, delayMs));
      return { cancel: (): void => clearTimeout(timer) };
    },
  };
}

export const realRandomness = {
  uniform: (): number => Math.random(),
  bytes: (count: number): Uint8Array => randomBytes(count),
};
