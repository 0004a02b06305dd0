// Makes the rounds of sweep.ts while the server runs, one after the other, and tells pages what they changed.
// Invariant: a round that fails is tried again at the next turn, and stops nothing else. Not here: what a round looks for.
import type { Clock, Timer } from '@vigie/protocol';
import type { Live } from '../live.ts';
import type { AlarmStore } from './alarm-store.ts';
import { type Heard, SWEEP_EVERY_MS } from './sweep.ts';

export interface WatchmanOptions {
  readonly store: Pick<AlarmStore, 'sweepAlarms'>;
  readonly live: Live;
  readonly clock: Clock;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export function startWatchman({ store, live, clock, log }: WatchmanOptions): { close(): Promise<void> } {
  const startedMs = clock.utcMs();
  let timer: Timer | null = null;
  let closed = false;
  let round: Promise<void> = Promise.resolve();
  const heardOf = async (machine: string): Promise<Heard> => ({
    connected: live.connected(machine),
    lastContactMs: live.connected(machine) === null ? await live.lastContactMs(machine) : null,
    intervalMs: live.intervalMs(machine, 0),
  });
  const turn = async (): Promise<void> => {
    try {
      for (const machine of (await store.sweepAlarms(startedMs, heardOf)) ?? []) live.alarmed(machine);
    } catch (error) {
      log('alarms: a round failed, the next one tries again', { why: String(error) });
    }
    if (!closed) timer = clock.after(SWEEP_EVERY_MS, start);
  };
  const start = (): void => {
    round = turn();
  };
  timer = clock.after(SWEEP_EVERY_MS, start);
  return {
    close: async () => {
      closed = true;
      timer?.cancel();
      await round;
    },
  };
}
