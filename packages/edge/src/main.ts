// vigie-edge: the agent on the box beside the machine. Commands run (default), enrol, status. The real clock,
// randomness and signals enter here and nowhere else.
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { EXIT, explain, type Outcome, parseFlags, realClock, realRandomness } from '@vigie/config';
import { loadModel } from '@vigie/model/load';
import { inTheFuture, readRecording } from './acquire/csv.ts';
import { ModbusSource } from './acquire/modbus.ts';
import {
  type ReplaySchema,
  ReplaySource,
  recordedRows,
  schemaOfModel,
  schemaOfRecording,
} from './acquire/replay.ts';
import type { Source } from './acquire/source.ts';
import { Agent } from './agent.ts';
import { kernelBootId, liveAxis } from './clock/axis.ts';
import { RUN_FLAGS, type RunSettings, runSettings } from './config.ts';
import { enrol } from './enrolment/enrol.ts';
import {
  type Credential,
  credential,
  type Identity,
  makeCredential,
  parseEnrolmentCode,
  readIdentity,
  writeIdentity,
} from './enrolment/identity.ts';
import { Spool } from './spool/spool.ts';
import { processTrainer } from './spool/trainer.ts';
import { describeStatus, summaryOf, writeStatus } from './status.ts';

const STATUS_EVERY_MS = 5000;
/** A file written and synced every five seconds would be a fifth of all that a card takes in. */
const STATUS_UNCHANGED_MS = 15_000;
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
  if (parsed.kind !== 'run') return explain(parsed);
  const settings = runSettings(parsed.flags);
  if (!settings.ok) return fail(settings.message, EXIT.usage);
  const identity = readIdentity(settings.value.data);
  if (!identity.ok) return fail(identity.message, EXIT.failed);
  const key = credential(settings.value.data);
  if (!key.ok) return fail(key.message, EXIT.failed);
  return runAgent(settings.value, identity.value, key.value);
}

async function runAgent(settings: RunSettings, identity: Identity, key: Credential): Promise<number> {
  const source = openSource(settings);
  if (!source.ok) return fail(source.message, EXIT.usage);
  const spool = Spool.open({
    file: join(settings.data, 'spool.db'),
    bootId: source.value.axis.bootId,
    schema: source.value.schema,
    randomness: realRandomness,
    mostBytes: settings.spoolMegabytes * 1e6,
  });
  if (!spool.ok) return fail(spool.message, EXIT.failed);
  const agent = new Agent({
    identity,
    credential: key,
    source: source.value,
    spool: spool.value,
    intervalMs: settings.intervalMs,
    clock,
    randomness: realRandomness,
    trainer: processTrainer,
    say,
  });
  const stopped = untilStopped();
  agent.start();
  let reported: { readonly summary: string; readonly atMs: number } | null = null;
  const report = (): void => {
    reporting = clock.after(STATUS_EVERY_MS, report);
    const status = agent.status();
    const summary = summaryOf(status);
    const nowMs = clock.monotonicMs();
    if (summary === reported?.summary && nowMs - reported.atMs < STATUS_UNCHANGED_MS) return;
    reported = { summary, atMs: nowMs };
    const written = writeStatus(settings.data, status, clock.utcMs());
    if (!written.ok) say(written.message);
  };
  let reporting = clock.after(0, report);
  console.log(JSON.stringify({ running: identity.machine }));
  const finished = await Promise.race([stopped.then(() => false), agent.finished.then(() => true)]);
  reporting.cancel();
  const { rows } = agent.status();
  agent.stop();
  if (settings.source.type !== 'csv') return EXIT.ok;
  if (!finished) return fail('vigie-edge: stopped; started again it goes on where it was', EXIT.failed);
  console.log(`${rows} rows replayed, all acknowledged.`);
  return EXIT.ok;
}

function openSource(settings: RunSettings): Outcome<Source> {
  const { source } = settings;
  const model = settings.model === null ? null : loadModel(settings.model);
  if (model !== null && !model.ok) return model;
  switch (source.type) {
    case 'modbus-tcp': {
      if (model === null) return { ok: false, message: 'vigie-edge: --model FILE is missing' };
      const axis = liveAxis(clock, kernelBootId());
      return { ok: true, value: new ModbusSource({ ...model.value, ...source, clock, axis }) };
    }
    case 'csv': {
      // See bin/vigie-edge.mjs.
      for (const flag of ['--opt', '--maglev', '--sparkplug']) setFlagsFromString(flag);
      const recording = readRecording(source.file);
      if (!recording.ok) return recording;
      const future = inTheFuture(source.file, recording.value, clock.utcMs());
      if (future !== null) return { ok: false, message: future };
      const implied: Outcome<ReplaySchema> =
        model === null
          ? { ok: true, value: schemaOfRecording(recording.value) }
          : schemaOfModel(source.file, recording.value, model.value.schema);
      if (!implied.ok) return implied;
      const { schema, columns, renamed } = implied.value;
      for (const { header, id } of renamed) say(`${source.file}: column «${header}» becomes channel ${id}`);
      return {
        ok: true,
        value: new ReplaySource({
          schema,
          bootId: `csv-${recording.value.sha256.slice(0, 16)}`,
          originMs: recording.value.timesMs[0] ?? 0,
          rows: recordedRows(recording.value, columns),
          speed: source.speed,
          clock,
        }),
      };
    }
  }
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
  if (parsed.kind !== 'run') return explain(parsed);
  const { server, code, data } = parsed.flags;
  if (server === undefined || code === undefined || data === undefined) {
    return fail('vigie-edge enrol: --server, --code and --data are all needed', EXIT.usage);
  }
  const [, host = '', port = ''] = /^\[?([^\]]+)\]?:(\d+)$/.exec(server) ?? [];
  if (host === '') return fail(`vigie-edge enrol: --server takes HOST:PORT, not «${server}»`, EXIT.usage);
  // Before anything is made: a code that was copied in part is the most usual mistake.
  const parts = parseEnrolmentCode(code);
  if (!parts.ok) return fail(`vigie-edge enrol: ${parts.message}`, EXIT.failed);
  const key = makeCredential(data);
  if (!key.ok) return fail(`vigie-edge enrol: ${key.message}`, EXIT.failed);
  const outcome = await enrol({
    host,
    port: Number(port),
    code: parts.value,
    credential: key.value,
    clock,
  });
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
  if (parsed.kind !== 'run') return explain(parsed);
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
