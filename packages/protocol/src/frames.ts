// Frames of the link between edge and server: one delimited message each, both ways.
// Decoding is total: hostile bytes give a reason, never a throw, and never allocate past MAX_FRAME_BYTES.
// Not here: order of frames (edge-session.ts, server-session.ts), sockets, and what a block holds.
//
//   0        4      5
//   ┌────────┬──────┬──────────────────┐
//   │ length │ type │ body             │   length: u32 big-endian, of type + body, 1 … MAX_FRAME_BYTES
//   └────────┴──────┴──────────────────┘
//
// Bodies (integers big-endian; u48 = six bytes):
//   BLOCK   first sequence u48 · boot u32 · monotonic start u48 · row count u16 · block
//   ACK     next sequence u48 · utc ms u48          GAP   first u48 · next u48 · reason u8
//   WATCH   duration ms u32 · interval ms u32       LIVE  boot u32 · monotonic ms u48 · block of one row
//   ANCHOR  boot u32 · monotonic ms u48 · utc ms u48 · error ms u32
//   PING / PONG  nonce u32                          SCHEMA  hash 8 bytes · bytes
//   PRIOR  hash 8 bytes · hash of its schema 8 bytes · bytes
//   HELLO WELCOME REFUSED ENROL ENROLLED            JSON in UTF-8 (once per connection)
//   ROTATE ROTATED SETTINGS SETTLED                 JSON in UTF-8 (when something changes)
import { z } from 'zod';

export const PROTOCOL_VERSION = 1;
export const MAX_FRAME_BYTES = 1 << 20;
/** Label and length of the TLS exporter (RFC 8446 §7.5) that a machine signs to prove what it is. */
export const EXPORTER_LABEL = 'EXPORTER-vigie-link';
export const EXPORTER_BYTES = 32;

const MAX_U48 = 2 ** 48 - 1;
const LENGTH_BYTES = 4;
const KEPT_BYTES = 16_384;
const hash = z.string().regex(/^[0-9a-f]{16}$/);
const u48 = z.number().int().min(0).max(MAX_U48);
/** SHA-256 (hex) of the server's SubjectPublicKeyInfo: active and spare. */
const pins = z
  .array(z.string().regex(/^[0-9a-f]{64}$/))
  .min(1)
  .max(4);
/** Ed25519 public key, raw 32 bytes in base64. */
const publicKey = z.string().max(64);
/** Ed25519 signature in base64. */
const signature = z.string().max(128);
const u32 = z.number().int().min(0).max(0xffff_ffff);

/** Ids of machines: what a person reads on the page and in addresses. */
export const machineId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/);

export const helloBody = z.strictObject({
  protocol: z.number().int().min(1),
  machine: machineId,
  /** Of `proofMessage(exporter, machine)`. */
  proof: signature,
  /** 16 hex digits drawn when the spool was created. */
  spool: hash,
  bootNumber: u32,
  bootId: z.string().max(64),
  monotonicMs: u48,
  schema: hash,
  /** The prior its next blocks need; `null`: none. */
  prior: hash.nullable(),
  /** Oldest and next sequence the spool holds. */
  oldestSequence: u48,
  nextSequence: u48,
  /** Of the last SETTINGS it answered; `null`: none. */
  settings: hash.nullable(),
});
export type Hello = z.infer<typeof helloBody>;

/** Follows WELCOME when the edge's hash is another one, and whenever something of it changes; answered by SETTLED. */
export const settingsBody = z.strictObject({
  /** Of the rest of this body. */
  hash,
  /** Read by `readSettings` of the model, key by key: a newer server may name some that an older edge does not know. */
  settings: z.record(z.string(), z.unknown()),
  /** What the edge accepts the server by from now on, whatever becomes of the settings. */
  pins,
});
export type SettingsBody = z.infer<typeof settingsBody>;

export const settledBody = z.strictObject({
  hash,
  /** Refused ones change nothing: those before stay in force. */
  outcome: z.enum(['applied', 'refused']),
  /** Why they are refused, or what of them this edge does not know; else empty. */
  message: z.string().max(300),
});
export type Settled = z.infer<typeof settledBody>;

export const welcomeBody = z.strictObject({
  utcMs: u48,
  /** High-water mark of this spool: sequence of the first row the server does not have. */
  nextSequence: u48,
  /** The row before the mark, as the server has it; `null`: there is none to compare with. */
  lastRow: z.strictObject({ bootNumber: u32, monotonicMs: u48 }).nullable(),
  /** The server does not know the schema named in HELLO: send SCHEMA before BLOCK. */
  schemaWanted: z.boolean(),
  /** The server does not have the prior named in HELLO: send PRIOR before BLOCK. */
  priorWanted: z.boolean(),
});
export type Welcome = z.infer<typeof welcomeBody>;
/** Which row a sequence number stands for. */
export type RowInstant = NonNullable<Welcome['lastRow']>;

export const refusedBody = z.strictObject({
  reason: z.enum([
    'unsupported-protocol',
    'unknown-machine',
    'bad-proof',
    'revoked',
    'spool-cloned',
    'bad-code',
    'bad-frame',
    'out-of-order',
    'replaced',
    'busy',
    'shutting-down',
  ]),
  message: z.string().max(300),
  retryAfterMs: u32.nullable(),
});
export type Refused = z.infer<typeof refusedBody>;

export const enrolBody = z.strictObject({
  protocol: z.number().int().min(1),
  code: z.string().max(64),
  publicKey,
});
export type Enrol = z.infer<typeof enrolBody>;

/** Instead of HELLO: a new key takes the place of the machine's present one. Asked again, it is answered again. */
export const rotateBody = z.strictObject({
  protocol: z.number().int().min(1),
  machine: machineId,
  newKey: publicKey,
  /** Of `rotationMessage(exporter, machine, newKey)`, by the present key and by the new one. */
  proof: signature,
  newProof: signature,
});
export type Rotate = z.infer<typeof rotateBody>;

export const rotatedBody = z.strictObject({ machine: machineId });
export type Rotated = z.infer<typeof rotatedBody>;

export const enrolledBody = z.strictObject({
  machine: machineId,
  pins,
});
export type Enrolled = z.infer<typeof enrolledBody>;

/** Why rows will never come. The number is what travels. */
export const GAP_REASONS = {
  'spool-damaged': 1,
  'spool-full': 2,
  'spool-lost': 3,
  thinned: 4,
  'controller-silent': 5,
} as const;
export type GapReason = keyof typeof GAP_REASONS;

export type Frame =
  | { readonly type: 'HELLO'; readonly body: Hello }
  | { readonly type: 'WELCOME'; readonly body: Welcome }
  | { readonly type: 'REFUSED'; readonly body: Refused }
  | { readonly type: 'ENROL'; readonly body: Enrol }
  | { readonly type: 'ENROLLED'; readonly body: Enrolled }
  | { readonly type: 'ROTATE'; readonly body: Rotate }
  | { readonly type: 'ROTATED'; readonly body: Rotated }
  | { readonly type: 'SETTINGS'; readonly body: SettingsBody }
  | { readonly type: 'SETTLED'; readonly body: Settled }
  | { readonly type: 'SCHEMA'; readonly hash: string; readonly bytes: Uint8Array }
  | { readonly type: 'PRIOR'; readonly hash: string; readonly schema: string; readonly bytes: Uint8Array }
  | {
      readonly type: 'BLOCK';
      readonly firstSequence: number;
      readonly bootNumber: number;
      readonly monotonicStartMs: number;
      readonly rowCount: number;
      readonly block: Uint8Array;
    }
  | { readonly type: 'ACK'; readonly nextSequence: number; readonly utcMs: number }
  | {
      readonly type: 'GAP';
      readonly firstSequence: number;
      readonly nextSequence: number;
      readonly reason: GapReason;
    }
  | { readonly type: 'WATCH'; readonly durationMs: number; readonly intervalMs: number }
  | {
      readonly type: 'LIVE';
      readonly bootNumber: number;
      readonly monotonicMs: number;
      readonly block: Uint8Array;
    }
  | {
      readonly type: 'ANCHOR';
      readonly bootNumber: number;
      readonly monotonicMs: number;
      readonly utcMs: number;
      readonly errorMs: number;
    }
  | { readonly type: 'PING'; readonly nonce: number }
  | { readonly type: 'PONG'; readonly nonce: number };

export type FrameType = Frame['type'];

const TYPE_BYTES = {
  HELLO: 1,
  WELCOME: 2,
  REFUSED: 3,
  ENROL: 4,
  ENROLLED: 5,
  SCHEMA: 6,
  PRIOR: 7,
  BLOCK: 8,
  ACK: 9,
  GAP: 10,
  WATCH: 11,
  LIVE: 12,
  ANCHOR: 13,
  PING: 14,
  PONG: 15,
  ROTATE: 16,
  ROTATED: 17,
  SETTINGS: 18,
  SETTLED: 19,
} as const satisfies Record<FrameType, number>;

const TYPE_NAMES = new Map<number, FrameType>(
  Object.entries(TYPE_BYTES).map(([name, byte]) => [byte, name as FrameType]),
);
const GAP_NAMES = new Map<number, GapReason>(
  Object.entries(GAP_REASONS).map(([name, byte]) => [byte, name as GapReason]),
);

const BODY_SCHEMAS = {
  HELLO: helloBody,
  WELCOME: welcomeBody,
  REFUSED: refusedBody,
  ENROL: enrolBody,
  ENROLLED: enrolledBody,
  ROTATE: rotateBody,
  ROTATED: rotatedBody,
  SETTINGS: settingsBody,
  SETTLED: settledBody,
} as const;
/** A thousand channels may each have names and limits of their own. */
const MOST_SETTINGS_BYTES = 512 << 10;
const MOST_JSON_BYTES = 16_384;

/** What a machine signs with its Ed25519 key: bound to this TLS session and to the machine it claims to be. */
export function proofMessage(exporter: Uint8Array, machine: string): Uint8Array {
  const id = new TextEncoder().encode(machine);
  const message = new Uint8Array(exporter.length + id.length);
  message.set(exporter, 0);
  message.set(id, exporter.length);
  return message;
}

/** What the present key and the new one sign; never what a HELLO signs, since no machine's id has a NUL in it. */
export function rotationMessage(exporter: Uint8Array, machine: string, newKey: string): Uint8Array {
  return proofMessage(exporter, `${machine}\0${newKey}`);
}

/** @throws RangeError when a field is out of its range or the frame exceeds MAX_FRAME_BYTES: the programmer's error. */
export function encodeFrame(frame: Frame): Uint8Array {
  const body = encodeBody(frame);
  if (body.length + 1 > MAX_FRAME_BYTES)
    throw new RangeError(`frame of ${body.length + 1} bytes exceeds the bound`);
  const out = new Uint8Array(5 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length + 1);
  out[4] = TYPE_BYTES[frame.type];
  out.set(body, 5);
  return out;
}

function encodeBody(frame: Frame): Uint8Array {
  switch (frame.type) {
    case 'HELLO':
    case 'WELCOME':
    case 'REFUSED':
    case 'ENROL':
    case 'ENROLLED':
    case 'ROTATE':
    case 'ROTATED':
    case 'SETTINGS':
    case 'SETTLED':
      return new TextEncoder().encode(JSON.stringify(frame.body));
    case 'SCHEMA':
      return new Writer(8 + frame.bytes.length).hash(frame.hash).bytes(frame.bytes).out;
    case 'PRIOR':
      return new Writer(16 + frame.bytes.length).hash(frame.hash).hash(frame.schema).bytes(frame.bytes).out;
    case 'BLOCK':
      return new Writer(18 + frame.block.length)
        .u48(frame.firstSequence)
        .u32(frame.bootNumber)
        .u48(frame.monotonicStartMs)
        .u16(frame.rowCount)
        .bytes(frame.block).out;
    case 'ACK':
      return new Writer(12).u48(frame.nextSequence).u48(frame.utcMs).out;
    case 'GAP':
      return new Writer(13).u48(frame.firstSequence).u48(frame.nextSequence).u8(GAP_REASONS[frame.reason])
        .out;
    case 'WATCH':
      return new Writer(8).u32(frame.durationMs).u32(frame.intervalMs).out;
    case 'LIVE':
      return new Writer(10 + frame.block.length)
        .u32(frame.bootNumber)
        .u48(frame.monotonicMs)
        .bytes(frame.block).out;
    case 'ANCHOR':
      return new Writer(20).u32(frame.bootNumber).u48(frame.monotonicMs).u48(frame.utcMs).u32(frame.errorMs)
        .out;
    case 'PING':
    case 'PONG':
      return new Writer(4).u32(frame.nonce).out;
  }
}

class Writer {
  readonly out: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  constructor(size: number) {
    this.out = new Uint8Array(size);
    this.#view = new DataView(this.out.buffer);
  }
  #take(value: number, max: number, size: number): number {
    if (!Number.isInteger(value) || value < 0 || value > max)
      throw new RangeError(`${value} is not in 0 … ${max}`);
    const at = this.#at;
    this.#at += size;
    return at;
  }
  u8(value: number): this {
    this.#view.setUint8(this.#take(value, 0xff, 1), value);
    return this;
  }
  u16(value: number): this {
    this.#view.setUint16(this.#take(value, 0xffff, 2), value);
    return this;
  }
  u32(value: number): this {
    this.#view.setUint32(this.#take(value, 0xffff_ffff, 4), value);
    return this;
  }
  u48(value: number): this {
    const at = this.#take(value, MAX_U48, 6);
    this.#view.setUint16(at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(at + 2, value % 2 ** 32);
    return this;
  }
  hash(hex: string): this {
    if (!/^[0-9a-f]{16}$/.test(hex)) throw new RangeError(`«${hex}» is not a hash of 16 hex digits`);
    for (let i = 0; i < 8; i++) this.u8(Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
    return this;
  }
  bytes(bytes: Uint8Array): this {
    this.out.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }
}

export type FrameResult =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly message: string };

/** Decodes what follows the length: type and body. `bytes` of the result are views, not copies. */
export function decodeFrame(bytes: Uint8Array): FrameResult {
  const type = TYPE_NAMES.get(bytes[0] ?? 0);
  if (type === undefined) return { ok: false, message: `unknown frame type ${bytes[0] ?? 'none'}` };
  const body = bytes.subarray(1);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const u48At = (at: number): number => view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
  const short = (least: number): FrameResult => ({
    ok: false,
    message: `${type} of ${body.length} bytes, ${least} expected`,
  });
  switch (type) {
    case 'HELLO':
    case 'WELCOME':
    case 'REFUSED':
    case 'ENROL':
    case 'ENROLLED':
    case 'ROTATE':
    case 'ROTATED':
    case 'SETTINGS':
    case 'SETTLED':
      return decodeJson(type, body);
    case 'SCHEMA':
      if (body.length < 9) return short(9);
      return { ok: true, frame: { type, hash: hashAt(body, 0), bytes: body.subarray(8) } };
    case 'PRIOR':
      if (body.length < 17) return short(17);
      return {
        ok: true,
        frame: { type, hash: hashAt(body, 0), schema: hashAt(body, 8), bytes: body.subarray(16) },
      };
    case 'BLOCK': {
      if (body.length < 19) return short(19);
      const frame: Frame = {
        type,
        firstSequence: u48At(0),
        bootNumber: view.getUint32(6),
        monotonicStartMs: u48At(10),
        rowCount: view.getUint16(16),
        block: body.subarray(18),
      };
      if (frame.rowCount === 0) return { ok: false, message: 'BLOCK of no rows' };
      return { ok: true, frame };
    }
    case 'ACK':
      if (body.length !== 12) return short(12);
      return { ok: true, frame: { type, nextSequence: u48At(0), utcMs: u48At(6) } };
    case 'GAP': {
      if (body.length !== 13) return short(13);
      const reason = GAP_NAMES.get(view.getUint8(12));
      if (reason === undefined) return { ok: false, message: `GAP for unknown reason ${view.getUint8(12)}` };
      const [firstSequence, nextSequence] = [u48At(0), u48At(6)];
      if (nextSequence <= firstSequence) return { ok: false, message: 'GAP that ends before it starts' };
      return { ok: true, frame: { type, firstSequence, nextSequence, reason } };
    }
    case 'WATCH':
      if (body.length !== 8) return short(8);
      return { ok: true, frame: { type, durationMs: view.getUint32(0), intervalMs: view.getUint32(4) } };
    case 'LIVE':
      if (body.length < 11) return short(11);
      return {
        ok: true,
        frame: { type, bootNumber: view.getUint32(0), monotonicMs: u48At(4), block: body.subarray(10) },
      };
    case 'ANCHOR':
      if (body.length !== 20) return short(20);
      return {
        ok: true,
        frame: {
          type,
          bootNumber: view.getUint32(0),
          monotonicMs: u48At(4),
          utcMs: u48At(10),
          errorMs: view.getUint32(16),
        },
      };
    case 'PING':
    case 'PONG':
      if (body.length !== 4) return short(4);
      return { ok: true, frame: { type, nonce: view.getUint32(0) } };
  }
}

function hashAt(body: Uint8Array, at: number): string {
  return Array.from(body.subarray(at, at + 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function decodeJson(type: keyof typeof BODY_SCHEMAS, body: Uint8Array): FrameResult {
  const most = type === 'SETTINGS' ? MOST_SETTINGS_BYTES : MOST_JSON_BYTES;
  if (body.length > most) return { ok: false, message: `${type} of ${body.length} bytes, ${most} at most` };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { ok: false, message: `${type} is not JSON in UTF-8` };
  }
  const parsed = BODY_SCHEMAS[type].safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { ok: false, message: `${type}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'malformed'}` };
  }
  return { ok: true, frame: { type, body: parsed.data } as Frame };
}

/**
 * Cuts a byte stream into frames. Holds at most one frame's bytes, in memory that grows as they come: a length that
 * lies costs nothing, and a frame that comes byte by byte costs its own size. After a failure it stays failed: the
 * connection must end.
 */
export class FrameReader {
  #held: Uint8Array = new Uint8Array(0);
  #size = 0;
  #failed: string | null = null;

  /** Frames completed by `chunk`, in order; a failure comes last. */
  push(chunk: Uint8Array): FrameResult[] {
    if (this.#failed !== null) return [{ ok: false, message: this.#failed }];
    const out: FrameResult[] = [];
    for (let at = 0; at < chunk.length; ) {
      const wanted = this.#wanted();
      const taken = Math.min(wanted - this.#size, chunk.length - at);
      this.#take(chunk, at, taken);
      at += taken;
      if (this.#size < wanted) break;
      if (wanted === LENGTH_BYTES) {
        const length = this.#length();
        if (length < 1 || length > MAX_FRAME_BYTES) {
          out.push(this.#fail(`frame length ${length} is not in 1 … ${MAX_FRAME_BYTES}`));
          return out;
        }
        continue;
      }
      const result = decodeFrame(this.#held.slice(LENGTH_BYTES, wanted));
      this.#size = 0;
      // A large frame's memory is not kept for the small ones that usually follow.
      if (this.#held.length > KEPT_BYTES) this.#held = new Uint8Array(0);
      out.push(result.ok ? result : this.#fail(result.message));
      if (!result.ok) return out;
    }
    return out;
  }

  /** Bytes to hold before something can be said: those of the length, then those of the whole frame. */
  #wanted(): number {
    return this.#size < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + this.#length();
  }

  #length(): number {
    return new DataView(this.#held.buffer).getUint32(0);
  }

  #take(chunk: Uint8Array, at: number, count: number): void {
    if (this.#size + count > this.#held.length) {
      const grown = new Uint8Array(Math.max(64, 2 * this.#held.length, this.#size + count));
      grown.set(this.#held.subarray(0, this.#size));
      this.#held = grown;
    }
    this.#held.set(chunk.subarray(at, at + count), this.#size);
    this.#size += count;
  }

  #fail(message: string): FrameResult {
    this.#failed = message;
    this.#held = new Uint8Array(0);
    this.#size = 0;
    return { ok: false, message };
  }
}
