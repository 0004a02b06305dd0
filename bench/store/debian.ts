// Programs of peers: one on PATH, else out of Debian's package, which is fetched and unpacked and never installed, so that
// no service of its own starts and nothing of this machine changes.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Outcome } from '@vigie/config';

/** @param folder where a package is unpacked */
export function findProgram(name: string, debianPackage: string, folder: string): Outcome<string> {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((path) => join(path, name))
    .find(isExecutable);
  if (onPath !== undefined) return { ok: true, value: onPath };
  const no = (why: string): Outcome<string> => ({
    ok: false,
    message: `there is no ${name} on PATH, and Debian's package ${debianPackage} ${why}`,
  });
  if (!existsSync('/usr/bin/apt-get')) return no('cannot be fetched without apt-get');
  const packages = join(folder, debianPackage);
  mkdirSync(packages, { recursive: true });
  const run = (command: string, args: readonly string[]): boolean =>
    spawnSync(command, args, { cwd: packages, stdio: 'ignore' }).status === 0;
  const fetched =
    run('apt-get', ['download', '-qq', debianPackage]) ||
    (run('apt-get', ['update', '-qq']) && run('apt-get', ['download', '-qq', debianPackage]));
  if (!fetched) return no(`cannot be fetched (apt-get download ${debianPackage})`);
  const archive = readdirSync(packages).find((file) => file.endsWith('.deb'));
  const program = join(packages, 'usr', 'bin', name);
  if (archive === undefined || !run('dpkg-deb', ['-x', archive, '.']) || !isExecutable(program))
    return no('holds no such program');
  const starts = spawnSync(program, [name === 'influxd' ? 'version' : '-version'], { stdio: 'ignore' });
  return starts.status === 0
    ? { ok: true, value: program }
    : no(`needs libraries that are not there (apt-get install ${debianPackage} brings them)`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
