// One anchor dates a whole boot; drift is followed; a lying source is not.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedSinceMs, dateOf, MAX_DRIFT, TOLERANCE_MS, weighAnchor } from './dating.ts';

describe('dating a boot', () => {
  it('dates the whole boot from one anchor, backwards too', () => {
    const anchors = [{ monotonicMs: 10_000, utcMs: 1_700_000_010_000, errorMs: 20 }];
    expect(dateOf(anchors, 0)).toBe(1_700_000_000_000);
    expect(dateOf(anchors, 60_000)).toBe(1_700_000_060_000);
    expect(dateOf([], 0)).toBeNull();
  });

  it('refuses a source that contradicts by more than a clock can drift', () => {
    const anchors = [{ monotonicMs: 0, utcMs: 1_700_000_000_000, errorMs: 10 }];
    const lie = { monotonicMs: 60_000, utcMs: 1_700_003_660_000, errorMs: 10 };
    expect(weighAnchor(anchors, lie)).toEqual({ kind: 'contradicts' });
  });

  it('is not bent by an answer that took its time, and forgets one that a quick answer corrects', () => {
    const quick = { monotonicMs: 0, utcMs: 1_700_000_000_000, errorMs: 5 };
    const slow = { monotonicMs: 10_000, utcMs: 1_700_000_014_010, errorMs: 4000 };
    expect(weighAnchor([quick], slow)).toEqual({ kind: 'agrees' });
    const later = { monotonicMs: 20_000, utcMs: 1_700_000_020_000, errorMs: 5 };
    expect(weighAnchor([slow], later)).toEqual({ kind: 'kept', anchors: [later] });
  });

  it('knows since when two mappings differ', () => {
    const anchor = (monotonicMs: number, utcMs: number) => ({ monotonicMs, utcMs, errorMs: 1 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 6 }),
        fc.nat(5),
        fc.integer({ min: -20, max: 1020 }),
        (instants, at, t) => {
          const before = instants.sort((a, b) => a - b).map((ms) => anchor(ms, 5000 + 2 * ms));
          const after = before.map((one, i) => (i >= at ? anchor(one.monotonicMs, one.utcMs + 7) : one));
          if (t <= changedSinceMs(before, after)) expect(dateOf(after, t)).toBe(dateOf(before, t));
          else if (at === 0) expect(dateOf(after, t)).not.toBe(dateOf(before, t));
        },
      ),
    );
  });

  it('stays within drift, errors and tolerance of the truth, in order, whatever true anchors come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -90, max: 90 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: -200, max: 200 })), {
          minLength: 1,
          maxLength: 12,
        }),
        (ppm, points) => {
          const truth = (monotonicMs: number): number => 1.7e12 + monotonicMs * (1 + ppm * 1e-6);
          let anchors: Parameters<typeof dateOf>[0] = [];
          for (const [monotonicMs, error] of points) {
            const anchor = { monotonicMs, utcMs: Math.round(truth(monotonicMs) + error), errorMs: 200 };
            const verdict = weighAnchor(anchors, anchor);
            if (verdict.kind === 'kept') anchors = verdict.anchors;
          }
          for (const [monotonicMs] of points) {
            const nearest = Math.min(...anchors.map((a) => Math.abs(a.monotonicMs - monotonicMs)));
            const bound = nearest * MAX_DRIFT + 400 + TOLERANCE_MS + 1;
            expect(Math.abs((dateOf(anchors, monotonicMs) ?? 0) - truth(monotonicMs))).toBeLessThanOrEqual(
              bound,
            );
          }
        },
      ),
    );
  });
});
