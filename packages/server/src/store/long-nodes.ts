// Rollup nodes as a chart reads them. Long ones, which a chart of years has hundreds of from sixty files, are kept with what was
// decoded of them: those of a machine and level from a whole month at once, for as long as nothing in the month's file
// changes, which for a month that is over is for good. Invariants: what is given is what the file holds when it is asked
// for; no more than MOST_BYTES are kept, those used last. Not here: what nodes mean (rollup.ts, chart.ts).
import type { MachineSchema } from '@vigie/model';
import type { Database } from './database.ts';
import type { Summary } from './m4.ts';
import type { RollupRow } from './nodes.ts';
import { type DecodedRollup, type Ends, type Level, parseEnds, readRollup } from './rollup.ts';

export const NODES_OF_LEVEL =
  'SELECT from_ms, schema_hash, ends, bytes FROM rollup WHERE machine = $1 AND level = $2 AND from_ms >= $3 AND from_ms < $4 ORDER BY from_ms, schema_hash';
/** From it on a chart reads more nodes than it is worth to read each time. */
const LONG_FROM: Level = 64;
/** All channels of two machines over five years: charts of all of it go through all months in turn, and with less find none. */
const MOST_BYTES = 96 << 20;
/** Of a row beside its bytes, and of a channel's decoded intervals beside them. */
const ROW_BYTES = 1000;
const CHANNEL_BYTES = 300;
/** Of an interval: its instant and its summary. As objects they would take twice the memory. */
const FIELDS = 11;

type Each = (intervalFromMs: number, summary: Summary) => void;

export interface RollupNode {
  readonly from_ms: number;
  readonly schema_hash: string;
  /** `null`: they cannot be read. */
  readonly ends: Ends | null;
  /** Calls back for each interval of a number channel that has samples, in order; not at all where they are damaged. @param schema that of the hash */
  each(schema: MachineSchema, place: number, each: Each): void;
}

class Node implements RollupNode {
  readonly from_ms: number;
  readonly schema_hash: string;
  readonly ends: Ends | null;
  readonly #level: Level;
  readonly #bytes: Uint8Array;
  #read: DecodedRollup | null = null;

  constructor(level: Level, { from_ms, schema_hash, ends, bytes }: RollupRow) {
    this.from_ms = from_ms;
    this.schema_hash = schema_hash;
    this.ends = parseEnds(ends);
    this.#level = level;
    this.#bytes = bytes;
  }

  each(schema: MachineSchema, place: number, each: Each): void {
    this.#read ??= readRollup(schema, this.#level, this.from_ms, this.#bytes);
    if (this.#read.ok) this.#read.value.channel(place, each);
  }
}

class KeptNode extends Node {
  readonly #grew: (bytes: number) => void;
  /** By channel, `FIELDS` numbers an interval. */
  readonly #known = new Map<number, Float64Array>();

  constructor(level: Level, row: RollupRow, grew: (bytes: number) => void) {
    super(level, row);
    this.#grew = grew;
  }

  override each(schema: MachineSchema, place: number, each: Each): void {
    let known = this.#known.get(place);
    if (known === undefined) {
      const all: number[] = [];
      super.each(schema, place, (fromMs, one) => {
        all.push(fromMs, one.first, one.firstAt, one.last, one.lastAt);
        all.push(one.min, one.minAt, one.max, one.maxAt, one.sum, one.count);
      });
      known = Float64Array.from(all);
      this.#known.set(place, known);
      this.#grew(CHANNEL_BYTES + known.byteLength);
    }
    for (let k = 0; k < known.length; k += FIELDS) {
      each(known[k]!, {
        first: known[k + 1]!,
        firstAt: known[k + 2]!,
        last: known[k + 3]!,
        lastAt: known[k + 4]!,
        min: known[k + 5]!,
        minAt: known[k + 6]!,
        max: known[k + 7]!,
        maxAt: known[k + 8]!,
        sum: known[k + 9]!,
        count: known[k + 10]!,
      });
    }
  }
}

interface Kept {
  readonly version: string;
  readonly nodes: readonly RollupNode[];
  bytes: number;
  /** Its bytes are in the sum of what is kept. */
  isCounted: boolean;
}

export class LongNodes {
  /** Of each file, so that one that is opened anew is another one. */
  readonly #names = new WeakMap<Database, number>();
  #opened = 0;
  /** The one used last is last. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** @returns those of a level that begin in a range, in order */
  async between(
    db: Database,
    machine: string,
    level: Level,
    fromMs: number,
    toMs: number,
  ): Promise<readonly RollupNode[]> {
    // Asked before anything is read: what comes in between is then read again.
    const version = level < LONG_FROM ? null : db.version();
    if (version === null) {
      const rows = await db.all<RollupRow>(NODES_OF_LEVEL, machine, level, fromMs, toMs);
      return rows.map((row) => new Node(level, row));
    }
    const nodes = await this.#all(db, version, machine, level);
    return nodes.filter(({ from_ms }) => from_ms >= fromMs && from_ms < toMs);
  }

  async #all(db: Database, version: string, machine: string, level: Level): Promise<readonly RollupNode[]> {
    const name = this.#names.get(db) ?? ++this.#opened;
    this.#names.set(db, name);
    const key = `${name} ${level} ${machine}`;
    const known = this.#kept.get(key);
    const kept = known?.version === version ? known : await this.#read(db, version, machine, level);
    this.#forget(key);
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes;
    kept.isCounted = true;
    for (const [oldest] of this.#kept) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#forget(oldest);
    }
    return kept.nodes;
  }

  async #read(db: Database, version: string, machine: string, level: Level): Promise<Kept> {
    const rows = await db.all<RollupRow>(NODES_OF_LEVEL, machine, level, 0, Number.MAX_SAFE_INTEGER);
    const bytes = rows.reduce((sum, row) => sum + ROW_BYTES + row.bytes.length, ROW_BYTES);
    const kept: Kept = {
      version,
      nodes: rows.map((row) => new KeptNode(level, row, (more) => this.#grew(kept, more))),
      bytes,
      isCounted: false,
    };
    return kept;
  }

  /** More of it was decoded. */
  #grew(kept: Kept, bytes: number): void {
    if (kept.isCounted) this.#bytes += bytes;
    kept.bytes += bytes;
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#bytes -= kept.bytes;
    kept.isCounted = false;
    this.#kept.delete(key);
  }
}
