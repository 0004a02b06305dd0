// The server itself, until a signal ends it. Its log goes to stderr, a line of JSON each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { EXIT, explain, parseFlags, realRandomness } from '@vigie/config';
import type { Clock, Timer } from '@vigie/protocol';
import pino from 'pino';
import { RUN_FLAGS, serverSettings } from '../config.ts';
import { startServer } from '../server.ts';
import { type CommandContext, fail, inWords } from './command.ts';

/** V8 lets a heap double before it looks for garbage. From this size on, which thousands of machines need, it may grow by half. */
const LARGE_HEAP_BYTES = 200_000_000;
const GROWTH_PERCENT = 50;
const HEAP_LOOK_MS = 5000;

/** @param packages folder of all packages, with the page and what boxes install */
export async function run({ args, clock }: CommandContext, packages: string): Promise<number> {
  const parsed = parseFlags(
    {
      name: 'vigie-server run',
      summary:
        'Receives rows from edges, stores them, shows them. Other commands: add-machine, settings, enrolment-code, revoke, rotate-link-key, reset-password, backup, restore, check, compact, mail.',
      flags: RUN_FLAGS,
      notes: 'The first Super Admin signs in with the one-time code printed at the first start.',
    },
    args,
  );
  if (parsed.kind !== 'run') return explain(parsed);
  const settings = serverSettings(parsed.flags, process.env);
  if (!settings.ok) return fail(settings.message, EXIT.usage);
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  const stopped = untilStopped();
  const heap = holdLargeHeap(clock);
  try {
    const server = await startServer({
      ...settings.value,
      page: join(packages, 'web', 'dist'),
      edgePackages: settings.value.edgePackages ?? join(packages, '..', 'dist'),
      installScript: readFileSync(join(packages, '..', 'deploy', 'edge', 'install.sh'), 'utf8'),
      clock,
      randomness: realRandomness,
      log: (message, facts) => logger.info(facts ?? {}, message),
    });
    const { host, tlsCert } = settings.value;
    const address = `${tlsCert === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
    console.log(
      JSON.stringify({ listening: { address, linkPort: server.linkPort, setupCode: server.setupCode } }),
    );
    console.log(
      server.setupCode === null
        ? `Page: ${address}`
        : `Page: ${address} (no account yet: open ${address}/setup and type the code ${server.setupCode})`,
    );
    console.log(`Edges connect to port ${server.linkPort}. Ctrl+C stops the server.`);
    await stopped;
    await server.close();
    return EXIT.ok;
  } catch (error) {
    return fail(`vigie-server: ${inWords(error)}`, EXIT.failed);
  } finally {
    heap.cancel();
  }
}

/** Not sooner: a small heap that is looked through that often makes charts slow. */
function holdLargeHeap(clock: Clock): Timer {
  const look = (): void => {
    if (getHeapStatistics().used_heap_size < LARGE_HEAP_BYTES) timer = clock.after(HEAP_LOOK_MS, look);
    else setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  };
  let timer = clock.after(HEAP_LOOK_MS, look);
  return { cancel: () => timer.cancel() };
}

/** Listening for the parent's end keeps the process alive, so that ends with the first sign. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM', 'disconnect'] as const;
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
