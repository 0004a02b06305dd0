// The programs as a person meets them: help that lists every flag, and for each mistake one clear sentence on stderr,
// the right exit code, nothing half done.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer as tcp } from 'node:net';
import { join } from 'node:path';
import { createServer as tls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkIdentity } from '../packages/server/src/gateway/identity.ts';
import { type CommandResult, command, freePort, root, until, World } from './world.ts';

const world = new World();
beforeAll(async () => {
  await world.startServer();
  await world.setUp();
});
afterAll(() => world.dispose());

type Name = Parameters<typeof command>[0];

function file(name: string, text: string): string {
  writeFileSync(world.path(name), text);
  return world.path(name);
}

/** One sentence on stderr, nothing on stdout, nobody's stack. */
function expectSentence(result: CommandResult, code: number, sentence: RegExp): void {
  expect(result.stderr).toMatch(sentence);
  expect(result.stderr.trim().split('\n'), result.stderr).toHaveLength(1);
  expect(result.stderr).not.toMatch(/\bat .*:\d+:\d+\)?$|Error:|undefined|\[object/m);
  expect(result.stdout).toBe('');
  expect(result.code).toBe(code);
}

describe('help', () => {
  const edgeFlags = [
    ...['config', 'data', 'model', 'source', 'host', 'port', 'unit', 'baud-rate', 'parity', 'data-bits'],
    ...['stop-bits', 'format', 'header', 'file', 'speed'],
  ];
  const serverFlags = [
    ...['config', 'data', 'database', 'host', 'port', 'tls-cert', 'tls-key', 'trust-proxy', 'edge-packages'],
    ...['link-host', 'link-port', 'smtp', 'smtp-password-file', 'mail-from', 'public-url'],
    ...['webhook', 'webhook-secret-file', 'webhook-allow-private'],
  ];
  const commands: [Name, string[], string[]][] = [
    ['vigie-server', [], serverFlags],
    ['vigie-server', ['run'], serverFlags],
    ['vigie-server', ['add-machine'], ['data', 'database', 'id', 'name', 'site', 'time-zone', 'interval']],
    ['vigie-server', ['enrolment-code'], ['data', 'database', 'id']],
    [
      'vigie-server',
      ['settings'],
      ['data', 'database', 'id', 'interval', 'keep-days', 'budget-mb', 'reset', 'name', 'band', 'limit'],
    ],
    ['vigie-server', ['revoke'], ['data', 'database', 'id']],
    ['vigie-server', ['rotate-link-key'], ['data', 'database', 'force']],
    ['vigie-server', ['reset-password'], ['data', 'database', 'email', 'without-second-factor']],
    ['vigie-server', ['backup'], ['data', 'database', 'to']],
    ['vigie-server', ['restore'], ['from', 'data']],
    ['vigie-server', ['check'], ['data', 'database', 'json', 'repair']],
    ['vigie-server', ['compact'], ['data', 'database']],
    ['vigie-server', ['mail'], ['data', 'database']],
    ['vigie-edge', [], edgeFlags],
    ['vigie-edge', ['run'], edgeFlags],
    ['vigie-edge', ['enrol'], ['server', 'code', 'data']],
    ['vigie-edge', ['rotate-key'], ['data']],
    ['vigie-edge', ['status'], ['data', 'json']],
    ['vigie-simulator', [], ['config']],
    ['demo', [], ['port', 'link-port', 'data', 'machines', 'days', 'dev']],
  ];
  it.concurrent.each(commands)('%s %j --help lists its flags', async (name, words, flags) => {
    const { code, stdout, stderr } = await command(name, [...words, '--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const listed = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1]);
    expect(listed).toEqual([...flags, 'help']);
  });
  it.concurrent.each(['vigie-server', 'vigie-edge'] as const)('%s --version', async (name) => {
    const { code, stdout } = await command(name, ['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(\d+\.\d+\.\d+|from sources)\n$/);
  });
});

describe('wrong flags', () => {
  const wrong: [Name, string[], RegExp][] = [
    ['vigie-server', ['--prot', '1'], /unknown flag --prot/],
    ['vigie-server', ['--data', 'x', '--port', 'eighty'], /--port takes a number, not «eighty»/],
    ['vigie-server', ['--data', 'x', '--port', '70000'], /port: .*65535/],
    ['vigie-server', ['--port', '0'], /--data DIR is missing/],
    ['vigie-server', ['--data'], /--data/],
    ['vigie-server', ['serve'], /«serve» is one argument too many/],
    ['vigie-server', ['add-machine', '--data', 'x'], /--data and --id are needed/],
    ['vigie-server', ['add-machine', '--data', 'x', '--id', 'a b'], /«a b» is not letters, digits/],
    [
      'vigie-server',
      ['add-machine', '--data', 'x', '--id', 'a', '--time-zone', 'Mars/Base'],
      /«Mars\/Base» is no zone/,
    ],
    ['vigie-server', ['add-machine', '--data', 'x', '--id', 'a', '--interval', '0.5'], /--interval .*0.5/],
    ['vigie-server', ['enrolment-code', '--id', 'a'], /--data and --id are needed/],
    ['vigie-server', ['settings', '--id', 'a'], /--data and --id are needed/],
    ['vigie-server', ['revoke', '--data', 'x'], /--data and --id are needed/],
    ['vigie-server', ['rotate-link-key'], /--data is needed/],
    ['vigie-server', ['reset-password', '--data', 'x'], /--data and --email are needed/],
    ['vigie-server', ['backup', '--data', 'x'], /--data and --to are needed/],
    [
      'vigie-server',
      ['backup', '--data', 'x', '--to', 'y', '--database', 'z'],
      /--database: an address like/,
    ],
    ['vigie-server', ['restore', '--data', 'x'], /--from and --data are needed/],
    ['vigie-server', ['restore', '--data', 'x', '--frm', 'y'], /unknown flag --frm/],
    ['vigie-server', ['check'], /--data is needed/],
    ['vigie-server', ['check', '--data', 'x', '--database', 'mysql://a/b'], /--database: an address like/],
    ['vigie-server', ['compact', 'x'], /«x» is one argument too many/],
    ['vigie-server', ['compact'], /--data is needed/],
    ['vigie-edge', ['--sped', '2'], /unknown flag --sped/],
    ['vigie-edge', ['--source', 'csv', '--file', 'f'], /--data DIR is missing/],
    ['vigie-edge', ['--data', 'x'], /--source modbus-tcp, .* or csv is missing/],
    [
      'vigie-edge',
      ['--data', 'x', '--source', 'opc-ua'],
      /--source takes modbus-tcp, .* or csv, not «opc-ua»/,
    ],
    ['vigie-edge', ['--data', 'x', '--source', 'csv'], /--file/],
    ['vigie-edge', ['--data', 'x', '--source', 'csv', '--file', 'f', '--speed', '-1'], /--speed/],
    ['vigie-edge', ['--data', 'x', '--source', 'modbus-tcp'], /--model FILE is missing/],
    ['vigie-edge', ['--data', 'x', '--source', 'modbus-tcp', '--port', '0'], /--port/],
    ['vigie-edge', ['--data', 'x', '--source', 'modbus-tcp', '--port', '/dev/a'], /--port takes a number/],
    ['vigie-edge', ['--data', 'x', '--source', 'modbus-tcp', '--speed', '2'], /--speed says nothing to/],
    ['vigie-edge', ['--data', 'x', '--source', 'modbus-rtu'], /--port PATH is missing: it names the serial/],
    ['vigie-edge', ['--data', 'x', '--source', 'serial-lines', '--port', '/dev/a'], /--format is missing/],
    ['vigie-edge', ['enrol', '--data', 'x'], /--server, --code and --data are all needed/],
    [
      'vigie-edge',
      ['enrol', '--data', 'x', '--server', 'host:port', '--code', 'c'],
      /HOST or HOST:PORT, not «host:port»/,
    ],
    ['vigie-edge', ['rotate-key'], /--data DIR is missing/],
    ['vigie-edge', ['status'], /--data DIR is missing/],
    ['vigie-simulator', [], /--config FILE is missing/],
    ['vigie-simulator', ['--machines', '3'], /unknown flag --machines/],
    ['demo', ['--machines', '0'], /--machines takes 1 to 50/],
    ['demo', ['--days', 'many'], /--days takes a number, not «many»/],
    ['demo', ['--machine', '3'], /unknown flag --machine/],
  ];
  it.concurrent.each(wrong)('%s %j', async (name, args, sentence) => {
    const result = await command(name, args);
    expectSentence(result, 2, sentence);
    expect(existsSync(join(root, 'x'))).toBe(false);
  });
});

describe('wrong files', () => {
  it('YAML: malformed, an unknown key, a wrong value are named by line and column', async () => {
    const broken = file('broken.yaml', 'data: x\nport: [1, 2\nhost: y\n');
    expectSentence(await command('vigie-server', ['--config', broken]), 2, /broken\.yaml:[23]:\d+: /);
    const unknown = file('unknown.yaml', 'data: x\nlinkport: 1\n');
    expectSentence(
      await command('vigie-server', ['--config', unknown]),
      2,
      /unknown\.yaml:2:1: .*"?linkport"?/,
    );
    const value = file('value.yaml', 'data: x\nport: lots\n');
    expectSentence(await command('vigie-server', ['--config', value]), 2, /value\.yaml:2:7: port: /);
    expectSentence(
      await command('vigie-edge', ['--config', world.path('none.yaml')]),
      2,
      /none\.yaml: no such file/,
    );
    expectSentence(await command('vigie-edge', ['--config', world.folder]), 2, /is a folder/);
    const bomb = file(
      'bomb.yaml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`)
        .join('\n')}\n`,
    );
    expectSentence(await command('vigie-edge', ['--config', bomb]), 2, /bomb\.yaml/);
    const machines = file('machines.yaml', 'machines:\n  - { id: A, kind: boat, model: m.yaml }\n');
    expectSentence(
      await command('vigie-simulator', ['--config', machines]),
      2,
      /machines\.yaml:2:\d+: machines\.0\.kind: /,
    );
  });

  it('a model: a register out of range, an id twice, limits that fall', async () => {
    const folder = await world.enrolled('model');
    const model = readFileSync(join(root, 'models', 'turbevap.yaml'), 'utf8');
    const run = (name: string, text: string) =>
      command('vigie-edge', [
        ...['--data', folder, '--source', 'modbus-tcp', '--port', '1', '--model', file(name, text)],
      ]);
    expectSentence(
      await run('far.yaml', model.replace('address: 35,', 'address: 65535,')),
      2,
      /far\.yaml:\d+:\d+: .*register.*beyond 65535/,
    );
    expectSentence(
      await run('over.yaml', model.replace('address: 35,', 'address: 70000,')),
      2,
      /over\.yaml:\d+:\d+: .*address.*65535/,
    );
    expectSentence(
      await run('twice.yaml', model.replace('id: status', 'id: state')),
      2,
      /twice\.yaml:\d+:\d+: .*«state» is the id of an earlier channel/,
    );
    expectSentence(
      await run('fall.yaml', model.replace('alarmLow: 30,', 'alarmLow: 300,')),
      2,
      /fall\.yaml:\d+:\d+: .*limits must rise/,
    );
    expect(existsSync(join(folder, 'spool.db'))).toBe(false);
  });

  it('a recording: each mistake by line and column, and nothing is sent', async () => {
    const folder = await world.enrolled('csv');
    const cases: [string, RegExp][] = [
      ['time,a\n1,2\n', /:1:1: the first column must be «t»/],
      ['', /:1:1: the file is empty/],
      ['t,a\n', /:2:1: the file has no rows/],
      ['t,a,b,a\n1,2,3,4\n', /:1:7: «a» names two columns/],
      ['t,a\n2000,1\n1000,2\n', /:3:1: time goes backwards, from 2000 to 1000/],
      ['t,a\n1000,1\n1000,2\n', /:3:1: a second row at 1000/],
      ['t,a,b\n1000,1,2\n2000,3,off\n', /:3:8: «off» is not a number \(column «b»\)/],
      ['t,a\n1000,NaN\n', /:2:6: «NaN» is not a number/],
      ['t,a\n1000,1e999\n', /:2:6: «1e999» is not a number/],
      ['t,a\n1000,1,5\n', /:2:1: 3 cells, the first line names 2 columns/],
      ['t,a\n10.5,1\n', /:2:1: «10.5» is not a time in whole Unix ms/],
      ['t,a\n4102444800000,1\n', /:2:1: .*2100-01-01.* future/],
    ];
    for (const [i, [text, sentence]] of cases.entries()) {
      const recording = file(`case-${i}.csv`, text);
      const result = await command('vigie-edge', [
        ...['--source', 'csv', '--file', recording, '--speed', '0', '--data', folder],
      ]);
      expectSentence(result, 2, new RegExp(`case-${i}\\.csv${sentence.source}`));
    }
    expect(existsSync(join(folder, 'spool.db'))).toBe(false);
    const { schema } = await world.get<{ schema: unknown }>('/api/machines/csv');
    expect(schema).toBeNull();
  });
});

describe('what stands in the way', () => {
  it('a port that is taken, for the page or for edges: said, and the program ends', async () => {
    const taken = tcp();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = String((taken.address() as AddressInfo).port);
    try {
      const server = (...flags: string[]) =>
        command('vigie-server', ['--data', world.path('other'), '--link-host', '127.0.0.1', ...flags]);
      expectSentence(await server('--port', port, '--link-port', '0'), 1, /port \d+ is taken/);
      expectSentence(await server('--port', '0', '--link-port', port), 1, /port \d+ is taken/);
      const config = file(
        'taken.yaml',
        `machines: [{ id: A, kind: turbevap, model: ${root}/models/turbevap.yaml, port: ${port} }]`,
      );
      expectSentence(await command('vigie-simulator', ['--config', config]), 1, /port \d+ is taken/);
    } finally {
      taken.close();
    }
  });

  it('a data folder that cannot be one', async () => {
    const blocked = file('blocked', 'not a folder');
    expectSentence(await command('vigie-server', ['--data', blocked, '--port', '0']), 1, /blocked.*folder/);
    expectSentence(
      await command('vigie-server', ['add-machine', '--data', blocked, '--id', 'A']),
      1,
      /blocked.*folder/,
    );
    expectSentence(
      await command('vigie-server', ['reset-password', '--data', blocked, '--email', 'a@b.c']),
      1,
      /blocked.*folder/,
    );
    for (const name of ['check', 'compact']) {
      const nowhere = await command('vigie-server', [name, '--data', world.path('nowhere')]);
      expectSentence(nowhere, 1, /nowhere is not the data folder of a vigie-server/);
    }
    expectSentence(
      await command('vigie-server', ['backup', '--data', world.path('server'), '--to', blocked]),
      1,
      /blocked is a file: a backup is a folder/,
    );
    expectSentence(
      await command('vigie-server', [
        'restore',
        '--from',
        world.path('nowhere'),
        '--data',
        world.path('new'),
      ]),
      1,
      /nowhere holds no backup of Vigie/,
    );
    expect([existsSync(world.path('nowhere')), existsSync(world.path('new'))]).toEqual([false, false]);
    const code = await world.addMachine('blocked');
    expectSentence(
      await command('vigie-edge', [
        ...['enrol', '--server', `127.0.0.1:${world.linkPort}`, '--code', code, '--data', blocked],
      ]),
      1,
      /blocked.*folder/,
    );
    expectSentence(
      await command('vigie-edge', ['--source', 'csv', '--file', 'f', '--data', blocked]),
      1,
      /blocked/,
    );
    expectSentence(await command('demo', ['--data', blocked]), 1, /blocked/);
    // The code is still good: it was not used.
    await expect(enrol(world.path('free'), code)).resolves.toMatchObject({ code: 0 });
  });

  it('a second vigie-server on the same data folder, while commands beside it work', async () => {
    const second = await command('vigie-server', [
      ...['--data', world.path('server'), '--port', '0', '--link-host', '127.0.0.1', '--link-port', '0'],
    ]);
    expectSentence(second, 1, /another vigie-server runs on/);
    await world.addMachine('beside');
    const { machines } = await world.get<{ machines: { id: string }[] }>('/api/machines');
    expect(machines.map(({ id }) => id)).toContain('beside');
    const again = await command('vigie-server', [
      ...['add-machine', '--data', world.path('server'), '--id', 'beside'],
    ]);
    expectSentence(again, 1, /machine beside is there already/);
  });

  it('a second vigie-edge on the same folder', async () => {
    const folder = await world.enrolled('two');
    const recording = file('two.csv', 't,a\n1000,1\n9999999000,2\n');
    const args = ['--source', 'csv', '--file', recording, '--speed', '1', '--data', folder];
    const first = world.start('vigie-edge', args);
    await first.event('running');
    expectSentence(await command('vigie-edge', args), 1, /another vigie-edge runs on this folder/);
    expect(await first.stop()).toBe(1);
  });
});

function enrol(data: string, code: string, port = world.linkPort): Promise<CommandResult> {
  return command('vigie-edge', ['enrol', '--server', `127.0.0.1:${port}`, '--code', code, '--data', data]);
}

describe('enrolment', () => {
  it('is needed, and says what to do', async () => {
    const recording = file('one.csv', 't,a\n1000,1\n');
    const run = ['--source', 'csv', '--file', recording, '--data', world.path('nobody')];
    expectSentence(await command('vigie-edge', run), 1, /not enrolled yet; run vigie-edge enrol/);
    expect(existsSync(world.path('nobody'))).toBe(false);
    const status = await command('vigie-edge', ['status', '--data', world.path('nobody')]);
    expect(status).toMatchObject({ code: 1, stdout: expect.stringMatching(/No agent has run/) });
  });

  it('takes a code once, whole, in time', async () => {
    const code = await world.addMachine('E-1');
    expectSentence(await enrol(world.path('e1'), 'VG1-NONSENSE!'), 1, /has a «!»/);
    expectSentence(await enrol(world.path('e1'), code.slice(0, -3)), 1, /not whole/);
    expect(existsSync(world.path('e1'))).toBe(false);
    const letter = code[4] === 'A' ? 'B' : 'A';
    const wrong = code.slice(0, 4) + letter + code.slice(5);
    expectSentence(await enrol(world.path('e1'), wrong), 1, /the code is wrong, already used or older/);
    expect((await enrol(world.path('e1'), code.toLowerCase().replaceAll('-', ' '))).code).toBe(0);
    expectSentence(await enrol(world.path('e2'), code), 1, /the code is wrong, already used or older/);
    expect(existsSync(join(world.path('e2'), 'identity.json'))).toBe(false);
    // A new code for the machine: the newest edge is the machine's.
    const fresh = await command('vigie-server', [
      ...['enrolment-code', '--data', world.path('server'), '--id', 'E-1'],
    ]);
    const next = /(VG1-[A-Z2-7-]+)/.exec(fresh.stdout)?.[1] ?? '';
    expect((await enrol(world.path('e2'), next)).code).toBe(0);
    const old = world.start('vigie-edge', [
      ...['--source', 'csv', '--file', file('e.csv', 't,a\n1000,1\n'), '--data', world.path('e1')],
    ]);
    await until('the old edge to be refused', () =>
      old.output().includes('the key is not the one machine E-1 enrolled with'),
    );
    await old.stop();
    const unknown = await command('vigie-server', [
      ...['enrolment-code', '--data', world.path('server'), '--id', 'nobody'],
    ]);
    expectSentence(unknown, 1, /there is no machine nobody/);
  });

  it('dials port 8443 where none is named', async () => {
    const code = await world.addMachine('E-3');
    const args = ['enrol', '--server', '127.0.0.1', '--code', code, '--data', world.path('e5')];
    expectSentence(await command('vigie-edge', args), 1, /: 127\.0\.0\.1:8443: /);
  });

  it('says when no server answers', async () => {
    const code = await world.addMachine('E-2');
    expectSentence(await enrol(world.path('e3'), code, await freePort()), 1, /ECONNREFUSED|refuses/);
  });

  it('gives nothing to a server whose key is not the pinned one', async () => {
    const folder = await world.enrolled('pinned');
    const code = await world.addMachine('pinned-2');
    // Somebody else's server, with the very same protocol.
    const stranger = linkIdentity(world.path('stranger'));
    let received = 0;
    let connections = 0;
    const impostor = tls(
      {
        key: stranger.keyPem,
        cert: stranger.certificatePem,
        minVersion: 'TLSv1.3',
        ALPNProtocols: ['vigie/1'],
      },
      (socket) => {
        socket.on('data', (chunk) => {
          received += chunk.length;
        });
        socket.on('error', () => undefined);
      },
    );
    impostor.on('tlsClientError', () => undefined);
    impostor.on('connection', () => {
      connections++;
    });
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    const { port } = impostor.address() as AddressInfo;
    try {
      expectSentence(await enrol(world.path('e4'), code, port), 1, /not pinned: nothing was sent/);
      const identity = JSON.parse(readFileSync(join(folder, 'identity.json'), 'utf8'));
      mkdirSync(world.path('moved'), { recursive: true });
      writeFileSync(world.path('moved', 'identity.json'), JSON.stringify({ ...identity, port }));
      writeFileSync(world.path('moved', 'machine-key.pem'), readFileSync(join(folder, 'machine-key.pem')));
      const edge = world.start('vigie-edge', [
        ...['--source', 'csv', '--file', file('p.csv', 't,a\n1000,1\n'), '--data', world.path('moved')],
      ]);
      await until('several attempts', () => connections >= 4);
      expect(edge.output()).toContain('not pinned: nothing was sent');
      const status = await command('vigie-edge', ['status', '--data', world.path('moved')]);
      expect(status.code).toBe(1);
      await edge.stop();
      expect(received).toBe(0);
    } finally {
      impostor.close();
    }
  });
});
