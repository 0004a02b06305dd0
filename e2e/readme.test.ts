// The commands of README.md and CONTRIBUTING.md, as they stand there: npm scripts exist, and the walk through one
// server and one machine by hand is run line by line, with free ports and a folder of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { command, freePort, type Program, root, until, World } from './world.ts';

let world: World | null = null;
afterEach(async () => {
  await world?.dispose();
  world = null;
});

/** Lines of the `sh` blocks of a page. */
function commandsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
}

it('names only npm scripts and steps that there are', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const steps = readFileSync(join(root, 'scripts', 'test.mjs'), 'utf8');
  const lines = [...commandsOf('README.md'), ...commandsOf('CONTRIBUTING.md')];
  const npm = lines.filter((line) => line.startsWith('npm '));
  expect(npm.length).toBeGreaterThan(3);
  for (const line of npm) {
    const [, first = '', second = ''] = line.split(' ');
    expect(Object.keys(scripts), line).toContain(first === 'run' ? second : first);
    if (first === 'test') {
      for (const step of line.split(' -- ')[1]?.split(' ') ?? []) expect(steps, line).toContain(`'${step}'`);
    }
  }
  expect(lines.filter((line) => !/^(npm|npx) /.test(line))).toEqual([]);
});

it('leads by hand from nothing to a machine whose rows are stored', async () => {
  world = new World();
  const { folder } = world;
  const recording = join(folder, 'recording.csv');
  writeFileSync(
    recording,
    `t,temperature\n${Array.from({ length: 300 }, (_, i) => `${1_700_000_000_000 + i * 1000},${20 + (i % 7) / 10}`).join('\n')}\n`,
  );
  const [port, linkPort] = [await freePort(), await freePort()];
  writeFileSync(
    join(folder, 'simulator.yaml'),
    JSON.stringify({
      machines: [{ id: 'TV-12', kind: 'turbevap', model: join(root, 'models', 'turbevap.yaml'), port: 0 }],
    }),
  );
  const simulator = world.start('vigie-simulator', ['--config', join(folder, 'simulator.yaml')]);
  const modbusPort = await simulator.event<number>('listening-TV-12');
  let code = '';
  let running: Program | null = null;
  const ran: string[] = [];
  // The password is forgotten last: README tells of it first.
  const isReset = (line: string): number => (line.includes('reset-password') ? 1 : 0);
  const lines = commandsOf('README.md').filter((line) => line.startsWith('npx vigie-'));
  for (const line of lines.sort((a, b) => isReset(a) - isReset(b))) {
    const text = line
      .replace('VG1-…', code)
      .replace('data/server', join(folder, 'my-server'))
      .replace(/ my-(server|edge)/, ` ${join(folder, 'my-$1')}`)
      .replace('8443', String(linkPort))
      .replace('8080', String(port))
      .replace('recording.csv', recording)
      .replace('192.0.2.10', `127.0.0.1 --port ${modbusPort}`)
      .replace('models/turbevap.yaml', join(root, 'models', 'turbevap.yaml'));
    const [, program = '', ...args] = text.split(' ');
    ran.push(`${program} ${args[0]}`);
    const name = program as 'vigie-server' | 'vigie-edge';
    if (name === 'vigie-server' && args[0] === 'run') {
      running = world.start(name, [...args, '--link-host', '127.0.0.1']);
      const { address, setupCode } = await running.event<{ address: string; setupCode: string }>('listening');
      const account = { code: setupCode, name: 'You', email: 'you@example.org', password: 'a long password' };
      const answer = await fetch(`${address}/api/setup`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...account, language: 'en' }),
      });
      expect(answer.status).toBe(200);
    } else if (args.includes('modbus-tcp')) {
      const edge = world.start(name, args);
      await edge.event('running');
      const status = ['status', '--data', join(folder, 'my-edge')];
      await until(
        'the controller and the link to be well',
        async () => (await command(name, status)).code === 0,
      );
    } else if (args[0] === 'status') {
      // The recording's agent has ended: it says so, in words.
      const { code: exit, stdout } = await command(name, args);
      expect(exit).toBe(1);
      expect(stdout).toContain('NOT RUNNING');
    } else {
      const { code: exit, stdout, stderr } = await command(name, args);
      expect(exit, `${line}\n${stderr}`).toBe(0);
      code = /VG1-[A-Z2-7-]+/.exec(stdout)?.[0] ?? code;
    }
  }
  expect(running).not.toBeNull();
  expect(ran).toContain('vigie-edge enrol');
  expect(ran.length).toBe(7);
});
