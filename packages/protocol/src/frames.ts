// Frames of the link between edge and server: one delimited message each, both ways.
// Decoding is total: hostile bytes give a reason, never a throw, and never allocate past MAX_FRAME_BYTES.
// Not here: order of frames (edge-session.ts, server-session.ts), sockets, and what a block holds.
//
//   ┌────────┬──────┬──────────────────┐
//   │ length │ type │ body             │   length: varint of 1 to 3 bytes, of type + body, 1 … MAX_FRAME_BYTES
//   └────────┴──────┴──────────────────┘
//
// Bodies (v = varint: 7 bits a byte, low first, bit 7 = more):
//   BLOCK   first sequence v · boot v · monotonic start v · row count v · block
//           Bit 7 of its type byte: acknowledge now. Bit 6: it follows the BLOCK before it on this connection (the
//           same boot, the next sequence), and then its body is row count v · deviation v · block, where
//           deviation = zigzag of (start − start before) − (the same difference of the block before, 0 at first).
//   ACK     next sequence v · utc ms v              GAP   first v · row count v · reason u8
//   WATCH   duration ms v · interval ms v           LIVE  boot v · monotonic ms v · block of one row
//   ANCHOR  boot v · monotonic ms v · utc ms v · error ms v
//   PING / PONG  nonce v                            SCHEMA  hash 8 bytes · bytes
//   PRIOR  hash 8 bytes · hash of its schema 8 bytes · bytes
//   HELLO WELCOME REFUSED ENROL ENROLLED            JSON in UTF-8 (once per connection)
//   ROTATE ROTATED SETTINGS SETTLED REPORT          JSON in UTF-8 (when something changes)
//
// A minute's BLOCK is sent 43,200 times a month: five bytes around it, not 23, are 0.8 MB of a data plan.
import { z } from 'zod';

export const PROTOCOL_VERSION = 1;
export const MAX_FRAME_BYTES = 1 << 20;
/** Label and length of the TLS exporter (RFC 8446 §7.5) that a machine signs to prove what it is. */
export const EXPORTER_LABEL = 'EXPORTER-vigie-link';
export const EXPORTER_BYTES = 32;

const MAX_U32 = 0xffff_ffff;
const MAX_U48 = 2 ** 48 - 1;
const MOST_ROWS = 0xffff;
/** Enough for MAX_FRAME_BYTES. */
const LENGTH_BYTES = 3;
const ACKNOWLEDGE = 0x80;
const FOLLOWS = 0x40;
const TYPE_MASK = 0x3f;
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
const u32 = z.number().int().min(0).max(MAX_U32);

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

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const level = z.number().min(-200).max(100).nullable();
/** What the edge says of itself, when a connection begins and once an hour; a newer edge may say more. Not stored. */
export const reportBody = z.object({
  /** Of vigie-edge. */
  version: z.string().max(32),
  data: z.object({
    /** Billed this month so far, and by its end: bytes, as the operator rounds them. */
    monthBytes: count,
    forecastBytes: count.nullable(),
    /** `null`: no bound. */
    budgetBytes: count.nullable(),
    thrift: z.enum(['unbounded', 'within', 'stretched', 'held', 'asleep']),
    /** Time between two blocks in force. */
    intervalMs: u48,
  }),
  /** Rows that wait, and the room for them. */
  spool: z.object({ bytes: count, mostBytes: count }),
  /** `null`: no modem is looked after. */
  modem: z
    .object({
      operator: z.string().max(64).nullable(),
      /** 2G, 3G, 4G … `null`: not known. */
      technology: z.string().max(16).nullable(),
      /** dBm, dBm, dB, dB; `null`: not known, or not of this technology. */
      rssiDbm: level,
      rsrpDbm: level,
      rsrqDb: level,
      sinrDb: level,
    })
    .nullable(),
});
export type Report = z.infer<typeof reportBody>;

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
  | { readonly type: 'REPORT'; readonly body: Report }
  | { readonly type: 'SCHEMA'; readonly hash: string; readonly bytes: Uint8Array }
  | { readonly type: 'PRIOR'; readonly hash: string; readonly schema: string; readonly bytes: Uint8Array }
  | {
      readonly type: 'BLOCK';
      /** An ACK is wanted as soon as this block is durable; else with that of a later one. */
      readonly acknowledge: boolean;
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
  REPORT: 20,
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
  REPORT: reportBody,
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

/** What a BLOCK that follows leaves out: where the one before it on the connection ended. */
export interface BlockPlace {
  readonly bootNumber: number;
  readonly nextSequence: number;
  readonly monotonicStartMs: number;
  /** From the start of the block before that one to its own; 0: that one followed none. */
  readonly stepMs: number;
}

type BlockFrame = Extract<Frame, { type: 'BLOCK' }>;

function follows(frame: BlockFrame, before: BlockPlace | null): before is BlockPlace {
  return (
    before !== null &&
    frame.bootNumber === before.bootNumber &&
    frame.firstSequence === before.nextSequence &&
    frame.monotonicStartMs >= before.monotonicStartMs
  );
}

function placeOf(frame: BlockFrame, before: BlockPlace | null): BlockPlace {
  const { bootNumber, firstSequence, rowCount, monotonicStartMs } = frame;
  const stepMs = follows(frame, before) ? monotonicStartMs - before.monotonicStartMs : 0;
  return { bootNumber, nextSequence: firstSequence + rowCount, monotonicStartMs, stepMs };
}

/** Frames of one direction of a connection, in order: a block that follows another is told by what differs. */
export class FrameWriter {
  #before: BlockPlace | null = null;

  encode(frame: Frame): Uint8Array {
    const bytes = encodeFrame(frame, this.#before);
    if (frame.type === 'BLOCK') this.#before = placeOf(frame, this.#before);
    return bytes;
  }
}

/**
 * @param before place of the BLOCK before it on the connection; without it a BLOCK tells its place in full.
 * @throws RangeError when a field is out of its range or the frame exceeds MAX_FRAME_BYTES: the programmer's error.
 */
export function encodeFrame(frame: Frame, before: BlockPlace | null = null): Uint8Array {
  const body = new Writer(LENGTH_BYTES);
  let type: number = TYPE_BYTES[frame.type];
  if (frame.type === 'BLOCK') {
    if (frame.acknowledge) type |= ACKNOWLEDGE;
    if (follows(frame, before)) type |= FOLLOWS;
  }
  encodeBody(body.u8(type), frame, before);
  const size = body.size - LENGTH_BYTES;
  if (size > MAX_FRAME_BYTES) throw new RangeError(`frame of ${size} bytes exceeds the bound`);
  return body.after(size);
}

function encodeBody(body: Writer, frame: Frame, before: BlockPlace | null): void {
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
    case 'REPORT':
      body.bytes(new TextEncoder().encode(JSON.stringify(frame.body)));
      return;
    case 'SCHEMA':
      body.hash(frame.hash).bytes(frame.bytes);
      return;
    case 'PRIOR':
      body.hash(frame.hash).hash(frame.schema).bytes(frame.bytes);
      return;
    case 'BLOCK': {
      const { firstSequence, bootNumber, monotonicStartMs, rowCount } = frame;
      if (rowCount === 0) throw new RangeError('a BLOCK has rows');
      if (follows(frame, before)) {
        // What is left out is checked as well: it must come back.
        inBounds(firstSequence);
        inBounds(bootNumber, MAX_U32);
        inBounds(monotonicStartMs);
        body.varint(rowCount, MOST_ROWS).signed(monotonicStartMs - before.monotonicStartMs - before.stepMs);
      } else {
        body.varint(firstSequence).varint(bootNumber, MAX_U32).varint(monotonicStartMs);
        body.varint(rowCount, MOST_ROWS);
      }
      body.bytes(frame.block);
      return;
    }
    case 'ACK':
      body.varint(frame.nextSequence).varint(frame.utcMs);
      return;
    case 'GAP':
      body
        .varint(frame.firstSequence)
        .varint(frame.nextSequence - frame.firstSequence)
        .u8(GAP_REASONS[frame.reason]);
      return;
    case 'WATCH':
      body.varint(frame.durationMs, MAX_U32).varint(frame.intervalMs, MAX_U32);
      return;
    case 'LIVE':
      body.varint(frame.bootNumber, MAX_U32).varint(frame.monotonicMs).bytes(frame.block);
      return;
    case 'ANCHOR':
      body
        .varint(frame.bootNumber, MAX_U32)
        .varint(frame.monotonicMs)
        .varint(frame.utcMs)
        .varint(frame.errorMs, MAX_U32);
      return;
    case 'PING':
    case 'PONG':
      body.varint(frame.nonce, MAX_U32);
      return;
  }
}

function inBounds(value: number, most = MAX_U48): void {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new RangeError(`${value} is not in 0 … ${most}`);
}

class Writer {
  #held = new Uint8Array(64);
  size: number;

  /** @param room left free before what is written. */
  constructor(room: number) {
    this.size = room;
  }

  /** What was written, with a length in the room before it. */
  after(length: number): Uint8Array {
    const from = LENGTH_BYTES - (length < 128 ? 1 : length < 128 ** 2 ? 2 : LENGTH_BYTES);
    let [at, rest] = [from, length];
    for (; rest >= 128; rest >>>= 7) this.#held[at++] = (rest & 127) | 128;
    this.#held[at] = rest;
    return this.#held.subarray(from, this.size);
  }
  u8(value: number): this {
    this.#room(1);
    this.#held[this.size++] = value;
    return this;
  }
  varint(value: number, most = MAX_U48): this {
    inBounds(value, most);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.u8((rest % 128) | 128);
    return this.u8(rest);
  }
  /** Zigzag: 0, −1, 1, −2 … become 0, 1, 2, 3 … */
  signed(value: number): this {
    return this.varint(value < 0 ? -2 * value - 1 : 2 * value, 4 * MAX_U48);
  }
  hash(hex: string): this {
    if (!/^[0-9a-f]{16}$/.test(hex)) throw new RangeError(`«${hex}» is not a hash of 16 hex digits`);
    for (let i = 0; i < 8; i++) this.u8(Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
    return this;
  }
  bytes(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#held.set(bytes, this.size);
    this.size += bytes.length;
    return this;
  }
  #room(count: number): void {
    if (this.size + count <= this.#held.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#held.length, this.size + count));
    grown.set(this.#held);
    this.#held = grown;
  }
}

/** Reads a body from its start; `null` when it ends too early or a number is too large. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  varint(most = MAX_U48): number | null {
    let value = 0;
    for (let factor = 1; factor <= most; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return null;
      value += (byte & 127) * factor;
      if (byte < 128) return value <= most ? value : null;
    }
    return null;
  }
  signed(): number | null {
    const folded = this.varint(4 * MAX_U48);
    if (folded === null) return null;
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
  }
  hash(): string | null {
    if (this.#at + 8 > this.#bytes.length) return null;
    this.#at += 8;
    let hex = '';
    for (let i = this.#at - 8; i < this.#at; i++) hex += (this.#bytes[i] ?? 0).toString(16).padStart(2, '0');
    return hex;
  }
  /** At least one byte, all there are. */
  rest(): Uint8Array | null {
    return this.#at < this.#bytes.length ? this.#bytes.subarray(this.#at) : null;
  }
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

export type FrameResult =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly message: string };

/**
 * Decodes what follows the length: type and body. `bytes` of the result are views, not copies.
 * @param before place of the BLOCK before it on the connection, without which one that follows is refused.
 */
export function decodeFrame(bytes: Uint8Array, before: BlockPlace | null = null): FrameResult {
  const head = bytes[0] ?? 0;
  const plain = TYPE_NAMES.get(head);
  const type = TYPE_NAMES.get(head & TYPE_MASK) === 'BLOCK' ? 'BLOCK' : plain;
  if (type === undefined) return { ok: false, message: `unknown frame type ${bytes[0] ?? 'none'}` };
  const body = new Reader(bytes.subarray(1));
  const malformed: FrameResult = { ok: false, message: `${type} of ${bytes.length} bytes is malformed` };
  const whole = (frame: Frame): FrameResult => (body.isAtEnd ? { ok: true, frame } : malformed);
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
    case 'REPORT':
      return decodeJson(type, bytes.subarray(1));
    case 'SCHEMA': {
      const [hash, rest] = [body.hash(), body.rest()];
      if (hash === null || rest === null) return malformed;
      return { ok: true, frame: { type, hash, bytes: rest } };
    }
    case 'PRIOR': {
      const [hash, schema, rest] = [body.hash(), body.hash(), body.rest()];
      if (hash === null || schema === null || rest === null) return malformed;
      return { ok: true, frame: { type, hash, schema, bytes: rest } };
    }
    case 'BLOCK': {
      const frame = decodeBlockFrame(head, body, before);
      return frame === null ? malformed : { ok: true, frame };
    }
    case 'ACK': {
      const [nextSequence, utcMs] = [body.varint(), body.varint()];
      if (nextSequence === null || utcMs === null) return malformed;
      return whole({ type, nextSequence, utcMs });
    }
    case 'GAP': {
      const [firstSequence, rows, reasonByte] = [body.varint(), body.varint(), body.varint(0x7f)];
      if (firstSequence === null || rows === null || reasonByte === null) return malformed;
      const reason = GAP_NAMES.get(reasonByte);
      if (reason === undefined) return { ok: false, message: `GAP for unknown reason ${reasonByte}` };
      const nextSequence = firstSequence + rows;
      if (rows === 0 || nextSequence > MAX_U48) return malformed;
      return whole({ type, firstSequence, nextSequence, reason });
    }
    case 'WATCH': {
      const [durationMs, intervalMs] = [body.varint(MAX_U32), body.varint(MAX_U32)];
      if (durationMs === null || intervalMs === null) return malformed;
      return whole({ type, durationMs, intervalMs });
    }
    case 'LIVE': {
      const [bootNumber, monotonicMs, block] = [body.varint(MAX_U32), body.varint(), body.rest()];
      if (bootNumber === null || monotonicMs === null || block === null) return malformed;
      return { ok: true, frame: { type, bootNumber, monotonicMs, block } };
    }
    case 'ANCHOR': {
      const [bootNumber, monotonicMs] = [body.varint(MAX_U32), body.varint()];
      const [utcMs, errorMs] = [body.varint(), body.varint(MAX_U32)];
      if (bootNumber === null || monotonicMs === null || utcMs === null || errorMs === null) return malformed;
      return whole({ type, bootNumber, monotonicMs, utcMs, errorMs });
    }
    case 'PING':
    case 'PONG': {
      const nonce = body.varint(MAX_U32);
      return nonce === null ? malformed : whole({ type, nonce });
    }
  }
}

/** `null`: malformed, or it follows nothing. */
function decodeBlockFrame(head: number, body: Reader, before: BlockPlace | null): BlockFrame | null {
  const isFollowing = (head & FOLLOWS) !== 0;
  const acknowledge = (head & ACKNOWLEDGE) !== 0;
  if (isFollowing) {
    const [rowCount, deviationMs, block] = [body.varint(MOST_ROWS), body.signed(), body.rest()];
    if (before === null || rowCount === null || rowCount === 0 || deviationMs === null || block === null) {
      return null;
    }
    const { bootNumber, nextSequence: firstSequence } = before;
    const monotonicStartMs = before.monotonicStartMs + before.stepMs + deviationMs;
    if (monotonicStartMs < before.monotonicStartMs || monotonicStartMs > MAX_U48) return null;
    if (firstSequence > MAX_U48) return null;
    return { type: 'BLOCK', acknowledge, firstSequence, bootNumber, monotonicStartMs, rowCount, block };
  }
  const [firstSequence, bootNumber, monotonicStartMs] = [body.varint(), body.varint(MAX_U32), body.varint()];
  const [rowCount, block] = [body.varint(MOST_ROWS), body.rest()];
  if (firstSequence === null || bootNumber === null || monotonicStartMs === null) return null;
  if (rowCount === null || rowCount === 0 || block === null) return null;
  return { type: 'BLOCK', acknowledge, firstSequence, bootNumber, monotonicStartMs, rowCount, block };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeJson(type: keyof typeof BODY_SCHEMAS, body: Uint8Array): FrameResult {
  const most = type === 'SETTINGS' ? MOST_SETTINGS_BYTES : MOST_JSON_BYTES;
  if (body.length > most) return { ok: false, message: `${type} of ${body.length} bytes, ${most} at most` };
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
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
  /** Of the frame that is being read; `null` while its own bytes are. */
  #length: number | null = null;
  #lengthBytes = 0;
  #partOfLength = 0;
  #before: BlockPlace | null = null;
  #failed: string | null = null;

  /** Frames completed by `chunk`, in order; a failure comes last. */
  push(chunk: Uint8Array): FrameResult[] {
    if (this.#failed !== null) return [{ ok: false, message: this.#failed }];
    const out: FrameResult[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#length === null) {
        const problem = this.#readLength(chunk[at++] ?? 0);
        if (problem === null) continue;
        out.push(this.#fail(problem));
        return out;
      }
      const taken = Math.min(this.#length - this.#size, chunk.length - at);
      this.#take(chunk, at, taken);
      at += taken;
      if (this.#size < this.#length) break;
      const result = decodeFrame(this.#held.slice(0, this.#length), this.#before);
      this.#size = 0;
      this.#length = null;
      // A large frame's memory is not kept for the small ones that usually follow.
      if (this.#held.length > KEPT_BYTES) this.#held = new Uint8Array(0);
      out.push(result.ok ? result : this.#fail(result.message));
      if (!result.ok) return out;
      if (result.frame.type === 'BLOCK') this.#before = placeOf(result.frame, this.#before);
    }
    return out;
  }

  /** One byte of the length; a sentence when there can be no such frame. */
  #readLength(byte: number): string | null {
    this.#partOfLength += (byte & 127) * 128 ** this.#lengthBytes++;
    if (byte >= 128 && this.#lengthBytes < LENGTH_BYTES) return null;
    const length = this.#partOfLength;
    this.#partOfLength = 0;
    this.#lengthBytes = 0;
    if (byte >= 128) return `frame length of more than ${LENGTH_BYTES} bytes`;
    if (length < 1 || length > MAX_FRAME_BYTES) {
      return `frame length ${length} is not in 1 … ${MAX_FRAME_BYTES}`;
    }
    this.#length = length;
    return null;
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
