// What is wrong with stored data, planted one at a time: each is said in one sentence, with what, where and how to mend
// it; nothing else is said of sound data, however it came about; a rollup that is marked is right after the next sealing.
import { describe, expect, it } from 'vitest';
import { type CheckReport, check, describeCheck } from './check.ts';
import type { Database } from './database.ts';
import { type DatedBlock, pack, unpack } from './pack.ts';
import { LEVELS } from './rollup.ts';
import { type TestStore, testDatabases } from './testing.ts';
import { addMachine, append, rowsFrom, SPOOL } from './upkeep.test-support.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 31, 20);
const anchor = { machine: 'M', spool: SPOOL, bootNumber: 1, monotonicMs: 0, utcMs: START_MS, errorMs: 0 };

/** Eight hours of a machine over the end of a month, sealed, with one block that is not, and one that has no date. */
async function filled(fresh: () => Promise<TestStore>): Promise<TestStore> {
  const test = await fresh();
  test.nowMs = START_MS;
  await addMachine(test.store);
  await addMachine(test.store, 'N');
  await test.store.putAnchor(anchor);
  for (const hour of [0, 1, 2, 5, 7]) await append(test.store, rowsFrom(hour * HOUR_MS, 1800));
  test.nowMs = START_MS + 60 * 24 * HOUR_MS;
  await test.seal();
  await append(test.store, rowsFrom(60 * 24 * HOUR_MS, 60));
  await append(test.store, rowsFrom(0, 60), { boot: 2 });
  return test;
}

function checked(test: TestStore, repair = false): Promise<CheckReport> {
  return test.beside((hot, archive) =>
    check({
      ...{ hot, archive, utcMs: () => test.nowMs, progress: () => undefined },
      ...{ isSqlite: test.place.database === null, repair },
    }),
  );
}

/** On the part of the archive that holds an instant. */
function inArchive(test: TestStore, ms: number, work: (db: Database) => Promise<unknown>): Promise<void> {
  return test.beside(async (_, archive) => {
    for (const db of archive.between(ms, ms + 1)) await work(db);
  });
}

async function changeChunk(
  test: TestStore,
  hourMs: number,
  change: (blocks: readonly DatedBlock[]) => readonly DatedBlock[] | Uint8Array,
): Promise<void> {
  await inArchive(test, hourMs, async (db) => {
    const row = await db.get<{ bytes: Uint8Array }>('SELECT bytes FROM chunk WHERE hour_ms = $1', hourMs);
    const read = unpack('M', row?.bytes ?? new Uint8Array(0));
    if (!read.ok) throw new Error(read.reason);
    const changed = change(read.blocks);
    const bytes = changed instanceof Uint8Array ? changed : pack(changed);
    await db.run('UPDATE chunk SET bytes = $1 WHERE hour_ms = $2', bytes, hourMs);
  });
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const bad = Uint8Array.from(bytes);
  bad[at] = (bad[at] ?? 0) ^ 4;
  return bad;
}

describe.each(testDatabases)('check on $name', ({ fresh }) => {
  it('says nothing of sound data, sealed or not', async () => {
    const test = await filled(fresh);
    const report = await checked(test);
    expect(report).toMatchObject({
      machines: 2,
      blocks: 152,
      rows: 9120,
      chunks: 5,
      problems: [],
      repaired: 0,
    });
    expect(describeCheck(report)).toMatch(/^Read 2 machines, .*\n.*wait to be made.*\nNothing is wrong\.$/);
    // Nor where rows are gone, as they shall be.
    await test.store.setKeepDays('M', 1);
    test.nowMs += 60 * 24 * HOUR_MS;
    await test.seal();
    expect(await test.forget()).toBe(5);
    expect((await checked(test)).problems).toEqual([]);
    await test.dispose();
  });

  it('finds a rollup of any level that is damaged, missing or too many, and has it made anew', async () => {
    for (const level of LEVELS) {
      const test = await filled(fresh);
      const where =
        'machine = $1 AND level = $2 AND from_ms = (SELECT min(from_ms) FROM rollup WHERE level = $2)';
      await test.beside(async (_, archive) => {
        for (const db of archive.between(0, Number.MAX_SAFE_INTEGER)) {
          const row = await db.get<{ bytes: Uint8Array }>(
            `SELECT bytes FROM rollup WHERE ${where}`,
            'M',
            level,
          );
          if (row === undefined) continue;
          if (level === 4) await db.run(`DELETE FROM rollup WHERE ${where}`, 'M', level);
          else {
            const bad = flipped(row.bytes, row.bytes.length - 9);
            await db.run(`UPDATE rollup SET bytes = $3 WHERE ${where}`, 'M', level, bad);
          }
          break;
        }
      });
      const report = await checked(test);
      expect(report.problems.map(({ kind }) => kind)).toEqual(['rollup']);
      const [problem] = report.problems;
      expect(problem?.sentence).toMatch(
        new RegExp(
          `^M: the rollups of ${level} min from .*Z to .*Z are not what .* say: add --repair to have them made anew\\.$`,
        ),
      );
      expect(await checked(test, true)).toMatchObject({ repaired: 1, problems: [{ kind: 'rollup' }] });
      test.nowMs += HOUR_MS;
      await test.seal();
      expect(await checked(test)).toMatchObject({ problems: [] });
      await test.dispose();
    }
  });

  it('finds a present row that is not the newest, or not there, and makes it anew', async () => {
    const test = await filled(fresh);
    for (const damage of [
      'UPDATE present SET at_ms = at_ms - 1000',
      "UPDATE present SET samples = replace(samples, '1', '2')",
      'DELETE FROM present',
    ]) {
      await test.beside((hot) => hot.run(damage));
      expect((await checked(test)).problems.map(({ sentence }) => sentence)).toEqual([
        'M: the present row is not the newest one that is stored: add --repair to have it made anew.',
      ]);
      expect(await checked(test, true)).toMatchObject({ repaired: 1, problems: [{ kind: 'present' }] });
      expect((await checked(test)).problems).toEqual([]);
    }
    await test.dispose();
  });

  it('passes over a present row whose hour is dated anew, until the hour is sealed again', async () => {
    const test = await filled(fresh);
    test.nowMs += 24 * HOUR_MS;
    await test.seal();
    await test.beside(async (hot) => {
      await hot.run('UPDATE present SET at_ms = at_ms - 1000');
      await hot.run(
        "INSERT INTO dirty (machine, level, from_ms, due_ms, revision) VALUES ('M', 1, $1, $1, 1)",
        START_MS + 60 * 24 * HOUR_MS,
      );
    });
    expect((await checked(test)).problems).toEqual([]);
    await test.seal();
    expect((await checked(test)).problems).toEqual([]);
    await test.beside((hot) => hot.run('UPDATE present SET at_ms = at_ms - 1000'));
    expect((await checked(test)).problems).toMatchObject([{ kind: 'present' }]);
    await test.dispose();
  });

  it('finds a block, a chunk, a schema, a prior and a mark that are wrong, and leaves the rollups of such hours', async () => {
    const test = await filled(fresh);
    await changeChunk(test, START_MS + HOUR_MS, (blocks) =>
      blocks.map((block, i) => (i === 3 ? { ...block, bytes: flipped(block.bytes, 40) } : block)),
    );
    const inBlock = await checked(test, true);
    expect(inBlock.problems.map(({ sentence }) => sentence)).toEqual([
      `M: the block of 2026-01-31T21:03:00Z, rows from 1980 of spool ${SPOOL}, cannot be read (the check does not match): restore it from a backup.`,
    ]);
    expect(inBlock.repaired).toBe(0);
    await test.dispose();

    const other = await filled(fresh);
    await changeChunk(other, START_MS + HOUR_MS, (blocks) => flipped(pack(blocks), 12));
    await changeChunk(other, START_MS + 2 * HOUR_MS, (blocks) => blocks.slice(1));
    await changeChunk(other, START_MS + 5 * HOUR_MS, (blocks) => [...blocks, ...blocks.slice(3, 4)]);
    await other.beside(async (hot) => {
      await hot.run('UPDATE spool SET next_sequence = next_sequence - 30');
      await hot.run(
        'INSERT INTO prior (machine, hash, schema_hash, bytes) VALUES ($1, $2, $3, $4)',
        ...['M', 'f'.repeat(16), '0'.repeat(16)],
        new Uint8Array(3),
      );
      await hot.run("INSERT INTO machine_schema (machine, hash) VALUES ('M', 'e')");
    });
    const { problems } = await checked(other);
    expect(problems.map(({ kind }) => kind)).toEqual(['schema', 'prior', 'mark', 'chunk', 'chunk', 'chunk']);
    const sentences = problems.map(({ sentence }) => sentence).join('\n');
    expect(sentences).toMatch(/schema e, by which blocks are read, is not there: restore it from a backup\./);
    expect(sentences).toMatch(/beyond the mark up to which rows are stored \(9090\)/);
    expect(sentences).toMatch(/the hour from 2026-01-31T21:00:00Z cannot be used \(its head is damaged\)/);
    expect(sentences).toMatch(/22:00:00Z cannot be used \(its blocks are of another time than it says\)/);
    expect(describeCheck(await checked(other))).toMatch(/\nWrong: 6 things\.$/);
    await other.dispose();
  });
});
