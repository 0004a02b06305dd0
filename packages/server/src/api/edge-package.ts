// What a fresh box fetches: a script that installs and enrols it, and the packages of the agent. Open to everybody: neither
// holds a secret, the code that enrols is typed beside it. Invariant: only the newest package of each architecture in the
// folder is given, and nothing else of it. Not here: how packages are built (scripts/package-edge.ts).
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import type { Env } from './parts.ts';

const NAME = /^vigie-edge_(\d+(?:\.\d+)*[\w.~+-]*)_(amd64|arm64)\.deb$/;

interface EdgePackage {
  readonly name: string;
  readonly arch: string;
  readonly version: string;
}

/** @param folder of packages. @param script its text, with `@CASES@` where packages and their sums belong. */
export function edgePackageRoutes(folder: string, script: string): Hono<Env> {
  const api = new Hono<Env>();
  const sums = new Map<string, string>();
  const sumOf = (name: string): string => {
    const file = join(folder, name);
    const { mtimeMs, size } = statSync(file);
    const key = `${name} ${mtimeMs} ${size}`;
    const sum = sums.get(key) ?? createHash('sha256').update(readFileSync(file)).digest('hex');
    sums.set(key, sum);
    return sum;
  };

  api.get('/install.sh', (c) => {
    const packages = packagesIn(folder);
    if (packages.length === 0) {
      return c.text('This server has no package of the agent: run npm run package:edge on it.\n', 404);
    }
    const cases = packages
      .map(({ arch, name }) => `${arch}) file=${name} sum=${sumOf(name)} ;;`)
      .join('\n  ');
    return c.text(script.replace('@CASES@', cases), 200, { 'Cache-Control': 'no-store' });
  });

  api.get('/:name', (c) => {
    const found = packagesIn(folder).find(({ name }) => name === c.req.param('name'));
    if (found === undefined) return c.text('There is no such package.\n', 404);
    const file = join(folder, found.name);
    return c.body(Readable.toWeb(createReadStream(file)) as ReadableStream, 200, {
      'Content-Type': 'application/vnd.debian.binary-package',
      'Content-Length': String(statSync(file).size),
    });
  });
  return api;
}

/** The newest of each architecture. */
function packagesIn(folder: string): readonly EdgePackage[] {
  const newest = new Map<string, EdgePackage>();
  for (const name of namesIn(folder)) {
    const [, version = '', arch = ''] = NAME.exec(name) ?? [];
    if (arch === '') continue;
    const before = newest.get(arch);
    if (before === undefined || isNewer(version, before.version)) newest.set(arch, { name, arch, version });
  }
  return [...newest.values()];
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
