// Every check: types, lint and format, import direction, a build, unit and property tests, planted bugs and a minute of the
// simulation, end-to-end tests, browser tests. Goes on after a failure, so that one run tells all; closes with one line.
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
/** V8's heap as one run of the simulation needs it: as `npm run simulate` has it. */
const ROOMY = ['--initial-old-space-size=600', '--min-semi-space-size=64', '--max-semi-space-size=64'];
// Stages follow each other. The lanes of a stage run at the same time, the steps of a lane one after the other: end-to-end
// tests mostly wait, for networks that are cut and processes that are killed, and leave the cores to what computes.
const STAGES = [
  [
    [
      command(
        'types',
        ['tsc', '-p', 'tsconfig.json'],
        ['tsc', '-p', 'packages/codec'],
        ['tsc', '-p', 'packages/web'],
      ),
    ],
    [
      command('lint', ['biome', 'check', '.']),
      command('imports', [
        'depcruise',
        ...['--config', '.dependency-cruiser.cjs'],
        ...['packages', 'e2e', 'scripts', 'simulation', 'bench'],
      ]),
    ],
  ],
  [[{ name: 'build', run: (out) => runsNode(['scripts/build.ts'], out) }]],
  [
    [
      tests('unit', 'unit'),
      tests('mutants', 'simulation'),
      {
        name: 'simulation',
        run: (out) => runsNode([...ROOMY, 'simulation/main.ts', '--minutes', '1'], out),
      },
    ],
    [tests('e2e', 'e2e')],
  ],
  [[tests('browser', 'browser')]],
];

const wanted = process.argv.slice(2);
const names = STAGES.flat(2).map(({ name }) => name);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`npm test: there is no step «${unknown}»; the steps are ${names.join(', ')}.`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const failures = [];
for (const lanes of STAGES) {
  const chosen = lanes
    .map((lane) => lane.filter(({ name }) => wanted.length === 0 || wanted.includes(name)))
    .filter((lane) => lane.length > 0);
  // The first lane speaks as it goes; what the others say is shown step by step, whole.
  await Promise.all(chosen.map((lane, i) => runLane(lane, i === 0)));
}
rmSync(scratch, { recursive: true, force: true });

console.log(
  failures.length === 0
    ? '\nAll is well. Next: `npm start` runs the demo fleet; CONTRIBUTING.md says how to change things.'
    : `\nFailed: ${failures.join(', ')}. Run one step alone with \`npm test -- ${failures[0]}\`.`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function runLane(steps, isAloud) {
  for (const { name, run } of steps) {
    const said = [];
    const startedMs = performance.now();
    if (isAloud) console.log(`\n— ${name}`);
    const [good, bad] = await run(isAloud ? null : (piece) => said.push(piece));
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    if (!isAloud) process.stdout.write(Buffer.concat([Buffer.from(`\n— ${name}\n`), ...said]));
    passed += good;
    failed += bad;
    if (bad > 0) failures.push(name);
    console.log(`— ${name}: ${bad === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
  }
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
