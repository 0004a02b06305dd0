// Settings of each kind of source, by file and by flag, and one sentence for each mistake.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSettings } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const common = { data: 'x', model: 'm.yaml' };

function inFile(source: object): ReturnType<typeof runSettings> {
  const config = join(folder, 'edge.yaml');
  writeFileSync(config, JSON.stringify({ ...common, source }));
  return runSettings({ config });
}

const port = '/dev/serial/by-id/usb-FTDI_FT232R-if00';

it('fills in what a source leaves out', () => {
  expect(inFile({ type: 'modbus-rtu', port })).toMatchObject({
    ok: true,
    value: {
      source: {
        ...{ type: 'modbus-rtu', port, baudRate: 19_200, parity: 'even', dataBits: 8, stopBits: 1, unit: 1 },
      },
    },
  });
  expect(inFile({ type: 'serial-lines', port, format: 'json' })).toMatchObject({
    ok: true,
    value: { source: { baudRate: 115_200, parity: 'none', dataBits: 8, stopBits: 1, header: false } },
  });
  expect(inFile({ type: 'modbus-tcp' })).toMatchObject({
    value: { source: { host: '127.0.0.1', port: 502, unit: 1 } },
  });
});

it('takes every key as a flag, which stands above the file', () => {
  const flags = { source: 'modbus-rtu', port, unit: 7, 'baud-rate': 9600, parity: 'none', 'stop-bits': 2 };
  expect(runSettings({ ...common, ...flags })).toMatchObject({
    ok: true,
    value: { source: { port, unit: 7, baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 2 } },
  });
  const lines = { source: 'serial-lines', port, format: 'csv', header: true, 'data-bits': 7 };
  expect(runSettings({ ...common, ...lines })).toMatchObject({
    value: { source: { format: 'csv', header: true, dataBits: 7 } },
  });
  const config = join(folder, 'above.yaml');
  writeFileSync(config, JSON.stringify({ ...common, source: { type: 'modbus-rtu', port, unit: 3 } }));
  expect(runSettings({ config, 'baud-rate': 4800 })).toMatchObject({
    value: { source: { type: 'modbus-rtu', unit: 3, baudRate: 4800 } },
  });
});

it.each<[object, RegExp]>([
  [{ type: 'modbus' }, /source.*: takes a type: modbus-tcp, modbus-rtu, serial-lines or csv$/],
  [{ type: 'modbus-rtu' }, /source\.port: /],
  [
    { type: 'modbus-rtu', port: 'COM3' },
    /source\.port: takes the path of a port, such as \/dev\/serial\/by-id/,
  ],
  [{ type: 'modbus-rtu', port, parity: 'mark' }, /source\.parity: takes none, even or odd$/],
  [{ type: 'modbus-rtu', port, dataBits: 7 }, /source\.dataBits: takes 8, as Modbus RTU has it$/],
  [{ type: 'modbus-rtu', port, stopBits: 3 }, /source\.stopBits: takes 1 or 2$/],
  [{ type: 'modbus-rtu', port, unit: 0 }, /source\.unit: /],
  [{ type: 'modbus-rtu', port, format: 'csv' }, /source\.format: /],
  [{ type: 'serial-lines', port }, /source\.format: takes csv or json$/],
  [{ type: 'serial-lines', port, format: 'xml' }, /source\.format: takes csv or json$/],
  [{ type: 'serial-lines', port, format: 'csv', baudRate: 0 }, /source\.baudRate: /],
])('refuses %j in the file, by line and column', (source, sentence) => {
  const outcome = inFile(source);
  expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(sentence) });
  expect(outcome).toMatchObject({ message: expect.stringMatching(/edge\.yaml:1:\d+: [^\n]+$/) });
});

it.each<[Record<string, string | number | boolean>, RegExp]>([
  [{ source: 'modbus-rtu' }, /--port PATH is missing: it names the serial port/],
  [{ source: 'modbus-rtu', port, parity: 'mark' }, /--parity: takes none, even or odd/],
  [{ source: 'modbus-rtu', port, 'data-bits': 7 }, /--data-bits: takes 8, as Modbus RTU has it/],
  [{ source: 'modbus-rtu', port, format: 'csv' }, /--format says nothing to a source of type modbus-rtu/],
  [{ source: 'serial-lines', port }, /--format is missing: csv or json/],
  [{ source: 'serial-lines', port, format: 'csv', host: 'a' }, /--host says nothing to/],
  [{ source: 'modbus-tcp', port }, /--port takes a number, not «\/dev/],
  [{ source: 'toString' }, /--source takes modbus-tcp, modbus-rtu, serial-lines or csv, not «toString»/],
])('refuses the flags %j', (flags, sentence) => {
  expect(runSettings({ ...common, ...flags })).toMatchObject({
    ok: false,
    message: expect.stringMatching(sentence),
  });
});

it('wants a model for everything but a recording', () => {
  expect(runSettings({ data: 'x', source: 'serial-lines', port, format: 'csv' })).toMatchObject({
    ok: false,
    message: "vigie-edge: --model FILE is missing: it says what the machine's channels are",
  });
  expect(runSettings({ data: 'x', source: 'csv', file: 'f' }).ok).toBe(true);
});

it('takes a modem, a data plan and a local page, of the example of the package and of the documents too', () => {
  const more = { modem: { through: 'at', interface: 'usb0', mayReboot: true }, localPage: {} };
  const config = join(folder, 'edge.yaml');
  writeFileSync(config, JSON.stringify({ ...common, source: { type: 'modbus-tcp' }, ...more }));
  expect(runSettings({ config })).toMatchObject({
    value: {
      modem: { through: 'at', port: '/dev/serial/by-id/*-if02-port0', interface: 'usb0', mayReboot: true },
      dataPlan: { roundUpBytes: 1, roundEvery: 'session', monthDay: 1 },
      localPage: { host: '127.0.0.1', port: 8081 },
    },
  });
  const example = readFileSync('deploy/edge/edge.example.yaml', 'utf8');
  for (const text of [example, example.replace(/^# (?=modem:|dataPlan:| )/gm, '')]) {
    writeFileSync(config, text);
    expect(runSettings({ config })).toMatchObject({ ok: true, value: { data: '/var/lib/vigie' } });
  }
  for (const page of ['hardware', 'data-plan']) {
    for (const [, yaml = ''] of readFileSync(`docs/${page}.md`, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)) {
      writeFileSync(
        config,
        `${JSON.stringify(common).slice(1, -1)}\n`.replaceAll(/"(\w+)":"([^"]+)",?/g, '$1: $2\n') +
          yaml.replaceAll(/^ {3}/gm, ''),
      );
      expect(runSettings({ config, source: 'modbus-tcp' }), yaml).toMatchObject({ ok: true });
    }
  }
  writeFileSync(
    config,
    JSON.stringify({ ...common, source: { type: 'modbus-tcp' }, modem: { through: 'smoke' } }),
  );
  expect(runSettings({ config })).toMatchObject({
    ok: false,
    message: expect.stringContaining('takes at or modemmanager'),
  });
});
