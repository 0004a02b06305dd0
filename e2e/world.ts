// A world of real processes for one test: a server, simulated machines, edges, each in a folder that is removed at
// the end. Everything is asked of the programs as a person would: commands, the HTTP API, files they print.
// Not here: what must be true of it.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Program,
  type ProgramName,
  type ProgramOptions,
  root,
  startProgram,
} from '../scripts/programs.ts';

export { type Program, root } from '../scripts/programs.ts';

const EMAIL = 'lea@example.com';
const PASSWORD = 'correct horse battery';

/** A row as the export gives it; `null`: no sample. */
export interface StoredRow {
  readonly atMs: number;
  readonly values: readonly (number | null)[];
}
export interface Exported {
  readonly channels: readonly string[];
  readonly rows: readonly StoredRow[];
}

/** What these tests read of status.json. */
export interface EdgeStatus {
  readonly backlogRows: number;
  readonly rows: number;
  readonly pid: number;
  readonly linkProblem: string | null;
  /** By the clock of its box. */
  readonly writtenMs: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the programs (or the demo) to its end; killed after a minute. */
export function command(name: ProgramName | 'demo', args: readonly string[]): Promise<CommandResult> {
  const script =
    name === 'demo'
      ? join(root, 'scripts', 'demo.ts')
      : join(root, 'packages', name.slice('vigie-'.length), 'bin', `${name}.mjs`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: root,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    const last = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(last);
      resolve({ code: code ?? 137, stdout, stderr });
    });
  });
}

/** Waits until `ready` gives something but `null`, `false` or `undefined`; the deadline is for a broken test only. */
export async function until<T>(
  what: string,
  ready: () => Promise<T | null | false | undefined> | T | null | false | undefined,
  deadlineMs = 120_000,
): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const value = await ready();
    if (value !== null && value !== false && value !== undefined) return value;
    if (Date.now() > endMs) throw new Error(`waited in vain for: ${what}`);
    await rest(100);
  }
}

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Deterministic numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `VIGIE_SEED` replays a run. */
export function seedOfRun(name: string): number {
  const seed = process.env.VIGIE_SEED === undefined ? Date.now() % 1e6 : Number(process.env.VIGIE_SEED);
  console.log(`${name}: VIGIE_SEED=${seed}`);
  return seed;
}

/** A port that was free a moment ago, for what must come back on the same one. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

interface Listening {
  readonly address: string;
  readonly linkPort: number;
  readonly setupCode: string | null;
}

export interface AnotherServer extends Listening {
  readonly program: Program;
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'vigie-e2e-'));
  readonly #programs = new Set<Program>();
  readonly #closers: (() => Promise<void> | void)[] = [];
  #server: Program | null = null;
  #setupCode: string | null = null;
  #cookie = '';
  address = '';
  linkPort = 0;
  port = 0;
  /** Of a PostgreSQL; `null`: SQLite in the server's folder. */
  database: string | null = null;
  /** Further flags of the server. */
  serverFlags: readonly string[] = [];

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  start(name: ProgramName, args: readonly string[], options: ProgramOptions = {}): Program {
    const program = startProgram(name, args, options);
    this.#programs.add(program);
    void program.ended.then(() => this.#programs.delete(program));
    return program;
  }

  atEnd(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /** Starts the server, or starts it again on the ports it had. */
  async startServer(options: ProgramOptions = {}): Promise<Program> {
    const server = this.start(
      'vigie-server',
      [
        ...['--data', this.path('server'), '--port', String(this.port)],
        ...['--link-host', '127.0.0.1', '--link-port', String(this.linkPort)],
        ...this.#databaseFlags(),
        ...this.serverFlags,
      ],
      options,
    );
    const { address, linkPort, setupCode } = await server.event<Listening>('listening');
    this.#server = server;
    this.address = address;
    this.port = Number(new URL(address).port);
    this.linkPort = linkPort;
    this.#setupCode ??= setupCode;
    return server;
  }

  /** One more on the same database, with a folder of its own and a copy of the keys; `ports`: those it had before. */
  async startAnother(name: string, ports = { http: 0, link: 0 }): Promise<AnotherServer> {
    if (!existsSync(this.path(name))) {
      mkdirSync(this.path(name));
      cpSync(this.path('server', 'keys'), this.path(name, 'keys'), { recursive: true });
    }
    const program = this.start('vigie-server', [
      ...['--data', this.path(name), '--port', String(ports.http)],
      ...['--link-host', '127.0.0.1', '--link-port', String(ports.link), ...this.#databaseFlags()],
    ]);
    const listening = await program.event<Listening>('listening');
    return { ...listening, program };
  }

  #databaseFlags(): readonly string[] {
    return this.database === null ? [] : ['--database', this.database];
  }

  get server(): Program {
    if (this.#server === null) throw new Error('no server was started');
    return this.#server;
  }

  /** Makes the first Super Admin with the printed code. */
  async setUp(address = this.address): Promise<void> {
    const answer = await fetch(`${address}/api/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        code: this.#setupCode,
        name: 'Léa',
        email: EMAIL,
        password: PASSWORD,
        language: 'fr',
      }),
    });
    if (!answer.ok) throw new Error(`setup: ${answer.status} ${await answer.text()}`);
    this.#cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  }

  async addMachine(id: string, ...flags: string[]): Promise<string> {
    const added = await command('vigie-server', [
      ...['add-machine', '--data', this.path('server'), '--id', id, ...this.#databaseFlags(), ...flags],
    ]);
    const code = /"code":"(VG1-[A-Z2-7-]+)"/.exec(added.stdout)?.[1];
    if (code === undefined) throw new Error(added.stderr);
    return code;
  }

  edgeFolder(id: string): string {
    return this.path(`edge-${id}`);
  }

  /** Adds the machine and enrols its edge; `linkHost`, `linkPort`: what the edge shall dial. */
  async enrolled(
    id: string,
    options: { linkHost?: string; linkPort?: number; intervalS?: number } = {},
  ): Promise<string> {
    const code = await this.addMachine(id, '--interval', String(options.intervalS ?? 1));
    const enrolled = await command('vigie-edge', [
      ...['enrol', '--server', `${options.linkHost ?? '127.0.0.1'}:${options.linkPort ?? this.linkPort}`],
      ...['--code', code, '--data', this.edgeFolder(id)],
    ]);
    if (enrolled.code !== 0) throw new Error(enrolled.stderr);
    return this.edgeFolder(id);
  }

  /** Whether the agent runs, is connected, and has nothing left to send. */
  isDrained(id: string, edge: Program): boolean {
    const status = this.status(id);
    return (
      status !== null &&
      status.pid === edge.process.pid &&
      status.linkProblem === null &&
      status.backlogRows === 0
    );
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.#fetch(path);
    return (await answer.json()) as T;
  }

  async send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: object): Promise<T> {
    const answer = await fetch(this.address + path, {
      method,
      headers: { cookie: this.#cookie, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async export(id: string): Promise<Exported> {
    const text = await (await this.#fetch(`/api/machines/${id}/rows.csv`)).text();
    return parseExport(text);
  }

  /** Cells of the export of rows without a known time, header first. */
  async exportUndated(id: string): Promise<readonly (readonly string[])[]> {
    const text = await (await this.#fetch(`/api/machines/${id}/undated.csv`)).text();
    return text
      .trim()
      .split('\n')
      .map((line) => line.split(','));
  }

  /** Events of the machine's live stream, as they come, until it is aborted. */
  async live(id: string, take: (event: string, data: unknown) => void, signal: AbortSignal): Promise<void> {
    const answer = await fetch(`${this.address}/api/machines/${id}/live`, {
      headers: { cookie: this.#cookie },
      signal,
    });
    if (!answer.ok || answer.body === null) throw new Error(`live: ${answer.status}`);
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const messages = (text + chunk).split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const event = /^event: (.*)$/m.exec(message)?.[1];
        const data = /^data: (.*)$/m.exec(message)?.[1];
        if (event !== undefined && data !== undefined) take(event, JSON.parse(data));
      }
    }
  }

  async #fetch(path: string): Promise<Response> {
    const answer = await fetch(this.address + path, { headers: { cookie: this.#cookie } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** What the agent says of itself in its file. */
  status(id: string): EdgeStatus | null {
    try {
      return JSON.parse(readFileSync(join(this.edgeFolder(id), 'status.json'), 'utf8'));
    } catch {
      return null;
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program.stop(5000)));
    for (const close of this.#closers.reverse()) await close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function kill(program: Program): Promise<void> {
  program.process.kill('SIGKILL');
  await program.ended;
}

export function parseExport(text: string): Exported {
  const lines = text.split('\n');
  if (lines.at(-1) !== '') throw new Error('the export ends within a line');
  const [t, ...channels] = (lines[0] ?? '').split(',');
  if (t !== 't') throw new Error(`the export starts with ${t}`);
  const rows = lines.slice(1, -1).map((line) => {
    const [at, ...cells] = line.split(',');
    return { atMs: Number(at), values: cells.map((cell) => (cell === '' ? null : Number(cell))) };
  });
  return { channels, rows };
}

/** The shipped Turbevap, read ten times a second; a gap is what lasts longer than two seconds. */
export function quickModel(world: World): string {
  const file = world.path('turbevap.yaml');
  const text = readFileSync(join(root, 'models', 'turbevap.yaml'), 'utf8');
  const quick = text.replace(/^intervalMs: \d+$/m, 'intervalMs: 100').replace(/^cutMs: \d+$/m, 'cutMs: 2000');
  if (!quick.includes('intervalMs: 100\n') || !quick.includes('cutMs: 2000\n')) {
    throw new Error('the model is not written as this test expects');
  }
  writeFileSync(file, quick);
  return file;
}

export interface ServedRow {
  readonly scan: number;
  readonly utcMs: number;
  readonly values: readonly (number | null)[];
}

/** How a simulated machine is reached: keys of the simulator's file, and the source of the edge that reads it. */
export interface Road {
  readonly simulator: object;
  readonly source: object;
}

export function overTcp(port: number): Road {
  return { simulator: { port }, source: { type: 'modbus-tcp', host: '127.0.0.1', port } };
}

/** A simulated machine that logs every row it serves. */
export class SimulatedMachine {
  readonly #world: World;
  readonly #config: string;
  readonly #log: string;
  readonly #road: Road;
  readonly model: string;
  program: Program | null = null;

  constructor(world: World, id: string, road: Road) {
    this.#world = world;
    this.#road = road;
    this.model = quickModel(world);
    this.#log = world.path(`served-${id}.jsonl`);
    this.#config = world.path(`simulator-${id}.yaml`);
    const state = world.path(`state-${id}.json`);
    const spec = { id, kind: 'turbevap', model: this.model, seed: 5, log: this.#log, state };
    writeFileSync(this.#config, JSON.stringify({ machines: [{ ...spec, ...road.simulator }] }));
  }

  async start(options: ProgramOptions = {}): Promise<void> {
    this.program = this.#world.start('vigie-simulator', ['--config', this.#config], options);
    await until('the simulator to be there', () =>
      /(listening|printing)-/.test(this.program?.output() ?? ''),
    );
  }

  /** Arguments of an edge that reads it. */
  edgeArgs(folder: string): string[] {
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'edge.yaml');
    const settings = { data: folder, model: this.model, source: this.#road.source, intervalMs: 1000 };
    writeFileSync(config, JSON.stringify(settings));
    return ['--config', config];
  }

  served(): ServedRow[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as ServedRow);
  }
}
