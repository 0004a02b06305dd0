// Connections of the simulated machines: the product's own, made cheap. All share one TLS context, and a certificate whose
// key was once compared with the pins is known again by its bytes.
// Not here: what is said (protocol), when to dial (edge/uplink).
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type Dial, dialBy } from '@vigie/edge';
import { pinOf } from '../../packages/edge/src/enrolment/identity.ts';

export function sharedDial(): Dial {
  const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ca: [] });
  let known: { readonly certificate: Buffer; readonly pin: string } | null = null;
  return dialBy({ secureContext }, (certificate) => {
    if (!known?.certificate.equals(certificate)) {
      const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
      known = { certificate, pin: pinOf(spki) };
    }
    return known.pin;
  });
}
