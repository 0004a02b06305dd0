// What is kept of long nodes is what the file holds: a row that another connection or this one writes is seen at the next
// look, and one that is read from a file opened anew as well.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineSchemaSchema } from '@vigie/model';
import { afterAll, describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { LongNodes } from './long-nodes.ts';
import { Buckets } from './m4.ts';
import { ARCHIVE_MIGRATIONS } from './migrations.ts';
import { encodeRollup, intervalMsOf, type Level, nodeMsOf } from './rollup.ts';
import { ROLLUP } from './sealer.ts';
import { connect, sqliteDatabase } from './sqlite-database.ts';
import { addRow } from './upkeep.test-support.ts';

const LEVEL: Level = 256;
const folder = mkdtempSync(join(tmpdir(), 'vigie-long-nodes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  intervalMs: 1000,
  channels: [{ id: 'a', kind: 'number', names: { fr: 'a', en: 'a' }, decimals: 1 }],
});
const place = (atMs: number) => ({ atMs, spool: 's', sequence: 1, boot: 1 });
let made = 0;
const opened = (file: string): Database => sqliteDatabase(connect(file, ARCHIVE_MIGRATIONS));

async function write(db: Database, value: number): Promise<void> {
  const buckets = new Buckets(0, nodeMsOf(LEVEL), intervalMsOf(LEVEL));
  addRow(buckets, 5000, value);
  await db.insert(
    'rollup',
    ROLLUP,
    [
      {
        ...{ machine: 'M', level: LEVEL, from_ms: 0, schema_hash: 'h' },
        ends: JSON.stringify({ first: place(5000), last: place(5000), gaps: [] }),
        bytes: encodeRollup(schema, LEVEL, [buckets]),
      },
    ],
    'ON CONFLICT (machine, level, from_ms, schema_hash) DO UPDATE SET bytes = excluded.bytes',
  );
}

async function read(nodes: LongNodes, db: Database): Promise<number[]> {
  const values: number[] = [];
  for (const node of await nodes.between(db, 'M', LEVEL, 0, 1)) {
    node.each(schema, 0, (_, { max }) => values.push(max));
  }
  return values;
}

describe('long nodes', () => {
  it.each(['another connection', 'this one'])('are read again when %s wrote', async (who) => {
    const file = join(folder, `${made++}.db`);
    const [reader, other] = [opened(file), opened(file)];
    const writer = who === 'this one' ? reader : other;
    const nodes = new LongNodes();
    expect(await read(nodes, reader)).toEqual([]);
    for (const value of [1.5, 2.5, 3.5]) {
      await write(writer, value);
      expect(await read(nodes, reader)).toEqual([value]);
      expect(await read(nodes, reader)).toEqual([value]);
    }
    await reader.close();
    await other.close();
    const again = opened(file);
    await write(again, 9);
    expect(await read(nodes, again)).toEqual([9]);
    await again.close();
  });
});
