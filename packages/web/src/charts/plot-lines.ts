// Curves and their envelopes in pixels, with as many points as can be seen. Pure, but for the canvas that is drawn on.
// Invariants: both are broken where a curve is cut, and nowhere else; of the buckets that share a column of pixels the
// first, the last, the lowest and the highest are drawn (M4, Jugel et al., PVLDB 2014), so that no peak is lost.
import type { PlotSeries } from './assemble.ts';
import type { Scale } from './scale.ts';
import type { Range } from './zoom.ts';

export type Line = Pick<CanvasPath, 'moveTo' | 'lineTo'>;
export type Rectangles = Pick<CanvasRect, 'fillRect'>;

/** From the first of them to the one that is no longer of them. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
}

/** Index of the first instant at or after `atMs`; as many as there are: none. */
function firstFrom(t: readonly number[], atMs: number): number {
  let low = 0;
  let high = t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Buckets within a range, its ends included. */
export function within(t: readonly number[], { fromMs, toMs }: Range): Stretch {
  const begin = firstFrom(t, fromMs);
  let end = firstFrom(t, toMs);
  if (end < t.length && t[end] === toMs) end++;
  return { begin, end };
}

/** These and the bucket on each side of them: the curve goes on beyond what is shown. */
function reaching(t: readonly number[], range: Range): Stretch {
  const { begin, end } = within(t, range);
  return { begin: Math.max(0, begin - 1), end: Math.min(t.length, end + 1) };
}

/** The end of the buckets that share the column of pixels of `i`, and are not cut from one another. */
function columnEnd({ t, isCutAfter }: PlotSeries, i: number, end: number, x: Scale): number {
  const column = Math.floor(x.px(t[i]!));
  let next = i + 1;
  while (next < end && isCutAfter[next - 1] === 0 && Math.floor(x.px(t[next]!)) === column) next++;
  return next;
}

/** The line of the means. */
export function traceLine(line: Line, series: PlotSeries, range: Range, x: Scale, y: Scale): void {
  const { t, mean, isCutAfter } = series;
  const { begin, end } = reaching(t, range);
  let isDown = false;
  for (let i = begin; i < end; ) {
    const next = columnEnd(series, i, end, x);
    const last = next - 1;
    let low = i;
    let high = i;
    for (let k = i + 1; k < next; k++) {
      if (mean[k]! < mean[low]!) low = k;
      if (mean[k]! > mean[high]!) high = k;
    }
    if (isDown) line.lineTo(x.px(t[i]!), y.px(mean[i]!));
    else line.moveTo(x.px(t[i]!), y.px(mean[i]!));
    const inner = low < high ? [low, high] : [high, low];
    for (const k of inner) if (k !== i && k !== last) line.lineTo(x.px(t[k]!), y.px(mean[k]!));
    if (last !== i) line.lineTo(x.px(t[last]!), y.px(mean[last]!));
    isDown = isCutAfter[last] === 0;
    i = next;
  }
}

/**
 * What lies between the lowest and the highest, a rectangle for each column of pixels: as a shape it would cost the browser
 * ten times as much. Between buckets that are further apart its edges are straight.
 */
export function fillEnvelope(
  rectangles: Rectangles,
  series: PlotSeries,
  range: Range,
  x: Scale,
  y: Scale,
): void {
  const { t, min, max, isCutAfter } = series;
  const { begin, end } = reaching(t, range);
  const leftmost = Math.floor(x.px(range.fromMs));
  const rightmost = Math.floor(x.px(range.toMs));
  for (let i = begin; i < end; ) {
    const next = columnEnd(series, i, end, x);
    const last = next - 1;
    let low = min[i]!;
    let high = max[i]!;
    for (let k = i + 1; k < next; k++) {
      if (min[k]! < low) low = min[k]!;
      if (max[k]! > high) high = max[k]!;
    }
    const lastPx = x.px(t[last]!);
    const column = Math.floor(lastPx);
    const top = y.px(high);
    if (column >= leftmost && column <= rightmost) rectangles.fillRect(column, top, 1, y.px(low) - top);
    i = next;
    if (next === end || isCutAfter[last] !== 0) continue;
    const nextPx = x.px(t[next]!);
    const until = Math.min(rightmost, Math.floor(nextPx) - 1);
    for (let between = Math.max(leftmost, column + 1); between <= until; between++) {
      const part = (between + 0.5 - lastPx) / (nextPx - lastPx);
      const above = y.px(max[last]! + part * (max[next]! - max[last]!));
      const below = y.px(min[last]! + part * (min[next]! - min[last]!));
      rectangles.fillRect(between, above, 1, below - above);
    }
  }
}

/** Buckets within the range that stand alone between two cuts or ends: a line would not show them. */
export function loneBuckets({ t, isCutAfter }: PlotSeries, range: Range): readonly number[] {
  const lone: number[] = [];
  const { begin, end } = within(t, range);
  for (let i = begin; i < end; i++) {
    const isCutBefore = i === 0 || isCutAfter[i - 1] !== 0;
    if (isCutBefore && (i === t.length - 1 || isCutAfter[i] !== 0)) lone.push(i);
  }
  return lone;
}

/** Lowest and highest of what is shown within the range, with room above and below. */
export function yExtent(
  series: readonly PlotSeries[],
  range: Range,
  hidden: ReadonlySet<string>,
): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const one of series) {
    if (hidden.has(one.channel)) continue;
    const { begin, end } = within(one.t, range);
    for (let i = begin; i < end; i++) {
      if (one.min[i]! < low) low = one.min[i]!;
      if (one.max[i]! > high) high = one.max[i]!;
    }
  }
  if (low > high) return [0, 1];
  const room = Math.max((high - low) * 0.06, Math.abs(high) * 1e-3, 0.05);
  return [low - room, high + room];
}
