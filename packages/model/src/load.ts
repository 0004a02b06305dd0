// Reads models/*.yaml: a kind of machine with the registers its channels come from. The schema part travels to
// the server; registers stay on the edge. The only module of this package that touches files.
import { createHash } from 'node:crypto';
import { type Outcome, readYaml } from '@vigie/config';
import { z } from 'zod';
import { channelSchema, limitsRise, type MachineSchema, machineSchemaSchema } from './schema.ts';

const registerSchema = z.strictObject({
  table: z.enum(['input', 'holding']).default('input'),
  address: z.number().int().min(0).max(65_535),
  type: z.enum(['u16', 'i16', 'u32', 'i32', 'f32']),
  /** Which half of a 32-bit value comes first. */
  wordOrder: z.enum(['big', 'little']).default('big'),
  /** Physical value = register × scale. */
  scale: z.number().positive().default(1),
  /** For a boolean packed in a word: 0 is the lowest bit. */
  bit: z.number().int().min(0).max(15).nullable().default(null),
});
/** Where a channel's samples are in the controller. */
export type RegisterSpec = z.infer<typeof registerSchema>;

const fileSchema = machineSchemaSchema
  .extend({
    channels: z
      .array(channelSchema.extend({ register: registerSchema }))
      .min(1)
      .max(1000),
  })
  .superRefine((model, context) => {
    const ids = new Set<string>();
    const stop = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    for (const [i, channel] of model.channels.entries()) {
      if (ids.has(channel.id)) stop(['channels', i, 'id'], `«${channel.id}» is the id of an earlier channel`);
      ids.add(channel.id);
      if (channel.register.address + registerCount(channel.register) > 65_536) {
        stop(['channels', i, 'register', 'address'], 'the register ends beyond 65535');
      }
      if (channel.limits !== null && !limitsRise(channel.limits)) {
        stop(['channels', i, 'limits'], 'limits must rise from alarmLow to alarmHigh');
      }
    }
    for (const [i, channel] of model.channels.entries()) {
      if (channel.setpoint !== null && !ids.has(channel.setpoint)) {
        stop(['channels', i, 'setpoint'], `there is no channel «${channel.setpoint}»`);
      }
    }
    if (model.stateChannel !== null && !ids.has(model.stateChannel)) {
      stop(['stateChannel'], `there is no channel «${model.stateChannel}»`);
    }
  });

export interface MachineModel {
  readonly schema: MachineSchema;
  /** In the order of `schema.channels`. */
  readonly registers: readonly RegisterSpec[];
}

/** 16-bit registers that a value takes. */
export function registerCount(register: Pick<RegisterSpec, 'type'>): 1 | 2 {
  return register.type === 'u16' || register.type === 'i16' ? 1 : 2;
}

/** `message` says file, line and column of the first mistake. */
export function loadModel(file: string): Outcome<MachineModel> {
  const read = readYaml(file, fileSchema);
  if (!read.ok) return read;
  const { channels, ...rest } = read.value;
  const registers = channels.map(({ register }) => register);
  const plain = channels.map(({ register: _, ...channel }) => channel);
  return { ok: true, value: { schema: { ...rest, channels: plain }, registers } };
}

/** JSON with keys in alphabetical order, so that equal schemas have equal bytes. */
export function canonicalSchemaJson(schema: MachineSchema): string {
  return JSON.stringify(schema, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** First 16 hex digits of the SHA-256 of the canonical JSON. */
export function schemaHash(schema: MachineSchema): string {
  return createHash('sha256').update(canonicalSchemaJson(schema)).digest('hex').slice(0, 16);
}

/** What a register holds when its sensor is broken. A NaN in a float is the same. */
export const MISSING = {
  u16: 0xffff,
  i16: -0x8000,
  u32: 0xffff_ffff,
  i32: -0x8000_0000,
  f32: Number.NaN,
} as const;

/** The sample a register's value stands for, `null` when missing; clean to the channel's decimals. */
export function sampleOf(register: RegisterSpec, raw: number, decimals: number | null): number | null {
  if (register.bit !== null) return (raw >> register.bit) & 1;
  if (Number.isNaN(raw) || raw === MISSING[register.type]) return null;
  const value = raw * register.scale;
  if (decimals === null) return value;
  const power = 10 ** decimals;
  return Math.round(value * power) / power;
}

/** The register's value for a sample; the inverse of `sampleOf`, saturating at the type's range. */
export function rawOf(register: RegisterSpec, sample: number | null): number {
  if (sample === null) return MISSING[register.type];
  if (register.type === 'f32') return sample / register.scale;
  const raw = Math.round(sample / register.scale);
  const low = register.type === 'i16' ? -0x7fff : register.type === 'i32' ? -0x7fff_ffff : 0;
  const high = { u16: 0xfffe, i16: 0x7fff, u32: 0xffff_fffe, i32: 0x7fff_ffff }[register.type];
  return Math.min(high, Math.max(low, raw));
}
