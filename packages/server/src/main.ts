// vigie-server: receives blocks from edges, stores them, shows them. Commands run (default), add-machine, settings,
// enrolment-code, revoke, rotate-link-key, reset-password, backup, restore, check, compact, mail; all but restore work beside a
// server that runs. The real clock, signals and log enter here and nowhere else.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import {
  type CommandSpec,
  EXIT,
  explain,
  type FlagSpec,
  type FlagValues,
  parseFlags,
  realClock,
  realRandomness,
} from '@vigie/config';
import { machineId, type Timer } from '@vigie/protocol';
import pino from 'pino';
import type { Noted } from './accounts/audit.ts';
import { openAccounts } from './accounts/open.ts';
import { backup, restore } from './backup.ts';
import { databaseUrl, RUN_FLAGS, serverSettings } from './config.ts';
import { makeEnrolmentCode } from './gateway/enrolment-code.ts';
import { linkIdentity, rotateLinkKey } from './gateway/identity.ts';
import { describeMail } from './mail/status.ts';
import { startServer } from './server.ts';
import { asksForChange, changed, describeSettings, SETTINGS_FLAGS } from './settings.ts';
import { check, describeCheck } from './store/check.ts';
import { compact, describeCompact } from './store/compact.ts';
import { StoreError } from './store/database.ts';
import { type Databases, openDatabases, type Place, storeOn } from './store/open.ts';
import type { MachineRecord, Store } from './store/store.ts';

const PROGRESS_MS = 2000;
/** V8 lets a heap double before it looks for garbage. From this size on, which thousands of machines need, it may grow by half. */
const LARGE_HEAP_BYTES = 200_000_000;
const GROWTH_PERCENT = 50;
const HEAP_LOOK_MS = 5000;
const clock = realClock();
const PLACE = {
  data: { type: 'string', value: 'DIR', help: 'folder of databases and keys' },
  database: { type: 'string', value: 'URL', help: "the server's --database, if it has one" },
} as const;

// Databases and keys are this user's alone.
process.umask(0o077);
const [first = '', ...rest] = process.argv.slice(2);
process.exitCode = await command();

function command(): Promise<number> {
  switch (first) {
    case 'add-machine':
      return addMachine();
    case 'enrolment-code':
      return enrolmentCode();
    case 'settings':
      return settingsCommand();
    case 'revoke':
      return revoke();
    case 'rotate-link-key':
      return rotateLink();
    case 'reset-password':
      return resetPassword();
    case 'backup':
      return backupCommand();
    case 'restore':
      return restoreCommand();
    case 'check':
      return checkCommand();
    case 'compact':
      return compactCommand();
    case 'mail':
      return mailCommand();
    case '--version':
      console.log(process.env.VIGIE_VERSION ?? 'from sources');
      return Promise.resolve(EXIT.ok);
    default:
      return run();
  }
}

async function run(): Promise<number> {
  const parsed = parseFlags(
    {
      name: 'vigie-server run',
      summary:
        'Receives rows from edges, stores them, shows them. Other commands: add-machine, settings, enrolment-code, revoke, rotate-link-key, reset-password, backup, restore, check, compact, mail.',
      flags: RUN_FLAGS,
      notes: 'The first Super Admin signs in with the one-time code printed at the first start.',
    },
    first === 'run' ? rest : process.argv.slice(2),
  );
  if (parsed.kind !== 'run') return explain(parsed);
  const settings = serverSettings(parsed.flags, process.env);
  if (!settings.ok) return fail(settings.message, EXIT.usage);
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  const stopped = untilStopped();
  const heap = holdLargeHeap();
  // The same two steps up from src/main.ts and from dist/main.mjs.
  const packages = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
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
function holdLargeHeap(): Timer {
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

async function addMachine(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server add-machine',
    summary: 'Adds a machine and prints the code with which its edge enrols, once, within 24 h.',
    flags: {
      ...PLACE,
      id: { type: 'string', value: 'ID', help: 'letters, digits, - and _, at most 32: TV-12' },
      name: { type: 'string', value: 'NAME', help: 'what people call it (default: the id)' },
      site: { type: 'string', value: 'SITE', help: 'where it stands (default: empty)' },
      'time-zone': { type: 'string', value: 'ZONE', help: 'of the site (default Europe/Paris)' },
      interval: { type: 'number', value: 'S', help: 'seconds between two blocks, 1 to 3600 (default 60)' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, id, name, site, 'time-zone': zone, interval: intervalS = 60 } = parsed;
  if (data === undefined || id === undefined) {
    return fail('vigie-server add-machine: --data and --id are needed', EXIT.usage);
  }
  if (!machineId.safeParse(id).success) {
    return fail(
      `vigie-server add-machine: --id: «${id}» is not letters, digits, - and _, at most 32`,
      EXIT.usage,
    );
  }
  const timeZone = zone ?? 'Europe/Paris';
  if (!Intl.supportedValuesOf('timeZone').includes(timeZone) && timeZone !== 'UTC') {
    return fail(
      `vigie-server add-machine: --time-zone: «${timeZone}» is no zone like Europe/Paris`,
      EXIT.usage,
    );
  }
  if (!Number.isInteger(intervalS) || intervalS < 1 || intervalS > 3600) {
    return fail(
      `vigie-server add-machine: --interval takes whole seconds from 1 to 3600, not ${intervalS}`,
      EXIT.usage,
    );
  }
  return withStore({ data, database }, async (store, noted) => {
    if ((await store.machine(id)) !== null)
      return fail(`vigie-server: machine ${id} is there already`, EXIT.failed);
    await store.createMachine({
      id,
      name: name ?? id,
      site: site ?? '',
      timeZone,
      intervalMs: 1000 * intervalS,
    });
    await noted({ action: 'machine-created', machine: id });
    return printCode(store, data, id, noted);
  });
}

async function enrolmentCode(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server enrolment-code',
    summary:
      'Prints a code with which a machine enrols its edge, once, within 24 h; a new edge replaces the old one.',
    flags: { ...PLACE, id: { type: 'string', value: 'ID', help: 'the machine' } },
  });
  if (typeof parsed === 'number') return parsed;
  return withMachine('enrolment-code', parsed, (store, { id }, data, noted) =>
    printCode(store, data, id, noted),
  );
}

async function settingsCommand(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server settings',
    summary:
      'Shows what is set for a machine and whether its edge has it; with changes, sets them. A connected edge gets them within seconds, another one at its next contact.',
    flags: SETTINGS_FLAGS,
    notes:
      'One mistake, and nothing is changed. Example: --limit t_evap.alarmHigh=75 --name "t_evap.fr=Bouilleur"',
  });
  if (typeof parsed === 'number') return parsed;
  return withMachine('settings', parsed, async (store, { id, schemaHash }, _, noted) => {
    const schema = schemaHash === null ? null : await store.schema(schemaHash);
    let mistakes: readonly string[] = [];
    if (asksForChange(parsed)) {
      let keepDays: number | null | undefined;
      await store.changeSettings(id, (before) => {
        const result = changed(before, parsed, schema);
        if (result.ok) keepDays = result.keepDays;
        else mistakes = result.mistakes;
        return result.ok ? result.settings : null;
      });
      if (keepDays !== undefined) await store.setKeepDays(id, keepDays);
      if (mistakes.length === 0) await noted({ action: 'settings-changed', machine: id });
    }
    if (mistakes.length > 0) {
      return fail(mistakes.map((mistake) => `vigie-server settings: ${mistake}`).join('\n'), EXIT.failed);
    }
    const now = await store.machine(id);
    return now === null ? fail(noMachine(id), EXIT.failed) : show(describeSettings(now, schema));
  });
}

async function revoke(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server revoke',
    summary:
      'Takes the credential of a machine away: its connection ends within a second, and its edge is refused until it enrols again.',
    flags: { ...PLACE, id: { type: 'string', value: 'ID', help: 'the machine' } },
  });
  if (typeof parsed === 'number') return parsed;
  return withMachine('revoke', parsed, async (store, { id, publicKey }, data, noted) => {
    if (publicKey === null) return fail(`vigie-server: machine ${id} holds no credential`, EXIT.failed);
    await store.revoke(id);
    await noted({ action: 'credential-revoked', machine: id });
    await store.addJournal(id, [
      { atMs: clock.utcMs(), kind: 'credential-revoked', channel: null, facts: {} },
    ]);
    return show(
      `The credential of ${id} is revoked. To enrol its edge again: vigie-server enrolment-code --data ${data} --id ${id}`,
    );
  });
}

async function rotateLink(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server rotate-link-key',
    summary:
      'Makes the spare key of the link the active one, and a new spare; edges learn the new pins at their next contact.',
    flags: {
      ...PLACE,
      force: { type: 'boolean', help: 'even if edges would be locked out that do not know the spare key' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, force = false } = parsed;
  if (data === undefined) return fail('vigie-server rotate-link-key: --data is needed', EXIT.usage);
  if (!hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  const keys = join(data, 'keys');
  return withStore({ data, database }, async (store) => {
    const before = linkIdentity(keys).pins;
    await store.agreeOnLinkKeys(before, clock.utcMs());
    const [, spare] = before;
    const enrolled = (await store.machines()).filter(
      ({ publicKey, retired }) => publicKey !== null && !retired,
    );
    const names = (machines: readonly MachineRecord[]): string => machines.map(({ id }) => id).join(', ');
    const lockedOut = enrolled.filter(({ edgePins }) => !edgePins.includes(spare));
    if (lockedOut.length > 0 && !force) {
      const message = `these have not met the server since its key was rotated last, and would be locked out until somebody enrols them again: ${names(lockedOut)}; wait for them, or add --force`;
      return fail(`vigie-server rotate-link-key: ${message}`, EXIT.failed);
    }
    const { pins } = rotateLinkKey(keys);
    await store.noteLinkKeys(pins, clock.utcMs());
    const lines = [`Active key ${pins[0].slice(0, 16)}…, spare key ${pins[1].slice(0, 16)}…`];
    if (lockedOut.length > 0) lines.push(`Locked out, enrol them again: ${names(lockedOut)}`);
    const behind = enrolled.filter((machine) => !lockedOut.includes(machine));
    if (behind.length > 0) {
      lines.push(`Not to be rotated again before these have met the server: ${names(behind)}`);
    }
    return show(lines.join('\n'));
  });
}

async function printCode(
  store: Store,
  data: string,
  id: string,
  noted: (noted: Noted) => Promise<void>,
): Promise<number> {
  const { code } = await makeEnrolmentCode(store, linkIdentity(join(data, 'keys')), id, clock.utcMs());
  await noted({ action: 'enrolment-code-made', machine: id });
  console.log(JSON.stringify({ enrolment: { machine: id, code } }));
  console.log(`On the box beside ${id}: vigie-edge enrol --server HOST:PORT --code ${code} --data DIR`);
  return EXIT.ok;
}

async function resetPassword(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server reset-password',
    summary: 'Sets a new password for a user, prints it, and ends the sessions of that user.',
    flags: {
      ...PLACE,
      email: { type: 'string', value: 'EMAIL', help: 'the user, by e-mail address or user name' },
      'without-second-factor': {
        type: 'boolean',
        help: 'take the second factor away too, for who lost it with its recovery codes',
      },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, email, 'without-second-factor': withoutSecondFactor = false } = parsed;
  if (data === undefined || email === undefined) {
    return fail('vigie-server reset-password: --data and --email are needed', EXIT.usage);
  }
  if (!hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  return withDatabases({ data, database }, async (place, { postgres }) => {
    const { accounts, close } = openAccounts(place, postgres, clock);
    try {
      const password = randomBytes(12).toString('base64url');
      if (!(await accounts.links.resetPassword(email, password, { withoutSecondFactor })))
        return fail(`vigie-server: there is no user ${email}`, EXIT.failed);
      return show(`New password of ${email}: ${password}`);
    } finally {
      await close();
    }
  });
}

async function backupCommand(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server backup',
    summary:
      'Copies a data folder into another folder, also while the server runs; months that have not changed since the last backup there are not copied again.',
    flags: {
      ...PLACE,
      to: { type: 'string', value: 'DIR', help: 'folder of the backup, best on another disk' },
    },
    notes:
      'With --database the rows are copied by the tools of PostgreSQL (pg_dump or pg_basebackup); keys and accounts are copied here.',
  });
  if (typeof parsed === 'number') return parsed;
  const { data, database, to } = parsed;
  if (data === undefined || to === undefined) {
    return fail('vigie-server backup: --data and --to are needed', EXIT.usage);
  }
  const url = databaseUrl.optional().safeParse(database);
  if (!url.success) return fail(`vigie-server: --database: ${url.error.issues[0]?.message}`, EXIT.usage);
  if (!hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  try {
    const withoutRows = database !== undefined;
    const result = await backup({
      data,
      to,
      withoutRows,
      nowMs: clock.utcMs(),
      progress: onStderr('copying'),
    });
    if (!result.ok) return fail(`vigie-server backup: ${result.message}`, EXIT.failed);
    const { copied, unchanged, bytes } = result;
    const rows = withoutRows
      ? ' Keys and accounts only: the rows are in PostgreSQL, copy them with its own tools (pg_dump, or pg_basebackup).'
      : '';
    return show(
      `${copied} files copied, ${unchanged} unchanged, ${(bytes / 1e6).toFixed(1)} MB in all.${rows} To restore: vigie-server restore --from ${to} --data DIR (an empty folder), then start vigie-server on it.`,
    );
  } catch (error) {
    return fail(`vigie-server backup: ${inWords(error)}`, EXIT.failed);
  }
}

async function restoreCommand(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server restore',
    summary:
      'Makes a data folder of a backup. Edges then send again what the backup lacks, as far as they still hold it.',
    flags: {
      from: { type: 'string', value: 'DIR', help: 'folder of the backup' },
      data: { type: 'string', value: 'DIR', help: 'data folder to make; empty, or not there yet' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { from, data } = parsed;
  if (from === undefined || data === undefined) {
    return fail('vigie-server restore: --from and --data are needed', EXIT.usage);
  }
  try {
    const result = await restore({ from, data, progress: onStderr('restoring') });
    if (!result.ok) return fail(`vigie-server restore: ${result.message}`, EXIT.failed);
    const made = new Date(result.madeMs).toISOString();
    const next = result.withoutRows
      ? `restore the rows with the tools of PostgreSQL, then start vigie-server --data ${data} --database URL`
      : `start vigie-server --data ${data}`;
    return show(
      `${data} is as it was on ${made}. Now ${next}; edges send again what came after that, as far as they still hold it.`,
    );
  } catch (error) {
    return fail(`vigie-server restore: ${inWords(error)}`, EXIT.failed);
  }
}

async function checkCommand(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server check',
    summary:
      'Reads everything that is stored and says what is wrong: blocks, chunks, rollups, schemas, priors. Exit code 1 when something is.',
    flags: {
      ...PLACE,
      json: { type: 'boolean', help: 'the report as JSON' },
      repair: { type: 'boolean', help: 'mark wrong rollups, so that a running server makes them anew' },
    },
  });
  if (typeof parsed === 'number') return parsed;
  const { json = false, repair = false } = parsed;
  return withData('check', parsed, async ({ hot, archive, postgres }) => {
    const report = await check({
      ...{ hot, archive, isSqlite: postgres === null, repair },
      ...{ utcMs: () => clock.utcMs(), progress: onStderr('reading') },
    });
    show(json ? JSON.stringify(report) : describeCheck(report));
    return report.problems.length > 0 ? EXIT.failed : EXIT.ok;
  });
}

async function compactCommand(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server compact',
    summary:
      'Makes one long block of the many short ones of an hour, in months that are over and where it saves 5 % or more. No row changes.',
    flags: PLACE,
  });
  if (typeof parsed === 'number') return parsed;
  return withData('compact', parsed, async ({ hot, archive }) =>
    show(
      describeCompact(
        await compact({ hot, archive, utcMs: () => clock.utcMs(), progress: onStderr('reading') }),
      ),
    ),
  );
}

async function mailCommand(): Promise<number> {
  const parsed = flags({
    name: 'vigie-server mail',
    summary:
      'Says whether mails and calls of the webhook leave, how many wait, and which were refused. Exit code 1 when one of them is down.',
    flags: PLACE,
  });
  if (typeof parsed === 'number') return parsed;
  return withData('mail', parsed, async ({ hot }) => {
    const { text, isDown } = await describeMail(hot);
    show(text);
    return isDown ? EXIT.failed : EXIT.ok;
  });
}

/** Says what a long command is at, on stderr, every two seconds. */
function onStderr(doing: string): (sentence: string) => void {
  let saidMs = clock.utcMs();
  return (sentence) => {
    if (clock.utcMs() - saidMs < PROGRESS_MS) return;
    saidMs = clock.utcMs();
    console.error(`… ${doing} ${sentence}`);
  };
}

/** For commands about all that is stored. */
async function withData(
  name: string,
  { data, database }: { readonly data?: string; readonly database?: string },
  work: (databases: Databases) => Promise<number>,
): Promise<number> {
  if (data === undefined) return fail(`vigie-server ${name}: --data is needed`, EXIT.usage);
  const url = databaseUrl.optional().safeParse(database);
  // Said before the folder is looked at: with a wrong address it need not be there.
  if (url.success && !hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  return withDatabases({ data, database }, (_, databases) => work(databases));
}

/** For commands about one machine that is there. */
function withMachine(
  name: string,
  { data, database, id }: { readonly data?: string; readonly database?: string; readonly id?: string },
  work: (
    store: Store,
    machine: MachineRecord,
    data: string,
    noted: (noted: Noted) => Promise<void>,
  ) => Promise<number>,
): Promise<number> | number {
  if (data === undefined || id === undefined) {
    return fail(`vigie-server ${name}: --data and --id are needed`, EXIT.usage);
  }
  if (!hasData({ data, database })) return fail(noDataIn(data), EXIT.failed);
  return withStore({ data, database }, async (store, noted) => {
    const machine = await store.machine(id);
    return machine === null ? fail(noMachine(id), EXIT.failed) : work(store, machine, data, noted);
  });
}

function noMachine(id: string): string {
  return `vigie-server: there is no machine ${id}`;
}

/** A command that only changes what is there must not begin a server's data in a folder misspelt. */
function noDataIn(folder: string): string {
  return `vigie-server: ${folder} is not the data folder of a vigie-server`;
}

interface Given {
  readonly data: string;
  readonly database: string | undefined;
}

function hasData({ data, database }: Given): boolean {
  return existsSync(join(data, database === undefined ? 'vigie.db' : 'keys'));
}

/** What it does to a machine is `noted` in the audit. */
function withStore(
  given: Given,
  work: (store: Store, noted: (noted: Noted) => Promise<void>) => Promise<number>,
): Promise<number> {
  return withDatabases(given, (place, databases) =>
    work(
      storeOn(databases, () => clock.utcMs()),
      async (noted) => {
        const { accounts, close } = openAccounts(place, databases.postgres, clock);
        await accounts.audit.add('command-line', noted);
        await close();
      },
    ),
  );
}

async function withDatabases(
  { data, database: given }: Given,
  work: (place: Place, databases: Databases) => Promise<number>,
): Promise<number> {
  const database = given ?? null;
  const url = databaseUrl.nullable().safeParse(database);
  if (!url.success) return fail(`vigie-server: --database: ${url.error.issues[0]?.message}`, EXIT.usage);
  try {
    const place = { folder: data, database };
    const databases = await openDatabases(place);
    try {
      return await work(place, databases);
    } finally {
      await databases.archive.close();
      await databases.hot.close();
    }
  } catch (error) {
    return fail(`vigie-server: ${inWords(error)}`, EXIT.failed);
  }
}

/** The flags, or the exit code of a command that ends here. */
function flags<Flags extends Record<string, FlagSpec>>(spec: CommandSpec<Flags>): number | FlagValues<Flags> {
  const parsed = parseFlags(spec, rest);
  if (parsed.kind !== 'run') return explain(parsed);
  return parsed.flags;
}

function inWords(error: unknown): string {
  if (error instanceof StoreError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, port, path } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `port ${port} is taken by another program; choose another with --port or --link-port`;
  if (code === 'EACCES' && port !== undefined)
    return `port ${port} may not be used by this user; choose one above 1023`;
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return `the data folder cannot be used: ${path ?? 'what stands there'} is not a folder`;
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY') {
    return `the data folder cannot be written${path === undefined ? '' : ` (${path})`}: ${error.message}`;
  }
  return error.message;
}

function show(text: string): number {
  console.log(text);
  return EXIT.ok;
}

function fail(message: string, code: number): number {
  console.error(message);
  return code;
}
