// What a kind of machine is, as edge, server and page share it: its channels with names, units, bands
// and limits. It travels over the link as JSON once per hash and is kept by the server for ever.
// Not here: registers (they stay on the edge, load.ts), and values.
import type { CodecSchema } from '@vigie/codec';
import { z } from 'zod';

const text = z.object({ fr: z.string().min(1).max(80), en: z.string().min(1).max(80) });

/** Limits of a channel; `null` where there is none. alarmLow ≤ warningLow < warningHigh ≤ alarmHigh. */
export const limitsSchema = z.strictObject({
  alarmLow: z.number().nullable().default(null),
  warningLow: z.number().nullable().default(null),
  warningHigh: z.number().nullable().default(null),
  alarmHigh: z.number().nullable().default(null),
});

const delayMs = z.number().int().min(0).max(86_400_000);

/** How the limits of a channel ring; what is absent is as `RINGING` (watch.ts) says. */
export const ringingSchema = z.strictObject({
  /** Return margin in the channel's unit: an alarm clears only so far inside of its limit. */
  deadband: z.number().min(0).optional(),
  /** How long a limit must be crossed before it rings. */
  onDelayMs: delayMs.optional(),
  /** How long the value must be back before the alarm is over. */
  offDelayMs: delayMs.optional(),
  /** Most change in the channel's unit a minute, up or down; `null`: any. */
  ratePerMinute: z.number().positive().nullable().optional(),
  /** A value that stays the same for so long, while the limits hold, is of a stuck sensor; `null`: it may. */
  stuckMs: z
    .number()
    .int()
    .min(1000)
    .max(30 * 86_400_000)
    .nullable()
    .optional(),
});

export const channelId = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'lower-case letters, digits and _, at most 32');

export const channelSchema = z.strictObject({
  id: channelId,
  kind: z.enum(['number', 'counter', 'boolean', 'state', 'text']),
  names: text,
  /** Empty for a ratio, a state, a boolean. */
  unit: z.string().max(12).default(''),
  decimals: z.number().int().min(0).max(9).nullable().default(null),
  /** Place among the gauges (1 first), `null` when the channel is no gauge. */
  gauge: z.number().int().min(1).max(99).nullable().default(null),
  /** Drawn on the temperature chart of the Machine page. */
  chart: z.boolean().default(false),
  /** Ends of the gauge's scale. */
  scale: z.strictObject({ min: z.number(), max: z.number() }).nullable().default(null),
  /** Where the value lies when the machine runs normally. */
  band: z.strictObject({ low: z.number(), high: z.number() }).nullable().default(null),
  limits: limitsSchema.nullable().default(null),
  /** Absent in schemas of edges that know of none. */
  ringing: ringingSchema.optional(),
  /** Values of the machine's state channel in which band and limits hold; `null`: always. */
  activeStates: z.array(z.number().int()).nullable().default(null),
  /** Id of the channel that carries the setpoint of this one. */
  setpoint: z.string().nullable().default(null),
  /** Value that a counter never reaches because it starts anew there, as a 32-bit register does; `null`: unknown. */
  wrapsAt: z.number().positive().nullable().default(null),
  /** Words for the values of a state or boolean channel. */
  states: z
    .array(z.strictObject({ value: z.number().int(), names: text, running: z.boolean().default(true) }))
    .nullable()
    .default(null),
});

export const machineSchemaSchema = z.strictObject({
  model: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  names: text,
  /** The channel that says what the machine is doing (its `states` say in which it runs). */
  stateChannel: z.string().nullable().default(null),
  intervalMs: z.number().int().min(10).max(86_400_000).default(1000),
  /** A curve is cut where two rows are further apart than this. */
  cutMs: z.number().int().min(1000).default(3_600_000),
  /** A machine without a row for so long is silent; absent: a quarter of an hour, or three blocks where that is more. */
  silentMs: z
    .number()
    .int()
    .min(60_000)
    .max(30 * 86_400_000)
    .optional(),
  channels: z.array(channelSchema).min(1).max(1000),
});

export type Names = z.infer<typeof text>;
export type Limits = z.infer<typeof limitsSchema>;
export type Ringing = z.infer<typeof ringingSchema>;
export type Channel = z.infer<typeof channelSchema>;
/** The schema of a machine: all a reader needs to show its rows. */
export type MachineSchema = z.infer<typeof machineSchemaSchema>;

/** Whether the limits there are rise from alarmLow to alarmHigh. */
export function limitsRise({ alarmLow, warningLow, warningHigh, alarmHigh }: Limits): boolean {
  const set = [alarmLow, warningLow, warningHigh, alarmHigh].filter((limit) => limit !== null);
  return set.every((limit, i) => i === 0 || limit >= (set[i - 1] ?? limit));
}

/** The part of a schema the codec needs. */
export function codecSchema(schema: MachineSchema): CodecSchema {
  return {
    intervalMs: schema.intervalMs,
    channels: schema.channels.map(({ id, kind, decimals }) => ({ id, kind, decimals })),
  };
}
