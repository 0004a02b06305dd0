// Hours made of long blocks against what they were: every row with its instant, place and samples, charts, and what comes
// after: dates that turn out to be wrong, rows sent again, rows that come late.
import { decodeBlock, encodePrior, type Prior, trainPrior } from '@vigie/codec';
import { codecSchema } from '@vigie/model';
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { type CompactReport, compact } from './compact.ts';
import { pack, unpack } from './pack.ts';
import { type TestStore, testDatabases } from './testing.ts';
import { append, encoded, hash, places, rowsFrom, SPOOL, schema, startedAt } from './upkeep.test-support.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 10);
const NEXT_MONTH_MS = Date.UTC(2026, 1, 2);
const anchor = { machine: 'M', spool: SPOOL, bootNumber: 1, monotonicMs: 0, utcMs: START_MS, errorMs: 0 };

const filled = (fresh: () => Promise<TestStore>): Promise<TestStore> => startedAt(fresh, START_MS);

async function sealed(test: TestStore): Promise<void> {
  test.nowMs = NEXT_MONTH_MS;
  await test.seal();
}

function compacted(test: TestStore): Promise<CompactReport> {
  return test.beside((hot, archive) =>
    compact({ hot, archive, utcMs: () => test.nowMs, progress: () => undefined }),
  );
}

async function expectSound(test: TestStore): Promise<void> {
  const { problems } = await test.beside((hot, archive) =>
    check({
      ...{ hot, archive, utcMs: () => test.nowMs, progress: () => undefined },
      ...{ isSqlite: test.place.database === null, repair: false },
    }),
  );
  expect(problems).toEqual([]);
}

async function prior(test: TestStore): Promise<Prior> {
  const rows = rowsFrom(0, 1200);
  const decoded = decodeBlock(encoded(rows), codecSchema(schema));
  if (!decoded.ok) throw new Error(decoded.error.message);
  const { rowCount, timesMs, columns } = decoded.value;
  const made = trainPrior(codecSchema(schema), [
    { rowCount, timesMs, columns: columns.filter((column) => column !== null) },
  ]);
  expect(await test.store.putPrior('M', made.hash, hash, encodePrior(made))).toBe(true);
  return made;
}

const query = {
  machine: 'M',
  channels: ['a', 'b'],
  fromMs: START_MS,
  toMs: START_MS + 4 * HOUR_MS,
  width: 700,
};

describe.each(testDatabases)('compact on $name', ({ fresh }) => {
  it('makes an hour one smaller block, and changes no row', async () => {
    const test = await filled(fresh);
    await append(test.store, rowsFrom(0, 2 * 3600));
    await append(test.store, rowsFrom(2 * HOUR_MS, 3600), { prior: await prior(test) });
    await sealed(test);
    const [before, chart] = [await places(test), await test.store.chart(query)];
    const report = await compacted(test);
    expect(report).toMatchObject({ chunks: 3, rewritten: 3, blocksBefore: 180, blocksAfter: 3 });
    expect(report.bytesAfter).toBeLessThan(0.95 * report.bytesBefore);
    expect(await places(test)).toEqual(before);
    expect(await test.store.chart(query)).toEqual(chart);
    await expectSound(test);
    expect(await compacted(test)).toMatchObject({ chunks: 3, rewritten: 0, bytesBefore: report.bytesAfter });
    await test.dispose();
  });

  it('leaves the month that is not over, and hours for which something is due', async () => {
    const test = await filled(fresh);
    await append(test.store, rowsFrom(0, 3600));
    test.nowMs = START_MS + 3 * HOUR_MS;
    await test.seal();
    expect(await compacted(test)).toMatchObject({ chunks: 0, rewritten: 0 });
    await sealed(test);
    await append(test.store, rowsFrom(3_600_000 - 500, 1));
    expect(await compacted(test)).toMatchObject({ chunks: 1, rewritten: 0 });
    await test.dispose();
  });

  it('joins only what goes on: boots, gaps and corrections of a clock stay where they are', async () => {
    const test = await filled(fresh);
    // Boot 1; after a while its clock turns out to run 60 ppm slow.
    await append(test.store, rowsFrom(0, 1200));
    await test.store.putAnchor({ ...anchor, monotonicMs: 1_300_000, utcMs: START_MS + 1_300_078 });
    // Rows that will never come, then more of them.
    await append(test.store, rowsFrom(1_300_000, 300));
    const mark = await test.store.nextSequence('M', SPOOL);
    await test.store.appendGap({
      ...{ machine: 'M', spool: SPOOL, firstSequence: mark, nextSequence: mark + 50 },
      reason: 'spool-full',
    });
    await append(test.store, rowsFrom(1_900_000, 300));
    // Boot 2, its blocks long and short, the second one with rows of the first.
    await test.store.putAnchor({ ...anchor, bootNumber: 2, utcMs: START_MS + 2_400_000 });
    await append(test.store, rowsFrom(0, 600), { boot: 2, perBlock: 37 });
    const next = await test.store.nextSequence('M', SPOOL);
    const again = rowsFrom(590_000, 60);
    await test.store.append({
      ...{ machine: 'M', spool: SPOOL, firstSequence: next - 10, bootNumber: 2, monotonicStartMs: 590_000 },
      ...{ rowCount: 60, block: encoded(again) },
    });
    await append(test.store, rowsFrom(650_000, 200), { boot: 2, perBlock: 1 });
    await sealed(test);
    const [before, chart] = [await places(test), await test.store.chart(query)];
    expect(before).toHaveLength(1200 + 300 + 300 + 600 + 50 + 200);
    const report = await compacted(test);
    expect(report.rewritten).toBe(1);
    expect(report.blocksAfter).toBeGreaterThan(1);
    expect(report.blocksAfter).toBeLessThan(report.blocksBefore / 3);
    expect(await places(test)).toEqual(before);
    expect(await test.store.chart(query)).toEqual(chart);
    await expectSound(test);
    await test.dispose();
  });

  it('leaves hours of two spools, whose rows may share an instant', async () => {
    const test = await filled(fresh);
    const spool = '00000000000000bb';
    await test.store.putAnchor({ ...anchor, spool });
    await append(test.store, rowsFrom(0, 1800));
    await append(test.store, rowsFrom(0, 1800, 5), { spool });
    await sealed(test);
    expect(await compacted(test)).toMatchObject({ chunks: 1, rewritten: 0 });
    await test.dispose();
  });

  it('is dated anew, takes late rows and refuses what it has, as before', async () => {
    const test = await filled(fresh);
    await append(test.store, rowsFrom(0, 3600));
    await append(test.store, rowsFrom(2 * HOUR_MS, 1800));
    await sealed(test);
    expect((await compacted(test)).rewritten).toBe(2);
    const before = await places(test);
    // Sent again: there already.
    const sent = await test.store.append({
      ...{ machine: 'M', spool: SPOOL, firstSequence: 0, bootNumber: 1, monotonicStartMs: 0 },
      ...{ rowCount: 60, block: encoded(rowsFrom(0, 60)) },
    });
    expect(sent.kind).toBe('duplicate');
    await append(test.store, rowsFrom(3 * HOUR_MS, 60));
    // The clock of the boot was off by 80 ppm.
    const endMs = 3 * HOUR_MS + 60_000;
    await test.store.putAnchor({
      ...anchor,
      monotonicMs: endMs,
      utcMs: START_MS + Math.round(endMs * 1.00008),
    });
    test.nowMs += HOUR_MS;
    await test.seal();
    const after = await places(test);
    expect(after).toHaveLength(before.length + 60);
    for (const [i, { place, values }] of before.entries()) {
      const now = after[i];
      expect(now?.values).toEqual(values);
      expect(now?.place.sequence).toBe(place.sequence);
      const expected = await test.store.date('M', SPOOL, 1, place.atMs - START_MS);
      expect(Math.abs((now?.place.atMs ?? 0) - (expected ?? 0))).toBeLessThanOrEqual(1);
    }
    await expectSound(test);
    await test.dispose();
  });

  it('does not touch a chunk that was written since it was read', async () => {
    const test = await filled(fresh);
    await append(test.store, rowsFrom(0, 3600));
    await sealed(test);
    // Somebody else's chunk takes its place while it is at work.
    let swapped = false;
    const report = await test.beside((hot, archive) =>
      compact({
        hot,
        archive: {
          ...archive,
          between: (from, to) =>
            [...archive.between(from, to)].map((db) => ({
              ...db,
              run: async (text, ...parameters) => {
                if (text.startsWith('UPDATE chunk') && !swapped) {
                  swapped = true;
                  const row = await db.get<{ bytes: Uint8Array }>('SELECT bytes FROM chunk');
                  const read = unpack('M', row?.bytes ?? new Uint8Array(0));
                  if (!read.ok) throw new Error(read.reason);
                  const fewer = read.blocks.slice(0, -1);
                  await db.run('UPDATE chunk SET bytes = $1', pack(fewer));
                }
                return db.run(text, ...parameters);
              },
            })),
        },
        utcMs: () => test.nowMs,
        progress: () => undefined,
      }),
    );
    expect(swapped).toBe(true);
    expect(report.rewritten).toBe(0);
    expect(await places(test)).toHaveLength(3540);
    await test.dispose();
  });
});
