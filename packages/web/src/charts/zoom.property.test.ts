// Ranges stay within what can be shown, and the address reads back as what was written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readChartAddress, writeChartAddress } from './chart-address.ts';
import { clampRange, panRange, parseInstant, zoomRange } from './zoom.ts';

const now = Date.UTC(2026, 10, 24, 8);
const range = fc
  .tuple(fc.integer({ min: now - 9e11, max: now }), fc.integer({ min: 1, max: 4e11 }))
  .map(([fromMs, span]) => ({ fromMs, toMs: fromMs + span }));

describe('ranges', () => {
  it('never end after the present, are never shorter than a minute nor longer than ten years', () => {
    fc.assert(
      fc.property(
        range,
        fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        (one, factor, part) => {
          for (const next of [
            clampRange(one, now),
            zoomRange(one, factor, one.fromMs, now),
            panRange(one, part, now),
          ]) {
            expect(next.toMs).toBeLessThanOrEqual(now);
            expect(next.toMs - next.fromMs).toBeGreaterThanOrEqual(60_000);
            expect(next.toMs - next.fromMs).toBeLessThanOrEqual(3650 * 86_400_000);
          }
        },
      ),
    );
  });

  it('zoom keeps the instant under the pointer in its place', () => {
    const zoomed = zoomRange({ fromMs: now - 8e8, toMs: now - 4e8 }, 0.25, now - 7e8, now);
    expect(zoomed).toEqual({ fromMs: now - 7.25e8, toMs: now - 6.25e8 });
  });
});

describe('the address', () => {
  it('reads back as what was written, other parameters kept', () => {
    fc.assert(
      fc.property(
        fc.option(range),
        fc.option(fc.tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: 1, max: 900 }))),
        fc.uniqueArray(fc.constantFrom('t_evap', 't_vap', 'p_vac')),
        fc.boolean(),
        (picked, y, hidden, table) => {
          const address = {
            range: picked,
            yRange: y === null ? null : ([y[0], y[0] + y[1]] as const),
            hidden: new Set(hidden),
            table,
          };
          const query = writeChartAddress(address, '?other=1');
          expect(new URLSearchParams(query).get('other')).toBe('1');
          expect(readChartAddress(query, now)).toEqual(address);
        },
      ),
    );
  });

  it('ignores what it cannot read', () => {
    const plain = { range: null, yRange: null, hidden: new Set(), table: false };
    for (const query of ['', '?from=x&to=y', '?from=now&to=now-1d', '?y=5', '?y=9:3', '?y=:', '?view=no']) {
      expect(readChartAddress(query, now)).toEqual(plain);
    }
    expect(parseInstant('now-21d', now)).toBe(now - 21 * 86_400_000);
    expect(parseInstant('2026-11-24T08:00:00Z', 0)).toBe(now);
  });
});
