// `npm run simulate`: years of a machine in minutes, each row judged. Exit code 1 when anything is wrong, with the seed
// that replays it. The machine's own clock is read here alone, to know when a minute is over.
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { EXIT, explain, parseFlags } from '@vigie/config';
import { LIFE_DAYS, lifeSeed, live, type Report, Tally } from './report.ts';
import type { Share, Told } from './worker.ts';

const PROGRESS_MS = 10_000;

const parsed = parseFlags(
  {
    name: 'npm run simulate --',
    summary: 'Edge, link and server in one process under a seeded clock, disk, network and controller.',
    flags: {
      seed: { type: 'number', value: 'S', help: 'of all that happens (default: drawn, and printed)' },
      'machine-years': { type: 'number', value: 'Y', help: 'how much to simulate (default 10)' },
      minutes: { type: 'number', value: 'M', help: 'instead: as much as fits into so many minutes' },
      cores: { type: 'number', value: 'N', help: 'at work at once (default 1; not with --minutes)' },
      life: { type: 'number', value: 'N', help: 'instead: replays the one life that a failure named' },
      json: { type: 'boolean', help: 'JSON on standard output' },
      out: { type: 'string', value: 'FILE', help: 'writes the JSON to a file too' },
    },
    notes:
      'Power goes at any write, disks tear, lose, fill up and refuse, clocks jump, boxes sleep, links drop, servers crash\n' +
      'and are restored. Then every row the controller gave is looked for. What is simulated: simulation/, ARCHITECTURE.md.',
  },
  process.argv.slice(2),
);
process.exitCode = parsed.kind === 'run' ? await run(parsed.flags) : explain(parsed);

async function run(flags: {
  readonly seed?: number;
  readonly 'machine-years'?: number;
  readonly minutes?: number;
  readonly cores?: number;
  readonly life?: number;
  readonly json?: boolean;
  readonly out?: string;
}): Promise<number> {
  const { seed = Date.now() % 1_000_000_007, minutes, life, 'machine-years': years = 10, cores = 1 } = flags;
  for (const [name, value] of Object.entries({ seed, minutes, life, cores, 'machine-years': years })) {
    if (value === undefined || (value >= 0 && (name !== 'seed' || Number.isInteger(value)))) continue;
    console.error(`npm run simulate -- --${name} takes a number from 0 on, not ${value}`);
    return EXIT.usage;
  }
  if (life === undefined) console.error(`seed ${seed}`);
  const startedMs = performance.now();
  const tally = new Tally(seed);
  const lives = life === undefined ? Math.ceil((years * 365) / LIFE_DAYS) : 1;
  let toldMs = startedMs;
  const add = ({ life, faults, verdict }: Told): void => {
    tally.add(life, LIFE_DAYS, faults, verdict);
    const [finding] = verdict.findings;
    if (finding !== undefined) console.error(`life ${life}: ${finding} (npm run simulate -- --life ${life})`);
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    const { machineYears, powerCuts, failures } = tally.report();
    console.error(`${machineYears} machine-years, ${powerCuts} power cuts, ${failures.length} lives wrong`);
  };
  if (life === undefined && minutes === undefined && cores > 1) {
    const shares = Array.from({ length: cores }, (_, first) => ({ seed, first, step: cores, end: lives }));
    await Promise.all(shares.map((share) => onOneCore(share, add)));
  } else {
    const goes = (n: number): boolean =>
      minutes === undefined ? n < lives : performance.now() - startedMs < minutes * 60_000;
    for (let n = 0; goes(n); n++) {
      const number = life ?? lifeSeed(seed, n);
      const { account, verdict } = await live(number);
      add({ life: number, faults: account.faults, verdict });
    }
  }
  const report = tally.report();
  const seconds = (performance.now() - startedMs) / 1000;
  const json = JSON.stringify({ ...report, seconds: Math.round(seconds) }, null, 2);
  if (flags.out !== undefined) writeFileSync(flags.out, `${json}\n`);
  console.log(flags.json === true ? json : inWords(report, seconds));
  return report.failures.length === 0 ? EXIT.ok : EXIT.failed;
}

function onOneCore(share: Share, add: (told: Told) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: share,
      resourceLimits: { maxYoungGenerationSizeMb: 192 },
    });
    worker.on('message', add);
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

function inWords(report: Report, seconds: number): string {
  const { machineYears, powerCuts, faults, rows, stored, undated, worstDatingErrorMs } = report;
  const perMinute = 60 / Math.max(seconds, 0.001);
  const others = Object.entries(faults).filter(([, count]) => count > 0);
  return [
    `${machineYears} machine-years and ${powerCuts} power cuts in ${seconds.toFixed(0)} s: ${(machineYears * perMinute).toFixed(1)} years and ${(powerCuts * perMinute).toFixed(0)} cuts a minute.`,
    `Other faults: ${others.map(([name, count]) => `${count} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`).join(', ')}.`,
    `${rows} rows given, ${stored} stored, ${undated} of them of boots that never met the server; dated ${worstDatingErrorMs} ms off at worst, ${report.misdated > 0 ? report.misdated : 'none'} by more than was stated.`,
    `lost ${report.lost}, doubled ${report.duplicated}, misdated ${report.misdated}, falsified ${report.falsified}, out of order ${report.outOfOrder}, unexplained gaps ${report.unexplainedGaps}`,
    report.failures.length === 0
      ? 'All is well. Next: npm run simulate -- --machine-years 100'
      : `Wrong: ${report.failures.map(({ life }) => `npm run simulate -- --life ${life}`).join('; ')}`,
  ].join('\n');
}
