// VictoriaMetrics, one node, as it is shipped: rows by Influx's line protocol, charts by rollup() over the step, which
// gives min, max and mean at once. Its cache of answers is left on; ranges that move find nothing in it.
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { sum } from '../../figures.ts';
import { folderBytes } from '../../fleet/fleet-data.ts';
import { BATCH_MINUTES, type History, lineProtocol, rowsOf } from '../history.ts';
import { type Ask, type Ingest, ingestOf, type Peer } from '../peer.ts';
import { Daemon, freePort } from './daemon.ts';

const MERGE_LOOK_MS = 1000;

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly value?: readonly [number, string];
      readonly values?: readonly unknown[];
    }[];
  };
}

export class VictoriaMetrics implements Peer {
  readonly name = 'victoria-metrics';
  readonly durability = 'as shipped: acknowledged in memory, on disk within seconds';
  readonly upkeep = null;
  readonly folder: string;
  readonly #history: History;
  readonly #daemon: Daemon;

  static async make(history: History, folder: string, program: string): Promise<VictoriaMetrics> {
    const port = await freePort();
    const args = [
      `-storageDataPath=${join(folder, 'data')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      // Rows of all ages are kept.
      '-retentionPeriod=100y',
      '-loggerLevel=ERROR',
    ];
    return new VictoriaMetrics(
      history,
      folder,
      new Daemon({ program, folder, port, args, env: {}, healthPath: '/health' }),
    );
  }

  private constructor(history: History, folder: string, daemon: Daemon) {
    this.#history = history;
    this.folder = folder;
    this.#daemon = daemon;
  }

  start = (): Promise<void> => this.#daemon.start();
  stop = (): Promise<void> => this.#daemon.stop();
  kill9 = (): Promise<void> => this.#daemon.kill9();
  cpuMs = (): number => this.#daemon.cpuMs();

  ingest(): Ingest {
    return ingestOf(this.#history.batches(BATCH_MINUTES), rowsOf, (batches) =>
      this.#daemon.post('/write?precision=ms', lineProtocol(batches)),
    );
  }

  async flush(): Promise<void> {
    await this.#daemon.text('/internal/force_flush');
    await this.#daemon.text('/internal/force_merge');
    // It merges behind its answer, and must not be stopped meanwhile: it would panic and lose its index.
    do await rest(MERGE_LOOK_MS);
    while (/^vm_active_force_merges [1-9]/m.test(await this.#daemon.text('/metrics')));
  }

  async storedBytes(): Promise<number> {
    await this.#daemon.stop();
    const bytes = folderBytes(join(this.folder, 'data'));
    await this.#daemon.start();
    return bytes;
  }

  async storedRows(): Promise<number> {
    await this.#daemon.text('/internal/force_flush');
    const seconds = Math.ceil((this.#history.toMs - this.#history.fromMs) / 1000) + 60;
    const { data } = await this.#daemon.get<Answer>('/api/v1/query', {
      query: `count_over_time(m_c0[${seconds}s])`,
      time: String(this.#history.toMs / 1000),
      nocache: '1',
    });
    return sum(data.result.map(({ value }) => Number(value?.[1] ?? 0)));
  }

  async chart({ machines, channels, fromMs, toMs, width }: Ask): Promise<number> {
    const ids = machines.map((m) => this.#history.machines[m]?.id ?? '');
    const stepMs = Math.ceil((toMs - fromMs) / width);
    const names = channels.map((c) => `c${c}`);
    const { data } = await this.#daemon.get<Answer>('/api/v1/query_range', {
      query: `rollup({__name__=~"m_(${names.join('|')})",machine=~"${ids.join('|')}"}[${stepMs}ms]) keep_metric_names`,
      start: String(fromMs / 1000),
      end: String(toMs / 1000),
      step: `${stepMs}ms`,
    });
    return sum(data.result.map(({ values }) => values?.length ?? 0));
  }

  dispose = (): Promise<void> => this.#daemon.stop();
}
