// An agent that ends: what waits for an acknowledgement is sent at once, however long the next attempt was put off.
import { machineSchemaSchema } from '@vigie/model';
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { expect, it } from 'vitest';
import type { RowSink } from './acquire/source.ts';
import { Agent } from './agent.ts';
import { unrounded } from './budget/usage.ts';
import { Spool } from './spool/spool.ts';
import type { ConnectionEvents } from './uplink/connection.ts';

const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  intervalMs: 1000,
  channels: [{ id: 'a', kind: 'number', names: { fr: 'a', en: 'a' } }],
});
const done = () => ({ ok: true, value: undefined }) as const;

it('does not wait for its turn to dial', () => {
  const clock = new VirtualClock();
  const randomness = { uniform: () => 0.5, bytes: (count: number) => new Uint8Array(count) };
  let sink: RowSink | null = null;
  let dials = 0;
  const agent = new Agent({
    identity: { machine: 'M-1', host: 'server', port: 8443, pins: [] },
    home: {
      settings: null,
      ...{ keepSettings: done, usage: null, keepUsage: done, keepPins: done, proven: done },
      credentials: () => [{ publicKey: '', sign: () => Buffer.alloc(64) }],
    },
    source: {
      schema,
      ends: false,
      axis: {
        bootId: 'boot',
        nowMs: () => clock.monotonicMs(),
        anchor: ({ utcMs }) => ({ monotonicMs: Math.round(clock.monotonicMs()), utcMs, errorMs: 1 }),
      },
      start: (to) => {
        sink = to;
      },
      state: () => ({ problem: null, rows: 0, failedPolls: 0, unreadable: [] }),
      stop: () => undefined,
    },
    spool: Spool.inMemory({ bootId: 'boot', schema, randomness, mostBytes: 1e6 }, 'a test'),
    ...{ clock, randomness, intervalMs: 60_000, plan: unrounded, counter: null, roads: null },
    dial: (_: unknown, events: ConnectionEvents) => {
      dials++;
      clock.after(10, () => events.closed('refused'));
      return { abort: () => undefined };
    },
    trainer: { train: () => new Promise(() => undefined) },
    modem: () => null,
    version: 'test',
    say: () => undefined,
  });
  agent.start();
  for (let row = 0; row < 600; row++) {
    sink!.row({ monotonicMs: Math.round(clock.monotonicMs()), values: [row] });
    clock.advance(1000);
  }
  const before = dials;
  expect(before).toBeGreaterThan(5);
  // Attempts are some 30 s apart by now; none is under way.
  clock.advance(100);
  expect(dials).toBe(before);
  expect(agent.holdsRowsInMemory).toBe(true);
  agent.end();
  expect(dials).toBe(before + 1);
  agent.stop();
});
