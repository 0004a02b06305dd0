// Bytes that no encoder made: damaged, cut, random, or forged under a right check. None may throw, hang or grow past
// its bound; whatever a check can catch must be refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOf, fingerprint } from './checksum.ts';
import {
  type CodecSchema,
  decodeBlock,
  decodePrior,
  encodeBlock,
  encodePrior,
  MAX_BLOCK_COLUMNS,
  type Prior,
  readBlockHeader,
  trainPrior,
  universalPrior,
} from './index.ts';
import { batch, rowsFor } from './rows.test-support.ts';

const HASH = '0123456789abcdef';

/** The same bytes under a check that is right. */
function forged(bytes: Uint8Array, schema: CodecSchema, prior: Prior | null): Uint8Array {
  const out = bytes.slice();
  const end = Math.max(0, out.length - 3);
  const crc = checkOf(out, end, fingerprint(schema) ^ universalPrior.check ^ (prior?.check ?? 0));
  out.set([crc >> 16, crc >> 8, crc], end);
  return out;
}

function forgedPrior(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const end = Math.max(0, out.length - 3);
  const crc = checkOf(out, end, universalPrior.check);
  out.set([crc >> 16, crc >> 8, crc], end);
  return out;
}

const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
  minLength: 1,
  maxLength: 6,
});
function changed(bytes: Uint8Array, at: readonly (readonly [number, number])[]): Uint8Array {
  const out = bytes.slice();
  for (const [index, mask] of at) out[index % out.length]! ^= mask;
  return out;
}

describe('bytes that are no block', () => {
  it('are refused at every truncation and every bit flip', () => {
    fc.assert(
      fc.property(batch(40), ({ schema, rows }) => {
        const prior = trainPrior(schema, [rows]);
        for (const known of [null, prior]) {
          const bytes = encodeBlock(schema, rows, { schemaHash: HASH, prior: known });
          const options = { prior: () => known };
          for (let length = 0; length < bytes.length; length++) {
            expect(decodeBlock(bytes.subarray(0, length), schema, options).ok).toBe(false);
          }
          for (let bit = 0; bit < bytes.length * 8; bit++) {
            const bad = bytes.slice();
            bad[bit >> 3]! ^= 1 << (bit & 7);
            // A prior's tag may be flipped into a schema's; only the check can tell then.
            const flipped = decodeBlock(bad, schema, options);
            if (flipped.ok) throw new Error(`flipping bit ${bit} went unnoticed`);
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  it('are refused under another schema or prior', () => {
    fc.assert(
      fc.property(batch(40), ({ schema, rows }) => {
        const bytes = encodeBlock(schema, rows, { schemaHash: HASH });
        const other = { ...schema, intervalMs: schema.intervalMs + 1 };
        expect(decodeBlock(bytes, other).ok).toBe(false);
        const more = {
          ...schema,
          channels: [...schema.channels, { id: 'x', kind: 'number', decimals: 1 }],
        } as const;
        expect(decodeBlock(bytes, more).ok).toBe(false);
        const prior = trainPrior(schema, [rows]);
        const primed = encodeBlock(schema, rows, { schemaHash: HASH, prior });
        const unlike = trainPrior(schema, [rowsFor(schema, 9, 50)]);
        const refusal = decodeBlock(primed, schema);
        expect(refusal.ok === false && refusal.error.code).toBe('prior-unknown');
        if (unlike.hash !== prior.hash)
          expect(decodeBlock(primed, schema, { prior: () => unlike }).ok).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('never throw, not even under a right check', () => {
    fc.assert(
      fc.property(batch(60), changes, fc.uint8Array({ maxLength: 200 }), ({ schema, rows }, at, random) => {
        const prior = trainPrior(schema, [rows]);
        for (const known of [null, prior]) {
          const options = { prior: () => known };
          const bytes = encodeBlock(schema, rows, { schemaHash: HASH, prior: known });
          readBlockHeader(random);
          decodeBlock(random, schema, options);
          for (const bad of [changed(bytes, at), Uint8Array.of(bytes[0]!, ...random, 0, 0, 0)]) {
            const decoded = decodeBlock(forged(bad, schema, known), schema, options);
            if (decoded.ok) expect(decoded.value.columns).toHaveLength(schema.channels.length);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('cost no more than the declared bound, whatever they claim', () => {
    const wide: CodecSchema = {
      intervalMs: 1000,
      channels: Array.from({ length: 1000 }, (_, c) => ({
        id: `c${c}`,
        kind: c % 9 === 0 ? 'text' : 'number',
        decimals: 1,
      })),
    };
    const claim = (schema: CodecSchema, rowCode: number): Uint8Array =>
      forged(Uint8Array.from([0x20 | rowCode, ...new Uint8Array(19).fill(7)]), schema, null);
    // The most there is: ends, and gives rows or a reason.
    const most = decodeBlock(claim(wide, 15), wide);
    expect(most.ok ? most.value.rowCount : most.error.code).toBeOneOf([10_000, 'corrupt', 'truncated']);
    const wider = {
      ...wide,
      channels: [...wide.channels, { id: 'more', kind: 'number' as const, decimals: 1 }],
    };
    expect(wider.channels.length).toBeGreaterThan(MAX_BLOCK_COLUMNS);
    const over = decodeBlock(claim(wider, 1), wider);
    expect(over.ok === false && over.error.code).toBe('too-large');
  });
});

describe('bytes that are no prior', () => {
  it('are refused when damaged, and never throw', () => {
    fc.assert(
      fc.property(batch(40), changes, fc.uint8Array({ maxLength: 100 }), ({ schema, rows }, at, random) => {
        const bytes = encodePrior(trainPrior(schema, [rows]));
        expect(decodePrior(changed(bytes, at.slice(0, 1)), schema).ok).toBe(false);
        for (let length = 0; length < bytes.length; length += 7) {
          expect(decodePrior(bytes.subarray(0, length), schema).ok).toBe(false);
        }
        expect(decodePrior(random, schema).ok).toBe(false);
        expect(decodePrior(bytes, { ...schema, intervalMs: 7 }).ok).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it('make no worse than long blocks when forged', () => {
    fc.assert(
      fc.property(batch(40), changes, ({ schema, rows }, at) => {
        const bytes = encodePrior(trainPrior(schema, [rows]));
        const bad = changed(
          bytes,
          at.map(([index, mask]) => [4 + (index % (bytes.length - 4)), mask] as const),
        );
        const prior = decodePrior(forgedPrior(bad), schema);
        if (!prior.ok) return;
        const block = encodeBlock(schema, rows, { schemaHash: HASH, prior: prior.value });
        const decoded = decodeBlock(block, schema, { prior: () => prior.value });
        if (!decoded.ok) throw new Error(decoded.error.message);
        expect(decoded.value.timesMs).toEqual(rows.timesMs);
      }),
      { numRuns: 300 },
    );
  });
});
