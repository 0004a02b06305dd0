// The Store on SQL, whichever database is beneath: machines, settings, journal; blocks gathered for one commit.
// Invariants: whatever waits is committed in one transaction with the high-water marks, and only then answered; one
// block that the database refuses does not take the others with it. Not here: what a batch does (append.ts), reading
// (reader.ts, chart.ts), sealing (sealer.ts).
import { sampleAt } from '@vigie/codec';
import type { JournalEntry } from '@vigie/contract';
import { channelOverrides, type MachineSettings } from '@vigie/model';
import { alarmStore } from '../alarms/alarm-store.ts';
import { ringSpool } from '../alarms/sweep.ts';
import { addAnchor, anchorsOf, bendsDates, bootKeyOf } from './anchors.ts';
import { appendAll, type CheckedBlock, checkBlock, lockMarks } from './append.ts';
import { type Archive, monthOf } from './archive.ts';
import { readChart, readCoverage } from './chart.ts';
import { type Database, type Sql, StoreError } from './database.ts';
import { dateOf } from './dating.ts';
import { entryOf, limitNews, newsSince, type StoredEntry } from './journal-news.ts';
import { LongNodes } from './long-nodes.ts';
import { Meanings } from './meanings.ts';
import { noteStore } from './notes.ts';
import type { StoredBlock } from './pack.ts';
import { allPresent, presentOfMachine, redatePresent, withoutPresent } from './present.ts';
import { Reader } from './reader.ts';
import type {
  AppendResult,
  EdgeAnswer,
  IncomingBlock,
  LinkPins,
  MachineRecord,
  MetBoot,
  Store,
} from './store.ts';
import { undatedBoots } from './undated.ts';

/** Blocks of one transaction: what comes while it commits waits for the next. */
const MOST_TOGETHER = 500;
/** A database that cannot be reached is asked again for so long before what waits is refused: a standby takes over in less. */
const AWAY_MS = 60_000;
const AGAIN_MS = 500;

interface Waiting {
  readonly block: IncomingBlock;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface SqlStoreOptions {
  /** Brought up to its migrations. */
  readonly hot: Database;
  readonly archive: Archive;
  /** Runs `work` when what is under way now has been done, so that blocks gather for one commit. */
  readonly soon: (work: () => void) => void;
  /** Lets others have their turn while much is read. */
  readonly pause: () => Promise<void>;
  readonly restMs: (ms: number) => Promise<void>;
  readonly utcMs: () => number;
}

export function sqlStore({ hot: db, archive, soon, pause, restMs, utcMs }: SqlStoreOptions): Store {
  const meanings = new Meanings(db);
  const reader = new Reader({ hot: db, archive, meanings, pause });
  const longNodes = new LongNodes();
  const waiting: Waiting[] = [];
  let closed = false;
  /** Of all commits that were asked for. */
  let committing: Promise<void> = Promise.resolve();

  /** Again while the database is away: what it stored without saying so is not stored twice. */
  const appended = async (batch: readonly Waiting[]): Promise<AppendResult[]> => {
    for (let awayMs = 0; ; awayMs += AGAIN_MS) {
      try {
        const checked: CheckedBlock[] = [];
        for (const { block } of batch) checked.push(await checkBlock(block, meanings));
        return await db.transaction((sql) => appendAll(sql, archive, checked, utcMs()));
      } catch (error) {
        if (!db.isAway(error) || awayMs >= AWAY_MS || closed) throw error;
      }
      await restMs(AGAIN_MS);
    }
  };
  const commit = async (batch: readonly Waiting[]): Promise<void> => {
    let results: AppendResult[];
    try {
      results = await appended(batch);
    } catch (error) {
      if (db.isAway(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One that the database refuses must not take the others with it.
      if (batch.length > 1) {
        for (const one of batch) await commit([one]);
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
  /** Resolves when all that waits now is answered. */
  const commitWaiting = (): Promise<void> => {
    committing = committing.then(async () => {
      while (waiting.length > 0) await commit(waiting.splice(0, MOST_TOGETHER));
    });
    return committing;
  };

  /** Once, when present rows are first asked for: data of an earlier Vigie have none. */
  let completing: Promise<void> | null = null;
  const isComplete = (): Promise<void> => {
    completing ??= (async () => {
      for (const machine of await withoutPresent(db)) {
        await db.transaction((sql) => redatePresent(sql, archive, machine, Number.MAX_SAFE_INTEGER));
      }
    })().catch((error: unknown) => {
      completing = null;
      throw error;
    });
    return completing;
  };

  const addEntries = async (sql: Sql, machine: string, entries: readonly JournalEntry[]): Promise<void> => {
    await sql.insert(
      'journal',
      { machine: 'text', at_ms: 'bigint', kind: 'text', channel: 'text', facts: 'text' },
      entries.map(({ atMs, kind, channel, facts }) => ({
        machine,
        at_ms: atMs,
        kind,
        channel,
        facts: JSON.stringify(facts),
      })),
    );
  };
  const machineBy = async (sql: Sql, id: string) =>
    machineOf(await sql.get('SELECT * FROM machine WHERE id = $1', id));
  /** Rows before it may be gone. */
  const rawFrom = async (machine: string): Promise<number> => {
    const row = await db.get<{ raw_from_ms: number | null }>(
      'SELECT raw_from_ms FROM machine WHERE id = $1',
      machine,
    );
    return row?.raw_from_ms ?? Number.NEGATIVE_INFINITY;
  };

  return {
    ...noteStore(db, utcMs),
    ...alarmStore(db, utcMs),
    machines: async () =>
      (await db.all('SELECT * FROM machine ORDER BY id')).flatMap((row) => machineOf(row) ?? []),
    machine: (id) => machineBy(db, id),
    createMachine: async ({ id, name, site, timeZone, intervalMs }) => {
      await db.run(
        'INSERT INTO machine (id, name, site, time_zone, interval_ms) VALUES ($1, $2, $3, $4, $5)',
        id,
        name,
        site,
        timeZone,
        intervalMs,
      );
    },
    setPublicKey: async (machine, publicKey, edgePins) => {
      await db.transaction(async (sql) => {
        await sql.run(
          'UPDATE machine SET public_key = $1, revoked = 0, edge_answer = NULL, edge_pins = $2 WHERE id = $3',
          publicKey,
          JSON.stringify(edgePins),
          machine,
        );
        await sql.run('DELETE FROM boot WHERE machine = $1', machine);
      });
    },
    replacePublicKey: async (machine, from, to) =>
      (await db.run(
        'UPDATE machine SET public_key = $1 WHERE id = $2 AND public_key = $3',
        to,
        machine,
        from,
      )) === 1,
    revoke: async (machine) => {
      await db.transaction(async (sql) => {
        await sql.run('UPDATE machine SET public_key = NULL, revoked = 1 WHERE id = $1', machine);
        await sql.run('DELETE FROM enrolment_code WHERE machine = $1', machine);
      });
    },
    changeSettings: (id, change) =>
      db.transaction(async (sql) => {
        await sql.lock('machine', { id: 'text' }, [{ id }]);
        const machine = await machineBy(sql, id);
        const changed = machine === null ? null : change(machine.settings, machine.version);
        if (changed === null) return null;
        const { intervalMs, dataBudgetMb, channels, silentMs } = changed;
        await sql.run(
          'UPDATE machine SET interval_ms = $1, data_budget_mb = $2, overrides = $3, silent_ms = $4, version = version + 1 WHERE id = $5',
          intervalMs,
          dataBudgetMb,
          JSON.stringify(channels),
          silentMs ?? null,
          id,
        );
        return changed;
      }),
    changeMachine: async (id, version, { name, site, timeZone, retired }) => {
      const changed = await db.run(
        `UPDATE machine SET name = coalesce($1, name), site = coalesce($2, site), time_zone = coalesce($3, time_zone),
           retired = coalesce($4, retired), version = version + 1 WHERE id = $5 AND version = $6`,
        ...[name ?? null, site ?? null, timeZone ?? null, retired === undefined ? null : Number(retired)],
        ...[id, version],
      );
      return changed === 1 ? 'done' : 'changed';
    },
    setKeepDays: async (machine, keepDays) => {
      await db.run('UPDATE machine SET keep_days = $1 WHERE id = $2', keepDays, machine);
    },
    boots: async (machine) => {
      const rows = await db.all<Omit<MetBoot, 'refused'> & { refused: number }>(
        'SELECT spool, number, id, refused FROM boot WHERE machine = $1 ORDER BY met',
        machine,
      );
      return rows.map((boot) => ({ ...boot, refused: boot.refused === 1 }));
    },
    putBoot: async (machine, { spool, number, id, refused }) => {
      await db.run(
        `INSERT INTO boot (machine, spool, number, id, met, refused)
         VALUES ($1, $2, $3, $4, (SELECT coalesce(max(met), 0) + 1 FROM boot WHERE machine = $1), $5)
         ON CONFLICT (machine, spool, number, id) DO UPDATE SET refused = excluded.refused`,
        machine,
        spool,
        number,
        id,
        refused ? 1 : 0,
      );
    },
    putEdgeAnswer: async (machine, answer, edgePins) => {
      await db.run(
        'UPDATE machine SET edge_answer = $1, edge_pins = $2 WHERE id = $3',
        JSON.stringify(answer),
        JSON.stringify(edgePins),
        machine,
      );
    },
    noteLinkKeys: (pins, atMs) => noteLinkKeys(db, pins, atMs),
    agreeOnLinkKeys: async (pins, atMs) => {
      if (!db.isShared) return;
      const [active, spare] = pins;
      await db.transaction(async (sql) => {
        // Two first servers that start at once must not both find none.
        await sql.run('LOCK TABLE link_key IN SHARE ROW EXCLUSIVE MODE');
        const agreed = await sql.get<{ pin: string; spare_pin: string | null }>(
          'SELECT pin, spare_pin FROM link_key ORDER BY since_ms DESC LIMIT 1',
        );
        if (agreed?.pin === active && agreed.spare_pin === spare) return;
        // The spare that became the active key without a word: the power went while it was rotated.
        const isOurs = agreed === undefined || agreed.spare_pin === active;
        if (isOurs || (agreed.pin === active && agreed.spare_pin === null)) {
          return noteLinkKeys(sql, pins, atMs);
        }
        throw new StoreError(
          'other-link-key',
          "the link's keys in this data folder are not those of the other servers on this database: copy the folder keys from one of them, or edges will refuse this server",
        );
      });
    },
    changedElsewhere: () => db.changedElsewhere(),
    putEnrolmentCode: async (machine, codeSha256, expiresMs) => {
      await db.transaction(async (sql) => {
        await sql.run('DELETE FROM enrolment_code WHERE machine = $1', machine);
        await sql.run(
          'INSERT INTO enrolment_code (sha256, machine, expires_ms) VALUES ($1, $2, $3)',
          codeSha256,
          machine,
          expiresMs,
        );
      });
    },
    enrolmentCodes: async (nowMs) => {
      const rows = await db.all<{ machine: string; expires_ms: number }>(
        'SELECT machine, expires_ms FROM enrolment_code WHERE expires_ms > $1',
        nowMs,
      );
      return new Map(rows.map((row) => [row.machine, row.expires_ms]));
    },
    takeEnrolmentCode: async (codeSha256, nowMs) => {
      const taken = await db.get<{ machine: string; expires_ms: number }>(
        'DELETE FROM enrolment_code WHERE sha256 = $1 RETURNING machine, expires_ms',
        codeSha256,
      );
      return taken === undefined || taken.expires_ms < nowMs ? null : taken.machine;
    },
    hasSchema: async (hash) => (await meanings.schema(hash)) !== null,
    schema: (hash) => meanings.schema(hash),
    putSchema: (machine, hash, schema) => meanings.putSchema(machine, hash, schema),
    setMachineSchema: async (machine, hash) => {
      await meanings.nameSchema(machine, hash);
      await db.run('UPDATE machine SET schema_hash = $1 WHERE id = $2', hash, machine);
    },
    hasPrior: (machine, hash) => meanings.hasPrior(machine, hash),
    putPrior: (machine, hash, schemaHash, bytes) => meanings.putPrior(machine, hash, schemaHash, bytes),
    nextSequence: async (machine, spool) => (await spoolRow(db, machine, spool))?.next_sequence ?? 0,
    spoolEnd: async (machine, spool) => {
      const row = await spoolRow(db, machine, spool);
      if (row === undefined) return { nextSequence: 0, lastRow: null };
      const { next_sequence: nextSequence, last_boot: bootNumber, last_monotonic_ms: monotonicMs } = row;
      const lastRow = bootNumber === null || monotonicMs === null ? null : { bootNumber, monotonicMs };
      return { nextSequence, lastRow };
    },
    append: (block) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new Error('the store is closed'));
          return;
        }
        waiting.push({ block, resolve, reject });
        if (waiting.length === 1) soon(() => void commitWaiting());
      }),
    appendGap: async ({ machine, spool, firstSequence, nextSequence, reason }) => {
      await commitWaiting();
      return db.transaction(async (sql) => {
        const [row] = (await lockMarks(sql, [{ machine, spool }])).values();
        const mark = row?.next_sequence ?? 0;
        if (firstSequence > mark || nextSequence <= mark) return { nextSequence: mark };
        await sql.run(
          'INSERT INTO gap (machine, spool, first_sequence, next_sequence, reason) VALUES ($1, $2, $3, $4, $5)',
          machine,
          spool,
          mark,
          nextSequence,
          reason,
        );
        await sql.run(
          'UPDATE spool SET next_sequence = $1, last_boot = NULL, last_monotonic_ms = NULL WHERE machine = $2 AND spool = $3',
          nextSequence,
          machine,
          spool,
        );
        if (reason === 'spool-full' || reason === 'thinned') await ringSpool(sql, machine, utcMs());
        return { nextSequence };
      });
    },
    putAnchor: async (anchor) => {
      // Most agree with those before, and need no turn at the disk.
      if (!(await bendsDates(db, anchor))) return;
      await db.transaction((sql) => addAnchor(sql, archive, anchor, utcMs()));
    },
    date: async (machine, spool, boot, monotonicMs) => {
      const anchors = await anchorsOf(db, [{ machine, spool, boot }]);
      return dateOf(anchors.get(bootKeyOf(machine, spool, boot)) ?? [], monotonicMs);
    },

    lastRow: async (machine) => {
      await isComplete();
      return presentOfMachine(db, machine);
    },
    lastRows: async () => {
      await isComplete();
      return allPresent(db);
    },
    withUndated: async () => {
      const rows = await db.all<{ machine: string }>(
        'SELECT DISTINCT machine FROM block WHERE from_ms IS NULL',
      );
      return new Set(rows.map(({ machine }) => machine));
    },
    coverage: async (machine, fromMs, toMs) =>
      readCoverage(
        { hot: db, archive, meanings, reader, longNodes },
        machine,
        fromMs,
        toMs,
        await rawFrom(machine),
      ),
    chart: async (query) => {
      const machine = await machineBy(db, query.machine);
      const schema = machine?.schemaHash == null ? null : await meanings.schema(machine.schemaHash);
      const sources = { hot: db, archive, meanings, reader, longNodes };
      return readChart(sources, query, schema, await rawFrom(query.machine));
    },
    rows: ({ machine, channels, fromMs, toMs }) => reader.rows(machine, channels, fromMs, toMs),
    undated: async (machine) => (await undatedBoots(db, machine)).map(({ boot }) => boot),
    undatedRows: async function* (machine, channels) {
      for (const { boot, firstMs } of await undatedBoots(db, machine)) {
        const keys = await db.all<{ first_sequence: number }>(
          'SELECT first_sequence FROM block WHERE machine = $1 AND spool = $2 AND boot = $3 AND from_ms IS NULL ORDER BY first_sequence',
          machine,
          boot.spool,
          boot.bootNumber,
        );
        for (const { first_sequence } of keys) {
          // One that got its date meanwhile is not among them any more.
          const row = await db.get<StoredBlock>(
            'SELECT * FROM block WHERE machine = $1 AND spool = $2 AND first_sequence = $3 AND from_ms IS NULL',
            machine,
            boot.spool,
            first_sequence,
          );
          const block = row === undefined ? null : await reader.decode(row, channels);
          if (row === undefined || block === null) continue;
          const startMs = row.monotonic_ms - firstMs - (block.timesMs[0] ?? 0);
          for (let i = block.first; i < block.count; i++) {
            yield {
              boot,
              sinceFirstMs: startMs + (block.timesMs[i] ?? 0),
              values: channels.map((_, k) => sampleAt(block.columns[k], i)),
            };
          }
        }
      }
    },
    monthUsage: async (machine, nowMs) => {
      const row = await db.get<{ blockBytes: number; rows: number }>(
        'SELECT block_bytes AS "blockBytes", rows FROM usage WHERE machine = $1 AND month_ms = $2',
        machine,
        monthOf(nowMs),
      );
      return row ?? { blockBytes: 0, rows: 0 };
    },
    addJournal: (machine, entries) => db.transaction((sql) => addEntries(sql, machine, entries)),
    conditions: async (machine) => {
      const row = await db.get<{ conditions: string | null }>(
        'SELECT conditions FROM machine WHERE id = $1',
        machine,
      );
      return row?.conditions ?? null;
    },
    conditionsOf: async (machines) => {
      const rows = await db.find<{ id: string; conditions: string | null }>(
        'machine',
        { id: 'text' },
        machines.map((id) => ({ id })),
      );
      return new Map(
        rows.flatMap(({ id, conditions }) => (conditions === null ? [] : [[id, conditions] as const])),
      );
    },
    limitNews: (machine, fromMs) => limitNews(db, machine, fromMs),
    newsSince: (sinceMs) => newsSince(db, sinceMs),
    addChanges: (machine, entries, conditions) =>
      db.transaction(async (sql) => {
        await addEntries(sql, machine, entries);
        await sql.run('UPDATE machine SET conditions = $1 WHERE id = $2', conditions, machine);
      }),
    lastLinkNews: async (machine) => {
      const row = await db.get<{ kind: 'edge-connected' | 'edge-disconnected' }>(
        "SELECT kind FROM journal WHERE machine = $1 AND kind IN ('edge-connected', 'edge-disconnected') ORDER BY at_ms DESC, rowid DESC LIMIT 1",
        machine,
      );
      return row?.kind ?? null;
    },
    journal: async (machine, beforeMs, count, kind = null) => {
      const rows = await db.all<StoredEntry>(
        `SELECT at_ms AS "atMs", kind, channel, facts FROM journal WHERE machine = $1 AND at_ms < $2
         ${kind === null ? '' : 'AND kind = $4'} ORDER BY at_ms DESC, rowid DESC LIMIT $3`,
        machine,
        beforeMs,
        count,
        ...(kind === null ? [] : [kind]),
      );
      return rows.map(entryOf);
    },
    close: async () => {
      closed = true;
      await commitWaiting();
      await archive.close();
      await db.close();
    },
  };
}

async function noteLinkKeys(sql: Sql, [pin, spare]: LinkPins, atMs: number): Promise<void> {
  await sql.run('INSERT INTO link_key (pin, spare_pin, since_ms) VALUES ($1, $2, $3)', pin, spare, atMs);
}

interface SpoolRow {
  readonly next_sequence: number;
  readonly last_boot: number | null;
  readonly last_monotonic_ms: number | null;
}

function spoolRow(sql: Sql, machine: string, spool: string): Promise<SpoolRow | undefined> {
  return sql.get<SpoolRow>('SELECT * FROM spool WHERE machine = $1 AND spool = $2', machine, spool);
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
      ...(r.silent_ms == null ? {} : { silentMs: Number(r.silent_ms) }),
    },
    keepDays: r.keep_days === null ? null : Number(r.keep_days),
    edgeAnswer: r.edge_answer === null ? null : (JSON.parse(String(r.edge_answer)) as EdgeAnswer),
    edgePins: JSON.parse(String(r.edge_pins)) as string[],
    schemaHash: r.schema_hash === null ? null : String(r.schema_hash),
    retired: r.retired === 1,
    version: Number(r.version),
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
