// Draws one pane on a canvas: axes in real local time, or in time since an event (plot-axes.ts), and within them what there is
// to see (plot-paint.ts). Pixels are CSS pixels from the outside; within, those of the screen.
// Invariants: what is drawn is what assemble.ts made, nothing interpolated; a pane is drawn at most once for each frame, and
// not at all while nothing of it changes or nobody can see it; colours come from the page's tokens. Not here: which range,
// which data, gestures.
import type { Language } from '@vigie/contract';
import type { PlotSeries } from './assemble.ts';
import { colorsOf, type TokenColors } from './colors.ts';
import type { Selection } from './gestures.ts';
import { paintAxes } from './plot-axes.ts';
import { paintBands, paintCurves, paintGaps, paintLimits, paintMarks } from './plot-paint.ts';
import { Scale } from './scale.ts';
import type { Axis } from './zone.ts';
import type { Range } from './zoom.ts';

/** Left of the plotting area, and right of it; the same for all panes, so that their instants are below one another. */
export const gutterPx = 46;
export const marginPx = 12;
const abovePx = 10;
/** Below the plotting area: with the instants' words, and without. */
const wordsPx = 44;
const belowPx = 8;
/** Of a range; charts have more than some twenty buckets. */
const lastBucketShare = 1 / 40;

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
  readonly series: readonly PlotSeries[];
  /** Of the series, in their order. */
  readonly looks: readonly Look[];
  readonly range: Range;
  readonly yRange: readonly [number, number];
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

/** The plotting area while it is drawn. In pixels of the screen, of which there are `ratio` to a CSS pixel. */
export interface PlotArea {
  readonly context: CanvasRenderingContext2D;
  readonly ratio: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Scale;
  readonly y: Scale;
}

const tokens = {
  text: '--muted',
  grid: '--line',
  gap: '--gap',
  hatch: '--hatch',
  surface: '--surface',
} as const;

export interface PlotColors extends TokenColors<keyof typeof tokens> {
  /** Of the page. */
  readonly font: string;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels the plotting area takes of a width. */
export function plotWidth(width: number): number {
  return Math.max(50, Math.floor(width - gutterPx - marginPx));
}

function sameLimits(a: readonly LimitLine[], b: readonly LimitLine[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ value, channel, word }, i) => {
      const other = b[i]!;
      return value === other.value && channel === other.channel && word === other.word;
    })
  );
}

/** Whether two states look the same. Data, gaps, bands and marks are known by their arrays. */
function looksSame(a: PlotState, b: PlotState): boolean {
  return (
    a.series === b.series &&
    a.looks === b.looks &&
    a.looks.every(
      ({ key }) =>
        a.hidden.has(key) === b.hidden.has(key) && (a.emphasized === key) === (b.emphasized === key),
    ) &&
    a.range.fromMs === b.range.fromMs &&
    a.range.toMs === b.range.toMs &&
    a.yRange[0] === b.yRange[0] &&
    a.yRange[1] === b.yRange[1] &&
    a.gaps === b.gaps &&
    a.bands === b.bands &&
    a.marks === b.marks &&
    sameLimits(a.limits, b.limits) &&
    a.axis === b.axis &&
    a.isLast === b.isLast &&
    a.language === b.language
  );
}

export class Plot {
  readonly #canvas = document.createElement('canvas');
  readonly #context = this.#canvas.getContext('2d')!;
  readonly #over = document.createElement('div');
  readonly #crosshair = document.createElement('div');
  readonly #selection = document.createElement('div');
  readonly #colors: PlotColors;
  readonly #gone = new AbortController();
  #state: PlotState;
  #size: Size;
  #crosshairMs: number | null = null;
  /** Something of it is not drawn yet. */
  #isStale = true;
  /** Far from what is looked at, nothing is drawn anew. */
  #isNear = true;
  /** The frame that will draw; `null`: none. */
  #frame: number | null = null;

  constructor(host: HTMLElement, state: PlotState, width: number, height: number) {
    this.#colors = { ...colorsOf(host, tokens), font: getComputedStyle(host).fontFamily };
    this.#state = state;
    this.#size = { width, height };
    this.#over.className = 'plot-over';
    this.#crosshair.className = 'chart-crosshair';
    this.#selection.className = 'chart-selection';
    this.#over.append(this.#crosshair, this.#selection);
    host.append(this.#canvas, this.#over);
    this.setSelection(null);
    this.setCrosshair(null);
    this.#place();
    this.#drawSoon();
    this.#watchRatio();
    this.#watchPlace(host);
  }

  /** The element that covers exactly the plotting area. */
  get over(): HTMLElement {
    return this.#over;
  }

  /** With all that is to be seen. */
  get canvas(): HTMLCanvasElement {
    if (this.#isStale) this.#draw();
    return this.#canvas;
  }

  show(state: PlotState, width: number, height: number): void {
    const before = this.#state;
    const isSameSize = width === this.#size.width && height === this.#size.height;
    this.#state = state;
    this.#size = { width, height };
    if (isSameSize && looksSame(before, state)) return;
    if (!isSameSize || before.isLast !== state.isLast) this.#place();
    this.#placeCrosshair();
    this.#drawSoon();
  }

  /** `null`, and an instant that is not shown: none. */
  setCrosshair(ms: number | null): void {
    this.#crosshairMs = ms;
    this.#placeCrosshair();
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
    this.#gone.abort();
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#canvas.remove();
    this.#over.remove();
  }

  /** @param xPx from the plotting area's left */
  msAt(xPx: number): number {
    return this.#instants(0, this.#plotSize().width).valueAt(xPx);
  }

  /** @param yPx from the plotting area's top */
  valueAt(yPx: number): number {
    return this.#values(0, this.#plotSize().height).valueAt(yPx);
  }

  #plotSize(): Size {
    const { width, height } = this.#size;
    const below = this.#state.isLast ? wordsPx : belowPx;
    return { width: Math.max(1, width - gutterPx - marginPx), height: Math.max(1, height - abovePx - below) };
  }

  #instants(left: number, width: number): Scale {
    const { fromMs, toMs } = this.#state.range;
    return new Scale(fromMs, toMs, left, left + width);
  }

  #values(top: number, height: number): Scale {
    const [low, high] = this.#state.yRange;
    return new Scale(low, high, top + height, top);
  }

  #place(): void {
    const { width, height } = this.#plotSize();
    const { style } = this.#over;
    style.left = `${gutterPx}px`;
    style.top = `${abovePx}px`;
    style.width = `${width}px`;
    style.height = `${height}px`;
  }

  #placeCrosshair(): void {
    const ms = this.#crosshairMs;
    const { fromMs, toMs } = this.#state.range;
    // The middle of a bucket that is only begun lies beyond the end: it is shown there.
    const beyondMs = (toMs - fromMs) * lastBucketShare;
    const isShown = ms !== null && ms >= fromMs - beyondMs && ms <= toMs + beyondMs;
    this.#crosshair.hidden = !isShown;
    if (!isShown) return;
    const { width } = this.#plotSize();
    const x = this.#instants(0, width).px(ms);
    this.#crosshair.style.transform = `translateX(${Math.min(width, Math.max(0, x))}px)`;
  }

  /** The page moved to another screen, or was zoomed: a pixel is another one. */
  #watchRatio(): void {
    const ratio = devicePixelRatio;
    // A zoom may be no number that can be written exactly.
    const media = matchMedia(
      `(min-resolution: ${ratio - 0.001}dppx) and (max-resolution: ${ratio + 0.001}dppx)`,
    );
    const changed = (): void => {
      this.#drawSoon();
      this.#watchRatio();
    };
    media.addEventListener('change', changed, { once: true, signal: this.#gone.signal });
  }

  #watchPlace(host: HTMLElement): void {
    const watcher = new IntersectionObserver(
      (seen) => {
        this.#isNear = seen.at(-1)!.isIntersecting;
        if (this.#isStale) this.#drawSoon();
      },
      // Half a view further, so that it is there before one has scrolled to it.
      { rootMargin: '50%' },
    );
    watcher.observe(host);
    this.#gone.signal.addEventListener('abort', () => watcher.disconnect());
    // Paper shows all of it.
    const drawNow = (): void => {
      if (this.#isStale) this.#draw();
    };
    window.addEventListener('beforeprint', drawNow, { signal: this.#gone.signal });
  }

  #drawSoon(): void {
    this.#isStale = true;
    if (this.#isNear) this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#isStale = false;
    const area = this.#area();
    const { context, left, top, width, height } = area;
    const [state, colors] = [this.#state, this.#colors];
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    paintAxes(area, state, colors);
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    paintGaps(area, state, colors);
    paintBands(area, state, colors);
    paintMarks(area, state, colors);
    // Below the curves: no word may hide a reading.
    paintLimits(area, state, colors);
    paintCurves(area, state, colors);
    context.restore();
  }

  /** Gives the canvas its size first, which empties it: only when it is drawn, so that no frame shows it empty. */
  #area(): PlotArea {
    const ratio = devicePixelRatio;
    const canvas = this.#canvas;
    const [wide, tall] = [this.#size.width, this.#size.height].map((px) => Math.round(px * ratio));
    if (canvas.width !== wide || canvas.height !== tall) {
      canvas.width = wide!;
      canvas.height = tall!;
    }
    // A zoom of the browser changes these alone.
    canvas.style.width = `${this.#size.width}px`;
    canvas.style.height = `${this.#size.height}px`;
    const plot = this.#plotSize();
    const left = Math.round(gutterPx * ratio);
    const top = Math.round(abovePx * ratio);
    const width = Math.round(plot.width * ratio);
    const height = Math.round(plot.height * ratio);
    return {
      context: this.#context,
      ...{ ratio, left, top, width, height },
      x: this.#instants(left, width),
      y: this.#values(top, height),
    };
  }
}
