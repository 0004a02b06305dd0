// One core of a run that has several: lives of its share, told one by one. Not here: the account of all (main.ts).
import { parentPort, workerData } from 'node:worker_threads';
import type { Faults } from './account.ts';
import type { Verdict } from './judge.ts';
import { lifeSeed, live } from './report.ts';

export interface Share {
  readonly seed: number;
  /** Lives first, first + step, … below end. */
  readonly first: number;
  readonly step: number;
  readonly end: number;
}

export interface Told {
  readonly life: number;
  readonly faults: Faults;
  readonly verdict: Verdict;
}

const { seed, first, step, end } = workerData as Share;
for (let n = first; n < end; n += step) {
  const life = lifeSeed(seed, n);
  const { account, verdict } = await live(life);
  const told: Told = { life, faults: account.faults, verdict };
  parentPort?.postMessage(told);
}
