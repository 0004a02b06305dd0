// The axes of a pane: grid lines, ticks, and the words beside them.
// Invariants: lines lie on whole pixels; panes of one chart have their instants at the same places. Not here: where ticks
// go (contract/ticks.ts).
import { valueTicks } from '@vigie/contract/ticks';
import { formatNumber } from '../i18n/format.ts';
import type { PlotArea, PlotColors, PlotState } from './plot.ts';
import { tickStep, tickWords, timeTicks } from './zone.ts';

const instantsApartPx = 72;
const valuesApartPx = 30;
const tickPx = 4;
const fontPx = 12;
const linePx = 18;

interface Instants {
  readonly ticks: readonly number[];
  readonly words: readonly string[];
}

/** The last ones: panes of one chart have the same, and zones are costly to ask. */
let known: { readonly key: string; readonly instants: Instants } | null = null;

function instantsOf({ range, axis, language }: PlotState, widthPx: number): Instants {
  const { fromMs, toMs } = range;
  const most = Math.max(2, Math.floor(widthPx / instantsApartPx));
  const zone = axis.kind === 'time' ? axis.zone : 'UTC';
  const key = [fromMs, toMs, most, axis.kind, zone, language].join(' ');
  if (known?.key !== key) {
    const ticks = timeTicks(fromMs, toMs, most, zone);
    known = {
      key,
      instants: { ticks, words: tickWords(ticks, tickStep(fromMs, toMs, most), axis, language) },
    };
  }
  return known.instants;
}

export function paintAxes(area: PlotArea, state: PlotState, colors: PlotColors): void {
  const { context, ratio, left, top, width, height, x, y } = area;
  const instants = instantsOf(state, width / ratio);
  const values = valueTicks(state.yRange[0], state.yRange[1], height / ratio / valuesApartPx);
  const thick = Math.max(1, Math.round(ratio));
  const right = left + width;
  const bottom = top + height;
  context.fillStyle = colors.grid;
  for (const atMs of instants.ticks) {
    context.fillRect(Math.round(x.px(atMs) - thick / 2), top, thick, height + tickPx * ratio);
  }
  for (const value of values.values) {
    context.fillRect(left, Math.round(y.px(value) - thick / 2), right - left, thick);
  }
  context.fillStyle = colors.text;
  context.font = `${fontPx * ratio}px ${colors.font}`;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const value of values.values) {
    context.fillText(formatNumber(value, values.decimals, state.language), left - 6 * ratio, y.px(value));
  }
  if (!state.isLast) return;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  instants.ticks.forEach((atMs, i) => {
    instants.words[i]!.split('\n').forEach((line, k) => {
      context.fillText(line, x.px(atMs), bottom + (2 * tickPx + k * linePx) * ratio);
    });
  });
}
