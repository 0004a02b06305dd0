// Training a prior for one schema from samples of its rows. Samples are cut into pieces of a minute's rows, fitted
// column by column, related, then measured three times: how often each context saw a one, from which confidence it
// does best, and how the three models are to be weighed.
import { fingerprint } from './checksum.ts';
import { HEAD_SIZE, INSTANT_A, INSTANT_REGULAR, PLAIN_COUNT, STATE_COUNT, WEIGHT_COUNT } from './contexts.ts';
import type { Overrides, Prior } from './prior.ts';
import { decodePrior, encodePrior, type PriorOptions } from './prior-bytes.ts';
import { ofQuarters } from './tables.ts';
import { cut } from './train-columns.ts';
import { measure } from './train-measure.ts';
import { type Draft, fitStructure, spread } from './train-structure.ts';
import { Counts, chooseOverrides, Trials } from './train-tables.ts';
import type { CodecSchema, Rows } from './types.ts';
import { universalPrior } from './universal-prior.ts';

/** Pieces that are fitted and measured; more rows only lengthen dictionaries. */
const PIECES_MOST = 150;
/** Bits an entry must save over the training to be worth its bytes. */
const STATE_WORTH_BITS = 14;
const PLAIN_WORTH_BITS = 8;
/** What an entry would save if it were alone; the other two models know part of it. */
const STATE_DISCOUNT = 0.6;

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
  const unsure = chosen.map((overrides) => ({ ...overrides, values: overrides.values.map((p) => p << 8) }));
  const trials = unsure.map(({ indexes, values }) => new Trials(indexes, values));
  const second = withStates(unsure);
  for (const rows of pieces)
    measure(schema, rows, second, universal, (c) => trials[c < 0 ? columnCount : c]!);
  const states = unsure.map((overrides, c) => ({
    ...overrides,
    values: overrides.values.map((state, k) => state | trials[c]!.best(k)),
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
  // The prior used is the one its bytes say, so that both ends have the same.
  const bytes = encodePrior({ ...third, weights, fingerprint: fingerprint(schema) }, { universal });
  const prior = decodePrior(bytes, schema, { universal });
  if (!prior.ok) throw new Error(`training made a prior that cannot be read: ${prior.error.message}`);
  return prior.value;
}
