// Bytes of Modbus RTU: requests that read, the loopback that finds the step again, and what received bytes are. Pure.
// Invariant: an answer is taken only whole, of this unit, to this function, of this length and with a right CRC.
// Not here: when they are sent (modbus-rtu.ts).
import { answerBytes, type ReadRequest } from './requests.ts';

const READ = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;
const LOOPBACK = 8;
const EXCEPTION = 0x80;
const EXCEPTION_LENGTH = 5;

export type Received =
  | { readonly kind: 'values'; readonly bytes: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number }
  /** Good so far, and not all of it. */
  | { readonly kind: 'more' }
  /** Noise, or the answer of another unit or to another request. `what` goes after «the controller sent». */
  | { readonly kind: 'wrong'; readonly what: string };

/** CRC of the bytes, low byte first on the wire: polynomial 0xA001, from 0xFFFF. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

function framed(...bytes: number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(bytes));
  return Uint8Array.from([...bytes, crc & 0xff, crc >> 8]);
}

function hasRightCrc(frame: Uint8Array): boolean {
  const end = frame.length - 2;
  return crc16(frame.subarray(0, end)) === (frame[end] ?? 0) + 256 * (frame[end + 1] ?? 0);
}

export function readFrame(unit: number, { table, address, count }: ReadRequest): Uint8Array {
  return framed(unit, READ[table], address >> 8, address & 0xff, count >> 8, count & 0xff);
}

/** Bytes of a whole answer. */
export function answerLength(request: ReadRequest): number {
  return 5 + answerBytes(request);
}

/** What the bytes received since the request are. */
export function received(unit: number, request: ReadRequest, bytes: Uint8Array): Received {
  const code = READ[request.table];
  const [from, answered, size] = bytes;
  if (from === undefined) return { kind: 'more' };
  if (from !== unit) return { kind: 'wrong', what: `something that is not of unit ${unit}` };
  if (answered === undefined) return { kind: 'more' };
  if (answered !== code && answered !== (code | EXCEPTION))
    return { kind: 'wrong', what: 'an answer to something else' };
  const length = answered === code ? answerLength(request) : EXCEPTION_LENGTH;
  if (answered === code && size !== undefined && size !== answerBytes(request))
    return { kind: 'wrong', what: `${size} bytes of values instead of ${answerBytes(request)}` };
  if (bytes.length < length) return { kind: 'more' };
  const frame = bytes.subarray(0, length);
  if (!hasRightCrc(frame)) return { kind: 'wrong', what: 'a damaged answer (its checksum is wrong)' };
  return answered === code
    ? { kind: 'values', bytes: frame.slice(3, -2) }
    : { kind: 'exception', code: size ?? 0 };
}

/** A question whose answer repeats `mark` (16 bits), and whose refusal is no answer to any reading. */
export function loopbackFrame(unit: number, mark: number): Uint8Array {
  return framed(unit, LOOPBACK, 0, 0, mark >> 8, mark & 0xff);
}

/** Whether the bytes end with the answer to this very loopback. */
export function endsWithEcho(unit: number, mark: number, bytes: Uint8Array): boolean {
  const echo = bytes.subarray(-8);
  return echo.length === 8 && loopbackFrame(unit, mark).every((byte, i) => byte === echo[i]);
}

/** Refusals of loopbacks among the bytes; they do not say of which ones. */
export function countRefusals(unit: number, bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + EXCEPTION_LENGTH <= bytes.length; at++) {
    if (bytes[at] !== unit || bytes[at + 1] !== (LOOPBACK | EXCEPTION)) continue;
    if (hasRightCrc(bytes.subarray(at, at + EXCEPTION_LENGTH))) count++;
  }
  return count;
}
