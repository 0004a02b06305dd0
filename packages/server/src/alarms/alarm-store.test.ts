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
const HOUR_MS = 60 * MINUTE_MS;
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
    await store.putAnchor({ machine: 'M', spool, bootNumber: 1, monotonicMs: 0, utcMs: START_MS, errorMs: 0 });
  }
  return test;
}

/** A block of a minute, a row every ten seconds, from a minute of the boot on. */
async function block(test: TestStore, minute: number, value: number, spool = SPOOL) {
  const { store } = test;
  const times = Array.from({ length: 6 }, (_, i) => 10_000 * i);
  const encoded = encodeBlock(codecSchema(schema), {
    timesMs: times,
    columns: [{ kind: 'number', values: Float64Array.from(times, () => value), present: null }],
  } as never, { schemaHash: hash } as never);
  return store.append({
    ...{ machine: 'M', spool, firstSequence: await store.nextSequence('M', spool) },
    ...{ bootNumber: 1, monotonicStartMs: minute * MINUTE_MS, rowCount: 6, block: encoded as never },
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
