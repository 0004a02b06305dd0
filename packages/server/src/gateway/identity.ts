// The server's keys on the link: an active and a spare P-256 key, each under a certificate that only carries it.
// Edges know the server by the SHA-256 of these public keys, whatever a certificate says of names or dates.
// Not here: TLS itself, and certificates of the web site.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export interface LinkIdentity {
  readonly keyPem: string;
  readonly certificatePem: string;
  /** SHA-256 (hex) of the SubjectPublicKeyInfo of the active key, then of the spare one. */
  readonly pins: readonly [string, string];
}

const ACTIVE = 'link-key.pem';
const SPARE = 'link-key-spare.pem';

/** Reads the keys of the folder, made at the first call. */
export function linkIdentity(folder: string): LinkIdentity {
  const active = readOrMake(join(folder, ACTIVE));
  const spare = readOrMake(join(folder, SPARE));
  return { keyPem: active, certificatePem: selfSigned(active), pins: [pinOf(active), pinOf(spare)] };
}

/**
 * The spare key becomes the active one, and a new spare is made. The old active key is gone. Whenever the power goes,
 * the active key is one that edges know: a spare that is missing is made at the next reading.
 */
export function rotateLinkKey(folder: string): LinkIdentity {
  readOrMake(join(folder, SPARE));
  renameSync(join(folder, SPARE), join(folder, ACTIVE));
  const identity = linkIdentity(folder);
  // Edges are told only of what outlives a power cut.
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
  return identity;
}

function readOrMake(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8');
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Server and commands may do this at the same time: the first one's key is everybody's.
  const made = `${file}.${process.pid}`;
  writeFileSync(made, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flush: true });
  try {
    linkSync(made, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(made);
  }
  return readFileSync(file, 'utf8');
}

function spkiOf(keyPem: string): Buffer {
  return createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'der' });
}

function pinOf(keyPem: string): string {
  return createHash('sha256').update(spkiOf(keyPem)).digest('hex');
}

// DER (ITU-T X.690): tag, length, contents.
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const SEQUENCE = 0x30;
const ECDSA_WITH_SHA256 = der(SEQUENCE, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const NAME = der(
  SEQUENCE,
  der(0x31, der(SEQUENCE, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from('vigie')))),
);
const FOR_EVER = der(
  SEQUENCE,
  der(0x17, Buffer.from('700101000000Z')),
  // RFC 5280 §4.1.2.5: a certificate without a well-defined end.
  der(0x18, Buffer.from('99991231235959Z')),
);

/** The least X.509 certificate that TLS takes (RFC 5280 §4.1, version 1): nobody reads anything of it but the key. */
function selfSigned(keyPem: string): string {
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const signed = der(SEQUENCE, der(0x02, serial), ECDSA_WITH_SHA256, NAME, FOR_EVER, NAME, spkiOf(keyPem));
  const signature = sign('sha256', signed, keyPem);
  const certificate = der(SEQUENCE, signed, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export interface EnrolmentCode {
  /** What a person copies: "VG1-", then base32 (RFC 4648) of ten secret bytes and the first sixteen of the pin. */
  readonly text: string;
  /** Of the secret's hex, which is what travels. */
  readonly sha256: string;
}

export function newEnrolmentCode(pin: string): EnrolmentCode {
  const secret = randomBytes(10);
  let bits = '';
  for (const byte of Buffer.concat([secret, Buffer.from(pin, 'hex').subarray(0, 16)])) {
    bits += byte.toString(2).padStart(8, '0');
  }
  const letters = (bits.match(/.{1,5}/g) ?? []).map(
    (five) => ALPHABET[Number.parseInt(five.padEnd(5, '0'), 2)],
  );
  const groups = letters.join('').match(/.{1,6}/g) ?? [];
  return { text: `VG1-${groups.join('-')}`, sha256: codeSha256(secret.toString('hex')) };
}

export function codeSha256(secretHex: string): string {
  return createHash('sha256').update(secretHex).digest('hex');
}
