// What tests of the spool share. Not part of the agent.
import type { SpoolEntry } from '@vigie/protocol';
import type { Spool } from './spool.ts';

/** Everything from a sequence on, as the uplink would read it. */
export function readAll(spool: Spool, from = 0): SpoolEntry[] {
  const entries: SpoolEntry[] = [];
  for (let at = from; ; ) {
    const read = spool.read(at);
    if (!read.ok) throw new Error(read.message);
    if (read.value === null) return entries;
    entries.push(read.value);
    at = read.value.nextSequence;
  }
}
