// Reads models/*.yaml: a kind of machine with the registers its channels come from. The schema part travels to
// the server; registers stay on the edge. The only module of this package that touches files.
import { createHash } from 'node:crypto';
import { type Outcome, readYaml } from '@vigie/config';
import { z } from 'zod';
import { channelSchema, limitsRise, type MachineSchema, machineSchemaSchema } from './schema.ts';

/** Each with the 16-bit registers it takes and the value that stands for a broken sensor (`null`: none). */
const TYPES = {
  u16: { count: 1, missing: 0xffff },
  i16: { count: 1, missing: -0x8000 },
  u32: { count: 2, missing: 0xffff_ffff },
  i32: { count: 2, missing: -0x8000_0000 },
  u64: { count: 4, missing: 2 ** 64 },
  i64: { count: 4, missing: -(2 ** 63) },
  // A NaN is a missing sample whatever the register says.
  f32: { count: 2, missing: null },
  f64: { count: 4, missing: null },
  /** One coil or one discrete input. */
  bool: { count: 1, missing: null },
} as const satisfies Record<string, { readonly count: number; readonly missing: number | null }>;
export type RegisterType = keyof typeof TYPES;

const order = z.enum(['big', 'little']);
const registerSchema = z
  .strictObject({
    table: z.enum(['input', 'holding', 'coil', 'discrete']).default('input'),
    address: z.number().int().min(0).max(65_535),
    /** Of an input or holding register; a coil and a discrete input are one bit and take none. */
    type: z.enum(['u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64']).optional(),
    /** Whether the first register of a longer value holds its highest bits. */
    wordOrder: order.optional(),
    /** Whether the first byte of each register is the high one, as the standard says. */
    byteOrder: order.optional(),
    /** Physical value = register × scale + offset. */
    scale: z.number().positive().optional(),
    offset: z.number().optional(),
    /** One bit of a word: 0 is the lowest. */
    bit: z.number().int().min(0).max(31).nullable().optional(),
    /** A field of several bits of a word. */
    bits: z
      .strictObject({ from: z.number().int().min(0).max(31), count: z.number().int().min(1).max(32) })
      .optional(),
    /** Register value of a broken sensor, instead of the type's own; `null`: every value is a measurement. */
    missing: z.number().nullable().optional(),
  })
  .superRefine((register, context) => {
    const stop = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    const { table, address, type } = register;
    if (table === 'coil' || table === 'discrete') {
      const alien = WORD_KEYS.find((key) => register[key] !== undefined);
      if (alien !== undefined)
        stop(alien, `a ${table === 'coil' ? 'coil' : 'discrete input'} is one bit: leave out «${alien}»`);
      return;
    }
    if (type === undefined) {
      stop('type', 'is missing: u16, i16, u32, i32, u64, i64, f32 or f64');
      return;
    }
    if (address + TYPES[type].count > 65_536) stop('address', 'the register ends beyond 65535');
    const bits = bitsOf(register);
    if (bits === null) return;
    const key = register.bits === undefined ? 'bit' : 'bits';
    if (register.bits !== undefined && typeof register.bit === 'number')
      stop('bits', 'give «bit» or «bits», not both');
    else if (type !== 'u16' && type !== 'u32')
      stop(key, `bits are taken of a u16 or u32, not of type ${type}`);
    else if (bits.from + bits.count > 16 * TYPES[type].count)
      stop(key, `bit ${bits.from + bits.count - 1} lies outside of a ${type}`);
    else if (typeof register.missing === 'number')
      stop('missing', 'a field of bits has no value for a broken sensor');
  })
  .transform((register) => {
    const { table, address, wordOrder = 'big', byteOrder = 'big', scale = 1, offset = 0 } = register;
    const type: RegisterType = register.type ?? 'bool';
    const bits = bitsOf(register);
    const missing =
      bits !== null ? null : register.missing === undefined ? TYPES[type].missing : register.missing;
    return { table, address, type, wordOrder, byteOrder, scale, offset, bits, missing };
  });
const WORD_KEYS = ['type', 'wordOrder', 'byteOrder', 'scale', 'offset', 'bit', 'bits', 'missing'] as const;

/** Where a channel's samples are in the controller. */
export type RegisterSpec = Readonly<z.output<typeof registerSchema>>;

function bitsOf(register: {
  readonly bit?: number | null | undefined;
  readonly bits?: { readonly from: number; readonly count: number } | undefined;
}): { readonly from: number; readonly count: number } | null {
  if (register.bits !== undefined) return register.bits;
  return typeof register.bit === 'number' ? { from: register.bit, count: 1 } : null;
}

const fileSchema = machineSchemaSchema
  .extend({
    channels: z
      .array(
        channelSchema.extend({
          register: registerSchema.optional(),
          /** What lines on a serial port call the channel, where that is not its id. */
          column: z.string().min(1).max(80).optional(),
        }),
      )
      .min(1)
      .max(1000),
  })
  .superRefine((model, context) => {
    const ids = new Set<string>();
    const columns = new Set<string>();
    const mapped = model.channels.filter(({ register }) => register !== undefined).length;
    const stop = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    for (const [i, channel] of model.channels.entries()) {
      if (ids.has(channel.id)) stop(['channels', i, 'id'], `«${channel.id}» is the id of an earlier channel`);
      ids.add(channel.id);
      const column = channel.column ?? channel.id;
      if (columns.has(column))
        stop(['channels', i, 'column'], `«${column}» is the column of an earlier channel`);
      columns.add(column);
      const { register } = channel;
      if (register === undefined && mapped > 0) {
        stop(
          ['channels', i, 'register'],
          `«${channel.id}» has no register, others have: give one to each channel, or to none`,
        );
      } else if (register !== undefined && channel.kind === 'text') {
        stop(['channels', i, 'register'], 'a text cannot be read from a register');
      } else if (register !== undefined) {
        const other = model.channels.slice(0, i).find((earlier) => cutsInto(earlier.register, register));
        if (other !== undefined)
          stop(['channels', i, 'register', 'address'], `the register cuts into the one of «${other.id}»`);
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
  /** In the order of `schema.channels`; `null`: the model maps none, as for a machine that prints lines. */
  readonly registers: readonly RegisterSpec[] | null;
  /** In the same order: what lines call the channels. */
  readonly columns: readonly string[];
}

/** 16-bit registers that a value takes; 1 for a coil or a discrete input. */
export function registerCount(register: Pick<RegisterSpec, 'type'>): 1 | 2 | 4 {
  return TYPES[register.type].count;
}

/** Whether two values share registers without being the same ones: a slip in one of the addresses. */
function cutsInto(one: RegisterSpec | undefined, other: RegisterSpec): boolean {
  if (one === undefined || one.table !== other.table || one.bits !== null || other.bits !== null)
    return false;
  const [a, b] = [one.address, other.address];
  if (a === b && registerCount(one) === registerCount(other)) return false;
  return a < b + registerCount(other) && b < a + registerCount(one);
}

/** `message` says file, line and column of the first mistake. */
export function loadModel(file: string): Outcome<MachineModel> {
  const read = readYaml(file, fileSchema);
  return read.ok ? { ok: true, value: modelOf(read.value) } : read;
}

function modelOf({ channels, ...rest }: z.output<typeof fileSchema>): MachineModel {
  const registers = channels.flatMap(({ register }) => (register === undefined ? [] : [register]));
  const plain = channels.map(({ register, column: _, ...channel }) => ({
    ...channel,
    wrapsAt: channel.wrapsAt ?? (channel.kind === 'counter' && register ? wrapOf(register) : null),
  }));
  return {
    schema: { ...rest, channels: plain },
    registers: registers.length === 0 ? null : registers,
    columns: channels.map(({ id, column }) => column ?? id),
  };
}

/** Where a counter in this register starts anew from its lowest value; `null`: it lives too short to. */
function wrapOf({ type, bits, scale, offset }: RegisterSpec): number | null {
  if (bits !== null || (type !== 'u16' && type !== 'u32')) return null;
  return 2 ** (16 * TYPES[type].count) * scale + offset;
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

/** The sample a register's value stands for, `null` when missing; clean to the channel's decimals. */
export function sampleOf(register: RegisterSpec, raw: number, decimals: number | null): number | null {
  const { bits, scale, offset } = register;
  if (Number.isNaN(raw) || (register.missing !== null && raw === register.missing)) return null;
  const number = bits === null ? raw : Math.floor(raw / 2 ** bits.from) % 2 ** bits.count;
  return cleanTo(decimals, number * scale + offset);
}

/** Rounded to the channel's decimals; `null`: as it is. */
export function cleanTo(decimals: number | null, value: number): number {
  if (decimals === null) return value;
  const power = 10 ** decimals;
  return Math.round(value * power) / power;
}

/** The register's value for a sample of a channel that has all of it; the inverse of `sampleOf`, saturating. */
export function rawOf(register: RegisterSpec, sample: number | null): number {
  const { type, scale, offset } = register;
  if (type === 'bool') return sample === null || sample === 0 ? 0 : 1;
  if (sample === null) return register.missing ?? (type === 'f32' || type === 'f64' ? Number.NaN : 0);
  const raw = (sample - offset) / scale;
  if (type === 'f32' || type === 'f64') return raw;
  const bits = 16 * TYPES[type].count;
  // The end of the range stands for a broken sensor, and a float64 cannot hold what is next to it in 64 bits.
  const unsigned = type.startsWith('u');
  const high = unsigned
    ? 2 ** bits - Math.max(2, 2 ** (bits - 53))
    : 2 ** (bits - 1) - Math.max(1, 2 ** (bits - 54));
  return Math.min(high, Math.max(unsigned ? 0 : -high, Math.round(raw)));
}
