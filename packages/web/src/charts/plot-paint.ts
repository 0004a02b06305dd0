// What is painted within a pane's plotting area: tinted gaps, hatched bands of rows without a known time, places of notes, min–max
// envelopes, lines, lone points, dashed limits. Each leaves its own styles in the context, and no other trace.
// Not here: what there is to paint (assemble.ts, curves.ts), axes (plot-axes.ts), and the clip around all of this (plot.ts).
import type { PlotSeries } from './assemble.ts';
import type { PlotArea, PlotColors, PlotState } from './plot.ts';
import { fillEnvelope, type Line, loneBuckets, traceLine } from './plot-lines.ts';

const linePx = 1.5;
const emphasizedPx = 2.5;
const dash = [7, 4];
const strokedPoints = 32;
/** Of the words of a limit. */
const labelPx = 11;
const envelopeAlpha = 0.22;
/** Narrower, a hatch could not be seen. */
const bandLeastPx = 4;
const hatchEveryPx = 7;

export function paintGaps(
  { context, top, height, x }: PlotArea,
  { gaps }: PlotState,
  colors: PlotColors,
): void {
  context.fillStyle = colors.gap;
  for (const { fromMs, toMs } of gaps) {
    const left = x.px(fromMs);
    context.fillRect(left, top, Math.max(1, x.px(toMs) - left), height);
  }
}

export function paintBands(
  { context, ratio, left: start, top, width, height, x }: PlotArea,
  { bands }: PlotState,
  colors: PlotColors,
): void {
  for (const { fromMs, toMs } of bands) {
    const middle = x.px((fromMs + toMs) / 2);
    const half = (bandLeastPx / 2) * ratio;
    // Cut to the pane, a little beyond: a band may begin decades before it.
    const left = Math.max(start - ratio, Math.min(x.px(fromMs), middle - half));
    const right = Math.min(start + width + ratio, Math.max(x.px(toMs), middle + half));
    if (right <= left) continue;
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, height);
    context.clip();
    context.strokeStyle = colors.hatch;
    context.lineWidth = ratio;
    context.beginPath();
    // Fixed to the pane, so that neighbouring bands go on and nothing crawls while one moves.
    const every = hatchEveryPx * ratio;
    for (let at = Math.floor((left - height) / every) * every; at < right; at += every) {
      context.moveTo(at, top + height);
      context.lineTo(at + height, top);
    }
    context.stroke();
    context.lineWidth = 2 * ratio;
    context.setLineDash([2 * ratio, 3 * ratio]);
    context.strokeRect(left, top - 2 * ratio, right - left, height + 4 * ratio);
    context.restore();
  }
}

export function paintMarks(
  { context, ratio, top, height, x }: PlotArea,
  { marks }: PlotState,
  colors: PlotColors,
): void {
  context.strokeStyle = colors.text;
  context.lineWidth = ratio;
  context.setLineDash([ratio, 3 * ratio]);
  for (const atMs of marks) {
    const at = Math.round(x.px(atMs)) + 0.5;
    context.beginPath();
    context.moveTo(at, top);
    context.lineTo(at, top + height);
    context.stroke();
  }
  context.setLineDash([]);
}

interface Shown {
  readonly series: PlotSeries;
  readonly color: string;
  readonly isDashed: boolean;
  readonly isEmphasized: boolean;
}

/** Curves that are not hidden, in their order, the emphasized one last. */
function shownOf({ series, looks, hidden, emphasized }: PlotState, colors: PlotColors): readonly Shown[] {
  const shown = series.flatMap((one, i): Shown[] => {
    const { color, isDashed } = looks[i]!;
    if (hidden.has(one.channel)) return [];
    const isEmphasized = one.channel === emphasized;
    return [{ series: one, color: colors.series[color % colors.series.length]!, isDashed, isEmphasized }];
  });
  return [...shown.filter((one) => !one.isEmphasized), ...shown.filter((one) => one.isEmphasized)];
}

/**
 * Strokes a line some points at a time. In one piece it would cost the browser twice as much: for each row of pixels it looks at
 * all of it.
 */
class Pen implements Line {
  readonly #context: CanvasRenderingContext2D;
  #points = 0;
  #x = 0;
  #y = 0;
  /** Since the line began: its dashes go on. */
  #length = 0;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  moveTo(x: number, y: number): void {
    this.lift();
    this.#length = 0;
    this.#begin(x, y);
  }

  lineTo(x: number, y: number): void {
    this.#length += Math.hypot(x - this.#x, y - this.#y);
    this.#context.lineTo(x, y);
    [this.#x, this.#y] = [x, y];
    this.#points++;
    if (this.#points < strokedPoints) return;
    this.lift();
    this.#begin(x, y);
  }

  /** Strokes what is not stroked yet. */
  lift(): void {
    if (this.#points > 0) this.#context.stroke();
    this.#points = 0;
  }

  #begin(x: number, y: number): void {
    this.#context.lineDashOffset = this.#length;
    this.#context.beginPath();
    this.#context.moveTo(x, y);
    [this.#x, this.#y] = [x, y];
  }
}

export function paintCurves(area: PlotArea, state: PlotState, colors: PlotColors): void {
  const { context, ratio, x, y } = area;
  const shown = shownOf(state, colors);
  for (const { series, color, isDashed } of shown) {
    // What is compared with stands back.
    context.globalAlpha = isDashed ? envelopeAlpha / 2 : envelopeAlpha;
    context.fillStyle = color;
    fillEnvelope(context, series, state.range, x, y);
  }
  context.globalAlpha = 1;
  context.lineJoin = 'bevel';
  for (const { series, color, isDashed, isEmphasized } of shown) {
    context.strokeStyle = color;
    context.lineWidth = (isEmphasized ? emphasizedPx : linePx) * ratio;
    // A round end hides where a line is stroked on; a dash would grow by it.
    context.lineCap = isDashed ? 'butt' : 'round';
    context.setLineDash(isDashed ? dash.map((px) => px * ratio) : []);
    const pen = new Pen(context);
    traceLine(pen, series, state.range, x, y);
    pen.lift();
  }
  context.lineCap = 'butt';
  context.setLineDash([]);
  context.lineDashOffset = 0;
  for (const { series, color } of shown) {
    context.fillStyle = color;
    for (const i of loneBuckets(series, state.range)) {
      context.beginPath();
      context.arc(x.px(series.t[i]!), y.px(series.mean[i]!), 2 * ratio, 0, 7);
      context.fill();
    }
  }
}

export function paintLimits(
  { context, ratio, left, top, width, y: scale }: PlotArea,
  { limits }: PlotState,
  colors: PlotColors,
): void {
  context.fillStyle = colors.text;
  context.font = `${labelPx * ratio}px ${colors.font}`;
  context.textAlign = 'right';
  context.textBaseline = 'alphabetic';
  const taken: number[] = [];
  for (const { value, channel, word } of limits) {
    const y = Math.round(scale.px(value)) + 0.5;
    context.strokeStyle = colors.text;
    context.lineWidth = ratio;
    context.setLineDash([6 * ratio, 4 * ratio]);
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(left + width, y);
    context.stroke();
    context.setLineDash([]);
    // Above its line, or below it where there is no room or other words stand.
    const apartPx = (labelPx + 2) * ratio;
    const isFree = (at: number): boolean => taken.every((other) => Math.abs(other - at) >= apartPx);
    const above = y - 4 * ratio;
    const at = above - labelPx * ratio >= top && isFree(above) ? above : y + (labelPx + 2) * ratio;
    taken.push(at);
    context.fillText(`${channel} · ${word}`, left + width - 4 * ratio, at);
  }
}
