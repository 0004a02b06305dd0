// The coder by itself: whatever is written comes back, at the cost its probabilities say; known sums.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentHash, crc24 } from './checksum.ts';
import { Coder } from './coder.ts';
import { NUMBER_SIZE } from './contexts.ts';
import { lengthen, shorten } from './decimal.ts';
import { seeded } from './rows.test-support.ts';
import { bitLength, codeNumber, codeRaw, codeTree } from './symbols.ts';
import { SQUASH, STRETCH } from './tables.ts';
import { decodeUniversal, encodeUniversal } from './universal-bytes.ts';
import { universalPrior } from './universal-prior.ts';

function fresh(): Coder {
  const coder = new Coder();
  coder.states.fill(32_768 << 8);
  coder.weights.fill(6000);
  coder.plain.fill(32_768);
  return coder;
}

describe('the coder', () => {
  it('reads back every mixture of symbols, across carries', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 3000 }), (seed, count) => {
        const random = seeded(seed);
        const skew = random();
        const given = Array.from({ length: count }, () => ({
          kind: Math.floor(random() * 5),
          bit: random() < skew ? 1 : 0,
          number: Math.floor((random() - 0.5) * 2 ** (random() * 54)),
        }));
        const code = (coder: Coder, k: number): number => {
          const { kind, bit, number } = given[k]!;
          const reading = coder.mode === 1;
          if (kind === 0) return coder.bit(reading ? 0 : bit, k % 7, 10 + (k % 3), 20, 0);
          if (kind === 1) return coder.flag(reading ? 0 : bit, k % 5);
          if (kind === 2) return codeNumber(coder, 100 + NUMBER_SIZE, reading ? 0 : number);
          if (kind === 3) return codeTree(coder, 500, 4, reading ? 0 : Math.abs(number) % 16);
          return codeRaw(coder, reading ? 0 : Math.abs(number), 54);
        };
        const writer = fresh();
        writer.write();
        const wanted = given.map((_, k) => code(writer, k));
        const bytes = writer.finish();
        const reader = fresh();
        reader.read(bytes, 0, bytes.length);
        expect(given.map((_, k) => code(reader, k))).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it('spends next to nothing on what is certain', () => {
    const coder = fresh();
    coder.write();
    for (let i = 0; i < 10_000; i++) coder.bit(1, 0, 1, 2, 0);
    expect(coder.finish().length).toBeLessThan(20);
  });

  it('has tables that are monotone and inverse', () => {
    for (let i = 1; i < SQUASH.length; i++) expect(SQUASH[i]!).toBeGreaterThanOrEqual(SQUASH[i - 1]!);
    for (let i = 1; i < STRETCH.length; i++) expect(STRETCH[i]!).toBeGreaterThanOrEqual(STRETCH[i - 1]!);
    // A sum over the tables, so that an engine that computes them differently is found out here.
    expect(SQUASH.reduce((sum, p, i) => (Math.imul(sum, 31) + p * i) | 0, 0)).toBe(SQUASH_SUM);
    expect(STRETCH.reduce((sum, p, i) => (Math.imul(sum, 31) + p * i) | 0, 0)).toBe(STRETCH_SUM);
  });
});
const SQUASH_SUM = -1306487604;
const STRETCH_SUM = 1414764862;

describe('sums and numbers', () => {
  it('agree with what is published', () => {
    const digits = new TextEncoder().encode('123456789');
    expect(crc24(digits, 9, 0xb704ce)).toBe(0x21cf02);
    expect(contentHash(new TextEncoder().encode('foobar'))).toBe('85944171f73967e8');
  });

  it('renumbers significant digits in order, and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 0, max: 10 ** 10 }), (digits, n) => {
        const place = shorten(n, digits);
        if (Number.isNaN(place)) return;
        expect(lengthen(place, digits)).toBe(n);
        expect(lengthen(-place, digits)).toBe(n === 0 ? -0 : -n);
        expect(lengthen(place + 1, digits)).toBeGreaterThan(n);
        expect(shorten(lengthen(place + 1, digits), digits)).toBe(place + 1);
      }),
    );
    expect([0, 1, 2, 1023, 1024, 2 ** 40, 2 ** 53].map(bitLength)).toEqual([0, 1, 2, 10, 11, 41, 54]);
  });

  it('keeps the universal prior through its bytes', () => {
    expect(decodeUniversal(encodeUniversal(universalPrior))).toEqual(universalPrior);
  });
});
