// What is known of each channel right now: how old the row is, and what its value means.
// Invariant: freshness comes before meaning. A late row keeps its level but is called late; a stale one
// has no level at all. Pure; levels come from @vigie/model, as on the server.
import type { Channel, MachineSchema, RowView } from '@vigie/contract';
import { type Level, severity } from '@vigie/model/evaluate';
import { type ChannelReading, type RowReading, readRow } from '@vigie/model/reading';

/** A row older than two intervals is late, older than an hour stale (UX rule 1). */
export const staleAfterMs = 3_600_000;

export type Freshness = 'fresh' | 'late' | 'stale';

export function freshness(ageMs: number, intervalMs: number): Freshness {
  if (ageMs > staleAfterMs) return 'stale';
  // Rows travel in blocks: the newest may be one interval old before it leaves, and needs some seconds.
  return ageMs > 2 * intervalMs + 5000 ? 'late' : 'fresh';
}

export interface Reading extends Omit<ChannelReading, 'level'> {
  /** `null` once stale: nothing may be said of it. */
  readonly level: Level | null;
}

export interface MachineReadings extends Omit<RowReading, 'readings'> {
  readonly readings: readonly Reading[];
}

export function readMachine(schema: MachineSchema, row: RowView, fresh: Freshness): MachineReadings {
  const read = readRow(schema, row.values);
  if (fresh !== 'stale') return read;
  return { ...read, readings: read.readings.map((one) => ({ ...one, level: null, stopped: false })) };
}

/** Readings that ask for attention, the worst first; within one severity, in the order of the schema. */
export function abnormal(readings: readonly Reading[]): readonly Reading[] {
  return readings
    .filter((reading) => reading.level !== null && severity(reading.level) > 0)
    .sort((a, b) => severity(b.level!) - severity(a.level!));
}

/** Those that the model wants in the chart of its machine. */
export function chartChannels({ channels }: MachineSchema): readonly Channel[] {
  return channels.filter(({ chart, kind }) => chart && kind !== 'text');
}
