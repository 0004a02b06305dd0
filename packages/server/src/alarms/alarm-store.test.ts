// Alarms in the store, on both databases: rung with the block, learned late, kept over a restart, acted on by people, told
// once; and what no row tells, looked for by one server of several.
import { encodeBlock } from '@vigie/codec';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import { describe, expect, it } from 'vitest';
import { type TestStore, testDatabases } from '../store/testing.ts';
import type { AlarmEvent } from './event.ts';
import type { Heard } from './sweep.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 24, 2);
const SPOOL = '00000000000000aa';
const OTHER = '00000000000000bb';
const names = { fr: 'T', en: 'T' };
const schema = machineSchemaSchema.parse({
  ...{ model: 'test', names },
  channels: [
    {
      ...{ id: 't', kind: 'number', names, decimals: 0, limits: { warningHigh: 50, alarmHigh: 60 } },
      ringing: { onDelayMs: 0, offDelayMs: 0 },
    },
  ],
});
const hash = schemaHash(schema);

async function started(fresh: () => Promise<TestStore>): Promise<TestStore> {
  const test = await fresh();
  test.nowMs = START_MS;
  const { store } = test;
  await store.createMachine({ id: 'M', name: 'M', site: '', timeZone: 'UTC', intervalMs: MINUTE_MS });
  await store.putSchema('M', hash, schema);
  await store.setMachineSchema('M', hash);
  for (const spool of [SPOOL, OTHER]) {
    await store.putAnchor({
      machine: 'M',
      spool,
      bootNumber: 1,
      monotonicMs: 0,
      utcMs: START_MS,
      errorMs: 0,
    });
  }
  return test;
}

/** A block of a minute, a row every ten seconds, from a minute of the boot on. */
async function block(test: TestStore, minute: number, value: number, spool = SPOOL) {
  const { store } = test;
  const times = Array.from({ length: 6 }, (_, i) => 10_000 * i);
  return store.append({
    ...{ machine: 'M', spool, firstSequence: await store.nextSequence('M', spool) },
    ...{ bootNumber: 1, monotonicStartMs: minute * MINUTE_MS, rowCount: times.length },
    block: encodeBlock(
      codecSchema(schema),
      {
        ...{ rowCount: times.length, timesMs: Float64Array.from(times) },
        columns: [{ type: 'number', values: Float64Array.from(times, () => value), present: null }],
      },
      { schemaHash: hash, prior: null },
    ),
  });
}
const taken = async (test: TestStore): Promise<AlarmEvent[]> => {
  const all: AlarmEvent[] = [];
  await test.store.takeAlarmEvents(1000, async (_, events) => {
    all.push(...events);
  });
  return all;
};
const kinds = (events: readonly AlarmEvent[]) =>
  events.map((one) => ('facts' in one ? `${one.event} ${one.facts.kind}` : one.event));
const atMs = (minute: number): number => START_MS + minute * MINUTE_MS;
const gone: Heard = { connected: null, lastContactMs: null, intervalMs: 0 };
const here = (sinceMs: number, bootNumber = 1): Heard => ({
  connected: { sinceMs, spool: SPOOL, bootNumber, announcedNextSequence: 0 },
  ...{ lastContactMs: sinceMs, intervalMs: 0 },
});

describe.each(testDatabases)('alarms on $name', ({ fresh }) => {
  it('ring with the block that crosses, live on over a restart, and are told once', async () => {
    const test = await started(fresh);
    test.nowMs = atMs(1);
    expect(await block(test, 0, 40)).toMatchObject({ alarmed: false });
    test.nowMs = atMs(2);
    expect(await block(test, 1, 70)).toMatchObject({ kind: 'stored', alarmed: true });
    expect(kinds(await taken(test))).toEqual(['rung alarm-high', 'rung warning-high']);
    const [high] = await test.store.openAlarms();
    expect(high).toMatchObject({
      ...{ id: 1, source: 't.alarm-high', happened_ms: atMs(1), learned_ms: atMs(2), over_ms: null },
      ...{ limit_value: 60, value: 70, peak: 70, crossings: 1, shelf: null },
    });
    await test.reopen();
    test.nowMs = atMs(3);
    await block(test, 2, 75);
    expect((await test.store.alarm('M', 1))?.peak).toBe(75);
    test.nowMs = atMs(4);
    await block(test, 3, 40);
    expect(await test.store.alarm('M', 1)).toMatchObject({ over_ms: atMs(3), is_over: 0 });
    expect(await taken(test)).toEqual([]);
    for (let minute = 4; minute < 15; minute++) {
      test.nowMs = atMs(minute + 1);
      await block(test, minute, 40);
    }
    const over = await taken(test);
    expect(kinds(over)).toEqual(['over alarm-high', 'over warning-high']);
    expect(over[0]).toMatchObject({
      isLate: false,
      facts: { overMs: atMs(3), peak: 75, learnedMs: atMs(2) },
    });
    expect(await taken(test)).toEqual([]);
    await test.dispose();
  });

  it('of rows that come late are told with both times, as one backlog, and leave newer ones alone', async () => {
    const test = await started(fresh);
    // Now something rings, by one spool; then another brings what it held for hours.
    test.nowMs = atMs(401);
    await block(test, 400, 55);
    await taken(test);
    for (let minute = 0; minute < 30; minute++) {
      test.nowMs = atMs(402) + minute * 1000;
      await block(test, minute, minute >= 10 && minute < 14 ? 70 : 20, OTHER);
    }
    const told = await taken(test);
    expect(kinds(told)).toEqual(['rung alarm-high', 'rung warning-high']);
    for (const one of told) {
      expect(one).toMatchObject({
        ...{ event: 'rung', isLate: true },
        facts: { happenedMs: atMs(10), overMs: atMs(14), learnedMs: one.atMs },
      });
    }
    expect(await test.store.alarm('M', 1)).toMatchObject({ over_ms: null, happened_ms: atMs(400) });
    // Nothing more comes of it: then it is told that all is here.
    test.nowMs = atMs(413);
    await test.store.sweepAlarms(0, () => here(atMs(401)));
    expect(kinds(await taken(test))).toEqual(['caught-up']);
    await test.dispose();
  });

  it('of a long backlog are followed in order, and one word says that it has ended', async () => {
    const test = await started(fresh);
    test.nowMs = atMs(400);
    for (let minute = 0; minute < 60; minute++) await block(test, minute, minute % 20 < 10 ? 55 : 20);
    const told = await taken(test);
    expect(told.length).toBeGreaterThan(1);
    expect(told.every((one) => 'isLate' in one && one.isLate)).toBe(true);
    expect(told[0]).toMatchObject({ event: 'rung', facts: { happenedMs: atMs(0), learnedMs: atMs(400) } });
    await block(test, 399, 20);
    expect(kinds(await taken(test))).toEqual(['over warning-high', 'caught-up']);
    await test.dispose();
  });

  it('that tremble for an hour are one alarm of two words, and say so', async () => {
    const test = await started(fresh);
    for (let minute = 0; minute < 110; minute++) {
      test.nowMs = atMs(minute + 1);
      await block(test, minute, minute < 60 && minute % 3 === 0 ? 55 : 20);
    }
    expect(kinds(await taken(test))).toEqual([
      ...['rung warning-high', 'flapping warning-high', 'over warning-high'],
    ]);
    expect(await test.store.alarm('M', 1)).toMatchObject({ crossings: 20, flapping: 1, is_over: 1 });
    await test.dispose();
  });

  it('are acknowledged, shelved until a time, and told again when it has come', async () => {
    const test = await started(fresh);
    test.nowMs = atMs(1);
    await block(test, 0, 70);
    await taken(test);
    const { store } = test;
    expect(await store.acknowledgeAlarm('M', 2, 'Ada', 'seen')).toBe('done');
    expect(await store.acknowledgeAlarm('M', 2, 'Ada', 'seen')).toBe('no-place');
    expect(await store.acknowledgeAlarm('M', 9, 'Ada', '')).toBe('not-found');
    const shelf = { untilMs: atMs(61), untilOver: false, reason: 'works', author: 'a', authorName: 'Ada' };
    expect(await store.shelveAlarm('M', 1, shelf)).toBe('done');
    expect((await store.openAlarms())[0]?.shelf).toMatchObject({ reason: 'works', until_ms: atMs(61) });
    test.nowMs = atMs(60);
    await store.sweepAlarms(0, () => here(atMs(0)));
    expect(kinds(await taken(test))).toEqual([
      'acknowledged warning-high',
      'shelved alarm-high',
      'rung silent',
    ]);
    test.nowMs = atMs(62);
    expect(await store.sweepAlarms(0, () => here(atMs(0)))).toEqual(new Set(['M']));
    const [unshelved, rung] = await taken(test);
    expect([unshelved, rung]).toMatchObject([
      { event: 'unshelved', by: null },
      { event: 'rung', afterShelf: true, facts: { alarm: 1 } },
    ]);
    expect((await store.alarmEvents('M', 1)).map(({ event }) => event)).toEqual([
      ...['rung', 'shelved', 'unshelved', 'rung', 'escalation-due'],
    ]);
    await test.dispose();
  });

  it('until it is over: a shelf goes with its alarm', async () => {
    const test = await started(fresh);
    test.nowMs = atMs(1);
    await block(test, 0, 55);
    const shelf = { untilMs: atMs(9999), untilOver: true, reason: 'works', author: 'a', authorName: 'Ada' };
    await test.store.shelveAlarm('M', 1, shelf);
    for (let minute = 1; minute < 13; minute++) {
      test.nowMs = atMs(minute + 1);
      await block(test, minute, 20);
    }
    expect((await taken(test)).at(-1)).toMatchObject({ event: 'over', isShelved: true });
    test.nowMs = atMs(14);
    await block(test, 13, 55);
    expect((await taken(test)).at(-1)).toMatchObject({
      event: 'rung',
      isShelved: false,
      facts: { alarm: 2 },
    });
    await test.dispose();
  });

  it('of silence say what is known of its cause, and are looked for by one server', async () => {
    const test = await started(fresh);
    const { store } = test;
    test.nowMs = atMs(1);
    await block(test, 0, 20);
    await store.putBoot('M', { spool: SPOOL, number: 1, id: 'one', refused: false });
    const round = async (minute: number, heard: Heard) => {
      test.nowMs = atMs(minute);
      return store.sweepAlarms(0, () => heard);
    };
    expect(await round(10, gone)).toEqual(new Set());
    expect(await round(20, gone)).toEqual(new Set(['M']));
    expect(await round(20, gone)).toBeNull();
    expect(await taken(test)).toMatchObject([
      { event: 'rung', facts: { kind: 'silent', cause: 'link-or-edge', happenedMs: atMs(1) - 10_000 } },
    ]);
    // It comes back by the same boot: the link was down. Then the box answers, and its machine does not.
    await round(30, here(atMs(29)));
    expect((await store.openAlarms())[0]).toMatchObject({
      cause: 'link-down',
      over_ms: atMs(29),
      is_over: 0,
    });
    await round(41, here(atMs(29)));
    expect(kinds(await taken(test))).toEqual(['over silent']);
    await round(50, here(atMs(29)));
    expect((await taken(test))[0]).toMatchObject({ event: 'rung', facts: { cause: 'controller-mute' } });
    test.nowMs = atMs(61);
    await block(test, 60, 20);
    await round(62, here(atMs(29)));
    expect((await store.openAlarms()).at(-1)).toMatchObject({ over_ms: atMs(61) - 10_000 });
    await test.dispose();
  });

  it('tell of a data plan that runs out, and of a spool that is full until it is empty', async () => {
    const test = await started(fresh);
    const { store } = test;
    test.nowMs = atMs(1);
    await block(test, 0, 20);
    await store.changeSettings('M', (settings) => ({ ...settings, dataBudgetMb: 1 }));
    await test.beside((db) => db.run('UPDATE usage SET block_bytes = 900000'));
    await store.sweepAlarms(0, () => here(atMs(0)));
    expect(kinds(await taken(test))).toEqual(['rung budget']);
    await store.appendGap({
      machine: 'M',
      spool: SPOOL,
      firstSequence: 6,
      nextSequence: 9,
      reason: 'thinned',
    });
    await store.appendGap({
      machine: 'M',
      spool: SPOOL,
      firstSequence: 9,
      nextSequence: 10,
      reason: 'thinned',
    });
    expect(kinds(await taken(test))).toEqual(['rung spool']);
    // What it says of its room is no news any more.
    expect(await store.ringSpool('M')).toBe(false);
    test.nowMs = atMs(2);
    await store.sweepAlarms(0, () => here(atMs(0)));
    expect((await store.openAlarms()).at(-1)).toMatchObject({ kind: 'spool', over_ms: atMs(2) });
    await test.dispose();
  });
});
