// Years of a machine in a data folder: the blocks of some recorded days are stored again and again at later instants, then
// sealed by the product's own sealer. A block's times count from its boot, and the anchor dates that, so its bytes are
// those of any day. What is left out is what the gateway would have done: TLS, and decoding each block to check it, which
// is done once for each that was recorded. The second machine has the same rows under another name.
// Not here: charts of it (bench.ts).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Outcome } from '@vigie/config';
import { appendAll, type CheckedBlock, checkBlock } from '../../packages/server/src/store/append.ts';
import { Meanings } from '../../packages/server/src/store/meanings.ts';
import { ARCHIVE_MIGRATIONS, MIGRATIONS } from '../../packages/server/src/store/migrations.ts';
import { openDatabases, openSealer, openStore, type Place } from '../../packages/server/src/store/open.ts';
import { connect } from '../../packages/server/src/store/sqlite-database.ts';
import { folderBytes } from '../fleet/fleet-data.ts';
import { BLOCK_MS, BLOCK_ROWS } from '../fleet/recording.ts';
import type { History } from './history.ts';

const SPOOL = '00000000000000aa';
const HOUR_BLOCKS = 60;
const HOUR_MS = HOUR_BLOCKS * BLOCK_MS;
/** Hours that wait for the sealer at once, and blocks of a transaction. */
const ROUND_HOURS = 240;
const TRANSACTION_BLOCKS = 480;
const OFFSET_MS = 500;
/** Under the machine, in the hot file; in a month's file there are others. */
const HOT_TABLES = ['machine_schema', 'prior', 'spool', 'anchor', 'extent', 'usage', 'block', 'dirty'];
const ARCHIVE_TABLES = ['chunk', 'rollup'];

export interface LongHistory {
  readonly machines: readonly [string, string];
  readonly fromMs: number;
  readonly toMs: number;
  readonly sealedHours: number;
  /** Of one machine, with what an empty folder takes. */
  readonly bytes: number;
  readonly rowCount: number;
  readonly buildSeconds: number;
}

export interface LongHistoryOptions {
  readonly folder: string;
  readonly history: History;
  readonly hours: number;
  readonly say: (message: string) => void;
}

/** That of an earlier run if the folder has one; else it is built there. */
export async function longHistoryIn(options: LongHistoryOptions): Promise<Outcome<LongHistory>> {
  const { folder, hours, say } = options;
  const note = join(folder, 'built.json');
  if (existsSync(note)) {
    const built = JSON.parse(readFileSync(note, 'utf8')) as LongHistory;
    if (built.sealedHours !== hours) {
      const message = `${folder} has ${built.sealedHours} hours of a machine, not ${hours}: name another folder`;
      return { ok: false, message };
    }
    say(`${hours} hours of a machine are there from an earlier run`);
    return { ok: true, value: built };
  }
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    return {
      ok: false,
      message: `${folder} has something else in it: name a folder that is empty or not there`,
    };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  say(`${hours} hours of a machine are built`);
  const built = await buildLongHistory(options);
  writeFileSync(note, JSON.stringify(built));
  return { ok: true, value: built };
}

async function buildLongHistory(options: LongHistoryOptions): Promise<LongHistory> {
  const startMs = performance.now();
  const { folder, history, hours, say } = options;
  const { recording, toMs } = history;
  const [first, second] = history.machines;
  if (first === undefined || second === undefined) throw new Error('two machines');
  const place: Place = { folder, database: null };
  const fromMs = toMs - hours * HOUR_MS + OFFSET_MS;
  const store = await openStore(place, Date.now);
  for (const { id } of [first, second]) {
    await store.createMachine({
      id,
      name: id,
      site: 'Site 1',
      timeZone: 'Europe/Paris',
      intervalMs: BLOCK_MS,
    });
    await store.putSchema(id, recording.schemaHash, recording.schema);
    await store.setMachineSchema(id, recording.schemaHash);
  }
  await store.putPrior(first.id, first.prior.hash, recording.schemaHash, first.prior.bytes);
  await store.putAnchor({
    machine: first.id,
    spool: SPOOL,
    bootNumber: 1,
    monotonicMs: 0,
    utcMs: fromMs,
    errorMs: 1,
  });
  await store.close();

  const { hot, archive } = await openDatabases(place);
  const meanings = new Meanings(hot);
  const checked: CheckedBlock[] = [];
  for (let k = 0; k < recording.blockCount; k++) {
    checked.push(
      await checkBlock(
        {
          machine: first.id,
          spool: SPOOL,
          bootNumber: 1,
          firstSequence: 0,
          monotonicStartMs: 0,
          rowCount: BLOCK_ROWS,
          block: recording.block(k, first.prior),
        },
        meanings,
      ),
    );
  }
  const blockAt = (k: number): CheckedBlock => {
    const known = checked[k % checked.length];
    if (known === undefined) throw new Error('a recording has at least one block');
    const incoming = { ...known.incoming, firstSequence: k * BLOCK_ROWS, monotonicStartMs: k * BLOCK_MS };
    return { ...known, incoming };
  };
  const { sealer, close } = await openSealer(place, () => Date.now() + HOUR_MS);
  const blocks = hours * HOUR_BLOCKS;
  for (let k = 0; k < blocks; ) {
    for (const end = Math.min(blocks, k + ROUND_HOURS * HOUR_BLOCKS); k < end; ) {
      const batch = Array.from({ length: Math.min(TRANSACTION_BLOCKS, end - k) }, () => blockAt(k++));
      const results = await hot.transaction((sql) => appendAll(sql, archive, batch, Date.now()));
      const refused = results.find(({ kind }) => kind !== 'stored');
      if (refused !== undefined) throw new Error(`a block is ${refused.kind}`);
    }
    while ((await sealer.round()) > 0) await setImmediate();
    await hot.tidy();
    say(`${Math.round(k / HOUR_BLOCKS / 24)} of ${Math.round(hours / 24)} days are stored and sealed`);
  }
  await close();
  await archive.close();
  await hot.close();
  const bytes = folderBytes(folder);
  copyMachine(folder, first.id, second.id);
  return {
    machines: [first.id, second.id],
    fromMs,
    toMs,
    sealedHours: hours,
    bytes,
    rowCount: blocks * BLOCK_ROWS,
    buildSeconds: (performance.now() - startMs) / 1000,
  };
}

/** Gives a second machine all that the first one has. */
function copyMachine(folder: string, from: string, to: string): void {
  const archive = join(folder, 'archive');
  const files = readdirSync(archive).filter((name) => name.endsWith('.db'));
  for (const { file, migrations, tables } of [
    { file: join(folder, 'vigie.db'), migrations: MIGRATIONS, tables: HOT_TABLES },
    ...files.map((name) => ({
      file: join(archive, name),
      migrations: ARCHIVE_MIGRATIONS,
      tables: ARCHIVE_TABLES,
    })),
  ]) {
    const db = connect(file, migrations);
    for (const table of tables) {
      const columns = (db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
      const values = columns.map((name) => (name === 'machine' ? '?' : name));
      db.prepare(
        `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM ${table} WHERE machine = ?`,
      ).run(to, from);
    }
    db.close();
  }
}
