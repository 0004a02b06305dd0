// The present row: always the newest dated one that is stored, whatever comes late, twice, from several spools or is dated
// anew, sealed or not; and made for data of before it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Meanings } from './meanings.ts';
import { Reader } from './reader.ts';
import { type TestStore, testDatabases } from './testing.ts';
import { addMachine, append, hash, rowsFrom, SPOOL } from './upkeep.test-support.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = Date.UTC(2026, 4, 1);
const OTHER_SPOOL = '00000000000000bb';

async function started(fresh: () => Promise<TestStore>): Promise<TestStore> {
  const test = await fresh();
  test.nowMs = START_MS;
  await addMachine(test.store);
  return test;
}

const anchorOf = (spool: string, bootNumber: number, monotonicMs: number, utcMs: number, errorMs = 0) => ({
  ...{ machine: 'M', spool, bootNumber, monotonicMs, utcMs, errorMs },
});

/** The newest row, from its block. */
async function newest(test: TestStore) {
  return test.beside((hot, archive) =>
    new Reader({ hot, archive, meanings: new Meanings(hot), pause: async () => undefined }).newest('M'),
  );
}

describe.each(testDatabases)('on $name', ({ fresh }) => {
  it('is the newest dated row after each of any steps: late blocks, two spools, boots, anchors that bend, sealing', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('rows' as const),
        spool: fc.constantFrom(SPOOL, OTHER_SPOOL),
        boot: fc.integer({ min: 1, max: 3 }),
        minutes: fc.integer({ min: 1, max: 50 }),
        pauseMinutes: fc.integer({ min: 0, max: 90 }),
      }),
      fc.record({
        kind: fc.constant('anchor' as const),
        spool: fc.constantFrom(SPOOL, OTHER_SPOOL),
        boot: fc.integer({ min: 1, max: 3 }),
        monotonicMinutes: fc.integer({ min: 0, max: 200 }),
        driftMs: fc.integer({ min: -400, max: 400 }),
        errorMs: fc.constantFrom(0, 500, 3000),
      }),
      fc.record({ kind: fc.constant('seal' as const), hours: fc.integer({ min: 1, max: 6 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const test = await started(fresh);
        // A spool's boots follow one another; each goes on where its rows ended.
        const boots = new Map<string, number>();
        const ends = new Map<string, number>();
        for (const one of steps) {
          if (one.kind === 'seal') {
            test.nowMs += one.hours * HOUR_MS;
            await test.seal();
          } else if (one.kind === 'rows') {
            const boot = Math.max(one.boot, boots.get(one.spool) ?? 1);
            boots.set(one.spool, boot);
            const key = `${one.spool} ${boot}`;
            const fromMs = (ends.get(key) ?? 0) + one.pauseMinutes * MINUTE_MS;
            ends.set(key, fromMs + one.minutes * MINUTE_MS);
            await append(test.store, rowsFrom(fromMs, one.minutes * 6), {
              spool: one.spool,
              boot,
              perBlock: 60,
            });
          } else {
            const monotonicMs = one.monotonicMinutes * MINUTE_MS;
            const offsetMs = one.boot * 2 * HOUR_MS + (one.spool === SPOOL ? 0 : HOUR_MS);
            const utcMs = START_MS + offsetMs + monotonicMs + one.driftMs;
            await test.store.putAnchor(anchorOf(one.spool, one.boot, monotonicMs, utcMs, one.errorMs));
          }
          const stored = await newest(test);
          const present = await test.store.lastRow('M');
          expect(present?.atMs).toBe(stored?.atMs);
          expect((await test.store.lastRows()).get('M')).toEqual(present ?? undefined);
        }
        // Sealed hours are dated anew by the sealer, and `present` with them.
        test.nowMs += 12 * HOUR_MS;
        await test.seal();
        expect(await test.store.lastRow('M')).toEqual(await newest(test));
        await test.dispose();
      }),
      { numRuns: 12 },
    );
  });

  it('is not taken back by a block that comes late, and follows its boot where that is dated anew', async () => {
    const test = await started(fresh);
    await test.store.putAnchor(anchorOf(SPOOL, 1, 0, START_MS, 3000));
    await test.store.putAnchor(anchorOf(OTHER_SPOOL, 1, 0, START_MS - HOUR_MS));
    await append(test.store, rowsFrom(0, 60));
    const last = await test.store.lastRow('M');
    expect(last).toMatchObject({ atMs: START_MS + 59_000, schemaHash: hash });
    await append(test.store, rowsFrom(0, 60), { spool: OTHER_SPOOL });
    expect(await test.store.lastRow('M')).toEqual(last);
    // Sealed meanwhile: the sealer dates it, and the row moves with it.
    test.nowMs += 2 * HOUR_MS;
    await test.seal();
    await test.store.putAnchor(anchorOf(SPOOL, 1, 0, START_MS - 2000));
    await test.seal();
    expect(await test.store.lastRow('M')).toEqual({ ...last, atMs: START_MS + 57_000 });
    await test.dispose();
  });

  it('leaves out what has no date, and tells that there is some', async () => {
    const test = await started(fresh);
    await addMachine(test.store, 'N');
    await append(test.store, rowsFrom(0, 60));
    expect(await test.store.lastRow('M')).toBeNull();
    expect(await test.store.withUndated()).toEqual(new Set(['M']));
    await test.store.putAnchor(anchorOf(SPOOL, 1, 0, START_MS));
    expect((await test.store.lastRow('M'))?.atMs).toBe(START_MS + 59_000);
    expect(await test.store.withUndated()).toEqual(new Set());
    await test.dispose();
  });

  it('is made for data of an earlier Vigie when it is first asked for', async () => {
    const test = await started(fresh);
    await test.store.putAnchor(anchorOf(SPOOL, 1, 0, START_MS));
    await append(test.store, rowsFrom(0, 60));
    const last = await test.store.lastRow('M');
    await test.beside((db) => db.run('DELETE FROM present'));
    expect((await (await test.reopen()).lastRows()).get('M')).toEqual(last ?? undefined);
    await test.dispose();
  });
});
