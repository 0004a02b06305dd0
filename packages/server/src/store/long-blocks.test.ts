// Blocks of hours that stay decoded: each hour's rollup is what it is without them, also where two spools tell of the same
// hours and after a block came again with other rows; and what is kept has an end.
import type { DecodedRows } from '@vigie/codec';
import { describe, expect, it } from 'vitest';
import { LongBlocks } from './long-blocks.ts';
import { Meanings } from './meanings.ts';
import { nodeOfRows } from './nodes.ts';
import type { StoredBlock } from './pack.ts';
import { Reader } from './reader.ts';
import { testDatabases } from './testing.ts';
import { append, hash, rowsFrom, SPOOL, startedAt } from './upkeep.test-support.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 9, 31, 20, 0, 0, 300);
const OTHER_SPOOL = '00000000000000bb';

const slowRows = (fromMs: number, count: number, seed: number) =>
  rowsFrom(0, count, seed).map((row, i) => ({ ...row, monotonicMs: fromMs + 10_000 * i }));

describe.each(testDatabases)('long blocks on $name', ({ fresh }) => {
  it('give each hour the rollup that it has when they are decoded each time', async () => {
    const test = await startedAt(fresh, START_MS);
    try {
      await test.store.putAnchor({
        ...{ machine: 'M', spool: OTHER_SPOOL, bootNumber: 1 },
        ...{ monotonicMs: 0, utcMs: START_MS, errorMs: 0 },
      });
      await append(test.store, slowRows(0, 5000, 1), { spool: SPOOL, perBlock: 2500 });
      await append(test.store, slowRows(2_345_000, 3000, 2), { spool: OTHER_SPOOL, perBlock: 1000 });
      for (const isSealed of [false, true]) {
        if (isSealed) {
          test.nowMs += 24 * HOUR_MS;
          await test.seal();
        }
        await test.beside(async (hot, archive) => {
          const parts = { hot, archive, meanings: new Meanings(hot), pause: async () => undefined };
          const plain = new Reader(parts);
          const keeping = new Reader({ ...parts, longBlocks: new LongBlocks() });
          const firstMs = Math.floor(START_MS / HOUR_MS) * HOUR_MS;
          let rows = 0;
          for (let hourMs = firstMs; hourMs < START_MS + 16 * HOUR_MS; hourMs += HOUR_MS) {
            const node = await nodeOfRows(keeping, 'M', hourMs);
            expect(node).toEqual(await nodeOfRows(plain, 'M', hourMs));
            for (const { buckets } of node.parts)
              for (const { count } of buckets[0]!.summaries()) rows += count;
          }
          expect(rows).toBe(8000);
        });
      }
    } finally {
      await test.dispose();
    }
  });
});

describe('what is kept', () => {
  const block = (firstSequence: number, bytes = 1, spanMs = HOUR_MS): StoredBlock => ({
    ...{ machine: 'M', spool: SPOOL, first_sequence: firstSequence, boot: 1, monotonic_ms: 0 },
    ...{ span_ms: spanMs, row_count: 1, skip_rows: 0, schema_hash: hash, from_ms: 0, to_ms: spanMs },
    bytes: Uint8Array.of(bytes),
  });
  const rows = (rowCount: number): DecodedRows => ({
    rowCount,
    timesMs: new Float64Array(rowCount),
    columns: [{ type: 'number', values: new Float64Array(rowCount), present: null }],
  });

  it('is never given for other bytes or another schema', () => {
    const blocks = new LongBlocks();
    blocks.keep(block(1), rows(1));
    expect(blocks.find(block(1))).not.toBeNull();
    expect(blocks.find(block(1, 2))).toBeNull();
    expect(blocks.find({ ...block(1), schema_hash: 'another' })).toBeNull();
    expect(blocks.find({ ...block(1), machine: 'N' })).toBeNull();
    blocks.keep(block(2, 1, HOUR_MS - 1), rows(1));
    expect(blocks.find(block(2))).toBeNull();
  });

  it('gives way to what was used since', () => {
    const blocks = new LongBlocks();
    for (const first of [1, 2]) blocks.keep(block(first), rows(450_000));
    expect(blocks.find(block(1))).not.toBeNull();
    blocks.keep(block(3), rows(450_000));
    expect([1, 2, 3].map((first) => blocks.find(block(first)) !== null)).toEqual([true, false, true]);
    blocks.keep(block(4), rows(2_000_000));
    expect([1, 3, 4].map((first) => blocks.find(block(first)) !== null)).toEqual([true, true, false]);
  });
});
