// Reads a model's registers over Modbus TCP, in as few requests as the protocol allows (125 registers each).
// Connects again by itself at the next poll; a late reply belongs to no row, since its connection is dropped.
// Not here: when to poll.
import { type MachineModel, type RegisterSpec, registerCount, sampleOf } from '@vigie/model/load';
import modbus from 'modbus-serial';
import type { Poll, Source } from './source.ts';

// The package is CommonJS: its class is the `default` of what is imported.
const ModbusClient = modbus.default;
type ModbusClient = InstanceType<typeof ModbusClient>;

const MAX_REGISTERS = 125;

interface Request {
  readonly table: RegisterSpec['table'];
  readonly address: number;
  readonly count: number;
}

export function modbusTcpSource(options: {
  readonly host: string;
  readonly port: number;
  readonly unit: number;
  readonly model: MachineModel;
  readonly deadlineMs: number;
}): Source {
  const { model } = options;
  const requests = groupRequests(model.registers);
  let client: ModbusClient | null = null;

  const drop = (): void => {
    const old = client;
    client = null;
    old?.destroy(() => undefined);
  };
  const connect = async (): Promise<ModbusClient> => {
    if (client?.isOpen) return client;
    drop();
    const fresh = new ModbusClient();
    // Without a listener an error of the socket would end the process; the poll that fails reports it.
    fresh.on('error', () => undefined);
    await fresh.connectTCP(options.host, { port: options.port });
    fresh.setID(options.unit);
    fresh.setTimeout(options.deadlineMs);
    client = fresh;
    return fresh;
  };

  return {
    poll: async (): Promise<Poll> => {
      try {
        const connection = await connect();
        const words = new Map<string, number>();
        let answered = 0;
        let refusal = '';
        for (const { table, address, count } of requests) {
          try {
            const answer =
              table === 'input'
                ? await connection.readInputRegisters(address, count)
                : await connection.readHoldingRegisters(address, count);
            for (const [k, word] of answer.data.entries()) words.set(`${table}${address + k}`, word);
            answered++;
          } catch (error) {
            // An exception concerns its own request; the others go on. Anything else is the line.
            if (modbusCode(error) === null) throw error;
            refusal = `exception ${modbusCode(error)} for ${table} register ${address}`;
          }
        }
        if (answered === 0) return { ok: false, message: refusal };
        const values = model.schema.channels.map((channel, i) => {
          const register = model.registers[i];
          const raw = register === undefined ? null : rawValue(register, words);
          return register === undefined || raw === null ? null : sampleOf(register, raw, channel.decimals);
        });
        return { ok: true, values };
      } catch (error) {
        drop();
        return { ok: false, message: error instanceof Error ? error.message : JSON.stringify(error) };
      }
    },
    close: async () => drop(),
  };
}

/** Neighbouring registers in one request; a hole of a few registers costs less than a second request. */
export function groupRequests(registers: readonly RegisterSpec[]): Request[] {
  const spans = registers
    .map(({ table, address, type }) => ({ table, address, end: address + registerCount({ type }) }))
    .sort((a, b) => (a.table < b.table ? -1 : a.table > b.table ? 1 : a.address - b.address));
  const out: { table: Request['table']; address: number; end: number }[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    const fits =
      last !== undefined &&
      last.table === span.table &&
      span.address - last.end <= 16 &&
      Math.max(last.end, span.end) - last.address <= MAX_REGISTERS;
    if (fits) last.end = Math.max(last.end, span.end);
    else out.push({ ...span });
  }
  return out.map(({ table, address, end }) => ({ table, address, count: end - address }));
}

function rawValue(register: RegisterSpec, words: ReadonlyMap<string, number>): number | null {
  const first = words.get(`${register.table}${register.address}`);
  if (first === undefined) return null;
  if (register.type === 'u16') return first;
  if (register.type === 'i16') return (first << 16) >> 16;
  const second = words.get(`${register.table}${register.address + 1}`);
  if (second === undefined) return null;
  const [high, low] = register.wordOrder === 'big' ? [first, second] : [second, first];
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, high);
  view.setUint16(2, low);
  switch (register.type) {
    case 'u32':
      return view.getUint32(0);
    case 'i32':
      return view.getInt32(0);
    case 'f32':
      return view.getFloat32(0);
  }
}

function modbusCode(error: unknown): number | null {
  const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'modbusCode') : undefined;
  return typeof code === 'number' ? code : null;
}
