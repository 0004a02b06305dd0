// Blocks into the store: many in one transaction, with the high-water marks, and only then answered.
// Invariants: a row's identity is (machine, spool, sequence), so that what is sent again stores nothing; a block is
// checked whole before it is acknowledged, since what cannot be read later must be known now; nothing of a machine is
// kept between two batches, because another server may hold its connection next. Not here: when (sql-store.ts).
import { type Column, type DecodedRows, decodeBlock, readBlockHeader, sampleAt } from '@vigie/codec';
import type { RowView } from '@vigie/contract';
import { codecSchema, type MachineSchema, type SampleSpan, type Spans } from '@vigie/model';
import { type RungRows, ringAll } from '../alarms/ring.ts';
import { anchorsOf, BOOT_KEY, type Boot, bootKeyOf, keepInOrder } from './anchors.ts';
import { type Archive, monthOf } from './archive.ts';
import type { Columns, Sql, SqlRow } from './database.ts';
import { dateOf, rowDates } from './dating.ts';
import { markHours, type Span } from './marks.ts';
import type { Meanings } from './meanings.ts';
import { type PresentRow, putPresent } from './present.ts';
import type { AppendResult, IncomingBlock } from './store.ts';
import { undatedBoots } from './undated.ts';

/** In a block from a machine: what an edge makes is a tenth of it. */
export const MOST_SAMPLES = 1_000_000;

export interface CheckedBlock {
  readonly incoming: IncomingBlock;
  readonly read:
    | {
        readonly ok: true;
        readonly spanMs: number;
        readonly schemaHash: string;
        readonly schema: MachineSchema;
        readonly rows: DecodedRows;
      }
    | { readonly ok: false; readonly reason: string };
}

interface SpoolRow {
  readonly machine: string;
  readonly spool: string;
  readonly next_sequence: number;
  readonly last_boot: number | null;
  readonly last_monotonic_ms: number | null;
}
const SPOOL_KEY: Columns = { machine: 'text', spool: 'text' };
const SPOOL: Columns = {
  ...SPOOL_KEY,
  next_sequence: 'bigint',
  last_boot: 'bigint',
  last_monotonic_ms: 'bigint',
};
export const BLOCK_COLUMNS: Columns = {
  machine: 'text',
  spool: 'text',
  first_sequence: 'bigint',
  boot: 'bigint',
  monotonic_ms: 'bigint',
  row_count: 'bigint',
  skip_rows: 'bigint',
  schema_hash: 'text',
  from_ms: 'bigint',
  to_ms: 'bigint',
  span_ms: 'bigint',
  bytes: 'bytea',
};
const SET_ASIDE: Columns = {
  machine: 'text',
  spool: 'text',
  first_sequence: 'bigint',
  row_count: 'bigint',
  reason: 'text',
  bytes: 'bytea',
};
const EXTENT: Columns = {
  ...BOOT_KEY,
  first_sequence: 'bigint',
  next_sequence: 'bigint',
  first_monotonic_ms: 'bigint',
  last_monotonic_ms: 'bigint',
};
const USAGE: Columns = { machine: 'text', month_ms: 'bigint', block_bytes: 'bigint', rows: 'bigint' };

/** Marks of these spools, locked; a spool never met begins at 0. */
export async function lockMarks(
  sql: Sql,
  spools: readonly { readonly machine: string; readonly spool: string }[],
): Promise<Map<string, SpoolRow>> {
  const wanted = new Map(spools.map(({ machine, spool }) => [`${machine} ${spool}`, { machine, spool }]));
  const keys = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  const found = new Map<string, SpoolRow>();
  const lock = async (missing: typeof keys): Promise<void> => {
    for (const row of await sql.lock<SpoolRow>('spool', SPOOL_KEY, missing)) found.set(keyOf(row), row);
  };
  await lock(keys);
  const missing = keys.filter((key) => !found.has(keyOf(key)));
  if (missing.length > 0) {
    await sql.insert(
      'spool',
      { ...SPOOL_KEY, next_sequence: 'bigint' },
      missing.map((key) => ({ ...key, next_sequence: 0 })),
      'ON CONFLICT DO NOTHING',
    );
    await lock(missing);
  }
  return found;
}

/** Appends in order; within one transaction. */
export async function appendAll(
  sql: Sql,
  archive: Archive,
  blocks: readonly CheckedBlock[],
  nowMs: number,
): Promise<AppendResult[]> {
  const marks = await lockMarks(
    sql,
    blocks.map(({ incoming }) => incoming),
  );
  const anchors = await anchorsOf(
    sql,
    blocks.map(({ incoming: { machine, spool, bootNumber } }) => ({ machine, spool, boot: bootNumber })),
  );
  const writes = {
    blocks: [] as SqlRow[],
    setAside: [] as SqlRow[],
    spools: new Map<string, SqlRow>(),
    extents: new Map<string, SqlRow>(),
    usage: new Map<string, { machine: string; month_ms: number; block_bytes: number; rows: number }>(),
    spans: [] as Span[],
    present: new Map<string, PresentRow>(),
    rung: [] as RungRows[],
  };
  /** First dated ones of boots after others, which they may bound. */
  const afterOthers: (Boot & { readonly result: number })[] = [];
  const results: AppendResult[] = [];
  for (const { incoming, read } of blocks) {
    const { machine, spool, firstSequence, rowCount, bootNumber, monotonicStartMs, block } = incoming;
    const key = keyOf(incoming);
    const before = marks.get(key) ?? emptySpool(machine, spool);
    const mark = before.next_sequence;
    const next = firstSequence + rowCount;
    if (next <= mark) {
      results.push({ kind: 'duplicate', nextSequence: mark });
      continue;
    }
    if (firstSequence > mark) {
      results.push({ kind: 'out-of-order', nextSequence: mark });
      continue;
    }
    const moved = (boot: number | null, monotonicMs: number | null): void => {
      const row = { machine, spool, next_sequence: next, last_boot: boot, last_monotonic_ms: monotonicMs };
      marks.set(key, row);
      writes.spools.set(key, row);
    };
    if (!read.ok) {
      moved(null, null);
      writes.setAside.push({
        ...{ machine, spool, first_sequence: firstSequence, row_count: rowCount },
        ...{ reason: read.reason, bytes: block },
      });
      results.push({ kind: 'set-aside', nextSequence: next, reason: read.reason });
      continue;
    }
    const endMs = monotonicStartMs + read.spanMs;
    const own = anchors.get(bootKeyOf(machine, spool, bootNumber)) ?? [];
    const fromMs = dateOf(own, monotonicStartMs);
    const toMs = dateOf(own, endMs);
    moved(bootNumber, endMs);
    const skipRows = mark - firstSequence;
    writes.blocks.push({
      machine,
      spool,
      // Of its first new row: an overlapping block may start where a stored one does.
      first_sequence: mark,
      boot: bootNumber,
      monotonic_ms: monotonicStartMs,
      row_count: rowCount,
      skip_rows: skipRows,
      schema_hash: read.schemaHash,
      from_ms: fromMs,
      to_ms: toMs,
      span_ms: read.spanMs,
      bytes: block,
    });
    const boot = bootKeyOf(machine, spool, bootNumber);
    const extent = writes.extents.get(boot);
    writes.extents.set(boot, {
      ...{ machine, spool, boot: bootNumber },
      first_sequence: extent?.first_sequence ?? mark,
      next_sequence: next,
      first_monotonic_ms: extent?.first_monotonic_ms ?? monotonicStartMs,
      last_monotonic_ms: endMs,
    });
    const month = monthOf(toMs ?? nowMs);
    const usage = writes.usage.get(`${machine} ${month}`);
    writes.usage.set(`${machine} ${month}`, {
      ...{ machine, month_ms: month },
      block_bytes: (usage?.block_bytes ?? 0) + block.length,
      rows: (usage?.rows ?? 0) + rowCount - skipRows,
    });
    const dated = fromMs !== null && toMs !== null;
    if (dated) writes.spans.push({ machine, fromMs, toMs });
    if (dated && before.last_boot !== bootNumber && mark > 0) {
      afterOthers.push({ result: results.length, machine, spool, boot: bootNumber });
    }
    const rows = dated ? rowsOf(read.rows, fromMs, toMs, skipRows) : [];
    const spans = columnSpans(read.rows, skipRows);
    const newest = rows.at(-1);
    if (newest !== undefined) {
      writes.rung.push({ machine, schemaHash: read.schemaHash, schema: read.schema, rows, spans });
    }
    if (
      newest !== undefined &&
      newest.atMs > (writes.present.get(machine)?.atMs ?? Number.NEGATIVE_INFINITY)
    ) {
      const { atMs, values } = newest;
      writes.present.set(machine, { atMs, values, schemaHash: read.schemaHash });
    }
    results.push({
      kind: 'stored',
      nextSequence: next,
      fromMs,
      toMs,
      rows,
      spans,
      schema: read.schema,
      undated: [],
      alarmed: false,
    });
  }
  const alarmed = await ringAll(sql, writes.rung, nowMs);
  blocks.forEach(({ incoming: { machine } }, i) => {
    const result = results[i];
    if (result?.kind === 'stored' && alarmed.has(machine)) results[i] = { ...result, alarmed: true };
  });
  await sql.insert('block', BLOCK_COLUMNS, writes.blocks);
  await sql.insert('set_aside', SET_ASIDE, writes.setAside);
  await sql.insert(
    'spool',
    SPOOL,
    [...writes.spools.values()],
    'ON CONFLICT (machine, spool) DO UPDATE SET next_sequence = excluded.next_sequence, last_boot = excluded.last_boot, last_monotonic_ms = excluded.last_monotonic_ms',
  );
  await sql.insert(
    'extent',
    EXTENT,
    [...writes.extents.values()],
    'ON CONFLICT (machine, spool, boot) DO UPDATE SET next_sequence = excluded.next_sequence, last_monotonic_ms = excluded.last_monotonic_ms',
  );
  await sql.insert(
    'usage',
    USAGE,
    [...writes.usage.values()],
    'ON CONFLICT (machine, month_ms) DO UPDATE SET block_bytes = usage.block_bytes + excluded.block_bytes, rows = usage.rows + excluded.rows',
  );
  await putPresent(sql, writes.present);
  await markHours(sql, writes.spans, nowMs);
  for (const { result, machine, spool, boot } of afterOthers) {
    const stored = results[result];
    if (stored?.kind !== 'stored') continue;
    const undated = (await undatedBoots(sql, machine))
      .map((found) => found.boot)
      .filter((one) => one.spool === spool && one.beforeMs === stored.fromMs);
    results[result] = { ...stored, undated };
    // Only now: it may move the block whose date was just compared.
    await keepInOrder(sql, archive, { machine, spool, boot }, nowMs);
  }
  return results;
}

function keyOf({ machine, spool }: { readonly machine: string; readonly spool: string }): string {
  return `${machine} ${spool}`;
}

function emptySpool(machine: string, spool: string): SpoolRow {
  return { machine, spool, next_sequence: 0, last_boot: null, last_monotonic_ms: null };
}

/** Decodes the whole of a block; what it needs is looked up among what its machine has sent. */
export async function checkBlock(incoming: IncomingBlock, meanings: Meanings): Promise<CheckedBlock> {
  const no = (reason: string): CheckedBlock => ({ incoming, read: { ok: false, reason } });
  const header = readBlockHeader(incoming.block);
  if (!header.ok) return no(header.error.message);
  const { rowCount } = header.value;
  if (rowCount !== incoming.rowCount) return no(`${rowCount} rows, ${incoming.rowCount} announced`);
  const meaning = await meanings.of(incoming.machine, header.value);
  if (!meaning.ok) return no(meaning.reason);
  const { schemaHash, schema, prior } = meaning;
  const samples = rowCount * schema.channels.length;
  if (samples > MOST_SAMPLES) return no(`${samples} samples, ${MOST_SAMPLES} at most`);
  const decoded = decodeBlock(incoming.block, codecSchema(schema), { prior: () => prior });
  if (!decoded.ok) return no(decoded.error.message);
  const rows = decoded.value;
  if (rows.timesMs.some((timeMs, i) => i > 0 && timeMs <= (rows.timesMs[i - 1] ?? 0))) {
    return no('its rows are not in increasing time');
  }
  const spanMs = (rows.timesMs[rows.rowCount - 1] ?? 0) - (rows.timesMs[0] ?? 0);
  return { incoming, read: { ok: true, spanMs, schemaHash, schema, rows } };
}

/** One row of a decoded block. Its samples are put together when they are asked for: of most rows nobody asks. */
class BlockRow implements RowView {
  readonly atMs: number;
  readonly #columns: DecodedRows['columns'];
  readonly #row: number;
  #values: readonly (number | string | null)[] | null = null;

  constructor(atMs: number, columns: DecodedRows['columns'], row: number) {
    this.atMs = atMs;
    this.#columns = columns;
    this.#row = row;
  }

  get values(): readonly (number | string | null)[] {
    this.#values ??= this.#columns.map((column) => sampleAt(column, this.#row));
    return this.#values;
  }
}

function rowsOf(
  { rowCount, timesMs, columns }: DecodedRows,
  fromMs: number,
  toMs: number,
  skip: number,
): RowView[] {
  const at = rowDates(timesMs, fromMs, toMs);
  return Array.from({ length: rowCount - skip }, (_, k) => new BlockRow(at(skip + k), columns, skip + k));
}

/** As `spansOf` of the rows from `skip` on. */
function columnSpans({ rowCount, columns }: DecodedRows, skip: number): Spans {
  const known: SampleSpan[] = [];
  return (at) => {
    let span = known[at];
    if (span === undefined) {
      span = columnSpan(columns[at], skip, rowCount);
      known[at] = span;
    }
    return span;
  };
}

function columnSpan(column: Column | null | undefined, begin: number, end: number): SampleSpan {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [numbers, missing] = [0, 0];
  if (column?.type !== 'number') return { least, most, numbers, missing: end - begin };
  const { values, present } = column;
  for (let i = begin; i < end; i++) {
    if (present !== null && !present[i]) {
      missing++;
      continue;
    }
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    numbers++;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most, numbers, missing };
}
