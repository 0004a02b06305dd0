// A chart of any range: buckets of first, last, min, max with their instants (m4.ts), and the gaps of the raw rows, read
// from the coarsest rollups that fit into a bucket, so that the cost depends on the width and not on the range.
// Where a node is not made yet or not right any more (it is in `dirty`, or something below it is) the level beneath
// answers, and at last the blocks themselves; so do both ends of the range, which no interval needs to fit.
// Invariants: a bucket holds whole intervals; extremes are those of the rows; gaps are the same at every zoom.
import type { ChartAnswer, ChartGap } from '@vigie/contract';
import type { MachineSchema } from '@vigie/model';
import type { Archive } from './archive.ts';
import type { Sql } from './database.ts';
import type { LongNodes } from './long-nodes.ts';
import { Buckets } from './m4.ts';
import type { Meanings } from './meanings.ts';
import type { Reader } from './reader.ts';
import {
  type Ends,
  intervalMsOf,
  LEVELS,
  type Level,
  levelBelow,
  nodeAt,
  nodeMsOf,
  numberChannels,
  type Place,
  parseEnds,
} from './rollup.ts';

/** Intervals that a bucket should hold: with fewer a bucket is up to half too wide, with more there is more to read. */
const INTERVALS_A_BUCKET = 2;
/** A curve of more holes shows none; the longest are kept. */
const MOST_GAPS = 5000;

export interface ChartQuery {
  readonly machine: string;
  readonly channels: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Buckets at most. */
  readonly width: number;
}

export interface ChartSources {
  readonly hot: Sql;
  readonly archive: Archive;
  readonly meanings: Meanings;
  readonly reader: Reader;
  readonly longNodes: LongNodes;
}

/** How a chart is cut. */
export interface Plan {
  /** Where bucket 0 begins; at or before the range. */
  readonly startMs: number;
  readonly bucketMs: number;
  /** Its intervals fill buckets; `null`: buckets are finer than any. */
  readonly level: Level | null;
}

/**
 * At most `width` buckets (two for one). Where rollups serve, they are whole intervals long and begin at multiples of their length, so that
 * they stay as they are when the range is moved.
 * @param rawFromMs blocks before it are gone
 */
export function planOf({ fromMs, toMs, width }: ChartQuery, rawFromMs: number): Plan {
  const exactMs = Math.max(1, Math.ceil((toMs - fromMs) / width));
  const wantedMs = fromMs < rawFromMs ? Math.max(exactMs, intervalMsOf(1)) : exactMs;
  if (wantedMs < intervalMsOf(1)) return { startMs: fromMs, bucketMs: wantedMs, level: null };
  const level = LEVELS.findLast((one) => INTERVALS_A_BUCKET * intervalMsOf(one) <= wantedMs) ?? 1;
  // One bucket less to share, since a range that begins within one needs a part of another at its end.
  const intervals = Math.ceil((toMs - fromMs) / Math.max(1, width - 1) / intervalMsOf(level));
  const bucketMs = Math.max(1, intervals) * intervalMsOf(level);
  return { startMs: Math.floor(fromMs / bucketMs) * bucketMs, bucketMs, level };
}

export async function readChart(
  sources: ChartSources,
  query: ChartQuery,
  /** Of the machine now. */
  schema: MachineSchema | null,
  rawFromMs: number,
): Promise<Omit<ChartAnswer, 'undated'>> {
  const { machine, channels, fromMs, toMs } = query;
  const plan = planOf(query, rawFromMs);
  const pass = new Pass(sources, query, plan, rawFromMs);
  await pass.read();
  const decimalsOf = (id: string) => schema?.channels.find((one) => one.id === id)?.decimals ?? null;
  return {
    machine,
    fromMs,
    toMs,
    startMs: plan.startMs,
    bucketMs: plan.bucketMs,
    series: channels.flatMap((id, k) => pass.buckets[k]?.series(id, decimalsOf(id)) ?? []),
    gaps: await pass.gaps(),
  };
}

export interface Coverage {
  /** The first row of the range if none is earlier, else where the range begins; `null`: there is none up to its end. */
  readonly firstMs: number | null;
  readonly gaps: readonly ChartGap[];
}

/** Intervals of a quarter of an hour are read for a week, and the like. */
const COVERAGE_WIDTH = 84;

export async function readCoverage(
  sources: ChartSources,
  machine: string,
  fromMs: number,
  toMs: number,
  rawFromMs: number,
): Promise<Coverage> {
  const query = { machine, channels: [], fromMs, toMs, width: COVERAGE_WIDTH };
  const pass = new Pass(sources, query, planOf(query, rawFromMs), rawFromMs);
  await pass.read();
  const gaps = await pass.gaps();
  if ((await sources.reader.placeBefore(machine, fromMs)) !== null) return { firstMs: fromMs, gaps };
  const first = await sources.reader.placeAfter(machine, fromMs);
  return { firstMs: first === null || first.place.atMs >= toMs ? null : first.place.atMs, gaps };
}

interface DirtyRow {
  readonly level: Level;
  readonly from_ms: number;
}

/** One reading of a range, from its begin to its end. */
class Pass {
  readonly buckets: readonly Buckets[];
  readonly #sources: ChartSources;
  readonly #query: ChartQuery;
  readonly #plan: Plan;
  readonly #rawFromMs: number;
  #dirty: readonly DirtyRow[] = [];
  /** By the row before them. */
  readonly #gaps = new Map<number, readonly [Place, Place]>();
  /** The row met last; `null`: none, or it is one of a node that goes on beyond where it was read. */
  #before: Place | null = null;

  constructor(sources: ChartSources, query: ChartQuery, plan: Plan, rawFromMs: number) {
    this.#sources = { ...sources, reader: sources.reader.forOneChart() };
    this.#query = query;
    this.#plan = plan;
    this.#rawFromMs = rawFromMs;
    this.buckets = query.channels.map(() => new Buckets(plan.startMs, query.toMs, plan.bucketMs));
  }

  async read(): Promise<void> {
    const { hot, reader } = this.#sources;
    const { machine, fromMs, toMs } = this.#query;
    // Before anything else is read: what is clean now has rollups at least as new.
    this.#dirty = await hot.all<DirtyRow>('SELECT level, from_ms FROM dirty WHERE machine = $1', machine);
    // The row before the range and the one after it, so that gaps across its ends are found however long they are.
    this.#before = (await reader.placeBefore(machine, fromMs)) ?? (await this.#endBefore(fromMs));
    await this.#collect(this.#plan.level, fromMs, toMs);
    const [kept, raw] = [await this.#beginAfter(toMs), await reader.placeAfter(machine, toMs)];
    const after = kept !== null && (raw === null || kept.place.atMs < raw.place.atMs) ? kept : raw;
    if (after !== null) this.#meet(after.place, after.cutMs);
  }

  /** Where rows are gone: the last one of the hours before an instant. */
  async #endBefore(atMs: number): Promise<Place | null> {
    if (this.#rawFromMs === Number.NEGATIVE_INFINITY) return null;
    for (const db of this.#sources.archive.before(atMs)) {
      const rows = await db.all<{ ends: string }>(
        'SELECT ends FROM rollup WHERE machine = $1 AND level = 1 AND from_ms < $2 ORDER BY from_ms DESC LIMIT 2',
        this.#query.machine,
        atMs,
      );
      // One that begins before the instant and ends after it has its own gaps.
      for (const row of rows) {
        const ends = parseEnds(row.ends);
        if (ends !== null && ends.first.atMs < atMs) return ends.last.atMs < atMs ? ends.last : null;
      }
    }
    return null;
  }

  /** Where rows are gone: the first one of the hours after what was met. */
  async #beginAfter(atMs: number): Promise<{ readonly place: Place; readonly cutMs: number } | null> {
    const { archive, meanings } = this.#sources;
    if (atMs >= this.#rawFromMs) return null;
    const hourMs = nodeAt(1, atMs);
    for (const db of archive.between(hourMs, this.#rawFromMs)) {
      const rows = await db.all<{ ends: string; schema_hash: string }>(
        'SELECT ends, schema_hash FROM rollup WHERE machine = $1 AND level = 1 AND from_ms >= $2 ORDER BY from_ms LIMIT 3',
        this.#query.machine,
        hourMs,
      );
      for (const row of rows) {
        const ends = parseEnds(row.ends);
        const schema = await meanings.schema(row.schema_hash);
        const isNew = ends !== null && ends.first.atMs > (this.#before?.atMs ?? Number.NEGATIVE_INFINITY);
        if (isNew && schema !== null) return { place: ends.first, cutMs: schema.cutMs };
      }
    }
    return null;
  }

  /** The longest, in order of time. */
  async gaps(): Promise<ChartGap[]> {
    const { fromMs, toMs } = this.#query;
    const found = [...this.#gaps.values()]
      .filter(([from, to]) => to.atMs > fromMs && from.atMs < toMs)
      .sort((a, b) => b[1].atMs - b[0].atMs - (a[1].atMs - a[0].atMs))
      .slice(0, MOST_GAPS)
      .sort((a, b) => a[0].atMs - b[0].atMs);
    const gaps: ChartGap[] = [];
    for (const [from, to] of found) {
      gaps.push({ fromMs: from.atMs, toMs: to.atMs, reason: await this.#reason(from, to) });
    }
    return gaps;
  }

  async #collect(level: Level | null, fromMs: number, toMs: number): Promise<void> {
    if (fromMs >= toMs) return;
    if (level === null) return this.#raw(fromMs, toMs);
    const intervalMs = intervalMsOf(level);
    const nodeMs = nodeMsOf(level);
    // Where there are no blocks any more an interval counts whole, though a part of it lies outside.
    const round = fromMs < this.#rawFromMs && level === 1 ? Math.floor : Math.ceil;
    const innerFromMs = round(fromMs / intervalMs) * intervalMs;
    const innerToMs = Math.floor(toMs / intervalMs) * intervalMs;
    const below = levelBelow(level);
    if (innerFromMs >= innerToMs) return this.#collect(below, fromMs, toMs);
    await this.#collect(below, fromMs, innerFromMs);
    let atMs = innerFromMs;
    while (atMs < innerToMs) {
      // As many clean nodes as follow one another are read at once.
      let endMs = nodeAt(level, atMs);
      while (endMs < innerToMs && !this.#isDirty(level, endMs)) endMs += nodeMs;
      if (endMs > atMs) await this.#nodes(level, atMs, Math.min(endMs, innerToMs));
      else {
        endMs += nodeMs;
        await this.#collect(below, atMs, Math.min(endMs, innerToMs));
      }
      atMs = Math.min(endMs, innerToMs);
    }
    await this.#collect(below, innerToMs, toMs);
  }

  #isDirty(level: Level, nodeFromMs: number): boolean {
    const endMs = nodeFromMs + nodeMsOf(level);
    return this.#dirty.some((row) => row.level <= level && row.from_ms >= nodeFromMs && row.from_ms < endMs);
  }

  /** Whole intervals of clean nodes. */
  async #nodes(level: Level, fromMs: number, toMs: number): Promise<void> {
    const { archive, longNodes, meanings } = this.#sources;
    const { machine, channels } = this.#query;
    let seenMs = Number.NEGATIVE_INFINITY;
    for (const db of archive.between(nodeAt(level, fromMs), toMs)) {
      const nodes = await longNodes.between(db, machine, level, nodeAt(level, fromMs), toMs);
      for (const node of nodes) {
        const schema = await meanings.schema(node.schema_hash);
        if (schema === null) continue;
        if (node.from_ms > seenMs) this.#seeNode(node.ends, schema.cutMs, toMs);
        seenMs = node.from_ms;
        const places = numberChannels(schema);
        for (const [k, id] of channels.entries()) {
          const place = places.findIndex((channel) => channel.id === id);
          if (place < 0) continue;
          node.each(schema, place, (intervalFromMs, summary) => {
            if (intervalFromMs >= fromMs && intervalFromMs < toMs)
              this.buckets[k]?.merge(intervalFromMs, summary);
          });
        }
      }
    }
  }

  #seeNode(ends: Ends | null, cutMs: number, toMs: number): void {
    if (ends === null) return;
    if (this.#before === null || ends.first.atMs > this.#before.atMs) this.#meet(ends.first, cutMs);
    for (const [from, to] of ends.gaps) this.#gaps.set(from.atMs, [from, to]);
    this.#before = ends.last.atMs < toMs ? ends.last : null;
  }

  async #raw(fromMs: number, toMs: number): Promise<void> {
    const { machine, channels } = this.#query;
    for await (const cluster of this.#sources.reader.clusters(machine, fromMs, toMs, channels)) {
      const { times } = cluster;
      let [first, last] = [0, -1];
      for (let i = 0; i < cluster.rowCount; i++) {
        const atMs = times[i]!;
        if (atMs < fromMs || atMs >= toMs) continue;
        const { cutMs } = cluster.schema(i);
        if (last < 0) {
          this.#meet(cluster.place(i), cutMs);
          first = i;
        } else if (atMs - times[last]! > cutMs) {
          this.#gaps.set(times[last]!, [cluster.place(last), cluster.place(i)]);
        }
        last = i;
      }
      for (let k = 0; k < channels.length; k++)
        this.buckets[k]?.addRows(times, cluster.numbers(k), first, last + 1);
      if (last >= 0) this.#before = cluster.place(last);
    }
  }

  #meet(place: Place, cutMs: number): void {
    const before = this.#before;
    if (before !== null && place.atMs - before.atMs > cutMs) this.#gaps.set(before.atMs, [before, place]);
    if (before === null || place.atMs > before.atMs) this.#before = place;
  }

  /** Why there are no rows in between; `null`: nobody said. */
  async #reason(from: Place, to: Place): Promise<string | null> {
    const { hot } = this.#sources;
    const { machine } = this.#query;
    const declared = async (first: number): Promise<string | null> => {
      if (first >= to.sequence) return null;
      const gap = await hot.get<{ reason: string }>(
        'SELECT reason FROM gap WHERE machine = $1 AND spool = $2 AND first_sequence >= $3 AND next_sequence <= $4 LIMIT 1',
        machine,
        to.spool,
        first,
        to.sequence,
      );
      return gap?.reason ?? null;
    };
    // A spool that follows a damaged one begins with a gap.
    if (from.spool !== to.spool) return declared(0);
    const reason = await declared(from.sequence + 1);
    if (reason !== null || from.boot === to.boot) return reason;
    const boot = await hot.get<{ dated: number | null }>(
      `SELECT (SELECT 1 FROM anchor a WHERE a.machine = e.machine AND a.spool = e.spool AND a.boot = e.boot LIMIT 1) AS dated
       FROM extent e WHERE machine = $1 AND spool = $2 AND first_sequence < $3 AND boot <> $4 ORDER BY first_sequence DESC LIMIT 1`,
      machine,
      to.spool,
      to.sequence,
      to.boot,
    );
    return boot !== undefined && boot.dated === null ? 'undated' : 'edge-off';
  }
}
