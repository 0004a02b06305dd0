// The address of an analysis reads back as what was written; what cannot be read is said, and nothing else is lost with it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnalysisAddress, emptyAddress, writeAddress } from './analysis-address.ts';
import { readAddress } from './read-address.ts';

const now = Date.UTC(2026, 10, 24, 8);
const machine = fc.constantFrom('TV-12', 'TV-14', 'a_b', '9');
const channel = fc.constantFrom('t_evap', 'p_vac', 'x');
const second = (min: number, max: number) => fc.integer({ min, max }).map((s) => s * 1000);
const range = (min: number, max: number) =>
  fc.tuple(second(min, max), second(60, 90_000)).map(([fromMs, span]) => ({ fromMs, toMs: fromMs + span }));
const unique = <T>(item: fc.Arbitrary<T>) =>
  fc.uniqueArray(item, { maxLength: 5, selector: (one) => JSON.stringify(one) });

const address: fc.Arbitrary<AnalysisAddress> = fc
  .record({
    series: unique(fc.record({ machine, channel })),
    span: fc.oneof(
      fc
        .integer({ min: 1, max: 9000 })
        .map((minutes) => ({ kind: 'last' as const, lastMs: minutes * 60_000 })),
      range(now / 1000 - 9e8, now / 1000 - 9e4).map((one) => ({ kind: 'fixed' as const, ...one })),
    ),
    compare: fc.oneof(
      fc.constant({ kind: 'none' as const }),
      fc.constant({ kind: 'before' as const }),
      second(1, 9e7).map((byMs) => ({ kind: 'back' as const, byMs })),
    ),
    runs: unique(fc.record({ machine, atMs: second(now / 1000 - 9e8, now / 1000) })),
    elapsed: range(-9e5, 9e5),
    yRanges: fc
      .dictionary(
        fc.constantFrom('C', '1', 'µS/cm', '%'),
        fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: 1, max: 99 })),
      )
      .map((all) => new Map(Object.entries(all).map(([key, [low, by]]) => [key, [low, low + by] as const]))),
    hidden: unique(fc.constantFrom('TV-12.t_evap', 'TV-12.t_evap~', 'TV-12.t_evap@17')).map(
      (all) => new Set(all),
    ),
    limits: fc.boolean(),
    table: fc.boolean(),
  })
  .map((one) =>
    one.runs.length > 0
      ? { ...one, span: emptyAddress.span, compare: emptyAddress.compare }
      : { ...one, elapsed: emptyAddress.elapsed },
  );

describe('the address of an analysis', () => {
  it('reads back as what was written', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(readAddress(writeAddress(one), now)).toEqual({ address: one, unread: [] });
      }),
    );
  });

  it('is the documented form', () => {
    const query = '?s=TV-12.t_evap,TV-14.t_evap&from=now-21d&to=now&cmp=-7d&y.C=20:60';
    expect(writeAddress(readAddress(query, now).address)).toBe(query);
  });

  it('says what it cannot read, and keeps what it can', () => {
    const { address: read, unread } = readAddress(
      '?s=TV-12.t_evap,,nonsense,TV-1.__proto__&from=now&to=2026-01-01&y.C=60:20&y.bar=1:2&cmp=soon&align=TV-12',
      now,
    );
    expect(read.series).toEqual([{ machine: 'TV-12', channel: 't_evap' }]);
    expect([...read.yRanges]).toEqual([['bar', [1, 2]]]);
    expect(read.span).toEqual(emptyAddress.span);
    expect(unread.map(({ kind, text }) => `${kind} ${text}`).sort()).toEqual([
      'align TV-12',
      'compare soon',
      'range now → 2026-01-01',
      'series TV-1.__proto__',
      'series nonsense',
      'y y.C=60:20',
    ]);
    const many = Array.from({ length: 40 }, (_, i) => `M.c${i}`).join(',');
    expect(readAddress(`?s=${many}`, now).unread).toHaveLength(10);
    for (const hostile of ['?s=%00', '?from=1e99', '?y.=1:2', '?s=a.b&s=c.d', `?s=${'x'.repeat(9999)}`]) {
      expect(() => readAddress(hostile, now)).not.toThrow();
    }
  });
});
