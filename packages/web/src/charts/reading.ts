// What the crosshair reads at an instant: the bucket of each curve there, or the gap it lies in. Pure.
// Invariant: nothing is interpolated; between buckets the nearest one is read, and its own time is told.
import type { ChartAnswer, ChartGap, ChartSeries } from '@vigie/contract';
import { bandsAt, placeOf, type UndatedBand } from './undated.ts';

export interface PointReading {
  readonly channel: string;
  /** Index into the series' arrays; `null` when the series has nothing near this instant. */
  readonly index: number | null;
}

export interface CrosshairReading {
  /** Start of the bucket read. */
  readonly atMs: number;
  readonly bucketMs: number;
  readonly gap: ChartGap | null;
  /** Bands that the instant lies in, where no bucket is read. */
  readonly undated: readonly UndatedBand[];
  readonly points: readonly PointReading[];
}

/** Index of the bucket nearest to `wanted` (a fractional bucket number); −1 when there is none. */
export function nearestBucket(buckets: readonly number[], wanted: number): number {
  let low = 0;
  let high = buckets.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (buckets[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && Math.abs(buckets[low - 1]! - wanted) <= Math.abs(buckets[low]! - wanted)) return low - 1;
  return low;
}

export function gapAt(gaps: readonly ChartGap[], atMs: number): ChartGap | null {
  return gaps.find((gap) => atMs > gap.fromMs && atMs < gap.toMs) ?? null;
}

/** The time since the last row, as a gap, once it is long enough to cut; the server lists closed gaps. */
export function openGap(
  lastRowMs: number | null,
  nowMs: number,
  gaps: readonly ChartGap[],
  cutMs: number,
): ChartGap | null {
  if (lastRowMs === null || nowMs - lastRowMs <= cutMs) return null;
  if (gaps.some((gap) => gap.toMs > lastRowMs + 1)) return null;
  return { fromMs: lastRowMs, toMs: nowMs, reason: 'not-received' };
}

function readSeries(series: ChartSeries, wanted: number, reach: number): PointReading {
  const index = nearestBucket(series.bucket, wanted);
  const near = index !== -1 && Math.abs(series.bucket[index]! - wanted) <= reach;
  return { channel: series.channel, index: near ? index : null };
}

/** What there may be instead of a bucket. */
export interface Silences {
  /** All of them, also those too short to cut a curve. */
  readonly gaps: readonly ChartGap[];
  readonly bands: readonly UndatedBand[];
  readonly nowMs: number;
}

/** @param cutMs readings further from the instant than this are not its readings */
export function readAt(
  answer: ChartAnswer,
  { gaps, bands, nowMs }: Silences,
  atMs: number,
  cutMs: number,
): CrosshairReading {
  const place = (atMs - answer.startMs) / answer.bucketMs;
  const bucket = Math.floor(place);
  const own = answer.series.some((series) => series.bucket[nearestBucket(series.bucket, bucket)] === bucket);
  const gap = own ? null : gapAt(gaps, atMs);
  const undated = own ? [] : bandsAt(bands, atMs, nowMs);
  if (gap !== null || undated.length > 0) {
    const points = answer.series.map(({ channel }) => ({ channel, index: null }));
    return { atMs, bucketMs: answer.bucketMs, gap, undated, points };
  }
  const reach = Math.max(1, cutMs / answer.bucketMs / 2);
  const points = answer.series.map((series) => readSeries(series, bucket, reach));
  const first = points.findIndex(({ index }) => index !== null);
  const index = points[first]?.index ?? null;
  const read = index === null ? bucket : answer.series[first]!.bucket[index]!;
  const readMs = answer.startMs + read * answer.bucketMs;
  return { atMs: readMs, bucketMs: answer.bucketMs, gap: null, undated, points };
}

/** Instants a keyboard steps through: every bucket that holds a sample, the middle of every long gap and every band. */
export function stops(
  answer: ChartAnswer,
  cuts: readonly ChartGap[],
  bands: readonly UndatedBand[],
  nowMs: number,
): readonly number[] {
  const instants = new Set<number>();
  for (const series of answer.series) {
    for (const bucket of series.bucket) instants.add(answer.startMs + (bucket + 0.5) * answer.bucketMs);
  }
  for (const gap of [...cuts, ...bands.flatMap((band) => placeOf(band, nowMs) ?? [])]) {
    const middle = (Math.max(gap.fromMs, answer.fromMs) + Math.min(gap.toMs, answer.toMs)) / 2;
    if (middle > answer.fromMs && middle < answer.toMs) instants.add(middle);
  }
  return [...instants].sort((a, b) => a - b);
}

/** The stop `steps` away from the current instant; the ends hold. */
export function stepStop(instants: readonly number[], atMs: number | null, steps: number): number | null {
  if (instants.length === 0) return null;
  if (atMs === null) return instants[steps < 0 ? instants.length - 1 : 0]!;
  const here = nearestBucket(instants, atMs);
  return instants[Math.min(instants.length - 1, Math.max(0, here + steps))]!;
}
