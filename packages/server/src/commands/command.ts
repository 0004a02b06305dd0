// What the commands of vigie-server share: their flags, the data they work on, and how they end. A command prints what was
// asked for on stdout, what is wrong on stderr, and gives its exit code. Not here: any of them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandSpec, EXIT, explain, type FlagSpec, type FlagValues, parseFlags } from '@vigie/config';
import type { Clock } from '@vigie/protocol';
import type { Noted } from '../accounts/audit.ts';
import { openAccounts } from '../accounts/open.ts';
import { databaseUrl } from '../config.ts';
import { StoreError } from '../store/database.ts';
import { type Databases, openDatabases, type Place, storeOn } from '../store/open.ts';
import type { MachineRecord, Store } from '../store/store.ts';

const PROGRESS_MS = 2000;
/** Flags of a command about a server's data. */
export const PLACE = {
  data: { type: 'string', value: 'DIR', help: 'folder of databases and keys' },
  database: { type: 'string', value: 'URL', help: "the server's --database, if it has one" },
} as const;

export interface CommandContext {
  /** Without the command's name. */
  readonly args: readonly string[];
  readonly clock: Clock;
}

/** Says what a long command is at, on stderr, every two seconds. */
export function onStderr(clock: Clock, doing: string): (sentence: string) => void {
  let saidMs = clock.utcMs();
  return (sentence) => {
    if (clock.utcMs() - saidMs < PROGRESS_MS) return;
    saidMs = clock.utcMs();
    console.error(`… ${doing} ${sentence}`);
  };
}

/** For commands about all that is stored. */
export async function withData(
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
export function withMachine(
  clock: Clock,
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
  return withStore(clock, { data, database }, async (store, noted) => {
    const machine = await store.machine(id);
    return machine === null ? fail(noMachine(id), EXIT.failed) : work(store, machine, data, noted);
  });
}

export function noMachine(id: string): string {
  return `vigie-server: there is no machine ${id}`;
}

/** A command that only changes what is there must not begin a server's data in a folder misspelt. */
export function noDataIn(folder: string): string {
  return `vigie-server: ${folder} is not the data folder of a vigie-server`;
}

interface Given {
  readonly data: string;
  readonly database: string | undefined;
}

export function hasData({ data, database }: Given): boolean {
  return existsSync(join(data, database === undefined ? 'vigie.db' : 'keys'));
}

/** What it does to a machine is `noted` in the audit. */
export function withStore(
  clock: Clock,
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

export async function withDatabases(
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
export function flags<Flags extends Record<string, FlagSpec>>(
  args: readonly string[],
  spec: CommandSpec<Flags>,
): number | FlagValues<Flags> {
  const parsed = parseFlags(spec, args);
  if (parsed.kind !== 'run') return explain(parsed);
  return parsed.flags;
}

export function inWords(error: unknown): string {
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

export function show(text: string): number {
  console.log(text);
  return EXIT.ok;
}

export function fail(message: string, code: number): number {
  console.error(message);
  return code;
}
