// Curves and their envelopes in pixels, with as many points as can be seen. Pure, but for the canvas that is drawn on.
// Invariants: both are broken where a curve is cut, and nowhere else; of the buckets that share a column of pixels the
// first, the last, the lowest and the highest are drawn (M4, Jugel et al., PVLDB 2014), so that no peak is lost; what is
// left out beside that lies within UNSEEN_PX of what is drawn, and of an envelope what is no higher than HIDDEN_PX.
import type { PlotSeries } from './assemble.ts';
import type { Scale } from './scale.ts';
import type { Range } from './zoom.ts';

/** Nobody sees less. Each point that is drawn costs the browser some microseconds, and most curves are mostly straight. */
export const UNSEEN_PX = 0.25;

/** So high, a bar lies under the line of the means, which is within it and thicker. */
export const HIDDEN_PX = 1;

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

/**
 * Leaves out points that lie on the line between those around them, nearly: a cone of directions from the last one drawn, which
 * each point narrows to those that pass it by (Reumann and Witkam's idea, with a bound that holds for every point).
 */
class Straight implements Line {
  readonly #line: Line;
  #fromX = 0;
  #fromY = 0;
  #heldX = 0;
  #heldY = 0;
  #isHeld = false;
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  constructor(line: Line) {
    this.#line = line;
  }

  moveTo(x: number, y: number): void {
    this.end();
    this.#line.moveTo(x, y);
    this.#turn(x, y);
  }

  lineTo(x: number, y: number): void {
    let along = x - this.#fromX;
    if (this.#isHeld && !this.#passes(along, y)) {
      this.#line.lineTo(this.#heldX, this.#heldY);
      this.#turn(this.#heldX, this.#heldY);
      along = x - this.#fromX;
    }
    this.#heldX = x;
    this.#heldY = y;
    this.#isHeld = true;
    if (along <= 0) return;
    const up = y - this.#fromY;
    this.#least = Math.max(this.#least, (up - UNSEEN_PX) / along);
    this.#most = Math.min(this.#most, (up + UNSEEN_PX) / along);
  }

  /** Draws what is held back. */
  end(): void {
    if (this.#isHeld) this.#line.lineTo(this.#heldX, this.#heldY);
    this.#isHeld = false;
  }

  /** Whether a straight line to there passes all points since the last one drawn. */
  #passes(along: number, y: number): boolean {
    const up = y - this.#fromY;
    return along > 0 && up >= this.#least * along && up <= this.#most * along;
  }

  #turn(x: number, y: number): void {
    this.#fromX = x;
    this.#fromY = y;
    this.#isHeld = false;
    this.#least = Number.NEGATIVE_INFINITY;
    this.#most = Number.POSITIVE_INFINITY;
  }
}

/** The line of the means. */
export function traceLine(on: Line, series: PlotSeries, range: Range, x: Scale, y: Scale): void {
  const { t, mean, isCutAfter } = series;
  const { begin, end } = reaching(t, range);
  const line = new Straight(on);
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
  line.end();
}

/** Puts neighbours of the same height, nearly, into one rectangle; they come from left to right. */
class Bars {
  readonly #rectangles: Rectangles;
  #left = 0;
  #right = 0;
  #top = 0;
  #bottom = 0;

  constructor(rectangles: Rectangles) {
    this.#rectangles = rectangles;
  }

  add(column: number, top: number, bottom: number): void {
    const isNext = this.#right === column && this.#left < column;
    if (isNext && Math.abs(top - this.#top) <= UNSEEN_PX && Math.abs(bottom - this.#bottom) <= UNSEEN_PX) {
      this.#right = column + 1;
      return;
    }
    this.end();
    this.#left = column;
    this.#right = column + 1;
    this.#top = top;
    this.#bottom = bottom;
  }

  end(): void {
    const width = this.#right - this.#left;
    const height = this.#bottom - this.#top;
    if (width > 0 && height > HIDDEN_PX) this.#rectangles.fillRect(this.#left, this.#top, width, height);
    this.#left = this.#right;
  }
}

/**
 * What lies between the lowest and the highest, a rectangle for each column of pixels: as a shape it would cost the browser
 * ten times as much. Between buckets that are further apart its edges are straight.
 */
export function fillEnvelope(on: Rectangles, series: PlotSeries, range: Range, x: Scale, y: Scale): void {
  const { t, min, max, isCutAfter } = series;
  const { begin, end } = reaching(t, range);
  const bars = new Bars(on);
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
    if (column >= leftmost && column <= rightmost) bars.add(column, top, y.px(low));
    i = next;
    if (next === end || isCutAfter[last] !== 0) continue;
    const nextPx = x.px(t[next]!);
    const until = Math.min(rightmost, Math.floor(nextPx) - 1);
    for (let between = Math.max(leftmost, column + 1); between <= until; between++) {
      const part = (between + 0.5 - lastPx) / (nextPx - lastPx);
      const above = y.px(max[last]! + part * (max[next]! - max[last]!));
      const below = y.px(min[last]! + part * (min[next]! - min[last]!));
      bars.add(between, above, below);
    }
  }
  bars.end();
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
