// Two servers on one PostgreSQL, and edges on roads that can be led to either: what tests of several servers share.
// VIGIE_SEED replays the instants. Not here: what goes wrong (servers.test.ts, database.test.ts).
import type { TestContext } from 'vitest';
import { type Postgres, startPostgres } from '../scripts/postgres.ts';
import { LinkProxy } from './proxy.ts';
import { expectWhole } from './whole.ts';
import {
  type AnotherServer,
  freePort,
  overTcp,
  type Program,
  rest,
  SimulatedMachine,
  seeded,
  seedOfRun,
  until,
  World,
} from './world.ts';

interface Machine {
  readonly id: string;
  readonly simulated: SimulatedMachine;
  readonly road: LinkProxy;
  /** Link port of the server that its road leads to. */
  target: number;
  edge: Program;
}

export interface MachinePage {
  readonly link: { readonly connected: boolean; readonly connectedSinceMs: number | null };
}

/** Two servers on one database, and edges on roads that can be led to either. */
export class Fleet {
  readonly world = new World();
  readonly random: () => number;
  readonly machines: Machine[] = [];
  a!: AnotherServer;
  b!: AnotherServer;

  constructor(name: string) {
    this.random = seeded(seedOfRun(name));
  }

  async start(database: string, count: number): Promise<void> {
    const { world } = this;
    world.database = database;
    const program = await world.startServer();
    this.a = { program, address: world.address, linkPort: world.linkPort, setupCode: null };
    this.b = await world.startAnother('server-b');
    for (let i = 1; i <= count; i++) {
      const machine: Pick<Machine, 'target'> = { target: i % 2 === 1 ? this.a.linkPort : this.b.linkPort };
      const road = await LinkProxy.start(() => machine.target);
      world.atEnd(() => road.close());
      const id = `TV-0${i}`;
      await world.enrolled(id, { linkPort: road.port });
      const simulated = new SimulatedMachine(world, id, overTcp(await freePort()));
      await simulated.start();
      const edge = await this.#edgeOf(id, simulated);
      this.machines.push(Object.assign(machine, { id, simulated, road, edge }));
    }
  }

  async #edgeOf(id: string, simulated: SimulatedMachine): Promise<Program> {
    const edge = this.world.start('vigie-edge', simulated.edgeArgs(this.world.edgeFolder(id)));
    await edge.event('running');
    return edge;
  }

  pause(leastMs: number, mostMs: number): Promise<void> {
    return rest(leastMs + (mostMs - leastMs) * this.random());
  }

  lead(machine: Machine, to: AnotherServer): void {
    machine.target = to.linkPort;
    machine.road.set('cut');
    machine.road.set('pass');
  }

  /** At least so many rows are acknowledged beyond now. */
  async flows(rows = 30): Promise<void> {
    const acknowledged = ({ id }: Machine): number => {
      const status = this.world.status(id);
      return status === null ? 0 : status.rows - status.backlogRows;
    };
    const before = this.machines.map(acknowledged);
    await until('rows to be acknowledged', () =>
      this.machines.every((machine, i) => acknowledged(machine) >= (before[i] ?? 0) + rows),
    );
  }

  /** All that was served is asked of a server that runs. */
  async expectAll(): Promise<void> {
    const { world } = this;
    const read = this.machines.map(({ edge }) => edge);
    for (const machine of this.machines) {
      await machine.edge.stop();
      await machine.simulated.program?.stop();
      machine.edge = await this.#edgeOf(machine.id, machine.simulated);
    }
    for (const [i, { id, edge, simulated }] of this.machines.entries()) {
      await until('the backlog to drain', () => world.isDrained(id, edge));
      expectWhole({ stored: await world.export(id), served: simulated.served(), edges: [read[i]!] }, []);
    }
  }
}

export async function fleet(name: string, { onTestFinished }: TestContext): Promise<Fleet> {
  const one = new Fleet(name);
  onTestFinished(() => one.world.dispose());
  return one;
}

export async function database({ onTestFinished }: TestContext): Promise<Postgres> {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.dispose());
  return postgres;
}
