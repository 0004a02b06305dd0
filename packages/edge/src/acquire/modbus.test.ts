// The poller: all four tables of a real Modbus TCP server, registers that it does not have, and what is said meanwhile.
import { type AddressInfo, createServer } from 'node:net';
import { realClock } from '@vigie/config';
import { machineSchemaSchema } from '@vigie/model';
import type { RegisterSpec } from '@vigie/model/load';
import { ServerTCP } from 'modbus-serial';
import { expect, it, vi } from 'vitest';
import { ModbusSource } from './modbus.ts';
import { TcpTransport } from './modbus-tcp.ts';
import { RETRY_MS } from './plan.ts';
import { answerBytes } from './requests.ts';
import type { SampledRow } from './source.ts';
import type { ModbusTransport, Reply } from './transport.ts';
import { VirtualClock } from './virtual-clock.test-support.ts';

const names = { fr: 'x', en: 'x' };
const schemaOf = (ids: readonly string[], intervalMs: number) =>
  machineSchemaSchema.parse({
    ...{ model: 'test', names, intervalMs },
    channels: ids.map((id) => ({ id, names, kind: 'number' })),
  });
const register = (some: Partial<RegisterSpec>): RegisterSpec => ({
  ...{ table: 'input', address: 0, type: 'u16', wordOrder: 'big', byteOrder: 'big' },
  ...{ scale: 1, offset: 0, bits: null, missing: null },
  ...some,
});
const axis = { bootId: 'x', nowMs: () => 0, anchor: () => ({ monotonicMs: 0, utcMs: 0, errorMs: 0 }) };

function collector() {
  const rows: SampledRow[] = [];
  const problems: (string | null)[] = [];
  const silences: number[] = [];
  const sink = {
    row: (row: SampledRow) => void rows.push(row),
    problem: (problem: string | null) => void problems.push(problem),
    silent: (count: number) => void silences.push(count),
    wantsMore: () => true,
    ended: () => {},
  };
  return { rows, problems, silences, sink };
}

it('reads coils, discrete inputs, holding and input registers, and names what the controller lacks', async () => {
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
  const illegal = Object.assign(new Error('illegal'), { modbusErrorCode: 2 });
  const server = new ServerTCP(
    {
      getCoil: (address: number) => address % 2 === 1,
      getDiscreteInput: (address: number) => address % 3 === 0,
      getHoldingRegister: (address: number) => 7000 + address,
      getInputRegister: (address: number) => {
        if (address === 12) throw illegal;
        return address;
      },
    },
    { host: '127.0.0.1', port, unitID: 5, debug: false },
  );
  await new Promise<void>((resolve) => server.on('initialized', () => resolve()));
  const channels: Record<string, RegisterSpec> = {
    odd: register({ table: 'coil', type: 'bool', address: 1501 }),
    even: register({ table: 'coil', type: 'bool', address: 20 }),
    third: register({ table: 'discrete', type: 'bool', address: 9 }),
    held: register({ table: 'holding', address: 4, scale: 0.5, offset: -100 }),
    before: register({ address: 11 }),
    lacking: register({ address: 12 }),
    after: register({ address: 13, bits: { from: 2, count: 2 } }),
  };
  const ids = Object.keys(channels);
  const clock = realClock();
  const source = new ModbusSource({
    schema: schemaOf(ids, 100),
    registers: Object.values(channels),
    transport: new TcpTransport({ host: '127.0.0.1', port, unit: 5 }, clock),
    ...{ clock, axis },
  });
  const { rows, problems, sink } = collector();
  try {
    source.start(sink);
    while (rows.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const { values } of rows) expect(values).toEqual([1, 0, 1, 3402, 11, null, 3]);
    expect(source.state()).toMatchObject({ problem: null, unreadable: ['lacking'] });
    expect(problems).toEqual(['cannot read lacking: the controller refuses these registers']);
  } finally {
    source.stop();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});

it('says in words that the controller ended the connection', async () => {
  const server = createServer((socket) => socket.destroy());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const clock = realClock();
  const transport = new TcpTransport({ host: '127.0.0.1', port, unit: 1 }, clock);
  expect(await transport.open(clock.monotonicMs() + 5000)).toMatchObject({ ok: true });
  // Its end arrives at some moment, before a read or within one.
  await vi.waitFor(async () => {
    const read = { table: 'input', address: 0, count: 1 } as const;
    expect(await transport.ask(read, clock.monotonicMs() + 100)).toEqual({
      kind: 'failed',
      message: `the controller at 127.0.0.1:${port}: closed the connection`,
      lost: true,
    });
  });
  transport.close();
  server.close();
});

it('notices what can be read again, tries an absent controller less and less often, and tells its silence', async () => {
  const clock = new VirtualClock(1_000_000);
  let [refused, away] = [true, false];
  const opened: number[] = [];
  const transport: ModbusTransport = {
    open: async () => {
      if (!away) return { ok: true, value: undefined };
      opened.push(clock.monotonicMs());
      return { ok: false, message: 'the controller is away' };
    },
    ask: async (request): Promise<Reply> => {
      if (away) return { kind: 'failed', message: 'the controller went away', lost: true };
      const lacks = refused && request.address <= 1 && request.address + request.count > 1;
      return lacks
        ? { kind: 'exception', code: 2 }
        : { kind: 'values', bytes: new Uint8Array(answerBytes(request)) };
    },
    close: () => {},
  };
  const source = new ModbusSource({
    schema: schemaOf(['a', 'b', 'c'], 1000),
    registers: [0, 1, 2].map((address) => register({ address })),
    ...{ transport, clock, axis },
  });
  const { rows, problems, silences, sink } = collector();
  source.start(sink);
  await clock.pass(5500);
  expect(rows.map(({ values }) => values)).toEqual(rows.map(() => [0, null, 0]));
  expect(rows.map(({ monotonicMs }) => monotonicMs)).toEqual(
    [1, 2, 3, 4, 5].map((k) => 1_000_000 + 1000 * k),
  );
  refused = false;
  await clock.pass(RETRY_MS);
  expect(rows.at(-1)?.values).toEqual([0, 0, 0]);
  expect(source.state().unreadable).toEqual([]);
  expect(problems).toEqual(['cannot read b: the controller refuses these registers', null]);

  away = true;
  const before = rows.length;
  await clock.pass(60_000);
  expect(rows).toHaveLength(before);
  expect(source.state().problem).toBe('the controller is away');
  expect(opened.length).toBeLessThan(12);
  away = false;
  await clock.pass(12_000);
  expect(rows.length).toBeGreaterThan(before);
  // One grid instant after the other: the rows, and those that are told as missing.
  const [last, next] = [rows[before - 1]?.monotonicMs ?? 0, rows[before]?.monotonicMs ?? 0];
  expect(silences).toEqual([(next - last) / 1000 - 1]);
  expect(problems.at(-1)).toBeNull();
  source.stop();
});
