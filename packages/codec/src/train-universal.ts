// Training the universal prior from sets of samples of many machines: each piece is measured without a prior and under
// its own set's structure, so that the tables suit both.
import type { Coder, Watcher } from './coder.ts';
import { HEAD_SIZE, INSTANT_A, PLAIN_COUNT, STATE_COUNT, WEIGHT_COUNT } from './contexts.ts';
import type { UniversalPrior } from './prior.ts';
import { cut } from './train-columns.ts';
import { measure } from './train-measure.ts';
import { fitStructure, spread } from './train-structure.ts';
import { Counts, probability16, share, Trials } from './train-tables.ts';
import type { CodecSchema, Rows } from './types.ts';
import { decodeUniversal, encodeUniversal } from './universal-bytes.ts';

const PIECES_MOST = 150;

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
