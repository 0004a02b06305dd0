// What a migration makes of the rows of an earlier version. Not here: that each runs once, and that a newer version's
// store is refused.
import { describe, expect, it } from 'vitest';
import { MIGRATIONS, POSTGRES_MIGRATIONS } from './migrations.ts';
import { testDatabases } from './testing.ts';
import { append, rowsFrom, startedAt } from './upkeep.test-support.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2025, 0, 3, 4, 5, 6, 7);
describe.each(testDatabases)('a store of before on $name', ({ fresh }) => {
  it('has its longest rollups made of what it has', async () => {
    const test = await startedAt(fresh, START_MS);
    try {
      // Three nodes of 42⅔ days, with months in between that have nothing.
      for (const day of [0, 1, 30, 31, 150]) await append(test.store, rowsFrom(day * DAY_MS, 200));
      test.nowMs = START_MS + 400 * DAY_MS;
      await test.seal();
      const longest = () =>
        test.beside(async (_, archive) => {
          const rows: unknown[] = [];
          for (const db of archive.between(0, Number.MAX_SAFE_INTEGER))
            rows.push(...(await db.all('SELECT * FROM rollup WHERE level = 1024')));
          return rows;
        });
      const chart = () =>
        test.store.chart({
          machine: 'M',
          channels: ['a', 'b'],
          fromMs: START_MS - DAY_MS,
          toMs: START_MS + 400 * DAY_MS,
          width: 200,
        });
      const [made, shown] = [await longest(), await chart()];
      expect(made.length).toBeGreaterThanOrEqual(3);
      await test.beside(async (hot, archive) => {
        for (const db of archive.between(0, Number.MAX_SAFE_INTEGER))
          await db.run('DELETE FROM rollup WHERE level = 1024');
        await hot.run('DELETE FROM dirty');
        const migrations = test.place.database === null ? MIGRATIONS : POSTGRES_MIGRATIONS;
        await hot.run(migrations.find((script) => script.includes('1024')) ?? 'there is none');
      });
      expect(await longest()).toEqual([]);

      // The levels beneath answer until they are made.
      expect(await chart()).toEqual(shown);
      await test.seal();
      expect(await longest()).toEqual(made);
      expect(await chart()).toEqual(shown);
    } finally {
      await test.dispose();
    }
  });
});
