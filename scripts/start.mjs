// `npm start`: builds what is older than its sources, then runs the demo fleet. Kept apart from demo.ts so that
// `--help` answers at once and a build failure reads as one.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
process.chdir(root);

if (!args.includes('--help') && !args.includes('-h') && !args.includes('--dev')) {
  const { buildAll } = await import('./build.ts');
  await buildAll();
}
const demo = spawn(process.execPath, [join(root, 'scripts', 'demo.ts'), ...args], { stdio: 'inherit' });
// Ctrl+C reaches the demo too; it stops its programs in order, and this waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => demo.kill(signal));
demo.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)));
