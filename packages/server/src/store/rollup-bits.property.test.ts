// Summaries as bits: what comes out is what went in, bit for bit, or it is not taken; any bytes are refused or read.
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Buckets, type Summary } from './m4.ts';
import {
  FIRST_FORM,
  FORM,
  type Form,
  INTERVALS,
  type Indexed,
  readSummaries,
  writeSummaries,
} from './rollup-bits.ts';
import { addRow } from './upkeep.test-support.ts';

const INTERVAL_MS = 60_000;

function readAll(bytes: Uint8Array, form: Form = FORM): Indexed[] | null {
  const found: Indexed[] = [];
  const each = (index: number, summary: Summary) => found.push({ index, ...summary });
  return readSummaries(bytes, form, each) ? found : null;
}

/** What rows leave in buckets: values of so many places, at instants of a grid or between them. */
const nodes = fc
  .record({
    decimals: fc.integer({ min: 0, max: 6 }),
    size: fc.constantFrom(1, 30, 5000, 2 ** 40),
    stepMs: fc.constantFrom(1000, 10_000, 60_000, 7, 1),
    rows: fc.array(fc.tuple(fc.nat({ max: 3_599_999 }), fc.double({ min: -1, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 400,
    }),
  })
  .map(({ decimals, size, stepMs, rows }) => {
    const of = new Buckets(0, INTERVALS * INTERVAL_MS, INTERVAL_MS);
    const scale = 10 ** decimals;
    for (const [atMs, share] of rows)
      addRow(of, atMs - (atMs % stepMs), Math.round(share * size + 0) / scale + 0);
    const summaries = of.summaries().map((one) => ({ ...one, sum: Math.round(one.sum * scale) / scale }));
    return { decimals, summaries };
  });

describe('summaries as bits', () => {
  it('come back as they were, with the places known or not', () => {
    fc.assert(
      fc.property(nodes, fc.boolean(), ({ decimals, summaries }, knows) => {
        const bytes = writeSummaries(summaries, knows ? decimals : null);
        if (bytes === null) throw new Error('not taken');
        expect(readAll(bytes)).toEqual(summaries);
      }),
      { numRuns: 1000 },
    );
  });

  it("take as little room at a clock's own instants as at full seconds", () => {
    const sizeOf = (offsetMs: number, jitterMs: number): number => {
      const of = new Buckets(0, INTERVALS * INTERVAL_MS, INTERVAL_MS);
      for (let k = 0; k < 3600; k++) {
        const noise = Math.imul(k + 1, 2_654_435_761) >>> 8;
        addRow(of, 1000 * k + offsetMs + (noise % (jitterMs + 1)), (noise % 97) / 10);
      }
      const summaries = of.summaries().map((one) => ({ ...one, sum: Math.round(one.sum * 10) / 10 }));
      const bytes = writeSummaries(summaries, 1);
      expect(bytes && readAll(bytes)).toEqual(summaries);
      return bytes?.length ?? Number.POSITIVE_INFINITY;
    };
    const size = sizeOf(0, 0);
    expect(sizeOf(437, 0)).toBeLessThan(size + 4);
    // Where each lies within ± 8 ms takes five bits at most, twice a minute, beside those of first and last.
    expect(sizeOf(437, 16)).toBeLessThan(size + INTERVALS * 3);
  });

  it('are not taken where they would come back otherwise', () => {
    const sound = { index: 0, first: 1, last: 2, min: 1, max: 2, sum: 3, count: 2 };
    const instants = { firstAt: 0, lastAt: 5, minAt: 0, maxAt: 5 };
    const refused: Partial<Summary>[] = [
      { first: -0, min: -0 },
      { last: 1 / 3, max: 1 / 3 },
      { sum: 0.1 + 0.2 },
      { max: 2 ** 60 },
      { max: Number.POSITIVE_INFINITY },
      { sum: Number.NaN },
      { min: 1.5 },
      { maxAt: 0.5 },
      { lastAt: 5.5 },
      { count: 1.5 },
      { minAt: 3 },
      { firstAt: 6, minAt: 6 },
      { firstAt: -1, minAt: -1 },
    ];
    expect(writeSummaries([{ ...sound, ...instants }], 0)).not.toBeNull();
    for (const wrong of refused)
      expect([wrong, writeSummaries([{ ...sound, ...instants, ...wrong }], 0)]).toEqual([wrong, null]);
    expect(writeSummaries([], 0)).toBeNull();
    expect(writeSummaries(Array(INTERVALS + 1).fill({ ...sound, ...instants }), 0)).toBeNull();
  });

  it('may be any finite numbers at all', () => {
    const number = fc.oneof(fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true }));
    const summary = fc.record<Indexed>({
      index: fc.constant(0),
      first: number,
      firstAt: fc.nat(),
      last: number,
      lastAt: fc.nat(),
      min: number,
      minAt: fc.nat(),
      max: number,
      maxAt: fc.nat(),
      sum: number,
      count: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(summary, { maxLength: 4 }), fc.option(fc.nat({ max: 20 })), (made, decimals) => {
        const summaries = made.map((one, index) => ({ ...one, index }));
        const bytes = writeSummaries(summaries, decimals);
        if (bytes !== null) expect(readAll(bytes)).toEqual(summaries);
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused or finite, whatever bytes pass for them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 2 }), (body, flags) => {
        const bytes = Buffer.alloc(body.length + 5);
        bytes[0] = flags;
        bytes.set(body, 1);
        bytes.writeUInt32LE(crc32(bytes.subarray(0, body.length + 1)), body.length + 1);
        for (const form of [FIRST_FORM, FORM] as const) {
          const found = readAll(bytes, form);
          expect(found === null || found.length <= INTERVALS).toBe(true);
          for (const summary of found ?? []) expect(Object.values(summary).every(Number.isFinite)).toBe(true);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
