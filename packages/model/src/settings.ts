// What an operator sets for one machine: how often it sends, how much data it may use, and names, bands and limits that
// differ from its model's. Shared by server and edge: one check of what settings mean, one way to lay them over a schema.
// Invariants: `overridden` never gives limits that do not rise, whatever was set for an earlier schema; settings a newer
// program wrote keep what this one knows of them. Not here: who sets them (server), where they are kept.
import { z } from 'zod';
import {
  type Channel,
  channelId,
  type Limits,
  limitsRise,
  type MachineSchema,
  ringingSchema,
} from './schema.ts';

const name = z.string().min(1).max(80);
const limit = z.number().nullable();

/** What differs from the model for one channel; what is absent is the model's. */
export const channelOverride = z.object({
  names: z.object({ fr: name.optional(), en: name.optional() }).optional(),
  /** `null`: no band. */
  band: z.object({ low: z.number(), high: z.number() }).nullable().optional(),
  /** `null`: no such limit. */
  limits: z
    .object({
      alarmLow: limit.optional(),
      warningLow: limit.optional(),
      warningHigh: limit.optional(),
      alarmHigh: limit.optional(),
    })
    .optional(),
  /** By key; what is absent is the model's. */
  ringing: ringingSchema.strip().optional(),
  /** `null`: the limits always hold. */
  activeStates: z.array(z.number().int()).max(100).nullable().optional(),
});
export type ChannelOverride = z.infer<typeof channelOverride>;

/** By channel id. */
export const channelOverrides = z.record(channelId, channelOverride);
export type ChannelOverrides = z.infer<typeof channelOverrides>;

export const machineSettings = z.object({
  /** Time between two blocks. */
  intervalMs: z.number().int().min(1000).max(3_600_000),
  /** Megabytes (10⁶ bytes) a month; `null`: no bound. */
  dataBudgetMb: z.number().min(1).max(1_000_000).nullable(),
  channels: channelOverrides,
  /** A machine without a row for so long is silent; absent: as its model says. */
  silentMs: z
    .number()
    .int()
    .min(60_000)
    .max(30 * 86_400_000)
    .optional(),
});
export type MachineSettings = z.infer<typeof machineSettings>;

export type ReadSettings =
  /** `unknown`: keys that only a newer program understands, as paths; the rest holds without them. */
  | { readonly ok: true; readonly settings: MachineSettings; readonly unknown: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Settings as they came from elsewhere: their form only. What they mean for a machine: `mistakesIn`. */
export function readSettings(raw: unknown): ReadSettings {
  const parsed = machineSettings.safeParse(raw);
  if (parsed.success) return { ok: true, settings: parsed.data, unknown: unknownKeys(raw, parsed.data, '') };
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  return { ok: false, message: `${where === '' ? '' : `${where}: `}${issue?.message ?? 'do not fit'}` };
}

function unknownKeys(raw: unknown, known: unknown, path: string): string[] {
  if (!isRecord(raw) || !isRecord(known)) return [];
  return Object.keys(raw).flatMap((key) =>
    Object.hasOwn(known, key) ? unknownKeys(raw[key], known[key], `${path}${key}.`) : [path + key],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One sentence per mistake; none: the settings fit. @param schema `null`: not known yet, only they themselves are checked. */
export function mistakesIn(settings: MachineSettings, schema: MachineSchema | null): string[] {
  return Object.entries(settings.channels).flatMap(([id, override]) => {
    const channel = schema?.channels.find((one) => one.id === id);
    if (schema !== null && channel === undefined) {
      return [
        `there is no channel «${id}»: the machine has ${schema.channels.map((one) => one.id).join(', ')}`,
      ];
    }
    const mistakes: string[] = [];
    const { band } = override;
    if (band && band.low >= band.high) {
      mistakes.push(`${id}: the band must rise, and ${band.low} is not below ${band.high}`);
    }
    if (channel?.kind === 'text' && (override.limits !== undefined || override.ringing !== undefined)) {
      mistakes.push(`${id}: a text has no limits`);
    }
    const merged = channel === undefined ? null : laidOver(channel, override);
    const room = merged === null ? null : roomOf(merged.limits);
    const deadband = override.ringing?.deadband ?? 0;
    if (room !== null && deadband >= room) {
      mistakes.push(
        `${id}: with a deadband of ${deadband} no alarm would ever be over, as there are only ${room} between the limits`,
      );
    }
    if (override.limits === undefined) return mistakes;
    const limits = mergedLimits(channel?.limits ?? null, override.limits);
    if (limits !== null && !limitsRise(limits)) {
      mistakes.push(
        `${id}: limits must rise from alarmLow to alarmHigh, and these do not: ${inWords(limits)}`,
      );
    }
    return mistakes;
  });
}

/** The schema as its machine shows it. Channels the schema does not have, and what would not fit, are left out. */
export function overridden(schema: MachineSchema, overrides: ChannelOverrides): MachineSchema {
  if (Object.keys(overrides).length === 0) return schema;
  return {
    ...schema,
    channels: schema.channels.map((channel) => {
      // A channel may be called like what every object has: constructor.
      const override = Object.hasOwn(overrides, channel.id) ? overrides[channel.id] : undefined;
      return override === undefined ? channel : laidOver(channel, override);
    }),
  };
}

function laidOver(
  channel: Channel,
  { names, band, limits, ringing, activeStates }: ChannelOverride,
): Channel {
  const merged = limits === undefined ? channel.limits : mergedLimits(channel.limits, limits);
  const fits = channel.kind !== 'text' && (merged === null || limitsRise(merged));
  return {
    ...channel,
    names: { fr: names?.fr ?? channel.names.fr, en: names?.en ?? channel.names.en },
    band: band === undefined || (band !== null && band.low >= band.high) ? channel.band : band,
    limits: fits ? merged : channel.limits,
    ...(ringing === undefined ? {} : { ringing: { ...channel.ringing, ...ringing } }),
    ...(activeStates === undefined ? {} : { activeStates }),
  };
}

/** `null`: no limit at all. */
function mergedLimits(base: Limits | null, over: NonNullable<ChannelOverride['limits']>): Limits | null {
  const pick = (key: keyof Limits): number | null => {
    const set = over[key];
    return set === undefined ? (base?.[key] ?? null) : set;
  };
  const limits: Limits = {
    alarmLow: pick('alarmLow'),
    warningLow: pick('warningLow'),
    warningHigh: pick('warningHigh'),
    alarmHigh: pick('alarmHigh'),
  };
  return Object.values(limits).every((one) => one === null) ? null : limits;
}

/** Between the innermost low limit and the innermost high one; `null`: one of them is not there. */
function roomOf(limits: Limits | null): number | null {
  const low = limits?.warningLow ?? limits?.alarmLow ?? null;
  const high = limits?.warningHigh ?? limits?.alarmHigh ?? null;
  return low === null || high === null ? null : high - low;
}

function inWords(limits: Limits): string {
  return Object.entries(limits)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}
