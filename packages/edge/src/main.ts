// vigie-edge: the agent on the box beside the machine. Commands run (default), enrol, status. The real clock,
// randomness and signals enter here and nowhere else.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, parseFlags } from '@vigie/config';
import { loadModel } from '@vigie/model/load';
import { readRecording } from './acquire/csv.ts';
import { modbusTcpSource } from './acquire/modbus-tcp.ts';
import { startAgent } from './agent.ts';
import { kernelBootId } from './clock/boot-clock.ts';
import { RUN_FLAGS, type RunSettings, runSettings } from './config.ts';
import { enrol } from './enrolment/enrol.ts';
import {
  type Credential,
  credential,
  type Identity,
  readIdentity,
  writeIdentity,
} from './enrolment/identity.ts';
import { realClock, realRandomness } from './environment.ts';
import { startReplay } from './replay.ts';
import { openSpool } from './spool/spool.ts';
import { describeStatus, writeStatus } from './status.ts';

const STATUS_EVERY_MS = 5000;
const clock = realClock();
const say = (message: string): void => console.error(`${new Date(clock.utcMs()).toISOString()} ${message}`);

const [first = '', ...rest] = process.argv.slice(2);
switch (first) {
  case 'enrol':
    process.exit(await enrolCommand(rest));
    break;
  case 'status':
    process.exit(statusCommand(rest));
    break;
  case '--version':
    console.log(process.env.VIGIE_VERSION ?? 'from sources');
    break;
  default:
    process.exit(await runCommand(first === 'run' ? rest : process.argv.slice(2)));
}

async function runCommand(args: readonly string[]): Promise<number> {
  const parsed = parseFlags(
    {
      name: 'vigie-edge run',
      summary: 'Reads a controller, keeps every row, sends it to the server. Other commands: enrol, status.',
      flags: RUN_FLAGS,
      notes:
        'First: vigie-edge enrol --server HOST:PORT --code CODE --data DIR\nA recording as if it were a controller: vigie-edge --source csv --file F --speed N --data DIR',
    },
    args,
  );
  if (parsed.kind === 'help') {
    console.log(parsed.text);
    return EXIT.ok;
  }
  if (parsed.kind === 'wrong') return fail(parsed.message, EXIT.usage);
  const settings = runSettings(parsed.flags);
  if (!settings.ok) return fail(settings.message, EXIT.usage);
  const identity = readIdentity(settings.value.data);
  if (!identity.ok) return fail(identity.message, EXIT.failed);
  const key = credential(settings.value.data);
  const { source } = settings.value;
  return source.type === 'csv'
    ? replay(settings.value, source, identity.value, key)
    : acquire(settings.value, source, identity.value, key);
}

async function acquire(
  settings: RunSettings,
  source: Extract<RunSettings['source'], { type: 'modbus-tcp' }>,
  identity: Identity,
  key: Credential,
): Promise<number> {
  const model = loadModel(settings.model ?? '');
  if (!model.ok) return fail(model.message, EXIT.usage);
  const bootId = kernelBootId();
  const spool = openSpool({ file: join(settings.data, 'spool.db'), schema: model.value.schema, bootId });
  const agent = startAgent({
    identity,
    credential: key,
    schema: model.value.schema,
    source: modbusTcpSource({ ...source, model: model.value }),
    spool,
    bootId,
    intervalMs: settings.intervalMs,
    clock,
    randomness: realRandomness,
    say,
  });
  const report = (): void => writeStatus(settings.data, agent.status(), clock.utcMs());
  report();
  const reporting = setInterval(report, STATUS_EVERY_MS);
  console.log(JSON.stringify({ running: identity.machine }));
  await untilStopped();
  clearInterval(reporting);
  await agent.stop();
  return EXIT.ok;
}

async function replay(
  settings: RunSettings,
  source: Extract<RunSettings['source'], { type: 'csv' }>,
  identity: Identity,
  key: Credential,
): Promise<number> {
  const recording = readRecording(source.file);
  if (!recording.ok) return fail(recording.message, EXIT.usage);
  const { schema, timesMs, rows } = recording.value;
  const digest = createHash('sha256').update(readFileSync(source.file)).digest('hex').slice(0, 16);
  const running = startReplay({
    identity,
    credential: key,
    spoolFile: join(settings.data, 'spool.db'),
    schema,
    bootId: `csv-${digest}`,
    rows: timesMs.map((atMs, i) => ({ atMs, values: rows[i] ?? [] })),
    firstMs: timesMs[0] ?? 0,
    speed: source.speed,
    clock,
    randomness: realRandomness,
    say,
  });
  let stopped = false;
  void untilStopped().then(() => {
    stopped = true;
    running.stop();
  });
  const count = await running.done;
  if (stopped) return fail('vigie-edge: stopped; started again it goes on where it was', EXIT.failed);
  console.log(`${count} rows replayed and acknowledged.`);
  return EXIT.ok;
}

async function enrolCommand(args: readonly string[]): Promise<number> {
  const parsed = parseFlags(
    {
      name: 'vigie-edge enrol',
      summary: 'Registers this box at a server with a single-use code; its key is made here and stays here.',
      flags: {
        server: { type: 'string', value: 'HOST:PORT', help: 'the link address of the server' },
        code: { type: 'string', value: 'CODE', help: 'the enrolment code, VG1-…' },
        data: { type: 'string', value: 'DIR', help: 'folder for identity and spool' },
      },
    },
    args,
  );
  if (parsed.kind === 'help') {
    console.log(parsed.text);
    return EXIT.ok;
  }
  if (parsed.kind === 'wrong') return fail(parsed.message, EXIT.usage);
  const { server, code, data } = parsed.flags;
  if (server === undefined || code === undefined || data === undefined) {
    return fail('vigie-edge enrol: --server, --code and --data are all needed', EXIT.usage);
  }
  const [, host = '', port = ''] = /^\[?([^\]]+)\]?:(\d+)$/.exec(server) ?? [];
  if (host === '') return fail(`vigie-edge enrol: --server takes HOST:PORT, not «${server}»`, EXIT.usage);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const outcome = await enrol({ host, port: Number(port), code, credential: credential(data), clock });
  if (!outcome.ok) return fail(`vigie-edge enrol: ${outcome.message}`, EXIT.failed);
  writeIdentity(data, outcome.value);
  console.log(`This box is now machine ${outcome.value.machine}. Next: vigie-edge run --data ${data} …`);
  return EXIT.ok;
}

function statusCommand(args: readonly string[]): number {
  const parsed = parseFlags(
    {
      name: 'vigie-edge status',
      summary: 'Says in words how controller, spool and link are; exit code 1 when something is wrong.',
      flags: { data: { type: 'string', value: 'DIR', help: 'folder of the agent' } },
    },
    args,
  );
  if (parsed.kind === 'help') {
    console.log(parsed.text);
    return EXIT.ok;
  }
  if (parsed.kind === 'wrong') return fail(parsed.message, EXIT.usage);
  if (parsed.flags.data === undefined) return fail('vigie-edge status: --data DIR is missing', EXIT.usage);
  const { ok, text } = describeStatus(parsed.flags.data, clock.utcMs());
  console.log(text);
  return ok ? EXIT.ok : EXIT.failed;
}

function untilStopped(): Promise<void> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, () => stop());
  });
}

function fail(message: string, code: number): number {
  console.error(message);
  return code;
}
