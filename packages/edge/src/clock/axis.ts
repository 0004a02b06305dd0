// The time axis that a live controller's rows lie on: ms of the kernel's monotonic clock since power-on.
// Never reads the time of day. Not here: which exchanges become anchors (anchors.ts), a recording's axis (acquire/replay.ts).
import { readFileSync } from 'node:fs';
import type { Clock } from '@vigie/protocol';
import type { BootAxis } from '../acquire/source.ts';
import { anchorOf } from './anchors.ts';

export function liveAxis(clock: Clock, bootId: string): BootAxis {
  return { bootId, nowMs: () => Math.round(clock.monotonicMs()), anchor: anchorOf };
}

/** Identity of the kernel's boot: changes at every power-on and only then. */
export function kernelBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
