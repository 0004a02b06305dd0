// `npm run bench:fleet`: one real server under N simulated machines over real TLS.
// Not here: the run itself (bench.ts), what its figures mean (results.ts).
import { explain, parseFlags } from '@vigie/config';
import { fail, runToEnd, say } from '../ending.ts';
import { Bench } from './bench.ts';
import { whyNot } from './open-files.ts';
import { tableOf } from './results.ts';

const parsed = parseFlags(
  {
    name: 'npm run bench:fleet --',
    summary:
      'What a server bears: N machines of 41 channels at a row a second, a block a minute each, over real TLS; then all of them reconnect at once.',
    flags: {
      machines: { type: 'number', value: 'N', help: 'machines, each with a connection (default 1000)' },
      seconds: { type: 'number', value: 'T', help: 'length of the window, in real time (default 120)' },
      'history-hours': {
        type: 'number',
        value: 'H',
        help: 'hours of past rows that some send first (default 0)',
      },
      'history-machines': { type: 'number', value: 'M', help: 'how many machines do (default 20)' },
      storm: {
        type: 'string',
        value: 'KIND',
        help: 'what breaks: links (default), or server, which is killed and starts again',
      },
      database: {
        type: 'string',
        value: 'URL',
        help: 'where the server keeps rows (default its data folder)',
      },
      limits: {
        type: 'number',
        value: 'N',
        help: "limits watched of each machine, 0 for none (default all of the model's)",
      },
      profile: { type: 'string', value: 'DIR', help: "also write the server's CPU profile to this folder" },
      json: { type: 'boolean', help: 'figures as JSON' },
      out: { type: 'string', value: 'FILE', help: 'also write the JSON to this file' },
    },
    notes:
      'Needs Linux, and an open file a machine. Bytes per sample mean something only with hours of history: see bench/README.md.',
  },
  process.argv.slice(2),
);
process.exitCode = await main();

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const { machines = 1000, seconds = 120, database = null, storm = 'links' } = parsed.flags;
  const {
    'history-hours': hours = 0,
    'history-machines': few = 20,
    profile = null,
    limits = null,
  } = parsed.flags;
  const { json = false, out = null } = parsed.flags;
  if (!Number.isInteger(machines) || machines < 1) return fail('bench:fleet: --machines takes 1 or more');
  if (seconds < 60) return fail('bench:fleet: --seconds takes 60 or more: each machine has a block a minute');
  if (hours < 0 || few < 0) return fail('bench:fleet: --history-hours and --history-machines take 0 or more');
  if (storm !== 'links' && storm !== 'server') return fail('bench:fleet: --storm is links or server');
  if (limits !== null && (!Number.isInteger(limits) || limits < 0)) {
    return fail('bench:fleet: --limits takes 0 or more');
  }
  const reason = whyNot(machines);
  if (reason !== null) return fail(reason);
  const history = { hours, machines: hours === 0 ? 0 : Math.min(few, machines) };
  const bench = new Bench({ machines, seconds, database, history, storm, limits, profile, say });
  return runToEnd(bench, { json, out, tableOf });
}
