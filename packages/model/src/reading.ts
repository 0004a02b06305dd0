// What a row says: each channel's value with its verdict, and what the machine is doing. Pure, without dependencies, so
// that server and page say the same of one row. Not here: how old the row is, which comes before any meaning.
import { evaluate, type Level } from './evaluate.ts';
import type { Channel, MachineSchema } from './schema.ts';

export type Value = number | string | null;

export interface ChannelReading {
  readonly channel: Channel;
  readonly value: Value;
  readonly level: Level;
  /** The machine does not run, and the limits of this channel rest because of it. */
  readonly stopped: boolean;
  readonly setpoint: number | null;
}

export interface RowReading {
  /** In the order of the schema. */
  readonly readings: readonly ChannelReading[];
  /** Value of the state channel; `null` when unknown or when there is none. */
  readonly state: number | null;
  readonly stateChannel: Channel | null;
  /** False only when the state channel says so. */
  readonly running: boolean;
}

/** @param values in the order of the schema's channels */
export function readRow(schema: MachineSchema, values: readonly Value[]): RowReading {
  const sampleOf = (id: string | null): Value =>
    id === null ? null : (values[schema.channels.findIndex((channel) => channel.id === id)] ?? null);
  const stateChannel = schema.channels.find((channel) => channel.id === schema.stateChannel) ?? null;
  const stateValue = sampleOf(schema.stateChannel);
  const state = typeof stateValue === 'number' ? stateValue : null;
  const running = stateChannel?.states?.find((word) => word.value === state)?.running ?? true;
  const readings = schema.channels.map((channel, i): ChannelReading => {
    const value = values[i] ?? null;
    const level = levelOf(channel, value, state);
    const setpoint = sampleOf(channel.setpoint);
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

/** In the order that the model gives them. */
export function gaugesOf<Reading extends { readonly channel: Channel }>(
  readings: readonly Reading[],
): readonly Reading[] {
  return readings
    .filter(({ channel }) => channel.gauge !== null)
    .sort((a, b) => (a.channel.gauge ?? 0) - (b.channel.gauge ?? 0));
}

function levelOf(channel: Channel, value: Value, state: number | null): Level {
  // A text that is absent is no broken sensor; the server's journal says the same.
  if (channel.kind === 'text' || typeof value === 'string') return 'no-limits';
  return evaluate(channel, value, state);
}
