// Builds the page into dist/, which the server serves as it is; in development passes /api to a server.
// Nothing is inlined here: the content security policy forbids inline styles, and scripts but one (scripts/build.ts).
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** What the fleet and a machine are read by. */
const READING = [
  ...['machine/state-words', 'machine/state-icon', 'machine/sentence-line', 'machine/verdict'],
  'alarms/alarms-line',
  ...['shell/use-near', 'shell/dialog', 'session/use-act', 'i18n/plain', 'evaluate', 'reading', 'styles/.+'],
];
/** What tells of alarms, journals and curves, on the pages of a machine, of alarms and of the analysis. */
const TELLING = [
  ...['alarms/words', 'alarms/alarm-(?:sentence|item|list)', 'alarms/use-alarm-acts'],
  ...['machine/journal-sentence', 'machine/trend'],
  ...['charts/zoom', 'charts/undated-words', 'charts/get-chart', 'analysis/analysis-address', 'sent-chart'],
];
const MANAGING = ['management/.+'];
/** What a chart is read or saved as, when somebody asks for it. */
const ASKED_FOR = ['table-lines', 'chart-table', 'export-list'];
/** All that draws, and what is drawn beside it. */
const CHARTS = [`charts/(?!${ASKED_FOR.join('|')}).+`, 'alarms/alarm-strip', 'ticks', 'zone', 'shell/menu'];

/** Modules by the ends of their paths, without what a kind of file ends with. */
function parts(ends: readonly string[]): RegExp {
  return new RegExp(`[\\\\/](?:${ends.join('|').replaceAll('/', '[\\\\/]')})(?:\\.\\w+)+$`);
}

export default defineConfig({
  plugins: [preact()],
  build: {
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // For first.js, which asks for a page's code at once (scripts/build.ts).
    manifest: 'manifest.json',
    // All of it is smaller than the parts that one page needs, each with headers and a compression of its own.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        // A part that several pages share would be a file of its own for each set of pages, most of them smaller than the
        // headers they come with: what one page needs is put together, so that each takes three or four files.
        codeSplitting: {
          groups: [
            { name: 'shell', tags: ['$initial'], priority: 4 },
            { name: 'reading', test: parts(READING), minShareCount: 2, priority: 3 },
            { name: 'telling', test: parts(TELLING), minShareCount: 2, priority: 2 },
            { name: 'managing', test: parts(MANAGING), minShareCount: 2, priority: 1 },
            { name: 'charts', test: parts(CHARTS), minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: process.env.VIGIE_SERVER ?? 'http://127.0.0.1:8080', changeOrigin: false } },
  },
});
