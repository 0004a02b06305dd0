// Who this edge is: its machine, its Ed25519 key, the pins of its server. Files of mode 0600, written whole or not
// at all. The private key is made here and never leaves.
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import { machineId } from '@vigie/protocol';
import { z } from 'zod';

const identitySchema = z.strictObject({
  machine: machineId,
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  /** SHA-256 (hex) of the public keys the server may show. */
  pins: z.array(z.string().regex(/^[0-9a-f]{64}$/)).min(1),
});
export type Identity = z.infer<typeof identitySchema>;

export interface Credential {
  /** Raw public key, base64. */
  readonly publicKey: string;
  sign(message: Uint8Array): Buffer;
}

export function readIdentity(folder: string): Outcome<Identity> {
  const file = join(folder, 'identity.json');
  try {
    return { ok: true, value: identitySchema.parse(JSON.parse(readFileSync(file, 'utf8'))) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    return {
      ok: false,
      message: missing
        ? `${file}: this edge is not enrolled yet; run vigie-edge enrol --server HOST:PORT --code CODE --data ${folder}`
        : `${file}: damaged; enrol this edge again`,
    };
  }
}

export function writeIdentity(folder: string, identity: Identity): void {
  writeWhole(join(folder, 'identity.json'), JSON.stringify(identity, null, 2));
}

/** The key that this edge enrolled with. */
export function credential(folder: string): Outcome<Credential> {
  const file = join(folder, 'machine-key.pem');
  try {
    return { ok: true, value: credentialOf(createPrivateKey(readFileSync(file))) };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { ok: false, message: `${file}: ${missing ? 'lost' : 'damaged'}; enrol this edge again` };
  }
}

/** The key to enrol with: that of an earlier attempt, or a new one. */
export function makeCredential(folder: string): Outcome<Credential> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const kept = credential(folder);
    if (kept.ok) return kept;
    const key = generateKeyPairSync('ed25519').privateKey;
    writeWhole(join(folder, 'machine-key.pem'), key.export({ type: 'pkcs8', format: 'pem' }).toString());
    return { ok: true, value: credentialOf(key) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is not a folder' : message;
    return { ok: false, message: `the data folder ${folder} cannot be used: ${why}` };
  }
}

function credentialOf(key: KeyObject): Credential {
  const jwk = key.export({ format: 'jwk' });
  return {
    publicKey: Buffer.from(jwk.x ?? '', 'base64url').toString('base64'),
    sign: (message) => sign(null, message, key),
  };
}

/** Write aside, sync, rename: after a power cut the file is the old one or the new one. */
export function writeWhole(file: string, text: string): void {
  const handle = openSync(`${file}.new`, 'w', 0o600);
  try {
    // A disk that fills up takes a part of a write: this writes the rest, or throws.
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** "VG1-" and base32 (RFC 4648) of ten secret bytes and the first sixteen of the server's pin. */
export function parseEnrolmentCode(
  code: string,
): Outcome<{ readonly secretHex: string; readonly pinStart: string }> {
  const text = code
    .trim()
    .toUpperCase()
    .replace(/^VG1-?/, '')
    .replace(/[\s-]/g, '');
  let bits = '';
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0)
      return { ok: false, message: `the enrolment code has a «${letter}», which no code contains` };
    bits += value.toString(2).padStart(5, '0');
  }
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  if (bytes.length !== 26) {
    return { ok: false, message: 'the enrolment code is not whole; copy all of it, from VG1- on' };
  }
  return {
    ok: true,
    value: { secretHex: bytes.subarray(0, 10).toString('hex'), pinStart: bytes.subarray(10).toString('hex') },
  };
}

/** SHA-256 (hex) of a certificate's SubjectPublicKeyInfo. */
export function pinOf(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('hex');
}
