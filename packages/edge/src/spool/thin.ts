// What is left of a block that was thinned to save room: three of its instants. A number is at its least in the first
// row, at its mean in the middle one, at its greatest in the last one; what cannot be averaged holds its value there.
// Pure. Invariants: no value lies outside what was sampled; a channel without a sample stays without one; a value
// holds until the next sample, and nothing is known before the first. Not here: which blocks are thinned (spool.ts).
import type { MachineSchema } from '@vigie/model';
import type { SampledRow } from '../acquire/source.ts';

export const THINNED_ROWS = 3;

/** @param rows of one block, more than `THINNED_ROWS`; their first, middle and last instants stay. */
export function thinned(schema: MachineSchema, rows: readonly SampledRow[]): SampledRow[] {
  const places = [0, rows.length >> 1, rows.length - 1];
  const columns = schema.channels.map(({ kind, decimals }, c): SampledRow['values'] => {
    const samples = rows.map(({ values }) => values[c] ?? null);
    return kind === 'number' ? extremes(samples, decimals) : places.map((place) => heldAt(samples, place));
  });
  return places.map((place, i) => ({
    monotonicMs: rows[place]?.monotonicMs ?? 0,
    values: columns.map((column) => column[i] ?? null),
  }));
}

/** Least, mean, greatest; the mean is rounded as the channel is, and stays between the others. */
function extremes(samples: SampledRow['values'], decimals: number | null): SampledRow['values'] {
  const numbers = samples.filter((sample) => typeof sample === 'number');
  const [first] = numbers;
  if (first === undefined) return [null, null, null];
  let [least, greatest, mean] = [first, first, 0];
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > greatest) greatest = number;
    // Shares, since a sum may be more than a number can be.
    mean += number / numbers.length;
  }
  // A zero has no sign: the codec would spend bytes on it.
  const rounded = decimals === null ? mean : Number(mean.toFixed(decimals)) + 0;
  return [least, Math.min(greatest, Math.max(least, rounded)), greatest];
}

function heldAt(samples: SampledRow['values'], place: number): SampledRow['values'][number] {
  return samples.slice(0, place + 1).findLast((sample) => sample !== null) ?? null;
}
