// Several servers on one PostgreSQL, as real processes: edges go from one to another, servers and the database are killed
// under load, the database hangs. Whatever happens, every row the controllers served is stored once, and a page at any
// server shows machines connected to any other. VIGIE_SEED replays the instants.
import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import {
  EXPORTER_BYTES,
  EXPORTER_LABEL,
  encodeFrame,
  FrameReader,
  PROTOCOL_VERSION,
  proofMessage,
} from '@vigie/protocol';
import { expect, it, type TestContext } from 'vitest';
import { type Postgres, startPostgres, startStandby } from '../scripts/postgres.ts';
import { LinkProxy } from './proxy.ts';
import { expectWhole } from './whole.ts';
import {
  type AnotherServer,
  command,
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

interface Machine {
  readonly id: string;
  readonly simulated: SimulatedMachine;
  readonly road: LinkProxy;
  /** Link port of the server that its road leads to. */
  target: number;
  edge: Program;
}

interface MachinePage {
  readonly link: { readonly connected: boolean; readonly connectedSinceMs: number | null };
}

/** Two servers on one database, and edges on roads that can be led to either. */
class Fleet {
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
    for (const machine of this.machines) {
      await machine.edge.stop();
      await machine.simulated.program?.stop();
      machine.edge = await this.#edgeOf(machine.id, machine.simulated);
    }
    for (const { id, edge, simulated } of this.machines) {
      await until('the backlog to drain', () => world.isDrained(id, edge));
      expectWhole({ stored: await world.export(id), served: simulated.served() }, []);
    }
  }
}

/** A machine that has proved what it is and sends as much as it is let. */
class Flood {
  readonly #socket: TLSSocket;
  readonly #ended: Promise<void>;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    this.#ended = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static async open(folder: string, port: number): Promise<Flood> {
    const key = createPrivateKey(readFileSync(join(folder, 'machine-key.pem')));
    const socket = connect({
      ...{ host: '127.0.0.1', port, minVersion: 'TLSv1.3', ALPNProtocols: ['vigie/1'] },
      rejectUnauthorized: false,
    });
    const flood = new Flood(socket);
    await once(socket, 'secureConnect');
    const exporter = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
    const body = {
      ...{ protocol: PROTOCOL_VERSION, machine: 'FLOOD', spool: '0123456789abcdef' },
      proof: sign(null, proofMessage(exporter, 'FLOOD'), key).toString('base64'),
      ...{ bootNumber: 1, bootId: 'boot', monotonicMs: 0, schema: '0'.repeat(16), prior: null },
      ...{ oldestSequence: 0, nextSequence: 0, settings: null },
    };
    socket.write(encodeFrame({ type: 'HELLO', body }));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(new FrameReader().push(chunk)).toMatchObject([{ frame: { type: 'WELCOME' } }]);
    socket.resume();
    return flood;
  }

  get sentMegabytes(): number {
    return Math.round((this.#socket.bytesWritten - this.#socket.writableLength) / 2 ** 20);
  }

  /** Resolves when all has left, or when the server has ended the connection: it could not ask who this is. */
  async run(megabytes: number): Promise<void> {
    const block = new Uint8Array((1 << 20) - 64);
    for (let sent = 0; sent < megabytes && !this.#socket.destroyed; sent++) {
      const frame = encodeFrame({ type: 'LIVE', bootNumber: 1, monotonicMs: sent, block });
      if (!this.#socket.write(frame)) await Promise.race([once(this.#socket, 'drain'), this.#ended]);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

function residentMegabytes({ process: { pid } }: Program): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

async function fleet(name: string, { onTestFinished }: TestContext): Promise<Fleet> {
  const one = new Fleet(name);
  onTestFinished(() => one.world.dispose());
  return one;
}

async function database({ onTestFinished }: TestContext): Promise<Postgres> {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.dispose());
  return postgres;
}

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

it('goes over to the standby when the primary is killed under load', async (test) => {
  const primary = await database(test);
  const url = await primary.createDatabase('vigie');
  const standby = await startStandby(primary);
  test.onTestFinished(() => standby.dispose());
  const one = await fleet('failover', test);
  const both = url.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`);
  // The standby first: whichever is written first, the primary is found.
  await one.start(both.replace(/(127\S+?),(127[^/]+)/, '$2,$1'), 2);
  await one.world.setUp();
  await one.flows();
  await one.pause(0, 2000);
  await primary.kill9();
  // Nobody acknowledges while there is no primary.
  await one.pause(1000, 4000);
  await standby.promote();
  await one.flows();
  for (const server of [one.a, one.b]) {
    one.world.address = server.address;
    const [machine] = one.machines;
    await until(
      'it to be connected for both',
      async () => (await one.world.get<MachinePage>(`/api/machines/${machine?.id}`)).link.connected,
    );
    expect(server.program.process.exitCode).toBeNull();
  }
  await one.expectAll();
});

it('waits for a database that hangs, and holds no more than it may of what comes meanwhile', async (test) => {
  const postgres = await database(test);
  const one = await fleet('hanging', test);
  await one.start(await postgres.createDatabase(), 2);
  await one.world.setUp();
  await one.flows();
  const flood = await Flood.open(await one.world.enrolled('FLOOD'), one.a.linkPort);
  test.onTestFinished(() => flood.close());
  const before = residentMegabytes(one.a.program);
  postgres.freeze();
  test.onTestFinished(() => postgres.thaw());
  const flooding = flood.run(400);
  let most = before;
  for (let i = 0; i < 100; i++) {
    await rest(200);
    most = Math.max(most, residentMegabytes(one.a.program));
  }
  console.log(`${flood.sentMegabytes} MB sent; the server held ${before} MB before, ${most} MB at most`);
  // 64 MB, and what lies in buffers of both systems.
  expect(flood.sentMegabytes).toBeGreaterThan(50);
  expect(flood.sentMegabytes).toBeLessThan(100);
  expect(most - before).toBeLessThan(200);
  postgres.thaw();
  await flooding;
  await one.flows();
  await one.expectAll();
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
