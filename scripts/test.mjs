// Every check: types, lint and format, import direction, unit and property tests, a build, planted
// bugs and a minute of the simulation, end-to-end tests, browser tests. Goes on after a failure, so that one run tells all; closes with one line.
// `npm test -- unit e2e` runs only the steps named.
import { spawn } from 'node:child_process';
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
  run: async (out) => {
    for (const [file, ...args] of lines) if ((await runs(bin(file), args, out)) !== 0) return [0, 1];
    return [1, 0];
  },
});
const tests = (name, project) => ({ name, run: (out) => runVitest(project, out) });
// Steps of one line run at the same time: each of them keeps one core busy.
const STEPS = [
  [
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
  ],
  [{ name: 'build', run: (out) => runsNode(['scripts/build.ts'], out) }],
  [tests('unit', 'unit')],
  [
    tests('mutants', 'simulation'),
    {
      name: 'simulation',
      run: (out) =>
        runsNode(
          [
            '--initial-old-space-size=600',
            '--min-semi-space-size=64',
            '--max-semi-space-size=64',
            'simulation/main.ts',
            '--minutes',
            '1',
          ],
          out,
        ),
    },
  ],
  [tests('e2e', 'e2e')],
  [tests('browser', 'browser')],
];

const wanted = process.argv.slice(2);
const names = STEPS.flat().map(({ name }) => name);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`npm test: there is no step «${unknown}»; the steps are ${names.join(', ')}.`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const failures = [];
for (const together of STEPS) {
  const steps = together.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  // The first speaks as it goes; what the others say is shown when it has ended.
  const running = steps.map((step, i) => ({ step, ...start(step, i === 0) }));
  for (const { step, ended, said } of running) {
    if (step !== steps[0]) console.log(`\n— ${step.name}`);
    const { counts, seconds } = await ended;
    process.stdout.write(said());
    passed += counts[0];
    failed += counts[1];
    if (counts[1] > 0) failures.push(step.name);
    console.log(`— ${step.name}: ${counts[1] === 0 ? 'ok' : 'FAILED'} in ${seconds.toFixed(0)} s`);
  }
}
rmSync(scratch, { recursive: true, force: true });

console.log(
  failures.length === 0
    ? '\nAll is well. Next: `npm start` runs the demo fleet; CONTRIBUTING.md says how to change things.'
    : `\nFailed: ${failures.join(', ')}. Run one step alone with \`npm test -- ${failures[0]}\`.`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function start(step, aloud) {
  const pieces = [];
  const startedMs = performance.now();
  if (aloud) console.log(`\n— ${step.name}`);
  const ended = step
    .run(aloud ? null : (piece) => pieces.push(piece))
    .then((counts) => ({ counts, seconds: (performance.now() - startedMs) / 1000 }));
  return { ended, said: () => Buffer.concat(pieces) };
}

/** Exit status, `null` for one that a signal ended. @param out takes what it says; `null`: it says it here. */
function runs(file, args, out) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: out === null ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    child.stdout?.on('data', out);
    child.stderr?.on('data', out);
    child.once('error', (error) => {
      console.error(String(error));
      resolve(null);
    });
    child.once('close', (status) => resolve(status));
  });
}

async function runsNode(args, out) {
  return (await runs(process.execPath, args, out)) === 0 ? [1, 0] : [0, 1];
}

/** [passed, failed]; a run that ends without a report counts as one failure. */
async function runVitest(project, out) {
  const report = join(scratch, `${project}.json`);
  const args = [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const status = await runs(bin('vitest'), args, out);
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    const bad = Math.max(numFailedTests, status === 0 ? 0 : Math.max(1, numFailedTestSuites > 0 ? 1 : 0));
    return [numPassedTests, bad];
  } catch {
    return [0, 1];
  }
}
