// PostgreSQL as most would use it: one row per sample, found by machine, channel and instant; and what its databases take
// on disk, for Vigie on PostgreSQL too. Numbers for machines and channels are small integers, which keeps rows short.
import { Client } from 'pg';
import { type Postgres, startPostgres } from '../../../scripts/postgres.ts';
import { treeCpuMs } from '../../edge/usage.ts';
import { ROW_MS } from '../../fleet/recording.ts';
import { BATCH_MINUTES, type Batch, type History, rowsOf } from '../history.ts';
import { type Ask, type Ingest, ingestOf, type Peer } from '../peer.ts';

/** The same server for both peers that use one. */
export function benchPostgres(folder: string): Promise<Postgres> {
  return startPostgres({ folder, settings: { shared_buffers: '256MB', max_wal_size: '2GB' } });
}

/** Tables and indexes, after what was deleted is given back; not the log of changes, which is used again. */
export async function databaseBytes(url: string): Promise<number> {
  const client = await connected(url);
  try {
    await client.query('VACUUM');
    const { rows } = await client.query<{ bytes: string }>(
      'SELECT pg_database_size(current_database()) AS bytes',
    );
    return Number(rows[0]?.bytes ?? 0);
  } finally {
    await client.end();
  }
}

export class PostgresRows implements Peer {
  readonly name = 'postgres-rows';
  readonly durability = 'PostgreSQL, fsync and synchronous_commit on: acknowledged after the commit';
  readonly upkeep = null;
  readonly folder: string;
  readonly #postgres: Postgres;
  readonly #url: string;
  readonly #history: History;
  #client: Client | null = null;
  #emptyBytes = 0;

  static async make(history: History, folder: string): Promise<PostgresRows> {
    const postgres = await benchPostgres(folder);
    return new PostgresRows(history, folder, postgres, await postgres.createDatabase());
  }

  private constructor(history: History, folder: string, postgres: Postgres, url: string) {
    this.#history = history;
    this.folder = folder;
    this.#postgres = postgres;
    this.#url = url;
  }

  async start(): Promise<void> {
    if (this.#postgres.pid === null) await this.#postgres.start();
    this.#client = await connected(this.#url);
    const made = await this.#client.query("SELECT to_regclass('sample') AS name");
    if (made.rows[0]?.name !== null) return;
    await this.#client.query(
      'CREATE TABLE sample (machine smallint, channel smallint, at_ms bigint, value float8, PRIMARY KEY (machine, channel, at_ms))',
    );
    this.#emptyBytes = await databaseBytes(this.#url);
  }

  async stop(): Promise<void> {
    await this.#client?.end();
    await this.#postgres.stop();
  }

  kill9(): Promise<void> {
    return this.#postgres.kill9();
  }

  cpuMs(): number {
    return treeCpuMs(this.#postgres.pid ?? 0);
  }

  ingest(): Ingest {
    return ingestOf(this.#history.batches(BATCH_MINUTES), rowsOf, async (batches) => {
      await this.#asked().query(
        'INSERT INTO sample SELECT * FROM unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::float8[])',
        arraysOf(batches),
      );
    });
  }

  async flush(): Promise<void> {
    await this.#asked().query('VACUUM ANALYZE sample');
    const admin = await connected(this.#postgres.adminUrl());
    await admin.query('CHECKPOINT');
    await admin.end();
  }

  async storedBytes(): Promise<number> {
    return (await databaseBytes(this.#url)) - this.#emptyBytes;
  }

  async storedRows(): Promise<number> {
    const { rows } = await this.#asked().query<{ count: string }>(
      'SELECT count(*) AS count FROM sample WHERE channel = 0',
    );
    return Number(rows[0]?.count ?? 0);
  }

  async chart({ machines, channels, fromMs, toMs, width }: Ask): Promise<number> {
    const { rows } = await this.#asked().query(
      `SELECT machine, channel, (at_ms - $3) / $5 AS bucket, min(value), max(value), avg(value), count(*)
       FROM sample WHERE machine = ANY($1::smallint[]) AND channel = ANY($2::smallint[]) AND at_ms >= $3 AND at_ms < $4
       GROUP BY 1, 2, 3`,
      [machines, channels, Math.round(fromMs), Math.round(toMs), Math.ceil((toMs - fromMs) / width)],
    );
    return rows.length;
  }

  async dispose(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
    await this.#postgres.dispose();
  }

  #asked(): Client {
    if (this.#client === null) throw new Error('PostgreSQL was not started');
    return this.#client;
  }
}

/** In the text form, in the order rows come: instant by instant. */
function arraysOf(batches: readonly Batch[]): string[] {
  const [machines, channels, instants, values]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (const { index, firstMs, rowCount, columns } of batches) {
    for (let i = 0; i < rowCount; i++) {
      for (const [c, column] of columns.entries()) {
        machines.push(index);
        channels.push(c);
        instants.push(firstMs + i * ROW_MS);
        values.push(column[i] ?? 0);
      }
    }
  }
  return [machines, channels, instants, values].map((list) => `{${list.join(',')}}`);
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // Of a server that is killed; what is asked of it next is refused.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
