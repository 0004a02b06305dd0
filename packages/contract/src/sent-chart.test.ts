// A chart that was sent is the chart that is received, wherever its buckets are missing.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChartAnswer } from './chart.ts';
import { receivedChart, sentChart } from './sent-chart.ts';

const none = { first: [], firstAt: [], last: [], lastAt: [], min: [], minAt: [], max: [], maxAt: [] };

it('loses nothing on its way, and is short where buckets follow one another', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.nat({ max: 60 }))), (indexes) => {
      const chart: ChartAnswer = {
        ...{ machine: 'M', fromMs: 0, toMs: 61, startMs: 0, bucketMs: 1, gaps: [], undated: [] },
        series: indexes.map((found, i) => {
          const bucket = found.sort((a, b) => a - b);
          return { ...none, channel: `c${i}`, bucket, mean: bucket, count: [] };
        }),
      };
      expect(receivedChart(sentChart(chart))).toEqual(chart);
    }),
  );
  const whole = { ...none, channel: 'c', bucket: [3, 4, 5, 9], mean: [], count: [] };
  const { series } = sentChart({
    ...{ machine: 'M', fromMs: 0, toMs: 61, startMs: 0, bucketMs: 1, gaps: [], undated: [] },
    series: [whole],
  });
  expect(series[0]?.runs).toEqual([3, 3, 9, 1]);
});
