// Where libfaketime lies: the library (Debian: package faketime) that gives one process a clock of its own, so that
// a test can set an edge to 1970 and step its clock while it runs. Run as a program: exit code 1 and a sentence when
// it is not there. Only node:, since it runs before packages are installed.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TRIPLETS: Partial<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
};

export const NO_FAKETIME =
  'libfaketime is not installed: install the Debian package «faketime», or set FAKETIME_PATH to its libfaketimeMT.so.1.';

/** The library for programs with threads; `null`: it is not there. */
export function findFaketime(): string | null {
  const given = process.env.FAKETIME_PATH;
  if (given !== undefined && given !== '') return existsSync(given) ? given : null;
  const triplet = TRIPLETS[process.arch];
  const folders = [
    ...(triplet === undefined ? [] : [`/usr/lib/${triplet}`]),
    '/usr/lib64',
    '/usr/lib',
    '/usr/local/lib',
  ];
  const files = folders.map((folder) => `${folder}/faketime/libfaketimeMT.so.1`);
  return files.find((file) => existsSync(file)) ?? null;
}

/**
 * Environment of a process whose time of day is the real one plus what `offsetFile` holds («+3600», seconds), read
 * anew at each look at the clock. Its monotonic clock stays the kernel's.
 */
export function faketimeEnvironment(library: string, offsetFile: string): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: offsetFile,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url) && findFaketime() === null) {
  console.error(NO_FAKETIME);
  process.exit(1);
}
