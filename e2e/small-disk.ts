// A disk of a few megabytes for one program's data, that a test can fill, free, and make read-only: a tmpfs, which
// only root can mount. Not here: what a program must do on it.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';

const MEGABYTES = 12;

export class SmallDisk {
  readonly #folder: string;
  #isFull = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** At `folder`, which is made; the message says why not. */
  static mount(folder: string): Outcome<SmallDisk> {
    mkdirSync(folder, { recursive: true });
    const refused = mount(['-t', 'tmpfs', '-o', `size=${MEGABYTES}m,mode=700`, 'tmpfs', folder]);
    return refused === null ? { ok: true, value: new SmallDisk(folder) } : { ok: false, message: refused };
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** To the last byte. */
  fill(): void {
    const handle = openSync(this.#ballast, 'w');
    for (const size of [1 << 20, 4096]) {
      const bytes = Buffer.alloc(size);
      try {
        while (writeSync(handle, bytes) === size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
    closeSync(handle);
    this.#isFull = true;
  }

  free(): void {
    rmSync(this.#ballast);
    this.#isFull = false;
  }

  /** While no file on it is open for writing: the kernel allows no other moment. */
  setReadOnly(readOnly: boolean): void {
    const refused = mount(['-o', `remount,${readOnly ? 'ro' : 'rw'}`, this.#folder]);
    if (refused !== null) throw new Error(`the disk cannot be remounted: ${refused}`);
  }

  unmount(): void {
    spawnSync('umount', [this.#folder]);
  }

  get #ballast(): string {
    return join(this.#folder, 'ballast');
  }
}

/** `null`: done; else why not. */
function mount(args: readonly string[]): string | null {
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  return status === 0 ? null : (error?.message ?? stderr.split('\n')[0] ?? 'mount failed');
}
