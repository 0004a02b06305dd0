// Killed programs and a bad link, at random instants: whatever happens, each row the edge had committed is stored
// once, as the controller served it, and dated right. The controller's own log is the judge: its channel `scan`
// counts reads, so that every stored row names the read it came from. VIGIE_SEED replays the instants.
import { describe, expect, it, type TestContext } from 'vitest';
import { LinkProxy } from './proxy.ts';
import { type Evidence, expectWhole } from './whole.ts';
import {
  freePort,
  kill,
  overTcp,
  type Program,
  rest,
  SimulatedMachine,
  seeded,
  seedOfRun,
  until,
  World,
} from './world.ts';

class Scene {
  readonly world = new World();
  readonly id = 'TV-01';
  readonly random: () => number;
  /** Scan served last when an edge was killed. */
  readonly kills: number[] = [];
  machine!: SimulatedMachine;
  road!: LinkProxy;
  edge: Program | null = null;
  readonly #edges: Program[] = [];

  constructor(name: string) {
    this.random = seeded(seedOfRun(name));
  }

  async start(): Promise<void> {
    const { world, id } = this;
    await world.startServer();
    await world.setUp();
    this.road = await LinkProxy.start(() => world.linkPort);
    world.atEnd(() => this.road.close());
    await world.enrolled(id, { linkPort: this.road.port });
    this.machine = new SimulatedMachine(world, id, overTcp(await freePort()));
    await this.machine.start();
    await this.startEdge();
  }

  async startEdge(): Promise<void> {
    this.edge = this.world.start('vigie-edge', this.machine.edgeArgs(this.world.edgeFolder(this.id)));
    this.#edges.push(this.edge);
    await this.edge.event('running');
  }

  async killEdge(): Promise<void> {
    if (this.edge !== null) await kill(this.edge);
    this.kills.push(this.machine.served().at(-1)?.scan ?? 0);
  }

  /** Somewhere between two numbers of ms. */
  pause(least: number, most: number): Promise<void> {
    return rest(least + (most - least) * this.random());
  }

  /** Stops the edge in order, so that all it read is committed, and has it drained. */
  async drained(): Promise<Evidence> {
    await this.edge?.stop();
    const edges = [...this.#edges];
    // An edge started again sends what the one before had kept; its controller is gone, so it adds nothing.
    await this.machine.program?.stop();
    await this.startEdge();
    await until('the backlog to drain', () => this.edge !== null && this.world.isDrained(this.id, this.edge));
    return { stored: await this.world.export(this.id), served: this.machine.served(), edges };
  }
}

async function set(name: string, { onTestFinished }: TestContext): Promise<Scene> {
  const scene = new Scene(name);
  onTestFinished(() => scene.world.dispose());
  await scene.start();
  return scene;
}

// Each in a world of its own, side by side: most of the time is waiting.
describe.concurrent('no row is lost but those not committed, none is doubled', () => {
  it('when the edge is killed again and again', async (test) => {
    const scene = await set('edge killed', test);
    for (let i = 0; i < 8; i++) {
      await scene.pause(100, 4000);
      await scene.killEdge();
      await scene.startEdge();
    }
    await scene.pause(2000, 2000);
    expectWhole(await scene.drained(), scene.kills);
  });

  it('when the server is killed again and again; what it acknowledged is there after', async (test) => {
    const scene = await set('server killed', test);
    const { world, id } = scene;
    const scans = async (): Promise<Set<unknown>> => {
      const { channels, rows } = await world.export(id);
      const at = channels.indexOf('scan');
      return new Set(rows.map(({ values }) => values[at]));
    };
    for (let i = 0; i < 6; i++) {
      await scene.pause(500, 4000);
      const before = world.status(id);
      const backlogRows = before?.backlogRows ?? Number.POSITIVE_INFINITY;
      await kill(world.server);
      await scene.pause(0, 1500);
      await world.startServer();
      // The spool forgets what is acknowledged, so acknowledged rows that were lost could never come again.
      const stored =
        (await world.get<{ schema: unknown }>(`/api/machines/${id}`)).schema === null
          ? 0
          : (await scans()).size;
      if (before !== null) expect(stored).toBeGreaterThanOrEqual(before.rows - backlogRows);
    }
    await scene.pause(2000, 2000);
    expectWhole(await scene.drained(), []);
  });

  it('when the controller answers so late that the edge has given a read up', async (test) => {
    const scene = await set('controller late', test);
    for (let i = 0; i < 12; i++) {
      await scene.pause(300, 1500);
      scene.machine.program?.process.kill('SIGSTOP');
      await scene.pause(210, 600);
      scene.machine.program?.process.kill('SIGCONT');
    }
    await scene.pause(2000, 2000);
    expectWhole(await scene.drained(), []);
  });

  it('when the link is cut, slow, or silent with both ends open', async (test) => {
    const scene = await set('link cut', test);
    const { road, world } = scene;
    for (let i = 0; i < 3; i++) {
      await scene.pause(500, 2000);
      road.set('cut');
      await scene.pause(2000, 5000);
      road.set('pass', { delayMs: i === 1 ? 150 : 0 });
    }
    await until('the link to stand again', () => world.status(scene.id)?.linkProblem === null);
    road.set('stall');
    // It gives up waiting for its acknowledgement and dials again, into the same silence.
    await until(
      'the edge to notice',
      () => scene.edge?.output().includes('the server did not answer BLOCK'),
      90_000,
    );
    road.set('pass');
    await until('the link to stand again', () => world.status(scene.id)?.linkProblem === null);
    expectWhole(await scene.drained(), []);
  });

  it('when all of it happens at once', async (test) => {
    const scene = await set('all at once', test);
    const { road, world, random } = scene;
    for (let i = 0; i < 12; i++) {
      await scene.pause(200, 2000);
      const what = random();
      if (what < 0.35) {
        await scene.killEdge();
        await scene.pause(0, 1000);
        await scene.startEdge();
      } else if (what < 0.6) {
        await kill(world.server);
        await scene.pause(0, 1000);
        await world.startServer();
      } else if (what < 0.8) {
        road.set('cut');
        await scene.pause(200, 3000);
        road.set('pass');
      } else road.set('pass', { delayMs: Math.floor(120 * random()) });
    }
    road.set('pass');
    await scene.pause(2000, 2000);
    expectWhole(await scene.drained(), scene.kills);
  });
});
