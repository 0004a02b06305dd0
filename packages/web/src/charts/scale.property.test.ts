// Pixels and values lead to one another, in the order of the range.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scale } from './scale.ts';

const instant = fc.integer({ min: 0, max: 4_102_444_800_000 });
const pixels = fc.integer({ min: 0, max: 8000 });

describe('a scale', () => {
  it('has its ends where they were put, and comes back from every pixel', () => {
    fc.assert(
      fc.property(
        instant,
        fc.integer({ min: 60_000, max: 3e11 }),
        pixels,
        fc.integer({ min: 1, max: 8000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (fromMs, spanMs, left, width, part) => {
          const scale = new Scale(fromMs, fromMs + spanMs, left, left + width);
          expect(scale.px(fromMs)).toBe(left);
          expect(scale.px(fromMs + spanMs)).toBeCloseTo(left + width, 6);
          const at = fromMs + part * spanMs;
          expect(scale.px(at)).toBeGreaterThanOrEqual(left - 1e-6);
          expect(scale.px(at)).toBeLessThanOrEqual(left + width + 1e-6);
          // A double holds an instant to a quarter of a microsecond.
          expect(Math.abs(scale.valueAt(scale.px(at)) - at)).toBeLessThan(spanMs * 1e-9 + 0.01);
        },
      ),
    );
  });

  it('turns values upwards, and gives an empty range one place', () => {
    const up = new Scale(-5, 5, 200, 0);
    expect([up.px(-5), up.px(0), up.px(5)]).toEqual([200, 100, 0]);
    expect(up.valueAt(50)).toBe(2.5);
    const empty = new Scale(3, 3, 200, 0);
    expect([empty.px(3), empty.px(9), empty.valueAt(17)]).toEqual([200, 200, 3]);
  });
});
