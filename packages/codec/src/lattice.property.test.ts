// Listed values join the ranks in ascending order, wherever they lie and in whatever order a block lists them.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mergeRanks } from './lattice.ts';

it('merges as a sort of both would', () => {
  const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 15 });
  fc.assert(
    fc.property(numbers, numbers, (known, fresh) => {
      const ranks = Float64Array.from(new Set(known)).sort();
      expect(mergeRanks(ranks, fresh)).toEqual(Float64Array.from([...ranks, ...fresh]).sort());
    }),
  );
});
