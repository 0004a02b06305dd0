// Rows of a device that prints regularly lie a whole number of intervals apart, however its lines jitter and its clock
// drifts; no instant is further off than the bound; heaps are spread out or dropped.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundMs, Placing } from './placing.ts';

describe('placing', () => {
  it('keeps rows on a grid within the bound of their arrival', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(10, 100, 1000, 10_000),
        fc.integer({ min: -300, max: 300 }),
        fc.array(fc.record({ jitter: fc.double({ min: 0, max: 1, noNaN: true }), lost: fc.boolean() }), {
          minLength: 50,
          maxLength: 400,
        }),
        (intervalMs, driftPpm, lines) => {
          const bound = boundMs(intervalMs);
          const placing = new Placing(intervalMs);
          let [last, rows, off] = [-1, 0, 0];
          for (const [k, { jitter, lost }] of lines.entries()) {
            // Three in four come; jitter is within a third of the bound.
            if (lost && k % 2 === 0) continue;
            const arrivedMs = 5000 + k * intervalMs * (1 + driftPpm / 1e6) + (jitter * bound) / 3;
            const [placed] = placing.place(arrivedMs, 1);
            if (typeof placed !== 'number') throw new Error('a row on time was dropped');
            expect(Number.isInteger(placed)).toBe(true);
            expect(Math.abs(placed - arrivedMs)).toBeLessThanOrEqual(Math.max(bound, 0.5));
            if (last >= 0) {
              expect(placed).toBeGreaterThan(last);
              if ((placed - last) % intervalMs !== 0) off++;
            }
            last = placed;
            rows++;
          }
          // Steps off the grid follow the drift alone: one per half of the bound that it has gone.
          const driftMs = (Math.abs(driftPpm) / 1e6) * intervalMs * lines.length;
          expect(off).toBeLessThanOrEqual(Math.ceil(driftMs / (bound / 3)) + 1);
          expect(rows).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('never goes back and stays within the bound for a device without any rhythm', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 100 }), (pauses) => {
        const placing = new Placing(1000);
        let [nowMs, last] = [100, -1];
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          const [placed] = placing.place(nowMs, 1);
          if (placed === null || placed === undefined) continue;
          expect(placed).toBeGreaterThan(last);
          expect(Math.abs(placed - nowMs)).toBeLessThanOrEqual(boundMs(1000));
          last = placed;
        }
      }),
    );
  });

  it('spreads a heap that fits the time it had, and takes only the last of another', () => {
    const placing = new Placing(1000);
    expect(placing.place(5000, 1)).toEqual([5000]);
    expect(placing.place(8300, 3)).toEqual([6000, 7000, 8000]);
    expect(placing.place(9010, 1)).toEqual([9000]);
    expect(placing.place(10_000, 3)).toEqual([null, null, 10_000]);
    expect(new Placing(1000).place(700, 4)).toEqual([null, null, null, 700]);
  });
});
