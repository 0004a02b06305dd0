// Builds what runs: each program as a bundle in parts (packages/*/dist/main.mjs and what it loads) and the page (packages/web/dist).
// Skips a part whose sources are older than its result, so that a second start is quick.
// Only node:, esbuild and vite; the programs also run from their sources, which is what `npm run dev` does.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build, type Plugin, transform } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

// Packages with native code, or that find files beside themselves, stay outside of the bundles.
const EXTERNAL = [
  ...['better-sqlite3', '@node-rs/argon2', 'modbus-serial', 'serialport', 'pino', 'pg'],
  ...['@resvg/resvg-js', 'dejavu-fonts-ttf'],
];
const SHARED = ['codec', 'config', 'contract', 'model', 'protocol'];
/** By package: its program, and what that starts beside itself. */
const PROGRAMS = {
  edge: { main: 'main.ts', 'train-worker': 'spool/train-worker.ts' },
  server: { main: 'main.ts', 'seal-worker': 'store/seal-worker.ts' },
  simulator: { main: 'main.ts' },
};

/** zod's messages in fifty languages, which nobody asks for: a third of a bundle, parsed at every start. */
const withoutLocales: Plugin = {
  name: 'without-locales',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

/**
 * As a module, node:http gives all that it has at once, and so brings along Node's client for fetch, which no program here
 * needs to start: a third of the time until `--help` is there.
 */
const httpAlone: Plugin = {
  name: 'http-alone',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: 'http-alone' }));
    onLoad({ filter: /.*/, namespace: 'http-alone' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http');",
    }));
  },
};

export async function buildAll({ quiet = false } = {}): Promise<void> {
  for (const [name, entries] of Object.entries(PROGRAMS)) {
    const folder = join('packages', name);
    const result = join(folder, 'dist', 'main.mjs');
    if (isFresh(result, [...SHARED, name])) continue;
    if (!quiet) console.log(`Building vigie-${name} …`);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    // Parts have names of their own in each build.
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    await build({
      entryPoints: Object.fromEntries(
        Object.entries(entries).map(([out, source]) => [out, join(folder, 'src', source)]),
      ),
      outdir: join(folder, 'dist'),
      outExtension: { '.js': '.mjs' },
      chunkNames: 'part-[hash]',
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      external: EXTERNAL,
      plugins: [withoutLocales, httpAlone],
      sourcemap: 'linked',
      define: { 'process.env.VIGIE_VERSION': JSON.stringify(version) },
      // Bundled CommonJS packages call require() for node: modules.
      banner: {
        js: "import { createRequire as __req } from 'node:module'; const require = __req(import.meta.url);",
      },
      logLevel: 'warning',
    });
  }
  if (!isFresh(join('packages', 'web', 'dist', 'index.html'), ['contract', 'model', 'web'])) {
    if (!quiet) console.log('Building the page …');
    const vite = join(root, 'node_modules', '.bin', 'vite');
    const done = spawnSync(vite, ['build', '--logLevel', 'warn'], {
      cwd: join('packages', 'web'),
      stdio: 'inherit',
    });
    if (done.status !== 0) throw new Error('the page could not be built');
    await placeFirst();
    await buildServiceWorker();
    compressPage();
  }
}

interface ManifestEntry {
  readonly file: string;
  readonly imports?: readonly string[];
}

/**
 * Writes into first.js which files a page's code is made of, those apart that index.html names already, and puts it into
 * index.html, since a file of its own would be a round trip more before anything is asked for. The server's content
 * security policy allows this one script, by its hash.
 */
async function placeFirst(): Promise<void> {
  const folder = join('packages', 'web', 'dist');
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Readonly<
    Record<string, ManifestEntry>
  >;
  rmSync(join(folder, 'manifest.json'));
  const filesOf = (key: string, found = new Set<string>()): Set<string> => {
    const { file, imports = [] } = manifest[key] ?? {};
    if (file === undefined) throw new Error(`the page has no part ${key}`);
    if (found.has(file)) return found;
    found.add(file);
    for (const one of imports) filesOf(one, found);
    return found;
  };
  const always = filesOf('index.html');
  const codeOf = (part: string, before: ReadonlySet<string>): readonly string[] =>
    [...filesOf(part)].filter((file) => !before.has(file)).map((file) => `/${file}`);
  const pageOf = (page: string) => `src/${page}/${page}-page.tsx`;
  const code = {
    ...Object.fromEntries(
      ['fleet', 'machine', 'analysis', 'profile'].map((page) => [page, codeOf(pageOf(page), always)]),
    ),
    words: { fr: codeOf('src/i18n/fr.ts', always), en: codeOf('src/i18n/en.ts', always) },
    chart: codeOf('src/charts/chart-panel.tsx', new Set([...always, ...filesOf(pageOf('machine'))])),
  };
  const first = readFileSync(join(folder, 'first.js'), 'utf8');
  const told = first.replace('const code = {};', `const code = ${JSON.stringify(code)};`);
  if (told === first) throw new Error('first.js has no place for the files of a page');
  rmSync(join(folder, 'first.js'));
  const { code: script } = await transform(told, { minify: true, target: 'chrome123' });
  const file = join(folder, 'index.html');
  // Smaller than the headers of a file of its own.
  const icon = encodeURIComponent(readFileSync(join(folder, 'favicon.svg'), 'utf8').trim());
  const document = readFileSync(file, 'utf8').replace(
    'href="/favicon.svg"',
    () => `href="data:image/svg+xml,${icon}"`,
  );
  const placed = document.replace(
    '<script src="/first.js"></script>',
    () => `<script>${script.trim()}</script>`,
  );
  if (placed === document) throw new Error('index.html has no place for first.js');
  writeFileSync(file, placed);
}

/** Beside each file of the page, what the server sends instead to browsers that take it. */
function compressPage(): void {
  const cwd = join('packages', 'web', 'dist');
  for (const name of globSync('**/*.{html,js,css,svg,webmanifest}', { cwd })) {
    const file = join(cwd, name);
    const plain = readFileSync(file);
    writeFileSync(`${file}.br`, brotliCompressSync(plain));
    writeFileSync(`${file}.gz`, gzipSync(plain, { level: 9 }));
  }
}

/** With the list of what the page is made of, so that it opens without its server. */
async function buildServiceWorker(): Promise<void> {
  const folder = join('packages', 'web', 'dist');
  const files = globSync('**/*.{html,js,css,svg,webmanifest}', { cwd: folder }).sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  const shell = {
    version: hash.digest('hex').slice(0, 16),
    files: files.map((file) => (file === 'index.html' ? '/' : `/${file}`)),
  };
  await build({
    entryPoints: [join('packages', 'web', 'src', 'offline', 'service-worker.ts')],
    outfile: join(folder, 'service-worker.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['chrome123', 'firefox128', 'safari17.5'],
    define: { SHELL: JSON.stringify(shell) },
    logLevel: 'warning',
  });
}

function isFresh(result: string, packages: readonly string[]): boolean {
  if (!existsSync(result)) return false;
  const built = statSync(result).mtimeMs;
  const sources = packages.flatMap((name) => [
    ...globSync(`packages/${name}/src/**/*`),
    ...globSync(`packages/${name}/{index.html,package.json,vite.config.ts,public/**}`),
  ]);
  return [...sources, 'scripts/build.ts', 'package-lock.json'].every(
    (file) => statSync(file).mtimeMs <= built,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
