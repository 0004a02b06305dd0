// The two formats of the archive, pinned and attacked: records written once are read for ever (golden files per version;
// WRITE_GOLDEN=1 writes those that are missing), and bytes that nothing wrote are refused or give sound blocks, in bounded
// memory. A pack's head is zlib's, whose bytes differ from one release to the next: what it reads to is pinned alone.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Buckets } from './m4.ts';
import { type DatedBlock, pack, unpack } from './pack.ts';
import { encodeRollup, HOUR_MS, intervalMsOf, LEVELS, type Level, nodeMsOf, readRollup } from './rollup.ts';
import { addRow, encoded, hash, rowsFrom, SPOOL, schema } from './upkeep.test-support.ts';

const FOLDER = new URL('../../golden/', import.meta.url);
const HOUR = Date.UTC(2026, 0, 30, 10);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** By integers alone, so that no engine's sine decides what is in a golden file. */
function blocks(count: number): DatedBlock[] {
  return Array.from({ length: count }, (_, i): DatedBlock => {
    const rows = rowsFrom(60_000 * i, 5).map((row, k) => ({ ...row, a: (i * 7 + k * 3) / 10 }));
    return {
      machine: 'M',
      spool: i % 3 === 2 ? '00000000000000bb' : SPOOL,
      first_sequence: 100 + 5 * i + (i === 1 ? 2 : 0),
      boot: 3 + (i > 2 ? 1 : 0),
      monotonic_ms: 60_000 * i,
      span_ms: 4000,
      row_count: 5,
      skip_rows: i === 1 ? 2 : 0,
      schema_hash: hash,
      from_ms: HOUR + 60_000 * i,
      to_ms: HOUR + 60_000 * i + 4000,
      bytes: encoded(rows),
    };
  });
}

function buckets(level: Level, skipped: number): Buckets[] {
  const intervalMs = intervalMsOf(level);
  return Array.from({ length: 2 }, (_, c) => {
    const of = new Buckets(0, nodeMsOf(level), intervalMs);
    for (let i = 0; i < 60; i++) {
      for (let k = 0; k < 4 && i % skipped !== 1; k++)
        addRow(of, i * intervalMs + 1000 * k + 7, ((i * 37 + k * 11) % 100) / (c === 0 ? 10 : 7));
    }
    return of;
  });
}

/** @returns what the file says, written first where it is missing and asked for. */
function golden<T>(name: string, made: () => T): T {
  const file = new URL(name, FOLDER);
  if (process.env.WRITE_GOLDEN === '1' && !existsSync(file))
    writeFileSync(file, `${JSON.stringify(made())}\n`);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function readAll(bytes: Uint8Array, level: Level): unknown {
  const read = readRollup(schema, level, 0, bytes);
  if (!read.ok) return null;
  return [0, 1].map((c) => {
    const found: unknown[] = [];
    return read.value.channel(c, (fromMs, summary) => found.push([fromMs, ...Object.values(summary)]))
      ? found
      : null;
  });
}

describe('the format', () => {
  it('of a pack', () => {
    const known = golden('pack-v1.json', () => ({
      bytes: hex(pack(blocks(5))),
      blocks: blocks(5).map((block) => ({ ...block, bytes: hex(block.bytes) })),
    }));
    const read = unpack('M', Buffer.from(known.bytes, 'hex'));
    if (!read.ok) throw new Error(read.reason);
    expect(read.blocks.map((block) => ({ ...block, bytes: hex(block.bytes) }))).toEqual(known.blocks);
    // The head is drawn in docs/database.md: beyond deflate, its bytes are these.
    const packed = pack(read.blocks);
    const headOf = (bytes: Uint8Array) => {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
      return inflateSync(bytes.subarray(5, 5 + length)).toString('utf8');
    };
    expect(headOf(packed)).toBe(headOf(Buffer.from(known.bytes, 'hex')));
    expect(packed[0]).toBe(1);
  });

  it.each([1, 64] as const)('of a rollup of level %d', (level) => {
    const known = golden(`rollup-v3-${level}.json`, () => {
      const bytes = encodeRollup(schema, level, buckets(level, 9));
      return { bytes: hex(bytes), channels: readAll(bytes, level) };
    });
    expect(readAll(Buffer.from(known.bytes, 'hex'), level)).toEqual(known.channels);
    expect(hex(encodeRollup(schema, level, buckets(level, 9)))).toBe(known.bytes);
  });

  it.each([
    [1, 1],
    [1, 64],
    [2, 1],
    [2, 64],
  ] as const)('of a rollup as version %d wrote it, level %d', (version, level) => {
    const known = golden(`rollup-v${version}-${level}.json`, (): { bytes: string; channels: unknown } => {
      throw new Error('nothing writes it any more');
    });
    const channels = readAll(Buffer.from(known.bytes, 'hex'), level);
    expect(channels).toEqual(known.channels);
    expect(channels).toEqual(readAll(encodeRollup(schema, level, buckets(level, 9)), level));
  });
});

describe('a pack', () => {
  it('gives back what went in', () => {
    for (const count of [0, 1, 2, 60]) {
      const packed = unpack('M', pack(blocks(count)));
      if (!packed.ok) throw new Error(packed.reason);
      expect(packed.blocks.map((block) => ({ ...block, bytes: hex(block.bytes) }))).toEqual(
        blocks(count).map((block) => ({ ...block, bytes: hex(block.bytes) })),
      );
    }
  });

  /** Refused, or blocks that may be stored ones. */
  function expectSound(bytes: Uint8Array): void {
    const read = unpack('M', bytes);
    if (!read.ok) {
      expect(read.reason).toMatch(
        /^(it is cut off|its (version \d+ is not known|head is damaged)|bytes follow)/,
      );
      return;
    }
    let total = 0;
    for (const { bytes: own, row_count, skip_rows, from_ms, to_ms, first_sequence } of read.blocks) {
      total += own.length;
      expect(own.length).toBeGreaterThan(0);
      expect(skip_rows).toBeLessThan(row_count);
      expect(from_ms).toBeLessThanOrEqual(to_ms);
      expect(Number.isSafeInteger(first_sequence)).toBe(true);
    }
    expect(total).toBeLessThan(bytes.length);
  }

  it('is refused at every truncation, and sound at every bit flip', () => {
    const whole = pack(blocks(4));
    for (let length = 0; length < whole.length; length++) {
      expect(unpack('M', whole.subarray(0, length)).ok).toBe(false);
    }
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bad = Uint8Array.from(whole);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expectSound(bad);
    }
    expect(unpack('M', Buffer.concat([whole, Buffer.from([0])]))).toMatchObject({ ok: false });
  });

  const withHead = (head: Uint8Array, body: Uint8Array): Uint8Array => {
    const fixed = Buffer.alloc(5);
    fixed[0] = 1;
    fixed.writeUInt32LE(head.length, 1);
    return Buffer.concat([fixed, head, body]);
  };

  it('is sound whatever a right head says', () => {
    const numbers = fc.array(fc.oneof(fc.integer({ min: -3, max: 9 }), fc.maxSafeInteger()), {
      maxLength: 4,
    });
    const names = ['spool', 'schema', 'length', 'first_sequence', 'boot', 'monotonic_ms', 'span_ms'];
    const more = ['row_count', 'skip_rows', 'from_ms', 'to_ms'];
    const record = fc.record(Object.fromEntries([...names, ...more].map((name) => [name, numbers])));
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 2 }),
        record,
        fc.uint8Array(),
        (spools, fields, body) => {
          const head = JSON.stringify({ spools, schemas: ['x'], blocks: fields });
          expectSound(withHead(deflateSync(head), body));
        },
      ),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectSound(bytes)));
    fc.assert(fc.property(fc.json(), (json) => expectSound(withHead(deflateSync(json), new Uint8Array(3)))));
  });

  it('that would swell to more than its bound is refused without being made', () => {
    const bomb = deflateSync(Buffer.alloc(400_000_000, ' '));
    const before = process.memoryUsage().arrayBuffers;
    expect(unpack('M', withHead(bomb, new Uint8Array(0)))).toEqual({
      ok: false,
      reason: 'its head is damaged',
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
  });
});

describe('a rollup', () => {
  it('is refused, or its channel is, at every truncation and every bit flip', () => {
    const whole = encodeRollup(schema, 4, buckets(4, 7));
    const sound = JSON.stringify(readAll(whole, 4));
    const expectRefused = (bytes: Uint8Array): void => {
      const read = readAll(bytes, 4);
      // A length of a channel that becomes 0 and another that grows by as much would need two flips.
      expect(read === null || (read as unknown[]).includes(null), sound).toBe(true);
    };
    for (let length = 0; length < whole.length; length++) {
      expect(readRollup(schema, 4, 0, whole.subarray(0, length)).ok).toBe(false);
    }
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bad = Uint8Array.from(whole);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expectRefused(bad);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...LEVELS), (bytes, level) => {
        for (const version of [1, 2, 3]) readAll(Uint8Array.from([version, 2, ...bytes]), level);
        readAll(bytes, level);
      }),
    );
    expect(HOUR_MS).toBe(nodeMsOf(1));
  });
});
