// Tracks on one axis: every bucket of every track is there, at its moved place and with its own values, and nothing else is.
import type { Channel, ChartAnswer, ChartSeries } from '@vigie/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Curve, placedSeries, type TrackData, trackData } from './curves.ts';
import { displayedRows } from './table-lines.ts';

const bucketMs = 60_000;
const cutMs = 3_600_000;
const startMs = 1_700_000_000_000;

function seriesOf(channel: string, bucket: readonly number[], base: number): ChartSeries {
  const values = bucket.map((one) => base + one);
  const zeros = bucket.map(() => 0);
  return {
    channel,
    bucket,
    ...{ first: values, last: values, min: values, max: values, mean: values },
    ...{ firstAt: zeros, lastAt: zeros, minAt: zeros, maxAt: zeros, count: zeros },
  };
}

const channel = (id: string): Channel =>
  ({ id, names: { fr: id, en: id }, unit: '', states: null }) as Channel;

const buckets = fc
  .uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 40 })
  .map((all) => all.sort((a, b) => a - b));
const someTracks = fc.array(fc.tuple(buckets, buckets, fc.integer({ min: -500_000, max: 500_000 })), {
  minLength: 1,
  maxLength: 4,
});

describe('the curves of a pane', () => {
  it('hold what each track has, moved, and a file of them has every bucket once', () => {
    fc.assert(
      fc.property(someTracks, (all) => {
        const tracks = new Map<string, TrackData>();
        const curves: Curve[] = [];
        all.forEach(([a, b, shiftMs], i) => {
          const answer: ChartAnswer = {
            machine: 'M',
            fromMs: startMs,
            startMs,
            toMs: startMs + 201 * bucketMs,
            bucketMs,
            series: [seriesOf('a', a, 1000 * i), seriesOf('b', b, 1000 * i + 500)],
            gaps: [],
            undated: [],
          };
          const key = `t${i}`;
          const track = { key, machine: 'M', name: '', zone: 'UTC', cutMs, shiftMs, isPast: false };
          tracks.set(key, trackData(track, answer, null, startMs));
          for (const id of ['a', 'b']) {
            const look = { name: id, color: 0, isDashed: false };
            curves.push({ key: `${key}.${id}`, track: key, channel: channel(id), ...look });
          }
        });
        const series = placedSeries(curves, tracks);
        curves.forEach(({ key }, k) => {
          const [own, shiftMs] = [all[k >> 1]![k % 2] as number[], all[k >> 1]![2]];
          const base = 1000 * (k >> 1) + 500 * (k % 2);
          const { channel, t, max } = series[k]!;
          expect(channel).toBe(key);
          expect(t).toEqual(own.map((bucket) => startMs + (bucket + 0.5) * bucketMs + shiftMs));
          expect(max).toEqual(own.map((bucket) => base + bucket));
        });
        const rows = [...displayedRows(curves, tracks, (at) => at)];
        const places = rows.map(([at]) => Number(at));
        expect(new Set(places).size).toBe(places.length);
        curves.forEach((_, k) => {
          const own = all[k >> 1]![k % 2] as number[];
          expect(rows.filter((row) => row[1 + 3 * k] !== null)).toHaveLength(own.length);
        });
      }),
    );
  });
});
