// Sources on real pseudo-terminals: what a bad line, a pulled plug and another number of the port do to their rows.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock, realRandomness } from '@vigie/config';
import { machineSchemaSchema } from '@vigie/model';
import type { RegisterSpec } from '@vigie/model/load';
import { SerialPort } from 'serialport';
import { afterEach, describe, expect, it } from 'vitest';
import { LinesSource } from './lines.ts';
import { ModbusSource } from './modbus.ts';
import { RtuTransport } from './modbus-rtu.ts';
import { Cable } from './pty.test-support.ts';
import { crc16 } from './rtu-frames.ts';
import { openSerial, stableName } from './serial.ts';
import type { RowSink, SampledRow, Source } from './source.ts';

const clock = realClock();
const axis = {
  bootId: 'x',
  nowMs: () => clock.monotonicMs(),
  anchor: () => ({ monotonicMs: 0, utcMs: 0, errorMs: 0 }),
};
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function cable(): Promise<Cable> {
  const plugged = await Cable.plugged();
  closers.push(() => plugged.dispose());
  return plugged;
}

/** The machine's end of a cable. */
async function end(path: string, take: (bytes: Buffer) => void = () => {}): Promise<SerialPort> {
  const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
  port.on('error', () => {});
  port.on('data', take);
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  closers.push(() => new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())));
  return port;
}

class Collector implements RowSink {
  readonly rows: SampledRow[] = [];
  readonly problems: (string | null)[] = [];
  readonly silences: number[] = [];
  row(row: SampledRow): void {
    expect(row.monotonicMs).toBeGreaterThan(this.rows.at(-1)?.monotonicMs ?? -1);
    this.rows.push(row);
  }
  silent(rows: number): void {
    this.silences.push(rows);
  }
  wantsMore(): boolean {
    return true;
  }
  problem(message: string | null): void {
    this.problems.push(message);
  }
  ended(): void {}
}

function started(source: Source): Collector {
  const sink = new Collector();
  source.start(sink, 0);
  closers.push(() => source.stop());
  return sink;
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(what: string, ready: () => boolean): Promise<void> {
  const endMs = Date.now() + 20_000;
  while (!ready()) {
    if (Date.now() > endMs) throw new Error(`waited in vain for: ${what}`);
    await rest(10);
  }
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;
const names = { fr: 'x', en: 'x' };

const schema = machineSchemaSchema.parse({
  model: 'test',
  names,
  intervalMs: 100,
  channels: ['serial', 'near', 'far'].map((id) => ({ id, names, kind: 'number' })),
});

describe('Modbus RTU', () => {
  const register = (address: number): RegisterSpec => ({
    ...{ table: 'input', address, type: 'u16', wordOrder: 'big', byteOrder: 'big' },
    ...{ scale: 1, offset: 0, bits: null, missing: null },
  });
  // Too far apart for one request: the answers to both have the same function and, but for `serial`, length.
  const registers = [register(0), register(1), register(301)];

  type Fault = (answer: Buffer, number: number) => Buffer | null;
  /** Register 0 holds the number of the request, any other its address. */
  async function slave(
    path: string,
    fault: () => Fault | null,
  ): Promise<{ number: () => number; port: SerialPort }> {
    let number = 0;
    let received = Buffer.alloc(0);
    const framed = (bytes: number[]): Buffer => {
      const crc = crc16(Uint8Array.from(bytes));
      return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
    };
    const port = await end(path, (bytes) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 8) {
        const frame = received.subarray(0, 8);
        received = received.subarray(8);
        number++;
        const [unit = 0, code = 0] = frame;
        const [address, count] = [frame.readUInt16BE(2), frame.readUInt16BE(4)];
        const words = Array.from({ length: count }, (_, k) => (address + k === 0 ? number : address + k));
        const answer =
          code === 8
            ? framed([unit, 0x88, 1])
            : framed([unit, code, 2 * count, ...words.flatMap((word) => [word >> 8, word & 255])]);
        const wrong = code === 8 ? null : fault();
        const sent = wrong === null ? answer : wrong(answer, number);
        if (sent !== null) port.write(sent);
      }
    });
    return { number: () => number, port };
  }

  function source(port: string): ModbusSource {
    const settings = { port, baudRate: 115_200, parity: 'none', dataBits: 8, stopBits: 1, unit: 3 } as const;
    const transport = new RtuTransport(settings, { clock, randomness: realRandomness, openSerial });
    return new ModbusSource({ schema, registers, transport, clock, axis });
  }

  it('gives no false row whatever the line does, and the others go on', async () => {
    const { edge, machine } = await cable();
    const noise = Buffer.from('\u0000\u00ff~~~noise~~~', 'latin1');
    const faults: Fault[] = [
      (answer) => Buffer.concat([noise, answer]),
      (answer) => Buffer.from(answer.map((byte, i) => (i === 3 ? byte ^ 4 : byte))),
      (answer) => Buffer.concat([Buffer.from([4]), answer.subarray(1)]),
      (answer) => answer.subarray(0, 4),
      (answer) => Buffer.concat([answer, noise]),
      () => null,
    ];
    let turn = 0;
    const { port } = await slave(machine, () => {
      turn++;
      // Each third answer is spoilt, in turn, and now and then one comes after its deadline.
      if (turn % 17 === 0) {
        return (answer) => {
          setTimeout(() => port.write(answer), 250);
          return null;
        };
      }
      return turn % 3 === 0 ? (faults[Math.floor(turn / 3) % faults.length] ?? null) : null;
    });
    const reader = source(edge);
    const sink = started(reader);
    await until('rows', () => sink.rows.length >= 25);
    let before = 0;
    for (const { values } of sink.rows) {
      const [serial, near, far] = values;
      expect([near, far].filter((value) => value !== null)).toEqual(
        [near === null ? [] : 1, far === null ? [] : 301].flat(),
      );
      if (serial === null || serial === undefined) continue;
      // Never an answer of an earlier poll.
      expect(serial).toBeGreaterThan(before);
      before = Number(serial);
    }
    expect(sink.rows.some(({ values }) => values.every((value) => value !== null))).toBe(true);
  });

  it('marks channels whose request gets no answer, while the others go on', async () => {
    const { edge, machine } = await cable();
    let dead = true;
    await slave(machine, () => (answer) => (dead && answer.readUInt16BE(3) === 301 ? null : answer));
    const reader = source(edge);
    const sink = started(reader);
    // On a busy machine the other one may be late too, now and then.
    const rowsWithNear = () => sink.rows.filter(({ values }) => values[1] === 1);
    await until('half of a row', () => rowsWithNear().length >= 3);
    expect(sink.rows.every(({ values }) => values[2] === null)).toBe(true);
    await until('the channel named', () => reader.state().unreadable.join() === 'far');
    expect(reader.state().problem).toBeNull();
    expect(sink.problems).toContainEqual(
      expect.stringMatching(/^cannot read far: the controller \(unit 3 on .*\) gave no answer in time$/),
    );
    dead = false;
    await until('whole rows', () => reader.state().unreadable.length === 0);
    expect(sink.problems.at(-1)).toBeNull();
  });

  it('survives the plug pulled and put back, under another number, and leaks no file', async () => {
    const line = await cable();
    await slave(line.machine, () => null);
    const reader = source(line.edge);
    const sink = started(reader);
    await until('rows', () => sink.rows.length >= 2);
    const terminals = [line.terminal];
    const files = openFiles();
    for (let i = 0; i < 3; i++) {
      const rows = sink.rows.length;
      await line.unplug();
      await until('the plug missed', () => /unplugged/.test(reader.state().problem ?? ''));
      // Others take the number that becomes free.
      await until('the terminal gone', () => !existsSync(terminals.at(-1) ?? ''));
      while (!existsSync(terminals.at(-1) ?? '')) await cable();
      await line.plug();
      expect(line.terminal).not.toBe(terminals.at(-1));
      terminals.push(line.terminal);
      await slave(line.machine, () => null);
      await until('rows again', () => sink.rows.length > rows && reader.state().problem === null);
    }
    // The machine's end counts too, and is as it was.
    expect(openFiles()).toBeLessThanOrEqual(files + 1);
  });
});

describe('lines', () => {
  const columns = ['serial', 'near', 'far'];
  function source(port: string, format: 'csv' | 'json', header = false): LinesSource {
    const settings = {
      port,
      baudRate: 115_200,
      parity: 'none',
      dataBits: 8,
      stopBits: 1,
      format,
      header,
    } as const;
    return new LinesSource({ schema, columns, settings, clock, axis, openSerial });
  }

  it('in CSV: damaged ones give no row, cells that are no number only miss', async () => {
    const { edge, machine } = await cable();
    const reader = source(edge, 'csv');
    const sink = started(reader);
    const port = await end(machine);
    await until('silence noticed', () => reader.state().problem !== 'not read yet');
    expect(reader.state().problem).toBe(`${edge}: nothing comes`);
    const damaged = ['1,2', '1,2,3,4', '~~~', 'x,y,z', '1,2,"3', '1,\u0000,3', `${'9'.repeat(20_000)},1,2`];
    for (const [i, line] of damaged.entries()) {
      port.write(`${line}\r\n`);
      port.write(Buffer.from([0xff, 0xc3, 10]));
      port.write(`${i + 1},20.5,-1e3\n`);
      await until('the row after', () => sink.rows.length === i + 1);
    }
    expect(sink.rows.map(({ values }) => values)).toEqual(damaged.map((_, i) => [i + 1, 20.5, -1000]));
    expect(reader.state()).toMatchObject({ problem: null, failedPolls: 2 * damaged.length, unreadable: [] });
    port.write('8,,nan\n');
    await until('the row with a hole', () => sink.rows.length === 8);
    expect(sink.rows[7]?.values).toEqual([8, null, null]);
    expect(reader.state().unreadable).toEqual(['far']);
    port.write('far,serial,other\n9,10,11\n');
    await until('a row in the order of the header', () => sink.rows.length === 9);
    expect(sink.rows[8]?.values).toEqual([10, null, 9]);
  });

  it('in JSON, by name; and none before a header where one is wanted', async () => {
    const { edge, machine } = await cable();
    const sink = started(source(edge, 'json'));
    const port = await end(machine);
    await rest(400);
    port.write('{"serial":1,"ne');
    await rest(20);
    port.write('ar":true,"uptime":5}\n{"serial":2\n[1]\n{"else":1}\n{"serial":"3","far":null}\n{"far":4}\n');
    await until('rows', () => sink.rows.length === 2 || sink.rows.some(({ values }) => values[2] === 4));
    expect(sink.rows[0]?.values).toEqual([1, 1, null]);
    expect(sink.rows.at(-1)?.values).toEqual([null, null, 4]);

    const other = await cable();
    const reader = source(other.edge, 'csv', true);
    const rows = started(reader).rows;
    const printer = await end(other.machine);
    await rest(400);
    printer.write('1,2,3\n');
    await until('the line without a header', () => reader.state().failedPolls === 1);
    printer.write('near;far\n1,5;2\n');
    await until('a row', () => rows.length === 1);
    expect(rows[0]?.values).toEqual([null, 1.5, 2]);
  });

  it('go on after the plug was pulled and put back, from a line that is whole', async () => {
    const line = await cable();
    const reader = source(line.edge, 'csv');
    const sink = started(reader);
    let number = 0;
    const printed = new Set<string>();
    const printer = async (): Promise<void> => {
      const port = await end(line.machine);
      const timer = setInterval(() => {
        number++;
        printed.add(`${number},${2 * number},7`);
        // In two halves: whoever is plugged in between must not take the second for a line.
        port.write(`${number},${2 * number}`);
        setTimeout(() => port.write(',7\n'), 40);
      }, 100);
      closers.push(() => clearInterval(timer));
      port.on('close', () => clearInterval(timer));
    };
    await printer();
    await until('rows', () => sink.rows.length >= 3);
    const files = openFiles();
    for (let i = 0; i < 2; i++) {
      const rows = sink.rows.length;
      await line.unplug();
      await until('the plug missed', () => /unplugged/.test(reader.state().problem ?? ''));
      await line.plug();
      await printer();
      await until('rows again', () => sink.rows.length >= rows + 3);
    }
    for (const { values } of sink.rows) expect(printed).toContain(values.join(','));
    expect(openFiles()).toBeLessThanOrEqual(files + 1);
  });
});

describe('a port', () => {
  it('that cannot be opened says why in words', async () => {
    const { edge } = await cable();
    const events = { data: () => {}, gone: () => {} };
    const settings = { baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 1 } as const;
    const first = await openSerial({ ...settings, port: edge }, events);
    expect(first.ok).toBe(true);
    const outcomes = await Promise.all(
      [edge, '/dev/serial/by-id/none', '/dev/null', '/etc/hostname'].map((port) =>
        openSerial({ ...settings, port }, events),
      ),
    );
    expect(outcomes).toEqual(
      [
        'is in use by another program',
        'there is no such port: unplugged, or another name',
        'is no serial port',
        'is no serial port',
      ].map((message) => ({ ok: false, message })),
    );
    if (first.ok) first.value.close();
  });

  it('has a stable name where there is one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigie-by-id-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const port = join(folder, 'ttyUSB7');
    writeFileSync(port, '');
    mkdirSync(join(folder, 'by-id'));
    expect(stableName(port, join(folder, 'by-id'))).toBeNull();
    const stable = join(folder, 'by-id', 'usb-FTDI-if00');
    symlinkSync('../ttyUSB7', stable);
    expect(stableName(port, join(folder, 'by-id'))).toBe(stable);
    expect(stableName(stable, join(folder, 'by-id'))).toBeNull();
    expect(stableName(join(folder, 'ttyUSB8'), join(folder, 'by-id'))).toBeNull();
    expect(stableName(port, '/nowhere')).toBeNull();
  });
});
