// `npm run simulate`: years of a machine in minutes, each row judged. Exit code 1 when anything is wrong, with the seed
// that replays it. The machine's own clock is read here alone, to know when a minute is over.
import { readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { EXIT, explain, parseFlags } from '@vigie/config';
import { LIFE_DAYS, lifeSeed, live, type Report, Tally } from './report.ts';
import type { Share, Told } from './worker.ts';

const PROGRESS_MS = 10_000;
/** A run of a thousand years takes an hour of both cores, and may be broken off. */
const KEEP_MS = 60_000;

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
      out: {
        type: 'string',
        value: 'FILE',
        help: 'writes the JSON to a file too; every minute, while it runs',
      },
      continue: {
        type: 'boolean',
        help: 'goes on with the run that wrote the file of --out; lives again what was wrong',
      },
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
  readonly continue?: boolean;
}): Promise<number> {
  const earlier = flags.continue === true ? earlierPart(flags.out) : null;
  if (typeof earlier === 'string') {
    console.error(`npm run simulate -- --continue: ${earlier}`);
    return EXIT.usage;
  }
  const { minutes, life, 'machine-years': years = 10 } = flags;
  const seed = earlier?.seed ?? flags.seed ?? Date.now() % 1_000_000_007;
  const cores = earlier?.nextLives.length ?? flags.cores ?? 1;
  for (const [name, value] of Object.entries({ seed, minutes, life, cores, 'machine-years': years })) {
    if (value === undefined || (value >= 0 && (name !== 'seed' || Number.isInteger(value)))) continue;
    console.error(`npm run simulate -- --${name} takes a number from 0 on, not ${value}`);
    return EXIT.usage;
  }
  if (life === undefined) console.error(`seed ${seed}`);
  const startedMs = performance.now();
  const tally = new Tally(seed);
  const secondsNow = (): number => (performance.now() - startedMs) / 1000;
  const next = earlier === null ? Array.from({ length: cores }, (_, first) => first) : [...earlier.nextLives];
  if (earlier !== null) {
    const lived = next.reduce((sum, n, first) => sum + Math.ceil((n - first) / cores), 0);
    tally.goOn(earlier, lived * LIFE_DAYS);
    for (const { life } of earlier.failures) {
      const { verdict } = await live(life);
      tally.again(life, verdict);
      console.error(`life ${life} again: ${verdict.findings[0] ?? 'well'}`);
    }
  }
  const lives = life === undefined ? Math.ceil((years * 365) / LIFE_DAYS) : 1;
  let toldMs = startedMs;
  let keptMs = startedMs;
  const canGoOn = life === undefined && minutes === undefined;
  const keep = (report: Report): void => {
    if (flags.out !== undefined) writeFileSync(flags.out, `${JSON.stringify(report, null, 2)}\n`);
  };
  const add = ({ life, faults, verdict }: Told): void => {
    tally.add(life, LIFE_DAYS, faults, verdict);
    const [finding] = verdict.findings;
    if (finding !== undefined) console.error(`life ${life}: ${finding} (npm run simulate -- --life ${life})`);
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    const report = tally.report(secondsNow());
    const { machineYears, powerCuts, failures } = report;
    if (canGoOn && toldMs - keptMs >= KEEP_MS) {
      keptMs = toldMs;
      keep({ ...report, nextLives: next });
    }
    console.error(`${machineYears} machine-years, ${powerCuts} power cuts, ${failures.length} lives wrong`);
  };
  if (life === undefined && minutes === undefined && cores > 1) {
    const shares = next.map((first) => ({ seed, first, step: cores, end: lives }));
    await Promise.all(
      shares.map((share, core) =>
        onOneCore(share, (told) => {
          next[core] = (next[core] ?? 0) + cores;
          add(told);
        }),
      ),
    );
  } else {
    const goes = (n: number): boolean =>
      minutes === undefined ? n < lives : performance.now() - startedMs < minutes * 60_000;
    for (let n = next[0] ?? 0; goes(n); n++) {
      next[0] = n + 1;
      const number = life ?? lifeSeed(seed, n);
      const { account, verdict } = await live(number);
      add({ life: number, faults: account.faults, verdict });
    }
  }
  const report = tally.report(secondsNow());
  keep(report);
  console.log(flags.json === true ? JSON.stringify(report, null, 2) : inWords(report));
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

/** What is to go on, or why nothing can. */
function earlierPart(
  file: string | undefined,
): (Report & { readonly nextLives: readonly number[] }) | string {
  if (file === undefined) return '--out FILE is missing: it names what the run wrote';
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const { nextLives } = report;
    return nextLives === undefined ? `the run of ${file} is done` : { ...report, nextLives };
  } catch (error) {
    return `${file} cannot be read: ${String(error)}`;
  }
}

function inWords(report: Report): string {
  const { machineYears, powerCuts, faults, rows, stored, undated, worstDatingErrorMs, seconds } = report;
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
