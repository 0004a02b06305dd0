// The address of an analysis: series, range, vertical ranges, comparison, start-ups, what is hidden. Pure.
// Invariants: what is written reads back the same; what cannot be read is listed, and the rest of the address holds.
import type { YRange } from '../charts/chart-frame.tsx';
import { parseElapsed, parseInstant, type Range, threeWeeksMs, writeElapsed } from '../charts/zoom.ts';

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

/** A part of an address that says nothing; `text` as it stands there, cut to a length that can be shown. */
export interface Unread {
  readonly kind: 'series' | 'range' | 'y' | 'compare' | 'align';
  readonly text: string;
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

const seriesForm = /^([A-Za-z0-9][A-Za-z0-9_-]{0,31})\.([a-z][a-z0-9_]{0,31})$/;
const runForm = /^([A-Za-z0-9][A-Za-z0-9_-]{0,31})@(.+)$/;
const lastForm = /^now-(\d+[smhdw])$/;

const list = (text: string | null): readonly string[] =>
  (text ?? '').split(',').filter((part) => part !== '');

class Reader {
  readonly unread: Unread[] = [];
  readonly #query: URLSearchParams;
  constructor(query: URLSearchParams) {
    this.#query = query;
  }

  miss(kind: Unread['kind'], text: string): void {
    this.unread.push({ kind, text: text.slice(0, 60) });
  }

  series(): readonly SeriesRef[] {
    const found = new Map<string, SeriesRef>();
    for (const part of list(this.#query.get('s'))) {
      const [, machine, channel] = seriesForm.exec(part) ?? [];
      if (machine === undefined || channel === undefined || found.size >= mostSeries)
        this.miss('series', part);
      else found.set(part, { machine, channel });
    }
    return [...found.values()];
  }

  runs(): readonly Run[] {
    const found = new Map<string, Run>();
    for (const part of list(this.#query.get('align'))) {
      const [, machine, instant = ''] = runForm.exec(part) ?? [];
      const atMs = Date.parse(instant);
      if (machine === undefined || Number.isNaN(atMs) || found.size >= mostRuns) this.miss('align', part);
      else found.set(`${machine}@${atMs}`, { machine, atMs });
    }
    return [...found.values()];
  }

  #ends(): readonly [string | null, string | null] {
    return [this.#query.get('from'), this.#query.get('to')];
  }

  #missRange(): void {
    const [from, to] = this.#ends();
    this.miss('range', `${from ?? ''} → ${to ?? ''}`);
  }

  span(nowMs: number): Span {
    const [from, to] = this.#ends();
    if (from === null && to === null) return emptyAddress.span;
    const last = to === 'now' || to === null ? lastForm.exec(from ?? '') : null;
    const lastMs = last === null ? null : parseElapsed(last[1] ?? '');
    if (lastMs !== null && lastMs >= 60_000 && lastMs <= 3650 * 86_400_000) return { kind: 'last', lastMs };
    const fromMs = parseInstant(from, nowMs);
    const toMs = parseInstant(to ?? 'now', nowMs);
    if (fromMs !== null && toMs !== null && fromMs >= 0 && fromMs < toMs && fromMs < nowMs) {
      return { kind: 'fixed', fromMs, toMs };
    }
    this.#missRange();
    return emptyAddress.span;
  }

  elapsed(): Range {
    const [from, to] = this.#ends();
    if (from === null && to === null) return aroundEvent;
    const [fromMs, toMs] = [parseElapsed(from ?? ''), parseElapsed(to ?? '')];
    if (fromMs !== null && toMs !== null && fromMs < toMs) return { fromMs, toMs };
    this.#missRange();
    return aroundEvent;
  }

  compare(): Compare {
    const text = this.#query.get('cmp');
    if (text === null) return { kind: 'none' };
    if (text === 'before') return { kind: 'before' };
    const ms = parseElapsed(text);
    if (ms !== null && ms < 0) return { kind: 'back', byMs: -ms };
    this.miss('compare', text);
    return { kind: 'none' };
  }

  yRanges(): ReadonlyMap<string, YRange> {
    const found = new Map<string, YRange>();
    for (const [name, text] of this.#query) {
      if (!name.startsWith('y.')) continue;
      const ends = text.split(':').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
      const [low = Number.NaN, high = Number.NaN] = ends;
      if (ends.length === 2 && Number.isFinite(low) && Number.isFinite(high) && low < high) {
        found.set(name.slice(2), [low, high]);
      } else this.miss('y', `${name}=${text}`);
    }
    return found;
  }
}

export function readAddress(
  query: string,
  nowMs: number,
): { readonly address: AnalysisAddress; readonly unread: readonly Unread[] } {
  const parameters = new URLSearchParams(query);
  const reader = new Reader(parameters);
  const runs = reader.runs();
  const isAligned = runs.length > 0;
  const address: AnalysisAddress = {
    series: reader.series(),
    span: isAligned ? emptyAddress.span : reader.span(nowMs),
    compare: isAligned ? { kind: 'none' } : reader.compare(),
    runs,
    elapsed: isAligned ? reader.elapsed() : aroundEvent,
    yRanges: reader.yRanges(),
    hidden: new Set(list(parameters.get('off'))),
    limits: parameters.get('limits') === '1',
    table: parameters.get('view') === 'table',
  };
  return { address, unread: reader.unread };
}

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
