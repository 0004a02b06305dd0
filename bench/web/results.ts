// What the bench of the page tells: first views and charts, and the goals they are held against. Pure.
import { percentile, round } from '../figures.ts';

export interface PageFigures {
  /** All that came over the network until the view was whole: headers, code, styles, answers. As compressed. */
  readonly gzBytes: number;
  /** Largest Contentful Paint. */
  readonly lcpMs: number;
  /** The slowest answer to a press of a button or a key. */
  readonly inpMs: number;
  /** Cumulative Layout Shift. */
  readonly cls: number;
}

export interface RedrawFigures {
  readonly redrawP95Ms: number;
  readonly redrawP50Ms: number;
  readonly redraws: number;
}

export interface WebResults {
  readonly pages: Readonly<Record<string, PageFigures>>;
  readonly chart: RedrawFigures & { readonly zoomToSharpMs: number; readonly zoomToSharpMostMs: number };
  /** Other ways to draw the same buckets: with their mean lines, and their envelopes where the library has them. */
  readonly peers: Readonly<Record<string, RedrawFigures>>;
  readonly conditions: {
    readonly cpuSlowdown: number;
    readonly rttMs: number;
    readonly downKbps: number;
    readonly upKbps: number;
    readonly runs: number;
    readonly series: number;
    readonly days: number;
    readonly buckets: number;
  };
}

/** What a first view and a chart may cost. */
export const goals = {
  gzBytes: (page: string): number => (page.startsWith('analysis') ? 130_000 : 90_000),
  lcpMs: 1800,
  inpMs: 150,
  cls: 0.02,
  redrawP95Ms: 150,
} as const;

/** Of several runs of a page the middle one, figure by figure: one hiccup of the machine is no property of the page. */
export function middleOf(runs: readonly PageFigures[]): PageFigures {
  const middle = (of: (run: PageFigures) => number): number =>
    round(
      percentile(
        [...runs].map(of).sort((a, b) => a - b),
        0.5,
      ) ?? Number.NaN,
    );
  return {
    gzBytes: middle((run) => run.gzBytes),
    lcpMs: middle((run) => run.lcpMs),
    inpMs: middle((run) => run.inpMs),
    cls: middle((run) => run.cls),
  };
}

export function redrawsOf(tookMs: readonly number[]): RedrawFigures {
  const sorted = [...tookMs].sort((a, b) => a - b);
  const at = (share: number): number => round(percentile(sorted, share) ?? Number.NaN);
  return { redrawP95Ms: at(0.95), redrawP50Ms: at(0.5), redraws: sorted.length };
}

/** What is above its goal, a line each. */
export function missed({ pages, chart }: WebResults): readonly string[] {
  const lines: string[] = [];
  for (const [page, figures] of Object.entries(pages)) {
    const limits = { ...goals, gzBytes: goals.gzBytes(page) };
    for (const name of ['gzBytes', 'lcpMs', 'inpMs', 'cls'] as const) {
      if (!(figures[name] <= limits[name])) lines.push(`${page}: ${name} ${figures[name]} > ${limits[name]}`);
    }
  }
  if (!(chart.redrawP95Ms <= goals.redrawP95Ms)) {
    lines.push(`chart: redrawP95Ms ${chart.redrawP95Ms} > ${goals.redrawP95Ms}`);
  }
  return lines;
}

export function tableOf(results: WebResults): string {
  const { conditions: c, chart, peers, pages } = results;
  const row = (cells: readonly (string | number)[]): string =>
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(26) : String(cell).padStart(12))).join('');
  const redraws = ({ redrawP50Ms, redrawP95Ms }: RedrawFigures): readonly number[] => [
    redrawP50Ms,
    redrawP95Ms,
  ];
  const failed = missed(results);
  return [
    `${c.cpuSlowdown}× slower CPU, ${c.downKbps} kbit/s down, ${c.rttMs} ms round trip; middle of ${c.runs} runs`,
    row(['first view', 'bytes, gz', 'LCP, ms', 'INP, ms', 'CLS']),
    ...Object.entries(pages).map(([page, { gzBytes, lcpMs, inpMs, cls }]) =>
      row([page, gzBytes, lcpMs, inpMs, cls]),
    ),
    '',
    row([`${c.series} series × ${c.days} days`, 'redraw p50', 'redraw p95', 'to sharp, ms']),
    row(['Vigie', ...redraws(chart), chart.zoomToSharpMs]),
    ...Object.entries(peers).map(([peer, figures]) => row([peer, ...redraws(figures), '–'])),
    '',
    failed.length === 0 ? 'Every goal is met.' : `Missed: ${failed.join('; ')}.`,
  ].join('\n');
}
