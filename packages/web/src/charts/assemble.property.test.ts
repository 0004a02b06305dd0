// What a plot is given: every extreme is there, cuts lie exactly at long gaps, nothing is made up.
import type { ChartAnswer, ChartGap, ChartSeries } from '@vigie/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble, lonePoints } from './assemble.ts';

const cutMs = 3_600_000;
const bucketMs = 1_000_000;
const fromMs = 1_700_000_000_000;

/** One channel whose buckets hold one sample each, at their start. */
function answerOf(buckets: readonly number[], gaps: readonly ChartGap[] = []): ChartAnswer {
  const values = buckets.map((bucket) => Math.sin(bucket) * 10);
  const zeros = buckets.map(() => 0);
  const series: ChartSeries = {
    channel: 'a',
    bucket: buckets,
    first: values,
    firstAt: zeros,
    last: values,
    lastAt: zeros,
    min: values.map((value) => value - 1),
    minAt: zeros,
    max: values.map((value) => value + 1),
    maxAt: zeros,
    mean: values,
    count: buckets.map(() => 1),
  };
  return {
    machine: 'M',
    fromMs,
    startMs: fromMs,
    toMs: fromMs + 1000 * bucketMs,
    bucketMs,
    series: [series],
    gaps,
    undated: [],
  };
}

const someBuckets = fc
  .uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 })
  .map((all) => all.sort((a, b) => a - b));

describe('assemble', () => {
  it('keeps every bucket, in order, and cuts where samples are further apart than the cut, and nowhere else', () => {
    fc.assert(
      fc.property(someBuckets, (buckets) => {
        const { x, series } = assemble(answerOf(buckets), cutMs);
        expect([...x]).toEqual([...x].sort((a, b) => a - b));
        const column = series[0]!.max;
        const shown = column.filter((value) => typeof value === 'number');
        expect(shown).toEqual(buckets.map((bucket) => Math.sin(bucket) * 10 + 1));
        const apart = buckets
          .slice(1)
          .filter((bucket, i) => (bucket - buckets[i]!) * bucketMs > cutMs).length;
        const runs = column
          .map((value) => (value === undefined ? '' : value === null ? 'x' : 'v'))
          .join('')
          .split(/x+/)
          .filter((run) => run !== '').length;
        expect(runs).toBe(apart + 1);
      }),
    );
  });

  it('cuts between neighbouring buckets when the gap of the rows lies within them', () => {
    const gap = { fromMs, toMs: fromMs + bucketMs, reason: 'edge-off' };
    const { series } = assemble({ ...answerOf([0, 1], [gap]) }, 900_000);
    expect(series[0]!.mean.map((value) => value === null)).toEqual([false, true, false]);
  });

  it('finds the points that no line would show', () => {
    expect(lonePoints([1, null, 2, 3, null, undefined, 4])).toEqual([0, 6]);
    expect(lonePoints([1, undefined, 2])).toEqual([]);
    expect(lonePoints([])).toEqual([]);
  });
});
