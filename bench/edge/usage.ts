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
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
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
