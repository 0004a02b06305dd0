// Whether a machine's signature is right: Ed25519 (RFC 8032) by the key it enrolled with. Not here: what is signed (protocol).
import { createPublicKey, verify } from 'node:crypto';

/** @param proof, publicKey in base64; the key is the raw 32 bytes. Hostile text is a signature that is not right. */
export type IsSigned = (message: Uint8Array, proof: string, publicKey: string) => boolean;

export const isSigned: IsSigned = (message, proof, publicKey) => {
  try {
    const x = Buffer.from(publicKey, 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, key, Buffer.from(proof, 'base64'));
  } catch {
    return false;
  }
};
