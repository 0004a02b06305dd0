// Figures say what they are said to say, and a goal that is missed, or not measured at all, is told.
import { describe, expect, it } from 'vitest';
import { middleOf, missed, redrawsOf, tableOf, type WebResults } from './results.ts';

const page = (lcpMs: number) => ({ gzBytes: 80_000, lcpMs, inpMs: 40, cls: 0 });
const results: WebResults = {
  pages: { fleet: page(900), analysis: { ...page(900), gzBytes: 120_000 } },
  chart: { redrawP95Ms: 100, redrawP50Ms: 60, redraws: 40, zoomToSharpMs: 900, zoomToSharpMostMs: 1200 },
  peers: { uplot: { redrawP95Ms: 90, redrawP50Ms: 50, redraws: 40 } },
  conditions: {
    ...{
      cpuSlowdown: 4,
      rttMs: 150,
      downKbps: 1638,
      upKbps: 750,
      runs: 3,
      series: 8,
      days: 30,
      buckets: 360,
    },
  },
};

describe('figures of the page', () => {
  it('are those of the middle run, each for itself', () => {
    expect(middleOf([page(3000), page(900), { ...page(1000), cls: 0.5 }])).toEqual(page(1000));
  });

  it('take the 95th of redraws by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(redrawsOf(hundred)).toEqual({ redrawP95Ms: 95, redrawP50Ms: 50, redraws: 100 });
  });

  it('name each goal that is missed, also one that was not measured', () => {
    expect(missed(results)).toEqual([]);
    const bad: WebResults = {
      ...results,
      pages: {
        fleet: { ...page(1801), gzBytes: 90_001 },
        analysis: { ...page(Number.NaN), gzBytes: 130_000 },
      },
      chart: { ...results.chart, redrawP95Ms: 151 },
    };
    expect(missed(bad)).toEqual([
      'fleet: gzBytes 90001 > 90000',
      'fleet: lcpMs 1801 > 1800',
      'analysis: lcpMs NaN > 1800',
      'chart: redrawP95Ms 151 > 150',
    ]);
    expect(tableOf(bad)).toContain('Missed: fleet: gzBytes 90001 > 90000; ');
    expect(tableOf(results)).toContain('Every goal is met.');
  });
});
