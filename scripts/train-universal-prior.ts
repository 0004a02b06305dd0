// Makes packages/codec/src/universal-prior.ts: what is known of any machine's rows before one was seen. Trained on
// the recordings named (CSV: `t` in Unix ms, then one channel per column; not part of this repository), on the
// simulator's machines and on made-up sensors of the common sorts. Only statistics of how readings spread go in.
//
//   node scripts/train-universal-prior.ts --out packages/codec/src/universal-prior.ts recording.csv …
//
// An --out that ends in .bin gets the bytes alone: the priors that the bench measures recordings with, each made
// without the recording it is for.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type CodecChannel, encodeUniversal, type Rows, type SampleSet, trainUniversal } from '@vigie/codec';
import { codecSchema } from '@vigie/model';
import { loadModel } from '@vigie/model/load';
import { createMachine, type Kind, readRow } from '@vigie/simulator';

const PIECE_ROWS = 60;
const LINE = 100;

const args = process.argv.slice(2);
const outAt = args.indexOf('--out');
const out = outAt < 0 ? undefined : args[outAt + 1];
if (out === undefined) {
  console.error('usage: node scripts/train-universal-prior.ts --out FILE recording.csv …');
  process.exit(2);
}
const files = args.filter((_, i) => i !== outAt && i !== outAt + 1);
const sets = [...files.map(recording), machine('turbevap', 1000), machine('chiller', 10_000), ...madeUp()];
const bytes = encodeUniversal(trainUniversal(sets));
writeFileSync(out, out.endsWith('.bin') ? bytes : moduleText(bytes));
console.log(
  `${bytes.length} bytes from ${files.map((file) => basename(file)).join(', ')} and simulated rows`,
);

function moduleText(content: Uint8Array): string {
  const text = Buffer.from(content).toString('base64').replace(/=+$/, '');
  const lines = text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [
    '// The universal prior shipped with format version 1. Made by scripts/train-universal-prior.ts; never by hand:',
    '// another one is another format, since blocks decode under the one they were encoded with.',
    "import type { UniversalPrior } from './prior.ts';",
    "import { decodeUniversal, fromBase64 } from './universal-bytes.ts';",
    '',
    'const BASE64 = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
    'export const universalPrior: UniversalPrior = decodeUniversal(fromBase64(BASE64));',
    '',
  ].join('\n');
}

function recording(file: string): SampleSet {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const cells = lines.map((line) => line.split(','));
  const times = cells.map((row) => Number(row[0]));
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  steps.sort((a, b) => a - b);
  const channels = head
    .split(',')
    .slice(1)
    .map((id, c): CodecChannel => {
      const decimals = Math.max(...cells.map((row) => (row[c + 1]?.split('.')[1] ?? '').length));
      return { id, kind: 'number', decimals };
    });
  const intervalMs = steps[steps.length >> 1] ?? 1000;
  const values = channels.map((_, c) => Float64Array.from(cells, (row) => Number(row[c + 1])));
  return { schema: { intervalMs, channels }, samples: pieces(Float64Array.from(times), values) };
}

function machine(kind: Kind, stepMs: number): SampleSet {
  const model = loadModel(`models/${kind}.yaml`);
  if (!model.ok) throw new Error(model.message);
  const simulated = createMachine(kind, { seed: 1, utcMs: 1_760_000_000_000, fouling: 10 });
  const rows = Array.from({ length: 6000 }, (_, scan) => {
    simulated.step(stepMs);
    return readRow(simulated, model.value, scan + 1);
  });
  const schema = { ...codecSchema(model.value.schema), intervalMs: stepMs };
  const values = schema.channels.map((_, c) => Float64Array.from(rows, (row) => Number(row[c] ?? 0)));
  return {
    schema,
    samples: pieces(
      Float64Array.from(rows, (_, i) => 5000 + i * stepMs),
      values,
    ),
  };
}

/** Walks, smooth quantities, counters and switches, meters with a daily cycle, a noisy 16-bit converter. */
function madeUp(): SampleSet[] {
  let seed = 7;
  const uniform = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
  };
  const normal = (): number => Array.from({ length: 12 }, uniform).reduce((sum, u) => sum + u, -6);
  const sensor = (next: (i: number) => number): Float64Array =>
    Float64Array.from({ length: 4000 }, (_, i) => Math.round(next(i)));
  const walks = [0.3, 0.5, 1, 2, 4, 8, 0.1, 20].map((sigma, k) => {
    let x = 200 * (k + 1);
    return sensor(() => (x += normal() * sigma));
  });
  const smooth = [1, 2, 3, 4, 5, 6, 7, 8].map((k) => {
    let x = 2000;
    let speed = 0;
    return sensor(() => {
      speed = speed * 0.97 + normal() * 0.2 * k;
      x += speed;
      return x + (k % 2 === 0 ? normal() : 0);
    });
  });
  let count = 1e6;
  let rate = 3;
  let on = 0;
  let state = 0;
  const counters = [
    sensor(() => (count += 1)),
    sensor(() => (count += Math.round(10 + normal() * 2))),
    sensor(() => (count += uniform() < 0.05 ? 1 : 0)),
    sensor(() => (count += rate = Math.max(0, rate + normal() * 0.1))),
    sensor(() => (on = uniform() < 0.02 ? 1 - on : on)),
    sensor(() => (state = uniform() < 0.01 ? Math.floor(uniform() * 6) : state)),
  ];
  const meters = [1, 2, 3, 4, 5, 6].map((k) => {
    let walk = 0;
    return sensor((i) => {
      walk = walk * 0.95 + normal() * 20 * k;
      return Math.max(0, 1000 * k * (1.2 + Math.sin((i / 1440) * 2 * Math.PI)) + walk * 3);
    });
  });
  meters.push(
    sensor(() => 2300 + normal() * 8),
    sensor(() => 5000 + normal() * 2),
  );
  const converter = [3, 10, 30, 100, 300, 1000, 3000, 1.2].map((sigma) => {
    let drift = 0;
    return sensor(() => {
      drift = drift * 0.99 + normal() * sigma * 0.2;
      return 30_000 + drift + normal() * sigma;
    });
  });
  return [walks, smooth, counters, meters, converter].map((values) => ({
    schema: {
      intervalMs: 1000,
      channels: values.map((_, c): CodecChannel => ({ id: `s${c}`, kind: 'number', decimals: 0 })),
    },
    samples: pieces(
      Float64Array.from({ length: 4000 }, (_, i) => 1_700_000_000_000 + i * 1000),
      values,
    ),
  }));
}

function pieces(times: Float64Array, values: readonly Float64Array[]): Rows[] {
  const samples: Rows[] = [];
  for (let from = 0; from + PIECE_ROWS <= times.length; from += PIECE_ROWS) {
    const to = from + PIECE_ROWS;
    samples.push({
      rowCount: PIECE_ROWS,
      timesMs: times.subarray(from, to),
      columns: values.map((column) => ({ type: 'number', values: column.subarray(from, to), present: null })),
    });
  }
  return samples;
}
