// What an operator sets on the server, and who may speak for a machine, on real processes: settings reach an edge that
// runs and one that was off; a bad one is refused and the last good one kept; both keys rotate, whatever is killed
// meanwhile; a credential taken away ends its connection; secrets are their owner's alone; damaged files stop nothing.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TLSSocket, createServer as tls } from 'node:tls';
import { encodeFrame, type Frame, FrameReader } from '@vigie/protocol';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkIdentity } from '../packages/server/src/gateway/identity.ts';
import { LinkProxy } from './proxy.ts';
import {
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

const world = new World();
const controllers = new Map<string, SimulatedMachine>();
beforeAll(async () => {
  await world.startServer();
  await world.setUp();
});
afterAll(() => world.dispose());

const server = (...args: string[]) =>
  command('vigie-server', [args[0] ?? '', '--data', world.path('server'), ...args.slice(1)]);
const edge = (name: string, id: string) => command('vigie-edge', [name, '--data', world.edgeFolder(id)]);

/** The edge of a machine at a simulated controller. */
async function started(id: string, linkPort = world.linkPort): Promise<Program> {
  let controller = controllers.get(id);
  if (controller === undefined) {
    if (!existsSync(world.edgeFolder(id))) await world.enrolled(id, { linkPort });
    controller = new SimulatedMachine(world, id, overTcp(await freePort()));
    controllers.set(id, controller);
    await controller.start();
  }
  const program = world.start('vigie-edge', controller.edgeArgs(world.edgeFolder(id)));
  await program.event('running');
  return program;
}

function connected(program: Program): Promise<unknown> {
  return until('the welcome', () => program.output().includes('connected to'));
}

/** What `vigie-server settings` says of the edge. */
async function said(id: string): Promise<string> {
  const { stdout } = await server('settings', '--id', id);
  return stdout.trim().split('\n').at(-1) ?? '';
}
const has = (id: string) =>
  until(`${id} to have its settings`, async () => (await said(id)).startsWith('Edge: has these'));
const inForce = (id: string) =>
  JSON.parse(readFileSync(join(world.edgeFolder(id), 'settings.json'), 'utf8')).settings;
const journal = async (id: string) =>
  (
    await world.get<{ entries: { kind: string; facts: Record<string, unknown> }[] }>(
      `/api/machines/${id}/journal?count=200`,
    )
  ).entries;

/** As another program would, past every check. */
function force(sql: string, ...values: unknown[]): void {
  const db = new Database(world.path('server', 'vigie.db'));
  db.pragma('busy_timeout = 5000');
  db.prepare(sql).run(...values);
  db.close();
}

describe('settings', () => {
  it('reach an edge that runs, and one that was off; the page shows what differs', async () => {
    const id = 'SET-1';
    let program = await started(id);
    await has(id);
    const set = await server(
      ...['settings', '--id', id, '--interval', '2', '--budget-mb', '250'],
      ...[
        '--limit',
        't_evap.alarmHigh=90',
        '--limit',
        't_evap.warningHigh=none',
        '--name',
        't_evap.fr=Bouilleur',
      ],
      ...['--band', 't_evap=31:37'],
    );
    expect(set).toMatchObject({ code: 0, stderr: '' });
    expect(set.stdout).toContain('t_evap.alarmHigh = 90 (model: 45)');
    await has(id);
    expect(inForce(id)).toMatchObject({ intervalMs: 2000, dataBudgetMb: 250 });
    const view = await world.get<{ intervalMs: number; schema: { channels: { id: string }[] } }>(
      `/api/machines/${id}`,
    );
    expect(view.intervalMs).toBe(2000);
    expect(view.schema.channels.find((channel) => channel.id === 't_evap')).toMatchObject({
      names: { fr: 'Bouilleur', en: 'Evaporation' },
      band: { low: 31, high: 37 },
      limits: { alarmLow: 20, warningLow: 27, warningHigh: null, alarmHigh: 90 },
    });
    await program.stop();
    await server('settings', '--id', id, '--interval', '3', '--reset', 't_evap');
    expect(await said(id)).toMatch(/^Edge: does not have these yet/);
    program = await started(id);
    await has(id);
    expect(inForce(id)).toEqual({ intervalMs: 3000, dataBudgetMb: 250, channels: {} });
    expect((await journal(id)).filter(({ kind }) => kind === 'settings-applied')).toHaveLength(2);
    // Those it had are in force from the first row on: its first status is written before it is connected.
    await program.stop();
    program = await started(id);
    await until('its status', () => world.status(id)?.pid === program.process.pid);
    expect((await edge('status', id)).stdout).toContain('a block every 3 s, 250 MB a month');
    await program.stop();
  });

  it('with a mistake are refused by the command, and nothing of them is set', async () => {
    const id = 'SET-1';
    const before = (await server('settings', '--id', id)).stdout;
    const wrong = await server(
      ...[
        'settings',
        '--id',
        id,
        '--interval',
        '7',
        '--limit',
        't_evap.alarmHigh=3',
        '--limit',
        'x.alarmLow=1',
      ],
    );
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/t_evap: limits must rise/),
      expect.stringMatching(/there is no channel «x»/),
    ]);
    expect((await server('settings', '--id', id)).stdout).toBe(before);
    expect(await server('settings', '--id', 'NOBODY')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no machine NOBODY'),
    });
  });

  it('set before the machine has sent anything judge its first rows: on the page and in the journal', async () => {
    const id = 'SET-3';
    const folder = await world.enrolled(id);
    const set = await server(
      'settings',
      '--id',
      id,
      '--limit',
      'temp.alarmHigh=25',
      '--name',
      'temp.en=Boiler',
    );
    expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('has sent no channels yet') });
    const rows = Array.from(
      { length: 200 },
      (_, i) => `${1_700_000_000_000 + 1000 * i},${i < 100 ? 20 : 30}`,
    );
    writeFileSync(world.path('temp.csv'), `t,temp\n${rows.join('\n')}\n`);
    const run = ['--source', 'csv', '--file', world.path('temp.csv'), '--speed', '0', '--data', folder];
    expect((await command('vigie-edge', run)).code).toBe(0);
    const { schema } = await world.get<{ schema: { channels: unknown[] } }>(`/api/machines/${id}`);
    expect(schema.channels[0]).toMatchObject({ names: { en: 'Boiler' }, limits: { alarmHigh: 25 } });
    expect((await journal(id)).find(({ kind }) => kind === 'limit-crossed')).toMatchObject({
      facts: { value: 30, level: 'alarm-high' },
    });
  });

  it('that are bad all the same are refused by the edge, which keeps the last good ones', async () => {
    const id = 'SET-2';
    const program = await started(id);
    await has(id);
    await server('settings', '--id', id, '--interval', '4');
    await has(id);
    const good = inForce(id);
    const overrides = JSON.stringify({ t_evap: { limits: { alarmHigh: 1 } } });
    force('UPDATE machine SET interval_ms = 9000, overrides = ? WHERE id = ?', overrides, id);
    await until('the refusal', async () => (await said(id)).startsWith('Edge: REFUSED these'));
    expect(await said(id)).toMatch(/t_evap: limits must rise/);
    expect(inForce(id)).toEqual(good);
    expect((await journal(id))[0]).toMatchObject({
      kind: 'settings-refused',
      facts: { why: expect.stringContaining('limits must rise') },
    });
    const status = await until('its status', async () => {
      const found = await edge('status', id);
      return found.stdout.includes('REFUSED') ? found : null;
    });
    expect(status.code).toBe(1);
    expect(status.stdout.split('\n')[1]).toMatch(/^! Settings +REFUSED .*limits must rise/);
    expect(status.stdout).toContain('a block every 4 s');
    // Told once: a new connection of the same agent does not bring them again.
    await server('settings', '--id', id, '--reset', 't_evap', '--interval', '5');
    await has(id);
    await program.stop();
  });
});

/** A server of another version: says what the test wants, to an edge that pins it. */
class OtherServer {
  readonly frames: Frame[] = [];
  readonly #server: ReturnType<typeof tls>;
  #socket: TLSSocket | null = null;
  readonly pins: readonly string[];

  constructor(settings: Record<string, unknown>) {
    const identity = linkIdentity(world.path('other-server'));
    this.pins = identity.pins;
    const options = {
      key: identity.keyPem,
      cert: identity.certificatePem,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['vigie/1'],
    };
    this.#server = tls(options as Parameters<typeof tls>[0], (socket) => {
      this.#socket = socket;
      const reader = new FrameReader();
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        for (const result of reader.push(chunk)) {
          if (!result.ok) continue;
          this.frames.push(result.frame);
          if (result.frame.type !== 'HELLO') continue;
          const { oldestSequence } = result.frame.body;
          const welcome = {
            utcMs: Date.now(),
            nextSequence: oldestSequence,
            lastRow: null,
            schemaWanted: false,
            priorWanted: false,
          };
          this.send({ type: 'WELCOME', body: welcome });
          this.send({ type: 'SETTINGS', body: { hash: 'feedfeedfeedfeed', settings, pins: [...this.pins] } });
        }
      });
    });
  }
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }
  send(frame: Frame): void {
    this.#socket?.write(encodeFrame(frame));
  }
  heard<T extends Frame['type']>(type: T): Promise<Extract<Frame, { type: T }>> {
    return until(
      type,
      () => this.frames.find((frame) => frame.type === type) as Extract<Frame, { type: T }> | undefined,
    );
  }
  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }
}

describe('a server of another version', () => {
  it.each([
    ['knows more: the rest holds', { deadbands: {} }, 'applied', 'this edge is too old for deadbands'],
    ['sends nonsense: refused', { intervalMs: 'soon' }, 'refused', expect.stringMatching(/^intervalMs: /)],
  ])('%s', async (_, more, outcome, message) => {
    const id = 'SET-1';
    const folder = world.path(`edge-of-${outcome}`);
    mkdirSync(folder);
    const other = new OtherServer({ intervalMs: 6000, dataBudgetMb: null, channels: {}, ...more });
    const port = await other.listen();
    const identity = JSON.parse(readFileSync(join(world.edgeFolder(id), 'identity.json'), 'utf8'));
    writeFileSync(join(folder, 'identity.json'), JSON.stringify({ ...identity, port, pins: other.pins }));
    writeFileSync(
      join(folder, 'machine-key.pem'),
      readFileSync(join(world.edgeFolder(id), 'machine-key.pem')),
    );
    const program = world.start('vigie-edge', controllers.get(id)?.edgeArgs(folder) ?? []);
    expect((await other.heard('SETTLED')).body).toEqual({ hash: 'feedfeedfeedfeed', outcome, message });
    expect((await other.heard('HELLO')).body.settings).toBeNull();
    expect(existsSync(join(folder, 'settings.json'))).toBe(outcome === 'applied');
    await program.stop();
    other.close();
  });
});

describe('the key of a machine', () => {
  it('rotates while the agent runs and while it does not; the old key is worth nothing', async () => {
    const id = 'KEY-1';
    let program = await started(id);
    await connected(program);
    const keyFile = join(world.edgeFolder(id), 'machine-key.pem');
    const first = readFileSync(keyFile, 'utf8');
    expect(await edge('rotate-key', id)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(keyFile, 'utf8')).not.toBe(first);
    await until('the agent to speak by the new key', () => program.output().split('connected to').length > 2);
    await program.stop();
    expect((await edge('rotate-key', id)).code).toBe(0);
    program = await started(id);
    await connected(program);
    await program.stop();
    expect((await journal(id)).filter(({ kind }) => kind === 'key-rotated')).toHaveLength(2);
    const thief = world.path('thief');
    mkdirSync(thief);
    writeFileSync(join(thief, 'machine-key.pem'), first);
    writeFileSync(join(thief, 'identity.json'), readFileSync(join(world.edgeFolder(id), 'identity.json')));
    const theft = await command('vigie-edge', ['rotate-key', '--data', thief]);
    expect(theft).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not the one machine KEY-1 enrolled with'),
    });
  });

  it('is one the server knows, whenever edge and command are killed', async () => {
    const random = seeded(seedOfRun('rotation'));
    const id = 'KEY-1';
    for (let i = 0; i < 6; i++) {
      const agent = i % 2 === 0 ? await started(id) : null;
      const rotation = world.start('vigie-edge', ['rotate-key', '--data', world.edgeFolder(id)]);
      // The command takes about 200 ms; most of them before its question.
      await rest(80 + 250 * random());
      await kill(rotation);
      if (agent !== null) await kill(agent);
      const again = await started(id);
      await connected(again);
      await again.stop();
    }
    expect((await edge('rotate-key', id)).code).toBe(0);
    expect(existsSync(join(world.edgeFolder(id), 'machine-key-next.pem'))).toBe(false);
  });

  it('is whole or not there when its first start is cut off', async () => {
    const random = seeded(seedOfRun('enrolment'));
    const id = 'KEY-4';
    let text = await world.addMachine(id);
    const folder = world.edgeFolder(id);
    const enrol = ['enrol', '--server', `127.0.0.1:${world.linkPort}`, '--data', folder, '--code'];
    for (let i = 0; i < 6; i++) {
      const enrolment = world.start('vigie-edge', [...enrol, text]);
      await rest(80 + 200 * random());
      await kill(enrolment);
      text = (await server('enrolment-code', '--id', id)).stdout.match(/VG1-[A-Z2-7-]+/)?.[0] ?? '';
    }
    expect(await command('vigie-edge', [...enrol, text])).toMatchObject({ code: 0, stderr: '' });
    const program = await started(id);
    await connected(program);
    expect(readdirSync(folder).filter((name) => /next|\.new$/.test(name))).toEqual([]);
    await program.stop();
  });

  it('is found again when the answer to its rotation was lost', async () => {
    const id = 'KEY-3';
    const road = await LinkProxy.start(() => world.linkPort);
    world.atEnd(() => road.close());
    const program = await started(id, road.port);
    await connected(program);
    const rotations = async () => (await journal(id)).filter(({ kind }) => kind === 'key-rotated').length;
    for (const agent of ['running', 'stopped'] as const) {
      const before = await rotations();
      if (agent === 'stopped') await program.stop();
      road.set('pass', { delayMs: 300 });
      const rotation = world.start('vigie-edge', ['rotate-key', '--data', world.edgeFolder(id)]);
      await until('the server to know the new key', async () => (await rotations()) > before);
      await kill(rotation);
      road.set('pass');
      const connections = program.output().split('connected to').length;
      const again = agent === 'running' ? program : await started(id);
      await until('the welcome by the new key', () =>
        agent === 'running'
          ? program.output().split('connected to').length > connections
          : again.output().includes('connected to'),
      );
      expect(again.output()).toContain('the key is not the one machine KEY-3 enrolled with');
      await until(
        'the new key in its place',
        () => !existsSync(join(world.edgeFolder(id), 'machine-key-next.pem')),
      );
      if (agent === 'stopped') await again.stop();
    }
  });

  it('is taken away while it is connected, and given anew by a code', async () => {
    const id = 'KEY-2';
    const program = await started(id);
    await connected(program);
    const waiting = await server('enrolment-code', '--id', id);
    const isConnected = async () =>
      (await world.get<{ link: { connected: boolean } }>(`/api/machines/${id}`)).link.connected;
    expect(await isConnected()).toBe(true);
    expect((await server('revoke', '--id', id)).code).toBe(0);
    const revokedMs = performance.now();
    // The server looks twice a second; said and not asserted, since this machine may be busy.
    await until('the connection to end', async () => !(await isConnected()), 10_000);
    console.log(`closed ${Math.round(performance.now() - revokedMs)} ms after the command`);
    await until('the refusal', () => program.output().includes('enrol this edge again with a new code'));
    expect((await server('revoke', '--id', id)).stderr).toContain('holds no credential');
    expect((await journal(id)).some(({ kind }) => kind === 'credential-revoked')).toBe(true);
    await program.stop();
    const enrol = (text: string) =>
      command('vigie-edge', [
        ...['enrol', '--server', `127.0.0.1:${world.linkPort}`, '--data', world.edgeFolder(id)],
        ...['--code', /(VG1-[A-Z2-7-]+)/.exec(text)?.[1] ?? ''],
      ]);
    const key = readFileSync(join(world.edgeFolder(id), 'machine-key.pem'), 'utf8');
    // A code from before the revocation is worth nothing either.
    expect((await enrol(waiting.stdout)).code).toBe(1);
    expect((await enrol((await server('enrolment-code', '--id', id)).stdout)).code).toBe(0);
    expect(readFileSync(join(world.edgeFolder(id), 'machine-key.pem'), 'utf8')).not.toBe(key);
    const again = await started(id);
    await connected(again);
    await again.stop();
  });
});

describe('files', () => {
  it('of edge and server are their owner’s alone', () => {
    const open: string[] = [];
    const visit = (path: string): void => {
      const stat = statSync(path);
      if ((stat.mode & 0o077) !== 0) open.push(path);
      if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    };
    visit(world.path('server'));
    // The test itself writes the config; the agent's own are meant here.
    const folder = world.edgeFolder('KEY-2');
    for (const name of readdirSync(folder)) if (name !== 'edge.yaml') visit(join(folder, name));
    expect(open).toEqual([]);
    expect(existsSync(join(folder, 'edge.yaml.previous'))).toBe(true);
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  it('of the edge that are empty, cut short or gone stop nothing, and are told', async () => {
    const id = 'SET-1';
    const folder = world.edgeFolder(id);
    const program = await started(id);
    await connected(program);
    await program.stop();
    const config = join(folder, 'edge.yaml');
    const text = readFileSync(config, 'utf8');
    const model = controllers.get(id)?.model ?? '';
    const modelText = readFileSync(model, 'utf8');
    for (const name of ['identity.json', 'settings.json']) truncateSync(join(folder, name), 10);
    truncateSync(model, 100);
    // `intervalMs: 1000` cut to `intervalMs: 1` or to nothing, or a config without its last line.
    for (const cut of ['', text.slice(0, text.length >> 1), `${text.slice(0, -3)}`]) {
      writeFileSync(config, cut);
      const again = world.start('vigie-edge', ['--config', config]);
      await again.event('running');
      expect(again.output()).toMatch(/edge\.yaml.*; its last good copy .*edge\.yaml\.previous is used/);
      await connected(again);
      await until('its status', async () =>
        (await edge('status', id)).stdout.includes('edge.yaml.previous is used'),
      );
      expect((await edge('status', id)).code).toBe(1);
      if (cut === '') {
        for (const words of [
          'identity.json: damaged',
          'settings.json: damaged',
          'turbevap.yaml.previous is used',
        ])
          expect(again.output()).toContain(words);
      }
      await again.stop();
    }
    writeFileSync(model, modelText);
    // Nothing to fall back on: one sentence.
    rmSync(`${config}.previous`);
    const lost = await command('vigie-edge', ['--config', config]);
    expect(lost).toMatchObject({ code: 2, stdout: '' });
    expect(lost.stderr.trim().split('\n')).toHaveLength(1);
    writeFileSync(config, text);
    writeFileSync(join(folder, 'machine-key.pem'), '');
    const keyless = await command('vigie-edge', ['--config', config]);
    expect(keyless).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/machine-key\.pem: damaged; enrol this edge again\n$/),
    });
  });
});

// Last, since it locks machines out.
describe('the key of the server', () => {
  it('rotates without a visit; a second time only when all have met it', async () => {
    const [here, away, far] = ['PIN-1', 'PIN-2', 'PIN-3'];
    let [one, two, three] = [await started(here), await started(away), await started(far)];
    for (const [id, program] of [
      [here, one],
      [away, two],
      [far, three],
    ] as const) {
      await connected(program);
      await has(id);
    }
    await two.stop();
    await three.stop();
    const pins = (id: string): string[] =>
      JSON.parse(readFileSync(join(world.edgeFolder(id), 'identity.json'), 'utf8')).pins;
    const [, spare] = pins(here);
    expect(await server('rotate-link-key', '--force')).toMatchObject({ code: 0 });
    // The one that is connected learns at once; the one that was off meets the former spare key.
    await until('the new pins', () => pins(here)[0] === spare);
    const second = await server('rotate-link-key');
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(/would be locked out.*PIN-2, PIN-3/);
    expect(second.stderr).not.toContain('PIN-1');
    two = await started(away);
    await connected(two);
    await until('the new pins', () => pins(away)[0] === spare);
    await two.stop();
    await one.stop();
    // Over a restart of the server too, and for who is killed while it learns.
    expect(await server('rotate-link-key', '--force')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Locked out.*PIN-3/),
    });
    await world.server.stop();
    await world.startServer();
    one = await started(here);
    await until('the welcome', () => one.output().includes('connected to'));
    await kill(one);
    one = await started(here);
    await connected(one);
    await until(
      'the new pins',
      () => pins(here).join() === linkIdentity(world.path('server', 'keys')).pins.join(),
    );
    await one.stop();
    three = await started(far);
    await until('the lock-out', () => three.output().includes('not pinned: nothing was sent'));
    await three.stop();
  });
});
