// `npm run bench:edge`: what an edge costs, measured on real processes, beside MQTT and the 2022 report's scheme.
// Not here: the run itself (bench.ts), what its figures mean (results.ts).
import { explain, parseFlags } from '@vigie/config';
import { fail, runToEnd } from '../ending.ts';
import { Bench } from './bench.ts';
import { whyNoLinks } from './network.ts';
import { tableOf } from './results.ts';

const parsed = parseFlags(
  {
    name: 'npm run bench:edge --',
    summary:
      'What an edge costs: bytes on the wire, CPU, memory, bytes written; beside MQTT and the 2022 report.',
    flags: {
      minutes: { type: 'number', value: 'N', help: 'length of the window, in real time (default 48)' },
      'warm-up-hours': { type: 'number', value: 'N', help: 'rows to learn from, replayed (default 30)' },
      days: { type: 'number', value: 'N', help: 'days of blocks to encode for the month (default 3)' },
      'tcp-timestamps': {
        type: 'boolean',
        help: 'as on a box without deploy/edge/60-vigie.conf',
      },
      json: { type: 'boolean', help: 'figures as JSON' },
      out: { type: 'string', value: 'FILE', help: 'also write the JSON to this file' },
    },
    notes: 'Needs Linux, root and the command ip, since it counts on an interface that carries nothing else.',
  },
  process.argv.slice(2),
);
process.exitCode = await main();

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const { minutes = 48, 'warm-up-hours': hours = 30, days = 3, json = false, out = null } = parsed.flags;
  const timestamps = parsed.flags['tcp-timestamps'] === true;
  const reason = whyNoLinks();
  if (reason !== null) return fail(reason);
  if (minutes < 1 || hours < 1 || days < 1)
    return fail('bench:edge: --minutes, --warm-up-hours and --days take 1 or more');
  return runToEnd(new Bench({ minutes, hours, days, timestamps }), { json, out, tableOf });
}
