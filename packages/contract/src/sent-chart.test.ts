// A chart that was sent is the chart that is received, whatever its numbers are and wherever its buckets are missing.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChartAnswer, ChartSeries } from './chart.ts';
import { receivedChart, sentChart } from './sent-chart.ts';

const none: Omit<ChartSeries, 'channel' | 'bucket'> = {
  ...{ first: [], firstAt: [], last: [], lastAt: [], min: [], minAt: [], max: [], maxAt: [], mean: [] },
  count: [],
};
const chartOf = (series: readonly ChartSeries[]): ChartAnswer => ({
  ...{ machine: 'M', fromMs: 0, toMs: 61, startMs: 0, bucketMs: 1, gaps: [], undated: [] },
  series,
});
/** As JSON says it: -0 as 0, what is no number as null. */
const overJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/** Numbers of one kind, now and then of another. */
const column = (length: number): fc.Arbitrary<number[]> => {
  const decimal = fc
    .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.nat({ max: 9 }))
    .map(([units, decimals]) => units / 10 ** decimals);
  const any = fc.oneof(
    fc.constantFrom(-0, Number.NaN, Infinity, 2 ** 50, -(2 ** 50), 2 ** 53, 0.1 + 0.2, Number.MIN_VALUE),
    fc.double(),
  );
  const kinds = [decimal, fc.integer({ min: -50, max: 50 }), fc.maxSafeInteger()].map((kind) =>
    fc.array(fc.oneof({ arbitrary: kind, weight: 40 }, any), { minLength: length, maxLength: length }),
  );
  const pure = fc.array(decimal, { minLength: length, maxLength: length });
  return fc.oneof(pure, fc.constant<number[]>([]), ...kinds);
};

const series = fc
  .uniqueArray(fc.nat({ max: 60 }))
  .map((found) => found.sort((a, b) => a - b))
  .chain((bucket) => {
    const names = Object.keys(none) as (keyof typeof none)[];
    const columns = fc.record(Object.fromEntries(names.map((name) => [name, column(bucket.length)])));
    return columns.map((some) => ({ ...none, ...some, channel: 'c', bucket }));
  });

it('loses nothing on its way that JSON would not', () => {
  fc.assert(
    fc.property(fc.array(series), (some) => {
      const chart = chartOf(some);
      expect(receivedChart(overJson(sentChart(chart)))).toStrictEqual(overJson(chart));
    }),
    { numRuns: 1000 },
  );
});

it('is short where buckets follow one another, and numbers are near those before them', () => {
  const bucket = Array.from({ length: 1000 }, (_, i) => i + 3);
  const mean = bucket.map((i) => Math.round(35_000 + 30 * Math.sin(i)) / 1000);
  const min = mean.map((value) => Math.floor(value * 10) / 10);
  const lastAt = bucket.map(() => 1_799_000);
  const sent = sentChart(chartOf([{ ...none, channel: 'c', bucket, mean, min, lastAt }])).series[0]!;
  expect(sent.runs).toEqual([3, 1000]);
  // A digit for the decimals, up to four for the first number.
  for (const name of ['min', 'lastAt'] as const) expect(sent[name].length).toBeLessThan(1010);
  expect(sent.mean.length).toBeLessThan(1500);
});

it('sends numbers as they are where whole numbers cannot say them', () => {
  for (const odd of [Math.PI, 2 ** 60, Number.NaN]) {
    const mean = [1, 2, odd];
    const { series } = sentChart(chartOf([{ ...none, channel: 'c', bucket: [1, 2, 3], mean }]));
    expect(series[0]?.mean).toEqual(mean);
  }
});
