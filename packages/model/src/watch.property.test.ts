// Limits row by row, against a slow model that looks at the whole past of a machine at every row; and blocks cut anywhere.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineSchemaSchema } from './schema.ts';
import { type Crossing, type WatchedRow, type Watches, watchedLimits, watchRows } from './watch.ts';

const names = { fr: 'x', en: 'x' };
const schema = machineSchemaSchema.parse({
  ...{ model: 'test', names, stateChannel: 'state' },
  channels: [
    { id: 'state', kind: 'state', names },
    {
      ...{ id: 't', kind: 'number', names, activeStates: [1] },
      limits: { warningHigh: 5, alarmHigh: 8, alarmLow: -5 },
      ringing: { deadband: 2, onDelayMs: 3000, offDelayMs: 4000, stuckMs: 20_000, ratePerMinute: 30 },
    },
  ],
});
const limits = watchedLimits(schema);
const ofThresholds = limits.filter(({ kind }) => kind.includes('-'));

/** Rows a second apart, with holes, of a value that wanders about its limits. */
const rowsOf = (steps: readonly (readonly [number, number | null, number])[]): WatchedRow[] => {
  let atMs = 0;
  return steps.map(([gapS, value, state]) => {
    atMs += 1000 * gapS;
    return { atMs, values: [state, value] };
  });
};
const someRows = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.constantFrom(2, 90)),
      fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -9, max: 12 }) }, fc.constant(null)),
      fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constant(0)),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map(rowsOf);
/** A value that stays a while, so that delays pass. */
const slowRows = fc
  .array(
    fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: 12 }), fc.constantFrom(1, 1, 1, 0)),
    {
      maxLength: 12,
    },
  )
  .map((runs) =>
    rowsOf(runs.flatMap(([count, value, state]) => Array(count).fill([1, value, state] as const))),
  );

const run = (rows: readonly WatchedRow[], watched = limits) => watchRows(watched, {}, rows, null);
const inShort = (crossings: readonly Crossing[]) =>
  crossings
    .map(
      ({ limit: { source }, on, atMs, confirmedMs }) =>
        `${confirmedMs} ${source} ${on ? 'on' : 'off'} ${atMs}`,
    )
    .sort();

/** `lastMs` says nothing while nothing is waited for. */
function withoutIdle(watches: Watches) {
  return Object.fromEntries(
    Object.entries(watches).map(([source, watch]) => [
      source,
      { ...watch, lastMs: watch.sinceMs === null ? null : watch.lastMs },
    ]),
  );
}

describe('limits of a machine', () => {
  it('ring and clear as a slow look at all rows says', () => {
    fc.assert(
      fc.property(fc.oneof(someRows, slowRows), (rows) => {
        const expected: string[] = [];
        for (const { source, kind, limit, deadband, onDelayMs, offDelayMs } of ofThresholds) {
          const high = kind.endsWith('high');
          let on = false;
          /** Instants since the last change at which rows say otherwise, without one between them that does not. */
          let run: number[] = [];
          for (const { atMs, values } of rows) {
            const [state, value] = values;
            if (typeof value !== 'number' && state === 1) continue;
            const margin: number = on ? deadband : 0;
            const crossed: boolean =
              state === 1 &&
              typeof value === 'number' &&
              (high ? value > (limit ?? 0) - margin : value < (limit ?? 0) + margin);
            if (crossed === on) {
              run = [];
              continue;
            }
            if (atMs - (run.at(-1) ?? atMs) > 60_000) run = [];
            run.push(atMs);
            if (atMs - (run[0] ?? 0) < (on ? offDelayMs : onDelayMs)) continue;
            on = !on;
            expected.push(`${atMs} ${source} ${on ? 'on' : 'off'} ${run[0]}`);
            run = [];
          }
        }
        expect(inShort(run(rows, ofThresholds).crossings)).toEqual(expected.sort());
      }),
    );
  });

  it('are the same however rows are cut into blocks', () => {
    const watched = limits.filter(({ kind }) => kind !== 'rate' && kind !== 'stuck');
    fc.assert(
      fc.property(
        fc.oneof(someRows, slowRows),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (rows, sizes) => {
          const whole = run(rows, watched);
          let watches: Watches = {};
          const crossings: Crossing[] = [];
          let previous: WatchedRow | null = null;
          for (let i = 0, k = 0; i < rows.length; k++) {
            const block = rows.slice(i, i + (sizes[k % sizes.length] ?? 1));
            const next = watchRows(watched, JSON.parse(JSON.stringify(watches)) as Watches, block, previous);
            watches = next.watches;
            crossings.push(...next.crossings);
            previous = block.at(-1) ?? null;
            i += block.length;
          }
          expect(inShort(crossings)).toEqual(inShort(whole.crossings));
          expect(withoutIdle(watches)).toEqual(withoutIdle(whole.watches));
        },
      ),
    );
  });

  it('cost nothing to keep while nothing stirs', () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ atMs: 1000 * i, values: [1, (i % 4) / 10] }));
    const before: Watches = {};
    expect(watchRows(limits, before, rows, null).watches).toBe(before);
  });

  it('keep the furthest value beyond', () => {
    const values = [0, 9, 9, 11, 10, 9, 0, 0, 0, 0, 0];
    const { crossings } = run(values.map((value, i) => ({ atMs: 1000 * i, values: [1, value] })));
    expect(crossings.find(({ on, limit }) => !on && limit.kind === 'alarm-high')).toMatchObject({
      ...{ atMs: 6000, confirmedMs: 10_000, peak: 11, peakMs: 3000 },
    });
  });

  it('find a sensor that is stuck, also over blocks, and free again', () => {
    const value = (s: number): number => (s < 30 || s >= 150 ? s % 2 : 3);
    const crossings: Crossing[] = [];
    let watches: Watches = {};
    let previous: WatchedRow | null = null;
    for (let block = 0; block < 20; block++) {
      const rows = Array.from({ length: 10 }, (_, i) => {
        const s = 10 * block + i;
        return { atMs: 1000 * s, values: [1, value(s)] };
      });
      const next = watchRows(limits, watches, rows, previous);
      watches = next.watches;
      crossings.push(...next.crossings.filter(({ limit }) => limit.kind === 'stuck'));
      previous = rows.at(-1) ?? null;
    }
    expect(crossings.map(({ on, atMs }) => [on, atMs])).toEqual([
      // Of the block in which it began to stick only the last row is looked at again.
      [true, 39_000],
      [false, 150_000],
    ]);
  });

  it('find a value that changes faster than it may, up or down, also over short blocks', () => {
    for (const [size, sign] of [
      [60, 1],
      [10, -1],
    ] as const) {
      const rows = Array.from({ length: 240 }, (_, s) => ({
        atMs: 1000 * s,
        values: [1, sign * Math.max(0, Math.min(60, s - 90) * 0.7)],
      }));
      const crossings: Crossing[] = [];
      let watches: Watches = {};
      for (let i = 0; i < rows.length; i += size) {
        const next = watchRows(limits, watches, rows.slice(i, i + size), rows[i - 1] ?? null);
        watches = next.watches;
        crossings.push(...next.crossings.filter(({ limit }) => limit.kind === 'rate'));
      }
      expect(crossings.map(({ on }) => on)).toEqual([true, false]);
      expect(crossings[0]?.atMs).toBeGreaterThan(100_000);
      expect(crossings[0]?.atMs).toBeLessThan(150_000);
      expect(Math.abs(crossings[1]?.peak ?? 0)).toBeCloseTo(42, 0);
    }
  });

  it('miss a sensor after two minutes without a sample', () => {
    const rows = Array.from({ length: 400 }, (_, s) => ({
      atMs: 1000 * s,
      values: [1, s < 100 || s > 300 ? 0 : null],
    }));
    expect(inShort(run(rows).crossings.filter(({ limit }) => limit.kind === 'missing'))).toEqual([
      '220000 t.missing on 100000',
      '305000 t.missing off 301000',
    ]);
  });
});
