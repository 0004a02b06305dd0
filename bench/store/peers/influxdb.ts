// InfluxDB 1 (TSM), as it is shipped, with its own watching of itself off: a field a channel, charts by GROUP BY time.
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { sum } from '../../figures.ts';
import { folderBytes } from '../../fleet/fleet-data.ts';
import { BATCH_MINUTES, type History, lineProtocol, rowsOf } from '../history.ts';
import { type Ask, type Ingest, ingestOf, type Peer } from '../peer.ts';
import { Daemon, freePort } from './daemon.ts';

/** Compacts what rests: by itself it would wait four hours for that. */
const COMPACT_SOON = {
  INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION: '1s',
  INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION: '1s',
};
const STABLE_MS = 3000;
const COMPACT_MS_MAX = 120_000;

interface Answer {
  readonly results: readonly {
    readonly series?: readonly { readonly values: readonly (readonly (number | null)[])[] }[];
    readonly error?: string;
  }[];
}

export class Influx implements Peer {
  readonly name = 'influxdb';
  readonly durability = 'as shipped: acknowledged after the fsync of its log';
  readonly upkeep = null;
  readonly folder: string;
  readonly #history: History;
  readonly #daemon: Daemon;

  static async make(history: History, folder: string, program: string): Promise<Influx> {
    const [port, backupPort] = [await freePort(), await freePort()];
    const env = {
      INFLUXDB_DATA_DIR: join(folder, 'data'),
      INFLUXDB_DATA_WAL_DIR: join(folder, 'wal'),
      INFLUXDB_META_DIR: join(folder, 'meta'),
      INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${port}`,
      INFLUXDB_BIND_ADDRESS: `127.0.0.1:${backupPort}`,
      INFLUXDB_REPORTING_DISABLED: 'true',
      INFLUXDB_MONITOR_STORE_ENABLED: 'false',
      INFLUXDB_HTTP_LOG_ENABLED: 'false',
      INFLUXDB_LOGGING_LEVEL: 'error',
    };
    const args = ['run', '-config', '/dev/null'];
    const daemon = new Daemon({ program, folder, port, args, env, healthPath: '/ping' });
    return new Influx(history, folder, daemon);
  }

  private constructor(history: History, folder: string, daemon: Daemon) {
    this.#history = history;
    this.folder = folder;
    this.#daemon = daemon;
  }

  async start(): Promise<void> {
    await this.#daemon.start();
    await this.#daemon.post(`/query?${new URLSearchParams({ q: 'CREATE DATABASE bench' })}`, '');
  }
  stop = (): Promise<void> => this.#daemon.stop();
  kill9 = (): Promise<void> => this.#daemon.kill9();
  cpuMs = (): number => this.#daemon.cpuMs();

  ingest(): Ingest {
    return ingestOf(this.#history.batches(BATCH_MINUTES), rowsOf, (batches) =>
      this.#daemon.post('/write?db=bench&precision=ms', lineProtocol(batches)),
    );
  }

  async flush(): Promise<void> {
    await this.#daemon.stop();
    await this.#daemon.start(COMPACT_SOON);
    let bytes = this.#bytes();
    for (let stableMs = 0, waitedMs = 0; stableMs < STABLE_MS && waitedMs < COMPACT_MS_MAX; ) {
      await rest(STABLE_MS / 3);
      const now = this.#bytes();
      stableMs = now === bytes ? stableMs + STABLE_MS / 3 : 0;
      waitedMs += STABLE_MS / 3;
      bytes = now;
    }
    await this.#daemon.stop();
    await this.#daemon.start();
  }

  async storedBytes(): Promise<number> {
    return this.#bytes();
  }

  #bytes(): number {
    return folderBytes(join(this.folder, 'data')) + folderBytes(join(this.folder, 'wal'));
  }

  async storedRows(): Promise<number> {
    const values = await this.#ask('SELECT count(c0) FROM m GROUP BY machine');
    return sum(values.map(([, count]) => count ?? 0));
  }

  async chart({ machines, channels, fromMs, toMs, width }: Ask): Promise<number> {
    const stepMs = Math.ceil((toMs - fromMs) / width);
    const fields = channels.flatMap((c) => [`min(c${c})`, `max(c${c})`, `mean(c${c})`, `count(c${c})`]);
    const ids = machines.map((m) => `machine = '${this.#history.machines[m]?.id ?? ''}'`);
    const values = await this.#ask(
      `SELECT ${fields.join(', ')} FROM m WHERE (${ids.join(' OR ')}) AND time >= ${Math.round(fromMs)}ms AND time < ${Math.round(toMs)}ms GROUP BY time(${stepMs}ms), machine`,
    );
    return values.length * channels.length;
  }

  async #ask(q: string): Promise<readonly (readonly (number | null)[])[]> {
    const { results } = await this.#daemon.get<Answer>('/query', { db: 'bench', epoch: 'ms', q });
    const [result] = results;
    if (result?.error !== undefined) throw new Error(result.error);
    return (result?.series ?? []).flatMap(({ values }) => values);
  }

  dispose = (): Promise<void> => this.#daemon.stop();
}
