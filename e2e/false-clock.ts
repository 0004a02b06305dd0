// A time of day that a test sets and steps while a process lives by it, through libfaketime; its monotonic clock
// stays the kernel's. Not here: where the library lies (scripts/faketime.ts).
import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { faketimeEnvironment } from '../scripts/faketime.ts';
import type { Program } from './world.ts';

export class FalseClock {
  readonly #file: string;
  #offsetMs = 0;
  /** For the processes that shall live by it. */
  readonly environment: NodeJS.ProcessEnv;

  /** @param file where the library looks for the offset. */
  constructor(library: string, file: string) {
    this.#file = file;
    this.environment = faketimeEnvironment(library, file);
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  set(utcMs: number): void {
    this.#offsetMs = utcMs - Date.now();
    const sign = this.#offsetMs < 0 ? '-' : '+';
    // It is read at any moment: whole, or the one before.
    writeFileSync(`${this.#file}.new`, `${sign}${(Math.abs(this.#offsetMs) / 1000).toFixed(3)}`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** Throws when a process does not live by it: a test with such a library would prove nothing. */
  prove(): void {
    const script =
      'const a = process.hrtime.bigint(); setTimeout(() => console.log(Date.now(), Number(process.hrtime.bigint() - a) / 1e6), 200)';
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      env: { ...process.env, ...this.environment },
      encoding: 'utf8',
    });
    const [utcMs = Number.NaN, elapsedMs = Number.NaN] = stdout.trim().split(' ').map(Number);
    if (!(Math.abs(utcMs - this.nowMs()) < 60_000 && elapsedMs >= 190 && elapsedMs < 60_000)) {
      throw new Error(`libfaketime does not set the clock of node: ${stdout.trim()} ${stderr.trim()}`);
    }
  }

  /** The library leaves a semaphore behind a process that is killed; its number may come again. */
  forget(program: Program): void {
    const { pid } = program.process;
    for (const name of ['faketime_shm_', 'sem.faketime_sem_'])
      rmSync(`/dev/shm/${name}${pid}`, { force: true });
  }
}
