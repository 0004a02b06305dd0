// Round trip over generated schemas and rows; every truncation and every bit flip is refused; random bytes never throw.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CodecSchema,
  type Column,
  decodeBlock,
  encodeBlock,
  type Rows,
  readBlockHeader,
} from './index.ts';

const HASH = '0123456789abcdef';

const value = fc.oneof(
  fc.integer({ min: -3000, max: 3000 }).map((n) => n / 10),
  fc.double(),
  fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 2 ** 53),
);

const batch = fc
  .record({
    rowCount: fc.integer({ min: 1, max: 70 }),
    columnCount: fc.integer({ min: 1, max: 6 }),
    intervalMs: fc.constantFrom(1000, 10_000),
  })
  .chain(({ rowCount, columnCount, intervalMs }) =>
    fc
      .tuple(
        fc.array(fc.integer({ min: 0, max: 2 ** 45 }), { minLength: rowCount, maxLength: rowCount }),
        fc.array(
          fc.oneof(
            fc
              .tuple(
                fc.array(value, { minLength: rowCount, maxLength: rowCount }),
                fc.option(fc.array(fc.constantFrom(0, 1), { minLength: rowCount, maxLength: rowCount })),
              )
              .map(
                ([values, present]): Column => ({
                  type: 'number',
                  values: Float64Array.from(values, (v, i) => (present?.[i] === 0 ? 0 : v)),
                  present: present?.includes(0) ? Uint8Array.from(present) : null,
                }),
              ),
            fc
              .array(fc.option(fc.string({ unit: 'binary', maxLength: 12 })), {
                minLength: rowCount,
                maxLength: rowCount,
              })
              .map((values): Column => ({ type: 'text', values })),
          ),
          { minLength: columnCount, maxLength: columnCount },
        ),
      )
      .map(([times, columns]): { schema: CodecSchema; rows: Rows } => ({
        schema: {
          intervalMs,
          channels: columns.map((column, i) => ({
            id: `c${i}`,
            kind: column.type === 'text' ? 'text' : 'number',
            decimals: i % 2 === 0 ? 1 : null,
          })),
        },
        rows: { rowCount, timesMs: Float64Array.from(times), columns },
      })),
  );

const bitsOf = (values: Float64Array): bigint[] => [...new BigUint64Array(values.slice().buffer)];

describe('a block', () => {
  it('gives back the same rows, bit for bit, alone and column by column', () => {
    fc.assert(
      fc.property(batch, ({ schema, rows }) => {
        const bytes = encodeBlock(schema, rows, { schemaHash: HASH });
        const header = readBlockHeader(bytes);
        expect(header.ok && header.value).toMatchObject({
          rowCount: rows.rowCount,
          schemaTag: HASH.slice(0, 6),
        });
        const all = decodeBlock(bytes, schema);
        if (!all.ok) throw new Error(all.error.message);
        expect(all.value.timesMs).toEqual(rows.timesMs);
        rows.columns.forEach((column, c) => {
          const alone = decodeBlock(bytes, schema, { columns: [c] });
          if (!alone.ok) throw new Error(alone.error.message);
          for (const got of [all.value.columns[c], alone.value.columns[c]]) {
            if (column.type === 'text') expect(got).toEqual(column);
            else {
              if (got?.type !== 'number') throw new Error('kind changed');
              expect(bitsOf(got.values)).toEqual(bitsOf(column.values));
              expect(got.present).toEqual(column.present);
            }
          }
        });
      }),
    );
  });

  it('is refused at every truncation and every bit flip, and never throws', () => {
    fc.assert(
      fc.property(batch, ({ schema, rows }) => {
        const bytes = encodeBlock(schema, rows, { schemaHash: HASH });
        for (let length = 0; length < bytes.length; length++) {
          expect(decodeBlock(bytes.subarray(0, length), schema).ok).toBe(false);
        }
        for (let bit = 0; bit < bytes.length * 8; bit += 1 + (bit % 7)) {
          const bad = bytes.slice();
          bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          expect(decodeBlock(bad, schema).ok).toBe(false);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('never throws on random bytes', () => {
    const schema: CodecSchema = { intervalMs: 1000, channels: [{ id: 'a', kind: 'number', decimals: 1 }] };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeBlock(bytes, schema).ok).toBe(false);
        expect(decodeBlock(Uint8Array.of(0x21, ...bytes), schema).ok).toBe(false);
      }),
    );
  });
});
