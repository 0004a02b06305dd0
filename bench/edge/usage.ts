// What a process has used so far, from /proc: CPU of all its threads, memory, bytes it caused to be written to disk.
// Not here: what the file system writes beside them (its journal), and what a card makes of it.
import { readFileSync } from 'node:fs';

/** Of `utime` and `stime`: USER_HZ, 100 on every Linux that Node runs on. */
const TICK_MS = 10;

export interface Usage {
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** The most it ever held. */
  readonly peakBytes: number;
  readonly writtenBytes: number;
}

export function usageOf(pid: number): Usage {
  const fields = statOf(pid);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    residentBytes: kilobytes('VmRSS') * 1024,
    peakBytes: kilobytes('VmHWM') * 1024,
    writtenBytes: Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0),
  };
}

/** CPU of a process and all below it, those that have ended and were waited for among them. */
export function treeCpuMs(pid: number): number {
  const own = statOf(pid);
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const children = list.split(' ').filter(Boolean).map(Number);
  return children.reduce(
    (sum, child) => {
      try {
        return sum + treeCpuMs(child);
      } catch {
        // It has ended meanwhile, and is its parent's to count.
        return sum;
      }
    },
    (Number(own[11]) + Number(own[12]) + Number(own[13]) + Number(own[14])) * TICK_MS,
  );
}

/** Fields of `stat` after the name. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold spaces.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
