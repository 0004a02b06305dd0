// A box that has a cable and a modem, on real interfaces: it goes over the cable, goes on over the modem when the cable is
// pulled, and comes back when it is plugged in; every row arrives once.
import { afterAll, expect, it } from 'vitest';
import { LinkProxy } from './proxy.ts';
import { TwoRoads } from './two-roads.ts';
import { freePort, overTcp, SimulatedMachine, until, World } from './world.ts';

const ID = 'ROADS-1';
const world = new World();
afterAll(() => world.dispose());

it('follows the system’s routes, from one interface to the other and back', async (test) => {
  const made = TwoRoads.make();
  if (!made.ok) return test.skip(`no interfaces can be made here: ${made.message}`);
  const roads = made.value;
  world.atEnd(() => roads.remove());
  await world.startServer();
  await world.setUp();
  const front = await LinkProxy.start(() => world.linkPort, roads.serverAddress);
  world.atEnd(() => front.close());
  const folder = await world.enrolled(ID, { linkHost: roads.serverAddress, linkPort: front.port });
  const controller = new SimulatedMachine(world, ID, overTcp(await freePort()));
  await controller.start({ within: roads.within });
  const edge = world.start('vigie-edge', controller.edgeArgs(folder), { within: roads.within });
  await edge.event('running');
  let links = 0;
  /** The server has the old connection of a pulled cable, too, until its end arrives: the edge's own word counts. */
  const over = async (road: 'cable' | 'modem'): Promise<void> => {
    links++;
    await until(
      `the link over the ${road}`,
      () =>
        edge.output().split(' connected to ').length > links &&
        front.callers().includes(roads.address(road)) &&
        world.status(ID)?.linkProblem === null,
      90_000,
    );
  };

  await over('cable');
  roads.set('cable', 'down');
  await over('modem');
  roads.set('cable', 'up');
  // What goes over the modem works: that there is a better road has to be seen.
  await over('cable');
  expect(edge.output()).toContain(
    `from ${roads.address('cable')} now, no longer from ${roads.address('modem')}`,
  );
  // Nothing hangs on the road that costs.
  await until('the modem to be left', () => !front.callers().includes(roads.address('modem')));

  await controller.program?.stop();
  const served = controller.served();
  // The last one may have been on its way to the edge when the controller ended.
  const scans = await until('all rows', async () => {
    const { channels, rows } = await world.export(ID);
    const scanAt = channels.indexOf('scan');
    return rows.length >= served.length - 1 ? rows.map(({ values }) => values[scanAt]) : null;
  });
  expect(new Set(scans).size).toBe(scans.length);
  expect(new Set(scans)).toEqual(new Set(served.map(({ scan }) => scan).slice(0, scans.length)));
});
