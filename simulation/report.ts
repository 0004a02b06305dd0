// Many lives, one account: what was simulated, what went wrong, and the seed that replays each life that did.
// Not here: flags and output (main.ts).

import { type Faults, NO_FAULTS } from './account.ts';
import { judge, type Verdict } from './judge.ts';
import { Life } from './life.ts';
import type { Mutant } from './mutants.ts';

/** A month, so that a life that fails is replayed in seconds. */
export const LIFE_DAYS = 30;
const DAY_MS = 86_400_000;
const YEAR_DAYS = 365;

/** Sums of the verdicts; the worst of their dating errors. */
export interface Report extends Omit<Verdict, 'findings'> {
  readonly seed: number;
  readonly machineYears: number;
  readonly powerCuts: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Lives in which anything was wrong. */
  readonly failures: readonly { readonly life: number; readonly findings: readonly string[] }[];
  /** Lives of an earlier part in which something was wrong by the code of then; what they counted stays in the sums. */
  readonly livedAgain?: readonly number[];
  readonly seconds: number;
  /** Of a run that is not done: the first life of each core that it has not lived. */
  readonly nextLives?: readonly number[];
}

/** The seed of the n-th life of a run. */
export function lifeSeed(seed: number, n: number): number {
  return (Math.imul(seed, 0x9e3779b1) + Math.imul(n, 0x85ebca6b)) >>> 0;
}

export async function live(life: number, days = LIFE_DAYS, mutant: Mutant = {}) {
  const account = await new Life(life, days * DAY_MS, mutant).run();
  return { account, verdict: judge(account) };
}

export class Tally {
  readonly #seed: number;
  #days = 0;
  readonly #faults: Faults = { ...NO_FAULTS };
  readonly #sums = {
    ...{ rows: 0, stored: 0, lost: 0, duplicated: 0, misdated: 0, falsified: 0 },
    ...{ outOfOrder: 0, undated: 0, unexplainedGaps: 0 },
  };
  #worstDatingErrorMs = 0;
  readonly #failures: { life: number; findings: readonly string[] }[] = [];

  readonly #livedAgain: number[] = [];

  #seconds = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /**
   * Takes up what an earlier part of the same run found, by its report, but for the lives in which something was wrong:
   * those are to be lived again. @param days it had lived
   */
  goOn(
    { faults, powerCuts, worstDatingErrorMs, seconds, livedAgain = [], ...sums }: Report,
    days: number,
  ): void {
    this.#days += days;
    this.#seconds += seconds;
    this.#faults.powerCuts += powerCuts;
    for (const [key, count] of Object.entries(faults)) this.#faults[key as keyof Faults] += count;
    for (const key of keysOf(this.#sums)) this.#sums[key] += sums[key];
    this.#worstDatingErrorMs = Math.max(this.#worstDatingErrorMs, worstDatingErrorMs);
    this.#livedAgain.push(...livedAgain);
  }

  again(life: number, { findings }: Verdict): void {
    this.#livedAgain.push(life);
    if (findings.length > 0) this.#failures.push({ life, findings });
  }

  add(life: number, days: number, faults: Faults, verdict: Verdict): void {
    this.#days += days;
    for (const key of keysOf(faults)) this.#faults[key] += faults[key];
    for (const key of keysOf(this.#sums)) this.#sums[key] += verdict[key];
    this.#worstDatingErrorMs = Math.max(this.#worstDatingErrorMs, verdict.worstDatingErrorMs);
    if (verdict.findings.length > 0) this.#failures.push({ life, findings: verdict.findings });
  }

  /** @param seconds since it began, or went on */
  report(seconds: number): Report {
    const { powerCuts, ...faults } = this.#faults;
    return {
      seed: this.#seed,
      machineYears: Math.round((100 * this.#days) / YEAR_DAYS) / 100,
      powerCuts,
      faults,
      ...this.#sums,
      worstDatingErrorMs: Math.round(this.#worstDatingErrorMs),
      failures: this.#failures,
      ...(this.#livedAgain.length > 0 && { livedAgain: this.#livedAgain }),
      seconds: Math.round(this.#seconds + seconds),
    };
  }
}

function keysOf<T extends object>(object: T): (keyof T)[] {
  return Object.keys(object) as (keyof T)[];
}
