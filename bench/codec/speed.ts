// How fast the codec is on the machine it was designed for: the simulated Turbevap at one row a second, primed.
// `npm run bench:codec-speed`: encode and decode of whole blocks, and one column out of a block, for every column.
// Best of many runs on one core; figures of two machines are comparable only as ratios.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Column, decodeBlock, encodeBlock, encodePrior, type Rows, trainPrior } from '@vigie/codec';
import { EXIT, explain, parseFlags } from '@vigie/config';
import { codecSchema } from '@vigie/model';
import { loadModel, schemaHash } from '@vigie/model/load';
import { createMachine, readRow } from '@vigie/simulator';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const RUNS = 40;
const TRAINING_BLOCKS = 120;
const MEASURED_BLOCKS = 200;

const parsed = parseFlags(
  {
    name: 'npm run bench:codec-speed --',
    summary: 'Speed of the codec on the simulated Turbevap: blocks of 60 rows, primed.',
    flags: {
      'block-rows': { type: 'number', value: 'N', help: 'rows per block (default 60)' },
      json: { type: 'boolean', help: 'figures as JSON' },
    },
  },
  process.argv.slice(2),
);
process.exitCode = main();

function main(): number {
  if (parsed.kind !== 'run') return explain(parsed);
  const { 'block-rows': blockRows = 60, json = false } = parsed.flags;
  const model = loadModel(join(root, 'models', 'turbevap.yaml'));
  if (!model.ok) throw new Error(model.message);
  const schema = codecSchema(model.value.schema);
  const machine = createMachine('turbevap', { seed: 4, utcMs: Date.UTC(2026, 9, 1) });
  let scan = 0;
  const block = (): Rows => {
    const rows = Array.from({ length: blockRows }, () => {
      machine.step(1000);
      return readRow(machine, model.value, ++scan);
    });
    const columns = schema.channels.map((_, c): Column => {
      const values = Float64Array.from(rows, (row) => row[c] ?? 0);
      return { type: 'number', values, present: null };
    });
    return { rowCount: blockRows, timesMs: Float64Array.from(rows, (_, i) => i * 1000), columns };
  };
  const prior = trainPrior(schema, Array.from({ length: TRAINING_BLOCKS }, block));
  const measured = Array.from({ length: MEASURED_BLOCKS }, block);
  const hash = schemaHash(model.value.schema);
  const encode = (rows: Rows): Uint8Array => encodeBlock(schema, rows, { schemaHash: hash, prior });
  const blocks = measured.map(encode);
  const decode = (bytes: Uint8Array, columns?: readonly number[]): void => {
    const options = { prior: () => prior, ...(columns === undefined ? {} : { columns }) };
    if (!decodeBlock(bytes, schema, options).ok) throw new Error('a block of its own is refused');
  };
  const samples = MEASURED_BLOCKS * blockRows * schema.channels.length;
  const perSecond = (run: () => void): number => Math.round((1000 * samples) / bestMs(run));
  const columnUs = schema.channels.map(
    (_, c) =>
      (1000 *
        bestMs(() => {
          for (const bytes of blocks) decode(bytes, [c]);
        })) /
      MEASURED_BLOCKS,
  );
  const figures = {
    channels: schema.channels.length,
    blockRows,
    bytesPerBlock: Math.round(blocks.reduce((sum, { length }) => sum + length, 0) / MEASURED_BLOCKS),
    priorBytes: encodePrior(prior).length,
    encodeSamplesPerSecond: perSecond(() => {
      for (const rows of measured) encode(rows);
    }),
    decodeSamplesPerSecond: perSecond(() => {
      for (const bytes of blocks) decode(bytes);
    }),
    oneColumnUs: {
      mean: round(columnUs.reduce((sum, us) => sum + us, 0) / columnUs.length),
      worst: round(Math.max(...columnUs)),
    },
  };
  if (json) console.log(JSON.stringify(figures, null, 2));
  else {
    console.log(
      `${figures.channels} channels, ${blockRows} rows a block, primed (prior of ${figures.priorBytes} bytes)`,
    );
    console.log(`a block takes ${figures.bytesPerBlock} bytes`);
    console.log(`encode ${(figures.encodeSamplesPerSecond / 1e6).toFixed(1)} M samples/s`);
    console.log(`decode ${(figures.decodeSamplesPerSecond / 1e6).toFixed(1)} M samples/s`);
    console.log(
      `one column of a block: ${figures.oneColumnUs.mean} µs on average, ${figures.oneColumnUs.worst} µs the worst`,
    );
  }
  return EXIT.ok;
}

function bestMs(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const startedMs = performance.now();
    run();
    best = Math.min(best, performance.now() - startedMs);
  }
  return best;
}

function round(us: number): number {
  return Math.round(us * 10) / 10;
}
