// Stored rows in the order of their instants, from wherever their blocks lie: unsealed in the hot tables, sealed in the
// archive. Invariants: a block that is in both, as one is for a moment while it moves, is read once; only the columns
// asked for are decoded; rows of blocks that overlap (two spools) are merged by instant.
// Not here: what becomes of rows (chart.ts, sealer.ts).
import { type Column, decodeBlock, sampleAt } from '@vigie/codec';
import type { RowView } from '@vigie/contract';
import { codecSchema, type MachineSchema } from '@vigie/model';
import type { Archive } from './archive.ts';
import type { Database, Sql } from './database.ts';
import { rowDates } from './dating.ts';
import type { LongBlocks } from './long-blocks.ts';
import type { Meanings } from './meanings.ts';
import { type DatedBlock, type StoredBlock, unpack } from './pack.ts';
import type { PresentRow } from './present.ts';
import { HOUR_MS, LONGEST_SEALED_MS, type Place } from './rollup.ts';

/** Hot blocks fetched at once. */
const FETCHED = 64;

/** Rows of one block, or of several that overlap, in the order of their instants. */
export interface Cluster {
  readonly rowCount: number;
  /** UTC ms, by row. */
  readonly times: Float64Array;
  /** Sample of row i in the k-th channel asked for. */
  value(k: number, i: number): number | string | null;
  /** All of them; NaN where there is none, or a text. */
  numbers(k: number): Float64Array;
  place(i: number): Place;
  /** Of row i. */
  schema(i: number): MachineSchema;
  schemaHash(i: number): string;
}

interface ChunkKey {
  readonly hour_ms: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly row_count: number;
}
const CHUNK_KEY = 'hour_ms, from_ms, to_ms, row_count';
/** Of a chart's both ends. */
const MOST_REMEMBERED = 4;
type HotKey = Pick<DatedBlock, 'spool' | 'first_sequence' | 'from_ms' | 'to_ms'>;

/** Keys of all that has rows with fromMs ≤ instant < toMs, in the order of their beginnings. */
interface Keys {
  readonly hot: readonly HotKey[];
  readonly chunks: readonly ChunkKey[];
}
interface Window extends Keys {
  readonly machine: string;
  readonly fromMs: number;
  readonly toMs: number;
}
/** Beside what is looked for: what ends before the begin of an hour and begins after its end is found at once. */
const BESIDE_MS = 2 * HOUR_MS;

export interface ReaderOptions {
  readonly hot: Sql;
  readonly archive: Archive;
  readonly meanings: Meanings;
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
  /** Of whoever reads hour after hour in all channels. */
  readonly longBlocks?: LongBlocks;
}

/** Machines of which it is remembered, by file. */
const MOST_LONGEST = 1000;

/** How long the chunks of a machine in a month's file last at most, for as long as nothing in the file changes. */
class LongestChunks {
  readonly #known = new WeakMap<Database, Map<string, { readonly version: string; readonly ms: number }>>();

  /** `null`: the database does not say when it changes. */
  async of(db: Database, machine: string): Promise<number | null> {
    // Before it is looked for: what comes in between is looked for again.
    const version = db.version();
    if (version === null) return null;
    let known = this.#known.get(db);
    if (known === undefined || known.size >= MOST_LONGEST) {
      known = new Map();
      this.#known.set(db, known);
    }
    const found = known.get(machine);
    if (found?.version === version) return found.ms;
    const row = await db.get<{ ms: number | null }>(
      'SELECT max(to_ms - hour_ms) AS ms FROM chunk WHERE machine = $1',
      machine,
    );
    const ms = row?.ms ?? 0;
    known.set(machine, { version, ms });
    return ms;
  }
}

interface Opened {
  readonly key: ChunkKey;
  readonly blocks: readonly DatedBlock[];
}

export class Reader {
  readonly #options: ReaderOptions;
  readonly #hot: Sql;
  readonly #archive: Archive;
  readonly #meanings: Meanings;
  readonly #pause: () => Promise<void>;
  /** By machine and hour, the last one last; `null`: none is remembered, nor are keys. */
  #opened: Map<string, Opened> | null = null;
  /** The last one last. */
  readonly #windows: Window[] = [];
  #longest = new LongestChunks();

  constructor(options: ReaderOptions) {
    const { hot, archive, meanings, pause } = options;
    this.#options = options;
    this.#hot = hot;
    this.#archive = archive;
    this.#meanings = meanings;
    this.#pause = pause;
  }

  /**
   * The same for one chart, which looks at both its ends several times: what has rows there is found once, and is for this
   * chart what it was then. What is sealed or dated anew meanwhile is followed to where it lies.
   */
  forOneChart(): Reader {
    const reader = new Reader(this.#options);
    reader.#opened = new Map();
    reader.#longest = this.#longest;
    return reader;
  }

  /** All rows of blocks that have any with fromMs ≤ instant < toMs; `channels`: `null` for those of each row's schema. */
  async *clusters(
    machine: string,
    fromMs: number,
    toMs: number,
    channels: readonly string[] | null,
  ): AsyncGenerator<Cluster> {
    let blocks: DatedBlock[] = [];
    let endsMs = Number.NEGATIVE_INFINITY;
    const cluster = async (): Promise<Cluster | null> => {
      const read = await Promise.all(blocks.map((block) => this.#open(block, channels)));
      blocks = [];
      return clusterOf(read.filter((block) => block !== null));
    };
    for await (const block of this.#blocks(machine, fromMs, toMs)) {
      if (blocks.length > 0 && block.from_ms > endsMs) {
        const rows = await cluster();
        if (rows !== null) yield rows;
        endsMs = Number.NEGATIVE_INFINITY;
      }
      blocks.push(block);
      endsMs = Math.max(endsMs, block.to_ms);
    }
    const rows = blocks.length > 0 ? await cluster() : null;
    if (rows !== null) yield rows;
  }

  /** Every row with fromMs ≤ instant < toMs, oldest first. */
  async *rows(
    machine: string,
    channels: readonly string[],
    fromMs: number,
    toMs: number,
  ): AsyncGenerator<RowView> {
    for await (const cluster of this.clusters(machine, fromMs, toMs, channels)) {
      for (let i = 0; i < cluster.rowCount; i++) {
        const atMs = cluster.times[i]!;
        if (atMs >= fromMs && atMs < toMs)
          yield { atMs, values: channels.map((_, k) => cluster.value(k, i)) };
      }
    }
  }

  /** Newest row by instant, in the channels of its schema; read from its block (`present` has it at hand). */
  async newest(machine: string): Promise<PresentRow | null> {
    const lastMs = await this.#lastBefore(machine, Number.MAX_SAFE_INTEGER);
    if (lastMs === null) return null;
    let row: PresentRow | null = null;
    for await (const cluster of this.clusters(machine, lastMs, lastMs + 1, null)) {
      const i = cluster.rowCount - 1;
      row = {
        atMs: cluster.times[i]!,
        schemaHash: cluster.schemaHash(i),
        values: cluster.schema(i).channels.map((_, k) => cluster.value(k, i)),
      };
    }
    return row;
  }

  /** The last row before an instant. */
  async placeBefore(machine: string, atMs: number): Promise<Place | null> {
    const endMs = await this.#lastBefore(machine, atMs);
    let found: Place | null = null;
    // Blocks that go on over the instant have rows before it, too; else the end of one that does not.
    for (const aroundMs of endMs === null ? [atMs] : [endMs, atMs]) {
      for await (const cluster of this.clusters(machine, aroundMs, aroundMs + 1, [])) {
        for (let i = 0; i < cluster.rowCount && cluster.times[i]! < atMs; i++) {
          if (found === null || cluster.times[i]! > found.atMs) found = cluster.place(i);
        }
      }
    }
    return found;
  }

  /** The first row from an instant on, and above which pause a curve is cut before it. */
  async placeAfter(
    machine: string,
    atMs: number,
  ): Promise<{ readonly place: Place; readonly cutMs: number } | null> {
    const beginMs = await this.#firstFrom(machine, atMs);
    let found: { readonly place: Place; readonly cutMs: number } | null = null;
    for (const aroundMs of beginMs === null ? [atMs] : [atMs, beginMs]) {
      for await (const cluster of this.clusters(machine, aroundMs, aroundMs + 1, [])) {
        for (let i = cluster.rowCount - 1; i >= 0 && cluster.times[i]! >= atMs; i--) {
          if (found === null || cluster.times[i]! < found.place.atMs) {
            found = { place: cluster.place(i), cutMs: cluster.schema(i).cutMs };
          }
        }
      }
    }
    return found;
  }

  /** Blocks of a sealed hour; `null`: it is not sealed, or its record cannot be read. */
  async chunk(machine: string, hourMs: number): Promise<readonly DatedBlock[] | null> {
    for (const db of this.#archive.between(hourMs, hourMs + 1)) {
      const row = await db.get<{ bytes: Uint8Array }>(
        'SELECT bytes FROM chunk WHERE machine = $1 AND hour_ms = $2',
        machine,
        hourMs,
      );
      const unpacked = row === undefined ? null : unpack(machine, row.bytes);
      if (unpacked?.ok) return unpacked.blocks;
    }
    return null;
  }

  /** Those with rows in the range, in the order of their first instants. */
  async *#blocks(machine: string, fromMs: number, toMs: number): AsyncGenerator<DatedBlock> {
    const { hot, chunks } = await this.#keys(machine, fromMs, toMs);
    const seen = new Set(hot.map(idOf));
    /** Of opened chunks, in order. */
    let waiting: DatedBlock[] = [];
    let nextHot = 0;
    let nextChunk = 0;
    let fetched = new Map<string, DatedBlock>();
    let given = 0;
    while (nextHot < hot.length || nextChunk < chunks.length || waiting.length > 0) {
      const hotMs = hot[nextHot]?.from_ms ?? Number.POSITIVE_INFINITY;
      const chunkMs = chunks[nextChunk]?.from_ms ?? Number.POSITIVE_INFINITY;
      const waitingMs = waiting[0]?.from_ms ?? Number.POSITIVE_INFINITY;
      if (chunkMs <= hotMs && chunkMs <= waitingMs) {
        const blocks = await this.#sealed(machine, chunks[nextChunk++] as ChunkKey);
        const wanted = blocks.filter(
          (block) => block.to_ms >= fromMs && block.from_ms < toMs && !seen.has(idOf(block)),
        );
        waiting = [...waiting, ...wanted].sort(byStart);
        continue;
      }
      let block: DatedBlock | undefined;
      if (hotMs <= waitingMs) {
        const key = hot[nextHot] as HotKey;
        if (!fetched.has(idOf(key)))
          fetched = await this.#fetch(machine, hot.slice(nextHot, nextHot + FETCHED));
        nextHot++;
        block = fetched.get(idOf(key));
      } else block = waiting.shift();
      if (block === undefined) continue;
      yield block;
      if (++given % FETCHED === 0) await this.#pause();
    }
  }

  async #keys(machine: string, fromMs: number, toMs: number): Promise<Keys> {
    if (this.#opened === null) return this.#keysOf(machine, fromMs, toMs);
    let window = this.#windows.find(
      (one) => one.machine === machine && one.fromMs <= fromMs && one.toMs >= toMs,
    );
    if (window === undefined) {
      const beside = { machine, fromMs: fromMs - BESIDE_MS, toMs: toMs + BESIDE_MS };
      window = { ...beside, ...(await this.#keysOf(machine, beside.fromMs, beside.toMs)) };
      this.#windows.push(window);
      if (this.#windows.length > MOST_REMEMBERED) this.#windows.shift();
    }
    return {
      hot: window.hot.filter(({ from_ms, to_ms }) => to_ms >= fromMs && from_ms < toMs),
      chunks: window.chunks.filter(({ hour_ms, to_ms }) => to_ms >= fromMs && hour_ms < toMs),
    };
  }

  async #keysOf(machine: string, fromMs: number, toMs: number): Promise<Keys> {
    // The hot tables first: what moves to the archive meanwhile is found in both, never in none.
    const hot = await this.#hot.all<HotKey>(
      'SELECT spool, first_sequence, from_ms, to_ms FROM block WHERE machine = $1 AND to_ms >= $2 AND from_ms < $3 ORDER BY from_ms, first_sequence',
      machine,
      fromMs,
      toMs,
    );
    const chunks: ChunkKey[] = [];
    for (const db of this.#archive.between(fromMs - LONGEST_SEALED_MS, toMs)) {
      const longestMs = await this.#longest.of(db, machine);
      const found =
        longestMs === null
          ? await db.all<ChunkKey>(
              // By their ends first, which the index by time tells alone.
              `SELECT ${CHUNK_KEY} FROM chunk WHERE machine = $1 AND hour_ms IN
                 (SELECT hour_ms FROM chunk WHERE machine = $1 AND to_ms >= $2 AND hour_ms < $3) ORDER BY hour_ms`,
              machine,
              fromMs,
              toMs,
            )
          : await db.all<ChunkKey>(
              // The plus keeps SQLite from going through all that ends later.
              `SELECT ${CHUNK_KEY} FROM chunk WHERE machine = $1 AND hour_ms >= $2 AND hour_ms < $3 AND +to_ms >= $4
                 ORDER BY hour_ms`,
              machine,
              fromMs - longestMs,
              toMs,
              fromMs,
            );
      // PostgreSQL has all months in one.
      for (const chunk of found)
        if (!chunks.some(({ hour_ms }) => hour_ms === chunk.hour_ms)) chunks.push(chunk);
    }
    return { hot, chunks };
  }

  /** A chunk that is being dated anew is in the hot tables by now. */
  async #sealed(machine: string, key: ChunkKey): Promise<readonly DatedBlock[]> {
    const { hour_ms: hourMs } = key;
    const blocks = await this.#chunkOf(machine, key);
    if (blocks !== null) return blocks;
    return this.#hot.all<DatedBlock>(
      'SELECT * FROM block WHERE machine = $1 AND to_ms >= $2 AND from_ms >= $2 AND from_ms < $3',
      machine,
      hourMs,
      hourMs + HOUR_MS,
    );
  }

  /** As `chunk`, of which the key was just read: what came to it or went since it was opened shows there. */
  async #chunkOf(machine: string, key: ChunkKey): Promise<readonly DatedBlock[] | null> {
    const name = `${machine} ${key.hour_ms}`;
    const known = this.#opened?.get(name);
    if (known !== undefined && isSame(known.key, key)) return known.blocks;
    const blocks = await this.chunk(machine, key.hour_ms);
    if (blocks === null || this.#opened === null) return blocks;
    this.#opened.delete(name);
    this.#opened.set(name, { key, blocks });
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > MOST_REMEMBERED && oldest !== undefined) this.#opened.delete(oldest);
    return blocks;
  }

  /** Those that were sealed since their keys were read are taken from their chunks. */
  async #fetch(machine: string, keys: readonly HotKey[]): Promise<Map<string, DatedBlock>> {
    const rows = keys.map(({ spool, first_sequence }) => ({ machine, spool, first_sequence }));
    const found = await this.#hot.find<DatedBlock>(
      'block',
      { machine: 'text', spool: 'text', first_sequence: 'bigint' },
      rows,
    );
    const blocks = new Map(found.map((block) => [idOf(block), block]));
    for (const key of keys) {
      if (blocks.has(idOf(key))) continue;
      const hourMs = Math.floor(key.from_ms / HOUR_MS) * HOUR_MS;
      for (const block of (await this.chunk(machine, hourMs)) ?? []) blocks.set(idOf(block), block);
    }
    return blocks;
  }

  /** Last instant of the blocks that end before an instant. */
  async #lastBefore(machine: string, atMs: number): Promise<number | null> {
    const near = this.#opened === null ? null : await this.#lastWithinHour(machine, atMs);
    if (near !== null) return near;
    const hot = await this.#hot.get<{ to_ms: number }>(
      'SELECT to_ms FROM block WHERE machine = $1 AND to_ms < $2 ORDER BY to_ms DESC LIMIT 1',
      machine,
      atMs,
    );
    // Apart from what is hot, which may be older than any month: late rows, or a spool that came back.
    let sealedMs = Number.NEGATIVE_INFINITY;
    for (const db of this.#archive.before(atMs)) {
      // Of the two newest that begin before it, since the newest may hold but one block that goes on over it.
      const chunks = await db.all<ChunkKey>(
        `SELECT ${CHUNK_KEY} FROM chunk WHERE machine = $1 AND hour_ms < $2 AND from_ms < $2 ORDER BY hour_ms DESC LIMIT 2`,
        machine,
        atMs,
      );
      for (const key of chunks) {
        if (key.to_ms < atMs) sealedMs = Math.max(sealedMs, key.to_ms);
        else {
          const ends = ((await this.#chunkOf(machine, key)) ?? []).map((block) => block.to_ms);
          sealedMs = Math.max(sealedMs, ...ends.filter((endMs) => endMs < atMs));
        }
      }
      if (sealedMs > Number.NEGATIVE_INFINITY) break;
    }
    const lastMs = Math.max(sealedMs, hot?.to_ms ?? Number.NEGATIVE_INFINITY);
    return lastMs > Number.NEGATIVE_INFINITY ? lastMs : null;
  }

  /** First instant of the blocks that begin at an instant or after it. */
  async #firstFrom(machine: string, atMs: number): Promise<number | null> {
    const near = this.#opened === null ? null : await this.#firstWithinHour(machine, atMs);
    if (near !== null) return near;
    const hot = await this.#hot.get<{ from_ms: number }>(
      'SELECT from_ms FROM block WHERE machine = $1 AND to_ms >= $2 AND from_ms >= $2 ORDER BY to_ms LIMIT 1',
      machine,
      atMs,
    );
    let sealedMs = Number.POSITIVE_INFINITY;
    const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
    for (const db of this.#archive.between(hourMs, Number.MAX_SAFE_INTEGER)) {
      const chunks = await db.all<ChunkKey>(
        `SELECT ${CHUNK_KEY} FROM chunk WHERE machine = $1 AND hour_ms >= $2 ORDER BY hour_ms LIMIT 2`,
        machine,
        hourMs,
      );
      for (const key of chunks) {
        if (key.from_ms >= atMs) sealedMs = Math.min(sealedMs, key.from_ms);
        else {
          const begins = ((await this.#chunkOf(machine, key)) ?? []).map((block) => block.from_ms);
          sealedMs = Math.min(sealedMs, ...begins.filter((beginMs) => beginMs >= atMs));
        }
      }
      if (sealedMs < Number.POSITIVE_INFINITY) break;
    }
    const firstMs = Math.min(sealedMs, hot?.from_ms ?? Number.POSITIVE_INFINITY);
    return firstMs < Number.POSITIVE_INFINITY ? firstMs : null;
  }

  /** `lastBefore` if it lies in the hour before, which remembered keys tell; `null`: it does not. */
  async #lastWithinHour(machine: string, atMs: number): Promise<number | null> {
    const fromMs = atMs - HOUR_MS;
    const { hot, chunks } = await this.#keys(machine, fromMs, atMs);
    const ends = hot.map(({ to_ms }) => to_ms);
    for (const key of chunks) {
      if (key.to_ms < atMs) ends.push(key.to_ms);
      else for (const { to_ms } of (await this.#chunkOf(machine, key)) ?? []) ends.push(to_ms);
    }
    const within = ends.filter((endMs) => endMs >= fromMs && endMs < atMs);
    return within.length > 0 ? Math.max(...within) : null;
  }

  /** `firstFrom` if it lies in the hour after; `null`: it does not. */
  async #firstWithinHour(machine: string, atMs: number): Promise<number | null> {
    const toMs = atMs + HOUR_MS;
    const { hot, chunks } = await this.#keys(machine, atMs, toMs);
    const begins = hot.map(({ from_ms }) => from_ms);
    for (const key of chunks) {
      if (key.from_ms >= atMs) begins.push(key.from_ms);
      // What begins after its hour lies in another one.
      else if (key.hour_ms + HOUR_MS > atMs)
        for (const { from_ms } of (await this.#chunkOf(machine, key)) ?? []) begins.push(from_ms);
    }
    const within = begins.filter((beginMs) => beginMs >= atMs && beginMs < toMs);
    return within.length > 0 ? Math.min(...within) : null;
  }

  async #open(block: DatedBlock, channels: readonly string[] | null): Promise<OpenBlock | null> {
    const decoded = await this.decode(block, channels);
    return decoded === null
      ? null
      : { ...decoded, block, at: rowDates(decoded.timesMs, block.from_ms, block.to_ms) };
  }

  /** Rows of a block on its boot's clock, whether it has a date or not. `null`: it cannot be read. */
  async decode(block: StoredBlock, channels: readonly string[] | null) {
    const schema = await this.#meanings.schema(block.schema_hash);
    if (schema === null) return null;
    const indexes =
      channels === null
        ? schema.channels.map((_, i) => i)
        : channels.map((id) => schema.channels.findIndex((channel) => channel.id === id));
    const kept = channels === null ? this.#options.longBlocks?.find(block) : null;
    const rows = kept ?? (await this.#decoded(block, schema, indexes));
    if (rows === null) return null;
    if (channels === null && kept !== rows) this.#options.longBlocks?.keep(block, rows);
    return {
      schema,
      first: block.skip_rows,
      count: block.row_count,
      timesMs: rows.timesMs,
      columns: indexes.map((index) => (index < 0 ? null : (rows.columns[index] ?? null))),
    };
  }

  async #decoded(block: StoredBlock, schema: MachineSchema, indexes: readonly number[]) {
    const prior = await this.#meanings.priorOf(block.machine, block.bytes);
    const decoded = decodeBlock(block.bytes, codecSchema(schema), {
      columns: indexes.filter((index) => index >= 0),
      prior: () => prior,
    });
    return decoded.ok ? decoded.value : null;
  }
}

interface OpenBlock {
  readonly block: DatedBlock;
  readonly schema: MachineSchema;
  /** Its rows `first` … `count` − 1 are its own. */
  readonly first: number;
  readonly count: number;
  readonly at: (row: number) => number;
  /** By channel asked for. */
  readonly columns: readonly (Column | null)[];
}

function clusterOf(blocks: readonly OpenBlock[]): Cluster | null {
  const [only] = blocks;
  if (only === undefined) return null;
  if (blocks.length === 1) {
    const { first, count, at, columns, schema, block } = only;
    const times = new Float64Array(count - first);
    for (let i = 0; i < times.length; i++) times[i] = at(first + i);
    return {
      rowCount: count - first,
      times,
      value: (k, i) => sampleAt(columns[k], first + i),
      numbers: (k) => numbersOf(columns[k], first, count),
      place: (i) => placeIn(only, first + i),
      schema: () => schema,
      schemaHash: () => block.schema_hash,
    };
  }
  const rows = blocks
    .flatMap((one) =>
      Array.from({ length: one.count - one.first }, (_, i) => ({
        one,
        row: one.first + i,
        atMs: one.at(one.first + i),
      })),
    )
    .sort((a, b) => a.atMs - b.atMs);
  const nth = (i: number) => rows[i] as (typeof rows)[number];
  return {
    rowCount: rows.length,
    times: Float64Array.from(rows, ({ atMs }) => atMs),
    value: (k, i) => sampleAt(nth(i).one.columns[k], nth(i).row),
    numbers: (k) => {
      const of = new Map(blocks.map((one) => [one, numbersOf(one.columns[k], 0, one.count)]));
      return Float64Array.from(rows, ({ one, row }) => of.get(one)?.[row] ?? Number.NaN);
    },
    place: (i) => placeIn(nth(i).one, nth(i).row),
    schema: (i) => nth(i).one.schema,
    schemaHash: (i) => nth(i).one.block.schema_hash,
  };
}

/** Not to be written to: of whole columns these are the decoded ones themselves. */
function numbersOf(column: Column | null | undefined, from: number, to: number): Float64Array {
  if (column?.type !== 'number') return new Float64Array(to - from).fill(Number.NaN);
  const { values, present } = column;
  if (present === null) return values.subarray(from, to);
  return values.slice(from, to).map((value, i) => (present[from + i] ? value : Number.NaN));
}

function placeIn({ block, at }: OpenBlock, row: number): Place {
  const { spool, boot, first_sequence, skip_rows } = block;
  return { atMs: at(row), spool, sequence: first_sequence - skip_rows + row, boot };
}

function isSame(one: ChunkKey, other: ChunkKey): boolean {
  return one.from_ms === other.from_ms && one.to_ms === other.to_ms && one.row_count === other.row_count;
}

function idOf({ spool, first_sequence }: Pick<StoredBlock, 'spool' | 'first_sequence'>): string {
  return `${spool}/${first_sequence}`;
}

function byStart(a: DatedBlock, b: DatedBlock): number {
  return a.from_ms - b.from_ms || a.first_sequence - b.first_sequence;
}
