// A machine behind a real Modbus TCP server: steps once a second, answers reads of its input registers.
// A read that starts at register 0 takes one snapshot of the whole block and raises the channel `scan`; what was
// served is logged before the answer leaves, so that tests can compare what is stored with what was said.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type MachineModel, rawOf, registerCount } from '@vigie/model/load';
import { ServerTCP } from 'modbus-serial';
import { readRow } from './machines.ts';
import type { Machine } from './physics.ts';

export interface ModbusMachine {
  readonly port: number;
  /** Makes every read fail with exception 4 (device failure), or work again. */
  setFailing(failing: boolean): void;
  close(): Promise<void>;
}

/** Registers of the whole block for a row. */
export function encodeRegisters(model: MachineModel, machine: Machine, scan: number): Uint16Array {
  const size = Math.max(...model.registers.map((register) => register.address + registerCount(register)));
  const words = new Uint16Array(size);
  const scratch = new DataView(new ArrayBuffer(4));
  model.schema.channels.forEach((channel, i) => {
    const register = model.registers[i];
    if (register === undefined || register.bit !== null) return;
    const raw = rawOf(register, channel.id === 'scan' ? scan : machine.read(channel.id));
    if (registerCount(register) === 1) {
      words[register.address] = raw & 0xffff;
      return;
    }
    if (register.type === 'f32') scratch.setFloat32(0, raw);
    else scratch.setInt32(0, raw | 0);
    const [high, low] = register.wordOrder === 'big' ? [0, 1] : [1, 0];
    words[register.address + high] = scratch.getUint16(0);
    words[register.address + low] = scratch.getUint16(2);
  });
  return words;
}

/** Listens on 127.0.0.1; `port` 0 takes any free one. Rejects when the port is taken. */
export async function startModbusServer(options: {
  readonly machine: Machine;
  readonly model: MachineModel;
  readonly port: number;
  /** One line of JSON per answered read: {scan, utcMs, values}; `utcMs` is the instant of the answer. */
  readonly logFile?: string | undefined;
  readonly nowMs: () => number;
  readonly scan?: number;
  readonly onScan?: (scan: number) => void;
}): Promise<ModbusMachine> {
  const { machine, model, logFile } = options;
  const port = options.port === 0 ? await freePort() : options.port;
  let scan = options.scan ?? 0;
  let words = encodeRegisters(model, machine, scan);
  let failing = false;
  const server = new ServerTCP(
    {
      getMultipleInputRegisters: (address, length, _unit, reply) => {
        if (failing) {
          reply({ modbusErrorCode: 4, msg: 'device failure' } as never, []);
          return;
        }
        if (address + length > words.length) {
          reply({ modbusErrorCode: 2, msg: 'illegal data address' } as never, []);
          return;
        }
        if (address === 0) {
          scan++;
          words = encodeRegisters(model, machine, scan);
          options.onScan?.(scan);
          if (logFile !== undefined) {
            const line = { scan, utcMs: options.nowMs(), values: readRow(machine, model, scan) };
            appendFileSync(logFile, `${JSON.stringify(line)}\n`);
          }
        }
        reply(null, [...words.subarray(address, address + length)]);
      },
    },
    { host: '127.0.0.1', port, unitID: 1, debug: false },
  );
  return new Promise((resolve, reject) => {
    server.on('serverError', (error) => reject(error));
    server.on('socketError', () => {
      // A client that goes away in the middle of a read is its own business.
    });
    server.on('initialized', () => {
      resolve({
        port,
        setFailing: (value) => {
          failing = value;
        },
        close: () => new Promise<void>((done) => server.close(() => done())),
      });
    });
  });
}

/** modbus-serial takes port 0 for 502, so a free port is found before it listens. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
