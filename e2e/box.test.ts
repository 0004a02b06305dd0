// The box in the field, on real processes: a link of 10 kbit/s carries what matters, and the page on the box itself tells the
// truth with the server away.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalView } from '../packages/edge/src/local/local-page.ts';
import { PAGE } from '../packages/edge/src/local/page.html.ts';
import { LinkProxy } from './proxy.ts';
import { freePort, overTcp, type Program, SimulatedMachine, until, World } from './world.ts';

const world = new World();
const id = 'BOX-1';
let road: LinkProxy;
let pagePort = 0;
let config = '';
beforeAll(async () => {
  await world.startServer();
  await world.setUp();
  road = await LinkProxy.start(() => world.linkPort);
  world.atEnd(() => road.close());
  await world.enrolled(id, { linkPort: road.port });
  const controller = new SimulatedMachine(world, id, overTcp(await freePort()));
  await controller.start();
  config = controller.edgeArgs(world.edgeFolder(id))[1] ?? '';
  pagePort = await freePort();
  const settings = JSON.parse(readFileSync(config, 'utf8'));
  writeFileSync(config, `${JSON.stringify({ ...settings, localPage: { port: pagePort } })}\n`);
});
afterAll(() => world.dispose());

async function started(): Promise<Program> {
  const edge = world.start('vigie-edge', ['--config', config]);
  await edge.event('running');
  await until('the page', () => edge.output().includes('local page: http://127.0.0.1'));
  return edge;
}
const local = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${pagePort}${path}`, init);
const view = async () => (await (await local('/view')).json()) as LocalView;
const test = async () =>
  (await (await local('/test', { method: 'POST', headers: { 'x-vigie': 'test' } })).json()) as {
    ok: boolean;
    message?: string;
    rows?: number;
  };

describe('the page on the box', () => {
  it('shows values, spool, clock and link, and tests the way to the server and back', async () => {
    const edge = await started();
    await until('the link', async () => (await view()).status.linkProblem === null);
    const shown = await view();
    expect(shown.status).toMatchObject({ machine: id, controllerProblem: null, modem: null });
    expect(shown.status.data.monthBytes).toBeGreaterThan(2000);
    expect(shown.channels.length).toBeGreaterThan(30);
    expect(shown.channels[0]).toMatchObject({ names: { fr: expect.any(String), en: expect.any(String) } });
    expect(shown.channels.some(({ value }) => typeof value === 'number')).toBe(true);
    expect(await test()).toMatchObject({ ok: true });
    // What the data have cost is known to the server too.
    const machine = await until('the report', async () => {
      const found = await world.get<{ link: { report: { data: { monthBytes: number } } | null } }>(
        `/api/machines/${id}`,
      );
      return found.link.report;
    });
    expect(machine.data.monthBytes).toBeGreaterThan(2000);
    road.set('cut');
    await until('the cut', async () => (await view()).status.linkProblem !== null);
    expect((await view()).channels.some(({ value }) => typeof value === 'number')).toBe(true);
    road.set('pass');
    // The test does not wait for the next attempt.
    expect(await test()).toMatchObject({ ok: true });
    await edge.stop();
  });

  it('is this box’s alone, and has no address but its own', async () => {
    const edge = await started();
    expect((await local('/')).headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await local('/test', { method: 'POST' })).status).toBe(403);
    expect((await local('/../etc/passwd')).status).toBe(404);
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request({
        port: pagePort,
        host: '127.0.0.1',
        path: '/view',
        headers: { host: 'evil.example' },
      });
      asked.on('response', (answer) => resolve(answer.statusCode)).on('error', reject);
      asked.end();
    });
    expect(status).toBe(421);
    expect(PAGE).not.toMatch(/https?:\/\//);
    await edge.stop();
  });
});

describe('a link of 10 kbit/s', () => {
  it('drains the backlog and carries blocks, without live rows beside them', async () => {
    const before = await started();
    await until('rows', async () => (await view()).rowAgoMs !== null);
    road.set('cut');
    // At ten rows a second, as many as a usual box gathers in some minutes.
    await until('a backlog', async () => (await view()).status.backlogRows > 200);
    let live = 0;
    const ending = new AbortController();
    const watching = world
      .live(id, (event) => (live += event === 'row' ? 1 : 0), ending.signal)
      .catch(() => undefined);
    road.set('pass', { bytesPerS: 1250 });
    await until('the backlog to drain', async () => (await view()).status.backlogRows < 40, 200_000);
    const { rows } = await world.export(id);
    expect(rows.length).toBeGreaterThan(200);
    console.log(`10 kbit/s: ${rows.length} rows stored, ${live} live rows beside them`);
    // Ten a second would be the whole link.
    expect(live).toBeLessThan(rows.length / 4);
    ending.abort();
    await watching;
    await before.stop();
  });
});
