// Anchors in the database, and what a new one does: the boot's blocks in the hot tables are dated anew at once, sealed
// hours that they may lie in are marked, for the sealer to date anew. Boots that follow one another bound each other: a
// box that ran for a day without a server is dated seconds off by then, and may be on again after seconds.
// Not here: the rule that dates (dating.ts).
import type { Archive } from './archive.ts';
import type { Columns, Sql } from './database.ts';
import {
  type AnchorPoint,
  changedSinceMs,
  dateOf,
  TOLERANCE_MS,
  uncertaintyOf,
  weighAnchor,
} from './dating.ts';
import { markHours, type Span } from './marks.ts';
import { redatePresent } from './present.ts';
import { LONGEST_SEALED_MS } from './rollup.ts';
import type { Anchor } from './store.ts';

export const BOOT_KEY: Columns = { machine: 'text', spool: 'text', boot: 'bigint' };
const BLOCK_KEY: Columns = { machine: 'text', spool: 'text', first_sequence: 'bigint' };

export interface Boot {
  readonly machine: string;
  readonly spool: string;
  readonly boot: number;
}

interface AnchorRow extends Boot {
  readonly monotonic_ms: number;
  readonly utc_ms: number;
  readonly error_ms: number;
}

/** Anchors of boots, by `bootKeyOf`, in increasing monotonic time. */
export async function anchorsOf(sql: Sql, boots: readonly Boot[]): Promise<Map<string, AnchorPoint[]>> {
  const wanted = new Map(boots.map((boot) => [bootKeyOf(boot.machine, boot.spool, boot.boot), boot]));
  const rows = await sql.find<AnchorRow>(
    'anchor',
    BOOT_KEY,
    [...wanted.values()].map(({ machine, spool, boot }) => ({ machine, spool, boot })),
  );
  const found = new Map<string, AnchorPoint[]>();
  for (const { machine, spool, boot, monotonic_ms, utc_ms, error_ms } of rows) {
    const key = bootKeyOf(machine, spool, boot);
    const anchors = found.get(key) ?? [];
    anchors.push({ monotonicMs: monotonic_ms, utcMs: utc_ms, errorMs: error_ms });
    found.set(key, anchors);
  }
  for (const anchors of found.values()) anchors.sort((a, b) => a.monotonicMs - b.monotonicMs);
  return found;
}

export function bootKeyOf(machine: string, spool: string, boot: number): string {
  return `${machine} ${spool} ${boot}`;
}

/** Whether an anchor would change how rows of its boot are dated. */
export async function bendsDates(sql: Sql, anchor: Anchor): Promise<boolean> {
  const { machine, spool, bootNumber: boot, monotonicMs, utcMs, errorMs } = anchor;
  const anchors = await anchorsOf(sql, [{ machine, spool, boot }]);
  const known = anchors.get(bootKeyOf(machine, spool, boot)) ?? [];
  return weighAnchor(known, { monotonicMs, utcMs, errorMs }).kind === 'kept';
}

/** Within one transaction. */
export async function addAnchor(sql: Sql, archive: Archive, anchor: Anchor, nowMs: number): Promise<void> {
  const { machine, spool, bootNumber: boot, monotonicMs, utcMs, errorMs } = anchor;
  // Blocks of the spool are dated under this lock, too: none may be stored by the mapping that ends here.
  await sql.lock('spool', { machine: 'text', spool: 'text' }, [{ machine, spool }]);
  const anchors =
    (await anchorsOf(sql, [{ machine, spool, boot }])).get(bootKeyOf(machine, spool, boot)) ?? [];
  const verdict = weighAnchor(anchors, { monotonicMs, utcMs, errorMs });
  if (verdict.kind !== 'kept') return;
  const dropped = anchors.filter((other) => !verdict.anchors.includes(other));
  await sql.remove(
    'anchor',
    { ...BOOT_KEY, monotonic_ms: 'bigint' },
    dropped.map((other) => ({ machine, spool, boot, monotonic_ms: other.monotonicMs })),
  );
  await sql.run(
    `INSERT INTO anchor (machine, spool, boot, monotonic_ms, utc_ms, error_ms) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (machine, spool, boot, monotonic_ms) DO UPDATE SET utc_ms = excluded.utc_ms, error_ms = excluded.error_ms`,
    machine,
    spool,
    boot,
    monotonicMs,
    utcMs,
    errorMs,
  );
  const sinceMs = changedSinceMs(anchors, verdict.anchors);
  const blocks = await sql.all<{
    first_sequence: number;
    monotonic_ms: number;
    span_ms: number;
    from_ms: number | null;
    to_ms: number | null;
  }>(
    'SELECT first_sequence, monotonic_ms, span_ms, from_ms, to_ms FROM block WHERE machine = $1 AND spool = $2 AND boot = $3 AND monotonic_ms + span_ms >= $4',
    machine,
    spool,
    boot,
    Math.max(0, sinceMs),
  );
  const dated = blocks.map(({ first_sequence, monotonic_ms, span_ms }) => ({
    machine,
    spool,
    first_sequence,
    from_ms: dateOf(verdict.anchors, monotonic_ms),
    to_ms: dateOf(verdict.anchors, monotonic_ms + span_ms),
  }));
  await sql.update('block', BLOCK_KEY, { from_ms: 'bigint', to_ms: 'bigint' }, dated);
  const spans = [...blocks, ...dated].flatMap(({ from_ms, to_ms }) =>
    from_ms === null || to_ms === null ? [] : [{ machine, fromMs: from_ms, toMs: to_ms }],
  );
  await markHours(sql, [...spans, ...(await sealedSpans(sql, archive, anchor, anchors, sinceMs))], nowMs);
  if (spans.length > 0) {
    await redatePresent(sql, archive, machine, Math.max(...spans.map(({ toMs }) => toMs)));
  }
  await keepInOrder(sql, archive, { machine, spool, boot }, nowMs);
}

interface Extent extends Boot {
  readonly first_monotonic_ms: number;
  readonly last_monotonic_ms: number;
}
/** What a bound moves a date by at least, so that it is not taken for agreement. */
const LEAST_MS = TOLERANCE_MS + 1;

/**
 * Dates a boot and those beside it so that rows stay in order: none of the one before is later than the first of the one
 * after. Within a transaction that has stored the boot's first block, since all before it came then.
 */
export async function keepInOrder(sql: Sql, archive: Archive, boot: Boot, nowMs: number): Promise<void> {
  const dated = (comparison: '<' | '=' | '>', order: 'ASC' | 'DESC'): Promise<Extent | undefined> =>
    sql.get<Extent>(
      `SELECT machine, spool, boot, first_monotonic_ms, last_monotonic_ms FROM extent e
       WHERE machine = $1 AND spool = $2 AND boot ${comparison} $3
         AND EXISTS (SELECT 1 FROM anchor a WHERE a.machine = e.machine AND a.spool = e.spool AND a.boot = e.boot)
       ORDER BY boot ${order} LIMIT 1`,
      boot.machine,
      boot.spool,
      boot.boot,
    );
  const own = await dated('=', 'ASC');
  if (own === undefined) return;
  const [before, after] = [await dated('<', 'DESC'), await dated('>', 'ASC')];
  if (before !== undefined) await bound(sql, archive, before, own, nowMs);
  if (after !== undefined) await bound(sql, archive, own, after, nowMs);
}

/** Where one would end after the other begins, the one that is known less well gets an anchor where they meet. */
async function bound(
  sql: Sql,
  archive: Archive,
  before: Extent,
  after: Extent,
  nowMs: number,
): Promise<void> {
  const anchors = await anchorsOf(sql, [before, after]);
  const of = ({ machine, spool, boot }: Boot) => anchors.get(bootKeyOf(machine, spool, boot)) ?? [];
  const [lastMs, firstMs] = [before.last_monotonic_ms, after.first_monotonic_ms];
  const [endMs, beginMs] = [dateOf(of(before), lastMs), dateOf(of(after), firstMs)];
  if (endMs === null || beginMs === null || endMs < beginMs) return;
  const [endErrorMs, beginErrorMs] = [uncertaintyOf(of(before), lastMs), uncertaintyOf(of(after), firstMs)];
  // The truth may be beyond what the better one says by its error, and on the near side by what is left of the other's.
  const better = Math.min(endErrorMs, beginErrorMs) + LEAST_MS;
  const left = Math.max(endErrorMs, beginErrorMs) - (endMs - beginMs);
  const [{ machine, spool, boot }, monotonicMs, utcMs] =
    endErrorMs >= beginErrorMs ? [before, lastMs, beginMs - LEAST_MS] : [after, firstMs, endMs + LEAST_MS];
  const errorMs = Math.ceil(Math.max(better, left));
  await addAnchor(sql, archive, { machine, spool, bootNumber: boot, monotonicMs, utcMs, errorMs }, nowMs);
}

/** Sealed hours in which the boot may have rows, from where its dates changed to their end. */
async function sealedSpans(
  sql: Sql,
  archive: Archive,
  { machine, spool, bootNumber: boot }: Anchor,
  before: readonly AnchorPoint[],
  sinceMs: number,
): Promise<Span[]> {
  if (before.length === 0) return [];
  const extent = await sql.get<{ first_monotonic_ms: number; last_monotonic_ms: number }>(
    'SELECT first_monotonic_ms, last_monotonic_ms FROM extent WHERE machine = $1 AND spool = $2 AND boot = $3',
    machine,
    spool,
    boot,
  );
  if (extent === undefined) return [];
  const fromMs = dateOf(before, Math.max(extent.first_monotonic_ms, sinceMs)) ?? 0;
  const toMs = dateOf(before, extent.last_monotonic_ms) ?? 0;
  const spans: Span[] = [];
  for (const db of archive.between(fromMs - LONGEST_SEALED_MS, toMs + 1)) {
    const chunks = await db.all<{ hour_ms: number }>(
      'SELECT hour_ms FROM chunk WHERE machine = $1 AND to_ms >= $2 AND hour_ms <= $3',
      machine,
      fromMs,
      toMs,
    );
    for (const { hour_ms } of chunks) spans.push({ machine, fromMs: hour_ms, toMs: hour_ms });
  }
  return spans;
}
