// From a ChartAnswer to the columns a plot draws. Pure.
// Invariants: the extremes drawn are the raw extremes; a curve is cut where a gap is longer than cutMs,
// or where its own samples are further apart than that, or where rows without a date lie, and nowhere else; no value is ever made up.
// In a column `undefined` means "no bucket here, draw through", `null` means "cut here".
import type { ChartAnswer, ChartGap, ChartSeries, UndatedBoot } from '@vigie/contract';

export type Column = readonly (number | null | undefined)[];

export interface PlotSeries {
  /** A channel's id; once curves of several machines are merged (curves.ts), a curve's key. */
  readonly channel: string;
  readonly mean: Column;
  readonly min: Column;
  readonly max: Column;
}

export interface PlotData {
  /** Unix ms, strictly increasing: middles of buckets, and places of cuts. */
  readonly x: readonly number[];
  readonly series: readonly PlotSeries[];
}

/** Gaps long enough to cut a curve. */
export function cuttingGaps(gaps: readonly ChartGap[], cutMs: number): readonly ChartGap[] {
  return gaps.filter((gap) => gap.toMs - gap.fromMs > cutMs);
}

/** Whether a boot without a date lies between two instants that follow each other. */
function liesBetween({ afterMs, beforeMs }: UndatedBoot, lastMs: number, nextMs: number): boolean {
  return afterMs !== null && beforeMs !== null && afterMs >= lastMs - 1 && beforeMs <= nextMs + 1;
}

/** Instants between which one series must be cut: [after, before] pairs of its own buckets. */
function cutAfter(
  series: ChartSeries,
  answer: ChartAnswer,
  cuts: readonly ChartGap[],
  cutMs: number,
): boolean[] {
  const result: boolean[] = [];
  let g = 0;
  for (let i = 0; i + 1 < series.bucket.length; i++) {
    const lastMs = answer.startMs + series.bucket[i]! * answer.bucketMs + series.lastAt[i]!;
    const nextMs = answer.startMs + series.bucket[i + 1]! * answer.bucketMs + series.firstAt[i + 1]!;
    while (g < cuts.length && cuts[g]!.toMs <= lastMs) g++;
    const gap = cuts[g];
    const inGap = gap !== undefined && gap.fromMs >= lastMs - 1 && gap.toMs <= nextMs + 1;
    const undated = answer.undated.some((boot) => liesBetween(boot, lastMs, nextMs));
    result.push(inGap || undated || nextMs - lastMs > cutMs);
  }
  return result;
}

export function assemble(answer: ChartAnswer, cutMs: number): PlotData {
  const cuts = [...cuttingGaps(answer.gaps, cutMs)].sort((a, b) => a.fromMs - b.fromMs);
  const cutsOf = answer.series.map((series) => cutAfter(series, answer, cuts, cutMs));
  // Twice the bucket keeps middles (odd) and the joints between neighbours (even) whole numbers.
  const places = new Set<number>();
  answer.series.forEach((series, s) => {
    series.bucket.forEach((bucket, i) => {
      places.add(2 * bucket + 1);
      // A place for the cut; between neighbouring buckets this is their joint.
      if (cutsOf[s]![i]) places.add(2 * bucket + 2);
    });
  });
  const sorted = [...places].sort((a, b) => a - b);
  const x = sorted.map((place) => answer.startMs + (place / 2) * answer.bucketMs);
  const indexOf = new Map(sorted.map((place, index) => [place, index]));
  const series = answer.series.map((one, s): PlotSeries => {
    const columns = [one.mean, one.min, one.max].map((values) => {
      const column = new Array<number | null | undefined>(x.length).fill(undefined);
      one.bucket.forEach((bucket, i) => {
        const at = indexOf.get(2 * bucket + 1)!;
        column[at] = values[i]!;
        if (!cutsOf[s]![i]) return;
        const until = indexOf.get(2 * one.bucket[i + 1]! + 1)!;
        column.fill(null, at + 1, until);
      });
      return column;
    });
    return { channel: one.channel, mean: columns[0]!, min: columns[1]!, max: columns[2]! };
  });
  return { x, series };
}

/** Indices of points that stand alone between two cuts or ends: a line would not show them. */
export function lonePoints(column: Column): number[] {
  const lone: number[] = [];
  let last = -1;
  let cutBefore = true;
  for (let i = 0; i < column.length; i++) {
    const value = column[i];
    if (value === undefined) continue;
    if (value === null) {
      if (last !== -1 && cutBefore) lone.push(last);
      last = -1;
      cutBefore = true;
      continue;
    }
    if (last !== -1) cutBefore = false;
    last = i;
  }
  if (last !== -1 && cutBefore) lone.push(last);
  return lone;
}
