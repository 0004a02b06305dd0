// What a browser is told so that it takes an answer for nothing but what it is. Invariants: whatever a browser may show as a
// page has a policy of its own and is shown in no frame; nothing is read by another site, nor taken for another type.
// By kind of answer, since each first view has some dozens of them and every header comes with each: what only a document
// obeys is sent with documents. X-XSS-Protection, X-Download-Options, X-DNS-Prefetch-Control and
// X-Permitted-Cross-Domain-Policies speak to browsers and plug-ins that no longer run this page, and are not sent.
import { createMiddleware } from 'hono/factory';
import { secureHeaders } from 'hono/secure-headers';
import { inlineScriptHash } from './page.ts';

const ONLY_WHERE_ASKED = {
  ...{ xXssProtection: false, xDownloadOptions: false, xDnsPrefetchControl: false },
  ...{ xPermittedCrossDomainPolicies: false, xFrameOptions: false, originAgentCluster: false },
  ...{ crossOriginOpenerPolicy: false, referrerPolicy: false },
};

/** @param page folder of the built page. @param endsTls whether this server does: a proxy that does speaks for itself */
export function protect({ page, endsTls }: { readonly page: string; readonly endsTls: boolean }) {
  // RFC 6797, section 7.1: with every answer.
  const strictTransportSecurity = endsTls ? 'max-age=31536000' : false;
  const ofAll = { ...ONLY_WHERE_ASKED, strictTransportSecurity };
  const files = secureHeaders(ofAll);
  /** OWASP's REST security cheat sheet: data opened in a window of their own run and embed nothing. */
  const data = secureHeaders({
    ...ofAll,
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  });
  const documents = secureHeaders({
    ...ofAll,
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'", () => inlineScriptHash(page)],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
      formAction: ["'self'"],
    },
    xFrameOptions: 'DENY',
    crossOriginOpenerPolicy: true,
    originAgentCluster: true,
    referrerPolicy: 'same-origin',
  });
  return createMiddleware((c, next) => {
    if (c.req.path.startsWith('/api/')) return data(c, next);
    if (c.req.path.startsWith('/assets/')) return files(c, next);
    return documents(c, next);
  });
}
