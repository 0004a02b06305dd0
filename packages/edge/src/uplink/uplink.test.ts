// The uplink and a server that was restored: how much is to be sent is what that server lacks, whatever it had before.
import { machineSchemaSchema } from '@vigie/model';
import type { Frame } from '@vigie/protocol';
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { expect, it } from 'vitest';
import type { EdgeHome } from '../enrolment/home.ts';
import { Spool } from '../spool/spool.ts';
import type { ConnectionEvents } from './connection.ts';
import { Uplink } from './uplink.ts';

const randomness = { uniform: () => 0.5, bytes: (count: number) => new Uint8Array(count) };
const home: EdgeHome = {
  settings: null,
  usage: null,
  keepUsage: () => ({ ok: true, value: undefined }),
  keepSettings: () => ({ ok: true, value: undefined }),
  keepPins: () => ({ ok: true, value: undefined }),
  credentials: () => [{ publicKey: '', sign: () => Buffer.alloc(64) }],
  proven: () => ({ ok: true, value: undefined }),
};

it('has to send again what a server that was restored has forgotten', () => {
  const spool = Spool.inMemory(
    {
      bootId: 'boot',
      schema: machineSchemaSchema.parse({
        model: 'test',
        names: { fr: 'Essai', en: 'Test' },
        channels: [{ id: 'a', kind: 'number', names: { fr: 'a', en: 'a' } }],
      }),
      randomness,
      mostBytes: 1e9,
    },
    'a test',
  );
  for (let i = 0; i < 10; i++) {
    spool.commit([{ monotonicMs: 1000 * i, values: [i] }], 0, 'spool-full');
    spool.cut();
  }
  const clock = new VirtualClock();
  const said: string[] = [];
  const toldMarks: number[] = [];
  let sent: Frame[] = [];
  let events: ConnectionEvents | undefined;
  const uplink = new Uplink({
    identity: { machine: 'M-1', host: 'server', port: 8443, pins: [] },
    ...{ home, spool, clock, randomness },
    axis: {
      bootId: 'boot',
      nowMs: () => clock.monotonicMs(),
      anchor: ({ utcMs }) => ({ monotonicMs: 0, utcMs, errorMs: 1 }),
    },
    dial: (_, heard) => {
      events = heard;
      sent = [];
      heard.open({
        localAddress: null,
        exporter: new Uint8Array(32),
        send: (frame) => sent.push(frame),
        close: () => undefined,
      });
      return { abort: () => undefined };
    },
    eager: true,
    settingsHash: () => null,
    onSettings: () => ({ hash: '', outcome: 'applied', message: '' }),
    onCarried: () => undefined,
    onBlock: () => undefined,
    onExchange: () => undefined,
    onAcknowledged: () => toldMarks.push(spool.acknowledged),
    say: (message) => said.push(message),
  });
  const isWelcome = (nextSequence: number): void =>
    events?.frame({
      type: 'WELCOME',
      body: { nextSequence, lastRow: null, schemaWanted: false, priorWanted: false, utcMs: 0 },
    });
  const firstSent = (): number[] =>
    sent.flatMap((frame) => (frame.type === 'BLOCK' ? frame.firstSequence : []));

  uplink.start();
  isWelcome(10);
  expect([spool.acknowledged, firstSent()]).toEqual([10, []]);
  events?.closed('the server is restored');
  clock.advance(1000);
  isWelcome(4);
  expect(said.at(-1)).toBe('connected to server:8443, 6 rows to send');
  expect([spool.acknowledged, firstSent()]).toEqual([4, [4, 5, 6, 7, 8, 9]]);
  events?.frame({ type: 'ACK', nextSequence: 10, utcMs: 0 });
  expect(toldMarks).toEqual([10, 4, 10]);
  uplink.stop();
  spool.close();
});
