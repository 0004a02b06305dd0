// Draws one pane: axes in real local time, tinted gaps, hatched bands of rows without a known time, min–max envelopes and mean lines, dashed limits. Wraps uPlot,
// whose own cursor, legend and zoom stay off: gestures.ts and chart-panel.tsx do those.
// Invariants: what is drawn is what assemble.ts made, nothing interpolated; a lone point shows as a dot; colours come
// from the page's tokens. Not here: which range, which data.
import type { ChartGap, Language } from '@vigie/contract';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatNumber } from '../i18n/format.ts';
import { lonePoints, type PlotData, type PlotSeries } from './assemble.ts';
import type { Selection } from './gestures.ts';
import { tickLabels, tickStep, timeTicks } from './zone.ts';
import type { Range } from './zoom.ts';

export const seriesColors = 5;
const tickSpacePx = 72;
/** Narrower, limits are named without their channel. */
const wideLabelPx = 600;
const envelopeAlpha = 0.22;
const dash = [7, 4];
/** Narrower, a hatch could not be seen. */
const bandLeastPx = 4;
const hatchEveryPx = 7;

export interface LimitLine {
  readonly value: number;
  readonly channel: string;
  readonly word: string;
}

export interface PlotState {
  readonly data: PlotData;
  readonly range: Range;
  /** `null`: as high as what is shown asks for. */
  readonly yRange: readonly [number, number] | null;
  /** Tinted; longer than the machine's cut. */
  readonly gaps: readonly ChartGap[];
  /** Hatched: somewhere in each lie rows without a known time. */
  readonly bands: readonly Range[];
  readonly limits: readonly LimitLine[];
  readonly hidden: ReadonlySet<string>;
  /** Drawn above the others and thicker. */
  readonly emphasized: string | null;
  readonly zone: string;
  readonly language: Language;
}

interface Colors {
  readonly text: string;
  readonly grid: string;
  readonly gap: string;
  readonly hatch: string;
  readonly surface: string;
  readonly series: readonly string[];
}

/** A canvas knows no custom properties: each token is resolved by an element that wears it. */
function colorsOf(host: HTMLElement): Colors {
  const probe = document.createElement('span');
  host.append(probe);
  const token = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = {
    text: token('--muted'),
    grid: token('--line'),
    gap: token('--gap'),
    hatch: token('--hatch'),
    surface: token('--surface'),
    series: Array.from({ length: seriesColors }, (_, i) => token(`--series-${i + 1}`)),
  };
  probe.remove();
  return colors;
}

/** Lowest and highest shown within the range, with room above and below. */
export function yExtent(state: Pick<PlotState, 'data' | 'range' | 'hidden' | 'limits'>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const { x, series } = state.data;
  for (const one of series) {
    if (state.hidden.has(one.channel)) continue;
    for (let i = 0; i < x.length; i++) {
      if (x[i]! < state.range.fromMs || x[i]! > state.range.toMs) continue;
      const min = one.min[i];
      const max = one.max[i];
      if (typeof min === 'number' && min < low) low = min;
      if (typeof max === 'number' && max > high) high = max;
    }
  }
  if (low > high) return [0, 1];
  const room = Math.max((high - low) * 0.06, Math.abs(high) * 1e-3, 0.05);
  return [low - room, high + room];
}

export class Plot {
  readonly #host: HTMLElement;
  readonly #colors: Colors;
  readonly #plot: uPlot;
  readonly #crosshair = document.createElement('div');
  readonly #selection = document.createElement('div');
  #state: PlotState;
  #width: number;
  #height: number;

  /** The channels of `state` are those of every later one. */
  constructor(host: HTMLElement, state: PlotState, width: number, height: number) {
    this.#host = host;
    this.#colors = colorsOf(host);
    this.#state = state;
    this.#width = width;
    this.#height = height;
    this.#plot = this.#create(width, height);
    this.#crosshair.className = 'chart-crosshair';
    this.#selection.className = 'chart-selection';
    this.setCrosshair(null);
    this.setSelection(null);
    this.#plot.over.append(this.#crosshair, this.#selection);
    this.show(state, width, height);
  }

  /** The element that covers exactly the plotting area. */
  get over(): HTMLElement {
    return this.#plot.over;
  }

  show(state: PlotState, width: number, height: number): void {
    this.#state = state;
    if (width !== this.#width || height !== this.#height) this.#plot.setSize({ width, height });
    this.#width = width;
    this.#height = height;
    state.data.series.forEach((one, i) => {
      const series = this.#plot.series[i + 1]!;
      series.show = !state.hidden.has(one.channel);
      series.width = one.channel === state.emphasized ? 2.5 : 1.5;
    });
    const columns = [state.data.x, ...state.data.series.map(({ mean }) => mean)];
    this.#plot.setData(columns as uPlot.AlignedData);
  }

  setCrosshair(ms: number | null): void {
    this.#crosshair.hidden = ms === null;
    if (ms !== null) this.#crosshair.style.transform = `translateX(${this.#plot.valToPos(ms, 'x')}px)`;
  }

  setSelection(area: Selection | null): void {
    this.#selection.hidden = area === null;
    if (area === null) return;
    const { style } = this.#selection;
    const along = `${area.from}px`;
    const size = `${area.to - area.from}px`;
    style.left = area.axis === 'x' ? along : '0';
    style.width = area.axis === 'x' ? size : '100%';
    style.top = area.axis === 'y' ? along : '0';
    style.height = area.axis === 'y' ? size : '100%';
  }

  destroy(): void {
    this.#plot.destroy();
  }

  msAt(xPx: number): number {
    return this.#plot.posToVal(xPx, 'x');
  }
  valueAt(yPx: number): number {
    return this.#plot.posToVal(yPx, 'y');
  }

  #create(width: number, height: number): uPlot {
    const colors = this.#colors;
    const font = `12px ${getComputedStyle(this.#host).fontFamily}`;
    const grid = { stroke: colors.grid, width: 1 };
    const state = (): PlotState => this.#state;
    return new uPlot(
      {
        width,
        height,
        ms: 1,
        pxAlign: 0,
        padding: [10, 12, 0, 0],
        cursor: { show: false },
        select: { show: false, left: 0, top: 0, width: 0, height: 0 },
        legend: { show: false },
        scales: {
          x: { time: false, range: () => [state().range.fromMs, state().range.toMs] },
          y: { range: () => (state().yRange ?? yExtent(state())) as uPlot.Range.MinMax },
        },
        axes: [
          {
            stroke: colors.text,
            font,
            grid,
            ticks: { ...grid, size: 4 },
            size: 44,
            gap: 4,
            splits: (u) => [
              ...timeTicks(state().range.fromMs, state().range.toMs, ticksMax(u), state().zone),
            ],
            values: (u, splits) => {
              const { range, zone, language } = state();
              return [...tickLabels(splits, tickStep(range.fromMs, range.toMs, ticksMax(u)), zone, language)];
            },
          },
          {
            stroke: colors.text,
            font,
            grid,
            ticks: { show: false },
            size: 46,
            gap: 6,
            values: (_, splits, __, ___, step) => {
              const decimals = step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step) - 1e-9));
              return splits.map((value) => formatNumber(value, decimals, state().language));
            },
          },
        ],
        series: [
          {},
          ...this.#state.data.series.map((_, i) => ({
            stroke: colors.series[i % seriesColors]!,
            width: 1.5,
            points: { show: false },
            spanGaps: false,
            ...(i < seriesColors ? {} : { dash }),
          })),
        ],
        hooks: {
          drawAxes: [
            (u) => {
              this.#drawGaps(u);
              this.#drawBands(u);
              this.#drawEnvelopes(u);
            },
          ],
          draw: [
            (u) => {
              this.#drawLonePoints(u);
              this.#drawLimits(u);
            },
          ],
        },
      },
      [[]],
      this.#host,
    );
  }

  #clipped(u: uPlot, draw: (context: CanvasRenderingContext2D) => void): void {
    const { left, top, width, height } = u.bbox;
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(left, top, width, height);
    u.ctx.clip();
    draw(u.ctx);
    u.ctx.restore();
  }

  #drawGaps(u: uPlot): void {
    const { top, height } = u.bbox;
    this.#clipped(u, (context) => {
      for (const gap of this.#state.gaps) {
        const left = u.valToPos(gap.fromMs, 'x', true);
        const right = u.valToPos(gap.toMs, 'x', true);
        context.fillStyle = this.#colors.gap;
        context.fillRect(left, top, Math.max(1, right - left), height);
      }
    });
  }

  #drawBands(u: uPlot): void {
    const { left: start, top, width, height } = u.bbox;
    const scale = uPlot.pxRatio;
    for (const { fromMs, toMs } of this.#state.bands) {
      const middle = u.valToPos((fromMs + toMs) / 2, 'x', true);
      const half = (bandLeastPx / 2) * scale;
      // Cut to the pane, a little beyond: a band may begin decades before it.
      const left = Math.max(start - scale, Math.min(u.valToPos(fromMs, 'x', true), middle - half));
      const right = Math.min(start + width + scale, Math.max(u.valToPos(toMs, 'x', true), middle + half));
      if (right <= left) continue;
      this.#clipped(u, (context) => {
        context.beginPath();
        context.rect(left, top, right - left, height);
        context.clip();
        context.strokeStyle = this.#colors.hatch;
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

  #drawLimits(u: uPlot): void {
    const { left, width } = u.bbox;
    const scale = uPlot.pxRatio;
    this.#clipped(u, (context) => {
      context.fillStyle = this.#colors.text;
      context.font = `${11 * scale}px ${getComputedStyle(this.#host).fontFamily}`;
      context.textAlign = 'right';
      const text = (word: string, y: number): void => {
        // A halo of the ground, so that a word on a curve can be read.
        context.setLineDash([]);
        context.strokeStyle = this.#colors.surface;
        context.lineWidth = 4 * scale;
        context.lineJoin = 'round';
        context.strokeText(word, left + width - 4 * scale, y - 4 * scale);
        context.fillText(word, left + width - 4 * scale, y - 4 * scale);
      };
      for (const { value, channel, word } of this.#state.limits) {
        const y = Math.round(u.valToPos(value, 'y', true)) + 0.5;
        context.strokeStyle = this.#colors.text;
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

  #eachShown(draw: (series: PlotSeries, color: string) => void): void {
    const { data, hidden } = this.#state;
    data.series.forEach((series, i) => {
      if (!hidden.has(series.channel)) draw(series, this.#colors.series[i % seriesColors]!);
    });
  }

  #drawEnvelopes(u: uPlot): void {
    const { x } = this.#state.data;
    this.#clipped(u, (context) => {
      context.globalAlpha = envelopeAlpha;
      this.#eachShown((series, color) => {
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

  #drawLonePoints(u: uPlot): void {
    const { x } = this.#state.data;
    const radius = 2 * uPlot.pxRatio;
    this.#clipped(u, (context) => {
      this.#eachShown((series, color) => {
        context.fillStyle = color;
        for (const i of lonePoints(series.mean)) {
          context.beginPath();
          context.arc(u.valToPos(x[i]!, 'x', true), u.valToPos(series.mean[i]!, 'y', true), radius, 0, 7);
          context.fill();
        }
      });
    });
  }
}

function ticksMax(u: uPlot): number {
  return Math.max(2, Math.floor(u.bbox.width / uPlot.pxRatio / tickSpacePx));
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

/** Pixels the plotting area takes of a width: what is left of the axis and the padding. */
export function plotWidth(width: number): number {
  return Math.max(50, Math.floor(width - 46 - 12));
}
