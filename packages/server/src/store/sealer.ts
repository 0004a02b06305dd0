// Makes what is due in `dirty`: an hour's blocks go from the hot tables into one record of the archive (pack.ts), with
// the rollup of its minutes; from four nodes of a level becomes one of the next (rollup.ts).
// Invariants: the archive has what it takes over before the hot tables give it up, so that a cut in between leaves it in
// both, where readers see it once and the next run ends the work; a mark goes only if nothing came meanwhile. What is
// sealed and belongs elsewhere by now, since its boot was dated anew, goes back first and is sealed again from there.
// Not here: when it runs (seal-thread.ts), the high-water marks, which make a re-delivery harmless and never move here.
import { anchorsOf, bootKeyOf } from './anchors.ts';
import { BLOCK_COLUMNS } from './append.ts';
import type { Archive } from './archive.ts';
import type { Columns, Database, Sql } from './database.ts';
import { dateOf } from './dating.ts';
import { markHours, markNode } from './marks.ts';
import type { Meanings } from './meanings.ts';
import { type Node, nodeOfNodes, nodeOfRows } from './nodes.ts';
import { type DatedBlock, pack } from './pack.ts';
import { redatePresent } from './present.ts';
import type { Reader } from './reader.ts';
import { encodeRollup, HOUR_MS, type Level, LONGEST_SEALED_MS, levelAbove, nodeAt } from './rollup.ts';

/** Nodes of one round: another program may look in between. */
const ROUND = 50;

interface Mark {
  readonly machine: string;
  readonly level: Level;
  readonly from_ms: number;
  readonly revision: number;
}

export interface SealerOptions {
  readonly hot: Database;
  readonly archive: Archive;
  readonly meanings: Meanings;
  readonly reader: Reader;
  readonly utcMs: () => number;
}

const BLOCK_KEY: Columns = { machine: 'text', spool: 'text', first_sequence: 'bigint' };
const CHUNK: Columns = {
  machine: 'text',
  hour_ms: 'bigint',
  from_ms: 'bigint',
  to_ms: 'bigint',
  row_count: 'bigint',
  bytes: 'bytea',
};
export const ROLLUP: Columns = {
  machine: 'text',
  level: 'bigint',
  from_ms: 'bigint',
  schema_hash: 'text',
  ends: 'text',
  bytes: 'bytea',
};

export class Sealer {
  readonly #options: SealerOptions;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** One round over what is due, until `isOver` says so. @returns nodes made; 0: nothing is due. */
  async round(isOver: () => boolean = () => false): Promise<number> {
    const { hot, utcMs } = this.#options;
    const due = await hot.all<Mark>(
      `SELECT machine, level, from_ms, revision FROM dirty WHERE due_ms <= $1 ORDER BY level, due_ms LIMIT ${ROUND}`,
      utcMs(),
    );
    let made = 0;
    for (const mark of due) {
      if (isOver()) break;
      await this.#make(mark);
      made++;
    }
    return made;
  }

  /** Milliseconds until something is due; `null`: nothing will be. */
  async dueInMs(): Promise<number | null> {
    const next = await this.#options.hot.get<{ due_ms: number | null }>(
      'SELECT min(due_ms) AS due_ms FROM dirty',
    );
    return next?.due_ms == null ? null : Math.max(0, next.due_ms - this.#options.utcMs());
  }

  async #make(mark: Mark): Promise<void> {
    if (mark.level === 1) await this.#seal(mark);
    else await this.#join(mark);
  }

  async #seal(mark: Mark): Promise<void> {
    const { hot, archive, reader, utcMs } = this.#options;
    const { machine, from_ms: hourMs } = mark;
    const endMs = hourMs + HOUR_MS;
    const chunk = await reader.chunk(machine, hourMs);
    if (chunk !== null && (await this.#unseal(mark, chunk))) return;
    const blocks = await hot.all<DatedBlock>(
      'SELECT * FROM block WHERE machine = $1 AND to_ms >= $2 AND from_ms >= $2 AND from_ms < $3 AND to_ms - from_ms < $4',
      machine,
      hourMs,
      endMs,
      LONGEST_SEALED_MS,
    );
    const node = (await this.#isForgotten(machine, hourMs))
      ? null
      : await nodeOfRows(reader, machine, hourMs);
    const db = await archive.at(hourMs);
    await db.transaction(async (sql) => {
      if (blocks.length > 0) await putChunk(sql, machine, hourMs, union(chunk ?? [], blocks));
      if (node !== null) await putRollups(sql, machine, 1, hourMs, node);
    });
    await hot.transaction(async (sql) => {
      // One that was dated anew meanwhile stays, and its mark with it.
      await sql.remove(
        'block',
        { ...BLOCK_KEY, from_ms: 'bigint', to_ms: 'bigint' },
        blocks.map(({ spool, first_sequence, from_ms, to_ms }) => ({
          machine,
          spool,
          first_sequence,
          from_ms,
          to_ms,
        })),
      );
      // What was here before may have been dated anew; here and not when it goes back, since a mark outlives a cut.
      await redatePresent(sql, archive, machine, endMs);
      await this.#done(sql, mark, utcMs());
    });
  }

  /** Gives blocks back that are dated otherwise by now. False: all are as they should be. */
  async #unseal(mark: Mark, chunk: readonly DatedBlock[]): Promise<boolean> {
    const { hot, archive, utcMs } = this.#options;
    const { machine, from_ms: hourMs } = mark;
    if (!hasMoved(chunk, await datedNow(hot, chunk))) return false;
    await hot.transaction(async (sql) => {
      // Dated under the lock that anchors take: what goes back to the hot table must be dated as those beside it.
      await sql.lock(
        'spool',
        { machine: 'text', spool: 'text' },
        [...new Set(chunk.map(({ spool }) => spool))].sort().map((spool) => ({ machine, spool })),
      );
      const dated = await datedNow(sql, chunk);
      await sql.insert(
        'block',
        BLOCK_COLUMNS,
        dated.map((block) => ({ ...block })),
        'ON CONFLICT DO NOTHING',
      );
      const spans = [...chunk, ...dated].map(({ from_ms, to_ms }) => ({
        machine,
        fromMs: from_ms,
        toMs: to_ms,
      }));
      await markHours(sql, spans, utcMs());
    });
    const db = await archive.at(hourMs);
    await db.transaction(async (sql) => {
      await sql.run('DELETE FROM chunk WHERE machine = $1 AND hour_ms = $2', machine, hourMs);
      // It is made anew, and must not be taken for one whose rows are gone.
      await sql.run('DELETE FROM rollup WHERE machine = $1 AND level = 1 AND from_ms = $2', machine, hourMs);
    });
    return true;
  }

  /** A node from those of the level below. */
  async #join(mark: Mark): Promise<void> {
    const { hot, archive, meanings, utcMs } = this.#options;
    const { machine, level, from_ms: fromMs } = mark;
    const node = await nodeOfNodes(archive, meanings, machine, level, fromMs);
    const db = await archive.at(fromMs);
    await db.transaction((sql) => putRollups(sql, machine, level, fromMs, node));
    await hot.transaction((sql) => this.#done(sql, mark, utcMs()));
  }

  /** Whether rows of an hour are gone and their rollup is there: what comes late cannot be added to it any more. */
  async #isForgotten(machine: string, hourMs: number): Promise<boolean> {
    const { hot, archive } = this.#options;
    const row = await hot.get<{ raw_from_ms: number | null }>(
      'SELECT raw_from_ms FROM machine WHERE id = $1',
      machine,
    );
    if (row?.raw_from_ms == null || hourMs >= row.raw_from_ms) return false;
    for (const db of archive.between(hourMs, hourMs + 1)) {
      const kept = await db.get(
        'SELECT 1 AS one FROM rollup WHERE machine = $1 AND level = 1 AND from_ms = $2 LIMIT 1',
        machine,
        hourMs,
      );
      if (kept !== undefined) return true;
    }
    return false;
  }

  async #done(sql: Sql, { machine, level, from_ms, revision }: Mark, nowMs: number): Promise<void> {
    const above = levelAbove(level);
    if (above !== null) await markNode(sql, machine, above, nodeAt(above, from_ms), nowMs);
    await sql.run(
      'DELETE FROM dirty WHERE machine = $1 AND level = $2 AND from_ms = $3 AND revision = $4',
      machine,
      level,
      from_ms,
      revision,
    );
  }
}

/** The same blocks with the dates that the anchors of now give them. */
async function datedNow(sql: Sql, blocks: readonly DatedBlock[]): Promise<DatedBlock[]> {
  const anchors = await anchorsOf(sql, blocks);
  return blocks.map((block) => {
    const own = anchors.get(bootKeyOf(block.machine, block.spool, block.boot)) ?? [];
    return {
      ...block,
      from_ms: dateOf(own, block.monotonic_ms) ?? block.from_ms,
      to_ms: dateOf(own, block.monotonic_ms + block.span_ms) ?? block.to_ms,
    };
  });
}

function hasMoved(before: readonly DatedBlock[], now: readonly DatedBlock[]): boolean {
  return now.some(({ from_ms, to_ms }, i) => from_ms !== before[i]?.from_ms || to_ms !== before[i]?.to_ms);
}

/** Those of both; a block that is in both is taken as it is now. */
function union(sealed: readonly DatedBlock[], hot: readonly DatedBlock[]): DatedBlock[] {
  const blocks = new Map(
    [...sealed, ...hot].map((block) => [`${block.spool}/${block.first_sequence}`, block]),
  );
  return [...blocks.values()].sort((a, b) => a.from_ms - b.from_ms || a.first_sequence - b.first_sequence);
}

async function putChunk(
  sql: Sql,
  machine: string,
  hourMs: number,
  blocks: readonly DatedBlock[],
): Promise<void> {
  const row = {
    machine,
    hour_ms: hourMs,
    from_ms: Math.min(...blocks.map(({ from_ms }) => from_ms)),
    to_ms: Math.max(...blocks.map(({ to_ms }) => to_ms)),
    row_count: blocks.reduce((sum, block) => sum + block.row_count - block.skip_rows, 0),
    bytes: pack(blocks),
  };
  await sql.insert(
    'chunk',
    CHUNK,
    [row],
    'ON CONFLICT (machine, hour_ms) DO UPDATE SET from_ms = excluded.from_ms, to_ms = excluded.to_ms, row_count = excluded.row_count, bytes = excluded.bytes',
  );
}

async function putRollups(
  sql: Sql,
  machine: string,
  level: Level,
  fromMs: number,
  { parts, ends }: Node,
): Promise<void> {
  await sql.run(
    'DELETE FROM rollup WHERE machine = $1 AND level = $2 AND from_ms = $3',
    machine,
    level,
    fromMs,
  );
  await sql.insert(
    'rollup',
    ROLLUP,
    parts.map(({ schemaHash, schema, buckets }) => ({
      machine,
      level,
      from_ms: fromMs,
      schema_hash: schemaHash,
      ends: JSON.stringify(ends),
      bytes: encodeRollup(schema, level, buckets),
    })),
  );
}
