// Training: a prior for one schema from samples of its rows, and the universal prior from sets of samples. Samples are
// cut into pieces of a minute's rows, fitted column by column, related, then measured three times: how often each
// context saw a one, from which confidence it does best, and how the three models are to be weighed.
import { consecutive } from './block.ts';
import { Coder, type Watcher } from './coder.ts';
import { codeColumn } from './column.ts';
import { HEAD_SIZE, INSTANT_A, INSTANT_REGULAR, PLAIN_COUNT, STATE_COUNT, WEIGHT_COUNT } from './contexts.ts';
import { codeInstants, Grid, unitMs, unitOf } from './instants.ts';
import {
  type ColumnPrior,
  loadInstants,
  loadStream,
  MAX_STREAM_COLUMNS,
  type Overrides,
  type Prior,
  type UniversalPrior,
} from './prior.ts';
import { decodePrior, MAX_TEXTS, type PriorContent, type PriorOptions, writePrior } from './prior-bytes.ts';
import { Scratch } from './stream.ts';
import { ofQuarters } from './tables.ts';
import { cut, type Fit, fitPredictor, type Sampled, sampleColumn } from './train-columns.ts';
import { groupColumns, relate } from './train-relations.ts';
import { Counts, chooseOverrides, probability16, share, Trials } from './train-tables.ts';
import { type CodecSchema, MAX_BLOCK_TEXT, type Rows } from './types.ts';
import { decodeUniversal, encodeUniversal } from './universal-bytes.ts';
import { universalPrior } from './universal-prior.ts';

/** Pieces that are fitted and measured; more rows only lengthen dictionaries. */
const PIECES_MOST = 150;
const FITTED_MOST = 60;
/** Bits an entry must save over the training to be worth its bytes. */
const STATE_WORTH_BITS = 14;
const PLAIN_WORTH_BITS = 8;
/** What an entry would save if it were alone; the other two models know part of it. */
const STATE_DISCOUNT = 0.6;
const NO_OVERRIDES: Overrides = { indexes: new Uint16Array(0), values: new Int32Array(0) };

/** @throws RangeError when there is not one row. */
export function trainPrior(schema: CodecSchema, samples: readonly Rows[], options: PriorOptions = {}): Prior {
  const universal = options.universal ?? universalPrior;
  const pieces = spread(cut(samples), PIECES_MOST);
  if (pieces.length === 0) throw new RangeError('no rows to train on');
  const draft = fitStructure(schema, samples, pieces, universal);
  const columnCount = schema.channels.length;

  const counts = draft.columns.map(() => new Counts());
  const instants = new Counts();
  for (const rows of pieces) measure(schema, rows, draft, universal, (c) => counts[c] ?? instants);
  const statesOf = (seen: Counts, from: number, to: number): Overrides =>
    chooseOverrides(
      seen.states,
      from,
      to,
      (i) => universal.states[i]! >>> 8,
      ofQuarters,
      STATE_WORTH_BITS,
      STATE_DISCOUNT,
    );
  const chosen = [
    ...counts.map((seen) => statesOf(seen, 0, INSTANT_A)),
    statesOf(instants, INSTANT_A, STATE_COUNT),
  ];
  const heads = counts.map(({ plains }) =>
    chooseOverrides(plains, 0, HEAD_SIZE, (i) => universal.heads[i]!, ofQuarters, PLAIN_WORTH_BITS, 1),
  );
  const plain = chooseOverrides(
    instants.plains,
    INSTANT_REGULAR,
    PLAIN_COUNT,
    (i) => universal.plain[i]!,
    ofQuarters,
    PLAIN_WORTH_BITS,
    1,
  );

  const withStates = (states: readonly Overrides[]): Draft => ({
    ...draft,
    columns: draft.columns.map((column, c) => ({ ...column, states: states[c]!, heads: heads[c]! })),
    instants: { ...draft.instants, plain, states: states[columnCount]! },
  });
  const unsure = chosen.map(({ indexes, values }) => ({ indexes, values: values.map((p) => p << 8) }));
  const trials = unsure.map(({ indexes, values }) => new Trials(indexes, values));
  const second = withStates(unsure);
  for (const rows of pieces)
    measure(schema, rows, second, universal, (c) => trials[c < 0 ? columnCount : c]!);
  const states = unsure.map(({ indexes, values }, c) => ({
    indexes,
    values: values.map((state, k) => state | trials[c]!.best(k)),
  }));

  const third = withStates(states);
  const averaged = new Float64Array(WEIGHT_COUNT);
  let seen = 0;
  for (const rows of pieces) {
    measure(
      schema,
      rows,
      third,
      universal,
      () => null,
      (coder) => {
        third.weights.set(coder.weights);
        for (let k = 0; k < WEIGHT_COUNT; k++) averaged[k]! += coder.weights[k]!;
        seen++;
      },
    );
  }
  const weights = Int32Array.from(averaged, (sum) => Math.round(sum / seen / 256) * 256);
  const content: PriorContent = { ...third, weights };
  // The prior used is the one its bytes say, so that both ends have the same.
  const prior = decodePrior(writePrior(schema, content, universal), schema, { universal });
  if (!prior.ok) throw new Error(`training made a prior that cannot be read: ${prior.error.message}`);
  return prior.value;
}

/** Samples of one schema, for the universal prior. */
export interface SampleSet {
  readonly schema: CodecSchema;
  readonly samples: readonly Rows[];
}

/** Clocks differ more from one another than sensors do: a block soon believes its own. */
const INSTANT_CONFIDENCE = 1;

/** Column pieces that each set contributes, so that none outweighs the others. */
const SET_PIECES = 1500;

export function trainUniversal(sets: readonly SampleSet[]): UniversalPrior {
  const flat = flatUniversal();
  const jobs = sets.map(({ schema, samples }) => {
    const all = cut(samples);
    const pieces = spread(all, Math.max(1, Math.floor(SET_PIECES / schema.channels.length)));
    return { schema, pieces, draft: fitStructure(schema, samples, spread(all, PIECES_MOST), flat) };
  });
  const run = (
    universal: UniversalPrior,
    watch: (primed: boolean) => Watcher | null,
    after?: (coder: Coder, universal: UniversalPrior) => void,
  ): void => {
    for (const { schema, pieces, draft } of jobs) {
      for (const rows of pieces) {
        for (const primed of [false, true]) {
          // Weights still learning are the universal prior's.
          const prior = primed ? { ...draft, weights: universal.weights } : null;
          measure(
            schema,
            rows,
            prior,
            universal,
            () => watch(primed),
            (coder) => after?.(coder, universal),
          );
        }
      }
    }
  };
  const alone = new Counts();
  const primed = new Counts();
  run(flat, (isPrimed) => (isPrimed ? primed : alone));
  const trained: UniversalPrior = {
    states: flat.states.map((_, i) => {
      const zeros = alone.states[2 * i]! + primed.states[2 * i]!;
      const ones = alone.states[2 * i + 1]! + primed.states[2 * i + 1]!;
      return probability16(share(zeros, ones, 0.5, 2)) << 8;
    }),
    plain: flat.plain.map((_, i) => {
      const zeros = alone.plains[2 * i]!;
      const ones = alone.plains[2 * i + 1]!;
      return probability16(share(zeros, ones, 0.5, 4));
    }),
    heads: flat.heads.map((_, i) =>
      probability16(share(primed.plains[2 * i]!, primed.plains[2 * i + 1]!, 0.5, 4)),
    ),
    weights: flat.weights.slice(),
    check: 0,
  };
  const trials = new Trials(
    trained.states.map((_, i) => i),
    trained.states,
  );
  run(trained, () => trials);
  const states = trained.states.map(
    (state, i) => state | (i < INSTANT_A ? trials.best(i) : Math.min(trials.best(i), INSTANT_CONFIDENCE)),
  );
  const sure: UniversalPrior = { ...trained, states };
  const averaged = new Float64Array(WEIGHT_COUNT);
  let seen = 0;
  run(
    sure,
    () => null,
    (coder, { weights }) => {
      weights.set(coder.weights);
      for (let k = 0; k < WEIGHT_COUNT; k++) averaged[k]! += coder.weights[k]!;
      seen++;
    },
  );
  const weights = Int32Array.from(averaged, (sum) => Math.round(sum / Math.max(1, seen)));
  // The prior used is the one its bytes say.
  return decodeUniversal(encodeUniversal({ ...sure, weights }));
}

/** Knows nothing. */
function flatUniversal(): UniversalPrior {
  return {
    states: new Int32Array(STATE_COUNT).fill((32_768 << 8) | 2),
    weights: new Int32Array(WEIGHT_COUNT).fill(6000),
    plain: new Uint16Array(PLAIN_COUNT).fill(32_768),
    heads: new Uint16Array(HEAD_SIZE).fill(32_768),
    check: 0,
  };
}

type Draft = Omit<PriorContent, 'columns'> &
  Pick<Prior, 'hash' | 'check' | 'fingerprint'> & { readonly columns: readonly ColumnPrior[] };

const coder = new Coder();
const scratch = new Scratch();

/** Codes a piece to nowhere, under the eyes of a watcher per column (−1: the instants). */
function measure(
  schema: CodecSchema,
  rows: Rows,
  prior: Prior | null,
  universal: UniversalPrior,
  watch: (column: number) => Watcher | null,
  after?: (coder: Coder) => void,
): void {
  const { rowCount, columns } = rows;
  coder.measure(null);
  const stream = scratch.stream(coder, universal, prior, rowCount, MAX_STREAM_COLUMNS, MAX_BLOCK_TEXT);
  const groups = prior?.streams ?? consecutive(columns.length);
  groups.forEach((group, g) => {
    loadStream(coder, universal, prior);
    coder.watcher = watch(-1);
    if (g === 0) {
      loadInstants(coder, universal, prior);
      codeInstants(coder, rows.timesMs.slice(), rowCount, schema.intervalMs, prior?.instants ?? null);
      after?.(coder);
    }
    stream.kindsBefore.fill(0, 0, rowCount);
    for (let k = 0; k < group.length; k++) {
      const index = group[k]!;
      coder.watcher = watch(index);
      codeColumn(stream, schema, k, index, columns[index]!);
      after?.(coder);
    }
  });
}

/** A prior that knows columns, streams and instants but no tables. */
function fitStructure(
  schema: CodecSchema,
  samples: readonly Rows[],
  pieces: readonly Rows[],
  universal: UniversalPrior,
): Draft {
  const few = spread(pieces, FITTED_MOST);
  const sampled = schema.channels.map((channel, c): Sampled => {
    if (channel.kind !== 'text') return sampleColumn(channel, c, samples, few);
    return {
      decimals: 0,
      digits: 0,
      lattice: { reference: 0, step: 1, ranks: null },
      pieces: few.map(() => null),
      constant: true,
    };
  });
  const fits: Fit[] = sampled.map(({ pieces: places }) => fitPredictor(places));
  const { streams, shared } = groupColumns(sampled, fits);
  const columns: ColumnPrior[] = new Array<ColumnPrior>(schema.channels.length);
  for (const order of streams) {
    order.forEach((c, k) => {
      const { fit, terms, companion } = relate(sampled, fits, shared, order, k);
      fits[c] = fit;
      const { decimals, digits, lattice } = sampled[c]!;
      const { weights } = fit;
      const texts = schema.channels[c]!.kind === 'text' ? usualTexts(samples, c) : [];
      const level = levelOf(fit);
      columns[c] = {
        decimals,
        digits,
        lattice,
        weights,
        terms,
        companion,
        level,
        states: NO_OVERRIDES,
        heads: NO_OVERRIDES,
        texts,
      };
    });
  }
  return {
    streams: streams.map((group) => Uint16Array.from(group)),
    columns,
    instants: {
      lastMs: lastMs(samples),
      period: periodOf(samples, schema.intervalMs),
      plain: NO_OVERRIDES,
      states: NO_OVERRIDES,
    },
    weights: universal.weights.slice(),
    hash: '',
    check: 0,
    fingerprint: 0,
  };
}

function levelOf({ sum, residuals }: Fit): number {
  let rows = 0;
  for (const residual of residuals) rows += residual === null ? 0 : residual.length - 1;
  const mean = Math.floor((sum * 256) / Math.max(1, rows));
  return Math.max(1, Math.min(24, 32 - Math.clz32(mean)));
}

function usualTexts(samples: readonly Rows[], index: number): string[] {
  const seen = new Map<string, number>();
  for (const { columns } of samples) {
    const column = columns[index];
    if (column?.type !== 'text') continue;
    for (const text of column.values) if (text !== null) seen.set(text, (seen.get(text) ?? 0) + 1);
  }
  return [...seen]
    .sort(([, x], [, y]) => y - x)
    .slice(0, MAX_TEXTS)
    .map(([text]) => text)
    .filter((text) => text.length <= 256);
}

function lastMs(samples: readonly Rows[]): number {
  const { timesMs, rowCount } = samples[samples.length - 1]!;
  return timesMs[rowCount - 1]!;
}

/** The mean step in 1/256 ms: of the even steps, or of all but long pauses, whichever grid the rows leave less often. */
function periodOf(samples: readonly Rows[], intervalMs: number): number {
  const mean = (most: number): number => {
    let sum = 0;
    let count = 0;
    for (const { timesMs, rowCount } of samples) {
      for (let i = 1; i < rowCount; i++) {
        const step = timesMs[i]! - timesMs[i - 1]!;
        if (step < intervalMs / 2 || step > intervalMs * most) continue;
        sum += step;
        count++;
      }
    }
    return Math.max(1, Math.round((count === 0 ? intervalMs : sum / count) * 256));
  };
  const candidates = [intervalMs * 256, mean(1.5), mean(4)];
  const departures = candidates.map((period) => departuresFrom(period, samples, intervalMs));
  return candidates[departures.indexOf(Math.min(...departures))]!;
}

/** How often rows leave a grid. */
function departuresFrom(period: number, samples: readonly Rows[], intervalMs: number): number {
  let departures = 0;
  for (const { timesMs, rowCount } of samples) {
    const first = timesMs[0]!;
    let unit = 0;
    for (let i = 1; i < rowCount; i++) unit = Math.max(unit, unitOf(timesMs[i]! - first, intervalMs));
    const stepMs = unitMs(unit, intervalMs);
    const grid = new Grid(Math.floor(period / stepMs + 0.5));
    for (let i = 1; i < rowCount; i++) {
      const place = Math.round((timesMs[i]! - first) / stepMs);
      if (place !== grid.expected()) departures++;
      grid.follow(place);
    }
  }
  return departures;
}

/** At most `most`, evenly spread. */
function spread<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(1, all.length / most);
  return Array.from({ length: Math.min(all.length, most) }, (_, k) => all[Math.floor(k * step)]!);
}
