// Who this edge is: its machine, its Ed25519 key, the pins of its server. Files of mode 0600, written whole or not
// at all. The private key is made here and never leaves. A new key stands beside the present one until the server's
// answer, so that whenever the power goes one of them is the one the server knows.
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import { machineId } from '@vigie/protocol';
import { z } from 'zod';
import { keepFile, recoverFile, syncFolder, writeWhole } from '../kept-file.ts';

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

/** `say`: told when the file was damaged and its copy is used. */
export function readIdentity(
  folder: string,
  say: (message: string) => void = () => undefined,
): Outcome<Identity> {
  const file = join(folder, 'identity.json');
  const found = recoverFile(file, (text) => identitySchema.parse(JSON.parse(text)));
  switch (found.kind) {
    case 'found':
      if (found.fromPrevious) say(`${file}: damaged; its copy is used`);
      return { ok: true, value: found.value };
    case 'missing':
      return {
        ok: false,
        message: `${file}: this edge is not enrolled yet; run vigie-edge enrol --server HOST --code CODE --data ${folder}`,
      };
    case 'unreadable':
      return {
        ok: false,
        message: `${file}: who this box is cannot be read (${found.message}): check the disk and who owns the file, or replace the card and enrol again`,
      };
    case 'damaged':
      return { ok: false, message: `${file}: damaged, and so is its copy; enrol this edge again` };
  }
}

export function writeIdentity(folder: string, identity: Identity): void {
  keepFile(join(folder, 'identity.json'), JSON.stringify(identity, null, 2));
}

const KEY = 'machine-key.pem';
/** Made to take the place of the key, and not known to be the server's yet. */
const NEXT_KEY = 'machine-key-next.pem';

/** Keys the server may know this machine by: its key, then one whose registration has no answer yet. At least one. */
export function credentials(folder: string): Outcome<readonly Credential[]> {
  const current = readKey(join(folder, KEY));
  const next = readKey(join(folder, NEXT_KEY));
  const found = [current, next].filter((key) => typeof key !== 'string');
  if (found.length > 0) return { ok: true, value: found };
  const file = join(folder, KEY);
  return {
    ok: false,
    message:
      current === 'unreadable'
        ? `${file}: cannot be read; check the disk and who owns the file, or replace the card and enrol again`
        : `${file}: ${current === 'damaged' ? current : 'lost'}; enrol this edge again`,
  };
}

function readKey(file: string): Credential | 'missing' | 'damaged' | 'unreadable' {
  try {
    return credentialOf(createPrivateKey(readFileSync(file)));
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'missing';
    // What OpenSSL does not take has a code too, and no call of the system.
    return syscall === undefined ? 'damaged' : 'unreadable';
  }
}

/** A key to be registered: that of an earlier attempt, whose answer may have been lost, or a new one. On disk first. */
export function nextCredential(folder: string): Outcome<Credential> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, NEXT_KEY);
    const earlier = readKey(file);
    if (typeof earlier !== 'string') return { ok: true, value: earlier };
    const key = generateKeyPairSync('ed25519').privateKey;
    writeWhole(file, key.export({ type: 'pkcs8', format: 'pem' }).toString());
    syncFolder(folder);
    return { ok: true, value: credentialOf(key) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is not a folder' : message;
    return { ok: false, message: `the data folder ${folder} cannot be used: ${why}` };
  }
}

/** The server knows the machine by this key: if it is the next one, it takes the place of the present one. */
export function promoteKey(folder: string, { publicKey }: Credential): void {
  const next = readKey(join(folder, NEXT_KEY));
  if (typeof next === 'string' || next.publicKey !== publicKey) return;
  try {
    renameSync(join(folder, NEXT_KEY), join(folder, KEY));
  } catch (error) {
    // An agent and a command may both learn it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  syncFolder(folder);
}

function credentialOf(key: KeyObject): Credential {
  const jwk = key.export({ format: 'jwk' });
  return {
    publicKey: Buffer.from(jwk.x ?? '', 'base64url').toString('base64'),
    sign: (message) => sign(null, message, key),
  };
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
