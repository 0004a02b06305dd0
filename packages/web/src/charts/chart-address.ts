// What of a chart's view is in the address: range, vertical range, hidden curves, table. Pure.
// Invariant: what is written reads back the same; what cannot be read is as if it were not there.
import { queryOfRange, type Range, rangeOfQuery } from './zoom.ts';

export interface ChartAddress {
  /** `null`: the last three weeks, following the present. */
  readonly range: Range | null;
  /** `null`: as high as the data ask for. */
  readonly yRange: readonly [number, number] | null;
  readonly hidden: ReadonlySet<string>;
  readonly table: boolean;
}

export function readChartAddress(query: string, nowMs: number): ChartAddress {
  const parameters = new URLSearchParams(query);
  const [low, high] = (parameters.get('y') ?? '')
    .split(':')
    .map((part) => (part === '' ? Number.NaN : Number(part)));
  const sound =
    low !== undefined && high !== undefined && Number.isFinite(low) && Number.isFinite(high) && low < high;
  return {
    range: rangeOfQuery(query, nowMs),
    yRange: sound ? [low, high] : null,
    hidden: new Set((parameters.get('off') ?? '').split(',').filter((id) => id !== '')),
    table: parameters.get('view') === 'table',
  };
}

/** The query of a view, other parameters kept; starts with `?` unless empty. */
export function writeChartAddress(address: ChartAddress, query: string): string {
  const parameters = new URLSearchParams(queryOfRange(address.range, query));
  const set = (name: string, value: string | null): void => {
    if (value === null || value === '') parameters.delete(name);
    else parameters.set(name, value);
  };
  set(
    'y',
    address.yRange === null
      ? null
      : address.yRange.map((end) => String(Number(end.toPrecision(6)))).join(':'),
  );
  set('off', [...address.hidden].join(','));
  set('view', address.table ? 'table' : null);
  // Colons and commas are legal in a query, and an address without %3A can be read by people.
  const text = parameters.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}
