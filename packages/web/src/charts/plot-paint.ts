// What is painted on a pane beside lines and axes: tinted gaps, hatched bands of rows without a known time, min–max envelopes,
// lone points, dashed limits, places of notes. Each draws on uPlot's canvas within the plotting area and leaves no trace in
// its context. Not here: what there is to paint (plot.ts, assemble.ts).
import uPlot from 'uplot';
import { lonePoints, type PlotSeries } from './assemble.ts';
import type { Colors, PlotState } from './plot.ts';

/** Narrower, limits are named without their channel. */
const wideLabelPx = 600;
const envelopeAlpha = 0.22;
/** Narrower, a hatch could not be seen. */
const bandLeastPx = 4;
const hatchEveryPx = 7;

function clipped(u: uPlot, draw: (context: CanvasRenderingContext2D) => void): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  draw(u.ctx);
  u.ctx.restore();
}

export function paintGaps(u: uPlot, { gaps }: PlotState, colors: Colors): void {
  const { top, height } = u.bbox;
  clipped(u, (context) => {
    for (const gap of gaps) {
      const left = u.valToPos(gap.fromMs, 'x', true);
      const right = u.valToPos(gap.toMs, 'x', true);
      context.fillStyle = colors.gap;
      context.fillRect(left, top, Math.max(1, right - left), height);
    }
  });
}

export function paintBands(u: uPlot, { bands }: PlotState, colors: Colors): void {
  const { left: start, top, width, height } = u.bbox;
  const scale = uPlot.pxRatio;
  for (const { fromMs, toMs } of bands) {
    const middle = u.valToPos((fromMs + toMs) / 2, 'x', true);
    const half = (bandLeastPx / 2) * scale;
    // Cut to the pane, a little beyond: a band may begin decades before it.
    const left = Math.max(start - scale, Math.min(u.valToPos(fromMs, 'x', true), middle - half));
    const right = Math.min(start + width + scale, Math.max(u.valToPos(toMs, 'x', true), middle + half));
    if (right <= left) continue;
    clipped(u, (context) => {
      context.beginPath();
      context.rect(left, top, right - left, height);
      context.clip();
      context.strokeStyle = colors.hatch;
      context.lineWidth = scale;
      context.setLineDash([]);
      context.beginPath();
      // Fixed to the pane, so that neighbouring bands go on and nothing crawls while one moves.
      const every = hatchEveryPx * scale;
      for (let x = Math.floor((left - height) / every) * every; x < right; x += every) {
        context.moveTo(x, top + height);
        context.lineTo(x + height, top);
      }
      context.stroke();
      context.lineWidth = 2 * scale;
      context.setLineDash([2 * scale, 3 * scale]);
      context.strokeRect(left, top - 2 * scale, right - left, height + 4 * scale);
    });
  }
}

export function paintMarks(u: uPlot, { marks }: PlotState, colors: Colors): void {
  const { top, height } = u.bbox;
  const scale = uPlot.pxRatio;
  clipped(u, (context) => {
    context.strokeStyle = colors.text;
    context.lineWidth = scale;
    context.setLineDash([scale, 3 * scale]);
    for (const atMs of marks) {
      const x = Math.round(u.valToPos(atMs, 'x', true)) + 0.5;
      context.beginPath();
      context.moveTo(x, top);
      context.lineTo(x, top + height);
      context.stroke();
    }
  });
}

export function paintLimits(u: uPlot, { limits }: PlotState, colors: Colors): void {
  const { left, width } = u.bbox;
  const scale = uPlot.pxRatio;
  clipped(u, (context) => {
    context.fillStyle = colors.text;
    context.font = `${11 * scale}px ${colors.font}`;
    context.textAlign = 'right';
    const text = (word: string, y: number): void => {
      // A halo of the ground, so that a word on a curve can be read.
      context.setLineDash([]);
      context.strokeStyle = colors.surface;
      context.lineWidth = 4 * scale;
      context.lineJoin = 'round';
      context.strokeText(word, left + width - 4 * scale, y - 4 * scale);
      context.fillText(word, left + width - 4 * scale, y - 4 * scale);
    };
    for (const { value, channel, word } of limits) {
      const y = Math.round(u.valToPos(value, 'y', true)) + 0.5;
      context.strokeStyle = colors.text;
      context.lineWidth = scale;
      context.setLineDash([6 * scale, 4 * scale]);
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(left + width, y);
      context.stroke();
      text(width / scale < wideLabelPx ? word : `${channel} · ${word}`, y);
    }
  });
}

function eachShown(
  { data, looks, hidden }: PlotState,
  colors: Colors,
  draw: (series: PlotSeries, color: string, isDashed: boolean) => void,
): void {
  data.series.forEach((series, i) => {
    const look = looks[i]!;
    if (!hidden.has(series.channel)) {
      draw(series, colors.series[look.color % colors.series.length]!, look.isDashed);
    }
  });
}

export function paintEnvelopes(u: uPlot, state: PlotState, colors: Colors): void {
  const { x } = state.data;
  clipped(u, (context) => {
    eachShown(state, colors, (series, color, isDashed) => {
      // What is compared with stands back.
      context.globalAlpha = isDashed ? envelopeAlpha / 2 : envelopeAlpha;
      context.fillStyle = color;
      let run: number[] = [];
      const close = (): void => {
        if (run.length > 0) fillRun(u, context, x, series, run);
        run = [];
      };
      for (let i = 0; i < x.length; i++) {
        const min = series.min[i];
        if (typeof min === 'number') run.push(i);
        else if (min === null) close();
      }
      close();
    });
  });
}

export function paintLonePoints(u: uPlot, state: PlotState, colors: Colors): void {
  const { x } = state.data;
  const radius = 2 * uPlot.pxRatio;
  clipped(u, (context) => {
    eachShown(state, colors, (series, color) => {
      context.fillStyle = color;
      for (const i of lonePoints(series.mean)) {
        context.beginPath();
        context.arc(u.valToPos(x[i]!, 'x', true), u.valToPos(series.mean[i]!, 'y', true), radius, 0, 7);
        context.fill();
      }
    });
  });
}

/** One uncut stretch of an envelope: along the highest, back along the lowest. */
function fillRun(
  u: uPlot,
  context: CanvasRenderingContext2D,
  x: readonly number[],
  series: PlotSeries,
  run: readonly number[],
): void {
  context.beginPath();
  // A half pixel to each side, so that a stretch of one bucket has a body.
  const half = 0.5 * uPlot.pxRatio;
  const at = (i: number): number => u.valToPos(x[i]!, 'x', true);
  const first = at(run[0]!) - half;
  const last = at(run.at(-1)!) + half;
  context.moveTo(first, u.valToPos(series.max[run[0]!]!, 'y', true));
  for (const i of run) context.lineTo(at(i), u.valToPos(series.max[i]!, 'y', true));
  context.lineTo(last, u.valToPos(series.max[run.at(-1)!]!, 'y', true));
  context.lineTo(last, u.valToPos(series.min[run.at(-1)!]!, 'y', true));
  for (let k = run.length - 1; k >= 0; k--) {
    const i = run[k]!;
    context.lineTo(at(i), u.valToPos(series.min[i]!, 'y', true));
  }
  context.lineTo(first, u.valToPos(series.min[run[0]!]!, 'y', true));
  context.closePath();
  context.fill();
}
