// The address of an analysis: series, range, vertical ranges, comparison, start-ups, what is hidden. Pure.
// Invariant: what is written reads back the same. Not here: how it is read (read-address.ts), which other pages never do.
import type { YRange } from '../charts/chart-frame.tsx';
import { type Range, threeWeeksMs, writeElapsed } from '../charts/zoom.ts';

export interface SeriesRef {
  readonly machine: string;
  readonly channel: string;
}

export type Span =
  /** Follows the present. */
  { readonly kind: 'last'; readonly lastMs: number } | ({ readonly kind: 'fixed' } & Range);

export type Compare =
  | { readonly kind: 'none' }
  /** The range before the one shown, as long as it. */
  | { readonly kind: 'before' }
  | { readonly kind: 'back'; readonly byMs: number };

/** An event of a machine that is put at 0 of the axis. */
export interface Run {
  readonly machine: string;
  readonly atMs: number;
}

export interface AnalysisAddress {
  readonly series: readonly SeriesRef[];
  readonly span: Span;
  readonly compare: Compare;
  /** The view is aligned on them when there are any; then `elapsed` is shown, not `span`. */
  readonly runs: readonly Run[];
  readonly elapsed: Range;
  /** By axisKeyOf. */
  readonly yRanges: ReadonlyMap<string, YRange>;
  /** Keys of curves. */
  readonly hidden: ReadonlySet<string>;
  readonly limits: boolean;
  readonly table: boolean;
}

export const mostSeries = 30;
export const mostRuns = 8;
export const aroundEvent: Range = { fromMs: -1_800_000, toMs: 8 * 3_600_000 };
export const emptyAddress: AnalysisAddress = {
  series: [],
  span: { kind: 'last', lastMs: threeWeeksMs },
  compare: { kind: 'none' },
  runs: [],
  elapsed: aroundEvent,
  yRanges: new Map(),
  hidden: new Set(),
  limits: false,
  table: false,
};

/** Of a vertical axis, in the address: its unit without the sign of degrees; `1` where there is no unit. */
export function axisKeyOf(unit: string): string {
  const key = unit.replace('°', '').trim();
  return key === '' ? '1' : key;
}

export const seriesKey = ({ machine, channel }: SeriesRef): string => `${machine}.${channel}`;

const iso = (atMs: number): string => new Date(atMs).toISOString().replace('.000Z', 'Z');

/** The whole query of a view; starts with `?` unless empty. */
export function writeAddress(address: AnalysisAddress): string {
  const { series, span, compare, runs, elapsed, yRanges, hidden } = address;
  const parameters = new URLSearchParams();
  const set = (name: string, value: string): void => {
    if (value !== '') parameters.set(name, value);
  };
  set('s', series.map(seriesKey).join(','));
  if (runs.length > 0) {
    set('align', runs.map(({ machine, atMs }) => `${machine}@${iso(atMs)}`).join(','));
    set('from', writeElapsed(elapsed.fromMs));
    set('to', writeElapsed(elapsed.toMs));
  } else {
    set('from', span.kind === 'last' ? `now-${writeElapsed(span.lastMs)}` : iso(span.fromMs));
    set('to', span.kind === 'last' ? 'now' : iso(span.toMs));
    if (compare.kind === 'before') set('cmp', 'before');
    if (compare.kind === 'back') set('cmp', writeElapsed(-compare.byMs));
  }
  for (const [key, ends] of yRanges) {
    set(`y.${key}`, ends.map((end) => String(Number(end.toPrecision(6)))).join(':'));
  }
  set('off', [...hidden].join(','));
  set('limits', address.limits ? '1' : '');
  set('view', address.table ? 'table' : '');
  // Legal in a query as they are, and an address without them encoded can be read by people.
  const text = ['%3A:', '%2C,', '%40@', '%7E~', '%2F/'].reduce(
    (all, pair) => all.replaceAll(pair.slice(0, 3), pair.slice(3)),
    parameters.toString(),
  );
  return text === '' ? '' : `?${text}`;
}

/** The range on the axis that an address asks for. */
export function askedRange({ span, runs, elapsed }: AnalysisAddress, nowMs: number): Range {
  if (runs.length > 0) return elapsed;
  return span.kind === 'last' ? { fromMs: nowMs - span.lastMs, toMs: nowMs } : span;
}
