// Figures say what they are said to say, at their edges; a block dressed for a machine is that machine's and no other's.

import { join } from 'node:path';
import { decodeBlock, decodePrior } from '@vigie/codec';
import { codecSchema } from '@vigie/model';
import { loadModel } from '@vigie/model/load';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/programs.ts';
import { percentile } from '../figures.ts';
import { BLOCK_MS, BLOCK_ROWS, Recording } from './recording.ts';
import { blocksDue, handshakesIn, latenciesOf, recoveryMs } from './results.ts';

describe('figures', () => {
  it('take percentiles by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNull();
  });

  it('count a block a minute and machine, whatever the window begins with', () => {
    for (const fromMs of [BLOCK_MS, 90_001, 123_456.7]) {
      const window = { fromMs, toMs: fromMs + 2 * BLOCK_MS };
      expect(blocksDue(7, 0, window)).toBe(14);
      expect(blocksDue(7, 0, { ...window, toMs: fromMs + BLOCK_MS })).toBe(7);
    }
    // Nobody's first minute is over before a minute is.
    expect(blocksDue(7, 0, { fromMs: 0, toMs: BLOCK_MS })).toBe(0);
  });

  it('count a block that was acknowledged after its next was due as late, and none of another time', () => {
    const block = (dueMs: number, tookMs: number) => ({ dueMs, sentMs: dueMs + 2, atMs: dueMs + 2 + tookMs });
    const all = [block(99, 5), block(100, 10), block(150, 20), block(199, BLOCK_MS), block(200, 5)];
    expect(latenciesOf(all, { fromMs: 100, toMs: 200 })).toEqual({
      blocks: 3,
      onTime: 2,
      p50Ms: 20,
      p99Ms: BLOCK_MS,
      mostMs: BLOCK_MS,
    });
  });

  it('call a fleet recovered when enough of all its machines are back, and never when they are not', () => {
    const back = Array.from({ length: 99 }, (_, i) => 1000 + i);
    expect(recoveryMs([null, ...back], 1000, 0.99)).toBe(98);
    expect(recoveryMs([null, ...back], 1000, 1)).toBeNull();
    expect(recoveryMs([null, null, ...back.slice(1)], 1000, 0.99)).toBeNull();
  });

  it('find the busiest second', () => {
    const all = [0, 999, 1000, 1200, 1999, 2000, 5000];
    expect(handshakesIn(all, { fromMs: 0, toMs: 5000 })).toEqual({ count: 6, peakPerSecond: 3 });
  });
});

describe('a recording', () => {
  const model = loadModel(join(root, 'models', 'turbevap.yaml'));
  if (!model.ok) throw new Error(model.message);
  const recording = new Recording(model.value, 3, { minutes: 30, every: 3 });
  const schema = codecSchema(model.value.schema);
  const [one, other] = ['M-1', 'M-2'].map((machine) => {
    const made = recording.priorOf(machine);
    const prior = decodePrior(made.bytes, schema);
    if (!prior.ok) throw new Error(prior.error.message);
    return { made, prior: prior.value };
  });
  if (one === undefined || other === undefined) throw new Error('two machines');

  it('gives each machine a prior of its own, by which its blocks hold the same rows', () => {
    expect(one.made.hash).not.toBe(other.made.hash);
    expect(one.prior.hash).toBe(one.made.hash);
    const decoded = [one, other].map(({ made, prior }) =>
      decodeBlock(recording.block(4, made), schema, { prior: () => prior }),
    );
    expect(decoded[0]).toMatchObject({ ok: true, value: { rowCount: BLOCK_ROWS } });
    expect(decoded[0]).toEqual(decoded[1]);
    expect(decodeBlock(recording.block(4, one.made), schema, { prior: () => other.prior })).toMatchObject({
      ok: false,
    });
  });

  it('begins anew at its end', () => {
    expect(recording.block(4, one.made)).toEqual(recording.block(1, one.made));
    expect(recording.block(4, one.made)).not.toEqual(recording.block(2, one.made));
  });

  it('has live rows that need no prior', () => {
    expect(decodeBlock(recording.liveRow(2), schema)).toMatchObject({ ok: true, value: { rowCount: 1 } });
  });
});
