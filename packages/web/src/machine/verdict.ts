// What is known of each channel right now: how old the row is, and what its value means.
// Invariant: freshness comes before meaning. A late row keeps its level but is called late; a stale one
// has no level at all. Pure; levels come from @vigie/model/evaluate, as on the server.
import type { Channel, MachineSchema, RowView } from '@vigie/contract';
import { evaluate, type Level, severity } from '@vigie/model/evaluate';

/** A row older than two intervals is late, older than an hour stale (UX rule 1). */
export const staleAfterMs = 3_600_000;

export type Freshness = 'fresh' | 'late' | 'stale';

export function freshness(ageMs: number, intervalMs: number): Freshness {
  if (ageMs > staleAfterMs) return 'stale';
  // Rows travel in blocks: the newest may be one interval old before it leaves, and needs some seconds.
  return ageMs > 2 * intervalMs + 5000 ? 'late' : 'fresh';
}

export type Value = number | string | null;

export interface Reading {
  readonly channel: Channel;
  readonly value: Value;
  /** `null` once stale: nothing may be said of it. */
  readonly level: Level | null;
  /** The machine does not run, and the limits of this channel rest because of it. */
  readonly stopped: boolean;
  readonly setpoint: number | null;
}

export interface MachineReadings {
  readonly readings: readonly Reading[];
  /** Value of the state channel; `null` when unknown or when there is none. */
  readonly state: number | null;
  readonly stateChannel: Channel | null;
  /** False only when the state channel says so. */
  readonly running: boolean;
}

function valueAt(schema: MachineSchema, row: RowView, id: string | null): Value {
  if (id === null) return null;
  const index = schema.channels.findIndex((channel) => channel.id === id);
  return index === -1 ? null : (row.values[index] ?? null);
}

function levelOf(channel: Channel, value: Value, state: number | null): Level {
  // A text that is absent is no broken sensor; the server's journal says the same.
  if (channel.kind === 'text' || typeof value === 'string') return 'no-limits';
  return evaluate(channel, value, state);
}

export function readMachine(schema: MachineSchema, row: RowView, fresh: Freshness): MachineReadings {
  const stateChannel = schema.channels.find((channel) => channel.id === schema.stateChannel) ?? null;
  const stateValue = valueAt(schema, row, schema.stateChannel);
  const state = typeof stateValue === 'number' ? stateValue : null;
  const running = stateChannel?.states?.find((word) => word.value === state)?.running ?? true;
  const readings = schema.channels.map((channel, index): Reading => {
    const value = row.values[index] ?? null;
    const level = fresh === 'stale' ? null : levelOf(channel, value, state);
    const setpoint = valueAt(schema, row, channel.setpoint);
    return {
      channel,
      value,
      level,
      stopped: level === 'inactive' && !running,
      setpoint: typeof setpoint === 'number' ? setpoint : null,
    };
  });
  return { readings, state, stateChannel, running };
}

/** Readings that ask for attention, the worst first; within one severity, in the order of the schema. */
export function abnormal(readings: readonly Reading[]): readonly Reading[] {
  return readings
    .filter((reading) => reading.level !== null && severity(reading.level) > 0)
    .sort((a, b) => severity(b.level!) - severity(a.level!));
}

export function gaugesOf(readings: readonly Reading[]): readonly Reading[] {
  return readings
    .filter((reading) => reading.channel.gauge !== null)
    .sort((a, b) => a.channel.gauge! - b.channel.gauge!);
}
