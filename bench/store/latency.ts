// How long charts take, over ranges and shapes: warm, in a server that was asked for some before and whose files are in
// memory; cold, in a new process whose files are in no page of it. Ranges begin anywhere in what is stored, so that no answer is
// one given before.
// Invariant: every answer holds something, or the measurement fails. Not here: what asks (peers/).
import { spawnSync } from 'node:child_process';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { percentile, round } from '../figures.ts';
import type { Ask } from './peer.ts';

export type RangeName = 'hour' | 'day' | 'month' | 'all';
export type ShapeName = '1 channel' | '6 channels × 2 machines' | '8 series';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Pixels of a page's curve. */
const WIDTH = 800;
/** Of a span that a range may take at most, so that it has somewhere to move. */
const MOST_SHARE = 0.98;
/** Where the n-th range begins and which channels it shows: spreads evenly without repeating. */
const GOLDEN = 0.618_033_988_75;
/** Charts before those that count, so that code is compiled and files are open, and the time they may take. */
const WARM_UPS = 50;
const WARM_UP_MS = 3000;

export interface Latency {
  readonly p50Ms: number;
  /** With fewer than twenty charts the longest one. */
  readonly p95Ms: number;
  readonly charts: number;
}

export interface ChartLatency {
  readonly range: RangeName;
  readonly shape: ShapeName;
  readonly warm: Latency;
  readonly cold: Latency;
}

/** What is stored: so many machines and channels over a span. */
export interface Stored {
  readonly machines: number;
  readonly channels: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LatencyOptions {
  readonly stored: Stored;
  readonly ranges: readonly RangeName[];
  /** Warm charts of each range and shape, at most, and the time they may take; at least ten are asked. */
  readonly mostCharts: number;
  readonly mostMs: number;
  readonly coldStarts: number;
  readonly chart: (ask: Ask) => Promise<number>;
  /** A new process that has nothing in memory. */
  readonly restart: () => Promise<void>;
  /** Has the files in memory. */
  readonly warm: () => Promise<void>;
}

export async function chartLatencies(options: LatencyOptions): Promise<ChartLatency[]> {
  const { stored, ranges, mostCharts, mostMs, coldStarts, chart, restart, warm } = options;
  const cases = ranges.flatMap((range) =>
    SHAPES.map((shape) => ({ range, shape, warm: [] as number[], cold: [] as number[] })),
  );
  let asked = 0;
  const timed = async ({ range, shape }: { range: RangeName; shape: ShapeName }): Promise<number> => {
    const ask = askOf(stored, range, shape, asked++);
    const startMs = performance.now();
    const points = await chart(ask);
    const tookMs = performance.now() - startMs;
    if (points === 0) throw new Error(`a chart of a ${range}, ${shape}, is empty`);
    return tookMs;
  };
  for (let round = 0; round < coldStarts; round++) {
    await restart();
    // Each case is the first one once, if there are as many starts.
    for (const i of cases.keys()) {
      const one = cases[(i + round) % cases.length];
      one?.cold.push(await timed(one));
    }
  }
  await warm();
  for (const one of cases) {
    const warmMs = performance.now() + WARM_UP_MS;
    for (let i = 0; i < WARM_UPS && performance.now() < warmMs; i++) await timed(one);
    const endMs = performance.now() + mostMs;
    while (one.warm.length < mostCharts && (one.warm.length < 10 || performance.now() < endMs))
      one.warm.push(await timed(one));
  }
  return cases.map(({ range, shape, warm, cold }) => ({
    range,
    shape,
    warm: latencyOf(warm),
    cold: latencyOf(cold),
  }));
}

const SHAPES: readonly ShapeName[] = ['1 channel', '6 channels × 2 machines', '8 series'];

export function askOf(stored: Stored, range: RangeName, shape: ShapeName, n: number): Ask {
  const spanMs = stored.toMs - stored.fromMs;
  const rangeMs = Math.min(rangeMsOf(range, spanMs), MOST_SHARE * spanMs);
  const fromMs = Math.round(stored.fromMs + ((n * GOLDEN) % 1) * (spanMs - rangeMs));
  const channels = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => (n * 7 + i * 5) % stored.channels);
  const range_ = { fromMs, toMs: Math.round(fromMs + rangeMs), width: WIDTH };
  switch (shape) {
    case '1 channel':
      return { ...range_, machines: [n % stored.machines], channels: channels(1) };
    case '8 series':
      return { ...range_, machines: [n % stored.machines], channels: channels(8) };
    case '6 channels × 2 machines':
      return { ...range_, machines: [0, 1], channels: channels(6) };
  }
}

/** Ranges that a span holds. */
export function rangesWithin(spanMs: number): RangeName[] {
  const fitting = (['hour', 'day', 'month'] as const).filter(
    (range) => rangeMsOf(range, spanMs) <= MOST_SHARE * spanMs,
  );
  return spanMs > 60 * DAY_MS ? [...fitting, 'all'] : fitting;
}

function rangeMsOf(range: RangeName, spanMs: number): number {
  switch (range) {
    case 'hour':
      return HOUR_MS;
    case 'day':
      return DAY_MS;
    case 'month':
      return 30 * DAY_MS;
    case 'all':
      return spanMs;
  }
}

export function latencyOf(tookMs: readonly number[]): Latency {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return {
    p50Ms: round(percentile(sorted, 0.5) ?? 0),
    p95Ms: round(percentile(sorted, 0.95) ?? 0),
    charts: sorted.length,
  };
}

/** Of these files alone, as anybody may: others on the machine keep theirs. What is not on disk yet stays. */
export function dropCachedPages(folder: string): void {
  for (const file of filesIn(folder))
    spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'], { stdio: 'ignore' });
}

/** Reads these files, so that the system has them in memory if there is room. */
export async function cachePages(folder: string): Promise<void> {
  // Not at one stretch: connections that end meanwhile must be seen to.
  for (const file of filesIn(folder))
    for await (const _ of createReadStream(file, { highWaterMark: 1 << 20 }));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}
