// A controller that goes away and comes back: the edge says so to whoever stands beside it, goes on by itself, and
// the page can tell why rows are missing.
import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { command, freePort, kill, overTcp, SimulatedMachine, until, World } from './world.ts';

const world = new World();
afterAll(() => world.dispose());

it('is told in words, taken up again, and its silence explains the gap', async () => {
  await world.startServer();
  await world.setUp();
  const folder = await world.enrolled('TV-01');
  const machine = new SimulatedMachine(world, 'TV-01', overTcp(await freePort()));
  const status = () => command('vigie-edge', ['status', '--data', folder]);

  const edge = world.start('vigie-edge', machine.edgeArgs(folder));
  await until('the edge to miss its controller', async () =>
    /DOES NOT ANSWER: the/.test((await status()).stdout),
  );
  expect(await status()).toMatchObject({
    code: 1,
    stderr: '',
    stdout: expect.stringMatching(
      /^! Controller +DOES NOT ANSWER: the controller at 127\.0\.0\.1:\d+: refuses connections; check its power and cable$/m,
    ),
  });

  await machine.start();
  const answers = async () => {
    const { code, stdout } = await status();
    return code === 0 && /^ {2}Controller +answers \(\d+ rows/m.test(stdout) ? stdout : null;
  };
  expect(await until('rows', answers)).toMatch(/^ {2}Agent +running/m);

  if (machine.program !== null) await kill(machine.program);
  const before = machine.served().length;
  await until('the edge to miss it again', async () => (await status()).code === 1);
  // Longer than the ten seconds from which on a silence is worth telling.
  await until('a second agent report without it', () => edge.output().includes('refuses connections'));
  const goneAtMs = Date.now();
  await until('eleven seconds of silence', () => Date.now() - goneAtMs > 11_000);
  await machine.start();
  await until('rows again', answers);
  await until('the new rows stored', async () => {
    const { rows } = await world.export('TV-01');
    return rows.length > before + 10;
  });
  // One process all along: nobody had to start it again.
  expect(world.status('TV-01')?.pid).toBe(edge.process.pid);

  interface Gap {
    readonly fromMs: number;
    readonly toMs: number;
    readonly reason: string | null;
  }
  const chart = await world.get<{ gaps: Gap[] }>(
    `/api/chart?machine=TV-01&channels=scan&from=${goneAtMs - 600_000}&to=${Date.now()}&width=500`,
  );
  expect(chart.gaps.map(({ reason }) => reason)).toEqual(['controller-silent']);
  const [gap] = chart.gaps;
  const served = machine.served();
  expect(gap?.fromMs).toBeGreaterThan((served[before - 1]?.utcMs ?? 0) - 1000);
  expect(gap?.toMs).toBeGreaterThan(goneAtMs + 11_000);
  const { entries } = await world.get<{ entries: { kind: string; facts: { reason?: string } }[] }>(
    '/api/machines/TV-01/journal',
  );
  const told = entries.filter(({ kind }) => kind === 'gap').map(({ facts }) => facts.reason);
  // Before its first start, and in between.
  expect(told.at(0)).toBe('controller-silent');

  // A controller that has forgotten everything: its counters start again.
  if (machine.program !== null) await kill(machine.program);
  rmSync(world.path('state-TV-01.json'), { force: true });
  await machine.start();
  const reset = await until('the reset told', async () => {
    const journal = await world.get<{ entries: { kind: string; channel: string; facts: object }[] }>(
      '/api/machines/TV-01/journal',
    );
    return journal.entries.find(({ kind, channel }) => kind === 'counter-reset' && channel === 'scan');
  });
  const { before: counted, after: again } = reset.facts as { before: number; after: number };
  expect(again).toBeLessThan(counted);

  expect(await edge.stop()).toBe(0);
  const after = await status();
  expect(after.code).toBe(1);
  expect(after.stdout).toMatch(/^! Agent +NOT RUNNING/m);
});
