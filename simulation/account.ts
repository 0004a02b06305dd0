// What a life leaves behind for the judge: who ran when, what was done to the disks, how many faults there were; and the
// names and lengths of time that the parts of a simulated life share. No behaviour.
import { createHash } from 'node:crypto';
import type { SimDisk } from './disk.ts';
import type { Truth } from './machine.ts';
import type { NetworkFaults } from './network.ts';

export const MACHINE = 'M-1';
export const PIN = '0'.repeat(64);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Names the machine's key; a signature of it is a keyed hash, since a real one at each contact would cost more than it teaches. */
export const PUBLIC_KEY = 'the only key';
export const sign = (message: Uint8Array): Buffer =>
  createHash('sha256').update(PUBLIC_KEY).update(message).digest();

export type ProcessEnd = 'running' | 'power-cut' | 'killed' | 'stopped';

/** A run of the agent. */
export interface ProcessRecord {
  readonly boot: number;
  /** Identity of its spool; when it had ended, the last one. */
  spool: string;
  /** Rows given before it began. */
  readonly firstScan: number;
  endScan: number;
  endUtcMs: number;
  /** The same instant on the box's own clock, which stands still while it sleeps. */
  endAwakeMs: number;
  end: ProcessEnd;
  /** Since when its disk had refused what it wrote, when it ended; `null`: it had not. */
  refusedSinceUtcMs: number | null;
}

/** Something done to the disk that may rightly take with it what no server had acknowledged. */
export interface Damage {
  readonly kind: 'bit-flip' | 'spool-set-aside' | 'spool-forgotten' | 'spool-renewed' | 'card-replaced';
  readonly atScan: number;
}

export interface Faults extends NetworkFaults {
  powerCuts: number;
  cutsWithinWrites: number;
  kills: number;
  restarts: number;
  sleeps: number;
  clockSteps: number;
  diskRefusals: number;
  bitFlips: number;
  cardsReplaced: number;
  spoolsSetAside: number;
  /** A bit flipped so early in SQLite's log that nothing was left of the spool. */
  spoolsForgotten: number;
  spoolsRenewed: number;
  controllerSilences: number;
  linkOutages: number;
  serverCrashes: number;
  serverKills: number;
  serverRestarts: number;
  restores: number;
}

export const NO_FAULTS: Faults = {
  ...{ powerCuts: 0, cutsWithinWrites: 0, kills: 0, restarts: 0, sleeps: 0, clockSteps: 0 },
  ...{
    diskRefusals: 0,
    bitFlips: 0,
    cardsReplaced: 0,
    spoolsSetAside: 0,
    spoolsForgotten: 0,
    spoolsRenewed: 0,
    controllerSilences: 0,
  },
  ...{ linkOutages: 0, serverCrashes: 0, serverKills: 0, serverRestarts: 0, restores: 0 },
  ...{ refused: 0, hung: 0, resets: 0, silences: 0, lateBytes: 0 },
};

/** What happened, for the judge. */
export interface Account {
  readonly seed: number;
  readonly spanMs: number;
  readonly truth: Truth;
  readonly processes: readonly ProcessRecord[];
  readonly damages: readonly Damage[];
  readonly faults: Faults;
  /** Highest mark the server has ever acknowledged, by spool. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** What contradicts the design already while it happens. */
  readonly findings: readonly string[];
  readonly serverDisk: SimDisk;
}
