// The verdict on a life: every row the controller gave against every row the server holds.
// Invariants: it reads what is stored as any other program would have to, from the tables; what may be missing is only
// what the design allows: the last commit interval before a cut, what a refusing disk could not take, what a declared
// gap names. Of a block that was thinned, three rows stand for all of it, and must say of it what is true.
// Not here: the life itself (life.ts).
import { decodeBlock, decodePrior, type Prior } from '@vigie/codec';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import { rowDates, type StoredBlock, unpack } from '@vigie/server';
import { type Account, MACHINE, type ProcessRecord } from './account.ts';
import { archiveFile, archiveMonths } from './archive-files.ts';
import { valuesOf } from './machine.ts';
import { plugIn } from './sqlite.ts';

/** The design's: rows are committed so often at most. */
const COMMIT_MS = 10_000;
/** Between the row and the clock that decides that it is due. */
const SLACK_MS = 1_500;
/** Below this a mapping that stands is not corrected. */
const TOLERANCE_MS = 60;
const MAX_DRIFT = 100e-6;
/** Between two blocks. */
const BLOCK_MS = 60_000;
/** A disk that refuses is asked again after this. */
const RETRY_MS = 5_000;

export interface Verdict {
  /** Given by the controller. */
  readonly rows: number;
  readonly stored: number;
  /** Rows that should be there and are not. */
  readonly lost: number;
  readonly duplicated: number;
  /** Rows dated further off than was stated of them. */
  readonly misdated: number;
  /** Stored rows that no controller gave. */
  readonly falsified: number;
  readonly outOfOrder: number;
  /** Stored rows of boots that never met the server. */
  readonly undated: number;
  readonly unexplainedGaps: number;
  readonly worstDatingErrorMs: number;
  readonly findings: readonly string[];
}

interface StoredRow {
  readonly scan: number;
  readonly spool: string;
  readonly sequence: number;
  readonly boot: number;
  readonly monotonicMs: number;
  readonly atMs: number | null;
}

interface Gap {
  readonly spool: string;
  readonly first_sequence: number;
  readonly next_sequence: number;
  readonly reason: string;
}

export function judge(account: Account): Verdict {
  const { truth, faults } = account;
  const findings = [...account.findings];
  const find = (what: string): void => {
    if (findings.length < 20) findings.push(what);
  };
  const tables = readTables(account);
  const { rows, marks, anchors } = tables;
  for (const problem of tables.problems) find(problem);

  // Nothing acknowledged is lost: the mark never goes back, unless the server itself went back.
  for (const [spool, mark] of account.acknowledged) {
    const now = marks.get(spool) ?? 0;
    if (now < mark && faults.restores === 0)
      find(`${spool}: rows up to ${mark} were acknowledged, ${now} are there`);
  }

  // A gap explains only where there was a reason for it.
  for (const { spool, first_sequence, next_sequence, reason } of tables.gapsOfRows) {
    const isDue =
      reason === 'spool-lost'
        ? faults.restores > 0 || account.damages.length > 0
        : reason !== 'spool-damaged' || account.damages.length > 0;
    if (!isDue)
      find(`${spool}: rows ${first_sequence} to ${next_sequence} are declared ${reason}, and nothing was`);
  }

  let duplicated = 0;
  let falsified = 0;
  let misdated = 0;
  let outOfOrder = 0;
  let undated = 0;
  let worstDatingErrorMs = 0;
  const seen = new Map<number, StoredRow>();
  const before = new Map<string, StoredRow>();
  for (const row of rows) {
    if (row.scan < 0) {
      falsified++;
      continue;
    }
    if (seen.has(row.scan)) {
      duplicated++;
      find(`row ${row.scan} is stored twice`);
    }
    seen.set(row.scan, row);
    const real = truth.rows[row.scan];
    const last = before.get(row.spool);
    if (last !== undefined && row.scan <= last.scan) {
      outOfOrder++;
      find(`row ${row.scan} comes after row ${last.scan}`);
    }
    if (row.atMs === null) {
      undated++;
      if (anchors.has(`${row.spool}/${row.boot}`)) find(`row ${row.scan} has no date, and its boot has one`);
    } else {
      if (last !== undefined && last.atMs !== null && row.atMs <= last.atMs) {
        outOfOrder++;
        find(`row ${row.scan} is dated ${last.atMs - row.atMs} ms before row ${last.scan}`);
      }
      const errorMs = Math.abs(row.atMs - (real?.utcMs ?? 0));
      worstDatingErrorMs = Math.max(worstDatingErrorMs, errorMs);
      const boundMs = Math.min(
        ...(anchors.get(`${row.spool}/${row.boot}`) ?? []).map(
          (anchor) => anchor.error_ms + Math.abs(anchor.monotonic_ms - row.monotonicMs) * MAX_DRIFT,
        ),
      );
      if (errorMs > boundMs + TOLERANCE_MS) {
        misdated++;
        find(`row ${row.scan} is dated ${errorMs} ms off, ${Math.round(boundMs)} are stated`);
      }
    }
    before.set(row.spool, row);
  }
  if (falsified > 0) find(`${falsified} stored rows hold what no controller gave`);

  const { lost, unexplainedGaps } = explain(account, seen, tables.thinned, tables.gapsOfRows, find);
  return {
    rows: truth.rows.length,
    stored: seen.size,
    lost,
    duplicated,
    misdated,
    falsified,
    outOfOrder,
    undated,
    unexplainedGaps,
    worstDatingErrorMs,
    findings,
  };
}

/** Every row that is missing belongs to a run of missing ones, and every run has its reasons. */
function explain(
  account: Account,
  seen: ReadonlyMap<number, StoredRow>,
  thinned: ReadonlySet<number>,
  gaps: readonly Gap[],
  find: (what: string) => void,
): { lost: number; unexplainedGaps: number } {
  const { truth, processes } = account;
  let lost = 0;
  let unexplainedGaps = 0;
  let last: StoredRow | null = null;
  const gapRows = (from: StoredRow | null, to: StoredRow | null): number => {
    let sum = 0;
    for (const gap of gaps) {
      if (gap.reason === 'controller-silent') continue;
      const afterFrom = from === null || gap.spool !== from.spool || gap.first_sequence > from.sequence;
      const beforeTo = to === null || gap.spool !== to.spool || gap.next_sequence <= to.sequence;
      const between = gap.spool === from?.spool || gap.spool === to?.spool;
      if (between && afterFrom && beforeTo) sum += gap.next_sequence - gap.first_sequence;
    }
    return sum;
  };
  for (let scan = 0; scan <= truth.rows.length; scan++) {
    const here = seen.get(scan);
    if (here === undefined && scan < truth.rows.length) continue;
    const first = last === null ? 0 : last.scan + 1;
    let missing = 0;
    for (let one = first; one < scan; one++) if (!thinned.has(one)) missing++;
    if (missing > 0) {
      const excused = excusedRows(account, processes, first, scan);
      const declared = gapRows(last, here ?? null);
      if (missing > excused + declared) {
        lost += missing - excused - declared;
        unexplainedGaps++;
        const owner = processes.findLast(({ firstScan }) => firstScan <= first);
        find(
          `rows ${first} to ${scan - 1} are missing, ${excused} excused, ${declared} declared (boot ${owner?.boot}, ended by ${owner?.end})`,
        );
      }
    }
    last = here ?? last;
  }
  return { lost, unexplainedGaps };
}

/** Rows of first ≤ scan < end that the design allows to be lost without a word. */
function excusedRows(
  { truth, damages }: Account,
  processes: readonly ProcessRecord[],
  first: number,
  end: number,
): number {
  let excused = 0;
  for (let scan = first; scan < end; scan++) {
    const row = truth.rows[scan];
    const process = row === undefined ? undefined : processes[row.process];
    if (row === undefined || process === undefined) continue;
    const wasCut = process.end === 'power-cut' || process.end === 'killed';
    const ageMs = process.endAwakeMs - row.awakeMs;
    // A bit that flipped in SQLite's log takes what was committed after it. Its witness is told for sure of blocks, and
    // while the disk refuses none is made: what was committed for the next one is not told of either.
    const flipped = damages.some(({ kind, atScan }) => kind === 'bit-flip' && atScan === process.endScan);
    const untoldMs = flipped ? BLOCK_MS : 0;
    const uncommitted = wasCut && ageMs <= COMMIT_MS + SLACK_MS + untoldMs;
    // What memory held while the disk refused goes with the process, polite or not.
    const { refusedSinceUtcMs } = process;
    const refused =
      refusedSinceUtcMs !== null &&
      row.utcMs >= refusedSinceUtcMs - COMMIT_MS - RETRY_MS - SLACK_MS - untoldMs;
    // A card that was taken out, a spool that had to be set aside, or one whose log was damaged so early that nothing
    // before it was left, takes what no server had. What was acknowledged is among it only when a server that was
    // restored has forgotten it too: then nobody holds it, and the new spool begins with a gap of unknown length.
    const damaged = damages.some(
      ({ kind, atScan }) => kind !== 'bit-flip' && scan < atScan && atScan <= end + 1,
    );
    if (uncommitted || refused || damaged) excused++;
  }
  return excused;
}

/**
 * What the three rows of a thinned block hold, and the rows that they stand for; `null`: no such rows were given.
 * @param middle its second row as stored: half a step of a channel may be rounded up or down.
 */
function thinnedOf(first: number, rowCount: number, middle: readonly (number | null)[], given: number) {
  const channels = middle.length;
  if (first < 0 || first + rowCount > given) return null;
  const places = [first, first + (rowCount >> 1), first + rowCount - 1];
  const scans = Array.from({ length: rowCount }, (_, i) => first + i);
  const expected = places.map((scan) => valuesOf(scan, channels));
  for (const [c, decimals] of [
    [1, 1],
    [3, 2],
  ] as const) {
    if (c >= channels) continue;
    const samples = scans.flatMap((scan) => valuesOf(scan, channels)[c] ?? []);
    const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
    const stored = middle[c] ?? Number.NaN;
    const isMean = Math.abs(stored - mean) < 0.5001 * 10 ** -decimals;
    const three = [Math.min(...samples), isMean ? stored : mean, Math.max(...samples)];
    for (const [i, row] of expected.entries()) row[c] = samples.length === 0 ? null : (three[i] ?? null);
  }
  return { scans, expected };
}

function readTables({ serverDisk, truth }: Account) {
  const db = plugIn(serverDisk)('vigie.db');
  db.pragma('locking_mode = EXCLUSIVE');
  const problems: string[] = [];
  const all = <T>(sql: string): T[] => db.prepare(sql).all() as T[];
  const schemas = new Map<string, MachineSchema>(
    all<{ hash: string; json: string }>('SELECT hash, json FROM schema').map(({ hash, json }) => [
      hash,
      machineSchemaSchema.parse(JSON.parse(json)),
    ]),
  );
  const priors = new Map<string, Prior>();
  for (const { schema_hash, bytes } of all<{ schema_hash: string; bytes: Uint8Array }>(
    'SELECT * FROM prior',
  )) {
    const schema = schemas.get(schema_hash);
    const prior = schema === undefined ? null : decodePrior(bytes, codecSchema(schema));
    if (prior?.ok) priors.set(prior.value.hash, prior.value);
  }
  const gaps = all<Gap>('SELECT * FROM gap ORDER BY spool, first_sequence');
  const marks = new Map(
    all<{ spool: string; next_sequence: number }>('SELECT * FROM spool').map((row) => [
      row.spool,
      row.next_sequence,
    ]),
  );
  const anchors = new Map<string, { monotonic_ms: number; error_ms: number }[]>();
  for (const anchor of all<{ spool: string; boot: number; monotonic_ms: number; error_ms: number }>(
    'SELECT * FROM anchor',
  )) {
    const key = `${anchor.spool}/${anchor.boot}`;
    anchors.set(key, [...(anchors.get(key) ?? []), anchor]);
  }
  const rows: StoredRow[] = [];
  const thinned = new Set<number>();
  const restsOfThinned = new Set<string>();
  const thinnedRest = new Map(
    gaps
      .filter(({ reason }) => reason === 'thinned')
      .map((gap) => [`${gap.spool}/${gap.first_sequence}`, gap.next_sequence - gap.first_sequence]),
  );
  const covered = new Map<string, { from: number; to: number }[]>();
  const cover = (spool: string, from: number, to: number): void => {
    covered.set(spool, [...(covered.get(spool) ?? []), { from, to }]);
  };
  const blocks = new Map<string, StoredBlock>();
  for (const block of sealedBlocks(serverDisk, problems)) blocks.set(idOf(block), block);
  // One that is in both is on its way from one to the other, and is as the hot table says.
  for (const block of all<StoredBlock>('SELECT * FROM block')) blocks.set(idOf(block), block);
  for (const block of blocks.values()) {
    cover(block.spool, block.first_sequence, block.first_sequence + block.row_count - block.skip_rows);
    const schema = schemas.get(block.schema_hash);
    const decoded =
      schema === undefined
        ? null
        : decodeBlock(block.bytes, codecSchema(schema), {
            prior: (tag) => [...priors.values()].find(({ hash }) => hash.startsWith(tag)) ?? null,
          });
    if (!decoded?.ok) {
      problems.push(`a stored block of ${block.spool} at ${block.first_sequence} cannot be read`);
      continue;
    }
    const { value } = decoded;
    const column = (c: number, i: number): number | null => {
      const one = value.columns[c];
      if (one?.type !== 'number' || one.present?.[i] === 0) return null;
      return one.values[i] ?? null;
    };
    const { from_ms: fromMs, to_ms: toMs } = block;
    const dateAt = fromMs === null || toMs === null ? null : rowDates(value.timesMs, fromMs, toMs);
    const rest = thinnedRest.get(`${block.spool}/${block.first_sequence + 3}`);
    const isThinned = rest !== undefined && block.row_count === 3 && block.skip_rows === 0;
    const whole = isThinned
      ? thinnedOf(
          column(0, 0) ?? -1,
          3 + rest,
          value.columns.map((_, c) => column(c, 1)),
          truth.rows.length,
        )
      : null;
    for (const scan of whole?.scans ?? []) thinned.add(scan);
    if (whole !== null) restsOfThinned.add(`${block.spool}/${block.first_sequence + 3}`);
    for (let i = block.skip_rows; i < block.row_count; i++) {
      const scan = column(0, i) ?? -1;
      const expected = whole?.expected[i] ?? valuesOf(scan, value.columns.length);
      const isTrue = scan in truth.rows && expected.every((sample, c) => sample === column(c, i));
      const offsetMs = (value.timesMs[i] ?? 0) - (value.timesMs[0] ?? 0);
      rows.push({
        scan: isTrue ? scan : -1,
        spool: block.spool,
        sequence: block.first_sequence + i - block.skip_rows,
        boot: block.boot,
        monotonicMs: block.monotonic_ms + offsetMs,
        atMs: dateAt?.(i) ?? null,
      });
    }
  }
  for (const gap of gaps) cover(gap.spool, gap.first_sequence, gap.next_sequence);
  for (const aside of all<{ spool: string; first_sequence: number; row_count: number; reason: string }>(
    'SELECT * FROM set_aside',
  )) {
    cover(aside.spool, aside.first_sequence, aside.first_sequence + aside.row_count);
    problems.push(`the server set a block aside: ${aside.reason}`);
  }
  for (const [spool, mark] of marks) {
    let next = 0;
    for (const { from, to } of (covered.get(spool) ?? []).sort((a, b) => a.from - b.from)) {
      if (from !== next) problems.push(`${spool}: rows ${next} to ${from} are neither stored nor declared`);
      next = to;
    }
    if (next !== mark) problems.push(`${spool}: the mark is ${mark}, rows end at ${next}`);
  }
  const newestMs = rows.reduce<number | null>(
    (newest, { atMs }) => (atMs === null || (newest ?? atMs) > atMs ? newest : atMs),
    null,
  );
  const presentMs = all<{ at_ms: number }>('SELECT at_ms FROM present')[0]?.at_ms ?? null;
  if (presentMs !== newestMs)
    problems.push(`the present row is of ${presentMs}, the newest one of ${newestMs}`);
  rows.sort((a, b) => (a.spool === b.spool ? a.sequence - b.sequence : a.spool < b.spool ? -1 : 1));
  db.close();
  // The rest of a thinned block explains that block and nothing else.
  const gapsOfRows = gaps.filter((gap) => !restsOfThinned.has(`${gap.spool}/${gap.first_sequence}`));
  return { rows, thinned, gapsOfRows, marks, anchors, problems };
}

function idOf({ spool, first_sequence }: StoredBlock): string {
  return `${spool}/${first_sequence}`;
}

function sealedBlocks(disk: Account['serverDisk'], problems: string[]): StoredBlock[] {
  return archiveMonths(disk).flatMap((month) => {
    const db = plugIn(disk)(archiveFile(month));
    db.pragma('locking_mode = EXCLUSIVE');
    // One that was made just before a cut has no table yet.
    const made = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'chunk'").get() !== undefined;
    const rows = made
      ? (db.prepare('SELECT hour_ms, bytes FROM chunk').all() as { hour_ms: number; bytes: Uint8Array }[])
      : [];
    db.close();
    return rows.flatMap(({ hour_ms, bytes }) => {
      const unpacked = unpack(MACHINE, bytes);
      if (unpacked.ok) return unpacked.blocks;
      problems.push(`the sealed hour ${hour_ms} cannot be read: ${unpacked.reason}`);
      return [];
    });
  });
}
