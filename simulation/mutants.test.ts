// Mutation proof: every planted bug is found, and nothing is found where none is planted. What finds a bug is whatever
// the judge says first; that it says something is the proof.
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { lifeSeed, live } from './report.ts';

/** Short lives, many faults. */
const DAYS = 6;
/** The rarest bug shows in one life of sixty: with so many, one change of the dice in fifty would hide it. */
const MOST_LIVES = 240;
const SEED = 4711;

describe('the simulation', () => {
  it.each(Object.entries(MUTANTS))(
    'finds that %s',
    async (_, mutant) => {
      const found: string[] = [];
      for (let n = 0; n < MOST_LIVES && found.length === 0; n++) {
        const { verdict } = await live(lifeSeed(SEED, n), DAYS, mutant);
        found.push(...verdict.findings.slice(0, 1));
      }
      expect(found).toHaveLength(1);
    },
    180_000,
  );

  it('gives the same life for the same seed', async () => {
    const [one, other] = [await live(7, DAYS), await live(7, DAYS)];
    expect(other.account.faults).toEqual(one.account.faults);
    expect(other.account.truth.rows).toEqual(one.account.truth.rows);
    expect(other.verdict).toEqual(one.verdict);
    expect(one.verdict.findings).toEqual([]);
    expect(one.verdict.stored).toBeGreaterThan(10);
  });
});
