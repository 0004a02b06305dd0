// This very system, in which whatever is changed is gone at the end (an overlay, as root on Linux), and its systemd, run
// in spaces of its own: what a package does to a system is tried on a system. The network is that of this machine.
// Not here: what is installed.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PLAIN = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
/** What it needs is refused at once, or not at all. */
const BEGIN_MS = 5000;
const BOOT_MS = 60_000;

/** This system, in which whatever is changed is gone at the end. */
export class SystemCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vigie-copy-'));
  readonly at = join(this.#folder, 'root');
  readonly #mounted: string[] = [];

  /** `null`: this computer cannot make one. @param shared folders of this system that are there too, by their names there */
  static made(shared: Readonly<Record<string, string>>): SystemCopy | null {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
    const copy = new SystemCopy();
    const mount = (target: string, ...args: string[]): boolean => {
      mkdirSync(target, { recursive: true });
      const done = spawnSync('mount', [...args, target], { stdio: 'ignore' }).status === 0;
      if (done) copy.#mounted.unshift(target);
      return done;
    };
    const [upper, work] = ['upper', 'work'].map((name) => join(copy.#folder, 'space', name)) as [
      string,
      string,
    ];
    const made =
      mount(join(copy.#folder, 'space'), '-t', 'tmpfs', 'tmpfs') &&
      [upper, work].every((folder) => mkdirSync(folder) !== null) &&
      mount(copy.at, '-t', 'overlay', 'overlay', '-o', `lowerdir=/,upperdir=${upper},workdir=${work}`) &&
      mount(join(copy.at, 'proc'), '-t', 'proc', 'proc') &&
      Object.entries(shared).every(([name, folder]) => mount(join(copy.at, name), '--bind', folder));
    if (made) return copy;
    copy.gone();
    return null;
  }

  start(command: string, ...args: string[]): ChildProcess {
    return spawn('chroot', [this.at, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: PLAIN,
    });
  }
  run(command: string, ...args: string[]) {
    const done = spawnSync('chroot', [this.at, command, ...args], { encoding: 'utf8', env: PLAIN });
    return { code: done.status, said: done.stdout + done.stderr };
  }
  /**
   * Starts its systemd as the first process of a space of processes of its own. `null`: it may not run here.
   * @param writable all else is read-only, as on a card that is to last
   * @throws when it begins and does not come up
   */
  boot(unit: string, writable: readonly string[]): Booted | null {
    if (!existsSync(this.path('/lib/systemd/systemd'))) return null;
    const booted = new Booted(this.at, unit, writable);
    return booted.comesUp() ? booted : null;
  }

  path(file: string): string {
    return join(this.at, file);
  }
  gone(): void {
    for (const target of this.#mounted) spawnSync('umount', ['-l', target], { stdio: 'ignore' });
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A systemd that runs. */
export class Booted {
  readonly #root: string;
  readonly #process: ChildProcess;
  readonly #group = `vigie-test-${process.pid}`;
  #said = '';

  constructor(root: string, unit: string, writable: readonly string[]) {
    this.#root = root;
    const at = (folder: string): string => `'${root}${folder}'`;
    // A control group of its own, which is the root of all that systemd sees; mounts that end with it.
    const within = [
      ...['/run', '/tmp', '/sys'].map((folder) => `mount -t tmpfs tmpfs ${at(folder)}`),
      `mkdir -p ${at('/sys/fs/cgroup')}`,
      `mount -t cgroup2 none ${at('/sys/fs/cgroup')}`,
      `mount -t proc proc ${at('/proc')}`,
      ...writable.map((folder) => `mount --bind ${at(folder)} ${at(folder)}`),
      `mount -o remount,bind,ro ${at('')}`,
      `exec chroot ${at('')} env -i container=test PATH=${PLAIN.PATH} /lib/systemd/systemd --unit=${unit} --log-target=journal`,
    ];
    const outside = [
      `groups=$(mktemp -d)`,
      `mount -t cgroup2 none $groups`,
      `mkdir $groups/${this.#group}`,
      `echo $$ > $groups/${this.#group}/cgroup.procs`,
      `umount $groups`,
      `rmdir $groups`,
      `exec unshare --fork --pid --mount --uts --ipc --cgroup --kill-child sh -c "${within.join(' && ')}"`,
    ];
    this.#process = spawn('unshare', ['--mount', 'sh', '-c', outside.join(' && ')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: PLAIN,
      detached: true,
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (chunk) => (this.#said += String(chunk)));
  }

  /** False: it never began. */
  comesUp(): boolean {
    for (let waitedMs = 0; waitedMs < BOOT_MS; waitedMs += 200) {
      if (/^(starting|running|degraded|initializing)/m.test(this.run('systemctl', 'is-system-running').said))
        return true;
      if (waitedMs >= BEGIN_MS && this.#first() === null) {
        this.gone();
        return false;
      }
      spawnSync('sleep', ['0.2']);
    }
    this.gone();
    throw new Error('systemd does not come up');
  }

  run(command: string, ...args: string[]): { readonly code: number | null; readonly said: string } {
    const first = this.#first();
    if (first === null) return { code: null, said: 'it has not begun' };
    const inside = [
      '-t',
      first,
      '--pid',
      '--mount',
      '--uts',
      '--ipc',
      'chroot',
      this.#root,
      command,
      ...args,
    ];
    const done = spawnSync('nsenter', inside, { encoding: 'utf8', env: PLAIN });
    return { code: done.status, said: done.stdout + done.stderr };
  }

  show(unit: string): Readonly<Record<string, string>> {
    const lines = this.run('systemctl', 'show', unit).said.split('\n');
    return Object.fromEntries(
      lines.map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** What systemd itself printed. */
  said(): string {
    return this.#said;
  }

  gone(): void {
    // Its processes are of its own space, and end with the first of them.
    const first = this.#first();
    if (first !== null) spawnSync('kill', ['-KILL', first]);
    this.#process.kill('SIGKILL');
    const tidy = [
      'groups=$(mktemp -d)',
      'mount -t cgroup2 none $groups',
      'sleep 0.5',
      `find $groups/${this.#group} -depth -type d -exec rmdir {} ';'`,
      'umount $groups',
      'rmdir $groups',
    ];
    spawnSync('sh', ['-c', tidy.join(' && ')], { stdio: 'ignore' });
  }

  /** Its first process, by the number it has here. */
  #first(): string | null {
    try {
      const children = readFileSync(`/proc/${this.#process.pid}/task/${this.#process.pid}/children`, 'utf8');
      return children.trim().split(' ')[0] || null;
    } catch {
      return null;
    }
  }
}
