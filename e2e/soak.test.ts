// The one-minute form of `npm run soak`: each kind of fault once, then each row against the simulator's log; and the
// judge itself before evidence that is wrong on purpose. VIGIE_SEED replays the faults.
import { beforeAll, describe, expect, it } from 'vitest';
import { findFaketime, NO_FAKETIME } from '../scripts/faketime.ts';
import { type SoakResult, soak } from './soak.ts';
import { type Evidence, judge, MOST_OFF_MS } from './soak-verdict.ts';
import { seedOfRun } from './world.ts';

const FAULTS_MINUTES = 0.7;

// faketime and tmpfs are Linux's.
describe.skipIf(process.platform !== 'linux')('real processes under faults', () => {
  let result: SoakResult;
  const progress: string[] = [];

  beforeAll(async () => {
    expect(findFaketime(), NO_FAKETIME).not.toBeNull();
    const seed = seedOfRun('soak');
    try {
      result = await soak({ seed, minutes: FAULTS_MINUTES, say: (line) => progress.push(line) });
    } catch (error) {
      console.log(progress.join('\n'));
      throw error;
    }
    const { wrong, ...counts } = result;
    console.log(JSON.stringify(counts));
    if (wrong.length > 0) console.log(progress.join('\n'));
  }, 240_000);

  it('stores each row once, as it was served and dated right, but for what kills may cost', () => {
    expect(result.wrong).toEqual([]);
    expect(result.rowsStored, 'enough rows to mean something').toBeGreaterThan(100);
    expect(result.rowsStored + result.lostToKills + result.readsDiscarded).toBe(result.rowsServed);
  });

  it('had each kind of kill, clock and link fault in it', () => {
    const { kills, clockSteps, linkFaults } = result;
    for (const [fault, count] of Object.entries({ ...kills, ...clockSteps, ...linkFaults })) {
      expect(count, fault).toBeGreaterThan(0);
    }
  });

  it('had a full and a read-only disk in it', (test) => {
    if (result.diskFull === null) test.skip(`no disk faults without a tmpfs: ${result.noDisk}`);
    expect(result.diskFull?.filled).toBeGreaterThan(0);
    expect(result.diskFull?.readOnly).toBeGreaterThan(0);
  });
});

describe('the judge', () => {
  const START = 1_700_000_000_000;
  const row = (scan: number) => ({ scan, utcMs: START + scan * 100, values: [scan, scan / 10] });
  /** Scans 1 to 300 of an edge killed after the 200th, its last ten seconds not committed. */
  const whole = (): Evidence => ({
    served: Array.from({ length: 300 }, (_, i) => row(i + 1)),
    stored: {
      channels: ['scan', 't'],
      rows: Array.from({ length: 300 }, (_, i) => row(i + 1))
        .filter(({ scan }) => scan <= 100 || scan > 200)
        .map(({ utcMs, values }) => ({ atMs: utcMs + 20, values })),
    },
    lives: [
      { fromMs: START, toMs: START + 20_050, end: 'killed' },
      { fromMs: START + 20_060, toMs: START + 40_000, end: 'stopped' },
    ],
    diskFaults: [],
    memoryKilled: [],
    silences: [],
    shown: new Set([1, 2, 3]),
    declared: {},
  });
  const without = (evidence: Evidence, from: number, to: number): Evidence => ({
    ...evidence,
    stored: {
      ...evidence.stored,
      rows: evidence.stored.rows.filter(({ values: [scan] }) => (scan ?? 0) < from || (scan ?? 0) > to),
    },
  });
  const changed = (scan: number, change: (row: Evidence['stored']['rows'][number]) => unknown): Evidence => {
    const evidence = whole();
    const rows = evidence.stored.rows.flatMap((one) =>
      one.values[0] === scan ? (change(one) as typeof one) : one,
    );
    return { ...evidence, stored: { ...evidence.stored, rows } };
  };

  it('passes a run that lost what a kill may cost', () => {
    expect(judge(whole())).toMatchObject({ wrong: [], lostToKills: 100, lost: 0, worstDatingErrorMs: 20 });
  });

  it('sees rows lost that were committed, or after a kill, or within a life', () => {
    expect(judge(without(whole(), 60, 100))).toMatchObject({ lost: 26, unexplainedGaps: 1 });
    expect(judge(without(whole(), 201, 205))).toMatchObject({ lost: 5, unexplainedGaps: 1 });
    expect(judge(without(without(whole(), 30, 30), 250, 251))).toMatchObject({ lost: 3, unexplainedGaps: 2 });
    expect(judge(without(whole(), 295, 300)).lost).toBe(5);
  });

  it('takes a full disk, a late answer and a declared gap for what they explain, and no more', () => {
    const full = [{ fromMs: START + 8000, toMs: START + 12_000 }];
    expect(judge({ ...without(whole(), 3, 100), diskFaults: full }).lost).toBe(0);
    const memoryKilled = [{ fromMs: START + 3000, toMs: START + 5000 }];
    expect(judge({ ...without(whole(), 35, 45), memoryKilled }).lost).toBe(0);
    expect(judge({ ...without(whole(), 70, 75), memoryKilled }).lost).toBe(6);
    const early = [{ fromMs: START + 1000, toMs: START + 2000 }];
    expect(judge({ ...without(whole(), 1, 40), diskFaults: early }).lost).toBe(40);
    const silences = [{ fromMs: START + 25_000, toMs: START + 25_200 }];
    expect(judge({ ...without(whole(), 250, 252), silences })).toMatchObject({ lost: 0, readsDiscarded: 3 });
    expect(judge({ ...without(whole(), 290, 292), silences }).lost).toBe(3);
    expect(judge({ ...without(whole(), 250, 252), declared: { 'spool-full': 2 } }).lost).toBe(1);
    expect(judge({ ...whole(), declared: { 'spool-damaged': 1 } }).wrong).toHaveLength(1);
  });

  it('sees rows doubled, altered, never served, misdated, out of order, and gone again', () => {
    expect(judge(changed(50, (one) => [one, one])).duplicated).toBe(1);
    expect(judge(changed(50, (one) => ({ ...one, values: [50, 9] }))).altered).toBe(1);
    expect(judge(changed(50, (one) => ({ ...one, values: [999, 5] }))).altered).toBe(1);
    expect(judge(changed(50, (one) => ({ ...one, atMs: one.atMs + MOST_OFF_MS }))).misdated).toBe(1);
    expect(judge(changed(50, (one) => ({ ...one, atMs: one.atMs - 100 }))).misdated).toBe(1);
    expect(judge({ ...whole(), shown: new Set([150]) }).wrong).toHaveLength(1);
  });
});
