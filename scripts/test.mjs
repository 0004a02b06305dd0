// Every check, one after the other: types, lint and format, import direction, unit and property tests, a build, planted
// bugs and a minute of the simulation, end-to-end tests, browser tests. Goes on after a failure, so that one run tells all; closes with one line.
// `npm test -- unit e2e` runs only the steps named.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const bin = (name) => join(root, 'node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'vigie-test-'));

const command = (name, ...lines) => ({
  name,
  run: () => lines.every(([file, ...args]) => runs(bin(file), args)),
});
const STEPS = [
  command(
    'types',
    ['tsc', '-p', 'tsconfig.json'],
    ['tsc', '-p', 'packages/codec'],
    ['tsc', '-p', 'packages/web'],
  ),
  command('lint', ['biome', 'check', '.']),
  command('imports', [
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    'packages',
    'e2e',
    'scripts',
    'simulation',
    'bench',
  ]),
  { name: 'build', run: () => runs(process.execPath, ['scripts/build.ts']) },
  { name: 'unit', vitest: 'unit' },
  { name: 'mutants', vitest: 'simulation' },
  {
    name: 'simulation',
    run: () =>
      runs(process.execPath, [
        '--initial-old-space-size=600',
        '--max-semi-space-size=64',
        'simulation/main.ts',
        '--minutes',
        '1',
      ]),
  },
  { name: 'e2e', vitest: 'e2e' },
  { name: 'browser', vitest: 'browser' },
];

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !STEPS.some((step) => step.name === name));
if (unknown !== undefined) {
  console.error(
    `npm test: there is no step «${unknown}»; the steps are ${STEPS.map((step) => step.name).join(', ')}.`,
  );
  process.exit(2);
}

let passed = 0;
let failed = 0;
const failures = [];
for (const step of STEPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const started = performance.now();
  console.log(`\n— ${step.name}`);
  const counts = step.vitest === undefined ? (step.run() ? [1, 0] : [0, 1]) : runVitest(step.vitest);
  passed += counts[0];
  failed += counts[1];
  if (counts[1] > 0) failures.push(step.name);
  console.log(
    `— ${step.name}: ${counts[1] === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
}
rmSync(scratch, { recursive: true, force: true });

console.log(
  failures.length === 0
    ? '\nAll is well. Next: `npm start` runs the demo fleet; CONTRIBUTING.md says how to change things.'
    : `\nFailed: ${failures.join(', ')}. Run one step alone with \`npm test -- ${failures[0]}\`.`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function runs(file, args) {
  return spawnSync(file, args, { stdio: 'inherit' }).status === 0;
}

/** [passed, failed]; a run that ends without a report counts as one failure. */
function runVitest(project) {
  const report = join(scratch, `${project}.json`);
  const args = [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const { status } = spawnSync(bin('vitest'), args, { stdio: 'inherit' });
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    const bad = Math.max(numFailedTests, status === 0 ? 0 : Math.max(1, numFailedTestSuites > 0 ? 1 : 0));
    return [numPassedTests, bad];
  } catch {
    return [0, 1];
  }
}
