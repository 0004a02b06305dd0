// The fleet: all machines with what their newest rows mean, the last week of some of them, and what happened since a visit.
import type { Channel, Level, Names } from '@vigie/model';
import { z } from 'zod';

/** What one of the fleet's values needs to be written. */
export type FleetChannel = Pick<Channel, 'id' | 'names' | 'unit' | 'decimals' | 'states'>;

/** GET /api/machines: those that whoever asks may see, by id. */
export interface Fleet {
  /** Named by their place in it, since machines of one kind share them. */
  readonly channels: readonly FleetChannel[];
  readonly machines: readonly MachineSummary[];
  readonly nowMs: number;
}

export interface MachineSummary {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  /** Names of its kind; `null` until the edge sent its schema. */
  readonly model: Names | null;
  /** Time between two blocks; a row older than two of them is late, older than an hour stale. */
  readonly intervalMs: number;
  readonly connected: boolean;
  /** Of its newest row that has a date; `null`: it has none. */
  readonly lastRowMs: number | null;
  /** It has rows, and none of them has a date. */
  readonly onlyUndated: boolean;
  /** What that row means, as if it were of now; `null`: there is none. */
  readonly condition: MachineCondition | null;
  /** Its first gauges, three at most. */
  readonly values: readonly KeyValue[];
}

export interface MachineCondition {
  readonly kind: 'alarm' | 'fault' | 'warning' | 'stopped' | 'normal';
  /** Channels that are so; 0 when stopped or normal. */
  readonly count: number;
  /** The first of them, by its place in `Fleet.channels`; `null` when stopped or normal. */
  readonly channel: number | null;
  readonly level: Level | null;
  /** Since when that one is so; `null`: not known. */
  readonly sinceMs: number | null;
  /** What the machine is doing, in its model's words; `null`: not known. */
  readonly state: Names | null;
}

export interface KeyValue {
  /** Place in `Fleet.channels`. */
  readonly channel: number;
  /** `null`: no sample. */
  readonly value: number | string | null;
  readonly level: Level;
}

// GET /api/strips?machines=TV-12,TV-14
export const stripsRequest = z.strictObject({
  machines: z
    .string()
    .min(1)
    .max(2000)
    .transform((ids) => ids.split(','))
    .pipe(z.array(z.string().min(1).max(32)).min(1).max(30)),
});

/** The worst of a slot, in this order but for the last two: nothing abnormal, and nothing known, as before its first row. */
export type StripState = 'alarm' | 'silent' | 'fault' | 'warning' | 'normal' | 'unknown';

export interface Strip {
  readonly fromMs: number;
  readonly slotMs: number;
  /** Slot i begins at fromMs + i·slotMs; the last one is not over. */
  readonly states: readonly StripState[];
  /** How long it was so within the slot, ms. */
  readonly spansMs: readonly number[];
}

/** By machine; `null`: what happened cannot be told. A machine that may not be seen is not there. */
export type Strips = Readonly<Record<string, Strip | null>>;

/** POST /api/visit: somebody looks at the fleet. A visit ends when nobody has looked for half an hour. */
export interface Visit {
  /** When the visit before this one ended; `null`: this is the first, and there is nothing to tell. */
  readonly sinceMs: number | null;
  /** Alarm limits crossed since, and the machines that did, the most often first. */
  readonly alarms: number;
  readonly alarmed: readonly string[];
  /** Machines whose box was out of reach for an hour or more. */
  readonly silenced: readonly string[];
  /** Machines heard for the first time. */
  readonly appeared: readonly string[];
}
