// What is left when rows are older than they shall be kept: charts of a minute a bucket and more say the same as before,
// by values and by gaps; export gives what is there; nothing goes that an hour still to be made needs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChartQuery } from './chart.ts';
import { type TestStore, testDatabases } from './testing.ts';
import { allRows, append, rowsFrom, SPOOL, startedAt } from './upkeep.test-support.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 30);
const anchor = { machine: 'M', spool: SPOOL, bootNumber: 1, monotonicMs: 0, utcMs: START_MS, errorMs: 0 };

const filled = (fresh: () => Promise<TestStore>): Promise<TestStore> => startedAt(fresh, START_MS);

/** Five days of stretches of rows, the first two at the end of January. */
async function store(test: TestStore, hours: readonly number[], minutes: readonly number[]): Promise<number> {
  let endMs = 0;
  for (const [i, hour] of hours.entries()) {
    const startMs = Math.max(endMs + 61_000, hour * HOUR_MS + 1000 * i * 7);
    const rows = rowsFrom(startMs, 60 * (minutes[i % minutes.length] ?? 1));
    // A row every ten seconds is enough.
    await append(
      test.store,
      rows.filter((_, k) => k % 10 === 0),
    );
    endMs = rows.at(-1)?.monotonicMs ?? 0;
  }
  test.nowMs = START_MS + endMs + 2 * HOUR_MS;
  await test.seal();
  return START_MS + endMs;
}

describe.each(testDatabases)('retention on $name', ({ name, fresh }) => {
  it('leaves charts of a minute a bucket and more as they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 118 }), { minLength: 1, maxLength: 14 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(
          fc.tuple(fc.nat(7000), fc.integer({ min: 2, max: 7500 }), fc.integer({ min: 2, max: 250 })),
          {
            minLength: 3,
            maxLength: 6,
          },
        ),
        async (hours, minutes, keepDays, asked) => {
          const test = await filled(fresh);
          try {
            const endMs = await store(
              test,
              hours.sort((a, b) => a - b),
              minutes,
            );
            test.nowMs = Math.max(test.nowMs, START_MS + 5 * DAY_MS);
            const queries = asked.flatMap(([from, length, width]): ChartQuery[] => {
              const fromMs = START_MS + from * MINUTE_MS;
              const toMs = fromMs + length * MINUTE_MS;
              return [{ machine: 'M', channels: ['a', 'b'], fromMs, toMs, width: Math.min(width, length) }];
            });
            const charts = await Promise.all(queries.map((query) => test.store.chart(query)));
            const rows = await allRows(test.store);
            await test.store.setKeepDays('M', keepDays);
            await test.forget();
            for (const [i, query] of queries.entries()) {
              expect(await test.store.chart(query)).toEqual(charts[i]);
            }
            const left = await allRows(test.store);
            expect(rows.slice(rows.length - left.length)).toEqual(left);
            const keptMs = test.nowMs - keepDays * DAY_MS;
            expect(left.filter(({ atMs }) => atMs >= keptMs)).toEqual(
              rows.filter(({ atMs }) => atMs >= keptMs),
            );
            // The newest row is there, however old.
            expect((await test.store.lastRow('M'))?.atMs).toBe(rows.at(-1)?.atMs);
            expect(endMs).toBeGreaterThan(START_MS);
            // All is said again after a restart, and nothing more goes.
            await test.reopen();
            expect(await test.forget()).toBe(0);
          } finally {
            await test.dispose();
          }
        },
      ),
      { numRuns: name === 'SQLite' ? 12 : 5 },
    );
  });

  it('gives whole minutes where the range is finer, and raw rows where they are', async () => {
    const test = await filled(fresh);
    await append(test.store, rowsFrom(0, 3600));
    await append(test.store, rowsFrom(100 * HOUR_MS, 3600));
    test.nowMs = START_MS + 102 * HOUR_MS;
    await test.seal();
    await test.store.setKeepDays('M', 1);
    expect(await test.forget()).toBe(1);
    const old = {
      machine: 'M',
      channels: ['a'],
      fromMs: START_MS,
      toMs: START_MS + 10 * MINUTE_MS,
      width: 600,
    };
    const chart = await test.store.chart(old);
    expect(chart.bucketMs).toBe(MINUTE_MS);
    expect(chart.series[0]?.count).toEqual(Array.from({ length: 10 }, () => 60));
    const fine = await test.store.chart({
      ...old,
      fromMs: START_MS + 100 * HOUR_MS,
      toMs: START_MS + 100 * HOUR_MS + 600_000,
    });
    expect(fine.bucketMs).toBe(1000);
    expect(await allRows(test.store)).toHaveLength(3600);
    // Kept for longer again: what is gone is gone, and still shown by its rollups.
    await test.store.setKeepDays('M', null);
    expect((await test.store.chart(old)).series[0]?.count).toEqual(Array.from({ length: 10 }, () => 60));
    await test.dispose();
  });

  it('waits for hours that are still to be made, and for the hour that an outage cut', async () => {
    const test = await filled(fresh);
    await append(test.store, rowsFrom(0, 1800));
    test.nowMs = START_MS + 3 * HOUR_MS;
    await test.seal();
    await test.store.setKeepDays('M', 1);
    test.nowMs = START_MS + 60 * DAY_MS;
    expect(await test.forget()).toBe(0);
    // The edge had the rest of the hour, and the next one.
    await append(test.store, rowsFrom(1_800_000, 5400));
    await test.store.putAnchor({ ...anchor, monotonicMs: 7_200_000, utcMs: START_MS + 7_200_000 });
    expect(await test.forget()).toBe(0);
    await test.seal();
    const query = {
      machine: 'M',
      channels: ['a', 'b'],
      fromMs: START_MS,
      toMs: START_MS + 2 * HOUR_MS,
      width: 40,
    };
    const chart = await test.store.chart(query);
    expect(chart.series[0]?.count.reduce((sum, n) => sum + n, 0)).toBe(7200);
    expect(await test.forget()).toBe(1);
    expect(await test.store.chart(query)).toEqual(chart);
    // From another spool, for an hour whose rows are gone: neither kept nor counted, and nothing else is lost by it.
    const spool = '00000000000000bb';
    await test.store.putAnchor({ ...anchor, spool });
    await append(test.store, rowsFrom(500, 600), { spool });
    test.nowMs += HOUR_MS;
    await test.seal();
    await test.reopen();
    await test.forget();
    expect(await test.store.chart(query)).toEqual(chart);
    await test.dispose();
  });
});

describe('a month of which nothing is left', () => {
  it('has no file any more, and a month of rollups only a small one', async () => {
    const [sqlite] = testDatabases;
    const test = await filled(sqlite!.fresh);
    await append(test.store, rowsFrom(0, 8 * 3600));
    await append(test.store, rowsFrom(60 * DAY_MS, 3600));
    test.nowMs = START_MS + 62 * DAY_MS;
    await test.seal();
    const sizeOf = (month: string) =>
      test.beside(async (_, archive) => {
        const [db] = archive.between(Date.parse(month), Date.parse(month) + 1);
        return (await db?.get<{ pages: number }>('SELECT page_count AS pages FROM pragma_page_count'))?.pages;
      });
    const before = (await sizeOf('2026-01-30')) ?? 0;
    await test.reopen();
    await test.store.setKeepDays('M', 1);
    await test.forget();
    expect((await sizeOf('2026-01-30')) ?? 0).toBeLessThan(before / 2);
    await test.beside(async (_, archive) => {
      for (const db of archive.between(0, Date.UTC(2026, 1, 1))) await db.run('DELETE FROM rollup');
    });
    await test.beside((_, archive) => archive.removeEmpty(Date.UTC(2026, 0, 1)));
    expect(await sizeOf('2026-01-30')).toBeUndefined();
    await test.dispose();
  });
});
