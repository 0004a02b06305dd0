// What the journal says of rows: changes of state, limits crossed and returned from, sensors that stop answering.
// Pure: (conditions, row) → (conditions, entries). A condition counts when it has held for HOLD_MS, and is dated at
// its first row; so a value that trembles at its limit fills no journal. Not here: alarms and mails.
import type { JournalEntry } from '@vigie/contract';
import { evaluate, type Level, type MachineSchema } from '@vigie/model';

/** How long a condition must hold to be told. */
export const HOLD_MS = 30_000;

/** What is told of a channel: all is well, its sensor is silent, or the limit it crossed. */
type Condition = 'well' | 'sensor-fault' | 'warning-low' | 'warning-high' | 'alarm-low' | 'alarm-high';

interface Tracked {
  /** What the journal said last. */
  readonly told: Condition;
  /** What rows say since `sinceMs`, where that differs. */
  readonly candidate: Condition | null;
  readonly sinceMs: number;
  readonly value: number | null;
}

/** JSON-safe; kept beside the machine so that a restart of the server tells nothing twice. */
export interface Conditions {
  readonly state: number | null;
  readonly channels: Readonly<Record<string, Tracked>>;
}

export const noConditions: Conditions = { state: null, channels: {} };

export interface SeenRow {
  readonly atMs: number;
  /** In the order of the schema's channels; `null`: no sample. */
  readonly values: readonly (number | string | null)[];
}

/** Rows in increasing time. Channels met for the first time start as they are found, silently when all is well. */
export function observe(
  before: Conditions,
  schema: MachineSchema,
  rows: Iterable<SeenRow>,
): { readonly conditions: Conditions; readonly entries: readonly JournalEntry[] } {
  const entries: JournalEntry[] = [];
  const channels: Record<string, Tracked> = { ...before.channels };
  const stateAt = schema.channels.findIndex(({ id }) => id === schema.stateChannel);
  const watched = schema.channels.flatMap((channel, i) =>
    channel.kind === 'text' || i === stateAt ? [] : [{ channel, i }],
  );
  let state = before.state;
  for (const row of rows) {
    const now = row.values[stateAt];
    const machineState = typeof now === 'number' ? now : null;
    if (machineState !== null && machineState !== state) {
      if (state !== null) {
        entries.push({
          atMs: row.atMs,
          kind: 'state',
          channel: schema.stateChannel,
          facts: { from: state, to: machineState },
        });
      }
      state = machineState;
    }
    for (const { channel, i } of watched) {
      const sample = row.values[i];
      const value = typeof sample === 'number' ? sample : null;
      const found = conditionOf(evaluate(channel, value, machineState));
      const tracked = channels[channel.id];
      if (tracked === undefined) {
        channels[channel.id] = {
          told: 'well',
          candidate: found === 'well' ? null : found,
          sinceMs: row.atMs,
          value,
        };
      } else if (found === tracked.told) {
        if (tracked.candidate !== null) channels[channel.id] = { ...tracked, candidate: null };
      } else if (found !== tracked.candidate) {
        channels[channel.id] = { ...tracked, candidate: found, sinceMs: row.atMs, value };
      } else if (row.atMs - tracked.sinceMs >= HOLD_MS) {
        entries.push(...told(channel.id, tracked, found));
        channels[channel.id] = { ...tracked, told: found, candidate: null };
      }
    }
  }
  return { conditions: { state, channels }, entries };
}

function conditionOf(level: Level): Condition {
  switch (level) {
    case 'normal':
    case 'inactive':
    case 'no-limits':
      return 'well';
    case 'sensor-fault':
    case 'warning-low':
    case 'warning-high':
    case 'alarm-low':
    case 'alarm-high':
      return level;
  }
}

function told(channel: string, { told: before, sinceMs, value }: Tracked, now: Condition): JournalEntry[] {
  const entry = (kind: JournalEntry['kind'], facts: JournalEntry['facts']): JournalEntry => ({
    atMs: sinceMs,
    kind,
    channel,
    facts,
  });
  const entries: JournalEntry[] = [];
  if (before === 'sensor-fault') entries.push(entry('sensor-back', { value }));
  else if (before !== 'well' && now === 'well') {
    entries.push(entry('limit-returned', { value, level: before }));
  }
  if (now === 'sensor-fault') entries.push(entry('sensor-fault', {}));
  else if (now !== 'well') entries.push(entry('limit-crossed', { value, level: now }));
  return entries;
}
