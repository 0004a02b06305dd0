// The lines of a table: this week's bucket and the week before's stand in one line, though a week is no whole number of
// buckets; what is no moved past keeps lines of its own.
import type { Channel, ChartAnswer } from '@vigie/contract';
import { describe, expect, it } from 'vitest';
import { type Curve, type Track, trackData } from './curves.ts';
import { tableLines } from './table-lines.ts';

const WEEK_MS = 7 * 86_400_000;
/** Does not divide a week. */
const BUCKET_MS = 1_999_000;
/** So that buckets of the week before begin less than half a bucket away. */
const FROM_MS = 898_000 * BUCKET_MS + 1000;

function answerFrom(fromMs: number, bucketMs: number, bucket: readonly number[]): ChartAnswer {
  const values = bucket.map(() => 20);
  const instants = { firstAt: values, lastAt: values, minAt: values, maxAt: values, count: values };
  return {
    machine: 'M',
    ...{ fromMs, toMs: fromMs + 20 * bucketMs, bucketMs },
    startMs: Math.floor(fromMs / bucketMs) * bucketMs,
    series: [
      {
        channel: 'a',
        bucket,
        first: values,
        last: values,
        min: values,
        max: values,
        mean: values,
        ...instants,
      },
    ],
    gaps: [],
    undated: [],
  };
}

function linesOf(answers: readonly (readonly [Partial<Track>, ChartAnswer])[]) {
  const tracks = answers.map(([about, answer], i) => {
    const track = {
      key: `${i}`,
      machine: 'M',
      name: '',
      zone: 'UTC',
      cutMs: 1e9,
      shiftMs: 0,
      isPast: false,
      ...about,
    };
    return trackData(track, answer, null, answer.toMs);
  });
  const curves = tracks.map(({ track: { key } }): Curve => {
    const channel = { id: 'a' } as Channel;
    return { key, track: key, channel, name: 'a', color: 0, isDashed: false };
  });
  const lines = tableLines(curves, new Map(tracks.map((data) => [data.track.key, data])));
  return lines.filter((line) => line.kind === 'bucket').map(({ indices }) => indices);
}

describe('the lines of a table', () => {
  const present = answerFrom(FROM_MS, BUCKET_MS, [0, 1, 2, 4]);
  it('put the past beside the present, and say where one of them has nothing', () => {
    const past = answerFrom(FROM_MS - WEEK_MS, BUCKET_MS, [0, 1, 3, 4]);
    expect(
      linesOf([
        [{}, present],
        [{ shiftMs: WEEK_MS, isPast: true }, past],
      ]),
    ).toEqual([
      [0, 0],
      [1, 1],
      [2, null],
      [null, 2],
      [3, 3],
    ]);
  });
  it('keep what is no past, and buckets of another length, in lines of their own', () => {
    const other = answerFrom(FROM_MS + 7000, BUCKET_MS + 777, [0]);
    expect(
      linesOf([
        [{}, present],
        [{ shiftMs: 0, isPast: true }, other],
      ]),
    ).toHaveLength(5);
  });
});
