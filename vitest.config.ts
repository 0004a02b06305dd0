// Four projects, run by scripts/test.mjs: unit (beside the sources), simulation (its planted bugs), e2e (real processes),
// browser (a real Chromium on a running demo).
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest, of each project the first first: begun last, one would keep a single core busy at the end. */
const LONGEST = [
  ...['package', 'database', 'settings', 'box', 'servers', 'recording', 'watching', 'commands'],
  // Of the browser's: while the shared fleet's past is still sealed, those that wait most, on fleets of their own.
  ...['alarms', 'offline', 'views-machine', 'fleet', 'page', 'mail', 'analysis', 'views-others'],
].map((name) => `/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((end) => moduleId.endsWith(end));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          // Ends what hangs; on a machine that does other things the longest takes a minute.
          testTimeout: 180_000,
          // A PostgreSQL starts in some.
          hookTimeout: 120_000,
          // A good part of their time is waiting for disks.
          maxWorkers: 4,
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['simulation/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: ['e2e/browser/**'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          // Most of their time is waiting, and what they judge is what programs wrote down, not how fast they were.
          maxWorkers: 6,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['e2e/browser/**/*.test.ts'],
          globalSetup: ['e2e/browser/shared-fleet.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // A browser on a busy machine answers when it can; what is never so still fails.
          expect: { poll: { timeout: 15_000 } },
          // Two thirds of their time is waiting, for servers, for pages and for what must not happen.
          maxWorkers: 3,
        },
      },
    ],
  },
});
