// Rollups: what rows were within intervals of 1, 4, 16, 64, 256, 1024 minutes. A node is 60 consecutive intervals of a level,
// in one record for all number channels of one schema, so that a chart reads few records however long its range:
//
//   version u8 (3) · channels varint · length of each channel's part, varints (0: it had no sample) · the parts
//
// A channel's part: form u8, then for 2 bits (rollup-bits.ts), which is quick to read, and for 1, where samples are no
// decimals, a block of the codec (docs/wire-format.md): a row per interval that has samples, its time the interval's start
// in ms since the node's; columns FIELDS, instants among them in ms since the interval's start. Version 2 had the first form
// of bits, 0, and version 1 the block alone; both are read for ever.
// `ends` beside it: first and last row of the node, and the gaps between its rows, by place in their spools.
// Pure. Not here: which nodes there are (sealer.ts), which a chart takes (chart.ts).
import { type CodecSchema, type Column, decodeBlock, encodeBlock, readBlockHeader } from '@vigie/codec';
import type { Channel, MachineSchema } from '@vigie/model';
import { z } from 'zod';
import type { Buckets, Summary } from './m4.ts';
import { FIRST_FORM, FORM, INTERVALS, type Indexed, readSummaries, writeSummaries } from './rollup-bits.ts';

/** Minutes of an interval. Of the longest, a chart of ten years in a thousand pixels has five in each. */
export const LEVELS = [1, 4, 16, 64, 256, 1024] as const;
export type Level = (typeof LEVELS)[number];
export const HOUR_MS = 3_600_000;
/** A block that lasts longer is never sealed, so that who looks for one that begins earlier knows how far to look. */
export const LONGEST_SEALED_MS = 28 * 86_400_000;

export function intervalMsOf(level: Level): number {
  return level * 60_000;
}
export function nodeMsOf(level: Level): number {
  return INTERVALS * intervalMsOf(level);
}
/** Start of the node that holds an instant. */
export function nodeAt(level: Level, atMs: number): number {
  return Math.floor(atMs / nodeMsOf(level)) * nodeMsOf(level);
}
/** `null`: there is none. */
export function levelAbove(level: Level): Level | null {
  return LEVELS[LEVELS.indexOf(level) + 1] ?? null;
}
export function levelBelow(level: Level): Level | null {
  return LEVELS[LEVELS.indexOf(level) - 1] ?? null;
}

const VERSION = 3;
const BLOCK = 1;
const FIELDS = [
  'first',
  'last',
  'min',
  'max',
  'minAt',
  'maxAt',
  'sum',
  'count',
  'firstAt',
  'lastAt',
] as const;
/** Any: a channel's block is found by its place. */
const SCHEMA_HASH = '0000000000000000';

/** A row by its place: `null` where it came without one. */
const place = z.strictObject({
  atMs: z.number(),
  spool: z.string(),
  /** Of the row. */
  sequence: z.number(),
  boot: z.number(),
});
export type Place = z.infer<typeof place>;
const endsSchema = z.strictObject({
  first: place,
  last: place,
  /** Rows between which a curve is cut. */
  gaps: z.array(z.tuple([place, place])),
});
export type Ends = z.infer<typeof endsSchema>;

/** @returns `null`: not what `JSON.stringify` made of Ends. */
export function parseEnds(json: string): Ends | null {
  try {
    return endsSchema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}

/** Channels whose samples are numbers, in the order of their blocks. */
export function numberChannels(schema: MachineSchema): Channel[] {
  return schema.channels.filter(({ kind }) => kind !== 'text');
}

/** @param of by number channel, with the node's intervals as buckets */
export function encodeRollup(schema: MachineSchema, level: Level, of: readonly Buckets[]): Uint8Array {
  const parts = numberChannels(schema).map(({ decimals }, c) => {
    const summaries = (of[c]?.summaries() ?? []).map((summary) => ({
      ...summary,
      sum: rounded(summary.sum, decimals),
    }));
    if (summaries.length === 0) return new Uint8Array(0);
    const bits = writeSummaries(summaries, decimals);
    return bits === null
      ? Buffer.concat([Uint8Array.of(BLOCK), blockOf(level, decimals, summaries)])
      : Buffer.concat([Uint8Array.of(FORM), bits]);
  });
  const head = [VERSION, ...varint(parts.length), ...parts.flatMap(({ length }) => varint(length))];
  return Buffer.concat([Uint8Array.from(head), ...parts]);
}

function blockOf(level: Level, decimals: number | null, summaries: readonly Indexed[]): Uint8Array {
  const columns = FIELDS.map((field): Column => {
    const values = Float64Array.from(summaries, (summary) => summary[field]);
    return { type: 'number', values, present: null };
  });
  const timesMs = Float64Array.from(summaries, ({ index }) => index * intervalMsOf(level));
  return encodeBlock(
    codecSchemaOf(level, decimals),
    { rowCount: summaries.length, timesMs, columns },
    { schemaHash: SCHEMA_HASH },
  );
}

export type DecodedRollup =
  | { readonly ok: true; readonly value: RollupReader }
  | { readonly ok: false; readonly reason: string };

export interface RollupReader {
  /** Calls back for each interval of the channel that has samples, in order. `false`: its block is damaged. */
  channel(place: number, each: (intervalFromMs: number, summary: Summary) => void): boolean;
}

/** @param fromMs where the node begins */
export function readRollup(
  schema: MachineSchema,
  level: Level,
  fromMs: number,
  bytes: Uint8Array,
): DecodedRollup {
  let at = 0;
  const varintAt = (): number => {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  const version = bytes[at++];
  if (version === undefined || version < 1 || version > VERSION)
    return { ok: false, reason: `its version ${version} is not known` };
  const channels = numberChannels(schema);
  if (varintAt() !== channels.length) return { ok: false, reason: 'it has other channels than its schema' };
  const lengths = channels.map(() => varintAt());
  const starts: number[] = [];
  for (const length of lengths) {
    starts.push(at);
    at += length;
  }
  if (at !== bytes.length) return { ok: false, reason: 'it is cut off, or bytes follow it' };
  return {
    ok: true,
    value: {
      channel: (place, each) => {
        const [start, length, channel] = [starts[place] ?? 0, lengths[place] ?? 0, channels[place]];
        if (length === 0 || channel === undefined) return true;
        const part = bytes.subarray(start, start + length);
        const intervalMs = intervalMsOf(level);
        if (version === 1) return readBlock(part, level, channel.decimals, fromMs, each);
        const bitForm = version === 2 ? FIRST_FORM : FORM;
        switch (part[0]) {
          case bitForm:
            return readSummaries(part.subarray(1), bitForm, (index, summary) =>
              each(fromMs + index * intervalMs, summary),
            );
          case BLOCK:
            return readBlock(part.subarray(1), level, channel.decimals, fromMs, each);
          default:
            return false;
        }
      },
    },
  };
}

function readBlock(
  block: Uint8Array,
  level: Level,
  decimals: number | null,
  fromMs: number,
  each: (intervalFromMs: number, summary: Summary) => void,
): boolean {
  const header = readBlockHeader(block);
  if (!header.ok || header.value.rowCount > INTERVALS) return false;
  const decoded = decodeBlock(block, codecSchemaOf(level, decimals), { prior: () => null });
  if (!decoded.ok) return false;
  const { rowCount, timesMs, columns } = decoded.value;
  const fields = FIELDS.map((_, k) => {
    const column = columns[k];
    return column?.type === 'number' ? column.values : new Float64Array(rowCount);
  });
  const [first, last, min, max, minAt, maxAt, sum, count, firstAt, lastAt] = fields;
  for (let i = 0; i < rowCount; i++) {
    each(fromMs + (timesMs[i] ?? 0), {
      first: first?.[i] ?? 0,
      firstAt: firstAt?.[i] ?? 0,
      last: last?.[i] ?? 0,
      lastAt: lastAt?.[i] ?? 0,
      min: min?.[i] ?? 0,
      minAt: minAt?.[i] ?? 0,
      max: max?.[i] ?? 0,
      maxAt: maxAt?.[i] ?? 0,
      sum: sum?.[i] ?? 0,
      count: count?.[i] ?? 0,
    });
  }
  return true;
}

/** Puts what children say of themselves together; they follow one another in time. `null`: none has a row. */
export function joinEnds(children: readonly Ends[], cutMs: number): Ends | null {
  const [first] = children;
  const last = children.at(-1);
  if (first === undefined || last === undefined) return null;
  const gaps = children.flatMap((child, i): Ends['gaps'] => {
    const before = children[i - 1];
    const between: Ends['gaps'] =
      before !== undefined && child.first.atMs - before.last.atMs > cutMs ? [[before.last, child.first]] : [];
    return [...between, ...child.gaps];
  });
  return { first: first.first, last: last.last, gaps };
}

/** A sum of decimals is one, too; what addition left behind its places is noise, and would have to be stored. */
function rounded(sum: number, decimals: number | null): number {
  if (decimals === null) return sum;
  const scale = 10 ** decimals;
  const whole = Math.round(sum * scale);
  return Number.isSafeInteger(whole) ? whole / scale : sum;
}

const codecSchemas = new Map<string, CodecSchema>();
function codecSchemaOf(level: Level, decimals: number | null): CodecSchema {
  const key = `${level} ${decimals}`;
  let known = codecSchemas.get(key);
  if (known === undefined) {
    known = {
      intervalMs: intervalMsOf(level),
      channels: FIELDS.map((id) => ({
        id,
        kind: 'number',
        decimals: id.endsWith('At') || id === 'count' ? 0 : decimals,
      })),
    };
    codecSchemas.set(key, known);
  }
  return known;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}
