// The command that says in words how the agent is. Not here: the words (status.ts).
import { EXIT, explain, parseFlags } from '@vigie/config';
import { inWords, reportOf } from '../status.ts';
import { type CommandContext, fail } from './command.ts';

export function status({ args, clock }: CommandContext): number {
  const parsed = parseFlags(
    {
      name: 'vigie-edge status',
      summary:
        'Says in words how controller, spool, clock, link and settings are, what is wrong first; exit code 1 when something is.',
      flags: {
        data: { type: 'string', value: 'DIR', help: 'folder of the agent' },
        json: { type: 'boolean', help: 'the same facts as JSON' },
      },
    },
    args,
  );
  if (parsed.kind !== 'run') return explain(parsed);
  const { data, json = false } = parsed.flags;
  if (data === undefined) return fail('vigie-edge status: --data DIR is missing', EXIT.usage);
  const report = reportOf(data, clock.utcMs());
  console.log(json ? JSON.stringify(report, null, 2) : inWords(report));
  return report.ok ? EXIT.ok : EXIT.failed;
}
