// When rows become durable and when blocks, on a clock that the test holds, and what happens while the disk refuses.
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { describe, expect, it } from 'vitest';
import type { SampledRow } from '../acquire/source.ts';
import { Keeper, type KeptSpool } from './keeper.ts';

class FakeSpool implements KeptSpool {
  readonly mostBlockRows = 50;
  readonly log: string[] = [];
  refuses = false;
  refusesBlocks = false;
  committed = 0;
  pendingRows(): number {
    return 0;
  }
  commit(rows: readonly SampledRow[], lost: number, reason: string) {
    if (this.refuses) return { ok: false, message: 'disk full' } as const;
    this.committed += rows.length;
    this.log.push(lost > 0 ? `lost ${lost} ${reason}, ${rows.length}` : `commit ${rows.length}`);
    return { ok: true, value: undefined } as const;
  }
  cut() {
    if (this.refuses || this.refusesBlocks) return { ok: false, message: 'disk full' } as const;
    this.log.push('cut');
    return { ok: true, value: undefined } as const;
  }
}

function scene(channels = 4) {
  const spool = new FakeSpool();
  const clock = new VirtualClock();
  let blocks = 0;
  let urgentBlocks = 0;
  const told: (string | null)[] = [];
  const keeper = new Keeper({
    spool,
    clock,
    intervalMs: 60_000,
    channels,
    stored: (urgent) => {
      blocks++;
      if (urgent) urgentBlocks++;
    },
    problem: (message) => told.push(message),
  });
  /** A row each second. */
  const run = (seconds: number, urgentAt = -1): void => {
    for (let s = 0; s < seconds; s++) {
      keeper.add({ monotonicMs: clock.monotonicMs(), values: [] }, s === urgentAt);
      clock.advance(1000);
    }
  };
  return {
    ...{ spool, keeper, run, told },
    blocks: () => blocks,
    urgentBlocks: () => urgentBlocks,
    wait: (ms: number) => clock.advance(ms),
  };
}

describe('the keeper', () => {
  it('commits every ten seconds at most and cuts a block every interval', () => {
    const { spool, keeper, run, blocks } = scene();
    for (let s = 0; s < 60; s++) {
      run(1);
      expect(keeper.waitingRows).toBeLessThanOrEqual(10);
    }
    expect(spool.log.filter((line) => line === 'cut')).toHaveLength(1);
    expect(spool.log.filter((line) => line.startsWith('commit')).length).toBeLessThanOrEqual(8);
    expect(spool.committed).toBe(60);
    expect(blocks()).toBe(1);
  });

  it('makes a block at once of an urgent row, and follows a new interval', () => {
    const { spool, keeper, run, blocks } = scene();
    run(5, 4);
    expect(blocks()).toBe(1);
    expect(spool.committed).toBe(5);
    keeper.setInterval(2000);
    run(10);
    expect(blocks()).toBeGreaterThanOrEqual(5);
  });

  it('cuts full blocks without waiting, so that a fast replay fills no memory', () => {
    const { spool, keeper, blocks } = scene();
    for (let i = 0; i < 500; i++) keeper.add({ monotonicMs: i, values: [] }, false);
    expect(keeper.waitingRows).toBeLessThanOrEqual(50);
    expect(blocks()).toBeGreaterThanOrEqual(9);
    expect(spool.committed).toBeGreaterThanOrEqual(450);
  });

  it('holds rows while the disk refuses, drops the oldest beyond its bound, and says how many', () => {
    const { spool, keeper, run, told, wait } = scene(10_000);
    run(1);
    spool.refuses = true;
    run(150);
    expect(keeper.problem).toBe('disk full');
    expect(keeper.waitingRows).toBe(100);
    expect(keeper.lostRows).toBe(50);
    spool.refuses = false;
    wait(6000);
    expect(keeper.problem).toBeNull();
    expect([keeper.waitingRows, keeper.lostRows]).toEqual([0, 0]);
    expect(spool.log).toContain('lost 50 spool-full, 100');
    expect(told).toEqual(['disk full', null]);
    // All of it, once.
    expect(spool.committed + 50).toBe(151);
  });

  it('makes a block that the disk refused as soon as it takes one, not an interval later', () => {
    const { spool, keeper, run, blocks, wait } = scene();
    run(10);
    spool.refusesBlocks = true;
    wait(52_000);
    expect([blocks(), keeper.problem]).toEqual([0, 'disk full']);
    spool.refusesBlocks = false;
    wait(6_000);
    expect([blocks(), keeper.problem]).toEqual([1, null]);
    run(10);
    wait(40_000);
    expect(blocks()).toBe(1);
    wait(10_000);
    expect(blocks()).toBe(2);
  });

  it.each(['refuses', 'refusesBlocks'] as const)(
    'forgets no alarm when the disk %s at its moment',
    (kind) => {
      const { spool, run, urgentBlocks } = scene();
      run(3);
      spool[kind] = true;
      run(2, 0);
      expect(urgentBlocks()).toBe(0);
      spool[kind] = false;
      run(6);
      expect(urgentBlocks()).toBe(1);
      run(120);
      expect(urgentBlocks()).toBe(1);
    },
  );

  it('asks a disk that refused a moment ago once more before it ends', () => {
    const { spool, keeper, run } = scene();
    spool.refuses = true;
    run(3);
    spool.refuses = false;
    keeper.close();
    expect(spool.committed).toBe(3);
    expect(keeper.waitingRows).toBe(0);
  });

  it('declares a silence after the rows before it, and only where the disk takes them', () => {
    const { spool, keeper, run, blocks } = scene();
    run(3);
    keeper.silent(30);
    expect(spool.log.slice(-2)).toEqual(['commit 2', 'lost 30 controller-silent, 0']);
    expect(blocks()).toBe(1);
    spool.refuses = true;
    run(1);
    keeper.silent(30);
    expect(keeper.waitingRows).toBe(1);
    expect(spool.log.filter((line) => line.startsWith('lost'))).toHaveLength(1);
  });
});
