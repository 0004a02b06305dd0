// Builds vigie-edge_VERSION_ARCH.deb for amd64 and arm64 into dist/: the agent with its own Node, its unit, models and documents.
//   npm run package:edge
//   npm run package:edge -- --arch arm64 --out somewhere --version 0.2.0 --quick
// Needs dpkg-deb; the Node of an architecture that is not this machine's comes from the package registry, once, into .cache.
// Not here: what the maintainer scripts do (deploy/edge/debian).
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildAll } from './build.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_OF = { amd64: 'x64', arm64: 'arm64' } as const;
export type Arch = keyof typeof NODE_OF;
const MODULES = ['better-sqlite3', 'modbus-serial', 'serialport'];
/** Sources and parts for other systems, which a box has no use for. */
const LEFT_OUT = /\/(deps|tests?|docs|\.github)\/|\.(md|ts|map|gyp|gypi|c|cc|cpp|h|hpp)$/;

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = (file: string): Manifest => JSON.parse(readFileSync(file, 'utf8')) as Manifest;

export async function packageEdge(options: {
  readonly arch: Arch;
  readonly out: string;
  readonly version?: string | undefined;
  /** Larger, and made in seconds. */
  readonly quick?: boolean;
}): Promise<string> {
  process.chdir(root);
  await buildAll({ quiet: true });
  const { arch, out } = options;
  const version = options.version ?? manifest('packages/edge/package.json').version;
  const tree = mkdtempSync(join(tmpdir(), 'vigie-package-'));
  try {
    const at = (...parts: string[]): string => {
      const file = join(tree, ...parts);
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      return file;
    };
    const app = join('usr/lib/vigie-edge', version);
    copyFileSync(nodeBinary(arch), at(app, 'node'));
    chmodSync(at(app, 'node'), 0o755);
    copyFileSync('packages/edge/bin/vigie-edge.mjs', at(app, 'bin', 'vigie-edge.mjs'));
    for (const name of readdirSync('packages/edge/dist'))
      if (name.endsWith('.mjs')) copyFileSync(join('packages/edge/dist', name), at(app, 'dist', name));
    for (const name of modulesOf(MODULES)) {
      const from = join('node_modules', name);
      cpSync(from, at(app, 'node_modules', name), {
        recursive: true,
        dereference: true,
        filter: (file) => isWanted(relative(from, file), arch),
      });
    }
    writeFileSync(at(app, 'whole'), `${version}\n`);
    copyFileSync('deploy/edge/vigie-edge.sh', at('usr/bin/vigie-edge'));
    chmodSync(at('usr/bin/vigie-edge'), 0o755);
    copyFileSync('deploy/edge/vigie-edge.service', at('lib/systemd/system/vigie-edge.service'));
    copyFileSync('deploy/edge/60-vigie.conf', at('usr/lib/sysctl.d/60-vigie.conf'));
    copyFileSync('deploy/edge/60-vigie.rules', at('usr/share/polkit-1/rules.d/60-vigie.rules'));
    copyFileSync('deploy/edge/edge.example.yaml', at('usr/share/vigie/edge.example.yaml'));
    for (const name of readdirSync('models'))
      copyFileSync(join('models', name), at('usr/share/vigie/models', name));
    for (const name of ['hardware.md', 'commissioning.md', 'sources.md', 'data-plan.md'])
      if (existsSync(join('docs', name)))
        copyFileSync(join('docs', name), at('usr/share/doc/vigie-edge', name));
    copyFileSync('LICENSE', at('usr/share/doc/vigie-edge/copyright'));
    for (const name of ['preinst', 'postinst', 'prerm', 'postrm']) {
      const text = readFileSync(join('deploy/edge/debian', name), 'utf8').replaceAll('@VERSION@', version);
      writeFileSync(at('DEBIAN', name), text);
      chmodSync(at('DEBIAN', name), 0o755);
    }
    const control = [
      'Package: vigie-edge',
      `Version: ${version}`,
      `Architecture: ${arch}`,
      'Maintainer: Vigie <vigie@localhost>',
      'Section: net',
      'Priority: optional',
      `Installed-Size: ${Math.ceil(sizeOf(tree) / 1024)}`,
      'Depends: libc6 (>= 2.28), libstdc++6, passwd, util-linux',
      'Recommends: curl, ca-certificates',
      'Suggests: modemmanager',
      'Description: Vigie edge agent',
      ' Reads the controller of a machine, keeps every measurement through power cuts, and',
      ' sends it over a metered link. Brings its own Node.',
      '',
    ];
    writeFileSync(at('DEBIAN', 'control'), control.join('\n'));
    plainModes(tree);
    mkdirSync(out, { recursive: true });
    const file = join(out, `vigie-edge_${version}_${arch}.deb`);
    const packed = options.quick ? ['-Zgzip', '-z1'] : ['-Zxz', '-z6'];
    execFileSync('dpkg-deb', ['--root-owner-group', ...packed, '--build', tree, file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Of the architecture, in the version that this project runs on. */
function nodeBinary(arch: Arch): string {
  const name = `node-linux-${NODE_OF[arch]}`;
  const installed = join('node_modules', name, 'bin', 'node');
  if (existsSync(installed)) return installed;
  const version = manifest('package.json').optionalDependencies?.[name] ?? '';
  const folder = join('.cache', `${name}-${version}`);
  const binary = join(folder, 'package', 'bin', 'node');
  if (existsSync(binary)) return binary;
  console.error(`Fetching Node ${version} for ${arch} (once) …`);
  mkdirSync(folder, { recursive: true });
  const packed = execFileSync(
    'npm',
    ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`],
    { encoding: 'utf8' },
  );
  execFileSync('tar', ['xzf', join(folder, packed.trim().split('\n').at(-1) ?? ''), '-C', folder]);
  return binary;
}

/** These packages and all that they need. */
function modulesOf(names: readonly string[], found = new Set<string>()): ReadonlySet<string> {
  for (const name of names) {
    if (found.has(name) || !existsSync(join('node_modules', name))) continue;
    found.add(name);
    modulesOf(Object.keys(manifest(join('node_modules', name, 'package.json')).dependencies ?? {}), found);
  }
  return found;
}

function isWanted(file: string, arch: Arch): boolean {
  const [, system] = /(?:^|\/)prebuilds\/([^/]+)/.exec(file) ?? [];
  if (system !== undefined) return new RegExp(`^linux-${NODE_OF[arch]}(\\.node)?$`).test(system);
  return !LEFT_OUT.test(`/${file}`) && !LEFT_OUT.test(`/${file}/`);
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Whatever the umask of whoever builds. */
function plainModes(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    chmodSync(file, entry.isDirectory() || (statSync(file).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', multiple: true },
      out: { type: 'string', default: join(root, 'dist') },
      version: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  for (const arch of values.arch ?? Object.keys(NODE_OF)) {
    if (arch !== 'amd64' && arch !== 'arm64') {
      console.error(`package:edge: --arch takes amd64 or arm64, not «${arch}»`);
      process.exit(2);
    }
    const file = await packageEdge({ arch, out: values.out, version: values.version, quick: values.quick });
    console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  }
}
