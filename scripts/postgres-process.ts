// One PostgreSQL server as a process: its folder, its start and its ends. It listens on 127.0.0.1 alone, under a
// password, and syncs what it commits. It never outlives who started it: a shell that waits on a pipe ends it and
// removes its folder as soon as the pipe breaks, also when the starter was killed.
// Not here: what is asked of it in SQL (postgres.ts).
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import {
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { accountForPostgres, findPostgres, NO_POSTGRES } from './postgres-binaries.ts';

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // Its path would have to be shorter than a temporary folder may be.
  unix_socket_directories: '',
  fsync: 'on',
  // After a kill: all of its files in one call, where it would open and sync a thousand of them.
  ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
  shared_buffers: '16MB',
  max_connections: '50',
  // Not UTC, as at the customer's: who forgets a time zone finds out here.
  timezone: 'Europe/Paris',
};

// Reads the pid of what runs, 0 for nothing, until the pipe breaks. SIGQUIT: at once, with all its children.
const KEEPER = `
pid=0
while read -r line; do pid=$line; done
if [ "$pid" != 0 ]; then
  kill -QUIT "$pid"
  n=0
  while kill -0 "$pid" && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
  kill -KILL "$pid"
fi
rm -rf "$1"
`;

export interface PostgresOptions {
  /** Where its folder is made; the system's for temporary files when left out. */
  readonly folder?: string;
  /** Settings of the server over those of postgresql.conf, such as `{ shared_buffers: '256MB' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
}

export class PostgresProcess {
  readonly options: PostgresOptions;
  /** Of its superuser, and of who owns its databases. */
  readonly password: string;
  readonly #account = accountForPostgres();
  readonly #folder: string;
  readonly #bin: string;
  readonly #keeper: ChildProcess;
  #port: number | null = null;
  #running: Running | null = null;

  /** A server without a data folder, which does not run yet. Its password is that of the server it will be a copy of. */
  constructor(options: PostgresOptions, password: string = randomBytes(16).toString('hex')) {
    this.options = options;
    this.password = password;
    const binaries = findPostgres();
    if (binaries === null) throw new Error(NO_POSTGRES);
    this.#folder = mkdtempSync(join(options.folder ?? tmpdir(), 'vigie-postgres-'));
    this.#keeper = spawn('sh', ['-c', KEEPER, 'sh', this.#folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // What kills the group of its starter, such as Ctrl+C, is what it is to survive.
      detached: true,
    });
    this.#keeper.unref();
    (this.#keeper.stdin as Socket).unref();
    // Killed by somebody, it keeps nothing; `dispose` does not need it.
    this.#keeper.stdin?.on('error', () => {});
    try {
      this.own(this.#folder);
      this.#bin = this.#reachable(binaries.bin, binaries.isPackaged);
    } catch (error) {
      this.#keeper.stdin?.end();
      throw error;
    }
  }

  get data(): string {
    return join(this.#folder, 'data');
  }

  get port(): number {
    if (this.#port === null) throw new Error('this PostgreSQL has not been started yet');
    return this.#port;
  }

  get pid(): number | null {
    return this.#running?.process.pid ?? null;
  }

  /** What it wrote since its first start. */
  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Gives a file or folder made here to the server. */
  own(path: string): void {
    if (this.#account !== null) chownSync(path, this.#account.uid, this.#account.gid);
  }

  /** A new data folder. Sorts text as people do and not by bytes, as a server that a customer set up does. */
  async initialise(): Promise<void> {
    const passwordFile = join(this.#folder, 'password');
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    this.own(passwordFile);
    const { process: initdb, ended } = this.#spawn('initdb', [
      ...['-D', this.data, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en'],
      // This folder is worth nothing yet.
      ...['--no-sync', '--no-instructions'],
    ]);
    await ended;
    rmSync(passwordFile);
    if (initdb.exitCode !== 0) throw new Error(`initdb failed:\n${this.log()}`);
  }

  /** Ready for queries when it resolves; on the same port as before. */
  async start(): Promise<void> {
    if (this.#running !== null) throw new Error('this PostgreSQL runs already');
    const isFirst = this.#port === null;
    const endMs = Date.now() + START_MS_MAX;
    for (;;) {
      this.#port = isFirst ? await freePort() : this.port;
      const refused = await this.#launch(this.#port, endMs);
      if (refused === null) return;
      const again =
        (isFirst && refused.includes('could not bind')) ||
        // Children of one that was killed, in their last moments.
        refused.includes('pre-existing shared memory block');
      if (!again || Date.now() > endMs) throw new Error(`PostgreSQL does not start:\n${refused}`);
      await rest(20);
    }
  }

  /** As if its machine stopped: SIGKILL for it and its children, which would finish what they are at. */
  /** Stops all of its processes where they are; connections stay open and say nothing. */
  freeze(): void {
    if (this.pid === null) throw new Error('this PostgreSQL does not run');
    process.kill(this.pid, 'SIGSTOP');
    for (const pid of childrenOf(this.pid)) sendIfThere(pid, 'SIGSTOP');
  }

  thaw(): void {
    if (this.pid === null) return;
    for (const pid of childrenOf(this.pid)) sendIfThere(pid, 'SIGCONT');
    process.kill(this.pid, 'SIGCONT');
  }

  async kill9(): Promise<void> {
    const running = this.#running;
    if (running?.process.pid === undefined) throw new Error('this PostgreSQL does not run');
    const children = childrenOf(running.process.pid);
    running.process.ref();
    running.process.kill('SIGKILL');
    for (const pid of children) sendIfThere(pid, 'SIGKILL');
    await running.ended;
  }

  /** Ends in order, so that the next start has nothing to recover. */
  stop(): Promise<void> {
    return this.#end('SIGINT');
  }

  /** Ends it and removes its folder. */
  async dispose(): Promise<void> {
    await this.#end('SIGQUIT');
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) {
      this.#keeper.ref();
      await new Promise<void>((resolve) => {
        this.#keeper.once('exit', () => resolve());
        this.#keeper.stdin?.end();
      });
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #logFile(): string {
    return join(this.#folder, 'log');
  }

  /** `null`: it runs; else what it wrote. */
  async #launch(port: number, endMs: number): Promise<string | null> {
    const settings = { ...SETTINGS, ...this.options.settings, port: String(port) };
    const logged = this.log().length;
    const running = this.#spawn('postgres', [
      '-D',
      this.data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]);
    while (this.#running === running && Date.now() < endMs) {
      if (this.#isReady()) {
        // A script that forgot it may end; the keeper does not forget.
        running.process.unref();
        return null;
      }
      await rest(10);
    }
    await this.#end('SIGQUIT');
    return this.log().slice(logged);
  }

  /** By the file it keeps: a connection might reach somebody else's server on this port. */
  #isReady(): boolean {
    try {
      const lines = readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n');
      return lines[0] === String(this.pid) && lines[7]?.trim() === 'ready';
    } catch {
      return false;
    }
  }

  #spawn(name: string, args: readonly string[]): Running {
    const log = openSync(this.#logFile, 'a', 0o600);
    const child = spawn(join(this.#bin, name), args, {
      ...this.#spawnOptions,
      stdio: ['ignore', log, log],
      // Ctrl+C goes to who started it, which ends it in order.
      detached: true,
    });
    closeSync(log);
    this.#tellKeeper(child.pid ?? 0);
    const ended = new Promise<void>((resolve) => {
      const end = (): void => {
        this.#tellKeeper(0);
        this.#running = null;
        resolve();
      };
      child.on('exit', end);
      child.on('error', (error) => {
        writeFileSync(this.#logFile, `${error.message}\n`, { flag: 'a' });
        end();
      });
    });
    this.#running = { process: child, ended };
    return this.#running;
  }

  async #end(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    running.process.ref();
    running.process.kill(signal);
    const last = setTimeout(() => running.process.kill('SIGKILL'), STOP_MS_MAX);
    await running.ended;
    clearTimeout(last);
  }

  #tellKeeper(pid: number): void {
    this.#keeper.stdin?.write(`${pid}\n`);
  }

  get #spawnOptions(): SpawnOptions {
    return {
      ...this.#account,
      // The folder this runs in may be closed to that account.
      cwd: this.#folder,
      // Nothing of PG…, and messages in English.
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    };
  }

  /** A clone below /root is closed to whom root runs the server as: then the programs are copied beside the data. */
  #reachable(bin: string, isPackaged: boolean): string {
    const whom = `the user that PostgreSQL runs as (${this.#account?.uid ?? 'you'})`;
    if (!this.#can('test', '-w', this.#folder)) {
      throw new Error(`${whom} cannot reach ${this.#folder}: open what is above it, or set another TMPDIR.`);
    }
    if (this.#can(join(bin, 'postgres'), '--version')) return bin;
    if (isPackaged) {
      const copy = join(this.#folder, 'programs');
      cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
      if (this.#account !== null) {
        spawnSync('chown', ['-R', `${this.#account.uid}:${this.#account.gid}`, copy]);
      }
      if (this.#can(join(copy, 'bin', 'postgres'), '--version')) return join(copy, 'bin');
    }
    throw new Error(`${whom} cannot run ${join(bin, 'postgres')}: set POSTGRES_BIN to a folder open to it.`);
  }

  #can(command: string, ...args: string[]): boolean {
    return spawnSync(command, args, { ...this.#spawnOptions, stdio: 'ignore' }).status === 0;
  }
}

/** Below the range that the kernel lends to outgoing connections, so that it is free again after a kill. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** On Linux; elsewhere they end by themselves when they miss their parent. */
function childrenOf(pid: number): number[] {
  try {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return pids.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function sendIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
