// `npm run bench:web`: what a first view of each page costs on a slow phone, and how fast a chart is.
// Not here: the run itself (bench.ts), what its figures mean (results.ts).
import { explain, parseFlags } from '@vigie/config';
import { fail, runToEnd, say } from '../ending.ts';
import { WebBench } from './bench.ts';
import { tableOf } from './results.ts';

const parsed = parseFlags(
  {
    name: 'npm run bench:web --',
    summary:
      'The page in headless Chromium with a CPU four times slower, on slow 4G: bytes, LCP, INP and CLS of first views; redraws and zooms of 8 series × 30 days, beside uPlot alone and Chart.js.',
    flags: {
      runs: { type: 'number', value: 'N', help: 'first views of each page (default 5)' },
      redraws: { type: 'number', value: 'N', help: 'redraws of each chart (default 40)' },
      days: { type: 'number', value: 'N', help: 'days of past, 2 to 60 (default 30)' },
      json: { type: 'boolean', help: 'figures as JSON' },
      out: { type: 'string', value: 'FILE', help: 'also write the JSON to this file' },
    },
    notes: 'The figures are of an otherwise quiet machine: see bench/README.md.',
  },
  process.argv.slice(2),
);
process.exitCode = await main();

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const { runs = 5, redraws = 40, days = 30, json = false, out = null } = parsed.flags;
  if (!Number.isInteger(runs) || runs < 1) return fail('bench:web: --runs takes 1 or more');
  if (!Number.isInteger(redraws) || redraws < 2) return fail('bench:web: --redraws takes 2 or more');
  if (!Number.isInteger(days) || days < 2 || days > 60) return fail('bench:web: --days takes 2 to 60');
  return runToEnd(new WebBench({ runs, redraws, days, say }), { json, out, tableOf });
}
