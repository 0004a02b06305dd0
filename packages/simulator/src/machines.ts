// The kinds of machine by name, how a row is read off one, and the story that the demo's history tells.
import { cleanTo, type MachineModel, rawOf, sampleOf } from '@vigie/model/load';
import { Chiller } from './chiller.ts';
import type { Episode, Machine } from './physics.ts';
import { Turbevap } from './turbevap.ts';

export const KINDS = { turbevap: Turbevap, chiller: Chiller } as const;
export type Kind = keyof typeof KINDS;

export interface MachineOptions {
  readonly seed: number;
  readonly utcMs: number;
  readonly story?: readonly Episode[];
  /** Fouling at the start, 0 to 100. */
  readonly fouling?: number;
}

export function createMachine(kind: Kind, options: MachineOptions): Machine {
  const machine = new KINDS[kind](options);
  // Its sensors show something from the first read on.
  machine.step(1);
  return machine;
}

/** The row an edge would read now: each sample as its register, or its decimals, resolve it; `null` = missing. */
export function readRow(machine: Machine, model: MachineModel, scan: number): (number | null)[] {
  return model.schema.channels.map(({ id, decimals }, i) => {
    const register = model.registers?.[i];
    const isBits = register !== undefined && register.bits !== null;
    const reading = id === 'scan' ? scan : machine.read(isBits ? 'status' : id);
    if (register === undefined) return reading === null ? null : cleanTo(decimals, reading);
    // The reading of bits is the whole word.
    return sampleOf(register, isBits ? (reading ?? 0) : rawOf(register, reading), decimals);
  });
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What happened to machine number `index` of the demo in the three weeks before `nowMs`. */
export function demoStory(index: number, nowMs: number): Episode[] {
  const span = (daysAgo: number, hours: number) => ({
    fromMs: nowMs - daysAgo * DAY_MS,
    toMs: nowMs - daysAgo * DAY_MS + hours * HOUR_MS,
  });
  switch (index % 3) {
    case 0:
      return [
        { kind: 'edge-off', ...span(16.3, 5) },
        { kind: 'edge-off', ...span(9.1, 0.6) },
        { kind: 'fouling', ...span(13, 110) },
        { kind: 'hot', ...span(3.2, 3) },
      ];
    case 1:
      return [
        { kind: 'edge-off', ...span(11.6, 27) },
        { kind: 'sensor-fault', channel: 't_dist', ...span(5.4, 9) },
        { kind: 'hot', ...span(18.2, 2) },
      ];
    default:
      return [
        { kind: 'edge-off', ...span(7.7, 6.5) },
        { kind: 'sensor-fault', channel: 't_src_out', ...span(14.2, 4) },
        { kind: 'hot', ...span(2.1, 5) },
      ];
  }
}
