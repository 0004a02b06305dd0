// The demo fleet: a server, simulated machines behind Modbus servers and one edge per machine, each a real process.
// The first start gives every machine three weeks of past; later ones go on where the fleet was. Also used by the
// browser tests and the screenshots. Ctrl+C stops edges, machines and server in this order.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { EXIT, explain, parseFlags } from '@vigie/config';
import type { HistoryTask } from './fill-history.ts';
import { type Program, type ProgramName, root, runProgram, startProgram } from './programs.ts';

const DAY_MS = 86_400_000;
const MOST_MACHINES = 50;

interface DemoMachine {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly kind: 'turbevap' | 'chiller';
  readonly seed: number;
  readonly fouling: number;
}

/** What a demo folder remembers: the same machines and the same past at every start. */
interface DemoFile {
  /** End of the past that is filled in. */
  readonly pastEndMs: number;
  readonly days: number;
}

const SITES = [
  'Lyon Gerland',
  'Nantes Cheviré',
  'Strasbourg Port du Rhin',
  'Dunkerque Est',
  'Toulouse Fondeyre',
];

function machinesOf(count: number): DemoMachine[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = i % 3 === 2 ? ('chiller' as const) : ('turbevap' as const);
    const number = String(
      Math.floor(i / 3) * (kind === 'chiller' ? 1 : 2) + (kind === 'chiller' ? 1 : (i % 3) + 1),
    );
    return {
      id: `${kind === 'chiller' ? 'RF' : 'TV'}-${number.padStart(2, '0')}`,
      name: kind === 'chiller' ? `Groupe froid ${number}` : `Turbevap ${number}`,
      site: SITES[i % SITES.length] ?? '',
      kind,
      seed: 11 + 7 * i,
      fouling: [18, 35, 5][i % 3] ?? 0,
    };
  });
}

const parsed = parseFlags(
  {
    name: 'npm start --',
    summary: 'Runs a demo fleet on this machine: a server, simulated machines, and an edge beside each.',
    flags: {
      port: { type: 'number', value: 'PORT', help: 'port of the page (default 8080)' },
      'link-port': { type: 'number', value: 'PORT', help: 'port the edges connect to (default 8443)' },
      data: { type: 'string', value: 'DIR', help: 'folder of everything the fleet keeps (default ./data)' },
      machines: { type: 'number', value: 'N', help: `number of machines, 1 to ${MOST_MACHINES} (default 3)` },
      days: {
        type: 'number',
        value: 'N',
        help: 'days of past made at the first start, 0 to 60 (default 21)',
      },
      dev: { type: 'boolean', help: 'run from sources, restart and reload on every change' },
    },
    notes:
      'Ctrl+C stops everything; the next start goes on where it was. To begin anew, delete the data folder.',
  },
  process.argv.slice(2),
);

const running: { readonly name: string; readonly program: Program }[] = [];
let stopping: Promise<void> | null = null;
let vite: ChildProcess | null = null;
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) {
  process.on(signal, () => {
    void stopAll().then(() => process.exit(EXIT.ok));
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  if (stopping === null) {
    console.error(error instanceof Error ? error.message : String(error));
    await stopAll();
    process.exit(EXIT.failed);
  }
}

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const { flags } = parsed;
  const { port = 8080, 'link-port': linkPort = 8443, machines: count = 3, days = 21, dev = false } = flags;
  if (!isWhole(count, 1, MOST_MACHINES) || !isWhole(days, 0, 60)) {
    console.error(`npm start: --machines takes 1 to ${MOST_MACHINES}, --days 0 to 60`);
    return EXIT.usage;
  }
  const data = resolve(flags.data ?? join(root, 'data'));
  try {
    mkdirSync(join(data, 'logs'), { recursive: true, mode: 0o700 });
  } catch (error) {
    console.error(
      `npm start: the folder ${data} cannot be used (${(error as NodeJS.ErrnoException).code}); choose another with --data`,
    );
    return EXIT.failed;
  }
  const demo = demoFile(join(data, 'demo.json'), days);
  const machines = machinesOf(count);

  const started = start(data, 'server', 'vigie-server', dev, [
    ...['--data', join(data, 'server')],
    ...['--port', String(port), '--link-host', '127.0.0.1', '--link-port', String(linkPort)],
  ]);
  const server = await orItsLastWords(
    started,
    started.event<{ address: string; linkPort: number; setupCode: string | null }>('listening'),
  );

  for (const machine of machines) await enrol(data, machine, server.linkPort);
  await fillHistory(data, machines, demo);

  const simulator = start(data, 'simulator', 'vigie-simulator', false, [
    '--config',
    writeYaml(join(data, 'simulator.yaml'), {
      machines: machines.map((machine, i) => ({
        id: machine.id,
        kind: machine.kind,
        model: modelFile(machine),
        port: 0,
        seed: machine.seed,
        fouling: machine.fouling,
        story: { index: i, endMs: demo.pastEndMs },
        state: stateFile(data, machine),
      })),
    }),
  ]);
  for (const machine of machines) {
    const modbusPort = await orItsLastWords(simulator, simulator.event<number>(`listening-${machine.id}`));
    const folder = edgeFolder(data, machine);
    start(data, `edge-${machine.id}`, 'vigie-edge', dev, [
      '--config',
      writeYaml(join(folder, 'edge.yaml'), {
        data: folder,
        model: modelFile(machine),
        source: { type: 'modbus-tcp', host: '127.0.0.1', port: modbusPort },
      }),
    ]);
  }
  const address = dev ? await startVite(server.address) : server.address;
  console.log(`\n  Vigie: ${address}\n`);
  console.log(
    server.setupCode === null
      ? '  Sign in with the address and password you chose. Forgotten? See README, «Sign in again».'
      : `  First sign-in: open ${address}/setup and type the code ${server.setupCode}`,
  );
  console.log(
    `  ${count} ${count === 1 ? 'machine' : 'machines'} live. Data and logs: ${data}\n  Ctrl+C stops the fleet; the next start goes on where it was.\n`,
  );
  // For a program that started the fleet; a person at a terminal has read it above.
  if (!process.stdout.isTTY)
    console.log(
      JSON.stringify({ demo: { address, linkPort: server.linkPort, setupCode: server.setupCode } }),
    );
  const ended = await Promise.race(
    running.map(async ({ name, program }) => ({ name, code: await program.ended, program })),
  );
  if (stopping !== null) return EXIT.ok;
  throw new Error(
    `${ended.name} ended by itself with code ${ended.code}; its last words:\n${lastLines(ended.program)}`,
  );
}

function start(
  data: string,
  name: string,
  program: ProgramName,
  watch: boolean,
  args: readonly string[],
): Program {
  const log = openSync(join(data, 'logs', `${name}.log`), 'a', 0o600);
  const started = startProgram(program, args, { watch, onLine: (line) => writeSync(log, `${line}\n`) });
  running.push({ name, program: started });
  return started;
}

async function orItsLastWords<T>(program: Program, awaited: Promise<T>): Promise<T> {
  try {
    return await awaited;
  } catch {
    throw new Error(lastLines(program));
  }
}

function lastLines(program: Program): string {
  return program.output().split('\n').slice(-5).join('\n');
}

function stopAll(): Promise<void> {
  stopping ??= (async () => {
    const names = (start: string) => running.filter(({ name }) => name.startsWith(start));
    if (running.length > 0) console.log('\nStopping …');
    for (const group of [names('history'), names('edge'), names('simulator'), names('server')]) {
      await Promise.all(group.map(({ program }) => program.stop()));
    }
    vite?.kill();
    if (running.length > 0) console.log('Stopped. `npm start` goes on from here.');
  })();
  return stopping;
}

/** Makes the machine known to the server and its edge enrolled, once. */
async function enrol(data: string, machine: DemoMachine, linkPort: number): Promise<void> {
  const folder = edgeFolder(data, machine);
  if (existsSync(join(folder, 'identity.json'))) return;
  const server = ['--data', join(data, 'server'), '--id', machine.id];
  const added = await runProgram('vigie-server', [
    ...['add-machine', ...server, '--name', machine.name, '--site', machine.site],
  ]);
  // An earlier start may have ended between this and the next step.
  const coded = added.code === 0 ? added : await runProgram('vigie-server', ['enrolment-code', ...server]);
  const code = /"code":"(VG1-[A-Z2-7-]+)"/.exec(coded.output)?.[1];
  if (code === undefined) throw new Error(coded.output);
  const link = ['--server', `127.0.0.1:${linkPort}`, '--code', code, '--data', folder];
  const enrolled = await runProgram('vigie-edge', ['enrol', ...link]);
  if (enrolled.code !== 0) throw new Error(enrolled.output);
}

async function fillHistory(data: string, machines: readonly DemoMachine[], demo: DemoFile): Promise<void> {
  const todo = machines
    .map((machine, i) => ({ machine, i }))
    .filter(({ machine }) => demo.days > 0 && !existsSync(stateFile(data, machine)));
  if (todo.length === 0) return;
  const progress = new Map(todo.map(({ machine }) => [machine.id, 0]));
  const bar = progressBar(`Making the last ${demo.days} days of ${todo.length} machines`);
  const queue = [...todo];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && stopping === null; item = queue.shift()) {
      const { machine, i } = item;
      const task: HistoryTask = {
        kind: machine.kind,
        model: modelFile(machine),
        seed: machine.seed,
        fouling: machine.fouling,
        storyIndex: i,
        fromMs: demo.pastEndMs - demo.days * DAY_MS,
        toMs: demo.pastEndMs,
        edgeFolder: edgeFolder(data, machine),
        stateFile: stateFile(data, machine),
      };
      await runHistory(task, machine.id, (fraction) => {
        progress.set(machine.id, fraction);
        bar([...progress.values()].reduce((sum, one) => sum + one, 0) / progress.size);
      });
    }
  };
  await Promise.all([work(), work(), work()]);
  bar(1);
}

async function runHistory(
  task: HistoryTask,
  id: string,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const program = startProgram('fill-history', [JSON.stringify(task)], {
    onLine: (line) => {
      const fraction = /^\{"progress":([\d.]+)\}$/.exec(line)?.[1];
      if (fraction !== undefined) onProgress(Number(fraction));
    },
  });
  const entry = { name: `history-${id}`, program };
  running.push(entry);
  const code = await program.ended;
  running.splice(running.indexOf(entry), 1);
  if (code !== 0 && stopping === null)
    throw new Error(`The past of ${id} could not be made:\n${lastLines(program)}`);
}

/** A bar on a terminal, a line per tenth elsewhere. */
function progressBar(what: string): (fraction: number) => void {
  let shown = -1;
  return (fraction) => {
    const percent = Math.floor(100 * fraction);
    if (percent === shown) return;
    if (process.stdout.isTTY) {
      const full = Math.round(30 * fraction);
      process.stdout.write(
        `\r${what}  ${'█'.repeat(full)}${'░'.repeat(30 - full)} ${percent} %${fraction >= 1 ? '\n' : ''}`,
      );
    } else if (Math.floor(percent / 10) > Math.floor(shown / 10)) console.log(`${what}: ${percent} %`);
    shown = percent;
  };
}

async function startVite(server: string): Promise<string> {
  vite = spawn(
    join(root, 'node_modules', '.bin', 'vite'),
    ['--host', '127.0.0.1', '--clearScreen', 'false'],
    {
      cwd: join(root, 'packages', 'web'),
      env: { ...process.env, VIGIE_SERVER: server, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: vite.stdout ?? process.stdin })) {
    const address = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('vite did not start');
}

function demoFile(file: string, days: number): DemoFile {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as DemoFile;
  const demo: DemoFile = { pastEndMs: Date.now(), days };
  writeFileSync(`${file}.new`, JSON.stringify(demo));
  renameSync(`${file}.new`, file);
  return demo;
}

function edgeFolder(data: string, { id }: DemoMachine): string {
  return join(data, 'edges', id);
}
function stateFile(data: string, { id }: DemoMachine): string {
  return join(data, `${id}.state.json`);
}
function modelFile({ kind }: DemoMachine): string {
  return join(root, 'models', `${kind}.yaml`);
}

/** JSON is YAML. */
function writeYaml(file: string, value: unknown): string {
  writeFileSync(file, JSON.stringify(value, null, 2));
  return file;
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
