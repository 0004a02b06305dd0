// Four projects, run in this order by scripts/test.mjs: unit (beside the sources), simulation (its planted bugs), e2e
// (real processes), browser (a real Chromium on a running demo).
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          // Ends what hangs; on a machine that does other things the longest takes a minute.
          testTimeout: 180_000,
          // A PostgreSQL starts in some.
          hookTimeout: 120_000,
          // Half of their time is waiting for disks.
          maxWorkers: 2,
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
          maxWorkers: 4,
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
          // What they wait for is the browser, which has more than one process of its own.
          maxWorkers: 2,
        },
      },
    ],
  },
});
