// Alarms of the rows that a batch of blocks brings, within the transaction that stores them: so none is lost by a crash, and
// none rings twice for rows that are sent again. Invariant: what is known of a machine is looked up once for a batch, and
// nothing is written while nothing stirs. Not here: what no row can tell (sweep.ts).
import type { RowView } from '@vigie/contract';
import {
  channelOverrides,
  type MachineSchema,
  overridden,
  type Spans,
  type WatchedLimit,
  type WatchedRow,
  watchedLimits,
} from '@vigie/model';
import type { Sql } from '../store/database.ts';
import { presentOfMachines } from '../store/present.ts';
import { AlarmBook, lockWatches, putWatches } from './alarm-rows.ts';
import { LATE_MS } from './event.ts';
import { type MachineWatch, type OccurrenceChange, observeRows } from './occurrence.ts';

/** Rows of one stored block, all with their instants. */
export interface RungRows {
  readonly machine: string;
  readonly schemaHash: string;
  readonly schema: MachineSchema;
  readonly rows: readonly RowView[];
  readonly spans: Spans;
}

/** Schemas with their overrides, as limits; machines of one model without any share theirs. */
const MOST_KNOWN = 4000;
const known = new Map<string, readonly WatchedLimit[]>();

function limitsOf({ schemaHash, schema }: RungRows, overridesJson: string): readonly WatchedLimit[] {
  const key = `${schemaHash} ${overridesJson}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const overrides = channelOverrides.safeParse(JSON.parse(overridesJson));
  const limits = watchedLimits(overrides.success ? overridden(schema, overrides.data) : schema);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, limits);
  return limits;
}

/**
 * Blocks in the order they were stored; their machines' present rows are still those before them.
 * @returns machines of which alarms changed
 */
export async function ringAll(
  sql: Sql,
  blocks: readonly RungRows[],
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  if (blocks.length === 0) return told;
  const machines = new Set(blocks.map(({ machine }) => machine));
  const watches = await lockWatches(sql, machines);
  const settings = await sql.find<{ id: string; overrides: string }>(
    'machine',
    { id: 'text' },
    [...machines].map((id) => ({ id })),
  );
  const overrides = new Map(settings.map((row) => [row.id, row.overrides]));
  const present = await presentOfMachines(sql, machines);
  const seen = new Map<string, { readonly row: WatchedRow; readonly schemaHash: string }>();
  for (const [machine, row] of present) seen.set(machine, { row, schemaHash: row.schemaHash });

  const changed = new Map<string, MachineWatch>();
  const changes = new Map<string, OccurrenceChange[]>();
  for (const block of blocks) {
    const { machine, rows, spans, schemaHash } = block;
    const before = changed.get(machine) ?? watches.get(machine);
    const last = rows.at(-1);
    if (before === undefined || last === undefined) continue;
    const newest = seen.get(machine);
    const result = observeRows(
      before,
      limitsOf(block, overrides.get(machine) ?? '{}'),
      rows,
      newest?.row.atMs ?? null,
      newest?.schemaHash === schemaHash ? newest.row : null,
      spans,
    );
    if (result.watch !== before) changed.set(machine, result.watch);
    if (result.changes.length > 0) {
      changes.set(machine, [...(changes.get(machine) ?? []), ...result.changes]);
    }
    if (newest === undefined || last.atMs > newest.row.atMs) seen.set(machine, { row: last, schemaHash });
  }

  for (const machine of machines) {
    const watch = changed.get(machine) ?? watches.get(machine);
    if (watch === undefined) continue;
    const isNow = watch.late === null && nowMs - (seen.get(machine)?.row.atMs ?? 0) <= LATE_MS;
    const some = changes.get(machine) ?? [];
    if (some.length === 0 && !(watch.isBehind && isNow)) continue;
    const book = await AlarmBook.open(sql, machine, nowMs);
    for (const change of some) book.apply(change);
    const isBehind = watch.isBehind || book.isLateTold;
    if (isBehind && isNow) book.caughtUp();
    if (watch.isBehind !== (isBehind && !isNow))
      changed.set(machine, { ...watch, isBehind: isBehind && !isNow });
    if (await book.write()) told.add(machine);
  }
  await putWatches(sql, changed, nowMs);
  return told;
}
