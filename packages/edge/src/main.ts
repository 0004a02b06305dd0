// vigie-edge: the agent on the box beside the machine. Commands (commands/) run (default), enrol, rotate-key, status. The real
// clock enters here, randomness and signals in commands/run.ts, and nowhere else. A command brings along its own code only: on a
// small box that is most of its time.
import { uptime } from 'node:os';
import { realClock } from '@vigie/config';
import { throughSleep } from './clock/sleep.ts';

const VERSION = process.env.VIGIE_VERSION ?? 'from sources';
// Keys, rows and status are this user's alone.
process.umask(0o077);

const [first = '', ...rest] = process.argv.slice(2);
const context = { args: rest, clock: throughSleep(realClock(), () => 1000 * uptime()) };
switch (first) {
  case 'enrol':
    process.exit(await (await import('./commands/identity.ts')).enrol(context));
    break;
  case 'rotate-key':
    process.exit(await (await import('./commands/identity.ts')).rotateKey(context));
    break;
  case 'status':
    process.exit((await import('./commands/status.ts')).status(context));
    break;
  case '--version':
    console.log(VERSION);
    break;
  default: {
    const args = first === 'run' ? rest : process.argv.slice(2);
    process.exit(await (await import('./commands/run.ts')).run({ ...context, args }, VERSION));
  }
}
