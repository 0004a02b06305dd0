// Runs Vigie's programs as real processes: for the demo fleet, the end-to-end tests and the screenshots.
// A program started here ends with its parent: its IPC channel closes and it stops by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export type ProgramName =
  | 'vigie-server'
  | 'vigie-edge'
  | 'vigie-simulator'
  | 'fill-history'
  | 'demo'
  | 'bench-peer';

export interface Program {
  readonly process: ChildProcess;
  /** Everything it printed, for messages of failure. */
  output(): string;
  /** Resolves with the first stdout line that is JSON with this key; rejects when the program ends before. */
  event<T>(key: string): Promise<T>;
  /** Resolves with its exit code when it has ended; 128 + n when killed by signal n. */
  readonly ended: Promise<number>;
  /** SIGTERM, then SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<number>;
}

export interface ProgramOptions {
  readonly onLine?: (line: string) => void;
  /** Restarts it from its sources whenever they change. */
  readonly watch?: boolean;
  /** Added to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** A command that becomes the program it is given, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
}

/** Starts a program. */
export function startProgram(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): Program {
  const [command = '', ...rest] = [
    ...(options.within ?? []),
    process.execPath,
    ...nodeArgsOf(name, options.watch ?? false),
    ...args,
  ];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env },
    // Ctrl+C goes to the parent alone, which stops its programs in order.
    detached: true,
  });
  const lines: string[] = [];
  const waiting = new Map<string, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const seen = new Map<string, unknown>();
  const take = (line: string): void => {
    lines.push(line);
    if (lines.length > 2000) lines.shift();
    options.onLine?.(line);
    const event = jsonObject(line);
    for (const [key, value] of Object.entries(event ?? {})) {
      seen.set(key, value);
      waiting.get(key)?.resolve(value as never);
    }
  };
  if (child.stdout) createInterface({ input: child.stdout }).on('line', take);
  if (child.stderr) createInterface({ input: child.stderr }).on('line', take);
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      take(error.message);
      resolve(127);
    });
    child.on('close', (code, signal) => {
      const result = code ?? (signal === 'SIGKILL' ? 137 : 143);
      for (const { reject } of waiting.values()) {
        reject(new Error(`${name} ended with code ${result}:\n${lines.slice(-20).join('\n')}`));
      }
      resolve(result);
    });
  });
  return {
    process: child,
    output: () => lines.join('\n'),
    event: <T>(key: string): Promise<T> =>
      seen.has(key)
        ? Promise.resolve(seen.get(key) as T)
        : new Promise<T>((resolve, reject) => waiting.set(key, { resolve, reject })),
    ended,
    stop: async (graceMs = 10_000) => {
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const code = await ended;
      clearTimeout(last);
      return code;
    },
  };
}

function nodeArgsOf(name: ProgramName, watch: boolean): string[] {
  if (name === 'fill-history' || name === 'demo') return [join(root, 'scripts', `${name}.ts`)];
  if (name === 'bench-peer') return [join(root, 'bench', 'edge', 'peer.ts')];
  const folder = join(root, 'packages', name.slice('vigie-'.length));
  return watch
    ? ['--watch', '--watch-preserve-output', join(folder, 'src', 'main.ts')]
    : [join(folder, 'bin', `${name}.mjs`)];
}

/** Runs a program to its end. */
export async function runProgram(
  name: ProgramName,
  args: readonly string[],
  options: { within?: readonly string[] } = {},
): Promise<{ readonly code: number; readonly output: string }> {
  const program = startProgram(name, args, options);
  const code = await program.ended;
  return { code, output: program.output() };
}

function jsonObject(line: string): object | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
