// What an agent stands on in its tests: a source whose rows the test makes up, a home that keeps nothing, and the parts that
// no test of it looks at. All is by the test's own clock. Not here: the server it talks to, which each test makes.
import { machineSchemaSchema } from '@vigie/model';
import type { VirtualClock } from '@vigie/protocol/virtual-clock';
import type { RowSink, Source } from './acquire/source.ts';
import type { AgentOptions } from './agent.ts';
import { unrounded } from './budget/usage.ts';
import type { EdgeHome } from './enrolment/home.ts';
import { Spool } from './spool/spool.ts';

const done = () => ({ ok: true, value: undefined }) as const;

export const homeThatKeepsNothing: EdgeHome = {
  settings: null,
  ...{ keepSettings: done, usage: null, keepUsage: done, keepPins: done, proven: done },
  credentials: () => [{ publicKey: '', sign: () => Buffer.alloc(64) }],
};

export interface MadeUp {
  readonly options: Omit<AgentOptions, 'dial'>;
  readonly spool: Spool;
  /** A row of now. */
  readonly row: (values: readonly number[]) => void;
}

/** @param channels as a schema has them, less what is the same for all */
export function madeUp(
  clock: VirtualClock,
  about: { readonly intervalMs: number; readonly channels: readonly object[]; readonly mostBytes: number },
): MadeUp {
  const schema = machineSchemaSchema.parse({
    model: 'test',
    names: { fr: 'Essai', en: 'Test' },
    intervalMs: about.intervalMs,
    channels: about.channels.map((channel, i) => ({
      ...{ id: `c${i}`, kind: 'number', names: { fr: 'c', en: 'c' } },
      ...channel,
    })),
  });
  const randomness = { uniform: () => 0.5, bytes: (count: number) => new Uint8Array(count) };
  const spool = Spool.inMemory({ bootId: 'boot', schema, randomness, mostBytes: about.mostBytes }, 'a test');
  let sink: RowSink | null = null;
  const nowMs = (): number => Math.round(clock.monotonicMs());
  const source: Source = {
    schema,
    ends: false,
    axis: {
      bootId: 'boot',
      nowMs: () => clock.monotonicMs(),
      anchor: ({ utcMs }) => ({ monotonicMs: nowMs(), utcMs, errorMs: 1 }),
    },
    start: (to) => {
      sink = to;
    },
    state: () => ({ problem: null, rows: 0, failedPolls: 0, unreadable: [] }),
    stop: () => undefined,
  };
  return {
    options: {
      identity: { machine: 'M-1', host: 'server', port: 8443, pins: [] },
      home: homeThatKeepsNothing,
      ...{ source, spool, clock, randomness, plan: unrounded, counter: null, roads: null },
      intervalMs: about.intervalMs,
      trainer: { train: () => new Promise(() => undefined) },
      modem: () => null,
      version: 'test',
      say: () => undefined,
    },
    spool,
    row: (values) => sink?.row({ monotonicMs: nowMs(), values }),
  };
}
