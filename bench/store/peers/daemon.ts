// A peer's server as one process that speaks HTTP on the loopback: started, ended in order or killed, by its own pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { usageOf } from '../../edge/usage.ts';

const START_MS_MAX = 60_000;
const LOOK_MS = 20;

export interface DaemonOptions {
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Answers when it is ready. */
  readonly healthPath: string;
}

export class Daemon {
  readonly #options: DaemonOptions;
  #process: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
  }

  /** @param env over that it always has */
  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const { program, args, healthPath, folder } = this.#options;
    const logFile = join(folder, 'log');
    const log = openSync(logFile, 'a');
    const child = spawn(program, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, HOME: folder, ...this.#options.env, ...env },
      // Ctrl+C goes to the bench, which ends it.
      detached: true,
    });
    closeSync(log);
    this.#process = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    });
    for (const endMs = performance.now() + START_MS_MAX; ; await rest(LOOK_MS)) {
      const isReady = await fetch(this.url(healthPath)).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) return;
      if (child.exitCode !== null || performance.now() > endMs)
        throw new Error(`${program} does not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
    }
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  async kill9(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#process?.kill(signal);
    await this.#ended;
    this.#process = null;
  }

  cpuMs(): number {
    return usageOf(this.#process?.pid ?? 0).cpuMs;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#options.port}${path}`;
  }

  /** @throws when it refuses. */
  async post(path: string, body: string): Promise<void> {
    const answer = await fetch(this.url(path), { method: 'POST', body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  }

  /** JSON, uncompressed. @throws when it refuses. */
  async get<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
    return JSON.parse(await this.text(path, query)) as T;
  }

  /** Uncompressed. @throws when it refuses. */
  async text(path: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    const answer = await fetch(this.url(`${path}?${new URLSearchParams(query)}`), {
      headers: { 'accept-encoding': 'identity' },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
