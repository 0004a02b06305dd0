// What the store tells the fleet of its journals and of where rows are, on both databases.
import type { JournalEntry } from '@vigie/contract';
import { describe, expect, it } from 'vitest';
import { testDatabases } from './testing.ts';
import { addMachine, append, rowsFrom, startedAt } from './upkeep.test-support.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 4, 1);

const entry = (
  atMs: number,
  kind: JournalEntry['kind'],
  channel: string | null = null,
  facts: JournalEntry['facts'] = {},
): JournalEntry => ({ atMs, kind, channel, facts });

describe.each(testDatabases)('on $name', ({ fresh }) => {
  it('tells of limits since an instant, and what was so before of the channels that it speaks of', async () => {
    const test = await fresh();
    const { store } = test;
    await addMachine(store);
    await addMachine(store, 'N');
    await store.addJournal('N', [entry(5, 'limit-crossed', 'a', { level: 'alarm-high' })]);
    await store.addJournal('M', [
      entry(1, 'sensor-fault', 'a'),
      entry(2, 'limit-crossed', 'a', { level: 'warning-low' }),
      entry(2, 'limit-crossed', 'a', { level: 'alarm-low' }),
      entry(3, 'counter-reset', 'a'),
      entry(3, 'limit-crossed', 'b', { level: 'alarm-high' }),
      entry(4, 'state'),
      entry(5, 'limit-returned', 'a', { level: 'alarm-low' }),
      entry(6, 'sensor-fault', 'c'),
    ]);
    const { entries, before } = await store.limitNews('M', 4);
    expect(entries?.map(({ atMs, channel }) => [atMs, channel])).toEqual([
      [5, 'a'],
      [6, 'c'],
    ]);
    expect([...before]).toEqual([['a', entry(2, 'limit-crossed', 'a', { level: 'alarm-low' })]]);
    await store.addChanges('M', [], '{"state":1}');
    expect(await store.conditionsOf(['M', 'N', 'none'])).toEqual(new Map([['M', '{"state":1}']]));
    await test.dispose();
  });

  it('tells what happened to all machines since an instant, and which were never spoken of before', async () => {
    const test = await fresh();
    const { store } = test;
    for (const id of ['M', 'N', 'O']) await addMachine(store, id);
    await store.addJournal('M', [
      entry(1, 'edge-connected'),
      entry(7, 'edge-connected'),
      entry(6, 'edge-disconnected'),
      entry(8, 'limit-crossed', 'a', { level: 'warning-high' }),
      entry(9, 'limit-crossed', 'a', { value: 3, level: 'alarm-high' }),
      entry(9, 'state'),
    ]);
    await store.addJournal('N', [entry(5, 'edge-connected')]);
    expect(await store.newsSince(5)).toEqual({
      entries: [
        { machine: 'M', atMs: 6, kind: 'edge-disconnected' },
        { machine: 'M', atMs: 7, kind: 'edge-connected' },
        { machine: 'M', atMs: 9, kind: 'limit-crossed' },
        { machine: 'N', atMs: 5, kind: 'edge-connected' },
      ],
      appeared: ['N'],
    });
    await test.dispose();
  });

  it('tells where rows begin and where there are none, sealed or not', async () => {
    const test = await startedAt(fresh, START_MS + HOUR_MS);
    const { store } = test;
    const weekMs = START_MS + 5 * 24 * HOUR_MS;
    expect(await store.coverage('M', START_MS, weekMs)).toEqual({ firstMs: null, gaps: [] });
    await append(store, rowsFrom(0, 120));
    await append(store, rowsFrom(5 * HOUR_MS, 120));
    const gap = { fromMs: START_MS + HOUR_MS + 119_000, toMs: START_MS + 6 * HOUR_MS, reason: null };
    for (const sealed of [false, true]) {
      if (sealed) {
        test.nowMs += 24 * HOUR_MS;
        await test.seal();
      }
      expect(await store.coverage('M', START_MS, weekMs)).toEqual({
        firstMs: START_MS + HOUR_MS,
        gaps: [gap],
      });
      const laterMs = START_MS + 3 * HOUR_MS;
      expect(await store.coverage('M', laterMs, weekMs)).toEqual({ firstMs: laterMs, gaps: [gap] });
      expect(await store.coverage('M', START_MS, START_MS + HOUR_MS)).toEqual({ firstMs: null, gaps: [] });
    }
    await test.dispose();
  });
});
