// Makes one long block of an hour's many short ones, in months that are over, where that pays: what a block says of its
// beginning is said once, and its coder has learnt for longer.
// Invariants: no row, instant, place or date changes, which is looked at row by row before anything is written; only a
// chunk that nothing is due for is touched, and only as it was read, so that it works beside the sealer; a block stays
// one that its boot's anchors can date anew. High-water marks are elsewhere and know nothing of it.
// Not here: what a chunk is (pack.ts), which months are whole.
import {
  type Column,
  decodeBlock,
  encodeBlock,
  MAX_BLOCK_ROWS,
  MAX_BLOCK_TEXT,
  type Prior,
  type Rows,
  sampleAt,
} from '@vigie/codec';
import { codecSchema, type MachineSchema } from '@vigie/model';
import { anchorsOf, bootKeyOf } from './anchors.ts';
import { MOST_SAMPLES } from './append.ts';
import { type Archive, monthAfter, monthOf } from './archive.ts';
import type { Database } from './database.ts';
import { type AnchorPoint, dateOf, rowDates } from './dating.ts';
import { Meanings } from './meanings.ts';
import { type DatedBlock, pack, unpack } from './pack.ts';
import { HOUR_MS, LONGEST_SEALED_MS } from './rollup.ts';

/** A chunk is written anew when it becomes smaller by this share. */
const LEAST_GAIN = 0.05;
/** A file of a month is written anew when this share of it is free. */
const FREE_SHARE = 0.02;

export interface CompactOptions {
  readonly hot: Database;
  readonly archive: Archive;
  readonly utcMs: () => number;
  readonly progress: (sentence: string) => void;
}

export interface CompactReport {
  /** Of months that are over. */
  readonly chunks: number;
  readonly rewritten: number;
  readonly blocksBefore: number;
  readonly blocksAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export async function compact({ hot, archive, utcMs, progress }: CompactOptions): Promise<CompactReport> {
  const total = { chunks: 0, rewritten: 0, blocksBefore: 0, blocksAfter: 0, bytesBefore: 0, bytesAfter: 0 };
  const endMs = monthOf(utcMs());
  const meanings = new Meanings(hot);
  const machines = await hot.all<{ id: string }>('SELECT id FROM machine ORDER BY id');
  for (const db of archive.between(0, endMs)) {
    const shrunk = new Set<number>();
    for (const { id: machine } of machines) {
      const hours = await db.all<{ hour_ms: number }>(
        'SELECT hour_ms FROM chunk WHERE machine = $1 AND hour_ms < $2 ORDER BY hour_ms',
        machine,
        endMs,
      );
      for (const { hour_ms: hourMs } of hours) {
        progress(`${machine}, ${new Date(hourMs).toISOString().slice(0, 13)} h`);
        const row = await db.get<{ to_ms: number; bytes: Uint8Array }>(
          'SELECT to_ms, bytes FROM chunk WHERE machine = $1 AND hour_ms = $2',
          machine,
          hourMs,
        );
        const read = row === undefined ? null : unpack(machine, row.bytes);
        if (row === undefined || read === null || !read.ok) continue;
        const { blocks } = read;
        total.chunks++;
        total.blocksBefore += blocks.length;
        total.bytesBefore += row.bytes.length;
        const anchors = await anchorsOf(hot, blocks);
        const fewer = await compacted(blocks, anchors, meanings);
        const bytes = fewer.length < blocks.length ? pack(fewer) : row.bytes;
        const pays = bytes.length <= (1 - LEAST_GAIN) * row.bytes.length;
        const isDone =
          pays &&
          !(await isDue(hot, machine, hourMs, row.to_ms)) &&
          (await db.run(
            'UPDATE chunk SET bytes = $1 WHERE machine = $2 AND hour_ms = $3 AND bytes = $4',
            bytes,
            machine,
            hourMs,
            row.bytes,
          )) === 1;
        total.blocksAfter += isDone ? fewer.length : blocks.length;
        total.bytesAfter += isDone ? bytes.length : row.bytes.length;
        if (!isDone) continue;
        total.rewritten++;
        shrunk.add(monthOf(hourMs));
      }
    }
    for (const monthMs of shrunk) {
      if (monthAfter(monthMs) <= utcMs()) await archive.shrink(monthMs, FREE_SHARE);
    }
  }
  return total;
}

async function isDue(hot: Database, machine: string, hourMs: number, toMs: number): Promise<boolean> {
  const due = await hot.get(
    'SELECT 1 AS one FROM dirty WHERE machine = $1 AND level = 1 AND from_ms >= $2 AND from_ms <= $3 LIMIT 1',
    machine,
    hourMs - HOUR_MS,
    toMs,
  );
  return due !== undefined;
}

/** The blocks of an hour, as few as they may be. */
async function compacted(
  blocks: readonly DatedBlock[],
  anchors: ReadonlyMap<string, readonly AnchorPoint[]>,
  meanings: Meanings,
): Promise<readonly DatedBlock[]> {
  // Rows of two spools that share an instant would come in another order.
  if (new Set(blocks.map(({ spool }) => spool)).size !== 1) return blocks;
  const opened: Opened[] = [];
  for (const block of [...blocks].sort((a, b) => a.first_sequence - b.first_sequence)) {
    const open = await opening(block, meanings);
    if (open === null) return blocks;
    opened.push(open);
  }
  const fewer: DatedBlock[] = [];
  for (const run of runsOf(opened)) {
    const [first] = run;
    const own =
      first === undefined
        ? undefined
        : anchors.get(bootKeyOf(first.block.machine, first.block.spool, first.block.boot));
    const one = run.length < 2 ? null : joined(run, own ?? []);
    fewer.push(...(one === null ? run.map(({ block }) => block) : [one]));
  }
  return fewer.sort((a, b) => a.from_ms - b.from_ms || a.first_sequence - b.first_sequence);
}

/** A block with its rows. */
interface Opened {
  readonly block: DatedBlock;
  readonly schema: MachineSchema;
  readonly prior: Prior | null;
  readonly timesMs: Float64Array;
  readonly columns: readonly Column[];
  /** UTF-16 units of its texts, each counted as often as it stands there. */
  readonly textLength: number;
  /** UTC of row i. */
  readonly at: (row: number) => number;
}

async function opening(block: DatedBlock, meanings: Meanings): Promise<Opened | null> {
  const schema = await meanings.schema(block.schema_hash);
  if (schema === null) return null;
  const prior = await meanings.priorOf(block.machine, block.bytes);
  const decoded = decodeBlock(block.bytes, codecSchema(schema), { prior: () => prior });
  if (!decoded.ok || decoded.value.rowCount !== block.row_count) return null;
  const { timesMs } = decoded.value;
  const columns = decoded.value.columns.filter((column) => column !== null);
  return {
    block,
    schema,
    prior,
    timesMs,
    columns,
    textLength: columns.reduce((sum, column) => sum + textLengthOf(column), 0),
    at: rowDates(timesMs, block.from_ms, block.to_ms),
  };
}

function textLengthOf(column: Column): number {
  if (column.type === 'number') return 0;
  return column.values.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

/** Blocks that follow one another and may become one. */
function runsOf(opened: readonly Opened[]): Opened[][] {
  const runs: Opened[][] = [];
  let run: Opened[] = [];
  let [rows, text] = [0, 0];
  for (const one of opened) {
    const before = run.at(-1);
    const [first] = run;
    const own = one.block.row_count - one.block.skip_rows;
    const fits =
      before !== undefined &&
      first !== undefined &&
      rows + own <= MAX_BLOCK_ROWS &&
      (rows + own) * one.schema.channels.length <= MOST_SAMPLES &&
      text + one.textLength <= MAX_BLOCK_TEXT &&
      goesOn(first.block, before.block, one);
    if (!fits) {
      run = [];
      runs.push(run);
      [rows, text] = [0, 0];
    }
    run.push(one);
    rows += own;
    text += one.textLength;
  }
  return runs;
}

function goesOn(first: DatedBlock, before: DatedBlock, { block, timesMs, at }: Opened): boolean {
  const skip = block.skip_rows;
  const startMs = block.monotonic_ms + (timesMs[skip] ?? 0) - (timesMs[0] ?? 0);
  return (
    first.skip_rows === 0 &&
    block.boot === first.boot &&
    block.schema_hash === first.schema_hash &&
    block.first_sequence === before.first_sequence - before.skip_rows + before.row_count &&
    startMs > before.monotonic_ms + before.span_ms &&
    // On the line of the first: with a correction in between, rows would be dated otherwise.
    at(skip) - startMs === first.from_ms - first.monotonic_ms
  );
}

/** One block of a run; `null`: it would not be smaller, or not say the same. */
function joined(run: readonly Opened[], anchors: readonly AnchorPoint[]): DatedBlock | null {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return null;
  const { schema } = first;
  const rows = rowsOf(run);
  const spanMs = last.block.monotonic_ms + last.block.span_ms - first.block.monotonic_ms;
  const bytes = smallest(schema, first.block.schema_hash, rows, [
    null,
    ...new Set(run.flatMap(({ prior }) => prior ?? [])),
  ]);
  if (bytes.bytes.length >= run.reduce((sum, { block }) => sum + block.bytes.length, 0)) return null;
  const block: DatedBlock = {
    ...first.block,
    span_ms: spanMs,
    row_count: rows.rowCount,
    to_ms: last.block.to_ms,
    bytes: bytes.bytes,
  };
  const isOneHour = block.to_ms - block.from_ms < LONGEST_SEALED_MS;
  const isDatedSo =
    dateOf(anchors, block.monotonic_ms) === block.from_ms &&
    dateOf(anchors, block.monotonic_ms + spanMs) === block.to_ms;
  return isOneHour && isDatedSo && saysTheSame(block, bytes.prior, schema, run) ? block : null;
}

function rowsOf(run: readonly Opened[]): Rows {
  const [first] = run;
  const startMs = first?.block.monotonic_ms ?? 0;
  const own = run.map(({ block }) => block.row_count - block.skip_rows);
  const rowCount = own.reduce((sum, n) => sum + n, 0);
  const timesMs = new Float64Array(rowCount);
  let at = 0;
  for (const { block, timesMs: times } of run) {
    const offsetMs = block.monotonic_ms - startMs - (times[0] ?? 0) + (first?.timesMs[0] ?? 0);
    for (let i = block.skip_rows; i < block.row_count; i++) timesMs[at++] = (times[i] ?? 0) + offsetMs;
  }
  const columns = (first?.columns ?? []).map((column, c): Column => {
    if (column.type === 'text') {
      return {
        type: 'text',
        values: run.flatMap(({ block, columns }) =>
          Array.from({ length: block.row_count - block.skip_rows }, (_, i) => {
            const sample = sampleAt(columns[c], block.skip_rows + i);
            return typeof sample === 'string' ? sample : null;
          }),
        ),
      };
    }
    const values = new Float64Array(rowCount);
    const present = new Uint8Array(rowCount).fill(1);
    let row = 0;
    for (const { block, columns } of run) {
      const from = columns[c];
      if (from?.type !== 'number') continue;
      // Bit by bit, whatever a value is.
      values.set(from.values.subarray(block.skip_rows, block.row_count), row);
      if (from.present !== null) present.set(from.present.subarray(block.skip_rows, block.row_count), row);
      row += block.row_count - block.skip_rows;
    }
    return { type: 'number', values, present: present.includes(0) ? present : null };
  });
  return { rowCount, timesMs, columns };
}

function smallest(
  schema: MachineSchema,
  schemaHash: string,
  rows: Rows,
  priors: readonly (Prior | null)[],
): { readonly bytes: Uint8Array; readonly prior: Prior | null } {
  const all = priors.map((prior) => ({
    prior,
    bytes: encodeBlock(codecSchema(schema), rows, { schemaHash, prior }),
  }));
  return all.reduce((best, one) => (one.bytes.length < best.bytes.length ? one : best));
}

/** Reads the block again and compares every row: instant on the boot's clock, date, sequence, samples to the bit. */
function saysTheSame(
  block: DatedBlock,
  prior: Prior | null,
  schema: MachineSchema,
  run: readonly Opened[],
): boolean {
  const decoded = decodeBlock(block.bytes, codecSchema(schema), { prior: () => prior });
  if (!decoded.ok) return false;
  const { timesMs, columns } = decoded.value;
  const at = rowDates(timesMs, block.from_ms, block.to_ms);
  const monotonicOf = (of: DatedBlock, times: Float64Array, i: number): number =>
    of.monotonic_ms + (times[i] ?? 0) - (times[0] ?? 0);
  let row = 0;
  for (const one of run) {
    for (let i = one.block.skip_rows; i < one.block.row_count; i++, row++) {
      const isSame =
        block.first_sequence + row === one.block.first_sequence - one.block.skip_rows + i &&
        monotonicOf(block, timesMs, row) === monotonicOf(one.block, one.timesMs, i) &&
        at(row) === one.at(i) &&
        one.columns.every((column, c) => isSameSample(sampleAt(column, i), sampleAt(columns[c], row)));
      if (!isSame) return false;
    }
  }
  return row === block.row_count;
}

const bits = new BigUint64Array(2);
const numbers = new Float64Array(bits.buffer);
function isSameSample(one: number | string | null, other: number | string | null): boolean {
  if (typeof one !== 'number' || typeof other !== 'number') return one === other;
  numbers[0] = one;
  numbers[1] = other;
  return bits[0] === bits[1];
}

/** For a person. */
export function describeCompact(report: CompactReport): string {
  const { chunks, rewritten, blocksBefore, blocksAfter, bytesBefore, bytesAfter } = report;
  if (chunks === 0) return 'No month is over that has sealed hours: there is nothing to make smaller.';
  const share = bytesBefore === 0 ? 0 : (100 * (bytesBefore - bytesAfter)) / bytesBefore;
  return [
    `Before: ${bytesBefore} bytes in ${blocksBefore} blocks of ${chunks} hours.`,
    `After:  ${bytesAfter} bytes in ${blocksAfter} blocks; ${rewritten} hours were written anew, ${share.toFixed(1)} % is saved.`,
  ].join('\n');
}
