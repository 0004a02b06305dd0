// Round trips over generated schemas and rows of every kind, without and with a prior. A failure prints its seed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CodecSchema,
  type Column,
  decodeBlock,
  decodePrior,
  encodeBlock,
  encodePrior,
  type NumberColumn,
  type Prior,
  type Rows,
  readBlockHeader,
  trainPrior,
} from './index.ts';
import { type Batch, batch, bitsOf, rowsFor } from './rows.test-support.ts';

const HASH = '0123456789abcdef';

function expectSame(got: Column | null | undefined, want: Column): void {
  if (want.type === 'text') {
    expect(got).toEqual(want);
    return;
  }
  if (got?.type !== 'number') throw new Error('a column of numbers is none any more');
  const missing = want.present?.includes(0) ? want.present : null;
  expect(got.present).toEqual(missing);
  const there = (column: NumberColumn): bigint[] =>
    bitsOf(column.values).filter((_, i) => missing === null || missing[i] !== 0);
  expect(there(got)).toEqual(there(want));
}

function expectRoundTrip({ schema, rows }: Batch, prior: Prior | null): void {
  const before = rows.timesMs.slice();
  const bytes = encodeBlock(schema, rows, { schemaHash: HASH, prior });
  expect(rows.timesMs).toEqual(before);
  const header = readBlockHeader(bytes);
  if (!header.ok) throw new Error(header.error.message);
  expect(header.value.rowCount).toBe(rows.rowCount);
  expect(header.value.schemaTag).toBe(prior === null ? HASH.slice(0, 6) : null);
  expect(header.value.priorTag).toBe(prior?.hash.slice(0, 6) ?? null);
  const options = { prior: (tag: string) => (prior?.hash.startsWith(tag) ? prior : null) };
  const all = decodeBlock(bytes, schema, options);
  if (!all.ok) throw new Error(all.error.message);
  expect(all.value.timesMs).toEqual(rows.timesMs);
  rows.columns.forEach((column, c) => {
    expectSame(all.value.columns[c], column);
    const alone = decodeBlock(bytes, schema, { ...options, columns: [c] });
    if (!alone.ok) throw new Error(alone.error.message);
    expectSame(alone.value.columns[c], column);
    expect(alone.value.columns.filter((other) => other !== null)).toHaveLength(1);
    expect(alone.value.timesMs).toEqual(rows.timesMs);
  });
  expect(encodeBlock(schema, rows, { schemaHash: HASH, prior })).toEqual(bytes);
}

describe('a block', () => {
  it('gives back the same rows, bit for bit, whole and column by column', () => {
    fc.assert(
      fc.property(batch(70), (sample) => expectRoundTrip(sample, null)),
      { numRuns: 300 },
    );
  });

  it('does so under a prior, of like rows or of others', () => {
    fc.assert(
      fc.property(batch(70), fc.integer(), fc.integer(), (sample, seed, otherSeed) => {
        const prior = trainPrior(sample.schema, [sample.rows]);
        const again = decodePrior(encodePrior(prior), sample.schema);
        if (!again.ok) throw new Error(again.error.message);
        expect(again.value).toEqual(prior);
        expectRoundTrip(sample, prior);
        expectRoundTrip({ schema: sample.schema, rows: rowsFor(sample.schema, seed, 40) }, prior);
        const unlike = trainPrior(sample.schema, [rowsFor(sample.schema, otherSeed, 130)]);
        expectRoundTrip(sample, unlike);
      }),
      { numRuns: 60 },
    );
  });

  it('holds 10,000 rows, and 1,000 columns', () => {
    const values = (count: number, k: number) =>
      Float64Array.from({ length: count }, (_, i) => ((i * k) % 97) / 10);
    const schemaOf = (columns: number): CodecSchema => ({
      intervalMs: 1000,
      channels: Array.from({ length: columns }, (_, c) => ({ id: `c${c}`, kind: 'number', decimals: 1 })),
    });
    for (const [rowCount, columns] of [
      [10_000, 3],
      [40, 1000],
    ] as const) {
      const rows: Rows = {
        rowCount,
        timesMs: Float64Array.from({ length: rowCount }, (_, i) => i * 1000),
        columns: Array.from({ length: columns }, (_, k) => ({
          type: 'number',
          values: values(rowCount, k),
          present: null,
        })),
      };
      const schema = schemaOf(columns);
      const decoded = decodeBlock(encodeBlock(schema, rows, { schemaHash: HASH }), schema);
      if (!decoded.ok) throw new Error(decoded.error.message);
      expect(decoded.value.columns).toEqual(rows.columns);
    }
  });

  it('is not made of what does not fit', () => {
    const schema: CodecSchema = { intervalMs: 1000, channels: [{ id: 'a', kind: 'number', decimals: 0 }] };
    const rows = rowsFor(schema, 1, 5);
    const encode = (changed: Partial<Rows>) => () =>
      encodeBlock(schema, { ...rows, ...changed }, { schemaHash: HASH });
    expect(encode({ rowCount: 0 })).toThrow(RangeError);
    expect(encode({ rowCount: 10_001 })).toThrow(RangeError);
    expect(encode({ columns: [] })).toThrow(RangeError);
    expect(encode({ columns: [{ type: 'text', values: ['a', 'b', 'c', 'd', 'e'] }] })).toThrow(RangeError);
    expect(encode({ timesMs: Float64Array.of(0, 1, 2, 3, -1) })).toThrow(RangeError);
    expect(encode({ timesMs: Float64Array.of(0, 1, 2, 3, 0.5) })).toThrow(RangeError);
    const other: CodecSchema = { ...schema, intervalMs: 2000 };
    expect(() => encodeBlock(schema, rows, { schemaHash: HASH, prior: trainPrior(other, [rows]) })).toThrow(
      RangeError,
    );
  });
});
