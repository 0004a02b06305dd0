// The reader of one chart, which remembers what it found around the chart's ends, against one that looks each time: the same
// rows before and after any instant, and none lost or doubled by what is sealed in between.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Meanings } from './meanings.ts';
import { Reader } from './reader.ts';
import { testDatabases } from './testing.ts';
import { append, rowsFrom, SPOOL, startedAt, type TestRow } from './upkeep.test-support.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The last hours of a month, so that two files are looked into. */
const START_MS = Date.UTC(2026, 9, 31, 20, 0, 0, 300);
const OTHER_SPOOL = '00000000000000bb';

/** Runs of rows: when each begins after the end of the one before, how many, how far from each other, how many a block. */
const runs = fc.array(
  fc.record({
    pauseMs: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 5 * HOUR_MS })),
    count: fc.integer({ min: 1, max: 150 }),
    intervalMs: fc.constantFrom(1000, 61_000, 2 * HOUR_MS),
    perBlock: fc.constantFrom(1, 7, 60),
  }),
  { minLength: 1, maxLength: 5 },
);
const instants = fc.array(fc.integer({ min: -HOUR_MS, max: 3 * DAY_MS }), { minLength: 1, maxLength: 12 });

describe.each(testDatabases)('the reader of one chart on $name', ({ name, fresh }) => {
  it('finds what one that looks each time finds', async () => {
    await fc.assert(
      fc.asyncProperty(runs, runs, instants, async (one, other, asked) => {
        const test = await startedAt(fresh, START_MS);
        try {
          await test.store.putAnchor({
            machine: 'M',
            spool: OTHER_SPOOL,
            bootNumber: 1,
            monotonicMs: 0,
            utcMs: START_MS,
            errorMs: 0,
          });
          for (const [spool, some] of [[SPOOL, one] as const, [OTHER_SPOOL, other] as const]) {
            let atMs = 0;
            for (const { pauseMs, count, intervalMs, perBlock } of some) {
              const rows = rowsFrom(0, count).map(
                (row, i): TestRow => ({ ...row, monotonicMs: atMs + pauseMs + i * intervalMs }),
              );
              await append(test.store, rows, { spool, perBlock });
              atMs += pauseMs + count * intervalMs;
            }
          }
          for (const isSealed of [false, true]) {
            if (isSealed) {
              // Some of the hours, so that rows lie on either side.
              test.nowMs += DAY_MS;
              await test.seal();
            }
            await test.beside(async (hot, archive) => {
              const meanings = new Meanings(hot);
              const plain = new Reader({ hot, archive, meanings, pause: async () => undefined });
              const chart = plain.forOneChart();
              for (const sinceMs of asked) {
                const atMs = START_MS + sinceMs;
                expect(await chart.placeBefore('M', atMs)).toEqual(await plain.placeBefore('M', atMs));
                expect(await chart.placeAfter('M', atMs)).toEqual(await plain.placeAfter('M', atMs));
                const range = [atMs, atMs + 3 * HOUR_MS] as const;
                expect(await rowsOf(chart, ...range)).toEqual(await rowsOf(plain, ...range));
              }
            });
          }
        } finally {
          await test.dispose();
        }
      }),
      { numRuns: name === 'SQLite' ? 60 : 8 },
    );
  }, 300_000);

  it('follows what is sealed, or dated anew, after it was found', async () => {
    const test = await startedAt(fresh, START_MS);
    try {
      await append(test.store, rowsFrom(0, 7200));
      await test.beside(async (hot, archive) => {
        const plain = new Reader({
          hot,
          archive,
          meanings: new Meanings(hot),
          pause: async () => undefined,
        });
        const range = [START_MS, START_MS + 2 * HOUR_MS] as const;
        const all = await rowsOf(plain, ...range);
        expect(all).toHaveLength(7200);

        const beforeSealing = plain.forOneChart();
        await beforeSealing.placeBefore('M', START_MS + HOUR_MS);
        test.nowMs += DAY_MS;
        await test.seal();
        expect(await rowsOf(beforeSealing, ...range)).toEqual(all);

        const beforeDating = plain.forOneChart();
        await beforeDating.placeBefore('M', START_MS + HOUR_MS);
        await test.store.putAnchor({
          machine: 'M',
          spool: SPOOL,
          bootNumber: 1,
          monotonicMs: 7_200_000,
          utcMs: START_MS + 7_200_500,
          errorMs: 0,
        });
        await test.seal();
        const followed = await rowsOf(beforeDating, ...range);
        expect(new Set(followed.map(({ sequence }) => sequence)).size).toBe(followed.length);
        // The last ones lie beyond the range now.
        expect(followed.length).toBeGreaterThan(7190);
      });
    } finally {
      await test.dispose();
    }
  });
});

async function rowsOf(reader: Reader, fromMs: number, toMs: number) {
  const rows: {
    readonly atMs: number;
    readonly spool: string;
    readonly sequence: number;
    readonly a: unknown;
  }[] = [];
  for await (const cluster of reader.clusters('M', fromMs, toMs, ['a'])) {
    for (let i = 0; i < cluster.rowCount; i++) {
      const { atMs, spool, sequence } = cluster.place(i);
      if (atMs >= fromMs && atMs < toMs) rows.push({ atMs, spool, sequence, a: cluster.value(0, i) });
    }
  }
  return rows;
}
