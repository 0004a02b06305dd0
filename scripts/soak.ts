// `npm run soak`: minutes of faults on real processes, counted against the simulator's log (e2e/soak.ts). Progress
// on stderr, the result on stdout; exit code 1 when anything is wrong, with the seed in the last line.
import { writeFileSync } from 'node:fs';
import { EXIT, explain, parseFlags } from '@vigie/config';
import { type SoakResult, soak } from '../e2e/soak.ts';
import { buildAll } from './build.ts';

const parsed = parseFlags(
  {
    name: 'npm run soak --',
    summary:
      'Kills programs, sets the clock of the edge, harms its link and its disk, for minutes; then counts every row.',
    flags: {
      minutes: { type: 'number', value: 'N', help: 'how long faults come (default 5)' },
      seed: {
        type: 'number',
        value: 'S',
        help: 'replays the faults of a run (default VIGIE_SEED, else drawn)',
      },
      json: { type: 'boolean', help: 'the result as JSON on standard output, and nothing else' },
      out: { type: 'string', value: 'FILE', help: 'also writes the JSON there' },
    },
    notes:
      'Needs libfaketime (Debian: faketime). A full disk needs root, to mount a tmpfs; without, that part is left out.\nExit code 1: something is wrong; logs and data are kept, and the last line has the seed.',
  },
  process.argv.slice(2),
);
process.exitCode = parsed.kind === 'run' ? await main(parsed.flags) : explain(parsed);

async function main(flags: {
  readonly minutes?: number;
  readonly seed?: number;
  readonly json?: boolean;
  readonly out?: string;
}): Promise<number> {
  const { minutes = 5, json = false, out } = flags;
  const seed = flags.seed ?? Number(process.env.VIGIE_SEED ?? Date.now() % 1e6);
  if (!(minutes > 0 && Number.isInteger(seed))) {
    console.error(
      'npm run soak: --minutes takes a number above 0, --seed a whole number (see npm run soak -- --help)',
    );
    return EXIT.usage;
  }
  const replay = `npm run soak -- --seed ${seed} --minutes ${minutes}`;
  console.error(`seed ${seed}, ${minutes} min of faults; again: ${replay}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await buildAll({ quiet: true });
  let result: SoakResult;
  try {
    result = await soak({ seed, minutes, say: (line) => console.error(line), signal: stop.signal });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(`The run broke off; it found nothing out. Again: ${replay}`);
    return EXIT.failed;
  }
  const { wrong, kept } = result;
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (json) process.stdout.write(text);
  else console.log(inWords(result));
  if (out !== undefined) writeFileSync(out, text);
  for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
  console.error(
    wrong.length === 0
      ? `All is well with seed ${seed}. Next: another seed, or a longer run with --minutes.`
      : `Wrong: read soak.log in ${kept}, then replay: ${replay}`,
  );
  return wrong.length === 0 ? EXIT.ok : EXIT.failed;
}

function inWords(result: SoakResult): string {
  const { diskFull, noDisk } = result;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  return [
    `kill -9          ${list(result.kills)}`,
    `clock            ${list(result.clockSteps)}`,
    `link             ${list(result.linkFaults)}; ${result.connections} connections`,
    `disk             ${diskFull === null ? `LEFT OUT: ${noDisk}` : list(diskFull)}`,
    `rows             ${result.rowsServed} served, ${result.rowsStored} stored, ${result.lostToKills} not committed when the edge was killed, ${result.readsDiscarded} reads discarded`,
    `wrong            lost ${result.lost}, doubled ${result.duplicated}, altered ${result.altered}, misdated ${result.misdated}, unexplained gaps ${result.unexplainedGaps}`,
    `dating           ${result.worstDatingErrorMs} ms off at worst`,
  ].join('\n');
}
