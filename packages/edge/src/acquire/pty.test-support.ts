// Serial cables made of pseudo-terminals by socat: two ends, each under a name that stays, as in /dev/serial/by-id.
// Unplugging kills the cable; plugged again, the same names may lead to other terminals.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Cable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vigie-cable-'));
  /** Where the edge is, and where the machine is. */
  readonly edge = join(this.#folder, 'edge');
  readonly machine = join(this.#folder, 'machine');
  #socat: ChildProcess | null = null;
  #count = 0;

  static async plugged(): Promise<Cable> {
    const cable = new Cable();
    await cable.plug();
    return cable;
  }

  async plug(): Promise<void> {
    const names = [`edge-${++this.#count}`, `machine-${this.#count}`].map((name) => join(this.#folder, name));
    const socat = spawn(
      'socat',
      names.map((name) => `pty,raw,echo=0,link=${name}`),
      { stdio: 'ignore' },
    );
    let failure: Error | null = null;
    socat.on('error', (error) => {
      failure = error;
    });
    while (!names.every((name) => existsSync(name))) {
      if (failure !== null) throw failure;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await this.unplug();
    this.#socat = socat;
    for (const [i, name] of [this.edge, this.machine].entries()) renameSync(names[i] ?? '', name);
  }

  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = null;
    if (socat === null || socat.exitCode !== null) return;
    // First the names, as udev does: the numbers may be another cable's a moment later.
    for (const name of [this.edge, this.machine]) rmSync(name, { force: true });
    await new Promise((resolve) => {
      socat.once('close', resolve);
      socat.kill('SIGKILL');
    });
  }

  /** /dev/pts/N of the edge's end. */
  get terminal(): string {
    return readlinkSync(this.edge);
  }

  async dispose(): Promise<void> {
    await this.unplug();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
