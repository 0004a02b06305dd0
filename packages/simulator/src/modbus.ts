// A machine behind a real Modbus server, TCP or RTU: answers reads of its input registers.
// A read that starts at register 0 is a read of the machine (reads.ts); what lies further is of the same snapshot.
// Not here: the physics, printing lines (lines.ts).
import { createServer } from 'node:net';
import { type MachineModel, type RegisterSpec, rawOf, registerCount } from '@vigie/model/load';
import { type IServiceVector, ServerSerial, ServerTCP } from 'modbus-serial';
import type { SerialPort } from 'serialport';
import type { Machine } from './physics.ts';
import type { Reads } from './reads.ts';
import { type Served, staysOpen } from './serial.ts';

/** Registers of the whole block for a row. */
function encodeRegisters(
  model: MachineModel,
  registers: readonly RegisterSpec[],
  machine: Machine,
  scan: number,
): Uint16Array {
  const words = new Uint16Array(Math.max(...registers.map((one) => one.address + registerCount(one))));
  model.schema.channels.forEach((channel, i) => {
    const register = registers[i];
    if (register === undefined || register.bits !== null) return;
    const raw = rawOf(register, channel.id === 'scan' ? scan : machine.read(channel.id));
    const scratch = new DataView(new ArrayBuffer(8));
    const count = registerCount(register);
    if (register.type === 'f32') scratch.setFloat32(0, raw);
    else if (register.type === 'f64') scratch.setFloat64(0, raw);
    else if (count === 4) scratch.setBigInt64(0, BigInt.asIntN(64, BigInt(raw)));
    else if (count === 2) scratch.setInt32(0, raw | 0);
    else scratch.setInt16(0, raw);
    for (let k = 0; k < count; k++) {
      const word = register.wordOrder === 'big' ? k : count - 1 - k;
      words[register.address + word] = scratch.getUint16(2 * k, register.byteOrder === 'little');
    }
  });
  return words;
}

/** @throws when the model maps no registers. */
function vectorOf(reads: Reads): IServiceVector {
  const { model, machine } = reads;
  const { registers } = model;
  if (registers === null) throw new Error('its model maps no registers');
  let words = encodeRegisters(model, registers, machine, reads.scan);
  return {
    getMultipleInputRegisters: (address, length, _unit, reply) => {
      if (address + length > words.length) {
        reply({ modbusErrorCode: 2, msg: 'illegal data address' } as never, []);
        return;
      }
      if (address === 0) {
        reads.take();
        words = encodeRegisters(model, registers, machine, reads.scan);
      }
      reply(null, [...words.subarray(address, address + length)]);
    },
  };
}

/** Listens on 127.0.0.1; `port` 0 takes any free one. Rejects when the port is taken. */
export async function serveTcp(reads: Reads, wanted: number): Promise<Served & { readonly port: number }> {
  const port = wanted === 0 ? await freePort() : wanted;
  const server = new ServerTCP(vectorOf(reads), { host: '127.0.0.1', port, unitID: 1, debug: false });
  return new Promise((resolve, reject) => {
    server.on('serverError', (error) => reject(error));
    server.on('socketError', () => {
      // A client that goes away in the middle of a read is its own business.
    });
    server.on('initialized', () => {
      resolve({ port, close: () => new Promise<void>((done) => server.close(() => done())) });
    });
  });
}

export interface RtuSettings {
  /** Path of a tty. */
  readonly port: string;
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly unit: number;
}

/** Rejects when the tty cannot be opened; opens it again whenever it goes away. */
export function serveRtu(reads: Reads, settings: RtuSettings): Promise<Served> {
  const vector = vectorOf(reads);
  const { port: path, baudRate, parity, unit: unitID } = settings;
  return staysOpen((gone) => {
    return new Promise<SerialPort>((resolve, reject) => {
      const server = new ServerSerial(vector, {
        ...{ path, baudRate, parity, unitID },
        openCallback: (error) => (error ? reject(error) : resolve(port)),
      });
      // The types leave out `getPort`.
      const port = (server as unknown as { getPort(): SerialPort }).getPort();
      port.on('close', gone);
      port.on('error', gone);
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
