// Rows of every kind for the tests, seeded: machines that behave, and values that no machine would give.
import fc from 'fast-check';
import type { ChannelKind, CodecSchema, Column, Rows } from './types.ts';

export interface Batch {
  readonly schema: CodecSchema;
  readonly rows: Rows;
}

export const bitsOf = (values: Float64Array): bigint[] => [...new BigUint64Array(values.slice().buffer)];

/** A small generator of its own (mulberry32), so that rows can be many and still be replayed from a seed. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const EXOTIC = [
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  5e-324,
  2 ** 53,
  -(2 ** 53),
  0.1,
];

type Sensor = (random: () => number) => (row: number) => number;
const bell = (random: () => number): number => random() + random() + random() - 1.5;

const SENSORS: readonly Sensor[] = [
  // A walk at a resolution of zero to six decimals.
  (random) => {
    const decimals = Math.floor(random() * 7);
    const sigma = 10 ** (random() * 4);
    let x = (random() - 0.5) * 10 ** (random() * 8);
    return () => {
      x += bell(random) * sigma;
      return Math.round(x) / 10 ** decimals;
    };
  },
  // Steps of a converter, held for a while.
  (random) => {
    let x = 0;
    return () => {
      if (random() < 0.3) x = Math.round(random() * 40) * 7;
      return x / 10;
    };
  },
  () => (row) => 12_345_678 + row,
  (random) => {
    let count = Math.floor(random() * 2 ** 52);
    return () => {
      count += Math.floor(random() * 2 ** (random() * 40));
      return count;
    };
  },
  (random) => () => Math.round((random() - 0.5) * 2 ** 54),
  (random) => {
    let on = 0;
    return () => {
      if (random() < 0.1) on = 1 - on;
      return on;
    };
  },
  // Six significant digits over decades, and float32.
  (random) => () => Number((10 ** (random() * 5 - 1)).toPrecision(6)),
  (random) => () => Math.fround(20 + bell(random)),
  // A decimal with something else now and then.
  (random) => () =>
    random() < 0.06 ? (EXOTIC[Math.floor(random() * EXOTIC.length)] ?? 0) : Math.round(random() * 500) / 100,
  // Any 64 bits: NaNs with payloads, denormals.
  (random) => () => {
    const words = Uint32Array.of(random() * 2 ** 32, random() * 2 ** 32);
    return new Float64Array(words.buffer)[0] ?? 0;
  },
  (random) => () => Math.sin(random()),
  (random) => {
    const x = EXOTIC[Math.floor(random() * EXOTIC.length)] ?? 0;
    return () => x;
  },
];

const TEXTS = ['run', 'stop', '', 'défaut', '\ud800', 'a longer text than most', '運転中'];

export function rowsFor(schema: CodecSchema, seed: number, rowCount: number): Rows {
  const random = seeded(seed);
  const columns = schema.channels.map(({ kind }): Column => {
    const gappy = random() < 0.3;
    const lost = random() * random();
    let there = true;
    const present = Uint8Array.from({ length: rowCount }, () => {
      if (random() < 0.2) there = random() >= lost;
      return gappy && !there ? 0 : 1;
    });
    if (kind === 'text') {
      const fresh = random() < 0.2;
      return {
        type: 'text',
        values: Array.from(present, (is) =>
          is === 0
            ? null
            : fresh
              ? String(random())
              : (TEXTS[Math.floor(random() ** 3 * TEXTS.length)] ?? ''),
        ),
      };
    }
    const sensor = SENSORS[Math.floor(random() * SENSORS.length)]!(random);
    const values = Float64Array.from({ length: rowCount }, (_, row) => sensor(row));
    return { type: 'number', values, present: present.includes(0) ? present : null };
  });
  return { rowCount, timesMs: instants(random, schema.intervalMs, rowCount), columns };
}

/** On the grid, late by a jitter, with skips and repeats, or anything at all. */
function instants(random: () => number, intervalMs: number, rowCount: number): Float64Array {
  const start = Math.floor(random() * 2 ** (random() * 52));
  const sort = Math.floor(random() * 5);
  let at = start;
  return Float64Array.from({ length: rowCount }, (_, row) => {
    if (sort === 0) return start + row * intervalMs;
    if (sort === 1) return start + row * intervalMs + Math.floor(random() * 20);
    if (sort === 2) return Math.floor(start / 1000) * 1000 + Math.round(row * 1.06) * 1000;
    if (sort === 3) return Math.floor(random() * Number.MAX_SAFE_INTEGER);
    at += Math.floor(random() * random() * 3) * intervalMs;
    return at;
  });
}

/** A schema of one to ten channels and rows for it. */
export function batch(mostRows: number): fc.Arbitrary<Batch> {
  const channel = fc.record({
    kind: fc.constantFrom<ChannelKind>('number', 'number', 'number', 'counter', 'boolean', 'state', 'text'),
    decimals: fc.constantFrom(null, 0, 1, 2, 3),
  });
  return fc
    .record({
      channels: fc.array(channel, { minLength: 1, maxLength: 10 }),
      intervalMs: fc.constantFrom(1000, 10_000, 60_000, 250),
      rowCount: fc.integer({ min: 1, max: mostRows }),
      seed: fc.integer(),
    })
    .map(({ channels, intervalMs, rowCount, seed }) => {
      const schema = { intervalMs, channels: channels.map((c, i) => ({ id: `c${i}`, ...c })) };
      return { schema, rows: rowsFor(schema, seed, rowCount) };
    });
}
