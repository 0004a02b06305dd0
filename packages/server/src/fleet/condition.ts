// What a machine's newest row means in one word: the one place where that is decided for the list of machines.
// Pure. Not here: how old the row is (the page, where it grows by itself), alarms as things of their own.
import { type Channel, type Level, type Names, type RowReading, type readRow, severity } from '@vigie/model';
import type { Conditions } from '../journal/changes.ts';

export interface Condition {
  readonly kind: 'alarm' | 'fault' | 'warning' | 'stopped' | 'normal';
  /** Channels that are so. */
  readonly count: number;
  /** The first of them; `null` when there is none. */
  readonly worst: { readonly channel: Channel; readonly level: Level } | null;
  /** What the machine is doing, in its model's words; `null`: not known. */
  readonly state: Names | null;
}

const KINDS = { 1: 'warning', 2: 'fault', 3: 'alarm' } as const;

export function conditionOf(reading: ReturnType<typeof readRow>): Condition {
  const state = stateOf(reading);
  const rank = Math.max(0, ...reading.readings.map(({ level }) => severity(level)));
  if (rank === 0) return { kind: reading.running ? 'normal' : 'stopped', count: 0, worst: null, state };
  const such = reading.readings.filter(({ level }) => severity(level) === rank);
  return { kind: KINDS[rank as keyof typeof KINDS], count: such.length, worst: such[0] ?? null, state };
}

function stateOf({ state, stateChannel }: RowReading): Names | null {
  return stateChannel?.states?.find(({ value }) => value === state)?.names ?? null;
}

/** Since when a channel is at a level, as the journal keeps it; `null`: it does not know. */
export function sinceOf(kept: Conditions | null, channel: string, level: Level): number | null {
  const tracked =
    kept === null || !Object.hasOwn(kept.channels, channel) ? undefined : kept.channels[channel];
  if (tracked === undefined || (tracked.candidate ?? tracked.told) !== level) return null;
  return tracked.sinceMs;
}
