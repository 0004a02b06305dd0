// Brings along what the scripts need: packages of the lock file (Node 24 among them); with --browser a Chromium without
// windows, with --whole-browser one as people have it, with --faketime the library that fakes a process's clock, with
// --serial socat, which makes serial cables of pseudo-terminals, with --box what a box has, network interfaces and
// systemd, with --arm64 an emulator of that processor, with --postgres a PostgreSQL where the lock file has none for this
// platform. Runs on the machine's own Node, 20 or newer, before anything is installed; so no import but node:.
// Does nothing, in a moment, when everything is there. Speaks on stderr only: stdout belongs to the script it precedes.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const ownMajor = Number(process.versions.node.split('.')[0]);
if (ownMajor < 20) {
  fail(
    `Node ${process.versions.node} is too old to start from: install Node 20 or newer (https://nodejs.org).`,
  );
}

const lock = 'package-lock.json';
const installed = join('node_modules', '.package-lock.json');
if (!existsSync(installed) || statSync(lock).mtimeMs > statSync(installed).mtimeMs) {
  console.error('Installing packages (once, about half a minute) …');
  // No install scripts: nothing here compiles, and no package runs code of its own on this machine.
  const done = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund'], {
    stdio: ['inherit', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.status !== 0)
    fail('npm ci failed; the lines above say why. Check the network, then run this again.');
}

const brought = join('node_modules', '.bin', 'node');
const node = existsSync(brought) ? brought : process.execPath;
const major = Number(execFileSync(node, ['--version'], { encoding: 'utf8' }).slice(1).split('.')[0]);
if (major < 24) {
  fail(
    `Vigie needs Node 24 or newer; this is Node ${major} and none is packaged for ${process.platform}-${process.arch}.`,
  );
}

if (process.argv.includes('--browser') && !isFound(['chromium.ts', 'shell'])) installShell();
if (process.argv.includes('--whole-browser') && !isFound(['chromium.ts', 'whole'])) installChromium();
// It exists for Linux only, and what needs it is left out elsewhere.
if (process.argv.includes('--faketime') && process.platform === 'linux' && !isFound(['faketime.ts']))
  installFaketime();
if (process.argv.includes('--serial') && findOnPath('socat') === null) installSocat();
if (process.argv.includes('--box') && process.platform === 'linux') {
  if (findOnPath('ip') === null) aptInstall('iproute2', 'iproute2 for the tests of two interfaces');
  if (!existsSync('/lib/systemd/systemd')) aptInstall('systemd', 'systemd for the tests of the package');
}
if (process.argv.includes('--arm64') && process.platform === 'linux') installArm64();
if (process.argv.includes('--postgres') && !isFound(['postgres-binaries.ts'])) installPostgres();

function findOnPath(...names) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      if (existsSync(file)) return file;
    }
  }
  return null;
}

function installSocat() {
  aptInstall('socat', 'socat for the tests of serial ports');
  if (findOnPath('socat') === null)
    fail('There is no socat, which the tests of serial ports need: install it (apt-get install socat).');
}

/** It does with half the work; where it cannot be had, a whole Chromium will do. */
function installShell() {
  const hasWhole = isFound(['chromium.ts', 'whole']);
  const isPackaged = () =>
    spawnSync('apt-cache', ['show', 'chromium-headless-shell'], { stdio: 'ignore' }).status === 0;
  if (!hasWhole || isPackaged()) aptInstall('chromium-headless-shell', 'Chromium for the browser tests');
  if (!hasWhole && !isFound(['chromium.ts', 'shell'])) installChromium();
}

function installChromium() {
  aptInstall('chromium', 'Chromium');
  if (isFound(['chromium.ts', 'whole'])) return;
  console.error('Downloading Chromium (once) …');
  const done = spawnSync('npx', ['playwright-core', 'install', 'chromium'], { stdio: ['inherit', 2, 2] });
  if (done.status !== 0) fail('No Chromium could be installed: install one and set CHROMIUM_PATH to it.');
}

/** Where something lies is known to the script that finds it: exit code 1 when it is not there. */
function isFound([script, ...args], stdio = 'ignore') {
  return spawnSync(node, [join('scripts', script), ...args], { stdio }).status === 0;
}

function installFaketime() {
  aptInstall('faketime', 'faketime for the soak');
  if (isFound(['faketime.ts'])) return;
  fail(
    'No libfaketime could be installed: as root, `apt-get install faketime`, or set FAKETIME_PATH to a libfaketimeMT.so.1.',
  );
}

/** Where it cannot be had, the test of the package for arm64 is left out, and says so. */
function installArm64() {
  if (process.arch === 'arm64' || findOnPath('qemu-aarch64-static', 'qemu-aarch64') !== null) return;
  aptInstall('qemu-user-static', 'qemu-user for the test of the package for arm64');
  aptInstall('libstdc++6-arm64-cross', 'the C library of arm64 for the same test');
}

/** Debian's package also starts a server of its own, which the tests leave alone. */
function installPostgres() {
  aptInstall('postgresql', 'PostgreSQL for the tests of it');
  // Its sentence says what to do.
  if (!isFound(['postgres-binaries.ts'], ['ignore', 2, 2])) process.exit(1);
}

/** Does nothing where it cannot: the caller looks whether it is there now. */
function aptInstall(name, what) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.error(`Installing ${what} (apt-get, once) …`);
  const quiet = {
    stdio: ['ignore', 'ignore', 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], quiet);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], quiet);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
