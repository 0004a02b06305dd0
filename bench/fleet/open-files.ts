// Whether this shell lets a process hold a connection for each machine. Node raises its own soft limit to the hard one,
// and so does the server that is started here. Linux only, like the rest of this bench.
import { existsSync, readFileSync } from 'node:fs';

/** Beside connections: databases, logs, libraries. */
const OTHER_FILES = 200;

/** `null`: this machine can run the bench; else a sentence. */
export function whyNot(machines: number): string | null {
  if (!existsSync('/proc/self/limits'))
    return 'bench:fleet needs Linux: it reads what the server uses from /proc';
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const most = hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
  const needed = machines + OTHER_FILES;
  if (most >= needed) return null;
  return `bench:fleet: ${machines} machines need ${needed} open files in a process, and this shell allows ${most}: raise it first (as root: \`ulimit -n ${needed}\`), or ask for at most ${Math.max(0, most - OTHER_FILES)} machines`;
}
