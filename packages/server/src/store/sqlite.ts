// The Store on embedded SQLite: one file, blocks kept as received, charts decoded from the columns they need.
// Invariants: whatever waits is committed in one transaction with the high-water marks, and only then answered;
// row identity is (machine, spool, sequence). Not here: the rule that dates a boot (dating.ts).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DecodedRows, decodeBlock, readBlockHeader, sampleAt } from '@vigie/codec';
import type { ChartGap, JournalEntry, RowView, UndatedBoot } from '@vigie/contract';
import { channelOverrides, codecSchema, type MachineSchema, type MachineSettings } from '@vigie/model';
import { connect, type Sqlite } from './connect.ts';
import { type AnchorPoint, changedSinceMs, dateOf, rowDates, weighAnchor } from './dating.ts';
import { Buckets } from './m4.ts';
import { Meanings } from './meanings.ts';
import { MIGRATIONS } from './migrations.ts';
import type { AppendResult, EdgeAnswer, IncomingBlock, MachineRecord, MetBoot, Store } from './store.ts';

/** In a block from a machine: what an edge makes is a tenth of it. */
const MOST_SAMPLES = 1_000_000;

interface BlockRow {
  readonly machine: string;
  readonly spool: string;
  readonly first_sequence: number;
  readonly boot: number;
  readonly monotonic_ms: number;
  readonly row_count: number;
  readonly skip_rows: number;
  readonly schema_hash: string;
  readonly from_ms: number | null;
  readonly to_ms: number | null;
  readonly bytes: Uint8Array;
}

/** The block beside a sequence, within its spool. */
interface Neighbour {
  readonly boot: number;
  readonly atMs: number | null;
}

type Bounded = { -readonly [K in keyof UndatedBoot]: UndatedBoot[K] };

interface FoundUndated {
  /** Its sequences: first ≤ … < next. */
  readonly first: number;
  readonly next: number;
  /** Its first row on its own clock. */
  readonly firstMs: number;
  readonly boot: UndatedBoot;
}

interface Waiting {
  readonly block: IncomingBlock;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface SqliteStoreOptions {
  /** Brought up to `MIGRATIONS`. */
  readonly db: Sqlite;
  /** Runs `work` when what is under way now has been done, so that blocks gather for one commit. */
  readonly soon: (work: () => void) => void;
}

/** The store in a folder of this machine. @throws StoreError when the folder's database is of a newer Vigie. */
export function openSqliteFolder(folder: string): Store {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSqliteStore({
    db: connect(join(folder, 'vigie.db'), MIGRATIONS),
    soon: (work) => setImmediate(work),
  });
}

export function openSqliteStore({ db, soon }: SqliteStoreOptions): Store {
  const sql = {
    machines: db.prepare('SELECT * FROM machine ORDER BY id'),
    machine: db.prepare('SELECT * FROM machine WHERE id = ?'),
    addMachine: db.prepare(
      'INSERT INTO machine (id, name, site, time_zone, interval_ms) VALUES (?, ?, ?, ?, ?)',
    ),
    newestBlock: db.prepare(
      'SELECT * FROM block WHERE machine = ? AND spool = ? ORDER BY first_sequence DESC LIMIT 1',
    ),
    setKey: db.prepare(
      'UPDATE machine SET public_key = ?, revoked = 0, edge_answer = NULL, edge_pins = ? WHERE id = ?',
    ),
    replaceKey: db.prepare('UPDATE machine SET public_key = ? WHERE id = ? AND public_key = ?'),
    revoke: db.prepare('UPDATE machine SET public_key = NULL, revoked = 1 WHERE id = ?'),
    boots: db.prepare('SELECT spool, number, id, refused FROM boot WHERE machine = ? ORDER BY met'),
    addBoot: db.prepare(
      `INSERT INTO boot (machine, spool, number, id, met, refused)
       VALUES (@machine, @spool, @number, @id, (SELECT ifnull(max(met), 0) + 1 FROM boot WHERE machine = @machine), @refused)
       ON CONFLICT DO UPDATE SET refused = excluded.refused`,
    ),
    dropBoots: db.prepare('DELETE FROM boot WHERE machine = ?'),
    noteLinkKey: db.prepare('INSERT INTO link_key (pin, since_ms) VALUES (?, ?)'),
    dropCodes: db.prepare('DELETE FROM enrolment_code WHERE machine = ?'),
    setSettings: db.prepare(
      'UPDATE machine SET interval_ms = ?, data_budget_mb = ?, overrides = ? WHERE id = ?',
    ),
    setEdgeAnswer: db.prepare('UPDATE machine SET edge_answer = ?, edge_pins = ? WHERE id = ?'),
    setSchema: db.prepare('UPDATE machine SET schema_hash = ? WHERE id = ?'),
    addCode: db.prepare(
      'INSERT OR REPLACE INTO enrolment_code (sha256, machine, expires_ms) VALUES (?, ?, ?)',
    ),
    takeCode: db.prepare('DELETE FROM enrolment_code WHERE sha256 = ? RETURNING machine, expires_ms'),
    mark: db.prepare('SELECT next_sequence FROM spool WHERE machine = ? AND spool = ?').pluck(),
    setMark: db.prepare(
      'INSERT INTO spool (machine, spool, next_sequence) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next_sequence = excluded.next_sequence',
    ),
    addBlock: db.prepare(
      `INSERT INTO block (machine, spool, first_sequence, boot, monotonic_ms, row_count, skip_rows, schema_hash, from_ms, to_ms, span_ms, bytes)
       VALUES (@machine, @spool, @firstSequence, @bootNumber, @monotonicStartMs, @rowCount, @skipRows, @schemaHash, @fromMs, @toMs, @spanMs, @bytes)`,
    ),
    setAside: db.prepare(
      'INSERT INTO set_aside (machine, spool, first_sequence, row_count, reason, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    addGap: db.prepare(
      'INSERT INTO gap (machine, spool, first_sequence, next_sequence, reason) VALUES (?, ?, ?, ?, ?)',
    ),
    anchors: db.prepare(
      'SELECT monotonic_ms AS monotonicMs, utc_ms AS utcMs, error_ms AS errorMs FROM anchor WHERE machine = ? AND spool = ? AND boot = ? ORDER BY monotonic_ms',
    ),
    addAnchor: db.prepare(
      'INSERT OR REPLACE INTO anchor (machine, spool, boot, monotonic_ms, utc_ms, error_ms) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    dropAnchor: db.prepare(
      'DELETE FROM anchor WHERE machine = ? AND spool = ? AND boot = ? AND monotonic_ms = ?',
    ),
    newestFirst: db.prepare(
      'SELECT rowid AS id, boot, monotonic_ms, span_ms FROM block WHERE machine = ? AND spool = ? ORDER BY first_sequence DESC',
    ),
    redate: db.prepare('UPDATE block SET from_ms = ?, to_ms = ? WHERE rowid = ?'),
    // By their ends: a block that overlaps earlier ones begins before the rows that it is kept for.
    blocks: db.prepare(
      'SELECT * FROM block WHERE machine = ? AND to_ms >= ? AND from_ms < ? ORDER BY to_ms, first_sequence',
    ),
    blockBefore: db.prepare(
      'SELECT * FROM block WHERE machine = ? AND to_ms < ? ORDER BY to_ms DESC LIMIT 1',
    ),
    blockAfter: db.prepare(
      'SELECT * FROM block WHERE machine = ? AND to_ms >= ? AND from_ms >= ? ORDER BY to_ms LIMIT 1',
    ),
    blockSpans: db.prepare(
      'SELECT rowid AS id, from_ms AS fromMs FROM block WHERE machine = ? AND to_ms >= ? AND from_ms < ? ORDER BY to_ms, first_sequence',
    ),
    blockById: db.prepare('SELECT * FROM block WHERE rowid = ?'),
    lastBlock: db.prepare(
      'SELECT * FROM block WHERE machine = ? AND from_ms IS NOT NULL ORDER BY to_ms DESC LIMIT 1',
    ),
    gapBetween: db
      .prepare(
        'SELECT reason FROM gap WHERE machine = ? AND spool = ? AND first_sequence >= ? AND next_sequence <= ? LIMIT 1',
      )
      .pluck(),
    undatedBoots: db.prepare(
      `SELECT spool, boot AS bootNumber, min(first_sequence) AS first, max(first_sequence - skip_rows + row_count) AS next,
         sum(row_count - skip_rows) AS rows, max(monotonic_ms + span_ms) - min(monotonic_ms) AS spanMs, min(monotonic_ms) AS firstMs
       FROM block INDEXED BY block_undated WHERE machine = ? AND from_ms IS NULL GROUP BY spool, boot ORDER BY spool, first`,
    ),
    undatedIds: db
      .prepare(
        `SELECT rowid FROM block INDEXED BY block_undated
         WHERE machine = ? AND spool = ? AND boot = ? AND from_ms IS NULL ORDER BY first_sequence`,
      )
      .pluck(),
    previousInSpool: db.prepare(
      'SELECT boot, to_ms AS atMs FROM block WHERE machine = ? AND spool = ? AND first_sequence < ? ORDER BY first_sequence DESC LIMIT 1',
    ),
    nextInSpool: db.prepare(
      'SELECT boot, from_ms AS atMs FROM block WHERE machine = ? AND spool = ? AND first_sequence >= ? ORDER BY first_sequence LIMIT 1',
    ),
    usage: db.prepare(
      'SELECT coalesce(sum(length(bytes)), 0) AS blockBytes, coalesce(sum(row_count - skip_rows), 0) AS rows FROM block WHERE machine = ? AND to_ms >= ?',
    ),
    conditions: db.prepare('SELECT conditions FROM machine WHERE id = ?').pluck(),
    setConditions: db.prepare('UPDATE machine SET conditions = ? WHERE id = ?'),
    addJournal: db.prepare(
      'INSERT INTO journal (machine, at_ms, kind, channel, facts) VALUES (?, ?, ?, ?, ?)',
    ),
    lastLinkNews: db
      .prepare(
        "SELECT kind FROM journal WHERE machine = ? AND kind IN ('edge-connected', 'edge-disconnected') ORDER BY at_ms DESC, rowid DESC LIMIT 1",
      )
      .pluck(),
    journal: db.prepare(
      'SELECT at_ms AS atMs, kind, channel, facts FROM journal WHERE machine = ? AND at_ms < ? ORDER BY at_ms DESC, rowid DESC LIMIT ?',
    ),
  };
  const meanings = new Meanings(db);
  const schemaOf = (hash: string): MachineSchema | null => meanings.schema(hash);
  const boots = new Map<string, readonly AnchorPoint[]>();
  let waiting: Waiting[] = [];
  let closed = false;
  // Changes when another connection commits to the file, and costs no look at it.
  const dataVersion = (): number => Number(db.pragma('data_version', { simple: true }));
  let seenVersion = dataVersion();

  const anchorsOf = (machine: string, spool: string, boot: number): readonly AnchorPoint[] => {
    const key = `${machine}/${spool}/${boot}`;
    const known = boots.get(key);
    if (known !== undefined) return known;
    const anchors = sql.anchors.all(machine, spool, boot) as AnchorPoint[];
    boots.set(key, anchors);
    return anchors;
  };
  /** Blocks of a boot that end after an instant of it; a year of blocks before it is not read. */
  const blocksSince = (machine: string, spool: string, boot: number, sinceMs: number) => {
    const found: { id: number; monotonic_ms: number; span_ms: number }[] = [];
    for (const row of sql.newestFirst.iterate(machine, spool)) {
      const block = row as (typeof found)[number] & { boot: number };
      if (block.boot > boot) continue;
      if (block.boot < boot || block.monotonic_ms + block.span_ms < sinceMs) break;
      found.push(block);
    }
    return found;
  };
  const markOf = (machine: string, spool: string): number => Number(sql.mark.get(machine, spool) ?? 0);

  const addEntries = (machine: string, entries: readonly JournalEntry[]): void => {
    for (const { atMs, kind, channel, facts } of entries) {
      sql.addJournal.run(machine, atMs, kind, channel, JSON.stringify(facts));
    }
  };

  const neighbour = (of: typeof sql.nextInSpool, machine: string, spool: string, sequence: number) =>
    of.get(machine, spool, sequence) as Neighbour | undefined;

  const undatedBoots = (machine: string): FoundUndated[] => {
    const found = sql.undatedBoots.all(machine) as (Omit<FoundUndated, 'boot'> & UndatedBoot)[];
    const boots = found.map(({ first, next, firstMs, spool, bootNumber, rows, spanMs }) => ({
      first,
      next,
      firstMs,
      boot: { spool, bootNumber, rows, spanMs, afterMs: null, beforeMs: null } as Bounded,
    }));
    // Where the neighbour has no date either it is the boot beside it in the list, whose bound is this one's too.
    for (const [i, { boot, first }] of boots.entries()) {
      const beside = neighbour(sql.previousInSpool, machine, boot.spool, first);
      const shared = boots[i - 1]?.boot;
      boot.afterMs = beside?.atMs ?? (beside && shared?.spool === boot.spool ? shared.afterMs : null);
    }
    for (const [i, { boot, next }] of [...boots.entries()].reverse()) {
      const beside = neighbour(sql.nextInSpool, machine, boot.spool, next);
      const shared = boots[i + 1]?.boot;
      boot.beforeMs = beside?.atMs ?? (beside && shared?.spool === boot.spool ? shared.beforeMs : null);
    }
    return boots;
  };

  const appendOne = (block: IncomingBlock): AppendResult => {
    const { machine, spool, firstSequence, rowCount } = block;
    const mark = markOf(machine, spool);
    const next = firstSequence + rowCount;
    if (next <= mark) return { kind: 'duplicate', nextSequence: mark };
    if (firstSequence > mark) return { kind: 'out-of-order', nextSequence: mark };
    const decoded = decodeIncoming(block, meanings);
    sql.setMark.run(machine, spool, next);
    if (!decoded.ok) {
      sql.setAside.run(machine, spool, firstSequence, rowCount, decoded.reason, block.block);
      return { kind: 'set-aside', nextSequence: next, reason: decoded.reason };
    }
    const anchors = anchorsOf(machine, spool, block.bootNumber);
    const fromMs = dateOf(anchors, block.monotonicStartMs);
    const toMs = dateOf(anchors, block.monotonicStartMs + decoded.spanMs);
    const before = fromMs === null ? undefined : neighbour(sql.previousInSpool, machine, spool, mark);
    const bounds = before !== undefined && before.atMs === null && before.boot !== block.bootNumber;
    sql.addBlock.run({
      machine,
      spool,
      // Of its first new row: an overlapping block may start where a stored one does.
      firstSequence: mark,
      rowCount,
      bootNumber: block.bootNumber,
      monotonicStartMs: block.monotonicStartMs,
      skipRows: mark - firstSequence,
      schemaHash: decoded.schemaHash,
      fromMs,
      toMs,
      spanMs: decoded.spanMs,
      bytes: block.block,
    });
    const rows =
      fromMs === null || toMs === null ? [] : rowsOf(decoded.rows, fromMs, toMs, mark - firstSequence);
    const undated = !bounds
      ? []
      : undatedBoots(machine)
          .map(({ boot }) => boot)
          .filter((boot) => boot.spool === spool && boot.beforeMs === fromMs);
    return { kind: 'stored', nextSequence: next, fromMs, toMs, rows, schema: decoded.schema, undated };
  };

  /** One transaction for whatever waits; answers only after it is durable. */
  const commit = (batch: readonly Waiting[]): void => {
    let results: AppendResult[];
    try {
      results = db.transaction(() => batch.map(({ block }) => appendOne(block)))();
    } catch (error) {
      // One that the database refuses must not take the others with it.
      if (batch.length > 1) {
        for (const one of batch) commit([one]);
        return;
      }
      for (const { reject } of batch) reject(error);
      return;
    }
    batch.forEach(({ resolve }, i) => {
      const result = results[i];
      if (result !== undefined) resolve(result);
    });
  };
  const commitWaiting = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) commit(batch);
  };

  /** Rows of a stored block, oldest first, on its boot's clock; only `channels` decoded. */
  const decodeStored = (row: BlockRow, channels: readonly string[]) => {
    const schema = schemaOf(row.schema_hash);
    if (schema === null) return null;
    const indexes = channels.map((id) => schema.channels.findIndex((channel) => channel.id === id));
    const decoded = decodeBlock(row.bytes, codecSchema(schema), {
      columns: indexes.filter((index) => index >= 0),
      prior: (tag) => meanings.prior(row.machine, tag),
    });
    if (!decoded.ok) return null;
    const columns = indexes.map((index) => (index < 0 ? null : (decoded.value.columns[index] ?? null)));
    const value = (column: number, i: number): number | string | null => sampleAt(columns[column], i);
    const { timesMs } = decoded.value;
    return { first: row.skip_rows, count: row.row_count, timesMs, value };
  };
  /** The same with their instants; `null` too for one without a date. */
  const readBlock = (row: BlockRow, channels: readonly string[]) => {
    const block = row.from_ms === null ? null : decodeStored(row, channels);
    if (block === null || row.from_ms === null) return null;
    return { ...block, at: rowDates(block.timesMs, row.from_ms, row.to_ms ?? row.from_ms) };
  };

  return {
    machines: () => sql.machines.all().flatMap((row) => machineOf(row) ?? []),
    machine: (id) => machineOf(sql.machine.get(id)),
    createMachine: async ({ id, name, site, timeZone, intervalMs }) => {
      sql.addMachine.run(id, name, site, timeZone, intervalMs);
    },
    setPublicKey: async (machine, publicKey, edgePins) => {
      db.transaction(() => {
        sql.setKey.run(publicKey, JSON.stringify(edgePins), machine);
        sql.dropBoots.run(machine);
      })();
    },
    replacePublicKey: async (machine, from, to) => sql.replaceKey.run(to, machine, from).changes === 1,
    revoke: async (machine) => {
      db.transaction(() => {
        sql.revoke.run(machine);
        sql.dropCodes.run(machine);
      })();
    },
    changeSettings: async (id, change) =>
      db
        .transaction(() => {
          const machine = machineOf(sql.machine.get(id));
          const changed = machine === null ? null : change(machine.settings);
          if (changed === null) return null;
          const { intervalMs, dataBudgetMb, channels } = changed;
          sql.setSettings.run(intervalMs, dataBudgetMb, JSON.stringify(channels), id);
          return changed;
        })
        .immediate(),
    boots: (machine) =>
      (sql.boots.all(machine) as (Omit<MetBoot, 'refused'> & { refused: number })[]).map((boot) => ({
        ...boot,
        refused: boot.refused === 1,
      })),
    putBoot: async (machine, { spool, number, id, refused }) => {
      sql.addBoot.run({ machine, spool, number, id, refused: refused ? 1 : 0 });
    },
    putEdgeAnswer: async (machine, answer, edgePins) => {
      sql.setEdgeAnswer.run(JSON.stringify(answer), JSON.stringify(edgePins), machine);
    },
    noteLinkKey: async (pin, atMs) => {
      sql.noteLinkKey.run(pin, atMs);
    },
    changedElsewhere: () => {
      const version = dataVersion();
      const changed = version !== seenVersion;
      seenVersion = version;
      return changed;
    },
    putEnrolmentCode: async (machine, codeSha256, expiresMs) => {
      sql.addCode.run(codeSha256, machine, expiresMs);
    },
    takeEnrolmentCode: async (codeSha256, nowMs) => {
      const taken = sql.takeCode.get(codeSha256) as { machine: string; expires_ms: number } | undefined;
      return taken === undefined || taken.expires_ms < nowMs ? null : taken.machine;
    },
    hasSchema: (hash) => schemaOf(hash) !== null,
    schema: schemaOf,
    putSchema: async (machine, hash, schema) => meanings.putSchema(machine, hash, schema),
    setMachineSchema: async (machine, hash) => {
      meanings.nameSchema(machine, hash);
      sql.setSchema.run(hash, machine);
    },
    hasPrior: (machine, hash) => meanings.hasPrior(machine, hash),
    putPrior: async (machine, hash, schemaHash, bytes) => meanings.putPrior(machine, hash, schemaHash, bytes),
    nextSequence: markOf,
    lastRowOf: (machine, spool) => {
      const row = sql.newestBlock.get(machine, spool) as (BlockRow & { span_ms: number }) | undefined;
      if (row === undefined) return null;
      const next = row.first_sequence + row.row_count - row.skip_rows;
      if (next !== markOf(machine, spool)) return null;
      return { bootNumber: row.boot, monotonicMs: row.monotonic_ms + row.span_ms };
    },
    append: (block) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new Error('the store is closed'));
          return;
        }
        waiting.push({ block, resolve, reject });
        if (waiting.length === 1) soon(commitWaiting);
      }),
    appendGap: async ({ machine, spool, firstSequence, nextSequence, reason }) => {
      commitWaiting();
      const mark = markOf(machine, spool);
      if (firstSequence > mark || nextSequence <= mark) return { nextSequence: mark };
      db.transaction(() => {
        sql.addGap.run(machine, spool, mark, nextSequence, reason);
        sql.setMark.run(machine, spool, nextSequence);
      })();
      return { nextSequence };
    },
    putAnchor: async ({ machine, spool, bootNumber, monotonicMs, utcMs, errorMs }) => {
      commitWaiting();
      const anchors = anchorsOf(machine, spool, bootNumber);
      const verdict = weighAnchor(anchors, { monotonicMs, utcMs, errorMs });
      if (verdict.kind !== 'kept') return;
      db.transaction(() => {
        for (const dropped of anchors.filter((other) => !verdict.anchors.includes(other))) {
          sql.dropAnchor.run(machine, spool, bootNumber, dropped.monotonicMs);
        }
        sql.addAnchor.run(machine, spool, bootNumber, monotonicMs, utcMs, errorMs);
        for (const { id, monotonic_ms, span_ms } of blocksSince(
          machine,
          spool,
          bootNumber,
          changedSinceMs(anchors, verdict.anchors),
        )) {
          sql.redate.run(
            dateOf(verdict.anchors, monotonic_ms),
            dateOf(verdict.anchors, monotonic_ms + span_ms),
            id,
          );
        }
      })();
      boots.set(`${machine}/${spool}/${bootNumber}`, verdict.anchors);
    },
    date: (machine, spool, boot, monotonicMs) => dateOf(anchorsOf(machine, spool, boot), monotonicMs),

    lastRow: (machine) => {
      const row = sql.lastBlock.get(machine) as BlockRow | undefined;
      const schema = row === undefined ? null : schemaOf(row.schema_hash);
      if (row === undefined || schema === null) return null;
      const block = readBlock(
        row,
        schema.channels.map(({ id }) => id),
      );
      if (block === null) return null;
      const i = block.count - 1;
      return { atMs: block.at(i), values: schema.channels.map((_, c) => block.value(c, i)) };
    },
    chart: async ({ machine, channels, fromMs, toMs, width }) => {
      const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / width));
      const buckets = channels.map(() => new Buckets(fromMs, toMs, bucketMs));
      const schemaHash = machineOf(sql.machine.get(machine))?.schemaHash ?? null;
      const schema = schemaHash === null ? null : schemaOf(schemaHash);
      const cutMs = schema?.cutMs ?? 3_600_000;
      const gaps: ChartGap[] = [];
      // The row before the range and the one after it, so that gaps across its ends are found however long they are.
      const left = sql.blockBefore.get(machine, fromMs) as BlockRow | undefined;
      const right = sql.blockAfter.get(machine, toMs, toMs) as BlockRow | undefined;
      let before: { readonly atMs: number; readonly row: BlockRow } | null =
        left === undefined ? null : { atMs: left.to_ms ?? 0, row: left };
      const gapReason = (from: BlockRow, to: BlockRow): string | null => {
        // A spool that follows a damaged one begins with a gap.
        if (from.spool !== to.spool) {
          return (sql.gapBetween.get(machine, to.spool, 0, to.first_sequence) ?? null) as string | null;
        }
        const next = from.first_sequence - from.skip_rows + from.row_count;
        const declared = sql.gapBetween.get(machine, from.spool, next, to.first_sequence);
        if (typeof declared === 'string') return declared;
        if (from.boot === to.boot) return null;
        return neighbour(sql.previousInSpool, machine, to.spool, to.first_sequence)?.atMs === null
          ? 'undated'
          : 'edge-off';
      };
      const cut = (atMs: number, row: BlockRow): void => {
        if (before !== null && atMs - before.atMs > cutMs && atMs > fromMs && before.atMs < toMs) {
          gaps.push({ fromMs: before.atMs, toMs: atMs, reason: gapReason(before.row, row) });
        }
        if (before === null || atMs > before.atMs) before = { atMs, row };
      };
      for (const item of sql.blocks.iterate(machine, fromMs, toMs)) {
        const row = item as BlockRow;
        const block = readBlock(row, channels);
        if (block === null) continue;
        for (let i = block.first; i < block.count; i++) {
          const atMs = block.at(i);
          cut(atMs, row);
          for (let c = 0; c < buckets.length; c++) {
            const value = block.value(c, i);
            if (typeof value === 'number') buckets[c]?.add(atMs, value);
          }
        }
      }
      if (right !== undefined) cut(right.from_ms ?? 0, right);
      const decimalsOf = (id: string) => schema?.channels.find((one) => one.id === id)?.decimals ?? null;
      return {
        machine,
        fromMs,
        toMs,
        bucketMs,
        series: channels.flatMap((id, c) => buckets[c]?.series(id, decimalsOf(id)) ?? []),
        gaps,
      };
    },
    rows: async function* ({ machine, channels, fromMs, toMs }) {
      // Block by block by name: an open query would keep others off the connection, all bytes at once the memory.
      const spans = sql.blockSpans.all(machine, fromMs, toMs) as { id: number; fromMs: number }[];
      // Blocks of two spools may overlap: a row is given once no later block begins before it.
      const beginsMs = spans.map(({ fromMs: beginMs }) => beginMs);
      for (let i = beginsMs.length - 2; i >= 0; i--)
        beginsMs[i] = Math.min(beginsMs[i] ?? 0, beginsMs[i + 1] ?? Number.POSITIVE_INFINITY);
      let held: RowView[] = [];
      for (const [k, { id }] of spans.entries()) {
        const row = sql.blockById.get(id) as BlockRow | undefined;
        const block = row === undefined ? null : readBlock(row, channels);
        for (let i = block?.first ?? 0; block !== null && i < block.count; i++) {
          const atMs = block.at(i);
          if (atMs < fromMs || atMs >= toMs) continue;
          held.push({ atMs, values: channels.map((_, c) => block.value(c, i)) });
        }
        held.sort((one, other) => one.atMs - other.atMs);
        const nextMs = beginsMs[k + 1] ?? Number.POSITIVE_INFINITY;
        yield* held.filter(({ atMs }) => atMs < nextMs);
        held = held.filter(({ atMs }) => atMs >= nextMs);
      }
    },
    undated: (machine) => undatedBoots(machine).map(({ boot }) => boot),
    undatedRows: async function* (machine, channels) {
      for (const { boot, firstMs } of undatedBoots(machine)) {
        for (const id of sql.undatedIds.all(machine, boot.spool, boot.bootNumber) as number[]) {
          const row = sql.blockById.get(id) as BlockRow | undefined;
          // It may have got its date meanwhile.
          const block = row === undefined || row.from_ms !== null ? null : decodeStored(row, channels);
          if (row === undefined || block === null) continue;
          const startMs = row.monotonic_ms - firstMs - (block.timesMs[0] ?? 0);
          for (let i = block.first; i < block.count; i++) {
            yield {
              boot,
              sinceFirstMs: startMs + (block.timesMs[i] ?? 0),
              values: channels.map((_, c) => block.value(c, i)),
            };
          }
        }
      }
    },
    monthUsage: (machine, nowMs) => {
      const now = new Date(nowMs);
      const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
      return sql.usage.get(machine, start) as { blockBytes: number; rows: number };
    },
    addJournal: async (machine, entries) => {
      db.transaction(() => addEntries(machine, entries))();
    },
    conditions: (machine) => (sql.conditions.get(machine) ?? null) as string | null,
    addChanges: async (machine, entries, conditions) => {
      db.transaction(() => {
        addEntries(machine, entries);
        sql.setConditions.run(conditions, machine);
      })();
    },
    lastLinkNews: (machine) => (sql.lastLinkNews.get(machine) ?? null) as ReturnType<Store['lastLinkNews']>,
    journal: (machine, beforeMs, count) =>
      sql.journal.all(machine, beforeMs, count).map((row) => {
        const entry = row as Omit<JournalEntry, 'facts'> & { facts: string };
        return { ...entry, facts: JSON.parse(entry.facts) as JournalEntry['facts'] };
      }),
    close: async () => {
      commitWaiting();
      closed = true;
      db.close();
    },
  };
}

function machineOf(row: unknown): MachineRecord | null {
  if (row === undefined) return null;
  const r = row as Record<string, string | number | null>;
  return {
    id: String(r.id),
    name: String(r.name),
    site: String(r.site),
    timeZone: String(r.time_zone),
    publicKey: r.public_key === null ? null : String(r.public_key),
    revoked: r.revoked === 1,
    settings: {
      intervalMs: Number(r.interval_ms),
      dataBudgetMb: r.data_budget_mb === null ? null : Number(r.data_budget_mb),
      channels: overridesOf(String(r.overrides)),
    },
    edgeAnswer: r.edge_answer === null ? null : (JSON.parse(String(r.edge_answer)) as EdgeAnswer),
    edgePins: JSON.parse(String(r.edge_pins)) as string[],
    schemaHash: r.schema_hash === null ? null : String(r.schema_hash),
    retired: r.retired === 1,
  };
}

/** What another program wrote there and no override is, is none. */
function overridesOf(json: string): MachineSettings['channels'] {
  if (json === '{}') return {};
  try {
    return channelOverrides.parse(JSON.parse(json));
  } catch {
    return {};
  }
}

type CheckedBlock =
  | {
      readonly ok: true;
      readonly spanMs: number;
      readonly schemaHash: string;
      readonly schema: MachineSchema;
      readonly rows: DecodedRows;
    }
  | { readonly ok: false; readonly reason: string };

/** A block is checked whole before it is acknowledged: what cannot be read later must be known now. */
function decodeIncoming(block: IncomingBlock, meanings: Meanings): CheckedBlock {
  const header = readBlockHeader(block.block);
  if (!header.ok) return { ok: false, reason: header.error.message };
  const { rowCount } = header.value;
  if (rowCount !== block.rowCount) {
    return { ok: false, reason: `${rowCount} rows, ${block.rowCount} announced` };
  }
  const meaning = meanings.of(block.machine, header.value);
  if (!meaning.ok) return meaning;
  const { schemaHash, schema, prior } = meaning;
  const samples = rowCount * schema.channels.length;
  if (samples > MOST_SAMPLES) return { ok: false, reason: `${samples} samples, ${MOST_SAMPLES} at most` };
  const decoded = decodeBlock(block.block, codecSchema(schema), { prior: () => prior });
  if (!decoded.ok) return { ok: false, reason: decoded.error.message };
  const rows = decoded.value;
  if (rows.timesMs.some((timeMs, i) => i > 0 && timeMs <= (rows.timesMs[i - 1] ?? 0))) {
    return { ok: false, reason: 'its rows are not in increasing time' };
  }
  const spanMs = (rows.timesMs[rows.rowCount - 1] ?? 0) - (rows.timesMs[0] ?? 0);
  return { ok: true, spanMs, schemaHash, schema, rows };
}

function rowsOf(decoded: DecodedRows, fromMs: number, toMs: number, skip: number): RowView[] {
  const at = rowDates(decoded.timesMs, fromMs, toMs);
  return Array.from({ length: decoded.rowCount - skip }, (_, k) => ({
    atMs: at(skip + k),
    values: decoded.columns.map((column) => sampleAt(column, skip + k)),
  }));
}
