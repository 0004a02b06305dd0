// `npm run bench:store`: Vigie's store beside others on the same rows.
// Not here: the run itself (bench.ts), what its figures mean (results.ts).
import { explain, parseFlags } from '@vigie/config';
import { fail, runToEnd, say } from '../ending.ts';
import { Bench, PEERS } from './bench.ts';
import { tableOf } from './results.ts';

const parsed = parseFlags(
  {
    name: 'npm run bench:store --',
    summary:
      'Stores side by side on the same rows: CPU of taking them, bytes on disk, charts cold and warm, what kill -9 loses.',
    flags: {
      days: { type: 'number', value: 'N', help: 'of two machines, for every store (default 2)' },
      years: { type: 'number', value: 'N', help: 'of a machine, on Vigie alone (default 0.25; 0: none)' },
      'years-in': {
        type: 'string',
        value: 'DIR',
        help: 'where the years are built and stay, or stay from an earlier run',
      },
      peers: { type: 'string', value: 'A,B', help: `only these of ${PEERS.join(', ')}, or none` },
      quick: { type: 'boolean', help: 'six hours, no years, few charts: whether it runs at all' },
      json: { type: 'boolean', help: 'figures as JSON' },
      out: { type: 'string', value: 'FILE', help: 'also write the JSON to this file' },
    },
    notes: 'Needs Linux. Stores that are not installed are fetched as packages of Debian and not installed.',
  },
  process.argv.slice(2),
);
process.exitCode = await main();

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const { quick = false, json = false, out = null, 'years-in': yearsIn = null } = parsed.flags;
  const { days = quick ? 0.25 : 2, years = quick ? 0 : 0.25 } = parsed.flags;
  if (process.platform !== 'linux')
    return fail('bench:store needs Linux: it reads what a server uses from /proc');
  // An hour must have somewhere to move.
  if (!(days >= 0.1 && days <= 366)) return fail('bench:store: --days takes 0.1 to 366');
  if (!(years === 0 || (years >= 0.01 && years <= 20)))
    return fail('bench:store: --years takes 0.01 to 20, or 0 for none');
  const asked = parsed.flags.peers === 'none' ? [] : (parsed.flags.peers?.split(',') ?? PEERS);
  const stranger = asked.find((name) => !PEERS.some((peer) => peer === name));
  if (stranger !== undefined)
    return fail(`bench:store: there is no store «${stranger}»: --peers takes ${PEERS.join(', ')}`);
  const bench = new Bench({
    peers: PEERS.filter((name) => asked.includes(name)),
    days,
    years,
    yearsIn,
    mostCharts: quick ? 20 : 100,
    mostChartsMs: quick ? 1000 : 4000,
    coldStarts: quick ? 1 : 3,
    say,
  });
  return runToEnd(bench, { json, out, tableOf });
}
