// Feeds the decoder blocks that no encoder made: real ones with bytes changed, cut, doubled or swapped, most of them
// under a right check so that the damage reaches the decoder's depth; a part under priors damaged the same way.
// Whatever comes, decoding must neither throw nor take long. Prints progress, then a JSON result.
//
//   npm run fuzz -- [--blocks 10000000] [--seed 1] [--out bench/results/fuzz-codec.json]
import { writeFileSync } from 'node:fs';
import {
  type CodecSchema,
  decodeBlock,
  decodePrior,
  encodeBlock,
  encodePrior,
  type Prior,
  trainPrior,
  universalPrior,
} from '@vigie/codec';
import { explain, parseFlags } from '@vigie/config';
import { checkOf, fingerprint } from '../packages/codec/src/checksum.ts';
import { rowsFor, seeded } from '../packages/codec/src/rows.test-support.ts';

const parsed = parseFlags(
  {
    name: 'npm run fuzz --',
    summary: 'Decodes damaged blocks and priors; none may throw or take long.',
    flags: {
      blocks: { type: 'number', value: 'N', help: 'blocks to decode (default 10000000)' },
      seed: { type: 'number', value: 'S', help: 'replays a run (default 1)' },
      out: { type: 'string', value: 'FILE', help: 'also writes the result there' },
    },
  },
  process.argv.slice(2),
);
if (parsed.kind !== 'run') process.exit(explain(parsed));
const blocks = parsed.flags.blocks ?? 10_000_000;
const seed = parsed.flags.seed ?? 1;

/** Blocks per schema, prior and rows before new ones are made. */
const BLOCKS_PER_SOURCE = 2000;
/** A small block that takes longer has hung for some purpose. */
const SLOW_MS = 1000;
const KINDS = ['number', 'number', 'number', 'counter', 'boolean', 'state', 'text'] as const;

const random = seeded(seed);
const below = (count: number): number => Math.floor(random() * count);
const counts = { decoded: 0, refused: {} as Record<string, number>, priors: 0, priorsRefused: 0 };
let slowestMs = 0;
const startMs = performance.now();
let said = startMs;

for (let done = 0; done < blocks; ) {
  const source = newSource();
  for (let k = 0; k < BLOCKS_PER_SOURCE && done < blocks; k++, done++) {
    const { schema, bytes, prior } = source[below(source.length)]!;
    let bad = damaged(bytes, 1);
    if (random() < 0.9) bad = checked(bad, fingerprint(schema) ^ universalPrior.check ^ (prior?.check ?? 0));
    attempt(bad, schema, prior, done);
  }
  if (performance.now() - said < 5000) continue;
  said = performance.now();
  console.error(`${done} blocks, ${Math.round((done / (said - startMs)) * 1000)} a second`);
}

const result = {
  blocks,
  seed,
  threw: 0,
  decodedUnderForgedCheck: counts.decoded,
  refused: counts.refused,
  forgedPriors: counts.priors,
  forgedPriorsRefused: counts.priorsRefused,
  slowestMs: Math.round(slowestMs * 10) / 10,
  seconds: Math.round((performance.now() - startMs) / 1000),
  node: process.version,
};
const text = `${JSON.stringify(result, null, 2)}\n`;
console.log(text);
if (parsed.flags.out !== undefined) writeFileSync(parsed.flags.out, text);

interface Source {
  readonly schema: CodecSchema;
  readonly bytes: Uint8Array;
  readonly prior: Prior | null;
}

/** A few blocks of one schema: unprimed, primed, and primed by a forged prior when one passes. */
function newSource(): Source[] {
  const schema: CodecSchema = {
    intervalMs: [1000, 10_000, 250][below(3)]!,
    channels: Array.from({ length: 1 + below(6) }, (_, c) => ({
      id: `c${c}`,
      kind: KINDS[below(KINDS.length)]!,
      decimals: [null, 0, 1, 2][below(4)]!,
    })),
  };
  const made = trainPrior(schema, [rowsFor(schema, below(2 ** 31), 60)]);
  const bytes = encodePrior(made);
  const priors: (Prior | null)[] = [null, made];
  for (let k = 0; k < 20; k++) {
    counts.priors++;
    const bad = checked(damaged(bytes, 4), universalPrior.check);
    const forged = guard(`prior ${counts.priors}`, () => decodePrior(bad, schema));
    if (forged.ok) priors.push(forged.value);
    else counts.priorsRefused++;
  }
  return priors.flatMap((prior) =>
    [1, 1 + below(30)].map((rowCount) => {
      const rows = rowsFor(schema, below(2 ** 31), rowCount);
      return { schema, prior, bytes: encodeBlock(schema, rows, { schemaHash: '0123456789abcdef', prior }) };
    }),
  );
}

function attempt(bytes: Uint8Array, schema: CodecSchema, prior: Prior | null, index: number): void {
  const options = {
    prior: () => prior,
    ...(index % 4 === 0 ? { columns: [below(schema.channels.length)] } : {}),
  };
  const decoded = guard(`block ${index}`, () => decodeBlock(bytes, schema, options));
  if (decoded.ok) counts.decoded++;
  else counts.refused[decoded.error.code] = (counts.refused[decoded.error.code] ?? 0) + 1;
}

/** Runs what must not throw, and keeps the slowest. */
function guard<T>(what: string, run: () => T): T {
  const before = performance.now();
  try {
    return run();
  } catch (error) {
    console.error(`${what} of seed ${seed} threw`);
    throw error;
  } finally {
    const tookMs = performance.now() - before;
    if (tookMs > slowestMs) slowestMs = tookMs;
    if (tookMs > SLOW_MS) console.error(`${what} of seed ${seed} took ${Math.round(tookMs)} ms`);
  }
}

/** Bytes from `from` on changed in one of several ways. */
function damaged(bytes: Uint8Array, from: number): Uint8Array {
  const out = Array.from(bytes);
  for (let k = 1 + below(4); k > 0; k--) {
    const at = from + below(Math.max(1, out.length - from));
    const way = below(6);
    if (way === 0) out.splice(at, 1 + below(8));
    else if (way === 1) out.splice(at, 0, ...out.slice(at, at + 1 + below(8)));
    else if (way === 2) out[at] = [0, 255, 127, 128][below(4)]!;
    else if (way === 3) out.splice(at, 0, below(256));
    else out[at] = (out[at] ?? 0) ^ (1 << below(8));
  }
  return Uint8Array.from(out);
}

/** The same bytes, their last three a right check of the others. */
function checked(bytes: Uint8Array, start: number): Uint8Array {
  const end = bytes.length - 3;
  if (end < 0) return bytes;
  const crc = checkOf(bytes, end, start);
  bytes.set([crc >> 16, crc >> 8, crc], end);
  return bytes;
}
