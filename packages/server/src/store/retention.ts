// Deletes the rows of a machine that are older than its operator wants to keep (machine.keep_days); rollups stay.
// Invariants: `raw_from_ms` says before which instant rows may be gone, and is on disk before the first of them goes; it
// never passes an hour that is still to be made (`dirty`), nor the newest chunk of a machine, so that an hour whose rows
// are gone has its rollup, and rows that an edge holds back for months still find the hour they go on in.
// Not here: which charts are drawn from what is left (chart.ts); rows that come late for such an hour (sealer.ts).
import { type Archive, monthAfter, monthOf } from './archive.ts';
import type { Columns, Database, Sql } from './database.ts';
import { HOUR_MS, LONGEST_SEALED_MS } from './rollup.ts';

const DAY_MS = 86_400_000;
const CHUNK_KEY: Columns = { machine: 'text', hour_ms: 'bigint' };
/** Chunks deleted in one transaction. */
const TOGETHER = 500;
/** A file of a month is written anew when more of it is free: about once in its life, since all of it goes in a month. */
const FREE_SHARE = 0.5;

export interface RetentionOptions {
  readonly hot: Database;
  readonly archive: Archive;
  readonly utcMs: () => number;
}

interface Kept {
  readonly id: string;
  readonly keep_days: number;
  readonly raw_from_ms: number | null;
}

export class Retention {
  readonly #options: RetentionOptions;
  /** Up to where all is deleted; nothing is known of it at first, since a cut may have come before the end. */
  readonly #done = new Map<string, number>();
  /** What was asked for last, by machine: once an hour is enough. */
  readonly #tried = new Map<string, number>();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** @returns chunks deleted. */
  async round(isOver: () => boolean = () => false): Promise<number> {
    const machines = await this.#options.hot.all<Kept>(
      'SELECT id, keep_days, raw_from_ms FROM machine WHERE keep_days IS NOT NULL ORDER BY id',
    );
    let deleted = 0;
    for (const machine of machines) {
      if (isOver()) break;
      deleted += await this.#forget(machine);
    }
    return deleted;
  }

  async #forget({ id, keep_days, raw_from_ms }: Kept): Promise<number> {
    const { hot, archive, utcMs } = this.#options;
    const wantedMs = Math.floor((utcMs() - keep_days * DAY_MS) / HOUR_MS) * HOUR_MS;
    const doneMs = this.#done.get(id) ?? Number.NEGATIVE_INFINITY;
    let rawFromMs = raw_from_ms ?? Number.NEGATIVE_INFINITY;
    if (wantedMs === this.#tried.get(id)) return 0;
    this.#tried.set(id, wantedMs);
    const newestMs = await this.#newestHour(id);
    if (newestMs === null) return 0;
    rawFromMs = await hot.transaction(async (sql) => {
      const untilMs = Math.min(wantedMs, newestMs, await firstDirty(sql, id));
      if (untilMs <= rawFromMs) return rawFromMs;
      await sql.run('UPDATE machine SET raw_from_ms = $1 WHERE id = $2', untilMs, id);
      // Those too long to be sealed are nowhere else.
      await sql.run(
        'DELETE FROM block WHERE machine = $1 AND to_ms < $2 AND to_ms - from_ms >= $3',
        id,
        untilMs,
        LONGEST_SEALED_MS,
      );
      return untilMs;
    });
    let deleted = 0;
    for (const monthMs of await this.#months(id, doneMs, rawFromMs)) {
      for (const db of archive.between(monthMs, monthMs + 1)) {
        const hours = await db.all<{ hour_ms: number }>(
          'SELECT hour_ms FROM chunk WHERE machine = $1 AND to_ms < $2 AND hour_ms >= $3 AND hour_ms < $4',
          id,
          rawFromMs,
          monthMs,
          monthAfter(monthMs),
        );
        for (let i = 0; i < hours.length; i += TOGETHER) {
          const some = hours.slice(i, i + TOGETHER).map(({ hour_ms }) => ({ machine: id, hour_ms }));
          await db.remove('chunk', CHUNK_KEY, some);
        }
        deleted += hours.length;
      }
      if (monthAfter(monthMs) > utcMs()) continue;
      await archive.shrink(monthMs, FREE_SHARE);
      await archive.removeEmpty(monthMs);
    }
    this.#done.set(id, rawFromMs);
    return deleted;
  }

  /** Months in which chunks of the machine may have become too old since `doneMs`. */
  async #months(machine: string, doneMs: number, rawFromMs: number): Promise<number[]> {
    const months = new Set<number>();
    for (const db of this.#options.archive.between(doneMs - LONGEST_SEALED_MS, rawFromMs)) {
      const found = await db.all<{ hour_ms: number }>(
        'SELECT hour_ms FROM chunk WHERE machine = $1 AND to_ms < $2',
        machine,
        rawFromMs,
      );
      for (const { hour_ms } of found) months.add(monthOf(hour_ms));
    }
    return [...months].sort((a, b) => a - b);
  }

  async #newestHour(machine: string): Promise<number | null> {
    let newestMs: number | null = null;
    for (const db of this.#options.archive.before(Number.MAX_SAFE_INTEGER)) {
      const row = await db.get<{ hour_ms: number | null }>(
        'SELECT max(hour_ms) AS hour_ms FROM chunk WHERE machine = $1',
        machine,
      );
      if (row?.hour_ms == null) continue;
      newestMs = row.hour_ms;
      break;
    }
    return newestMs;
  }
}

async function firstDirty(sql: Sql, machine: string): Promise<number> {
  const row = await sql.get<{ from_ms: number | null }>(
    'SELECT min(from_ms) AS from_ms FROM dirty WHERE machine = $1 AND level = 1',
    machine,
  );
  return row?.from_ms ?? Number.POSITIVE_INFINITY;
}
