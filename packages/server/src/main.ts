// vigie-server: receives blocks from edges, stores them, shows them. Commands (commands/) run (default), add-machine, settings,
// enrolment-code, revoke, rotate-link-key, reset-password, backup, restore, check, compact, mail; all but restore work beside a
// server that runs. The real clock enters here, signals and log in commands/run.ts, and nowhere else. A command brings along
// its own code only: to parse all of a server takes longer than most of them.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT, realClock } from '@vigie/config';

// Databases and keys are this user's alone.
process.umask(0o077);
const [first = '', ...rest] = process.argv.slice(2);
process.exitCode = await command();

async function command(): Promise<number> {
  const context = { args: rest, clock: realClock() };
  switch (first) {
    case 'add-machine':
      return (await import('./commands/machines.ts')).addMachine(context);
    case 'enrolment-code':
      return (await import('./commands/machines.ts')).enrolmentCode(context);
    case 'settings':
      return (await import('./commands/machines.ts')).settings(context);
    case 'revoke':
      return (await import('./commands/machines.ts')).revoke(context);
    case 'rotate-link-key':
      return (await import('./commands/keys.ts')).rotateLinkKeys(context);
    case 'reset-password':
      return (await import('./commands/keys.ts')).resetPassword(context);
    case 'backup':
      return (await import('./commands/upkeep.ts')).backup(context);
    case 'restore':
      return (await import('./commands/upkeep.ts')).restore(context);
    case 'check':
      return (await import('./commands/upkeep.ts')).check(context);
    case 'compact':
      return (await import('./commands/upkeep.ts')).compact(context);
    case 'mail':
      return (await import('./commands/upkeep.ts')).mail(context);
    case '--version':
      console.log(process.env.VIGIE_VERSION ?? 'from sources');
      return EXIT.ok;
    default: {
      // The same two steps up from src/main.ts and from dist/main.mjs.
      const packages = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
      const args = first === 'run' ? rest : process.argv.slice(2);
      return (await import('./commands/run.ts')).run({ ...context, args }, packages);
    }
  }
}
