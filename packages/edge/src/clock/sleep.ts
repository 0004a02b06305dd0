// A clock that also counts the time the box slept: CLOCK_MONOTONIC stands still in a suspend, and rows after it would
// be dated before they were. The kernel's uptime counts it, in steps of 10 ms.
// Invariants: without a suspend the clock is the one beneath, to the digit; it never goes back.
// Not here: timers; they run on the clock beneath, and fire late by what was slept.
import type { Clock } from '@vigie/protocol';

/** Uptime is too coarse to tell a shorter sleep, and no suspend is shorter. */
const LEAST_SLEEP_MS = 200;

/** @param uptimeMs since power-on, sleep included, as the kernel says. */
export function throughSleep(clock: Clock, uptimeMs: () => number): Clock {
  let sleptMs = 0;
  return {
    monotonicMs: () => {
      const awakeMs = clock.monotonicMs();
      // In some containers the uptime is the container's own and runs behind: then it tells nothing.
      const allMs = uptimeMs() - awakeMs;
      if (allMs > sleptMs + LEAST_SLEEP_MS) sleptMs = allMs;
      return awakeMs + sleptMs;
    },
    utcMs: () => clock.utcMs(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
