// What the store takes: each row once, whatever is sent again or overlaps, the mark on disk with it; what cannot be
// stored harms nothing beside it; a boot is dated backwards.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBlock } from '@vigie/codec';
import type { RowView } from '@vigie/contract';
import { codecSchema, machineSchemaSchema, spansOf } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { lockFolder } from './lock.ts';
import { openStore } from './open.ts';
import type { IncomingBlock, Store } from './store.ts';
import { type TestDatabase, type TestStore, testDatabases } from './testing.ts';

const root = mkdtempSync(join(tmpdir(), 'vigie-append-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  channels: [{ id: 'n', kind: 'number', names: { fr: 'n', en: 'n' } }],
});
const hash = schemaHash(schema);
const SPOOL = '0123456789abcdef';
const BOOT_MS = 1_700_000_000_000;

async function filled(fresh: TestDatabase['fresh']): Promise<TestStore> {
  const test = await fresh();
  for (const id of ['M', 'N']) {
    await test.store.createMachine({ id, name: id, site: '', timeZone: 'UTC', intervalMs: 60_000 });
    await test.store.putSchema(id, hash, schema);
    await test.store.setMachineSchema(id, hash);
  }
  return test;
}

/** Row i has the value i and the instant i seconds after the boot. */
function block(first: number, count: number, changes: Partial<IncomingBlock> = {}): IncomingBlock {
  const rows = Array.from({ length: count }, (_, i) => first + i);
  return {
    machine: 'M',
    spool: SPOOL,
    firstSequence: first,
    bootNumber: 1,
    monotonicStartMs: 1000 * first,
    rowCount: count,
    block: encodeBlock(
      codecSchema(schema),
      {
        rowCount: count,
        timesMs: Float64Array.from(rows, (row) => 1000 * (row - first)),
        columns: [{ type: 'number', values: Float64Array.from(rows), present: null }],
      },
      { schemaHash: hash },
    ),
    ...changes,
  };
}

const anchor = { machine: 'M', spool: SPOOL, bootNumber: 1, monotonicMs: 0, utcMs: BOOT_MS, errorMs: 1 };

async function stored(store: Store, machine = 'M'): Promise<RowView[]> {
  const rows: RowView[] = [];
  for await (const row of store.rows({ machine, channels: ['n'], fromMs: 0, toMs: 4e12 })) rows.push(row);
  return rows;
}
const upTo = (count: number): RowView[] =>
  Array.from({ length: count }, (_, i) => ({ atMs: BOOT_MS + 1000 * i, values: [i] }));

describe.each(testDatabases)('on $name', ({ fresh }) => {
  describe('append', () => {
    it('stores every row once, whatever is repeated, overlaps or skips, and tells of new rows only', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 15 }), fc.boolean()), {
            minLength: 1,
            maxLength: 25,
          }),
          async (sent) => {
            const test = await filled(fresh);
            const { store } = test;
            await store.putAnchor(anchor);
            let mark = 0;
            const told: RowView[] = [];
            // All at once, as they wait for one commit.
            const results = await Promise.all(
              sent.map(([first, count]) => store.append(block(first, count))),
            );
            for (const [i, result] of results.entries()) {
              const [first, count] = sent[i] ?? [0, 0];
              const expected = first > mark ? 'out-of-order' : first + count <= mark ? 'duplicate' : 'stored';
              expect(result.kind).toBe(expected);
              if (result.kind === 'stored') {
                told.push(...result.rows.map(({ atMs, values }) => ({ atMs, values })));
                for (const at of [-1, ...schema.channels.keys()])
                  expect(result.spans(at)).toEqual(spansOf(result.rows)(at));
                mark = first + count;
              }
              expect(result.nextSequence).toBe(mark);
            }
            expect(told).toEqual(upTo(mark));
            expect(await stored(store)).toEqual(upTo(mark));
            const again = await test.reopen();
            expect(await again.nextSequence('M', SPOOL)).toBe(mark);
            expect(await stored(again)).toEqual(upTo(mark));
            await test.dispose();
          },
        ),
        { numRuns: 40 },
      );
    });

    it('keeps spools and machines apart', async () => {
      const test = await filled(fresh);
      const { store } = test;
      await store.append(block(0, 5));
      expect(await store.nextSequence('M', 'fedcba9876543210')).toBe(0);
      expect(await store.nextSequence('N', SPOOL)).toBe(0);
      expect((await store.append(block(0, 2, { machine: 'N' }))).kind).toBe('stored');
      expect((await store.append(block(3, 2, { machine: 'N' }))).kind).toBe('out-of-order');
      await test.dispose();
    });

    it('sets aside what it cannot read, and goes on after it', async () => {
      const test = await filled(fresh);
      const { store } = test;
      await store.putAnchor(anchor);
      const backwards = encodeBlock(
        codecSchema(schema),
        {
          rowCount: 2,
          timesMs: Float64Array.of(1000, 0),
          columns: [{ type: 'number', values: Float64Array.of(1, 2), present: null }],
        },
        { schemaHash: hash },
      );
      expect(await store.append(block(0, 2, { block: Uint8Array.of(1, 2, 3) }))).toMatchObject({
        kind: 'set-aside',
        nextSequence: 2,
      });
      expect(await store.append(block(2, 2, { block: backwards }))).toMatchObject({ kind: 'set-aside' });
      expect(await store.append(block(4, 3, { rowCount: 4 }))).toMatchObject({
        kind: 'set-aside',
        nextSequence: 8,
      });
      expect((await store.append(block(8, 2))).kind).toBe('stored');
      expect((await stored(store)).map(({ values }) => values[0])).toEqual([8, 9]);
      const kept = await test.beside((db) => db.all('SELECT reason FROM set_aside'));
      expect(kept).toHaveLength(3);
      await test.dispose();
    });

    it('commits the others when the database refuses one', async () => {
      const test = await filled(fresh);
      const { store } = test;
      // Text where a whole number belongs: a STRICT table takes none.
      const refused = block(0, 3, { bootNumber: 'one' as unknown as number });
      const results = await Promise.allSettled([
        store.append(block(0, 3, { machine: 'N' })),
        store.append(refused),
        store.append(block(3, 3, { machine: 'N' })),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await store.nextSequence('N', SPOOL)).toBe(6);
      expect(await store.nextSequence('M', SPOOL)).toBe(0);
      await test.dispose();
    });

    it('moves the mark over a declared gap, once, and over none that skips', async () => {
      const test = await filled(fresh);
      const { store } = test;
      await store.append(block(0, 5));
      const gap = {
        machine: 'M',
        spool: SPOOL,
        firstSequence: 3,
        nextSequence: 9,
        reason: 'spool-lost' as const,
      };
      expect(await store.appendGap(gap)).toEqual({ nextSequence: 9 });
      expect(await store.appendGap(gap)).toEqual({ nextSequence: 9 });
      expect(await store.appendGap({ ...gap, firstSequence: 20, nextSequence: 30 })).toEqual({
        nextSequence: 9,
      });
      expect((await store.append(block(9, 1))).kind).toBe('stored');
      await test.dispose();
    });
  });

  describe('a boot', () => {
    it('shows its rows once it is dated, backwards too, and again where a better anchor puts them', async () => {
      const test = await filled(fresh);
      const { store } = test;
      expect(await store.append(block(0, 5))).toMatchObject({ kind: 'stored', fromMs: null, rows: [] });
      expect(await stored(store)).toEqual([]);
      await store.putAnchor({ ...anchor, utcMs: BOOT_MS + 700, errorMs: 800 });
      expect((await stored(store)).map(({ atMs }) => atMs - BOOT_MS)).toEqual([700, 1700, 2700, 3700, 4700]);
      await store.putAnchor({ ...anchor, monotonicMs: 10_000, utcMs: BOOT_MS + 10_000, errorMs: 2 });
      expect(await stored(store)).toEqual(upTo(5));
      const again = await test.reopen();
      expect(await again.date('M', SPOOL, 1, 2000)).toBe(BOOT_MS + 2000);
      expect(await again.lastRow('M')).toMatchObject(upTo(5).at(-1) ?? {});
      await test.dispose();
    });

    it('is bent by a later anchor only since the one before it', async () => {
      const test = await filled(fresh);
      const { store } = test;
      await store.putAnchor(anchor);
      for (let i = 0; i < 10; i++) {
        await store.append(block(i, 1, { monotonicStartMs: 1_000_000 * i }));
      }
      await store.putAnchor({ ...anchor, monotonicMs: 4_000_000, utcMs: BOOT_MS + 4_000_300 });
      await store.putAnchor({ ...anchor, monotonicMs: 8_000_000, utcMs: BOOT_MS + 8_000_600 });
      const offs = (await stored(store)).map(({ atMs }, i) => atMs - BOOT_MS - 1_000_000 * i);
      expect(offs).toEqual([0, 75, 150, 225, 300, 375, 450, 525, 600, 675]);
      await test.dispose();
    });

    // The clock of a box gains 90 ppm; it runs 23 hours, the last 22 without a server, and gives a row again after 5 s.
    const dayMs = 23 * 3_600_000;
    const lastUtcMs = BOOT_MS + Math.round(dayMs * (1 - 90e-6));
    const second = { ...anchor, bootNumber: 2, monotonicMs: 3000, utcMs: lastUtcMs + 5000 };
    const ownRows = [block(0, 1), block(1, 1, { monotonicStartMs: dayMs })] as const;
    const nextRow = block(2, 1, { bootNumber: 2, monotonicStartMs: 3000 });

    it('ends before the next one begins, though its clock says otherwise', async () => {
      const test = await filled(fresh);
      const { store } = test;
      await store.putAnchor(anchor);
      await store.append(ownRows[0]);
      await store.putAnchor(second);
      await store.append(ownRows[1]);
      expect(await store.date('M', SPOOL, 1, dayMs)).toBe(BOOT_MS + dayMs);
      await store.append(nextRow);
      const begins = lastUtcMs + 5000;
      expect((await stored(store)).map(({ atMs }) => atMs)).toEqual([BOOT_MS, begins - 51, begins]);
      // The first row is where it was; an earlier begin of the second moves the end of the first again.
      await store.putAnchor({ ...second, monotonicMs: 60_000, utcMs: lastUtcMs + 61_900, errorMs: 0 });
      expect((await stored(store)).map(({ values }) => values[0])).toEqual([0, 1, 2]);
      await test.dispose();
    });

    it('begins after the one before it ended, where it is known less well', async () => {
      const test = await filled(fresh);
      const { store } = test;
      await store.putAnchor({ ...anchor, monotonicMs: dayMs, utcMs: lastUtcMs });
      for (const row of [...ownRows, nextRow]) await store.append(row);
      // Its first anchor comes after a day, and puts its first row 1 s before the end of the other.
      const lateMs = lastUtcMs + dayMs - 4000;
      await store.putAnchor({ ...anchor, bootNumber: 2, monotonicMs: dayMs, utcMs: lateMs });
      expect((await stored(store)).slice(1).map(({ atMs }) => atMs)).toEqual([lastUtcMs, lastUtcMs + 51]);
      expect(await store.date('M', SPOOL, 2, dayMs)).toBe(lateMs);
      await test.dispose();
    });
  });

  describe('an enrolment code', () => {
    it('is good once and until its instant', async () => {
      const test = await filled(fresh);
      const { store } = test;
      await store.putEnrolmentCode('M', 'aa', 1000);
      await store.putEnrolmentCode('N', 'bb', 1000);
      expect(await store.takeEnrolmentCode('cc', 0)).toBeNull();
      expect(await store.takeEnrolmentCode('aa', 1000)).toBe('M');
      expect(await store.takeEnrolmentCode('aa', 1000)).toBeNull();
      expect(await store.takeEnrolmentCode('bb', 1001)).toBeNull();
      await test.dispose();
    });
  });
});

describe('the data folder', () => {
  it('belongs to one server at a time, and to the next one after it', () => {
    const lock = lockFolder(root);
    expect(() => lockFolder(root)).toThrow(/another vigie-server runs on/);
    lock.release();
    lockFolder(root).release();
  });

  it('is made by whoever comes first, and refused when a newer Vigie wrote it', async () => {
    const folder = join(root, 'shared');
    const [one, two] = (await Promise.all(
      [1, 2].map(() => openStore({ folder, database: null }, Date.now)),
    )) as [Store, Store];
    await one.createMachine({ id: 'A', name: 'A', site: '', timeZone: 'UTC', intervalMs: 1000 });
    expect(await two.machine('A')).toMatchObject({ id: 'A', settings: { intervalMs: 1000 } });
    await Promise.all([one.close(), two.close()]);
    const db = new Database(join(folder, 'vigie.db'));
    db.pragma('user_version = 999');
    db.close();
    await expect(openStore({ folder, database: null }, Date.now)).rejects.toThrow(/newer Vigie/);
  });
});
