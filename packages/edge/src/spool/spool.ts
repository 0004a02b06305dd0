// The edge's bounded store-and-forward queue: rows committed, cut into blocks, kept until acknowledged.
// Invariants: sequence numbers count rows, never repeat and never skip except by a gap; a block spans neither two boots
// nor two schemas nor two processes; only committed rows are in blocks; each change is one transaction; a record that
// does not decode becomes a gap and stops nothing.
// Room is made, beyond `mostBytes` or on a full disk, first of what is acknowledged, then of detail, the oldest first:
// a block becomes three rows and a gap `thinned`, wherever it is on its way. Its last row is then in that gap, so that
// it is compared with nothing the server holds; what the server has of the whole block lies before its mark. Only
// when all is thinned, the oldest rows become a gap `spool-full`; three rows that may be on their way keep their gap
// `thinned`, by which a reader tells them from samples. Not here: when to commit and cut (keeper.ts), sending.
import { crc32 } from 'node:zlib';
import { type DecodedRows, decodeBlock, encodeBlock, readBlockHeader } from '@vigie/codec';
import type { Outcome } from '@vigie/config';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import { canonicalSchemaJson, schemaHash } from '@vigie/model/load';
import type { GapReason, Randomness, RowInstant, SpoolEntry } from '@vigie/protocol';
import type { SampledRow } from '../acquire/source.ts';
import { fromRows, toRows } from './batch.ts';
import { type Attempted, attempt, type Opened, openDatabase } from './database.ts';
import { noDisk, type SpoolDatabase, type SpoolDisk } from './disk.ts';
import { Priors } from './priors.ts';
import { THINNED_ROWS, thinned } from './thin.ts';
import { Witness } from './witness.ts';

/** Acknowledged entries kept: a day of minutes, for a server restored from a backup, and to learn from. */
const KEPT_ACKNOWLEDGED = 1_440;
/** Bounds a block's size: 800 kB if nothing compressed at all. */
const MOST_CELLS = 100_000;
const MOST_ROWS = 3_600;
/** More rows only lengthen the training. Eight hours, a third of a day's minutes when a day is held. */
const MOST_TRAINING_ROWS = 28_800;
/** What a record takes beside its block: key, schema, checksum, place in a page. */
const RECORD_BYTES = 64;
/** What is given up at a time on a full disk: minutes of rows, or else room for a large block. */
const FULL_DISK_STEPS = [8_192, 131_072];
/** Never more than this share of all that is held, at a time. */
const FULL_DISK_SHARE = 1 / 4;
/** Records that may have been on their way, at most, when an earlier process ended. */
const MOST_ON_THEIR_WAY = 64;
const NOT_COUNTED = { rows: Number.POSITIVE_INFINITY, sequence: 0 };
/** Of `queue`, as SQL. */
const HELD_BYTES = `SELECT ifnull(sum(length(bytes) + ${RECORD_BYTES}), 0) AS sum FROM queue`;
/** Rows that were sampled, which thinned ones no longer are. */
const IS_SAMPLED = `gap IS NULL AND NOT (row_count = ${THINNED_ROWS} AND EXISTS (
  SELECT 1 FROM queue AS rest WHERE rest.first_sequence = queue.first_sequence + ${THINNED_ROWS} AND rest.gap = 'thinned'
))`;

export interface SpoolOptions {
  readonly disk: SpoolDisk;
  readonly file: string;
  readonly bootId: string;
  readonly schema: MachineSchema;
  readonly randomness: Randomness;
  /** Bytes beyond which the oldest blocks make room. */
  readonly mostBytes: number;
}

interface Batch {
  first_sequence: number;
  row_count: number;
  boot: number;
  schema: string;
  start_ms: number;
  bytes: Buffer;
  /** Of everything but the sequence, which `renew` moves. */
  crc: number;
}
type QueueRow = Batch & { gap: GapReason | null };

/** A block has a checksum of its own; its boot and its instant must be as safe, or its rows would be misdated. */
function crcOf(
  rowCount: number,
  gap: string | null,
  boot: number,
  hash: string,
  startMs: number,
  bytes: Uint8Array,
): number {
  return crc32(bytes, crc32(`${rowCount} ${gap} ${boot} ${hash} ${startMs}`));
}

function isWhole(row: Batch & { gap?: GapReason | null }): boolean {
  return row.crc === crcOf(row.row_count, row.gap ?? null, row.boot, row.schema, row.start_ms, row.bytes);
}

export class Spool {
  readonly schemaHash: string;
  /** Where a damaged earlier spool was put; `null`: it was sound, or new. */
  readonly setAside: string | null;
  /** Why it is in memory, in words; `null`: it is on disk. */
  readonly withoutDisk: string | null;
  readonly mostBlockRows: number;
  readonly #db: SpoolDatabase;
  readonly #options: SpoolOptions;
  readonly #schemas = new Map<string, MachineSchema>();
  readonly #priors: Priors;
  readonly #witness: Witness;
  #id: string;
  #boot: number;
  #bootFirstSequence: number;
  #nextSequence: number;
  #acknowledged: number;
  /** Of the first row of this process: between it and the one before, rows may have gone by a spool in memory. */
  #openedSequence: number;
  /** Of all records of the queue. */
  #bytes = 0;
  /** No block before it can be thinned. */
  #thinFrom = 0;
  /** What lies before it may have been sent. */
  #sentTo: number;
  /** Sampled rows in blocks of the present schema before a sequence, when they were last counted. */
  #counted = NOT_COUNTED;

  static open(options: SpoolOptions): Opened<Spool> {
    return openDatabase(options.disk, options.file, (db, setAside) => new Spool(options, db, setAside, null));
  }

  /** A new one that lives as long as the process. @param why there is none on disk, in words. */
  static inMemory(options: Omit<SpoolOptions, 'disk' | 'file'>, why: string): Spool {
    const opened = openDatabase(noDisk, 'memory', (db) => {
      return new Spool({ ...options, disk: noDisk, file: 'memory' }, db, null, why);
    });
    if (!opened.ok) throw new Error(opened.message);
    return opened.value;
  }

  private constructor(
    options: SpoolOptions,
    db: SpoolDatabase,
    setAside: string | null,
    withoutDisk: string | null,
  ) {
    this.withoutDisk = withoutDisk;
    this.#options = options;
    this.#db = db;
    this.setAside = setAside;
    this.#priors = new Priors(db, (hash) => this.#schema(hash));
    this.schemaHash = schemaHash(options.schema);
    this.mostBlockRows = Math.max(
      1,
      Math.min(MOST_ROWS, Math.floor(MOST_CELLS / options.schema.channels.length)),
    );
    this.#schemas.set(this.schemaHash, options.schema);
    const kept = db
      .prepare<[], { id: string; next_sequence: number; acknowledged: number }>('SELECT * FROM spool')
      .get();
    this.#id = kept?.id ?? this.#newId();
    // A counter may be what a damaged disk changed: no sequence that is held is ever given again.
    const heldTo = db
      .prepare<[number, number], { s: number | null }>(
        'SELECT max(s) AS s FROM (SELECT max(first_sequence + min(row_count, ?)) AS s FROM queue UNION ALL SELECT max(first_sequence + min(row_count, ?)) FROM pending)',
      )
      .get(MOST_ROWS, MOST_ROWS)?.s;
    this.#nextSequence = Math.max(kept?.next_sequence ?? 0, heldTo ?? 0);
    this.#witness = new Witness(options.disk, options.file);
    const witnessed = this.#witness.read(this.#id);
    const most = Math.max(
      ...witnessed.map(({ id, nextSequence }) => (id === this.#id ? nextSequence : 0)),
      this.#nextSequence,
    );
    const forgotten = most - this.#nextSequence;
    this.#acknowledged = Math.min(kept?.acknowledged ?? 0, this.#nextSequence);
    // How many rows a damaged spool took with it nobody knows: that there were some is said.
    const isAfterDamage = kept === undefined && (setAside !== null || witnessed.length > 0);
    if (isAfterDamage) this.#nextSequence = 1;
    const last = db
      .prepare<[], { number: number; id: string; first_sequence: number }>(
        'SELECT * FROM boot ORDER BY number DESC LIMIT 1',
      )
      .get();
    const same = last?.id === options.bootId;
    this.#boot = same ? last.number : Math.max(last?.number ?? 0, ...witnessed.map(({ boot }) => boot)) + 1;
    this.#bootFirstSequence = same ? last.first_sequence : this.#nextSequence + forgotten;
    db.transaction(() => {
      if (kept === undefined)
        db.prepare('INSERT INTO spool VALUES (?, ?, 0)').run(this.#id, this.#nextSequence);
      if (!same)
        db.prepare('INSERT INTO boot VALUES (?, ?, ?)').run(
          this.#boot,
          options.bootId,
          this.#bootFirstSequence,
        );
      // One that is there may be damaged, and blocks will need it when another has taken its place.
      db.prepare(
        'INSERT INTO schema VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json WHERE json <> excluded.json',
      ).run(this.schemaHash, canonicalSchemaJson(options.schema));
      if (isAfterDamage) this.#queueGap(0, 1, 'spool-damaged');
      if (forgotten > 0) {
        this.#cutAll();
        this.#queueGap(this.#nextSequence, forgotten, 'spool-damaged');
        db.prepare('UPDATE spool SET next_sequence = ?').run(this.#nextSequence + forgotten);
      }
    })();
    this.#nextSequence += forgotten;
    this.#openedSequence = this.#nextSequence;
    this.#testify();
    this.#bytes = db.prepare<[], { sum: number }>(HELD_BYTES).get()?.sum ?? 0;
    this.#sentTo =
      db
        .prepare<[number, number], { s: number | null }>(
          'SELECT max(first_sequence) AS s FROM (SELECT first_sequence FROM queue WHERE first_sequence + row_count > ? ORDER BY first_sequence LIMIT ?)',
        )
        .get(this.#acknowledged, MOST_ON_THEIR_WAY + 1)?.s ?? 0;
  }

  get id(): string {
    return this.#id;
  }
  get boot(): number {
    return this.#boot;
  }
  get bootId(): string {
    return this.#options.bootId;
  }
  /** Sequence of the next row to be committed. */
  get nextSequence(): number {
    return this.#nextSequence;
  }
  /** Rows before it are on the server. */
  get acknowledged(): number {
    return this.#acknowledged;
  }
  /** Rows of this boot committed so far, by earlier runs too. */
  get rowsOfBoot(): number {
    return this.#nextSequence - this.#bootFirstSequence;
  }
  get bytes(): number {
    return this.#bytes;
  }
  /** Bytes beyond which the oldest blocks make room. */
  get mostBytes(): number {
    return this.#options.mostBytes;
  }

  /** Oldest sequence held, in a block or not yet. */
  oldestSequence(): Outcome<number> {
    return attempt(() => {
      const oldest = this.#db
        .prepare<[], { s: number | null }>(
          'SELECT min(s) AS s FROM (SELECT min(first_sequence) AS s FROM queue UNION ALL SELECT min(first_sequence) FROM pending)',
        )
        .get()?.s;
      return oldest ?? this.#nextSequence;
    });
  }

  /**
   * Makes rows durable. @param lost rows that will never come before these, and why; what was committed before
   * becomes blocks, since none spans a gap.
   */
  commit(rows: readonly SampledRow[], lost: number, reason: GapReason): Outcome<void> {
    const done = this.#durably(() => {
      let sequence = this.#nextSequence;
      if (lost > 0) {
        this.#cutAll();
        this.#queueGap(sequence, lost, reason);
        sequence += lost;
      }
      for (let at = 0; at < rows.length; at += this.mostBlockRows) {
        const part = rows.slice(at, at + this.mostBlockRows);
        const bytes = this.#encode(this.#options.schema, part);
        const startMs = part[0]?.monotonicMs ?? 0;
        const crc = crcOf(part.length, null, this.#boot, this.schemaHash, startMs, bytes);
        this.#db
          .prepare('INSERT INTO pending VALUES (?, ?, ?, ?, ?, ?, ?)')
          .run(sequence, part.length, this.#boot, this.schemaHash, startMs, bytes, crc);
        sequence += part.length;
      }
      this.#db.prepare('UPDATE spool SET next_sequence = ?').run(sequence);
    });
    if (!done.ok) return done;
    this.#nextSequence += lost + rows.length;
    // What was committed before a gap is in blocks now, and may leave at once.
    this.#testify(lost > 0);
    return done;
  }

  pendingRows(): number {
    return (
      this.#db.prepare<[], { n: number }>('SELECT ifnull(sum(row_count), 0) AS n FROM pending').get()?.n ?? 0
    );
  }

  /** Turns all committed rows into blocks. */
  cut(): Outcome<void> {
    const done = this.#durably(() => {
      this.#cutAll();
      this.#makeRoom(this.#options.mostBytes);
    });
    if (done.ok) this.#testify();
    return done;
  }

  /** All of it or nothing, in one transaction; on a full disk with some room made in the same. */
  #durably(change: () => void): Attempted<void> {
    const plain = this.#inOne(change);
    if (plain.ok || !plain.isDiskFull) return plain;
    // A log that is copied into the file is written from its start again.
    attempt(() => this.#db.pragma('wal_checkpoint(PASSIVE)'));
    let done = this.#inOne(change);
    for (const step of FULL_DISK_STEPS) {
      if (done.ok || !done.isDiskFull) return done;
      const room = Math.min(step, this.#bytes * FULL_DISK_SHARE);
      done = this.#inOne(() => {
        this.#makeRoom(this.#bytes - room);
        change();
      });
    }
    return done;
  }

  #inOne(change: () => void): Attempted<void> {
    const [bytes, thinFrom] = [this.#bytes, this.#thinFrom];
    const done = attempt(() => this.#db.transaction(change)());
    if (!done.ok) [this.#bytes, this.#thinFrom] = [bytes, thinFrom];
    return done;
  }

  #cutAll(): void {
    const batches = this.#db.prepare<[], Batch>('SELECT * FROM pending ORDER BY first_sequence').all();
    let open: { batch: Batch; rows: SampledRow[] } | null = null;
    const close = (): void => {
      if (open === null) return;
      const schema = this.#schema(open.batch.schema);
      if (schema === null) throw new Error('rows were decoded by a schema that is not there');
      const bytes = this.#encode(schema, open.rows);
      const { first_sequence, boot, schema: hash, start_ms } = open.batch;
      this.#queue(first_sequence, open.rows.length, null, boot, hash, start_ms, bytes);
      open = null;
    };
    for (const batch of batches) {
      const rows = this.#decode(batch);
      const joins: boolean =
        open !== null &&
        rows !== null &&
        open.batch.boot === batch.boot &&
        open.batch.schema === batch.schema &&
        open.batch.first_sequence + open.rows.length === batch.first_sequence &&
        batch.first_sequence !== this.#openedSequence &&
        open.rows.length + rows.length <= this.mostBlockRows;
      if (joins && open !== null && rows !== null) {
        open.rows.push(...rows);
        continue;
      }
      close();
      if (rows === null) this.#queueGap(batch.first_sequence, batch.row_count, 'spool-damaged');
      else open = { batch, rows };
    }
    close();
    this.#db.prepare('DELETE FROM pending').run();
  }

  #queueGap(first: number, rows: number, reason: GapReason): void {
    this.#queue(first, rows, reason, this.#boot, this.schemaHash, 0, new Uint8Array(0));
  }

  #queue(
    first: number,
    rows: number,
    gap: GapReason | null,
    boot: number,
    hash: string,
    startMs: number,
    bytes: Uint8Array,
  ): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO queue VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(first, rows, gap, boot, hash, startMs, bytes, crcOf(rows, gap, boot, hash, startMs, bytes));
    this.#bytes += bytes.length + RECORD_BYTES;
  }

  #makeRoom(mostBytes: number): void {
    while (this.#bytes > mostBytes) {
      if (!this.#forgetOldest() && !this.#thinOldest() && !this.#dropOldest()) return;
    }
  }

  /** `false`, as of the two that follow: there is none. */
  #forgetOldest(): boolean {
    const oldest = this.#db
      .prepare<[], QueueRow>('SELECT * FROM queue ORDER BY first_sequence LIMIT 1')
      .get();
    if (oldest === undefined || oldest.first_sequence + oldest.row_count > this.#acknowledged) return false;
    this.#remove(oldest);
    return true;
  }

  /** Of a block that is acknowledged in part, all that is left to send stays as it is. */
  #thinOldest(): boolean {
    const block = this.#db
      .prepare<[number, number], QueueRow>(
        'SELECT * FROM queue WHERE gap IS NULL AND first_sequence >= ? AND row_count > ? ORDER BY first_sequence LIMIT 1',
      )
      .get(Math.max(this.#acknowledged, this.#thinFrom), THINNED_ROWS);
    if (block === undefined) return false;
    const { first_sequence: first, row_count, boot, schema: hash, start_ms } = block;
    this.#thinFrom = first + 1;
    const schema = this.#schema(hash);
    const rows = this.#decode(block);
    // A damaged one stays: it is found to be when it is sent, or dropped.
    if (rows === null || schema === null) return true;
    const bytes = this.#encode(schema, thinned(schema, rows));
    this.#remove(block);
    this.#queue(first, THINNED_ROWS, null, boot, hash, start_ms, bytes);
    this.#queueGap(first + THINNED_ROWS, row_count - THINNED_ROWS, 'thinned');
    return true;
  }

  /** Makes the oldest block one gap with the rest of it that was thinned away, and with what was dropped before it. */
  #dropOldest(): boolean {
    const block = this.#db
      .prepare<[], QueueRow>('SELECT * FROM queue WHERE gap IS NULL ORDER BY first_sequence LIMIT 1')
      .get();
    if (block === undefined) return false;
    let { first_sequence: first } = block;
    let end = isWhole(block) ? first + block.row_count : this.#following(first);
    this.#remove(block);
    const rest = this.#db
      .prepare<[number], QueueRow>("SELECT * FROM queue WHERE first_sequence = ? AND gap = 'thinned'")
      .get(end);
    if (first >= this.#sentTo && rest !== undefined && isWhole(rest)) {
      end += rest.row_count;
      this.#remove(rest);
    }
    const before = this.#db
      .prepare<[number], QueueRow>(
        'SELECT * FROM queue WHERE first_sequence < ? ORDER BY first_sequence DESC LIMIT 1',
      )
      .get(first);
    const joins =
      before?.gap === 'spool-full' &&
      isWhole(before) &&
      before.first_sequence + before.row_count === first &&
      // A gap spans no two boots: `renew` parts them.
      first !== this.#bootFirstSequence;
    if (joins) {
      first = before.first_sequence;
      this.#remove(before);
    }
    this.#queueGap(first, end - first, 'spool-full');
    return true;
  }

  #remove({ first_sequence, bytes }: QueueRow): void {
    this.#db.prepare('DELETE FROM queue WHERE first_sequence = ?').run(first_sequence);
    this.#bytes -= bytes.length + RECORD_BYTES;
  }

  /** Where the record that starts at `sequence` ends, whatever its own count says. */
  #following(sequence: number): number {
    const following = this.#db
      .prepare<[number, number], { s: number | null }>(
        'SELECT min(s) AS s FROM (SELECT min(first_sequence) AS s FROM queue WHERE first_sequence > ? UNION ALL SELECT min(first_sequence) FROM pending WHERE first_sequence > ?)',
      )
      .get(sequence, sequence)?.s;
    return following ?? this.#nextSequence;
  }

  /** To be sent: the entry that holds `sequence`, else the first one after it; starts at `sequence` when it holds it. */
  read(sequence: number): Outcome<SpoolEntry | null> {
    return attempt(() => {
      const row =
        this.#db
          .prepare<[number, number], QueueRow>(
            'SELECT * FROM (SELECT * FROM queue WHERE first_sequence <= ? ORDER BY first_sequence DESC LIMIT 1) WHERE first_sequence + row_count > ?',
          )
          .get(sequence, sequence) ??
        this.#db
          .prepare<[number], QueueRow>(
            'SELECT * FROM queue WHERE first_sequence > ? ORDER BY first_sequence LIMIT 1',
          )
          .get(sequence);
      if (row === undefined) return null;
      const entry = this.#entry(row, sequence);
      this.#sentTo = Math.max(this.#sentTo, entry.nextSequence);
      return entry;
    });
  }

  /** The row of that sequence; `null`: it is no longer held, damaged, or a gap. */
  rowAt(sequence: number): RowInstant | null {
    const found = attempt(() =>
      this.#db
        .prepare<[number, number], Batch & { gap: GapReason | null }>(
          `SELECT * FROM (
             SELECT first_sequence, row_count, gap, boot, schema, start_ms, bytes, crc FROM queue
             UNION ALL SELECT first_sequence, row_count, NULL, boot, schema, start_ms, bytes, crc FROM pending
           ) WHERE first_sequence <= ? AND first_sequence + row_count > ?`,
        )
        .get(sequence, sequence),
    );
    const batch = found.ok ? found.value : undefined;
    const rows = batch === undefined || batch.gap !== null ? null : this.#decode(batch);
    const row = batch === undefined ? undefined : rows?.[sequence - batch.first_sequence];
    if (batch === undefined || row === undefined) return null;
    return { bootNumber: batch.boot, monotonicMs: row.monotonicMs };
  }

  #entry(row: QueueRow, sequence: number): SpoolEntry {
    const firstSequence = Math.max(sequence, row.first_sequence);
    // Its own count may be what was damaged.
    const end = this.#following(row.first_sequence);
    if (row.gap !== null && isWhole(row)) {
      return {
        kind: 'gap',
        firstSequence,
        nextSequence: Math.min(end, row.first_sequence + row.row_count),
        reason: row.gap,
      };
    }
    const sound = row.gap === null && row.first_sequence + row.row_count <= end;
    const rows = sound ? this.#decode(row) : null;
    if (rows === null) return { kind: 'gap', firstSequence, nextSequence: end, reason: 'spool-damaged' };
    const skipped = firstSequence - row.first_sequence;
    const schema = this.#schema(row.schema);
    const rest = rows.slice(skipped);
    const block = skipped === 0 || schema === null ? row.bytes : this.#encode(schema, rest);
    return {
      kind: 'block',
      firstSequence,
      nextSequence: row.first_sequence + row.row_count,
      bootNumber: row.boot,
      monotonicStartMs:
        skipped === 0 || schema === null ? row.start_ms : (rest[0]?.monotonicMs ?? row.start_ms),
      schemaHash: row.schema,
      priorHash: this.#priorHashOf(block),
      block,
    };
  }

  /** The server holds all rows before `sequence` and none after; fewer than before when it was restored. */
  acknowledge(sequence: number): Outcome<void> {
    if (sequence === this.#acknowledged) return { ok: true, value: undefined };
    // What waits to be sent again makes room as all that waits does.
    if (sequence < this.#acknowledged) this.#thinFrom = 0;
    // In memory even when the disk refuses: the server's mark is the one that counts.
    this.#acknowledged = Math.min(sequence, this.#nextSequence);
    return attempt(() => {
      const dropped = this.#db.transaction(() => {
        this.#db.prepare('UPDATE spool SET acknowledged = ?').run(this.#acknowledged);
        return this.#db
          .prepare<[number, number], { n: number }>(
            `DELETE FROM queue WHERE first_sequence < (
               SELECT first_sequence FROM queue WHERE first_sequence + row_count <= ?
               ORDER BY first_sequence DESC LIMIT 1 OFFSET ?
             ) RETURNING length(bytes) + ${RECORD_BYTES} AS n`,
          )
          .all(this.#acknowledged, KEPT_ACKNOWLEDGED - 1);
      })();
      this.#bytes -= dropped.reduce((sum, { n }) => sum + n, 0);
    });
  }

  /**
   * Gives the spool a new identity, when the server has other rows of the old one than it holds: it is an older copy
   * of itself. Rows of this boot stay. Those of earlier boots went by the other copy, or a disk that forgot them was
   * asked to keep them: nobody can tell, so a gap of unknown length is declared before the rows that stay.
   */
  renew(): Outcome<void> {
    const id = this.#newId();
    return attempt(() => {
      const dropped = this.#bootFirstSequence > 0;
      const shift = this.#bootFirstSequence - (dropped ? 1 : 0);
      this.#db.transaction(() => {
        this.#db.prepare('DELETE FROM queue WHERE first_sequence < ?').run(this.#bootFirstSequence);
        this.#db.prepare('DELETE FROM pending WHERE first_sequence < ?').run(this.#bootFirstSequence);
        this.#db.prepare('DELETE FROM boot WHERE number < ?').run(this.#boot);
        this.#db.prepare('UPDATE prior SET made_sequence = 0').run();
        for (const table of ['queue', 'pending', 'boot']) {
          // Twice over negative numbers, so that no key meets another one on the way.
          this.#db.prepare(`UPDATE ${table} SET first_sequence = -1 - (first_sequence - ?)`).run(shift);
          this.#db.prepare(`UPDATE ${table} SET first_sequence = -1 - first_sequence`).run();
        }
        if (dropped) this.#queueGap(0, 1, 'spool-damaged');
        this.#db
          .prepare('UPDATE spool SET id = ?, next_sequence = ?, acknowledged = 0')
          .run(id, this.#nextSequence - shift);
      })();
      this.#id = id;
      this.#nextSequence -= shift;
      this.#openedSequence -= shift;
      this.#bootFirstSequence -= shift;
      this.#acknowledged = 0;
      this.#testify();
      this.#thinFrom = 0;
      this.#sentTo = 0;
      this.#counted = NOT_COUNTED;
      this.#bytes = this.#db.prepare<[], { sum: number }>(HELD_BYTES).get()?.sum ?? 0;
    });
  }

  /** JSON of a schema that a block of the spool names; `null`: not there, damaged, or not to be read now. */
  schemaJson(hash: string): string | null {
    const schema = this.#schema(hash);
    return schema === null ? null : canonicalSchemaJson(schema);
  }

  /** One row as a block, for LIVE; without a prior, since it may overtake the one it would need. */
  liveBlock(row: SampledRow): Uint8Array {
    return this.#encode(this.#options.schema, [row], false);
  }

  /** Of the prior that the next blocks need; `null`: none, or not to be read now. */
  get priorHash(): string | null {
    const newest = attempt(() => this.#priors.newest(this.schemaHash));
    return newest.ok ? (newest.value?.hash ?? null) : null;
  }

  /** A prior that a block of the spool names, as it travels; `null`: none, or not to be read now. */
  prior(hash: string): ReturnType<Priors['record']> {
    const record = attempt(() => this.#priors.record(hash));
    return record.ok ? record.value : null;
  }

  /** Whether there are enough new rows to learn a prior from. */
  priorIsDue(): boolean {
    return this.#priors.isDue(this.schemaHash, (rows) => this.#holds(rows), this.#nextSequence);
  }

  /** Whether so many sampled rows are in blocks of the present schema. */
  #holds(rows: number): boolean {
    // Counting reads the whole queue, and only what has come since can have been added.
    if (this.#counted.rows + this.#nextSequence - this.#counted.sequence < rows) return false;
    const counted =
      this.#db
        .prepare<[string], { n: number }>(
          `SELECT ifnull(sum(row_count), 0) AS n FROM queue WHERE schema = ? AND ${IS_SAMPLED}`,
        )
        .get(this.schemaHash)?.n ?? 0;
    this.#counted = { rows: counted, sequence: this.#nextSequence - this.pendingRows() };
    return counted >= rows;
  }

  /** Blocks of the present schema to learn a prior from, evenly over all that are held, and the priors they name. */
  trainingBlocks(): { readonly blocks: Uint8Array[]; readonly priors: Uint8Array[] } {
    const held = this.#db
      .prepare<[string], { first_sequence: number; row_count: number }>(
        `SELECT first_sequence, row_count FROM queue WHERE schema = ? AND ${IS_SAMPLED} ORDER BY first_sequence`,
      )
      .all(this.schemaHash);
    const heldRows = held.reduce((sum, { row_count }) => sum + row_count, 0);
    const share = Math.min(1, MOST_TRAINING_ROWS / heldRows);
    const read = this.#db.prepare<[number], QueueRow>('SELECT * FROM queue WHERE first_sequence = ?');
    const blocks: Uint8Array[] = [];
    const hashes = new Set<string>();
    let due = 0;
    for (const { first_sequence, row_count } of held) {
      due += row_count * share;
      if (due < row_count) continue;
      due -= row_count;
      const row = read.get(first_sequence);
      if (row === undefined || !isWhole(row)) continue;
      blocks.push(row.bytes);
      const hash = this.#priorHashOf(row.bytes);
      if (hash !== null) hashes.add(hash);
    }
    const priors = [...hashes].flatMap((hash) => this.#priors.record(hash)?.bytes ?? []);
    return { blocks, priors };
  }

  /** New blocks are encoded with this prior from now on; `false`: it is none for them. */
  adoptPrior(bytes: Uint8Array): boolean {
    return this.#priors.adopt(this.schemaHash, bytes, this.#nextSequence);
  }

  close(): void {
    this.#db.close();
  }

  /** @param safely false: only a block is told for sure, and none was made. */
  #testify(safely = true): void {
    this.#witness.write({ id: this.#id, nextSequence: this.#nextSequence, boot: this.#boot }, safely);
  }

  #newId(): string {
    return Buffer.from(this.#options.randomness.bytes(8)).toString('hex');
  }

  #encode(schema: MachineSchema, rows: readonly SampledRow[], primed = true): Uint8Array {
    const hash = schema === this.#options.schema ? this.schemaHash : schemaHash(schema);
    const prior = primed ? this.#priors.newest(hash) : null;
    return encodeBlock(codecSchema(schema), toRows(schema, rows), { schemaHash: hash, prior });
  }

  #priorHashOf(block: Uint8Array): string | null {
    const header = readBlockHeader(block);
    const tag = header.ok ? header.value.priorTag : null;
    return tag === null ? null : this.#priors.hashOf(tag);
  }

  /** `null`: the bytes are not what was written. */
  #decode(batch: Batch): SampledRow[] | null {
    const rows = this.#decodeRows(batch);
    return rows === null ? null : fromRows(rows, batch.start_ms);
  }

  #decodeRows(batch: Batch): DecodedRows | null {
    const schema = this.#schema(batch.schema);
    if (schema === null || !isWhole(batch)) return null;
    const decoded = decodeBlock(batch.bytes, codecSchema(schema), {
      prior: (tag) => this.#priors.byTag(tag),
    });
    if (!decoded.ok || decoded.value.rowCount !== batch.row_count) return null;
    return decoded.value;
  }

  #schema(hash: string): MachineSchema | null {
    const known = this.#schemas.get(hash);
    if (known !== undefined) return known;
    const found = attempt(() =>
      this.#db.prepare<[string], { json: string }>('SELECT json FROM schema WHERE hash = ?').get(hash),
    );
    const json = found.ok ? found.value?.json : undefined;
    const parsed = json === undefined ? null : machineSchemaSchema.safeParse(safeJson(json));
    if (!parsed?.success || schemaHash(parsed.data) !== hash) return null;
    this.#schemas.set(hash, parsed.data);
    return parsed.data;
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
