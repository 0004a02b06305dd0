// Draws one pane: axes in real local time, or in time since an event, mean lines, and what plot-paint.ts adds. Wraps uPlot,
// whose own cursor, legend and zoom stay off: gestures.ts and chart-pane.tsx do those.
// Invariants: what is drawn is what assemble.ts made, nothing interpolated; a lone point shows as a dot; colours come
// from the page's tokens. Not here: which range, which data.
import type { Language } from '@vigie/contract';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatNumber } from '../i18n/format.ts';
import type { PlotData } from './assemble.ts';
import type { Selection } from './gestures.ts';
import {
  paintBands,
  paintEnvelopes,
  paintGaps,
  paintLimits,
  paintLonePoints,
  paintMarks,
} from './plot-paint.ts';
import { type Axis, tickStep, tickWords, timeTicks } from './zone.ts';
import type { Range } from './zoom.ts';

export const seriesColors = 5;
const tickSpacePx = 72;
const dash = [7, 4];
/** Left of the plotting area, and right of it; the same for all panes, so that their instants are below one another. */
export const gutterPx = 46;
export const marginPx = 12;

export interface LimitLine {
  readonly value: number;
  readonly channel: string;
  readonly word: string;
}

/** How a curve is drawn. */
export interface Look {
  readonly key: string;
  readonly color: number;
  readonly isDashed: boolean;
}

export interface PlotState {
  readonly data: PlotData;
  /** Of the series of `data`, in their order. */
  readonly looks: readonly Look[];
  readonly range: Range;
  /** `null`: as high as what is shown asks for. */
  readonly yRange: readonly [number, number] | null;
  /** Tinted; longer than the machine's cut. */
  readonly gaps: readonly Range[];
  /** Hatched: somewhere in each lie rows without a known time. */
  readonly bands: readonly Range[];
  readonly limits: readonly LimitLine[];
  /** Where notes are. */
  readonly marks: readonly number[];
  readonly hidden: ReadonlySet<string>;
  /** Drawn above the others and thicker. */
  readonly emphasized: string | null;
  readonly axis: Axis;
  /** Whether the instants are written: below the last of several panes. */
  readonly isLast: boolean;
  readonly language: Language;
}

export interface Colors {
  readonly text: string;
  readonly grid: string;
  readonly gap: string;
  readonly hatch: string;
  readonly surface: string;
  readonly series: readonly string[];
  /** Of the page; asked for once, since asking makes the browser lay the page out. */
  readonly font: string;
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
    font: getComputedStyle(host).fontFamily,
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

  /** The looks of `state`, and whether it is the last one, are those of every later one. */
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

  get canvas(): HTMLCanvasElement {
    return this.#plot.ctx.canvas;
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
    const font = `12px ${colors.font}`;
    const grid = { stroke: colors.grid, width: 1 };
    const state = (): PlotState => this.#state;
    return new uPlot(
      {
        width,
        height,
        ms: 1,
        pxAlign: 0,
        padding: [10, marginPx, 0, 0],
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
            size: this.#state.isLast ? 44 : 8,
            gap: 4,
            splits: (u) => {
              const { range, axis } = state();
              const zone = axis.kind === 'time' ? axis.zone : 'UTC';
              return [...timeTicks(range.fromMs, range.toMs, ticksMax(u), zone)];
            },
            values: (u, splits) => {
              const { range, axis, language, isLast } = state();
              if (!isLast) return splits.map(() => '');
              return [...tickWords(splits, tickStep(range.fromMs, range.toMs, ticksMax(u)), axis, language)];
            },
          },
          {
            stroke: colors.text,
            font,
            grid,
            ticks: { show: false },
            size: gutterPx,
            gap: 6,
            values: (_, splits, __, ___, step) => {
              const decimals = [0, 1, 2, 3, 4, 5].find((one) => isWhole(step * 10 ** one)) ?? 6;
              return splits.map((value) => formatNumber(value, decimals, state().language));
            },
          },
        ],
        series: [
          {},
          ...this.#state.looks.map(({ color, isDashed }) => ({
            stroke: colors.series[color % seriesColors]!,
            width: 1.5,
            points: { show: false },
            spanGaps: false,
            ...(isDashed ? { dash } : {}),
          })),
        ],
        hooks: {
          drawAxes: [
            (u) => {
              paintGaps(u, state(), colors);
              paintBands(u, state(), colors);
              paintMarks(u, state(), colors);
              paintEnvelopes(u, state(), colors);
            },
          ],
          draw: [
            (u) => {
              paintLonePoints(u, state(), colors);
              paintLimits(u, state(), colors);
            },
          ],
        },
      },
      [[]],
      this.#host,
    );
  }
}

/** But for what binary fractions add. */
function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-6;
}

function ticksMax(u: uPlot): number {
  return Math.max(2, Math.floor(u.bbox.width / uPlot.pxRatio / tickSpacePx));
}

/** Pixels the plotting area takes of a width: what is left of the axis and the padding. */
export function plotWidth(width: number): number {
  return Math.max(50, Math.floor(width - gutterPx - marginPx));
}
