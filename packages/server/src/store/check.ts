// Reads everything that is stored and says what is wrong with it: every block decodes, with the schema and the prior it
// names; every chunk holds what it says; every rollup is what its rows, or the rollups beneath, are when computed anew;
// the present row of a machine is its newest one. Works beside a server: what is marked to be made anew is passed over,
// and what seems wrong is looked at twice, since it may just have been written. Writes nothing but, when asked, marks by
// which the sealer makes rollups anew, and present rows.
// Not here: sealing (sealer.ts), mending of blocks, which only a backup or the edge can.
import { isDeepStrictEqual } from 'node:util';
import { decodeBlock, decodePrior, readBlockHeader } from '@vigie/codec';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import { type Archive, monthName } from './archive.ts';
import type { Database } from './database.ts';
import { TOLERANCE_MS } from './dating.ts';
import { LongBlocks } from './long-blocks.ts';
import { markNode } from './marks.ts';
import { Meanings } from './meanings.ts';
import { type Node, nodeOfNodes, nodeOfRows, type RollupRow } from './nodes.ts';
import { type DatedBlock, type StoredBlock, unpack } from './pack.ts';
import { presentOfMachine, redatePresent } from './present.ts';
import { Reader } from './reader.ts';
import {
  encodeRollup,
  HOUR_MS,
  LEVELS,
  type Level,
  levelBelow,
  nodeAt,
  nodeMsOf,
  numberChannels,
  parseEnds,
  readRollup,
} from './rollup.ts';

/** Blocks fetched at once. */
const FETCHED = 64;
/** Of a sum, relative: another order of addition. */
const SUM_TOLERANCE = 1e-9;

export interface Problem {
  /** `null`: of a file, not of one machine. */
  readonly machine: string | null;
  readonly kind: 'file' | 'schema' | 'prior' | 'block' | 'chunk' | 'mark' | 'rollup' | 'present';
  /** Of what is wrong, UTC; `null`: it has no time. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** One sentence: what, where, how to mend it. */
  readonly sentence: string;
}

export interface CheckReport {
  readonly machines: number;
  readonly blocks: number;
  readonly rows: number;
  readonly chunks: number;
  readonly rollups: number;
  /** Nodes that are to be made anew by the sealer as it is. */
  readonly due: number;
  readonly problems: readonly Problem[];
  /** Rollups marked to be made anew, and present rows made anew. */
  readonly repaired: number;
}

export interface CheckOptions {
  readonly hot: Database;
  readonly archive: Archive;
  /** Whether the databases are files that check themselves. */
  readonly isSqlite: boolean;
  readonly repair: boolean;
  readonly utcMs: () => number;
  readonly progress: (sentence: string) => void;
}

interface Span {
  readonly fromMs: number;
  /** The last instant. */
  readonly toMs: number;
}
interface DirtyRow {
  readonly level: number;
  readonly from_ms: number;
}

const RESTORE = 'restore it from a backup';

export async function check(options: CheckOptions): Promise<CheckReport> {
  const { hot, archive, isSqlite, progress } = options;
  const problems: Problem[] = [];
  const count = { blocks: 0, rows: 0, chunks: 0, rollups: 0, repaired: 0 };
  if (isSqlite) problems.push(...(await filesOf(hot, archive, progress)));
  const machines = await hot.all<MachineRow>('SELECT id, raw_from_ms FROM machine ORDER BY id');
  for (const [i, machine] of machines.entries()) {
    const one = new MachineCheck(options, machine, count, (what) =>
      progress(`machine ${i + 1} of ${machines.length}, ${machine.id}: ${what}`),
    );
    try {
      await one.run();
    } catch (error) {
      one.problems.push({
        machine: machine.id,
        kind: 'file',
        fromMs: null,
        toMs: null,
        sentence: `${machine.id}: the database could not be read to the end (${reasonOf(error)}): look for a failing disk, then restore a backup.`,
      });
    }
    problems.push(...one.problems);
  }
  const due = await hot.get<{ n: number }>('SELECT count(*) AS n FROM dirty');
  return { machines: machines.length, ...count, due: due?.n ?? 0, problems };
}

async function filesOf(
  hot: Database,
  archive: Archive,
  progress: CheckOptions['progress'],
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [i, db] of [hot, ...archive.between(0, Number.MAX_SAFE_INTEGER)].entries()) {
    progress(`database file ${i + 1}`);
    const found = await db
      .all<{ quick_check: string }>('PRAGMA quick_check(3)')
      .catch((error: unknown) => [{ quick_check: reasonOf(error) }]);
    const [first] = found;
    if (first === undefined || first.quick_check === 'ok') continue;
    const month = i === 0 ? null : await monthIn(db);
    const file = i === 0 ? 'vigie.db' : month === null ? 'a file of archive/' : `archive/${month}.db`;
    problems.push({
      machine: null,
      kind: 'file',
      fromMs: null,
      toMs: null,
      sentence: `${file} is damaged (${first.quick_check.split('\n')[0]}): look for a failing disk, then restore a backup.`,
    });
  }
  return problems;
}

async function monthIn(db: Database): Promise<string | null> {
  const row = await db
    .get<{ hour_ms: number | null }>('SELECT min(hour_ms) AS hour_ms FROM chunk')
    .catch(() => undefined);
  return row?.hour_ms == null ? null : monthName(row.hour_ms);
}

interface MachineRow {
  readonly id: string;
  readonly raw_from_ms: number | null;
}
type Count = { -readonly [K in 'blocks' | 'rows' | 'chunks' | 'rollups' | 'repaired']: number };

class MachineCheck {
  readonly problems: Problem[] = [];
  readonly #options: CheckOptions;
  readonly #machine: string;
  readonly #rawFromMs: number;
  readonly #count: Count;
  readonly #progress: (what: string) => void;
  readonly #meanings: Meanings;
  readonly #reader: Reader;
  /** Where rows cannot be read: a rollup there may be all that is left of them, and is not to be made anew. */
  readonly #damaged: Span[] = [];
  readonly #marks = new Map<string, number>();
  /** Hours with rows. */
  readonly #hours = new Set<number>();
  /** Nodes that are wrong: those above were made of them. */
  readonly #wrong: { readonly level: Level; readonly fromMs: number }[] = [];

  constructor(
    options: CheckOptions,
    { id, raw_from_ms }: MachineRow,
    count: Count,
    progress: (what: string) => void,
  ) {
    this.#options = options;
    this.#machine = id;
    this.#rawFromMs = raw_from_ms ?? Number.NEGATIVE_INFINITY;
    this.#count = count;
    this.#progress = progress;
    this.#meanings = new Meanings(options.hot);
    this.#reader = new Reader({
      hot: options.hot,
      archive: options.archive,
      meanings: this.#meanings,
      pause: async () => undefined,
      longBlocks: new LongBlocks(),
    });
  }

  async run(): Promise<void> {
    await this.#named();
    // The hot tables first: what is sealed meanwhile is met in its chunk.
    await this.#hot();
    await this.#chunks();
    for (const level of LEVELS) await this.#rollups(level);
    await this.#present();
  }

  #report(kind: Problem['kind'], span: Span | null, what: string, mend: string): void {
    this.problems.push({
      machine: this.#machine,
      kind,
      fromMs: span?.fromMs ?? null,
      toMs: span?.toMs ?? null,
      sentence: `${this.#machine}: ${what}: ${mend}.`,
    });
  }

  /** Schemas and priors that the machine's edge has named. */
  async #named(): Promise<void> {
    const { hot } = this.#options;
    const named = await hot.all<{ hash: string; json: string | null }>(
      'SELECT m.hash, s.json FROM machine_schema m LEFT JOIN schema s ON s.hash = m.hash WHERE m.machine = $1',
      this.#machine,
    );
    const schemas = new Map<string, MachineSchema>();
    for (const { hash, json } of named) {
      const schema = json === null ? null : schemaIn(json);
      if (schema !== null) schemas.set(hash, schema);
      else {
        const how = json === null ? 'is not there' : 'cannot be read';
        this.#report('schema', null, `schema ${hash}, by which blocks are read, ${how}`, RESTORE);
      }
    }
    const priors = await hot.all<{ hash: string; schema_hash: string; bytes: Uint8Array }>(
      'SELECT hash, schema_hash, bytes FROM prior WHERE machine = $1',
      this.#machine,
    );
    for (const { hash, schema_hash, bytes } of priors) {
      const schema = schemas.get(schema_hash);
      if (schema === undefined) {
        this.#report('prior', null, `prior ${hash} is of schema ${schema_hash}, which is not there`, RESTORE);
        continue;
      }
      const decoded = decodePrior(bytes, codecSchema(schema));
      if (!decoded.ok) {
        this.#report('prior', null, `prior ${hash} cannot be read (${decoded.error.message})`, RESTORE);
      } else if (decoded.value.hash !== hash) {
        this.#report('prior', null, `prior ${hash} is not what its name says`, RESTORE);
      }
    }
  }

  async #hot(): Promise<void> {
    const { hot } = this.#options;
    const keys = await hot.all<{ spool: string; first_sequence: number }>(
      'SELECT spool, first_sequence FROM block WHERE machine = $1 ORDER BY spool, first_sequence',
      this.#machine,
    );
    for (let i = 0; i < keys.length; i += FETCHED) {
      const some = keys.slice(i, i + FETCHED).map((key) => ({ machine: this.#machine, ...key }));
      const blocks = await hot.find<StoredBlock>(
        'block',
        { machine: 'text', spool: 'text', first_sequence: 'bigint' },
        some,
      );
      this.#progress(`${i} of ${keys.length} blocks that are not sealed`);
      await this.#blocks(blocks);
    }
  }

  async #chunks(): Promise<void> {
    const { archive } = this.#options;
    for (const db of archive.between(0, Number.MAX_SAFE_INTEGER)) {
      const hours = await db.all<{ hour_ms: number }>(
        'SELECT hour_ms FROM chunk WHERE machine = $1 ORDER BY hour_ms',
        this.#machine,
      );
      for (const { hour_ms: hourMs } of hours) {
        this.#progress(`rows of ${instant(hourMs)}`);
        // What seems wrong may be just being written.
        const wrong = (await this.#chunk(db, hourMs)) === null ? null : await this.#chunk(db, hourMs);
        if (wrong === null) continue;
        this.#damaged.push(wrong.span);
        this.#report(
          'chunk',
          wrong.span,
          `the chunk of the hour from ${instant(hourMs)} cannot be used (${wrong.reason}), so its rows cannot be read`,
          RESTORE,
        );
      }
    }
  }

  /** `null`: it is whole, or is not there any more. */
  async #chunk(
    db: Database,
    hourMs: number,
  ): Promise<{ readonly span: Span; readonly reason: string } | null> {
    const row = await db.get<{ from_ms: number; to_ms: number; row_count: number; bytes: Uint8Array }>(
      'SELECT from_ms, to_ms, row_count, bytes FROM chunk WHERE machine = $1 AND hour_ms = $2',
      this.#machine,
      hourMs,
    );
    if (row === undefined) return null;
    const span = { fromMs: Math.min(hourMs, row.from_ms), toMs: Math.max(hourMs + HOUR_MS - 1, row.to_ms) };
    const no = (reason: string) => ({ span, reason });
    const read = unpack(this.#machine, row.bytes);
    if (!read.ok) return no(read.reason);
    const { blocks } = read;
    const [first, last, rows] = extentOf(blocks);
    if (blocks.length === 0) return no('it holds no block');
    if (first !== row.from_ms || last !== row.to_ms) return no('its blocks are of another time than it says');
    if (rows !== row.row_count) return no(`its blocks have ${rows} rows, not ${row.row_count} as it says`);
    if (first < hourMs || blocks.some(({ from_ms }) => from_ms >= hourMs + HOUR_MS)) {
      return no('it holds blocks of another hour');
    }
    const twice = overlapIn(blocks);
    if (twice !== null) return no(`row ${twice.sequence} of spool ${twice.spool} is in it twice`);
    this.#count.chunks++;
    await this.#blocks(blocks);
    return null;
  }

  async #blocks(blocks: readonly StoredBlock[]): Promise<void> {
    for (const block of blocks) {
      this.#count.blocks++;
      this.#count.rows += block.row_count - block.skip_rows;
      const { from_ms, to_ms, spool, first_sequence } = block;
      const span = from_ms === null || to_ms === null ? null : { fromMs: from_ms, toMs: to_ms };
      if (span !== null) {
        for (let ms = nodeAt(1, span.fromMs); ms <= span.toMs; ms += HOUR_MS) this.#hours.add(ms);
      }
      const when = span === null ? 'without a date' : `of ${instant(span.fromMs)}`;
      const what = `the block ${when}, rows from ${first_sequence} of spool ${spool},`;
      const reason = await this.#whyUnreadable(block);
      if (reason !== null) {
        if (span !== null) this.#damaged.push(span);
        this.#report('block', span, `${what} cannot be read (${reason})`, RESTORE);
      }
      const nextSequence = first_sequence - block.skip_rows + block.row_count;
      const mark = await this.#markOf(spool, nextSequence);
      if (mark < nextSequence) {
        this.#report(
          'mark',
          span,
          `${what} lies beyond the mark up to which rows are stored (${mark}), so that they would be stored again`,
          'restore a backup whose parts are of one time',
        );
      }
    }
  }

  /** High-water mark of a spool; as it is now where the one known is not beyond `atLeast`. */
  async #markOf(spool: string, atLeast: number): Promise<number> {
    const known = this.#marks.get(spool);
    if (known !== undefined && known >= atLeast) return known;
    const row = await this.#options.hot.get<{ next_sequence: number }>(
      'SELECT next_sequence FROM spool WHERE machine = $1 AND spool = $2',
      this.#machine,
      spool,
    );
    const mark = row?.next_sequence ?? 0;
    this.#marks.set(spool, mark);
    return mark;
  }

  async #whyUnreadable(block: StoredBlock): Promise<string | null> {
    const header = readBlockHeader(block.bytes);
    if (!header.ok) return header.error.message;
    const meaning = await this.#meanings
      .of(this.#machine, header.value)
      .catch((): { ok: false; reason: string } => ({ ok: false, reason: 'its schema cannot be read' }));
    if (!meaning.ok) return meaning.reason;
    if (meaning.schemaHash !== block.schema_hash) {
      return `it is of schema ${meaning.schemaHash}, not of ${block.schema_hash} as its row says`;
    }
    const decoded = decodeBlock(block.bytes, codecSchema(meaning.schema), { prior: () => meaning.prior });
    if (!decoded.ok) return decoded.error.message;
    const { rowCount, timesMs } = decoded.value;
    if (rowCount !== block.row_count)
      return `it has ${rowCount} rows, not ${block.row_count} as its row says`;
    const spanMs = (timesMs[rowCount - 1] ?? 0) - (timesMs[0] ?? 0);
    return spanMs === block.span_ms ? null : `it lasts ${spanMs} ms, not ${block.span_ms} as its row says`;
  }

  async #rollups(level: Level): Promise<void> {
    const { archive, hot, repair, utcMs } = this.#options;
    const below = levelBelow(level);
    const nodes = new Set<number>(level === 1 ? this.#hours : []);
    for (const db of archive.between(0, Number.MAX_SAFE_INTEGER)) {
      const rows = await db.all<DirtyRow>(
        'SELECT DISTINCT level, from_ms FROM rollup WHERE machine = $1 AND (level = $2 OR level = $3)',
        this.#machine,
        level,
        below ?? level,
      );
      for (const { from_ms } of rows) nodes.add(nodeAt(level, from_ms));
    }
    let dirty = await this.#dirty();
    for (const fromMs of [...nodes].sort((a, b) => a - b)) {
      if (this.#isOutOfReach(level, fromMs, dirty)) continue;
      this.#progress(`rollups of ${level} min from ${instant(fromMs)}`);
      this.#count.rollups++;
      if (await this.#isRight(level, fromMs)) continue;
      dirty = await this.#dirty();
      if (this.#isOutOfReach(level, fromMs, dirty) || (await this.#isRight(level, fromMs))) continue;
      this.#wrong.push({ level, fromMs });
      const span = { fromMs, toMs: fromMs + nodeMsOf(level) - 1 };
      const of = level === 1 ? 'its rows' : `those of ${below} min`;
      const what = `the rollups of ${level} min from ${instant(fromMs)} to ${instant(span.toMs + 1)} are not what ${of} say`;
      if (repair) {
        await hot.transaction((sql) => markNode(sql, this.#machine, level, fromMs, utcMs()));
        this.#count.repaired++;
      }
      this.#report(
        'rollup',
        span,
        what,
        repair
          ? 'they are marked, and a running server makes them anew'
          : 'add --repair to have them made anew',
      );
    }
  }

  async #present(): Promise<void> {
    const { hot, archive, repair } = this.#options;
    if ((await this.#isPresentRight()) || (await this.#isPresentRight())) return;
    if (repair) {
      await hot.transaction((sql) => redatePresent(sql, archive, this.#machine, Number.MAX_SAFE_INTEGER));
      this.#count.repaired++;
    }
    this.#report(
      'present',
      null,
      'the present row is not the newest one that is stored',
      repair ? 'it is made anew' : 'add --repair to have it made anew',
    );
  }

  /** Also where its rows are gone, as they shall be, or cannot be read. */
  async #isPresentRight(): Promise<boolean> {
    const before = await presentOfMachine(this.#options.hot, this.#machine);
    const atMs = before?.atMs ?? Number.NEGATIVE_INFINITY;
    if (this.#damaged.some(({ toMs }) => toMs + TOLERANCE_MS >= atMs)) return true;
    const newest = await this.#reader.newest(this.#machine);
    if (newest === null && (before === null || atMs < this.#rawFromMs)) return true;
    if (isDeepStrictEqual(before, newest)) return true;
    // Dated anew with an hour that was sealed: it is looked at when the hour is sealed again.
    const hourMs = nodeAt(1, atMs);
    const isOver = hourMs + HOUR_MS < this.#options.utcMs();
    if (isOver && (await this.#dirty()).some(({ level, from_ms }) => level === 1 && from_ms === hourMs))
      return true;
    // A row may have come while the newest one was looked for.
    return !isDeepStrictEqual(before, await presentOfMachine(this.#options.hot, this.#machine));
  }

  #dirty(): Promise<DirtyRow[]> {
    return this.#options.hot.all<DirtyRow>(
      'SELECT level, from_ms FROM dirty WHERE machine = $1',
      this.#machine,
    );
  }

  /** To be made anew as it is, made of what is wrong itself, or of rows that are gone or cannot be read. */
  #isOutOfReach(level: Level, fromMs: number, dirty: readonly DirtyRow[]): boolean {
    const endMs = fromMs + nodeMsOf(level);
    if (dirty.some((row) => row.level <= level && row.from_ms >= fromMs && row.from_ms < endMs)) return true;
    if (this.#wrong.some((one) => one.fromMs >= fromMs && one.fromMs < endMs)) return true;
    if (level > 1) return false;
    return (
      fromMs < this.#rawFromMs || this.#damaged.some((span) => span.fromMs < endMs && span.toMs >= fromMs)
    );
  }

  async #isRight(level: Level, fromMs: number): Promise<boolean> {
    const { archive } = this.#options;
    const node =
      level === 1
        ? await nodeOfRows(this.#reader, this.#machine, fromMs)
        : await nodeOfNodes(archive, this.#meanings, this.#machine, level, fromMs);
    const stored: RollupRow[] = [];
    for (const db of archive.between(fromMs, fromMs + 1)) {
      stored.push(
        ...(await db.all<RollupRow>(
          'SELECT from_ms, schema_hash, ends, bytes FROM rollup WHERE machine = $1 AND level = $2 AND from_ms = $3',
          this.#machine,
          level,
          fromMs,
        )),
      );
    }
    return isSame(stored, node, level, fromMs);
  }
}

function isSame(stored: readonly RollupRow[], { parts, ends }: Node, level: Level, fromMs: number): boolean {
  if (stored.length !== parts.length) return false;
  return parts.every(({ schemaHash, schema, buckets }) => {
    const row = stored.find(({ schema_hash }) => schema_hash === schemaHash);
    if (row === undefined || ends === null) return false;
    if (JSON.stringify(parseEnds(row.ends)) !== JSON.stringify(parseEnds(JSON.stringify(ends)))) return false;
    const bytes = encodeRollup(schema, level, buckets);
    if (Buffer.compare(bytes, row.bytes) === 0) return true;
    const [one, other] = [valuesOf(schema, level, fromMs, bytes), valuesOf(schema, level, fromMs, row.bytes)];
    return (
      one !== null &&
      other !== null &&
      one.length === other.length &&
      one.every((value, i) => {
        const rest = other[i] ?? Number.NaN;
        return value === rest || Math.abs(value - rest) <= SUM_TOLERANCE * Math.abs(value);
      })
    );
  });
}

/** All that a rollup says, in one order. `null`: it cannot be read. */
function valuesOf(schema: MachineSchema, level: Level, fromMs: number, bytes: Uint8Array): number[] | null {
  const read = readRollup(schema, level, fromMs, bytes);
  if (!read.ok) return null;
  const values: number[] = [];
  for (const place of numberChannels(schema).keys()) {
    const isWhole = read.value.channel(place, (intervalFromMs, summary) => {
      values.push(intervalFromMs, ...Object.values(summary));
    });
    if (!isWhole) return null;
    values.push(-1);
  }
  return values;
}

/** First and last instant, and rows. */
function extentOf(blocks: readonly DatedBlock[]): [number, number, number] {
  return [
    Math.min(...blocks.map(({ from_ms }) => from_ms)),
    Math.max(...blocks.map(({ to_ms }) => to_ms)),
    blocks.reduce((sum, { row_count, skip_rows }) => sum + row_count - skip_rows, 0),
  ];
}

/** A row that two blocks hold. */
function overlapIn(
  blocks: readonly DatedBlock[],
): { readonly spool: string; readonly sequence: number } | null {
  const next = new Map<string, number>();
  const sorted = [...blocks].sort((a, b) => a.first_sequence - b.first_sequence);
  for (const { spool, first_sequence, skip_rows, row_count } of sorted) {
    if (first_sequence < (next.get(spool) ?? 0)) return { spool, sequence: first_sequence };
    next.set(spool, first_sequence - skip_rows + row_count);
  }
  return null;
}

function schemaIn(json: string): MachineSchema | null {
  try {
    return machineSchemaSchema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}

function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For a person. */
export function describeCheck(report: CheckReport): string {
  const { machines, blocks, rows, chunks, rollups, due, problems, repaired } = report;
  const read = `Read ${plural(machines, 'machine')}, ${plural(blocks, 'block')} of ${plural(rows, 'row')} in ${plural(chunks, 'chunk')} and hot, ${plural(rollups, 'rollup')}.`;
  const waiting = due > 0 ? [`${plural(due, 'node')} of the archive wait to be made; that is usual.`] : [];
  if (problems.length === 0) return [read, ...waiting, 'Nothing is wrong.'].join('\n');
  const marked = repaired > 0 ? [`Made anew or marked to be: ${plural(repaired, 'thing')}.`] : [];
  return [
    ...problems.map(({ sentence }) => `! ${sentence}`),
    read,
    ...waiting,
    ...marked,
    `Wrong: ${plural(problems.length, 'thing')}.`,
  ].join('\n');
}

function plural(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
