// Several servers on one PostgreSQL, as real processes: edges go from one to another, and servers are killed under load.
// Whatever happens, every row the controllers served is stored once, and a page at any server shows machines connected
// to any other. VIGIE_SEED replays the instants.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { database, fleet, type MachinePage } from './several-servers.ts';
import { command, kill, until } from './world.ts';

it('shows at one server what is connected to the other, and loses nothing when servers are killed', async (test) => {
  const postgres = await database(test);
  const one = await fleet('servers killed', test);
  const { world } = one;
  await one.start(await postgres.createDatabase(), 2);
  // The code that one printed serves at the other, and what that opens serves at both.
  await world.setUp(one.b.address);
  await one.flows();
  const [first] = one.machines;
  if (first === undefined) throw new Error('no machine');

  // The page at B of a machine connected to A.
  world.address = one.b.address;
  const page = () => world.get<MachinePage>(`/api/machines/${first.id}`);
  await until('B to know of it', async () => (await page()).link.connected);
  const events: string[] = [];
  const watching = new AbortController();
  const ended = world.live(first.id, (event) => events.push(event), watching.signal).catch(() => undefined);
  await until('live rows and stored blocks', () => {
    const count = (wanted: string) => events.filter((event) => event === wanted).length;
    return count('row') >= 5 && count('stored') >= 2;
  });

  // To B and back, while it is watched at B.
  for (const to of [one.b, one.a]) {
    const sinceMs = (await page()).link.connectedSinceMs;
    one.lead(first, to);
    await until('its new connection', async () => {
      const { connected, connectedSinceMs } = (await page()).link;
      return connected && connectedSinceMs !== sinceMs;
    });
    const seen = events.length;
    await until('live rows again', () => events.slice(seen).includes('row'));
  }
  watching.abort();
  await ended;

  // One is killed and comes back, then the other, again and again.
  for (let i = 0; i < 2; i++) {
    await one.pause(500, 3000);
    await kill(one.a.program);
    for (const machine of one.machines) one.lead(machine, one.b);
    world.address = one.b.address;
    await one.flows();
    await until('A to be taken for ended or away', async () => (await page()).link.connected);
    one.a = await world.startAnother('server');
    await one.pause(500, 2000);
    await kill(one.b.program);
    for (const machine of one.machines) one.lead(machine, one.a);
    world.address = one.a.address;
    await one.flows();
    one.b = await world.startAnother('server-b');
  }
  await one.expectAll();

  // A server that ended without a word takes the presence of its machines along.
  await kill(one.a.program);
  world.address = one.b.address;
  first.road.set('cut');
  await until('it to be gone', async () => !(await page()).link.connected);
});

it('does not start with keys that the other servers do not have', async (test) => {
  const postgres = await database(test);
  const { world } = await fleet('keys', test);
  world.database = await postgres.createDatabase();
  await world.startServer();
  const flags = ['--data', world.path('stranger'), '--database', world.database];
  const refused = await command('vigie-server', [...flags, '--port', '0', '--link-port', '0']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr.trim().split('\n').at(-1)).toMatch(/copy the folder keys from one of them/);
  // Nor does it give codes that would lead edges astray.
  const code = await command('vigie-server', ['add-machine', ...flags, '--id', 'M']);
  expect(code).toMatchObject({ code: 1, stdout: '' });
  rmSync(world.path('stranger', 'keys'), { recursive: true });
  mkdirSync(world.path('stranger'), { recursive: true });
  cpSync(world.path('server', 'keys'), world.path('stranger', 'keys'), { recursive: true });
  expect((await command('vigie-server', ['enrolment-code', ...flags, '--id', 'M'])).code).toBe(0);
});
