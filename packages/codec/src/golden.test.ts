// Format version 1, pinned: blocks and priors written once must decode to the same rows for ever, and the same rows
// under the same prior must encode to the same bytes. WRITE_GOLDEN=1 writes the files that are missing; one that
// must change means another format version. Numbers that JSON cannot hold are written as the 16 hex digits of their bits.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cells, type Golden, hex, whatDiffers } from './golden.test-support.ts';
import { type CodecSchema, type Column, encodeBlock, encodePrior, type Rows, trainPrior } from './index.ts';
import { rowsFor } from './rows.test-support.ts';

const FOLDER = new URL('../golden/', import.meta.url);
const HASH = 'a1b2c3d4e5f60718';

interface Case {
  readonly name: string;
  readonly schema: CodecSchema;
  readonly rows: Rows;
  /** Rows to train a prior on, or `null`: universal. */
  readonly samples: readonly Rows[] | null;
}

const plant: CodecSchema = {
  intervalMs: 1000,
  channels: [
    { id: 'pressure', kind: 'number', decimals: 2 },
    { id: 'pressure_b', kind: 'number', decimals: 2 },
    { id: 'temperature', kind: 'number', decimals: 1 },
    { id: 'current', kind: 'number', decimals: 3 },
    { id: 'running', kind: 'boolean', decimals: 0 },
    { id: 'count', kind: 'counter', decimals: 0 },
    { id: 'digits', kind: 'number', decimals: 6 },
    { id: 'state', kind: 'text', decimals: null },
    { id: 'constant', kind: 'number', decimals: 1 },
  ],
};

/** A machine by integer arithmetic alone, so that no engine's sine decides what is in a golden file. */
function plantRows(from: number, rowCount: number, jitter: boolean): Rows {
  let state = 12_345 + from;
  const noise = (most: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor(state / 65_536) % most;
  };
  const row = (k: number): (number | string)[] => {
    const wave = Math.abs(((from + k) % 240) - 120);
    const pressure = 450 + wave + noise(5);
    return [
      pressure / 100,
      (pressure + 3 - noise(2)) / 100,
      (655 + Math.floor(wave / 8) + noise(2)) / 10,
      (Math.floor(noise(40)) * 25 + 350) / 1000,
      wave > 60 ? 1 : 0,
      1000 + (from + k) * 3 + noise(2),
      (wave > 60 ? (80_000 + wave * 300 + noise(100)) * 10 : (8000 + wave) * 100 + noise(100)) / 1_000_000,
      wave > 60 ? 'running' : noise(50) === 0 ? `fault ${noise(9)}` : 'idle',
      21.5,
    ];
  };
  const all = Array.from({ length: rowCount }, (_, k) => row(k));
  return {
    rowCount,
    timesMs: Float64Array.from(all, (_, k) => 7_000_000 + (from + k) * 1000 + (jitter ? noise(3) * 1000 : 0)),
    columns: plant.channels.map(
      ({ kind }, c): Column =>
        kind === 'text'
          ? { type: 'text', values: all.map((cells) => String(cells[c])) }
          : { type: 'number', values: Float64Array.from(all, (cells) => Number(cells[c])), present: null },
    ),
  };
}

const exotic: CodecSchema = {
  intervalMs: 10_000,
  channels: [
    'number',
    'number',
    'counter',
    'text',
    'number',
    'state',
    'number',
    'number',
    'number',
    'number',
  ].map((kind, c) => ({
    id: `c${c}`,
    kind: kind as CodecSchema['channels'][number]['kind'],
    decimals: c % 3 === 0 ? null : c % 3,
  })),
};

const samples = [plantRows(0, 1200, false)];
const cases: readonly Case[] = [
  { name: 'minute-universal', schema: plant, rows: plantRows(1500, 60, false), samples: null },
  { name: 'minute-primed', schema: plant, rows: plantRows(1500, 60, false), samples },
  {
    name: 'jitter-primed',
    schema: plant,
    rows: plantRows(1600, 60, true),
    samples: [plantRows(0, 1200, true)],
  },
  { name: 'row-primed', schema: plant, rows: plantRows(1700, 1, false), samples },
  { name: 'hour-primed', schema: plant, rows: plantRows(2000, 600, false), samples },
  { name: 'exotic-universal-1', schema: exotic, rows: rowsFor(exotic, 11, 37), samples: null },
  { name: 'exotic-universal-2', schema: exotic, rows: rowsFor(exotic, 12, 64), samples: null },
  {
    name: 'exotic-primed-1',
    schema: exotic,
    rows: rowsFor(exotic, 13, 61),
    samples: [rowsFor(exotic, 14, 200)],
  },
  {
    name: 'exotic-primed-2',
    schema: exotic,
    rows: rowsFor(exotic, 15, 33),
    samples: [rowsFor(exotic, 15, 120)],
  },
];

function goldenOf({ schema, rows, samples }: Case): Golden {
  const prior = samples === null ? null : trainPrior(schema, samples);
  return {
    schema,
    schemaHash: HASH,
    prior: prior === null ? null : hex(encodePrior(prior)),
    priorHash: prior?.hash ?? null,
    block: hex(encodeBlock(schema, rows, { schemaHash: HASH, prior })),
    timesMs: [...rows.timesMs],
    columns: rows.columns.map((values) => cells(values, rows.rowCount)),
  };
}

describe('format version 1', () => {
  for (const known of cases) {
    it(known.name, () => {
      const file = new URL(`v1-${known.name}.json`, FOLDER);
      if (process.env.WRITE_GOLDEN === '1' && !existsSync(file))
        writeFileSync(file, `${JSON.stringify(goldenOf(known))}\n`);
      expect(whatDiffers(readFileSync(file, 'utf8'))).toBeNull();
    });
  }
});
