// Machines on serial ports, over real pseudo-terminals and real processes: Modbus RTU, lines of CSV, lines of JSON.
// Whatever is pulled or killed, what is stored is what the machine said, row by row and each once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Cable } from '../packages/edge/src/acquire/pty.test-support.ts';
import {
  command,
  kill,
  type Program,
  type Road,
  rest,
  root,
  SimulatedMachine,
  seeded,
  seedOfRun,
  until,
  World,
} from './world.ts';

const world = new World();
afterAll(() => world.dispose());

// Pseudo-terminals have no parity.
const ROADS: Record<string, (cable: Cable) => Road> = {
  'RTU-01': ({ edge, machine }) => ({
    simulator: { rtu: { port: machine, parity: 'none', unit: 9 } },
    source: { type: 'modbus-rtu', port: edge, parity: 'none', unit: 9 },
  }),
  'CSV-01': ({ edge, machine }) => ({
    simulator: { lines: { port: machine, format: 'csv', header: true } },
    source: { type: 'serial-lines', port: edge, format: 'csv' },
  }),
  'JSON-01': ({ edge, machine }) => ({
    simulator: { lines: { port: machine, format: 'json' } },
    source: { type: 'serial-lines', port: edge, format: 'json' },
  }),
};

it('are stored as they were said, through kills and a pulled plug', async () => {
  const random = seeded(seedOfRun('serial'));
  await world.startServer();
  await world.setUp();

  const runs = Object.entries(ROADS).map(async ([id, road]) => {
    const cable = await Cable.plugged();
    world.atEnd(() => cable.dispose());
    const folder = await world.enrolled(id);
    const machine = new SimulatedMachine(world, id, road(cable));
    const start = (): Program => world.start('vigie-edge', machine.edgeArgs(folder));
    let edge = start();
    await machine.start();
    // Before its first block there is nothing to export.
    const stored = async (): Promise<number> => (await world.export(id).catch(() => null))?.rows.length ?? 0;
    const more = async (): Promise<void> => {
      const before = await stored();
      await until(`rows of ${id}`, async () => (await stored()) >= before + 15);
    };
    await more();
    // In mid-request, in mid-line: rows are read ten times a second.
    for (let i = 0; i < 3; i++) {
      await rest(300 + random() * 500);
      await kill(edge);
      edge = start();
      await edge.event('running');
    }
    await more();
    const pid = edge.process.pid;
    await cable.unplug();
    const status = () => command('vigie-edge', ['status', '--data', folder]);
    const told =
      /^! Controller +DOES NOT ANSWER: .*: (the port is gone: unplugged\?|there is no such port.*); /m;
    await until(`${id} missed`, async () => {
      const { code, stdout } = await status();
      return code === 1 && told.test(stdout);
    });
    await cable.plug();
    await more();
    expect(edge.process.pid).toBe(pid);
    expect(edge.process.exitCode).toBeNull();
    expect(await edge.stop()).toBe(0);
    return { id, machine };
  });

  for (const { id, machine } of await Promise.all(runs)) {
    const served = new Map(machine.served().map((row) => [row.scan, row.values]));
    const { channels, rows } = await world.export(id);
    const scanAt = channels.indexOf('scan');
    const scans = rows.map(({ values }) => values[scanAt] ?? -1);
    for (const [i, { values }] of rows.entries()) expect(values, id).toEqual(served.get(scans[i] ?? -1));
    expect(scans, id).toEqual([...new Set(scans)].sort((a, b) => a - b));
    expect(rows.length, id).toBeGreaterThan(45);
  }
});

it('are refused where the model does not fit the source, with one sentence', async () => {
  const folder = await world.enrolled('NO-01');
  const lines = world.path('lines.yaml');
  const names = '{ fr: a, en: a }';
  writeFileSync(
    lines,
    `model: lines\nnames: ${names}\nchannels: [{ id: a, kind: number, names: ${names} }]\n`,
  );
  const run = (model: string, ...flags: string[]) =>
    command('vigie-edge', [
      ...[
        'run',
        '--data',
        folder,
        '--model',
        model,
        '--source',
        'modbus-rtu',
        '--port',
        '/dev/none',
        ...flags,
      ],
    ]);
  expect(await run(lines)).toMatchObject({
    code: 2,
    stderr: `${lines}: no channel has a «register», which a source of type modbus-rtu reads\n`,
  });
  expect(await run(join(root, 'models', 'chiller.yaml'), '--baud-rate', '300')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^vigie-edge: at 300 baud the model's registers take \d+ ms to read, of 800 ms: raise the baud rate, or intervalMs in .*chiller\.yaml\n$/,
    ),
  });
});
