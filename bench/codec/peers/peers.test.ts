// Every peer that can be decoded gives back what it was given, bit for bit: an encoder that forgets something would
// win unfairly. Sizes of the counted ones are checked on rows small enough to count by hand.
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BenchRecording, type Block, columnOf, cut } from '../recording.ts';
import { BitReader, BitWriter, bitLength, leadingZeros, trailingZeros } from './bits.ts';
import { COMPRESSORS } from './compressors.ts';
import { PEERS, type Peer } from './index.ts';
import { verify } from './peer.ts';
import { csv, json } from './text.ts';

const DECODED = [
  'gorilla',
  'chimp',
  'chimp128',
  'alp',
  'sprintz',
  'sprintz-fire',
  'column-deltas',
  'varint-deltas',
];

function recordingOf(timesMs: readonly number[], columns: readonly (readonly number[])[]): BenchRecording {
  return {
    file: 'generated.csv',
    rowCount: timesMs.length,
    timesMs: Float64Array.from(timesMs),
    columns: columns.map((values, c) => columnOf(`c${c}`, Float64Array.from(values))),
    wholeSeconds: timesMs.every((ms) => ms % 1000 === 0),
    sha256: '',
  };
}

function peer(name: string): Peer {
  const found = PEERS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no peer ${name}`);
  return found;
}

/** What a sensor gives, and what none should. */
const column = (length: number): fc.Arbitrary<number[]> => {
  const of = (value: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
    fc.array(value, { minLength: length, maxLength: length });
  const walk = (step: number, scale: number): fc.Arbitrary<number[]> =>
    of(fc.integer({ min: -step, max: step })).map((steps) => {
      let at = 215;
      return steps.map((by) => {
        at += by;
        return at / scale;
      });
    });
  return fc.oneof(
    walk(3, 10),
    walk(40_000, 1000),
    walk(0, 1),
    walk(2 ** 33, 1),
    of(fc.constantFrom(0, 1)),
    of(fc.double({ noNaN: true, noDefaultInfinity: true })),
    of(fc.constantFrom(Number.NaN, 0, -0, 1.5, 1e-9, 2 ** 53, -(2 ** 52))),
  );
};

const recording = fc.integer({ min: 2, max: 400 }).chain((rows) =>
  fc
    .tuple(
      fc.array(fc.constantFrom(1, 900, 1000, 1000, 1003, 1300, 4000, 10_000, 2 ** 40), {
        minLength: rows,
        maxLength: rows,
      }),
      fc.array(column(rows), { minLength: 1, maxLength: 4 }),
    )
    .map(([steps, columns]) => {
      let time = 1_580_515_200_000;
      return recordingOf(
        steps.map((step) => (time += step)),
        columns,
      );
    }),
);

const blocksOf = (whole: BenchRecording): Block[] =>
  cut(whole, Math.min(whole.rowCount, 130), 0, whole.rowCount);

describe('a peer that can be decoded', () => {
  // `bytes` decodes each block and throws where one differs.
  for (const name of DECODED) {
    it(`gives every row back: ${name}`, () => {
      fc.assert(
        fc.property(recording, (whole) => {
          expect(peer(name).bytes(blocksOf(whole), [])).toBeGreaterThan(0);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('does so at the edges of its classes', () => {
    const edgesMs = [-63, 64, -255, 256, -2047, 2048].flatMap((edge) => [edge - 1, edge, edge + 1]);
    const changes = [0, 0, ...edgesMs];
    let time = 2 ** 41;
    let step = 100_000;
    const times = changes.map((change) => {
      step += change;
      time += step;
      return time;
    });
    const edges = [7, 15, 31].flatMap((bits) => [2 ** bits - 1, 1 - 2 ** bits, 2 ** bits, -(2 ** bits)]);
    for (const delta of edges) {
      const wide = recordingOf(times, [
        times.map((_, i) => (i < 5 ? 0 : delta)),
        times.map((_, i) => (i % 2) * delta),
      ]);
      for (const name of DECODED) expect(peer(name).bytes(blocksOf(wide), [])).toBeGreaterThan(0);
    }
  });

  it('does so where values repeat around the edge of the window: chimp128', () => {
    for (const period of [1, 2, 126, 127, 128, 129, 256]) {
      const rows = 600;
      const whole = recordingOf(
        Array.from({ length: rows }, (_, i) => i * 1000),
        [Array.from({ length: rows }, (_, i) => Math.sin(i % period))],
      );
      expect(peer('chimp128').bytes([{ recording: whole, from: 0, to: rows }], [])).toBeGreaterThan(0);
    }
  });

  it('is caught when it does not', () => {
    const whole = recordingOf([0, 1000], [[1, 2]]);
    const block = { recording: whole, from: 0, to: 2 };
    const good = { timesMs: [0, 1000], columns: [new BigUint64Array(Float64Array.of(1, 2).buffer)] };
    expect(() => verify('x', block, good)).not.toThrow();
    expect(() => verify('x', block, { ...good, timesMs: [0, 1001] })).toThrow('row 1');
    const other = new BigUint64Array(Float64Array.of(-1, 2).buffer);
    expect(() => verify('x', block, { ...good, columns: [other] })).toThrow('row 0');
  });
});

describe('sizes', () => {
  const whole = recordingOf(
    [1_580_515_200_000, 1_580_515_201_000, 1_580_515_202_000],
    [
      [20.5, 20.5, 20.6],
      [1, 1, 0],
    ],
  );
  const block: Block = { recording: whole, from: 0, to: 3 };
  const bytes = (name: string): number | null => peer(name).bytes([block], []);

  it('are those of the texts', () => {
    expect(String(csv(block))).toBe('1580515200000,20.5,1\n1580515201000,20.5,1\n1580515202000,20.6,0\n');
    expect(JSON.parse(String(json(block)))[2]).toEqual({
      ts: 1_580_515_202_000,
      values: { c0: 20.6, c1: 0 },
    });
    expect(bytes('sql')).toBe(
      3 * "INSERT INTO machine1 (c0, c1, time) VALUES ('20.5', '1', '01/02/2020 00:00:00');\n".length,
    );
    expect(bytes('influx')).toBe(3 * 'machine1 c0=20.5,c1=1 1580515200000\n'.length);
  });

  it('are those counted by hand', () => {
    // 4 bytes of time, 16 + 8 bits (205 fits 8 unsigned, so 8 + 8).
    expect(bytes('report-typed')).toBe(3 * (4 + 1 + 1));
    // Every row: time and bitmap; all channels of the first, none of the second, both of the third.
    expect(bytes('report-bitmap')).toBe(3 * (4 + 1) + 8 + 0 + 8);
    // Array headers, times of 9 bytes; 20.5 is a float32, 20.6 is none.
    expect(bytes('msgpack')).toBe(5 + 3 * (3 + 9) + (5 + 1) + (5 + 1) + (9 + 1));
    // Timestamp 1 + 6, sequence 1 + 1; a metric: tag, length, alias 2, value.
    expect(bytes('sparkplug-lean')).toBe(3 * 9 + (2 + 2 + 5) + (2 + 2 + 2) + (2 + 2 + 9) + (2 + 2 + 2));
  });

  it('are known of a flat column: a bit a sample for Gorilla, two for Chimp', () => {
    const rows = 101;
    const flat = recordingOf(
      Array.from({ length: rows }, (_, i) => i * 1000),
      [Array<number>(rows).fill(21.5)],
    );
    const flatBytes = (name: string): number | null =>
      peer(name).bytes([{ recording: flat, from: 0, to: rows }], []);
    expect(flatBytes('gorilla')).toBe(Math.ceil((48 + 100 + 64 + 100) / 8));
    expect(flatBytes('chimp')).toBe(Math.ceil((48 + 100 + 64 + 200) / 8));
    expect(flatBytes('chimp128')).toBe(Math.ceil((48 + 100 + 64 + 900) / 8));
  });

  it('are null where a dictionary has too little to be trained on', () => {
    const dictionary = peer('csv+zstd-dict');
    if (dictionary.absent() === null) expect(dictionary.bytes([block], [block])).toBe(null);
  });
});

describe('a compressor', () => {
  const text = Buffer.from('1580515200000,20.5,1\n'.repeat(50));
  const size = (name: string): number | null =>
    COMPRESSORS.find((one) => one.name === name)?.bytes([text, text], () => []) ?? null;

  it('counts what node:zlib reads back', () => {
    expect(size('gzip')).toBe(2 * zlib.gzipSync(text, { level: 9 }).length);
    const frame = zlib.zstdCompressSync(text, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 19 } });
    expect(zlib.zstdDecompressSync(frame)).toEqual(text);
    expect(size('zstd')).toBe(2 * frame.length);
    expect(size('brotli')).toBeLessThan(2 * frame.length + 20);
  });

  it('counts xz, or says how to install it', () => {
    const xz = COMPRESSORS.find(({ name }) => name === 'xz')!;
    const reason = xz.absent();
    if (reason === null) expect(xz.bytes([text], () => [])).toBeGreaterThan(30);
    else expect(reason).toContain('xz-utils');
  });
});

describe('bits', () => {
  it('come back as written, at any width', () => {
    const piece = fc.oneof(
      fc.record({ count: fc.integer({ min: 0, max: 53 }), value: fc.maxSafeNat() }),
      fc.record({
        count: fc.integer({ min: 0, max: 64 }),
        value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const out = new BitWriter();
        for (const { count, value } of pieces) {
          if (typeof value === 'bigint') out.big(value, count);
          else out.bits(value, count);
        }
        const reader = new BitReader(out.done());
        for (const { count, value } of pieces) {
          const low = BigInt.asUintN(count, BigInt(value));
          expect(typeof value === 'bigint' ? reader.big(count) : BigInt(reader.bits(count))).toBe(low);
        }
      }),
    );
  });

  it('are counted from either end', () => {
    for (let bit = 0n; bit < 64n; bit++) {
      expect(leadingZeros(1n << bit)).toBe(63 - Number(bit));
      expect(trailingZeros((3n << bit) & (2n ** 64n - 1n))).toBe(Number(bit));
      if (bit < 53n) expect(bitLength(2 ** Number(bit))).toBe(Number(bit) + 1);
    }
    expect([leadingZeros(0n), trailingZeros(0n), bitLength(0)]).toEqual([64, 64, 0]);
  });
});
