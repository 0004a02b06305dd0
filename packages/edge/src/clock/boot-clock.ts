// The clock that rows carry: monotonic ms of a boot, and what the server's time says about it.
// A live boot counts from power-on; a replay is a boot of its own whose monotonic time starts at the recording's
// first instant, so that the server dates its rows as the recording does. Never reads wall time.
import { readFileSync } from 'node:fs';
import type { Clock } from '@vigie/protocol';

export interface BootClock {
  monotonicMs(): number;
  /** The anchor that an answer of the server gives: it left here at `askedMs` and came back at `answeredMs`. */
  anchor(
    utcMs: number,
    askedMs: number,
    answeredMs: number,
  ): { readonly monotonicMs: number; readonly utcMs: number; readonly errorMs: number };
}

export function liveBoot(clock: Clock): BootClock {
  return {
    monotonicMs: () => Math.round(clock.monotonicMs()),
    anchor: (utcMs, askedMs, answeredMs) => ({
      monotonicMs: Math.round((askedMs + answeredMs) / 2),
      utcMs,
      errorMs: Math.ceil((answeredMs - askedMs) / 2),
    }),
  };
}

/** @param firstMs the recording's first instant, Unix ms: zero of this boot. */
export function replayBoot(firstMs: number): BootClock {
  return {
    monotonicMs: () => 0,
    anchor: () => ({ monotonicMs: 0, utcMs: firstMs, errorMs: 0 }),
  };
}

/** Identity of the kernel's boot: changes at every power-on and only then. */
export function kernelBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
