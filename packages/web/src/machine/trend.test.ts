// Trend and sparkline: a straight line gives its slope, an old one none; a curve is broken where data are missing.
import type { ChartAnswer } from '@vigie/contract';
import { describe, expect, it } from 'vitest';
import { forecastMonthBytes } from './forecast.ts';
import { mergeJournal } from './journal-merge.ts';
import { sparkPaths, trendPerHour } from './trend.ts';

const fromMs = 1_700_000_000_000;
const bucketMs = 900_000;

function answer(buckets: readonly number[]): ChartAnswer {
  const values = buckets.map((bucket) => 20 + bucket * 0.1);
  const zeros = buckets.map(() => 0);
  const series = {
    channel: 'a',
    bucket: buckets,
    first: values,
    last: values,
    min: values,
    max: values,
    mean: values,
  };
  const instants = { firstAt: zeros, lastAt: zeros, minAt: zeros, maxAt: zeros, count: zeros };
  return {
    machine: 'M',
    fromMs,
    startMs: fromMs,
    toMs: fromMs + 96 * bucketMs,
    bucketMs,
    series: [{ ...series, ...instants }],
    gaps: [],
    undated: [],
  };
}
const all = Array.from({ length: 96 }, (_, i) => i);

describe('trend', () => {
  it('is the slope of the last two hours', () => {
    const day = answer(all);
    expect(trendPerHour(day.series[0]!, day, day.toMs)).toBeCloseTo(0.4, 9);
  });
  it('is not tilted by a start-up that is over', () => {
    const day = answer(all);
    const [series] = day.series;
    const mean = all.map((i) => (i === 89 || i === 90 ? 5 : 20));
    expect(trendPerHour({ ...series!, mean }, day, day.toMs)).toBe(0);
  });
  it('is none when the last data are old or few', () => {
    const old = answer(all.slice(0, 80));
    expect(trendPerHour(old.series[0]!, old, old.toMs)).toBeNull();
    const few = answer([93, 95]);
    expect(trendPerHour(few.series[0]!, few, few.toMs)).toBeNull();
  });
});

describe('sparkline', () => {
  it('breaks where data are further apart than the cut', () => {
    const day = answer([...all.slice(0, 40), ...all.slice(60)]);
    expect(sparkPaths(day.series[0]!, day, 3_600_000, 120, 28).line.split('M')).toHaveLength(3);
    const whole = answer(all);
    expect(sparkPaths(whole.series[0]!, whole, 3_600_000, 120, 28).line.split('M')).toHaveLength(2);
  });
});

describe('journal and forecast', () => {
  it('joins pages and live entries without doubles, newest first', () => {
    const entry = (atMs: number) => ({ atMs, kind: 'gap' as const, channel: null, facts: {} });
    const joined = mergeJournal([entry(5), entry(3)], [entry(7), entry(5), entry(1)]);
    expect(joined.map(({ atMs }) => atMs)).toEqual([7, 5, 3, 1]);
  });
  it('carries the month on in a straight line, and not in its first hours', () => {
    expect(forecastMonthBytes(1000, Date.UTC(2026, 10, 16))).toBe(2000);
    expect(forecastMonthBytes(1000, Date.UTC(2026, 10, 1, 3))).toBeNull();
  });
});
