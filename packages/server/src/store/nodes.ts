// What the rollups of a node are, computed anew: of an hour from its rows, of a longer node from those of the level
// below. One way for who makes them (sealer.ts) and who looks whether they are right (check.ts).
// Not here: writing, and which nodes are due.
import type { MachineSchema } from '@vigie/model';
import type { Archive } from './archive.ts';
import { NODES_OF_LEVEL } from './long-nodes.ts';
import { Buckets } from './m4.ts';
import type { Meanings } from './meanings.ts';
import type { Reader } from './reader.ts';
import {
  type Ends,
  HOUR_MS,
  intervalMsOf,
  joinEnds,
  type Level,
  levelBelow,
  nodeMsOf,
  numberChannels,
  type Place,
  parseEnds,
  readRollup,
} from './rollup.ts';

/** A row of the table `rollup`, as far as a node needs it. */
export interface RollupRow {
  readonly from_ms: number;
  readonly schema_hash: string;
  readonly ends: string;
  readonly bytes: Uint8Array;
}

/** Of one schema. */
export interface NodePart {
  readonly schemaHash: string;
  readonly schema: MachineSchema;
  /** By number channel. */
  readonly buckets: readonly Buckets[];
}

export interface Node {
  readonly parts: readonly NodePart[];
  /** `null`: it has no row. */
  readonly ends: Ends | null;
}

interface RowsPart extends NodePart {
  /** Of its number channels, among all channels. */
  readonly places: readonly number[];
}

export async function nodeOfRows(reader: Reader, machine: string, hourMs: number): Promise<Node> {
  const endMs = hourMs + HOUR_MS;
  const parts = new Map<string, RowsPart>();
  let first: Place | null = null;
  let last: Place | null = null;
  const gaps: [Place, Place][] = [];
  for await (const cluster of reader.clusters(machine, hourMs, endMs, null)) {
    let lastRow = -1;
    /** Consecutive rows of one schema. */
    const runs: { readonly part: RowsPart; readonly begin: number; end: number }[] = [];
    for (let i = 0; i < cluster.rowCount; i++) {
      const atMs = cluster.times[i]!;
      if (atMs < hourMs || atMs >= endMs) continue;
      const schema = cluster.schema(i);
      if (lastRow >= 0 && atMs - cluster.times[lastRow]! > schema.cutMs) {
        gaps.push([cluster.place(lastRow), cluster.place(i)]);
      }
      if (lastRow < 0) {
        const here = cluster.place(i);
        first ??= here;
        if (last !== null && atMs - last.atMs > schema.cutMs) gaps.push([last, here]);
      }
      lastRow = i;
      const hash = cluster.schemaHash(i);
      let run = runs.at(-1);
      if (run?.part.schemaHash !== hash) {
        let part = parts.get(hash);
        if (part === undefined) {
          const channels = numberChannels(schema);
          part = {
            schemaHash: hash,
            schema,
            buckets: channels.map(() => new Buckets(hourMs, endMs, intervalMsOf(1))),
            places: channels.map((channel) => schema.channels.indexOf(channel)),
          };
          parts.set(hash, part);
        }
        run = { part, begin: i, end: i };
        runs.push(run);
      }
      run.end = i + 1;
    }
    for (const { part, begin, end } of runs) {
      part.buckets.forEach((buckets, c) => {
        buckets.addRows(cluster.times, cluster.numbers(part.places[c]!), begin, end);
      });
    }
    if (lastRow >= 0) last = cluster.place(lastRow);
  }
  return { parts: [...parts.values()], ends: first === null || last === null ? null : { first, last, gaps } };
}

export async function nodeOfNodes(
  archive: Archive,
  meanings: Meanings,
  machine: string,
  level: Level,
  fromMs: number,
): Promise<Node> {
  const below = levelBelow(level);
  if (below === null) throw new Error('an hour is made of rows');
  const endMs = fromMs + nodeMsOf(level);
  const parts = new Map<string, NodePart>();
  const children = new Map<number, Ends>();
  let cutMs = Number.POSITIVE_INFINITY;
  for (const db of archive.between(fromMs, endMs)) {
    const rows = await db.all<RollupRow>(NODES_OF_LEVEL, machine, below, fromMs, endMs);
    for (const row of rows) {
      const schema = await meanings.schema(row.schema_hash);
      const ends = parseEnds(row.ends);
      const read = schema === null ? null : readRollup(schema, below, row.from_ms, row.bytes);
      if (schema === null || ends === null || read === null || !read.ok) continue;
      children.set(row.from_ms, ends);
      cutMs = Math.min(cutMs, schema.cutMs);
      let part = parts.get(row.schema_hash);
      if (part === undefined) {
        const buckets = numberChannels(schema).map(() => new Buckets(fromMs, endMs, intervalMsOf(level)));
        part = { schemaHash: row.schema_hash, schema, buckets };
        parts.set(row.schema_hash, part);
      }
      for (const [c, buckets] of part.buckets.entries()) {
        read.value.channel(c, (intervalFromMs, summary) => buckets.merge(intervalFromMs, summary));
      }
    }
  }
  const ends = joinEnds(
    [...children].sort(([a], [b]) => a - b).map(([, child]) => child),
    cutMs,
  );
  return { parts: [...parts.values()], ends };
}
