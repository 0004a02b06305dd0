// Vigie's own place in the bench, through the public interface of @vigie/codec and nothing else.
// `universal`: only what ships with the codec. `primed`: with a prior of this machine, trained on the training half.
// Decimals and interval of the schema come from the training half too, so that nothing is known of the measured one.
// The shipped universal prior was trained on some recordings: one of those is measured with a prior made without it
// (universal/, by scripts/train-universal-prior.ts), and the notes say so.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  type CodecSchema,
  decodeBlock,
  decodeUniversal,
  encodeBlock,
  encodePrior,
  type Prior,
  type Rows,
  trainPrior,
  type UniversalPrior,
  universalPrior,
} from '@vigie/codec';
import { type BenchRecording, type Block, decimalPlaces, type Halves } from './recording.ts';

const DECIMALS_MOST = 9;
/** Rows a prior is trained on at a time; what trainPrior is given on an edge are blocks. */
const SAMPLE_ROWS = 600;
/** What the shipped universal prior was trained on: the name without quantisation, and the SHA-256 of each file. */
const TRAINED_ON: Readonly<Record<string, readonly string[]>> = {
  metropt3: ['6d1be810e5de5e6135a2bd2353c58ccf10b6edf82cabf6c862ee29097b129615'],
  occupancy: ['5cc1f65a4d66eb7a999739797b2763ed435e3184da0a2246747bbff959c7112f'],
  skab: [
    'b151659bf15768515c0f1c19fefa5459c772a79904521ac082a901b6c94d48fb',
    'dfb13c904ebec2f48cfc35420f85c77462467f1b4e63bb22190c2a87208f4e29',
  ],
  tep: ['ecb885221819efe65663dfd22e9f66e6348497bd47035e49feaceaa07bb2ebd8'],
};

/** One way to use the codec on one recording. Blocks in, bytes out; rows back, or a throw. */
export interface Contender {
  readonly encode: (rows: Rows) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Rows;
}

export interface Vigie {
  readonly universal: Contender;
  readonly primed: Contender;
  /** Of the prior behind `primed`: sent once, in no block. */
  readonly priorBytes: number;
  /** What a reader of the figures must know, as sentences. */
  readonly notes: readonly string[];
}

/** Trains what is to be trained, once for all block sizes of a recording. */
export function prepareVigie(recording: BenchRecording, { training }: Halves): Vigie {
  const schema = schemaOf(recording, training.from, training.to);
  const schemaHash = createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);
  const { universal, note } = universalFor(recording);
  const contender = (prior: Prior | null): Contender => ({
    encode: (rows) => encodeBlock(schema, rows, { schemaHash, universal, prior }),
    decode: (bytes) => whole(decodeBlock(bytes, schema, { universal, prior: () => prior })),
  });
  const samples: Rows[] = [];
  for (let from = training.from; from < training.to; from += SAMPLE_ROWS) {
    samples.push(rowsOf({ recording, from, to: Math.min(training.to, from + SAMPLE_ROWS) }));
  }
  const prior = trainPrior(schema, samples, { universal });
  const priorBytes = encodePrior(prior, { universal }).length;
  return {
    universal: contender(null),
    primed: contender(prior),
    priorBytes,
    notes: [`${note} Prior of its own: ${priorBytes} bytes.`],
  };
}

/** The recording that the shipped universal prior saw, whether this is its file renamed or another cut of it. */
export function seenInTraining({ file, sha256 }: Pick<BenchRecording, 'file' | 'sha256'>): string | null {
  const stem = basename(file, '.csv').replace(/_(q|raw)$/, '');
  const seen = Object.entries(TRAINED_ON).find(([name, sums]) => name === stem || sums.includes(sha256));
  return seen?.[0] ?? null;
}

function universalFor(recording: BenchRecording): {
  readonly universal: UniversalPrior;
  readonly note: string;
} {
  const file = basename(recording.file);
  const name = seenInTraining(recording);
  if (name === null) {
    return { universal: universalPrior, note: `${file}: the shipped universal prior, which never saw it.` };
  }
  const bytes = readFileSync(new URL(`./universal/without-${name}.bin`, import.meta.url));
  return {
    universal: decodeUniversal(bytes),
    note: `${file}: a universal prior trained without ${name}, on which the shipped one was trained too.`,
  };
}

function whole(decoded: ReturnType<typeof decodeBlock>): Rows {
  if (!decoded.ok) throw new Error(`Vigie refuses its own block: ${decoded.error.message}`);
  const { rowCount, timesMs, columns } = decoded.value;
  const all = columns.filter((column) => column !== null);
  if (all.length !== columns.length) throw new Error('Vigie left a column out');
  return { rowCount, timesMs, columns: all };
}

/** What rows `from` to `to − 1` say of the channels. */
export function schemaOf({ columns, timesMs }: BenchRecording, from: number, to: number): CodecSchema {
  const steps = Array.from(timesMs.subarray(from + 1, to), (time, i) => time - timesMs[from + i]!);
  steps.sort((a, b) => a - b);
  return {
    intervalMs: steps[steps.length >> 1] ?? 1000,
    channels: columns.map(({ name, texts }) => ({
      id: name,
      kind: 'number',
      decimals: usualDecimals(texts.slice(from, to)),
    })),
  };
}

function usualDecimals(texts: readonly string[]): number | null {
  const most = texts.reduce((places, text) => Math.max(places, decimalPlaces(text)), 0);
  return most > DECIMALS_MOST || texts.some((text) => text.includes('e')) ? null : most;
}

export function rowsOf({ recording, from, to }: Block): Rows {
  return {
    rowCount: to - from,
    timesMs: recording.timesMs.slice(from, to),
    columns: recording.columns.map(({ values, texts, hasMissing }) => {
      const kept = values.slice(from, to);
      const missing = hasMissing && kept.some(Number.isNaN);
      return {
        type: 'number',
        values: missing ? kept.map((value) => (Number.isNaN(value) ? 0 : value)) : kept,
        present: missing ? Uint8Array.from(texts.slice(from, to), (text) => (text === '' ? 0 : 1)) : null,
      };
    }),
  };
}

/** Bit for bit; a missing sample must be missing again, whatever number stands in its place. */
export function sameRows(a: Rows, b: Rows): boolean {
  return (
    a.rowCount === b.rowCount &&
    a.timesMs.every((time, i) => time === b.timesMs[i]) &&
    a.columns.length === b.columns.length &&
    a.columns.every((column, c) => {
      const other = b.columns[c];
      if (column.type !== 'number' || other?.type !== 'number') return false;
      return column.values.every((value, i) => {
        const present = (column.present?.[i] ?? 1) !== 0;
        if (present !== ((other.present?.[i] ?? 1) !== 0)) return false;
        return !present || Object.is(value, other.values[i]);
      });
    })
  );
}
