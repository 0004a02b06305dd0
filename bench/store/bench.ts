// One run of the bench: each store in turn, alone on the machine, in a folder of its own that goes when it is measured;
// then years of a machine on Vigie. Not here: the stores (peers/), charts (latency.ts), what figures mean (results.ts).
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import type { Outcome } from '@vigie/config';
import { loadModel } from '@vigie/model/load';
import { buildAll } from '../../scripts/build.ts';
import { findPostgres, NO_POSTGRES } from '../../scripts/postgres-binaries.ts';
import { root } from '../../scripts/programs.ts';
import { sum } from '../figures.ts';
import { findProgram } from './debian.ts';
import { History } from './history.ts';
import { cachePages, chartLatencies, dropCachedPages, rangesWithin, type Stored } from './latency.ts';
import { longHistoryIn } from './long-history.ts';
import type { Peer, PeerName } from './peer.ts';
import { Influx } from './peers/influxdb.ts';
import { benchPostgres, PostgresRows } from './peers/postgres.ts';
import { VictoriaMetrics } from './peers/victoria-metrics.ts';
import { Vigie, VigieServer } from './peers/vigie.ts';
import { type Measured, type MeasuredLong, type MeasuredPeer, type Results, resultsOf } from './results.ts';

export const PEERS: readonly PeerName[] = [
  'vigie-sqlite',
  'vigie-postgres',
  'postgres-rows',
  'victoria-metrics',
  'influxdb',
];

/** A server rests when it uses less than so much of a core over so long. */
const RESTING_SHARE = 0.05;
const RESTING_MS = 2000;
const RESTING_MS_MAX = 60_000;
const LOOK_MS = 5;
/** For an answer that was on its way when the server died. */
const ON_ITS_WAY_MS = 200;
const HOURS_A_YEAR = 8766;

export interface BenchOptions {
  readonly peers: readonly PeerName[];
  /** Of both machines, for every store. */
  readonly days: number;
  /** Of one machine, on Vigie alone; 0: none. */
  readonly years: number;
  /** Where they are built and stay, or stay from an earlier run; `null`: they go with the rest. */
  readonly yearsIn: string | null;
  /** Charts of each range and shape, and the time they may take. */
  readonly mostCharts: number;
  readonly mostChartsMs: number;
  readonly coldStarts: number;
  readonly say: (message: string) => void;
}

/** Makes a store in an empty folder. */
type Maker = (folder: string) => Promise<Peer>;

export class Bench {
  readonly #options: BenchOptions;
  // Must be on a disk: in memory no commit waits for anything.
  readonly #folder = mkdtempSync(join(process.env.VIGIE_BENCH_FOLDER ?? tmpdir(), 'vigie-bench-'));
  #peer: Pick<Peer, 'dispose'> | null = null;

  constructor(options: BenchOptions) {
    this.#options = options;
    // PostgreSQL runs as somebody else where root starts it.
    chmodSync(this.#folder, 0o755);
  }

  async run(): Promise<Outcome<Results>> {
    const { days, years, peers, say } = this.#options;
    await buildAll({ quiet: true });
    const model = loadModel(join(root, 'models', 'turbevap.yaml'));
    if (!model.ok) return model;
    say(`${days} days of two machines are simulated`);
    const history = new History(model.value, days, Date.now());
    const measured: MeasuredPeer[] = [];
    const absentPeers: { name: PeerName; reason: string }[] = [];
    for (const name of peers) {
      const maker = this.#makerOf(name, history);
      if (!maker.ok) {
        say(`${name} is left out: ${maker.message}`);
        absentPeers.push({ name, reason: maker.message });
        continue;
      }
      measured.push(await this.#measure(name, maker.value, history));
    }
    const long = years === 0 ? null : await this.#long(history);
    if (long !== null && !long.ok) return long;
    const figures: Measured = {
      cores: cpus().length,
      machines: history.machines.length,
      channels: history.channels.length,
      days,
      peers: measured,
      absentPeers,
      long: long?.value ?? null,
    };
    return { ok: true, value: resultsOf(figures) };
  }

  #makerOf(name: PeerName, history: History): Outcome<Maker> {
    const programs = join(this.#folder, 'programs');
    const withPostgres = (make: Maker): Outcome<Maker> =>
      findPostgres() === null ? { ok: false, message: NO_POSTGRES } : { ok: true, value: make };
    switch (name) {
      case 'vigie-sqlite':
        return { ok: true, value: (folder) => Vigie.make(history, { folder, postgres: null }) };
      case 'vigie-postgres':
        return withPostgres(async (folder) =>
          Vigie.make(history, { folder, postgres: await benchPostgres(folder) }),
        );
      case 'postgres-rows':
        return withPostgres((folder) => PostgresRows.make(history, folder));
      case 'victoria-metrics': {
        const found = findProgram('victoria-metrics', 'victoria-metrics', programs);
        if (!found.ok) return found;
        return { ok: true, value: (folder) => VictoriaMetrics.make(history, folder, found.value) };
      }
      case 'influxdb': {
        const found = findProgram('influxd', 'influxdb', programs);
        return found.ok ? { ok: true, value: (folder) => Influx.make(history, folder, found.value) } : found;
      }
    }
  }

  async #measure(name: PeerName, make: Maker, history: History): Promise<MeasuredPeer> {
    const { say } = this.#options;
    say(`${name}: killed while it takes rows`);
    const killed = await this.#within(name, make, (peer) => kill(peer, history));
    return this.#within(name, make, async (peer) => {
      say(`${name}: takes ${history.sampleCount} samples`);
      const [startMs, startCpuMs] = [performance.now(), peer.cpuMs()];
      const ingest = peer.ingest();
      await ingest.done;
      const ingestSeconds = (performance.now() - startMs) / 1000;
      await peer.upkeep?.();
      await untilItRests(peer);
      const cpuSeconds = (peer.cpuMs() - startCpuMs) / 1000;
      ingest.abandon();
      await peer.flush();
      const storedBytes = await peer.storedBytes();
      const rows = await peer.storedRows();
      if (rows !== history.rowCount) throw new Error(`${name} has ${rows} of ${history.rowCount} rows`);
      say(`${name}: charts`);
      const stored = {
        machines: history.machines.length,
        channels: history.channels.length,
        fromMs: history.fromMs,
        toMs: history.toMs,
      };
      const charts = await this.#charts(peer, stored);
      return {
        name,
        durability: peer.durability,
        samples: history.sampleCount,
        ingestSeconds,
        cpuSeconds,
        storedBytes,
        charts,
        ...killed,
      };
    });
  }

  #charts(
    peer: Pick<Peer, 'chart' | 'start' | 'stop' | 'folder'>,
    stored: Stored,
  ): ReturnType<typeof chartLatencies> {
    const { mostCharts, mostChartsMs, coldStarts } = this.#options;
    return chartLatencies({
      stored,
      ranges: rangesWithin(stored.toMs - stored.fromMs),
      mostCharts,
      mostMs: mostChartsMs,
      coldStarts,
      chart: (ask) => peer.chart(ask),
      restart: async () => {
        await peer.stop();
        dropCachedPages(peer.folder);
        await peer.start();
      },
      warm: () => cachePages(peer.folder),
    });
  }

  /** A store that runs on an empty folder, for as long as the work takes. */
  async #within<T>(name: PeerName, make: Maker, work: (peer: Peer) => Promise<T>): Promise<T> {
    const folder = join(this.#folder, name);
    mkdirSync(folder, { mode: 0o755 });
    const peer = await make(folder);
    this.#peer = peer;
    try {
      await peer.start();
      return await work(peer);
    } finally {
      this.#peer = null;
      await peer.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #long(history: History): Promise<Outcome<MeasuredLong>> {
    const { years, yearsIn, say } = this.#options;
    const folder = resolve(yearsIn ?? join(this.#folder, 'long'));
    const there = await longHistoryIn({ folder, history, hours: Math.round(years * HOURS_A_YEAR), say });
    if (!there.ok) return there;
    const built = there.value;
    const server = new VigieServer({ folder, database: null });
    this.#peer = { dispose: () => server.stop() };
    await server.start();
    say('charts of all of it');
    const { channels } = history;
    const charts = await this.#charts(
      {
        folder,
        start: () => server.start(),
        stop: () => server.stop(),
        chart: async (ask) => {
          const ids = ask.channels.map((c) => channels[c] ?? '');
          return sum(
            await Promise.all(ask.machines.map((m) => server.chart(built.machines[m] ?? '', ids, ask))),
          );
        },
      },
      { machines: built.machines.length, channels: channels.length, fromMs: built.fromMs, toMs: built.toMs },
    );
    await server.stop();
    this.#peer = null;
    const { rowCount: rows, sealedHours, bytes, buildSeconds } = built;
    return { ok: true, value: { years, rows, sealedHours, bytes, buildSeconds, charts } };
  }

  async dispose(): Promise<void> {
    await this.#peer?.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** In the middle of what it takes; then it starts again. */
async function kill(
  peer: Peer,
  history: History,
): Promise<Pick<MeasuredPeer, 'acknowledgedRows' | 'storedRows'>> {
  const ingest = peer.ingest();
  let failed: unknown = null;
  ingest.done.catch((error: unknown) => {
    failed = error;
  });
  while (ingest.acknowledgedRows() < history.rowCount / 2) {
    if (failed !== null) throw failed;
    await rest(LOOK_MS);
  }
  await peer.kill9();
  ingest.abandon();
  await rest(ON_ITS_WAY_MS);
  const acknowledgedRows = ingest.acknowledgedRows();
  if (acknowledgedRows === history.rowCount) throw new Error(`${peer.name} had taken all when it was killed`);
  await peer.start();
  return { acknowledgedRows, storedRows: await peer.storedRows() };
}

async function untilItRests(peer: Peer): Promise<void> {
  for (let waitedMs = 0; waitedMs < RESTING_MS_MAX; waitedMs += RESTING_MS) {
    const before = peer.cpuMs();
    await rest(RESTING_MS);
    if (peer.cpuMs() - before < RESTING_SHARE * RESTING_MS) return;
  }
}
