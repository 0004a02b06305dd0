// The agent, until a signal ends it or a recording is all acknowledged. Its log goes to stderr. Not here: what it does (agent.ts).
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { EXIT, explain, type Outcome, parseFlags, realRandomness } from '@vigie/config';
import { loadModel, type MachineModel } from '@vigie/model/load';
import type { Clock, Timer } from '@vigie/protocol';
import { inTheFuture, readRecording } from '../acquire/csv.ts';
import { LinesSource } from '../acquire/lines.ts';
import { deadlineMs, ModbusSource } from '../acquire/modbus.ts';
import { RtuTransport, wireMs } from '../acquire/modbus-rtu.ts';
import { TcpTransport } from '../acquire/modbus-tcp.ts';
import {
  type ReplaySchema,
  ReplaySource,
  recordedRows,
  schemaOfModel,
  schemaOfRecording,
} from '../acquire/replay.ts';
import { planRequests } from '../acquire/requests.ts';
import { openSerial, stableName } from '../acquire/serial.ts';
import type { Source } from '../acquire/source.ts';
import type { ModbusTransport } from '../acquire/transport.ts';
import { Agent } from '../agent.ts';
import { kernelBootId, liveAxis } from '../clock/axis.ts';
import { RUN_FLAGS, type RunSettings, runSettings } from '../config.ts';
import { folderHome } from '../enrolment/home.ts';
import { credentials, type Identity, readIdentity } from '../enrolment/identity.ts';
import { keepGood, loadOrLastGood } from '../last-good.ts';
import { serveLocalPage } from '../local/local-page.ts';
import { boxModem, interfaceCounter } from '../modem/box.ts';
import { ModemWatch } from '../modem/modem-watch.ts';
import { realDisk } from '../spool/disk.ts';
import { Spool } from '../spool/spool.ts';
import { processTrainer } from '../spool/trainer.ts';
import { summaryOf, writeStatus } from '../status.ts';
import { tellSystemd } from '../systemd.ts';
import { dialTls } from '../uplink/connection.ts';
import { boxRoads } from '../uplink/roads.ts';
import { type CommandContext, fail } from './command.ts';

const STATUS_EVERY_MS = 5000;
/** A file written and synced every five seconds would be a fifth of all that a card takes in. */
const STATUS_UNCHANGED_MS = 15_000;
/** Of blocks that wait for a disk that refuses: weeks of most machines' rows, and little on the smallest box. */
const MEMORY_BYTES = 20e6;
/** Between two attempts on a disk that refused at start: soon, in case it was only late, then ever more rarely. */
const TRY_DISK_MS = { first: 5000, most: 60_000 } as const;
/** For rows that are in memory only to be acknowledged, when the agent is to stop. */
const LAST_CHANCE_MS = 5000;

interface Program {
  readonly clock: Clock;
  readonly version: string;
  /** Into the log. */
  readonly say: (message: string) => void;
}

export async function run({ args, clock }: CommandContext, version: string): Promise<number> {
  const say = (message: string): void => console.error(`${new Date(clock.utcMs()).toISOString()} ${message}`);
  const program = { clock, version, say };
  const parsed = parseFlags(
    {
      name: 'vigie-edge run',
      summary:
        'Reads a machine, keeps every row, sends it to the server. Other commands: enrol, rotate-key, status.',
      flags: RUN_FLAGS,
      notes:
        'First: vigie-edge enrol --server HOST --code CODE --data DIR\nA recording as if it were a controller: vigie-edge --source csv --file F --speed N --data DIR\nModbus RTU: vigie-edge --source modbus-rtu --port /dev/serial/by-id/… --baud-rate 9600 --parity none --model M --data DIR\nLines of a microcontroller: vigie-edge --source serial-lines --port /dev/serial/by-id/… --format csv --model M --data DIR',
    },
    args,
  );
  if (parsed.kind !== 'run') return explain(parsed);
  const notices: string[] = [];
  const notice = (message: string): void => {
    notices.push(message);
    say(message);
  };
  const { config, data } = parsed.flags;
  const loaded =
    config === undefined
      ? null
      : loadOrLastGood(
          config,
          [data ?? dirname(config), dirname(config)],
          (file) => runSettings({ ...parsed.flags, config: file }),
          notice,
        );
  if (loaded !== null && !loaded.ok) return fail(loaded.message, EXIT.usage);
  const settings: Outcome<RunSettings> =
    loaded === null ? runSettings(parsed.flags) : { ok: true, value: loaded.value.value };
  if (!settings.ok) return fail(settings.message, EXIT.usage);
  const identity = readIdentity(settings.value.data, notice);
  if (!identity.ok) return fail(identity.message, EXIT.failed);
  const keys = credentials(settings.value.data);
  if (!keys.ok) return fail(keys.message, EXIT.failed);
  const source = openSource(program, settings.value, notice);
  if (!source.ok) return fail(source.message, EXIT.usage);
  if (config !== undefined && !loaded?.value.fromCopy) keepGood(settings.value.data, config);
  return runAgent(program, settings.value, identity.value, source.value, notices);
}

async function runAgent(
  { clock, version, say }: Program,
  settings: RunSettings,
  identity: Identity,
  source: Source,
  notices: string[],
): Promise<number> {
  const ofSpool = { bootId: source.axis.bootId, schema: source.schema, randomness: realRandomness };
  const openOnDisk = () =>
    Spool.open({
      ...ofSpool,
      disk: realDisk,
      file: join(settings.data, 'spool.db'),
      mostBytes: settings.spoolMegabytes * 1e6,
    });
  const onDisk = openOnDisk();
  // A recording can wait for its disk; a controller does not.
  if (!onDisk.ok && (source.ends || !onDisk.diskRefuses)) return fail(onDisk.message, EXIT.failed);
  if (!onDisk.ok) {
    say(
      `spool: the disk cannot be written (${onDisk.message}): rows are held in memory only, ${MEMORY_BYTES / 1e6} MB at most, and would be lost with this process; mend or replace the card. The disk is tried again every minute at least`,
    );
  }
  const spool = onDisk.ok
    ? onDisk.value
    : Spool.inMemory({ ...ofSpool, mostBytes: MEMORY_BYTES }, onDisk.message);
  const metered = settings.modem?.interface;
  let watch: ModemWatch | null = null;
  const agent = new Agent({
    identity,
    home: folderHome(settings.data, identity, (message) => {
      notices.push(message);
      say(message);
    }),
    source,
    spool,
    intervalMs: settings.intervalMs,
    clock,
    randomness: realRandomness,
    trainer: processTrainer,
    dial: dialTls,
    plan: settings.dataPlan,
    counter: metered === undefined ? null : interfaceCounter(metered),
    roads: boxRoads(metered),
    modem: () => watch?.view ?? null,
    version,
    say,
  });
  if (settings.modem !== null) {
    watch = new ModemWatch({
      ...boxModem(settings.modem, settings.data, clock),
      clock,
      link: () => agent.link,
      sessionBegan: () => agent.sessionBegan(),
      say,
    });
    watch.start();
  }
  const stopped = untilStopped();
  agent.start();
  const tryDiskIn = (ms: number): Timer =>
    clock.after(ms, () => {
      const opened = openOnDisk();
      if (opened.ok) {
        say('spool: the disk can be written again, new rows go there');
        agent.moveTo(opened.value);
      } else trying = tryDiskIn(Math.min(2 * ms, TRY_DISK_MS.most));
    });
  let trying = onDisk.ok ? null : tryDiskIn(TRY_DISK_MS.first);
  let statusProblem: string | null = null;
  let reported: { readonly summary: string; readonly atMs: number } | null = null;
  const report = (): void => {
    reporting = clock.after(STATUS_EVERY_MS, report);
    const status = agent.status();
    const summary = summaryOf(status);
    const nowMs = clock.monotonicMs();
    if (summary === reported?.summary && nowMs - reported.atMs < STATUS_UNCHANGED_MS) return;
    reported = { summary, atMs: nowMs };
    const written = writeStatus(settings.data, { ...status, notices }, clock.utcMs());
    const problem = written.ok ? null : written.message;
    // Once, since a log on the same disk would fill it.
    if (problem !== null && statusProblem === null) say(problem);
    statusProblem = problem;
  };
  let reporting = clock.after(0, report);
  console.log(JSON.stringify({ running: identity.machine }));
  const endsForSystemd = tellSystemd(clock, process.env);
  const page =
    settings.localPage === null ? null : await openLocalPage(say, settings.localPage, agent, source);
  const finished = await Promise.race([stopped.then(() => false), agent.finished.then(() => true)]);
  endsForSystemd();
  page?.close();
  reporting.cancel();
  trying?.cancel();
  if (agent.holdsRowsInMemory && !finished) {
    agent.end();
    await Promise.race([agent.finished, new Promise<void>((done) => clock.after(LAST_CHANCE_MS, done))]);
  }
  const { rows } = agent.status();
  watch?.stop();
  agent.stop();
  if (settings.source.type !== 'csv') return EXIT.ok;
  if (!finished) return fail('vigie-edge: stopped; started again it goes on where it was', EXIT.failed);
  console.log(`${rows} rows replayed, all acknowledged.`);
  return EXIT.ok;
}

/** `null`: the page cannot be served, which keeps the agent from nothing. */
async function openLocalPage(
  say: Program['say'],
  where: NonNullable<RunSettings['localPage']>,
  agent: Agent,
  source: Source,
): Promise<{ close: () => void } | null> {
  const served = await serveLocalPage({
    ...where,
    status: () => agent.status(),
    newestRow: () => agent.newestRow,
    schema: () => agent.schema,
    nowMs: () => source.axis.nowMs(),
    testLink: () => agent.testLink(),
  });
  if (!served.ok) {
    say(`local page: ${served.message}`);
    return null;
  }
  say(`local page: http://${where.host}:${served.value.port}`);
  return served.value;
}

function openSource(
  { clock, say }: Program,
  settings: RunSettings,
  notice: (message: string) => void,
): Outcome<Source> {
  const { source } = settings;
  const loaded =
    settings.model === null ? null : loadOrLastGood(settings.model, [settings.data], loadModel, notice);
  if (loaded !== null && !loaded.ok) return loaded;
  const model = loaded?.value.value ?? null;
  if (settings.model !== null && !loaded?.value.fromCopy) keepGood(settings.data, settings.model);
  if (source.type === 'modbus-rtu' || source.type === 'serial-lines') {
    const stable = stableName(source.port);
    if (stable !== null)
      say(`${source.port} may get another number one day; this name stays: --port ${stable}`);
  }
  switch (source.type) {
    case 'modbus-tcp':
      return modbusSource(clock, settings, model, new TcpTransport(source, clock));
    case 'modbus-rtu': {
      const environment = { clock, randomness: realRandomness, openSerial };
      const opened = modbusSource(clock, settings, model, new RtuTransport(source, environment));
      if (!opened.ok || model === null) return opened;
      const { schema, registers } = model;
      const needsMs = planRequests(registers ?? []).reduce((sum, one) => sum + wireMs(one, source), 0);
      const hasMs = deadlineMs(schema.intervalMs);
      if (needsMs <= hasMs) return opened;
      return {
        ok: false,
        message: `vigie-edge: at ${source.baudRate} baud the model's registers take ${Math.round(needsMs)} ms to read, of ${hasMs} ms: raise the baud rate, or intervalMs in ${settings.model}`,
      };
    }
    case 'serial-lines': {
      if (model === null) return { ok: false, message: 'vigie-edge: --model FILE is missing' };
      const axis = liveAxis(clock, kernelBootId());
      const lines = new LinesSource({ ...model, settings: source, clock, axis, openSerial });
      return { ok: true, value: lines };
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
          : schemaOfModel(source.file, recording.value, model.schema);
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

function modbusSource(
  clock: Clock,
  settings: RunSettings,
  model: MachineModel | null,
  transport: ModbusTransport,
): Outcome<Source> {
  if (model === null) return { ok: false, message: 'vigie-edge: --model FILE is missing' };
  const { schema, registers } = model;
  if (registers === null) {
    return {
      ok: false,
      message: `${settings.model}: no channel has a «register», which a source of type ${settings.source.type} reads`,
    };
  }
  const axis = liveAxis(clock, kernelBootId());
  return { ok: true, value: new ModbusSource({ schema, registers, transport, clock, axis }) };
}

function untilStopped(): Promise<void> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, () => stop());
  });
}
