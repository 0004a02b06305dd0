// From a ChartAnswer to the curves a plot draws. Pure.
// Invariants: the extremes drawn are the raw extremes; a curve is cut where a gap is longer than cutMs,
// or where its own samples are further apart than that, or where rows without a date lie, and nowhere else; no value is ever made up.
import type { ChartAnswer, ChartGap, ChartSeries, UndatedBoot } from '@vigie/contract';

/** A curve, bucket by bucket; all arrays have the same length. */
export interface PlotSeries {
  /** A channel's id; of a curve in a pane (curves.ts), its key. */
  readonly channel: string;
  /** Middles of the buckets, Unix ms, or in a pane their places on its axis; strictly increasing. */
  readonly t: readonly number[];
  readonly mean: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  /** Not 0: the curve does not go on to the bucket after. */
  readonly isCutAfter: Uint8Array;
}

/** Gaps long enough to cut a curve. */
export function cuttingGaps(gaps: readonly ChartGap[], cutMs: number): readonly ChartGap[] {
  return gaps.filter((gap) => gap.toMs - gap.fromMs > cutMs);
}

/** Whether a boot without a date lies between two instants that follow each other. */
function liesBetween({ afterMs, beforeMs }: UndatedBoot, lastMs: number, nextMs: number): boolean {
  return afterMs !== null && beforeMs !== null && afterMs >= lastMs - 1 && beforeMs <= nextMs + 1;
}

/** Where one series must be cut: PlotSeries.isCutAfter. */
function cutAfter(
  series: ChartSeries,
  answer: ChartAnswer,
  cuts: readonly ChartGap[],
  cutMs: number,
): Uint8Array {
  const result = new Uint8Array(series.bucket.length);
  let g = 0;
  for (let i = 0; i + 1 < series.bucket.length; i++) {
    const lastMs = answer.startMs + series.bucket[i]! * answer.bucketMs + series.lastAt[i]!;
    const nextMs = answer.startMs + series.bucket[i + 1]! * answer.bucketMs + series.firstAt[i + 1]!;
    while (g < cuts.length && cuts[g]!.toMs <= lastMs) g++;
    const gap = cuts[g];
    const inGap = gap !== undefined && gap.fromMs >= lastMs - 1 && gap.toMs <= nextMs + 1;
    const undated = answer.undated.some((boot) => liesBetween(boot, lastMs, nextMs));
    if (inGap || undated || nextMs - lastMs > cutMs) result[i] = 1;
  }
  return result;
}

export function assemble(answer: ChartAnswer, cutMs: number): readonly PlotSeries[] {
  const cuts = [...cuttingGaps(answer.gaps, cutMs)].sort((a, b) => a.fromMs - b.fromMs);
  return answer.series.map((series) => ({
    channel: series.channel,
    t: series.bucket.map((bucket) => answer.startMs + (bucket + 0.5) * answer.bucketMs),
    mean: series.mean,
    min: series.min,
    max: series.max,
    isCutAfter: cutAfter(series, answer, cuts, cutMs),
  }));
}
