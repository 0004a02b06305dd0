// Figures of the bench of stores say what they are said to say; a peer that is absent or ahead is not hidden.
import { describe, expect, it } from 'vitest';
import { askOf, type ChartLatency, latencyOf, rangesWithin } from './latency.ts';
import { type Measured, type MeasuredPeer, resultsOf, tableOf } from './results.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function charts(oneMs: number, eightMs: number): ChartLatency[] {
  const latency = (ms: number) => ({ p50Ms: ms, p95Ms: ms, charts: 10 });
  return [
    { range: 'hour', shape: '1 channel', warm: latency(oneMs), cold: latency(oneMs) },
    { range: 'hour', shape: '8 series', warm: latency(eightMs), cold: latency(eightMs) },
  ];
}

function peer(name: MeasuredPeer['name'], cpuSeconds: number, of: Partial<MeasuredPeer> = {}): MeasuredPeer {
  return {
    ...{ name, durability: '', samples: 1e6, ingestSeconds: 10, cpuSeconds, storedBytes: 5e5 },
    ...{ charts: charts(5, 20), acknowledgedRows: 100, storedRows: 100, ...of },
  };
}

function measured(peers: readonly MeasuredPeer[], of: Partial<Measured> = {}): Measured {
  return { cores: 2, machines: 2, channels: 40, days: 2, peers, absentPeers: [], long: null, ...of };
}

function verdicts(of: Measured): Record<string, boolean | null> {
  return Object.fromEntries(resultsOf(of).goals.map(({ goal, met }) => [goal, met]));
}

describe('figures of the bench of stores', () => {
  it('count rows that were acknowledged and are gone, and never fewer than none', () => {
    const [lost, more] = resultsOf(
      measured([
        peer('victoria-metrics', 1, { storedRows: 60 }),
        // One that was stored while its answer was on its way.
        peer('vigie-sqlite', 1, { storedRows: 130 }),
      ]),
    ).peers;
    expect(lost?.kill9.lostRows).toBe(40);
    expect(more?.kill9.lostRows).toBe(0);
  });

  it('judge CPU at the very ratio', () => {
    const goal = 'CPU per sample at most 1/5 of victoria-metrics';
    const against = (cpuSeconds: number) =>
      verdicts(measured([peer('vigie-sqlite', 0.2), peer('victoria-metrics', cpuSeconds)]))[goal];
    expect(against(1)).toBe(true);
    expect(against(0.99)).toBe(false);
  });

  it('leave a goal open whose peer is absent, and say so', () => {
    const results = resultsOf(
      measured([peer('vigie-sqlite', 1)], {
        absentPeers: [{ name: 'victoria-metrics', reason: 'nobody has it' }],
      }),
    );
    const open = results.goals.filter(({ met }) => met === null);
    expect(open.map(({ goal }) => goal)).toEqual([
      'CPU per sample at most 1/5 of victoria-metrics',
      'CPU per sample at most 1/15 of postgres-rows',
      'bytes on disk at most those of victoria-metrics',
    ]);
    expect(tableOf(results)).toContain('victoria-metrics is left out: nobody has it');
  });

  it('judge charts by the slowest range, that of the long history among them', () => {
    const long = {
      ...{ years: 5, rows: 1e8, sealedHours: 43_830, bytes: 1e9, buildSeconds: 900 },
      charts: charts(11, 40).map((one) => ({ ...one, range: 'all' as const })),
    };
    const results = resultsOf(measured([peer('vigie-sqlite', 1), peer('influxdb', 9)], { long }));
    const [one, eight] = results.goals;
    expect([one?.met, eight?.met]).toEqual([false, true]);
    expect(one?.why).toBe('the slowest range is all its history: 11 ms');
    // Five years of forty channels at 100,000 samples a second.
    expect(results.peers.map(({ longHistoryHours }) => longHistoryHours)).toEqual([null, 17.53]);
  });

  it('name every row on which a peer is ahead', () => {
    const { goals } = resultsOf(
      measured([peer('vigie-sqlite', 1), peer('influxdb', 9, { storedBytes: 4e5, charts: charts(4, 30) })]),
    );
    expect(goals.at(-1)).toEqual({
      goal: 'ahead of influxdb on every row',
      met: false,
      why: 'behind on bytes a sample (0.5 against 0.4); 1 channel over an hour, warm, ms (5 against 4); 1 channel over an hour, cold, ms (5 against 4)',
    });
  });
});

describe('charts that are asked', () => {
  const stored = { machines: 2, channels: 41, fromMs: 1_000_000, toMs: 1_000_000 + 2 * DAY_MS };

  it('lie within what is stored, and never twice at the same place', () => {
    const begins = new Set<number>();
    for (let n = 0; n < 500; n++) {
      const ask = askOf(stored, 'day', '8 series', n);
      expect(ask.fromMs).toBeGreaterThanOrEqual(stored.fromMs);
      expect(ask.toMs).toBeLessThanOrEqual(stored.toMs);
      expect(ask.toMs - ask.fromMs).toBe(DAY_MS);
      expect(new Set(ask.channels).size).toBe(8);
      expect(Math.max(...ask.channels)).toBeLessThan(stored.channels);
      begins.add(ask.fromMs);
    }
    expect(begins.size).toBe(500);
  });

  it('are of ranges that the span holds with room to move', () => {
    expect(rangesWithin(6 * HOUR_MS)).toEqual(['hour']);
    expect(rangesWithin(DAY_MS)).toEqual(['hour']);
    expect(rangesWithin(2 * DAY_MS)).toEqual(['hour', 'day']);
    expect(rangesWithin(90 * DAY_MS)).toEqual(['hour', 'day', 'month', 'all']);
  });

  it('are told by their nearest rank', () => {
    expect(latencyOf([3, 1, 2])).toEqual({ p50Ms: 2, p95Ms: 3, charts: 3 });
  });
});
