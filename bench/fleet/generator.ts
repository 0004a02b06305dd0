// What the simulated machines cost this process: its CPU, and how late its event loop is. Edges have processors of their
// own, so that a generator which is busy all the time measures itself. Not here: the server's use (edge/usage.ts).
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

export interface GeneratorUse {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  /** 99 % of the loop's turns were late by no more. */
  readonly loopP99Ms: number;
}

/** Measures from now until the returned function is called. */
export function measureGenerator(): () => GeneratorUse {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const [before, startedMs] = [process.cpuUsage(), performance.now()];
  return () => {
    loop.disable();
    const { user, system } = process.cpuUsage(before);
    return {
      elapsedMs: performance.now() - startedMs,
      cpuMs: (user + system) / 1000,
      // It counts the time between turns, which is the resolution when nothing is late.
      loopP99Ms: Math.max(0, loop.percentile(99) / 1e6 - RESOLUTION_MS),
    };
  };
}
