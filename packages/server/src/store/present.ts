// The newest dated row of each machine, kept beside its blocks, so that a list of thousands is one query and no block is
// decoded for it. Invariants: a row moves in the transaction of the block that brings it, and only forward; when blocks are
// dated anew, which may take the newest place from a row, it is made afresh from what is stored; so it is always what
// `Reader.newest` finds. Not here: rows without a date, live rows that no block has brought yet (live.ts).
import type { RowView } from '@vigie/contract';
import type { Archive } from './archive.ts';
import type { Columns, Sql, SqlRow } from './database.ts';
import { TOLERANCE_MS } from './dating.ts';
import { Meanings } from './meanings.ts';
import { Reader } from './reader.ts';

/** A row and the schema that its values are in the order of. */
export interface PresentRow extends RowView {
  readonly schemaHash: string;
}

const COLUMNS: Columns = { machine: 'text', at_ms: 'bigint', schema_hash: 'text', samples: 'text' };
const NEWER =
  'ON CONFLICT (machine) DO UPDATE SET at_ms = excluded.at_ms, schema_hash = excluded.schema_hash, samples = excluded.samples WHERE excluded.at_ms > present.at_ms';

interface Stored {
  readonly machine: string;
  readonly at_ms: number;
  readonly schema_hash: string;
  readonly samples: string;
}

/** Of these, whichever are newer than what is known of their machine. Within one transaction. */
export async function putPresent(sql: Sql, rows: ReadonlyMap<string, PresentRow>): Promise<void> {
  // In one order for all, so that no two transactions wait for each other.
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([machine, row]) => sqlRow(machine, row));
  await sql.insert('present', COLUMNS, sorted, NEWER);
}

/** The newest row of each machine that has a dated one. */
export async function allPresent(sql: Sql): Promise<Map<string, PresentRow>> {
  const rows = await sql.all<Stored>('SELECT * FROM present');
  return new Map(rows.map((row) => [row.machine, presentOf(row)]));
}

export async function presentOfMachine(sql: Sql, machine: string): Promise<PresentRow | null> {
  const row = await sql.get<Stored>('SELECT * FROM present WHERE machine = $1', machine);
  return row === undefined ? null : presentOf(row);
}

export async function presentOfMachines(
  sql: Sql,
  machines: Iterable<string>,
): Promise<Map<string, PresentRow>> {
  const rows = await sql.find<Stored>(
    'present',
    { machine: 'text' },
    [...machines].map((machine) => ({ machine })),
  );
  return new Map(rows.map((row) => [row.machine, presentOf(row)]));
}

/** Machines of data that an earlier Vigie wrote, which have dated rows and no present one yet. */
export async function withoutPresent(sql: Sql): Promise<string[]> {
  const rows = await sql.all<{ id: string }>(
    `SELECT id FROM machine m WHERE NOT EXISTS (SELECT 1 FROM present p WHERE p.machine = m.id)
       AND EXISTS (SELECT 1 FROM extent e JOIN anchor a ON a.machine = e.machine AND a.spool = e.spool AND a.boot = e.boot
                   WHERE e.machine = m.id)`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Makes it afresh when rows up to `lastMs`, by their dates of before or of now, were dated anew: none earlier than the
 * present row can be the newest, or have been it. Within one transaction.
 */
export async function redatePresent(
  sql: Sql,
  archive: Archive,
  machine: string,
  lastMs: number,
): Promise<void> {
  // Its lock keeps a newer row of another server waiting, which then finds what is written here.
  const [known] = await sql.lock<Stored>('present', { machine: 'text' }, [{ machine }]);
  // A block's end and its last row may differ by so much (dating.ts).
  if (known !== undefined && lastMs + TOLERANCE_MS < known.at_ms) return;
  // What is remembered outside of the transaction cannot be asked within it.
  const reader = new Reader({ hot: sql, archive, meanings: new Meanings(sql), pause: async () => undefined });
  const newest = await reader.newest(machine);
  if (newest === null) return;
  if (known === undefined) return putPresent(sql, new Map([[machine, newest]]));
  await sql.update(
    'present',
    { machine: 'text' },
    { at_ms: 'bigint', schema_hash: 'text', samples: 'text' },
    [sqlRow(machine, newest)],
  );
}

function sqlRow(machine: string, { atMs, schemaHash, values }: PresentRow): SqlRow {
  return { machine, at_ms: atMs, schema_hash: schemaHash, samples: JSON.stringify(values) };
}

function presentOf({ at_ms, schema_hash, samples }: Stored): PresentRow {
  return { atMs: at_ms, schemaHash: schema_hash, values: JSON.parse(samples) as RowView['values'] };
}
