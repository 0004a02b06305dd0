// The same buckets drawn by a library alone, in the same slowed-down browser: uPlot, the fastest small one, and Chart.js.
// Each has a mean line and an envelope per series, no animation, and draws all of it anew each time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChartAnswer } from '@vigie/contract';
import type { Page } from 'playwright-core';
import { root } from '../../scripts/programs.ts';

export type PeerName = 'uplot' | 'chartjs';

interface Curve {
  readonly t: readonly number[];
  readonly mean: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
}

const scripts: Readonly<Record<PeerName, string>> = {
  uplot: 'uplot/dist/uPlot.iife.min.js',
  chartjs: 'chart.js/dist/chart.umd.min.js',
};

/** In the page: makes the chart, and gives a function that draws it again. */
const makers: Readonly<Record<PeerName, string>> = {
  uplot: `
    const tables = curves.map((c) => [c.t.map((t) => t / 1000), c.max, c.mean, c.min]);
    const series = [{}], bands = [];
    curves.forEach((_, i) => {
      const at = 1 + 3 * i, stroke = 'hsl(' + 45 * i + ' 60% 40%)';
      series.push({ stroke: 'transparent', points: { show: false } }, { stroke, points: { show: false } }, { stroke: 'transparent', points: { show: false } });
      bands.push({ series: [at, at + 2], fill: 'hsl(' + 45 * i + ' 60% 40% / 25%)' });
    });
    const plot = new uPlot({ width: 1300, height: 500, series, bands, legend: { show: false } }, uPlot.join(tables), document.body);
    const draw = () => plot.redraw(true, true);`,
  chartjs: `
    const canvas = document.body.appendChild(document.createElement('canvas'));
    canvas.width = 1300; canvas.height = 500;
    const points = (c, name) => c.t.map((x, i) => ({ x, y: c[name][i] }));
    const datasets = curves.flatMap((c, i) => {
      const color = 'hsl(' + 45 * i + ' 60% 40%)', faint = 'hsl(' + 45 * i + ' 60% 40% / 25%)';
      const plain = { pointRadius: 0, borderWidth: 0, parsing: false };
      return [
        { ...plain, data: points(c, 'max'), fill: '+2', backgroundColor: faint },
        { ...plain, data: points(c, 'mean'), borderWidth: 1, borderColor: color },
        { ...plain, data: points(c, 'min') },
      ];
    });
    const chart = new Chart(canvas, { type: 'line', data: { datasets }, options: {
      animation: false, responsive: false, normalized: true,
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: { x: { type: 'linear' } } } });
    const draw = () => chart.update('none');`,
};

export function curvesOf(answers: readonly ChartAnswer[]): readonly Curve[] {
  return answers.flatMap(({ startMs, bucketMs, series }) =>
    series.map(({ bucket, mean, min, max }) => ({
      ...{ t: bucket.map((place) => startMs + (place + 0.5) * bucketMs), mean, min, max },
    })),
  );
}

/** @returns how long each redraw took until the next frame, ms. */
export async function peerRedraws(
  page: Page,
  peer: PeerName,
  curves: readonly Curve[],
  redraws: number,
): Promise<readonly number[]> {
  await page.setContent('<!doctype html><body></body>');
  await page.addScriptTag({ content: readFileSync(join(root, 'node_modules', scripts[peer]), 'utf8') });
  return (await page.evaluate(`(async () => {
    const curves = ${JSON.stringify(curves)};
    ${makers[peer]}
    return (${timeRedraws})(draw, ${redraws});
  })()`)) as number[];
}

/** In the page, for Vigie and peers alike: the frame after the one that draws begins when that one is on its way to the screen. */
export const timeRedraws = `async (draw, redraws) => {
  const took = [];
  for (let i = 0; i < redraws; i++) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));
    const before = performance.now();
    draw();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    took.push(performance.now() - before);
  }
  return took;
}`;
