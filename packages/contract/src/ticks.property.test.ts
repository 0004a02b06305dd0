// Ticks of values: within the range, on round numbers, few, and told apart by their decimals.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueTicks } from './ticks.ts';

const someRange = fc
  .tuple(
    fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    fc.double({ min: 1, max: 9.99, noNaN: true }),
    fc.integer({ min: -4, max: 9 }),
  )
  .map(([low, digits, power]) => ({ low, high: low + digits * 10 ** power }));
const someSteps = fc.double({ min: 1, max: 40, noNaN: true });

describe('ticks of values', () => {
  it('lie within the range, increase by one nice step, and are as many as there is room for', () => {
    fc.assert(
      fc.property(someRange, someSteps, ({ low, high }, stepsMax) => {
        const { values } = valueTicks(low, high, stepsMax);
        expect(values.length).toBeLessThanOrEqual(stepsMax + 1);
        // A step is at most two and a half times the smallest that would do.
        expect(values.length).toBeGreaterThanOrEqual(Math.floor(Math.max(1, stepsMax) / 2.5) - 1);
        for (const value of values) expect(value >= low && value <= high).toBe(true);
        const steps = values.slice(1).map((value, i) => value - values[i]!);
        for (const step of steps) {
          expect(step).toBeGreaterThan(0);
          const mantissa = step / 10 ** Math.floor(Math.log10(step) + 1e-6);
          expect([1, 2, 2.5, 5, 10].some((nice) => Math.abs(mantissa / nice - 1) < 1e-3)).toBe(true);
          expect(step / steps[0]!).toBeCloseTo(1, 3);
        }
      }),
    );
  });

  it('are told apart by their decimals, which are no more than they need', () => {
    fc.assert(
      fc.property(someRange, someSteps, ({ low, high }, stepsMax) => {
        const { values, decimals } = valueTicks(low, high, stepsMax);
        const written = values.map((value) => value.toFixed(decimals));
        expect(new Set(written).size).toBe(values.length);
        written.forEach((text, i) => {
          expect(Math.abs(Number(text) - values[i]!)).toBeLessThanOrEqual(Math.abs(values[i]!) * 1e-14);
        });
      }),
    );
    expect(valueTicks(0, 1, 4)).toEqual({ values: [0, 0.25, 0.5, 0.75, 1], decimals: 2 });
    expect(valueTicks(0, 1, 10)).toEqual({
      values: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
      decimals: 1,
    });
    expect(valueTicks(-3, 7, 3)).toEqual({ values: [0, 5], decimals: 0 });
  });

  it('are none where there is no range', () => {
    for (const [low, high] of [
      [1, 1],
      [2, 1],
      [Number.NaN, 1],
      [0, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(valueTicks(low, high, 5)).toEqual({ values: [], decimals: 0 });
    }
    // Neighbouring numbers of a double: the loop ends, and no tick comes twice.
    const { values } = valueTicks(1e16, 1e16 + 4, 8);
    expect(new Set(values).size).toBe(values.length);
  });
});
