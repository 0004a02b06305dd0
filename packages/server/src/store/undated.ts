// Boots that no anchor dates, each bounded by the dated rows beside it in its spool. Their blocks are never sealed, so
// the hot tables have them all; where other boots' rows end is in `extent`, since their blocks may have left.
import type { UndatedBoot } from '@vigie/contract';
import { anchorsOf, bootKeyOf } from './anchors.ts';
import type { Sql } from './database.ts';
import { dateOf } from './dating.ts';

export interface FoundUndated {
  readonly boot: UndatedBoot;
  /** Its first row on its own clock. */
  readonly firstMs: number;
}

interface UndatedRow {
  readonly spool: string;
  readonly boot: number;
  readonly first: number;
  readonly rows: number;
  readonly span_ms: number;
  readonly first_ms: number;
}
interface ExtentRow {
  readonly machine: string;
  readonly spool: string;
  readonly boot: number;
  readonly first_sequence: number;
  readonly first_monotonic_ms: number;
  readonly last_monotonic_ms: number;
}

/** In the order of their rows, spool by spool. */
export async function undatedBoots(sql: Sql, machine: string): Promise<FoundUndated[]> {
  const rows = await sql.all<UndatedRow>(
    `SELECT spool, boot, min(first_sequence) AS first, CAST(sum(row_count - skip_rows) AS BIGINT) AS rows,
       max(monotonic_ms + span_ms) - min(monotonic_ms) AS span_ms, min(monotonic_ms) AS first_ms
     FROM block WHERE machine = $1 AND from_ms IS NULL GROUP BY spool, boot ORDER BY spool, min(first_sequence)`,
    machine,
  );
  const found: FoundUndated[] = [];
  for (const { spool, boot, first, rows: count, span_ms, first_ms } of rows) {
    found.push({
      firstMs: first_ms,
      boot: {
        spool,
        bootNumber: boot,
        rows: count,
        spanMs: span_ms,
        afterMs: await boundOf(sql, machine, spool, first, 'before'),
        beforeMs: await boundOf(sql, machine, spool, first, 'after'),
      },
    });
  }
  return found;
}

/** Last dated instant before a sequence, or first one after it; a boot beside that has no date either is passed over. */
async function boundOf(
  sql: Sql,
  machine: string,
  spool: string,
  sequence: number,
  side: 'before' | 'after',
): Promise<number | null> {
  const [comparison, order] = side === 'before' ? ['<', 'DESC'] : ['>', 'ASC'];
  const beside = await sql.get<ExtentRow>(
    `SELECT * FROM extent e WHERE machine = $1 AND spool = $2 AND first_sequence ${comparison} $3
       AND EXISTS (SELECT 1 FROM anchor a WHERE a.machine = e.machine AND a.spool = e.spool AND a.boot = e.boot)
     ORDER BY first_sequence ${order} LIMIT 1`,
    machine,
    spool,
    sequence,
  );
  if (beside === undefined) return null;
  const anchors = await anchorsOf(sql, [beside]);
  const ms = side === 'before' ? beside.last_monotonic_ms : beside.first_monotonic_ms;
  return dateOf(anchors.get(bootKeyOf(machine, spool, beside.boot)) ?? [], ms);
}
