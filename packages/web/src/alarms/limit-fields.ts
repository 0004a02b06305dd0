// The limits of a channel as a form holds them, and what of them differs from the model's. Pure.
// Invariants: an empty field is no limit; what is the same as the model's is left to the model, so that a better model reaches
// the machine. Not here: whether limits make sense together, which the server says (model/settings.ts).
import type { Channel, LimitSettings } from '@vigie/contract';
import { ringingOf } from '@vigie/model/watch';

export const LIMIT_FIELDS = [
  'alarmLow',
  'warningLow',
  'warningHigh',
  'alarmHigh',
  'deadband',
  'onDelay',
  'offDelay',
  'ratePerMinute',
  'stuck_',
] as const;
export type LimitField = (typeof LIMIT_FIELDS)[number];
type Override = LimitSettings['channels'][string];

/** In the unit of the field; `null`: none. */
export type FieldValues = Readonly<Record<LimitField, number | null>>;

export function valuesOf(channel: Channel): FieldValues {
  const { limits } = channel;
  const { deadband, onDelayMs, offDelayMs, ratePerMinute, stuckMs } = ringingOf(channel);
  return {
    alarmLow: limits?.alarmLow ?? null,
    warningLow: limits?.warningLow ?? null,
    warningHigh: limits?.warningHigh ?? null,
    alarmHigh: limits?.alarmHigh ?? null,
    deadband,
    onDelay: onDelayMs / 1000,
    offDelay: offDelayMs / 1000,
    ratePerMinute,
    stuck_: stuckMs === null ? null : stuckMs / 60_000,
  };
}

/** As a person types it, with a point or a comma; `undefined`: no number. */
export function numberOf(text: string): number | null | undefined {
  const typed = text.trim().replace(',', '.').replace('−', '-');
  if (typed === '') return null;
  const number = Number(typed);
  return Number.isFinite(number) ? number : undefined;
}

/** @param states those in which the limits hold; none: always */
export function overrideOf(
  model: Channel,
  before: Override | undefined,
  values: FieldValues,
  states: readonly number[],
): Override {
  const own = valuesOf(model);
  const limits: Partial<Record<'alarmLow' | 'warningLow' | 'warningHigh' | 'alarmHigh', number | null>> = {};
  for (const key of ['alarmLow', 'warningLow', 'warningHigh', 'alarmHigh'] as const) {
    if (values[key] !== own[key]) limits[key] = values[key];
  }
  const ringing: NonNullable<Override['ringing']> = {};
  if (values.deadband !== own.deadband) ringing.deadband = values.deadband ?? 0;
  if (values.onDelay !== own.onDelay) ringing.onDelayMs = Math.round((values.onDelay ?? 0) * 1000);
  if (values.offDelay !== own.offDelay) ringing.offDelayMs = Math.round((values.offDelay ?? 0) * 1000);
  if (values.ratePerMinute !== own.ratePerMinute) ringing.ratePerMinute = values.ratePerMinute;
  if (values.stuck_ !== own.stuck_) {
    ringing.stuckMs = values.stuck_ === null ? null : Math.round(values.stuck_ * 60_000);
  }
  const chosen = states.length === 0 ? null : [...states].sort((a, b) => a - b);
  const ofModel = model.activeStates === null ? null : [...model.activeStates].sort((a, b) => a - b);
  const { names, band } = before ?? {};
  return {
    ...(names === undefined ? {} : { names }),
    ...(band === undefined ? {} : { band }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(ringing).length === 0 ? {} : { ringing }),
    ...(JSON.stringify(chosen) === JSON.stringify(ofModel) ? {} : { activeStates: chosen }),
  };
}

/** What is set for a channel beside its names and band. */
export function hasOwnLimits(override: Override | undefined): boolean {
  return (
    override !== undefined &&
    (override.limits !== undefined || override.ringing !== undefined || override.activeStates !== undefined)
  );
}

/** The channel as it is watched with an override. */
export function withOverride(model: Channel, override: Override | undefined): Channel {
  if (override === undefined) return model;
  const { limits, ringing, activeStates } = override;
  const base = model.limits ?? { alarmLow: null, warningLow: null, warningHigh: null, alarmHigh: null };
  const defined = Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined));
  return {
    ...model,
    limits: limits === undefined ? model.limits : { ...base, ...defined },
    ...(ringing === undefined ? {} : { ringing: { ...model.ringing, ...ringing } }),
    ...(activeStates === undefined ? {} : { activeStates }),
  };
}
