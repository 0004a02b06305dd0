// Reads the address of an analysis (analysis-address.ts). Pure.
// Invariant: what cannot be read is listed, and the rest of the address holds.
import type { YRange } from '../charts/chart-frame.tsx';
import { parseElapsed, parseInstant, type Range } from '../charts/zoom.ts';
import {
  type AnalysisAddress,
  aroundEvent,
  type Compare,
  emptyAddress,
  mostRuns,
  mostSeries,
  type Run,
  type SeriesRef,
  type Span,
} from './analysis-address.ts';

/** A part of an address that says nothing; `text` as it stands there, cut to a length that can be shown. */
export interface Unread {
  readonly kind: 'series' | 'range' | 'y' | 'compare' | 'align';
  readonly text: string;
}

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
