// An agent that ends: what waits for an acknowledgement is sent at once, however long the next attempt was put off.
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { expect, it } from 'vitest';
import { madeUp } from './agent.test-support.ts';
import { Agent } from './agent.ts';
import type { ConnectionEvents } from './uplink/connection.ts';

it('does not wait for its turn to dial', () => {
  const clock = new VirtualClock();
  const { options, row } = madeUp(clock, { intervalMs: 1000, channels: [{}], mostBytes: 1e6 });
  let dials = 0;
  const agent = new Agent({
    ...options,
    intervalMs: 60_000,
    dial: (_: unknown, events: ConnectionEvents) => {
      dials++;
      clock.after(10, () => events.closed('refused'));
      return { abort: () => undefined };
    },
  });
  agent.start();
  for (let i = 0; i < 600; i++) {
    row([i]);
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
