// The sparkline of the last 24 hours and its trend per hour, from a ChartAnswer. Pure.
// The trend is the median slope between any two bucket means of the last two hours (Theil 1950; Sen, JASA 1968), so that a
// start-up among them, which is over, tilts nothing; with too few of them, or when they end long before now, there is
// none: an old slope would pass for the present one.
import type { ChartAnswer, ChartSeries } from '@vigie/contract';

const trendSpanMs = 2 * 3_600_000;
const trendAgeMaxMs = 1_800_000;

export function trendPerHour(series: ChartSeries, answer: ChartAnswer, nowMs: number): number | null {
  const points: { hours: number; mean: number }[] = [];
  for (let i = 0; i < series.bucket.length; i++) {
    const atMs = answer.startMs + (series.bucket[i]! + 0.5) * answer.bucketMs;
    if (atMs < nowMs - trendSpanMs) continue;
    points.push({ hours: (atMs - nowMs) / 3_600_000, mean: series.mean[i]! });
  }
  const last = points.at(-1);
  if (points.length < 4 || last === undefined) return null;
  if (-last.hours * 3_600_000 > trendAgeMaxMs + answer.bucketMs) return null;
  const slopes = points
    .flatMap((b, j) => points.slice(0, j).map((a) => (b.mean - a.mean) / (b.hours - a.hours)))
    .sort((a, b) => a - b);
  const middle = slopes.length >> 1;
  return slopes.length % 2 === 1 ? slopes[middle]! : (slopes[middle - 1]! + slopes[middle]!) / 2;
}

export interface Spark {
  /** The line of means, broken where data are missing. */
  readonly line: string;
  /** The shade from lowest to highest. */
  readonly shade: string;
}

/** Paths in a box of `width` × `height`; cut where two buckets are further apart than `cutMs`. */
export function sparkPaths(
  series: ChartSeries,
  answer: ChartAnswer,
  cutMs: number,
  width: number,
  height: number,
): Spark {
  const span = answer.toMs - answer.fromMs;
  const low = Math.min(...series.min);
  const high = Math.max(...series.max);
  if (series.bucket.length === 0 || span <= 0) return { line: '', shade: '' };
  // A flat line lies in the middle; a spread below a thousandth of the value is flat to the eye's honesty too.
  const spread = Math.max(high - low, Math.abs(high) * 1e-3, 1e-9);
  const middle = (high + low) / 2;
  const x = (i: number): string =>
    ((((series.bucket[i]! + 0.5) * answer.bucketMs) / span) * width).toFixed(1);
  const y = (value: number): string => (height / 2 - ((value - middle) / spread) * (height - 4)).toFixed(1);
  let line = '';
  let shade = '';
  let start = 0;
  for (let i = 1; i <= series.bucket.length; i++) {
    const apart =
      i === series.bucket.length ? Infinity : (series.bucket[i]! - series.bucket[i - 1]!) * answer.bucketMs;
    if (apart <= Math.max(cutMs, answer.bucketMs)) continue;
    let back = '';
    for (let j = start; j < i; j++) {
      line += `${j === start ? 'M' : 'L'}${x(j)} ${y(series.mean[j]!)}`;
      shade += `${j === start ? 'M' : 'L'}${x(j)} ${y(series.max[j]!)}`;
      back = `L${x(j)} ${y(series.min[j]!)}${back}`;
    }
    // A lone bucket still shows, as a short dash.
    if (i - start === 1) line += 'h1';
    shade += `${back}Z`;
    start = i;
  }
  return { line, shade };
}
