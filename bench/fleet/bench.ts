// One run of the bench: a data folder with an enrolled fleet, a real server on it, N simulated machines over real TLS;
// first connection, a window of plain minutes, a reconnection storm, then what is on disk.
// The simulated machines run in this process, the server in its own: on two cores each has one.
// Not here: one machine (edge.ts), what figures mean (results.ts).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest, setImmediate } from 'node:timers/promises';
import { EXIT, type Outcome, realClock, realRandomness } from '@vigie/config';
import { loadModel } from '@vigie/model/load';
import { buildAll } from '../../scripts/build.ts';
import { type Program, root, startProgram } from '../../scripts/programs.ts';
import { type Usage, usageOf } from '../edge/usage.ts';
import { sum } from '../figures.ts';
import { sharedDial } from './dial.ts';
import { SimulatedEdge } from './edge.ts';
import {
  type EnrolledMachine,
  enrolFleet,
  folderBytes,
  onlyLimits,
  type Place,
  placeArgs,
  sealAll,
  storedRows,
} from './fleet-data.ts';
import { measureGenerator } from './generator.ts';
import { Load, phaseMs, Seen } from './load.ts';
import { A_DAY, BLOCK_MS, type MachinePrior, Recording } from './recording.ts';
import {
  type Connecting,
  type Measured,
  type Results,
  recoveryMs,
  resultsOf,
  type Storm,
  type StormKind,
} from './results.ts';
import { MadeUpSpool } from './spool.ts';

const HOST = '127.0.0.1';
/** Six hours: a machine of a short run meets the same minute once. */
const RECORDED_BLOCKS = 360;
/** Blocks after each other in the recording begin apart by this much from machine to machine. */
const APART_BLOCKS = 7;
const HOUR_BLOCKS = 60;
/** For a fleet that has never been met to be connected, its history sent; for one that lost its links. */
const FIRST_MOST_MS = 1_200_000;
const STORM_MOST_MS = 240_000;
const SETTLE_MS = 10_000;
const STOP_MOST_MS = 120_000;
/** After a whole run it has stopped long before. */
const INTERRUPTED_MOST_MS = 5000;
const SHARE = 0.99;
const LOOK_MS = 100;

export interface BenchOptions {
  readonly machines: number;
  readonly seconds: number;
  readonly database: string | null;
  readonly history: { readonly machines: number; readonly hours: number };
  readonly storm: StormKind;
  /** Limits that are watched of each machine; `null`: all of the model. */
  readonly limits: number | null;
  /** Folder for a CPU profile of the server; `null`: none. */
  readonly profile: string | null;
  readonly say: (message: string) => void;
}

export class Bench {
  readonly #options: BenchOptions;
  // Must be on a disk: in memory no commit waits for anything.
  readonly #folder = mkdtempSync(join(process.env.VIGIE_BENCH_FOLDER ?? tmpdir(), 'vigie-bench-'));
  readonly #clock = realClock();
  #server: Program | null = null;
  #load: Load | null = null;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async run(): Promise<Outcome<Results>> {
    const { machines, database, history, limits, say } = this.#options;
    await buildAll({ quiet: true });
    const model = loadModel(join(root, 'models', 'turbevap.yaml'));
    if (!model.ok) return model;
    say('a day of one machine is simulated and learnt from');
    const recording = new Recording(model.value, RECORDED_BLOCKS, A_DAY);
    say(`${machines} machines are enrolled`);
    const place: Place = { folder: join(this.#folder, 'server'), database };
    mkdirSync(place.folder, { mode: 0o700 });
    const enrolled = await enrolFleet(place, machines, onlyLimits(model.value.schema, limits));
    if (!enrolled.ok) return enrolled;
    const emptyBytes = folderBytes(place.folder);
    const priors: MachinePrior[] = [];
    for (const { id } of enrolled.value.machines) {
      priors.push(recording.priorOf(id));
      // Ctrl+C is heard meanwhile.
      await setImmediate();
    }

    const port = await this.#startServer(place, 0);
    await rest(SETTLE_MS / 5);
    const idle = this.#usage();
    const { seen, edges, load, startMs } = this.#fleet(recording, enrolled.value, priors, port);
    this.#load = load;
    say('the machines connect');
    load.start();
    const first = await this.#connecting(seen, edges, { fromMs: startMs, mostMs: FIRST_MOST_MS });
    // The first block of a machine costs more than the others: its prior is decoded.
    await this.#until(() => edges.every(({ flows }) => flows), 2 * BLOCK_MS);
    await rest(SETTLE_MS);

    const { window, generator, atStart, atEnd } = await this.#window(seen, edges, load);
    const storm = await this.#storm(place, seen, edges, port);
    const last = this.#usage();
    load.stop();
    say('the server finishes');
    const code = await this.#server?.stop(STOP_MOST_MS);
    if (code !== EXIT.ok) throw new Error(`the server did not stop cleanly (code ${code})`);
    say('closed hours are sealed');
    await sealAll(place);
    const rows = await storedRows(place, enrolled.value.machines);
    if (!rows.ok) return rows;
    const acknowledged = edges.map(({ acknowledgedRows }) => acknowledgedRows);
    return {
      ok: true,
      value: resultsOf({
        machines,
        channels: model.value.schema.channels.length,
        startMs,
        window,
        seen,
        server: { idle, atStart, atEnd, last },
        first,
        storm,
        generator,
        acknowledgedRows: sum(acknowledged),
        storedRows: sum(rows.value),
        machinesWithLoss: acknowledged.filter((count, i) => count > (rows.value[i] ?? 0)).length,
        history,
        disk:
          database === null
            ? {
                emptyBytes,
                bytes: folderBytes(place.folder),
                priorBytes: sum(priors.map(({ bytes }) => bytes.length)),
              }
            : null,
        blockBytes: recording.meanBlockBytes,
      }),
    };
  }

  #fleet(
    recording: Recording,
    { machines, pins }: { readonly machines: readonly EnrolledMachine[]; readonly pins: readonly string[] },
    priors: readonly MachinePrior[],
    port: number,
  ): { readonly seen: Seen; readonly edges: SimulatedEdge[]; readonly load: Load; readonly startMs: number } {
    const { history } = this.#options;
    const clock = this.#clock;
    const seen = new Seen();
    const dial = sharedDial();
    const startMs = clock.monotonicMs();
    const edges = machines.map(({ id, key, spool }, i) => {
      const prior = priors[i];
      if (prior === undefined) throw new Error('a prior for each machine');
      const blocks = i < history.machines ? Math.round(history.hours * HOUR_BLOCKS) : 0;
      return new SimulatedEdge({
        machine: id,
        key,
        pins,
        host: HOST,
        port,
        spool: new MadeUpSpool({
          id: spool,
          bootId: `boot-${spool}`,
          recording,
          prior,
          from: i * APART_BLOCKS,
          blocks,
        }),
        firstRowMs: startMs + phaseMs(i, machines.length) - blocks * BLOCK_MS,
        dial,
        clock,
        randomness: realRandomness,
        watch: seen,
      });
    });
    return { seen, edges, startMs, load: new Load({ edges, startMs, clock, randomness: realRandomness }) };
  }

  /** Until all machines are connected with nothing left to send, or no longer than is worth waiting for. */
  async #connecting(
    seen: Seen,
    edges: readonly SimulatedEdge[],
    { fromMs, mostMs }: { readonly fromMs: number; readonly mostMs: number },
  ): Promise<Connecting> {
    const { say } = this.#options;
    const cpuMs = this.#usage().cpuMs;
    let saidMs = fromMs;
    await this.#until(() => {
      const nowMs = this.#clock.monotonicMs();
      const back = edges.filter(({ backMs }) => backMs !== null).length;
      if (nowMs - saidMs >= 10_000) {
        saidMs = nowMs;
        say(`${back} of ${edges.length} machines are connected with nothing left to send`);
      }
      return back === edges.length;
    }, mostMs);
    const backMs = edges.map((edge) => edge.backMs);
    return {
      span: { fromMs, toMs: this.#clock.monotonicMs() },
      for99Ms: recoveryMs(backMs, fromMs, SHARE),
      forAllMs: recoveryMs(backMs, fromMs, 1),
      errors: seen.takeErrors(),
      cpuMs: this.#usage().cpuMs - cpuMs,
    };
  }

  /** Plain minutes. */
  async #window(
    seen: Seen,
    edges: readonly SimulatedEdge[],
    load: Load,
  ): Promise<Pick<Measured, 'window' | 'generator'> & { readonly atStart: Usage; readonly atEnd: Usage }> {
    const { seconds, say } = this.#options;
    const connected = edges.filter((edge) => edge.isWelcomed).length;
    say(`measuring for ${seconds} s, ${connected} machines connected`);
    load.lateMs = 0;
    seen.takeErrors();
    const stopMeasuring = measureGenerator();
    const [fromMs, atStart] = [this.#clock.monotonicMs(), this.#usage()];
    await rest(seconds * 1000);
    const [toMs, atEnd] = [this.#clock.monotonicMs(), this.#usage()];
    const generator = { ...stopMeasuring(), lateMs: load.lateMs };
    const window = { fromMs, toMs, connected, errors: seen.takeErrors() };
    // A block of the last second has until its next one is due.
    await this.#until(() => edges.every((edge) => edge.isDrained), BLOCK_MS);
    return { window, generator, atStart, atEnd };
  }

  /** Everything breaks at once; a machine is back when it is connected, has sent what it held, and its blocks flow. */
  async #storm(place: Place, seen: Seen, edges: readonly SimulatedEdge[], port: number): Promise<Storm> {
    const { storm: kind, say } = this.#options;
    say(kind === 'links' ? 'all links break at once' : 'the server is killed and starts again');
    const fromMs = this.#clock.monotonicMs();
    if (kind === 'links') for (const edge of edges) edge.drop();
    else await this.#restartServer(place, edges, port);
    const stopMeasuring = measureGenerator();
    const connecting = await this.#connecting(seen, edges, { fromMs, mostMs: STORM_MOST_MS });
    const generator = stopMeasuring();
    // Each has a block due within a minute, and a minute to get it acknowledged.
    await this.#until(() => edges.every(({ flows }) => flows), 2 * BLOCK_MS);
    const backMs = edges.map(({ flows, backMs }) =>
      flows && backMs !== null && backMs - fromMs <= STORM_MOST_MS ? backMs : null,
    );
    return {
      ...connecting,
      kind,
      generator,
      for99Ms: recoveryMs(backMs, fromMs, SHARE),
      forAllMs: recoveryMs(backMs, fromMs, 1),
    };
  }

  /** @returns the port edges connect to. */
  async #startServer(place: Place, linkPort: number): Promise<number> {
    const { profile } = this.#options;
    const server = startProgram(
      'vigie-server',
      [
        ...['run', ...placeArgs(place), '--port', '0'],
        ...['--link-host', HOST, '--link-port', String(linkPort)],
      ],
      profile === null ? {} : { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir="${profile}"` } },
    );
    this.#server = server;
    return (await server.event<{ linkPort: number }>('listening')).linkPort;
  }

  /** As when its power fails: nothing is finished, nothing is said to anybody. */
  async #restartServer(place: Place, edges: readonly SimulatedEdge[], port: number): Promise<void> {
    for (const edge of edges) edge.expectLoss();
    this.#server?.process.kill('SIGKILL');
    await this.#server?.ended;
    await this.#startServer(place, port);
  }

  #usage(): Usage {
    const server = this.#server?.process;
    if (server?.pid === undefined || server.exitCode !== null)
      throw new Error(`the server ended: ${this.#server?.output().slice(-2000)}`);
    return usageOf(server.pid);
  }

  /** Whether it came true in time. */
  async #until(isTrue: () => boolean, mostMs: number): Promise<boolean> {
    const endMs = this.#clock.monotonicMs() + mostMs;
    while (!isTrue()) {
      if (this.#clock.monotonicMs() > endMs) return false;
      if (this.#server?.process.exitCode !== null) this.#usage();
      await rest(LOOK_MS);
    }
    return true;
  }

  async dispose(): Promise<void> {
    this.#load?.stop();
    await this.#server?.stop(INTERRUPTED_MOST_MS);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
