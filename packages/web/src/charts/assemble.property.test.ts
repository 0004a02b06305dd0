// What a plot is given: every extreme is there, cuts lie exactly at long gaps, nothing is made up.
import type { ChartAnswer, ChartGap, ChartSeries } from '@vigie/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from './assemble.ts';

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
        const { t, max, isCutAfter } = assemble(answerOf(buckets), cutMs)[0]!;
        expect(t).toEqual(buckets.map((bucket) => fromMs + (bucket + 0.5) * bucketMs));
        expect(max).toEqual(buckets.map((bucket) => Math.sin(bucket) * 10 + 1));
        expect([...isCutAfter]).toEqual(
          buckets.map((bucket, i) => Number(((buckets[i + 1] ?? bucket) - bucket) * bucketMs > cutMs)),
        );
      }),
    );
  });

  it('cuts between neighbouring buckets when the gap of the rows lies within them', () => {
    const gap = { fromMs, toMs: fromMs + bucketMs, reason: 'edge-off' };
    const [series] = assemble({ ...answerOf([0, 1], [gap]) }, 900_000);
    expect([...series!.isCutAfter]).toEqual([1, 0]);
  });
});
