// Checks and hashes: CRC-24 of blocks and priors, fingerprint of a schema, content hash of a prior.
// CRC-24 (RFC 4880) finds every burst of up to 24 bits, hence every flipped bit, and misses one random error in
// sixteen million; blocks travel inside TLS and rest in databases, which check as well. These are no signatures.
import type { CodecSchema } from './types.ts';

/** What a byte makes of the check with no, one and two bytes after it: three bytes, all of the check, go in at once. */
const CRC_LAST = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 16;
  for (let k = 0; k < 8; k++) crc = crc & 0x80_0000 ? (crc << 1) ^ 0x86_4cfb : crc << 1;
  return crc & 0xff_ffff;
});
const CRC_MIDDLE = CRC_LAST.map(afterByte);
const CRC_FIRST = CRC_MIDDLE.map(afterByte);

function afterByte(crc: number): number {
  return ((crc << 8) & 0xff_ffff) ^ CRC_LAST[crc >>> 16]!;
}

/** CRC-24 of `bytes[0 … end−1]`, begun at `seed` (24 bits). */
export function crc24(bytes: Uint8Array, end: number, seed: number): number {
  let crc = seed;
  let i = 0;
  for (; i + 3 <= end; i += 3) {
    crc =
      CRC_FIRST[(crc >>> 16) ^ bytes[i]!]! ^
      CRC_MIDDLE[((crc >>> 8) & 255) ^ bytes[i + 1]!]! ^
      CRC_LAST[(crc & 255) ^ bytes[i + 2]!]!;
  }
  for (; i < end; i++) crc = afterByte(crc ^ (bytes[i]! << 16));
  return crc;
}

/**
 * The check of a block or prior: CRC-24 begun at `seed` and the length. Without the length, one block in 256 would
 * still check when its last byte is cut off.
 */
export function checkOf(bytes: Uint8Array, end: number, seed: number): number {
  return crc24(bytes, end, seed ^ (Math.imul(end, 0x9e37_79b1) >>> 8));
}

const KIND_NUMBER = { number: 1, counter: 2, boolean: 3, state: 4, text: 5 } as const;

/** 24 bits of what decoding needs of a schema, so that a block is refused under a schema that is not its own. */
export function fingerprint(schema: CodecSchema): number {
  let hash = mix(0x811c_9dc5, schema.intervalMs);
  for (const { kind, decimals } of schema.channels) {
    hash = mix(hash, KIND_NUMBER[kind] * 32 + (decimals === null ? 31 : decimals + 1));
  }
  hash = mix(hash, schema.channels.length);
  return (hash ^ (hash >>> 24)) & 0xff_ffff;
}

/** One step of FNV-1a on 32 bits of a number. */
function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ (value | 0), 0x0100_0193);
  return mixed ^ (mixed >>> 15);
}

/** FNV-1a of 64 bits, as 16 lower-case hex digits. */
export function contentHash(bytes: Uint8Array): string {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  return hash.toString(16).padStart(16, '0');
}
