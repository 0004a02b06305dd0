// The real clock and randomness of this process. Built by main.ts and by the demo; everything else receives them.
import { randomBytes } from 'node:crypto';
import type { Clock, Randomness } from '@vigie/protocol';

export function realClock(): Clock {
  // process.hrtime is CLOCK_MONOTONIC: ms since power-on, the same for every process of a boot.
  const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
  return {
    monotonicMs,
    utcMs: () => Date.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, Math.max(0, delayMs));
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

export const realRandomness: Randomness = {
  uniform: () => Math.random(),
  bytes: (count) => randomBytes(count),
};
