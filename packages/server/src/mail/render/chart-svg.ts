// The picture of a mail as SVG: a channel over a day, as the page draws it. Band from lowest to highest, line of means, limits
// dashed, the alarm's time tinted, gaps as gaps, ticks on round times of the reader's zone.
// Invariants: the extremes of the band are the raw ones; a line is cut at every gap; colours of alarm and warning stand for
// nothing else. Pure. Not here: pixels (picture.ts), what it is of (compose.ts).
import type { AlarmSeverity, ChartGap, ChartSeries, Language, Limits } from '@vigie/contract';
import { formatNumber, withUnit } from '@vigie/contract/format';
import { tickLabels, tickStep, timeTicks, valueTicks } from '@vigie/contract/ticks';
import { type Markup, mark, NOTHING } from './markup.ts';
import { mailWords } from './words.ts';

export interface ChartFacts {
  readonly title: string;
  readonly unit: string;
  readonly decimals: number | null;
  readonly limits: Limits | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly startMs: number;
  readonly bucketMs: number;
  /** `null`: there is no value in the range. */
  readonly series: ChartSeries | null;
  readonly gaps: readonly ChartGap[];
  readonly alarm: {
    readonly fromMs: number;
    /** `null`: it rings. */
    readonly toMs: number | null;
    readonly severity: AlarmSeverity;
  };
  readonly zone: string;
  readonly language: Language;
}

export const WIDTH_PX = 600;
export const HEIGHT_PX = 280;
/** Buckets to ask of the store: one for each pixel of the plotting area, about. */
export const CHART_BUCKETS = 540;

const TOP_PX = 34;
const BOTTOM_PX = 40;
const RIGHT_PX = 12;
const LETTER_PX = 7.6;
const TICKS_X = 8;
const TICKS_Y = 5;
const COLOURS = {
  ground: '#fafbfc',
  text: '#15191d',
  muted: '#4a535c',
  line: '#d8dde2',
  gap: '#e1e5e9',
  series: '#083a5f',
  alarm: '#c4161c',
  warning: '#f2a900',
  warningText: '#8a5300',
} as const;

export function chartSvg(facts: ChartFacts): string {
  const { title, unit, decimals, series, fromMs, toMs, alarm, zone, language } = facts;
  const words = mailWords[language];
  const [low, high] = rangeOf(facts);
  const { values: ticksY, decimals: decimalsY } = valueTicks(low, high, TICKS_Y);
  const labelsY = ticksY.map((tick) => formatNumber(tick, decimalsY, language));
  const left = Math.ceil(14 + LETTER_PX * Math.max(2, ...labelsY.map(({ length }) => length)));
  const [width, bottom] = [WIDTH_PX - RIGHT_PX - left, HEIGHT_PX - BOTTOM_PX];
  const x = (atMs: number): number => round(left + (width * (atMs - fromMs)) / (toMs - fromMs));
  const y = (value: number): number => round(bottom - ((bottom - TOP_PX) * (value - low)) / (high - low));
  const within = (atMs: number): number => Math.min(toMs, Math.max(fromMs, atMs));
  const tint = (from: number, to: number, fill: string, opacity: number): Markup =>
    mark`<rect x="${x(within(from))}" y="${TOP_PX}" width="${Math.max(1, round(x(within(to)) - x(within(from))))}" height="${bottom - TOP_PX}" fill="${fill}" fill-opacity="${opacity}"/>`;
  const colour = alarm.severity === 'alarm' ? COLOURS.alarm : COLOURS.warning;
  const ticksX = timeTicks(fromMs, toMs, TICKS_X, zone);
  const labelsX = tickLabels(ticksX, tickStep(fromMs, toMs, TICKS_X), zone, language);
  const gaps = facts.gaps.filter((gap) => gap.toMs > fromMs && gap.fromMs < toMs);

  return String(mark`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH_PX}" height="${HEIGHT_PX}" viewBox="0 0 ${WIDTH_PX} ${HEIGHT_PX}" font-family="DejaVu Sans" font-size="12">
<rect width="${WIDTH_PX}" height="${HEIGHT_PX}" fill="${COLOURS.ground}"/>
<text x="${left}" y="20" font-size="14" fill="${COLOURS.text}">${title}${unit === '' ? '' : ` (${unit})`}</text>
<g class="gaps">${gaps.map((gap) => tint(gap.fromMs, gap.toMs, COLOURS.gap, 1))}</g>
<g class="alarm">${tint(alarm.fromMs, alarm.toMs ?? toMs, colour, 0.14)}</g>
<g class="axis-y" fill="${COLOURS.muted}" text-anchor="end">${ticksY.map((tick, i) => mark`<path d="M${left} ${y(tick)}H${left + width}" stroke="${COLOURS.line}"/><text x="${left - 6}" y="${y(tick) + 4}">${labelsY[i] ?? ''}</text>`)}</g>
<g class="axis-x" fill="${COLOURS.muted}" text-anchor="middle">${ticksX.map((tick, i) => {
    const [clock = '', day = ''] = (labelsX[i] ?? '').split('\n');
    return mark`<path d="M${x(tick)} ${bottom}v4" stroke="${COLOURS.muted}"/><text x="${x(tick)}" y="${bottom + 16}">${clock}</text><text x="${x(tick)}" y="${bottom + 30}">${day}</text>`;
  })}</g>
${series === null ? mark`<text x="${left + width / 2}" y="${(TOP_PX + bottom) / 2}" fill="${COLOURS.muted}" text-anchor="middle">${words.noData}</text>` : curve(facts, series, x, y)}
<g class="limits">${limitLines(facts).map(({ value, word, colour, ink, isAbove }) =>
    value < low || value > high
      ? NOTHING
      : mark`<path d="M${left} ${y(value)}H${left + width}" stroke="${colour}" stroke-width="1.5" stroke-dasharray="6 4"/><text x="${left + 6}" y="${y(value) + (isAbove ? -5 : 14)}" fill="${ink}">${word} ${withUnit(formatNumber(value, decimals, language), unit)}</text>`,
  )}</g>
<path d="M${left} ${TOP_PX}V${bottom}H${left + width}" fill="none" stroke="${COLOURS.muted}"/>
</svg>`);
}

/** Band and line of each stretch without a gap. */
function curve(
  { startMs, bucketMs, gaps }: ChartFacts,
  series: ChartSeries,
  x: (atMs: number) => number,
  y: (value: number) => number,
): Markup {
  const stretches: number[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const [k, bucket] of series.bucket.entries()) {
    const begin = startMs + bucket * bucketMs;
    const firstMs = begin + (series.firstAt[k] ?? 0);
    const isCut = gaps.some((gap) => gap.fromMs >= lastMs && gap.toMs <= firstMs);
    if (k === 0 || isCut) stretches.push([]);
    stretches.at(-1)?.push(k);
    lastMs = begin + (series.lastAt[k] ?? 0);
  }
  const middle = (k: number): number => x(startMs + ((series.bucket[k] ?? 0) + 0.5) * bucketMs);
  const point = (k: number, values: readonly number[]): string => `${middle(k)} ${y(values[k] ?? 0)}`;
  return mark`<g class="curve">${stretches.map((stretch) => {
    const [first = 0] = stretch;
    const upper = stretch.map((k) => point(k, series.max));
    const lower = stretch.toReversed().map((k) => point(k, series.min));
    // One bucket alone has no width: its extremes are a stroke.
    if (stretch.length === 1) {
      return mark`<path d="M${point(first, series.max)}L${point(first, series.min)}" stroke="${COLOURS.series}" stroke-width="2" stroke-linecap="round"/>`;
    }
    return mark`<path class="band" d="M${[...upper, ...lower].join('L')}Z" fill="${COLOURS.series}" fill-opacity="0.22" stroke="${COLOURS.series}" stroke-opacity="0.35" stroke-width="0.6"/><path class="mean" d="M${stretch.map((k) => point(k, series.mean)).join('L')}" fill="none" stroke="${COLOURS.series}" stroke-width="1.5"/>`;
  })}</g>`;
}

interface LimitLine {
  readonly value: number;
  readonly word: string;
  readonly colour: string;
  readonly ink: string;
  readonly isAbove: boolean;
}

function limitLines({ limits, language }: ChartFacts): readonly LimitLine[] {
  const words = mailWords[language];
  const alarm = { word: words.limit, colour: COLOURS.alarm, ink: COLOURS.alarm };
  const warning = { word: words.warningLimit, colour: COLOURS.warning, ink: COLOURS.warningText };
  const lines = [
    { ...warning, value: limits?.warningLow ?? null, isAbove: false },
    { ...warning, value: limits?.warningHigh ?? null, isAbove: true },
    { ...alarm, value: limits?.alarmLow ?? null, isAbove: false },
    { ...alarm, value: limits?.alarmHigh ?? null, isAbove: true },
  ];
  return lines.flatMap((line) => (line.value === null ? [] : [{ ...line, value: line.value }]));
}

/** Of what is drawn, with room for a label above and below; never empty. */
function rangeOf(facts: ChartFacts): readonly [number, number] {
  const { series } = facts;
  const values = series === null ? [] : [...series.min, ...series.max];
  const [dataLow, dataHigh] = [Math.min(...values), Math.max(...values)];
  const limits = limitLines(facts).map(({ value }) => value);
  // A limit far away would press the curve flat: it is drawn where it is within reach.
  const reach = Math.max(dataHigh - dataLow, Number.EPSILON) * 3;
  const near = limits.filter(
    (value) => series === null || (value >= dataLow - reach && value <= dataHigh + reach),
  );
  const all = [...values, ...near];
  if (all.length === 0) return [0, 1];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const margin = (high - low) * 0.12 || Math.max(Math.abs(high) * 0.1, 1);
  return [low - margin, high + margin];
}

const round = (px: number): number => Math.round(px * 10) / 10;
