// Who asks, and how: the address behind a proxy, whether the way is encrypted, the cookie that carries the session.
// Invariants: headers of a proxy count only where one is said to stand in front; over plain HTTP a session is opened only
// for this computer itself; over HTTPS the cookie is bound to this host (`__Host-`). Not here: what a session is worth.
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { From } from '../accounts/sessions.ts';
import { SESSION_SECONDS } from '../accounts/sessions.ts';
import { fail } from './fail.ts';

const COOKIE = 'vigie-session';
const FORWARDED = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded', 'via'] as const;

export interface Way {
  /** This server itself ends TLS. */
  readonly endsTls: boolean;
  /** One proxy stands in front, and sets X-Forwarded-For and X-Forwarded-Proto. */
  readonly trustProxy: boolean;
}

export function addressOf(c: Context, { trustProxy }: Way): string {
  const remote = getConnInfo(c).remote.address ?? 'unknown';
  if (!trustProxy) return remote;
  // What stands before the last one is what whoever asked the proxy made up.
  return c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim().slice(0, 64) || remote;
}

export function fromOf(c: Context, way: Way): From {
  return { address: addressOf(c, way), agent: c.req.header('user-agent') ?? '' };
}

export function isEncrypted(c: Context, { endsTls, trustProxy }: Way): boolean {
  return endsTls || (trustProxy && c.req.header('x-forwarded-proto') === 'https');
}

/** A request through a proxy that nobody told this server of comes from anywhere, whatever its last stretch is. */
function isFromHere(c: Context): boolean {
  if (FORWARDED.some((name) => c.req.header(name) !== undefined)) return false;
  // A name of another site that leads here, or one that a proxy passed on.
  if (!/^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/.test(c.req.header('host') ?? '')) return false;
  return /^(::ffff:)?127\.|^::1$/.test(getConnInfo(c).remote.address ?? '');
}

/** Before anything that takes a password, a code or a link. */
export function encryptedOnly(way: Way): MiddlewareHandler {
  return (c, next) =>
    isEncrypted(c, way) || isFromHere(c)
      ? next()
      : Promise.resolve(
          fail(
            c,
            'insecure',
            'Passwords are taken over HTTPS only: give the server --tls-cert and --tls-key, or a proxy and --trust-proxy.',
          ),
        );
}

/** What changes something must come from this site's own pages; a program that is no browser says nothing of a site. */
export const sameSiteOnly: MiddlewareHandler = async (c, next) => {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    const site = c.req.header('sec-fetch-site');
    const origin = c.req.header('origin');
    const own =
      site === undefined
        ? origin === undefined || hostOf(origin) === c.req.header('host')
        : site === 'same-origin' || site === 'none';
    if (!own) return fail(c, 'forbidden', 'This request comes from another site.');
  }
  return next();
};

export function tokenOf(c: Context, way: Way): string | null {
  return (isEncrypted(c, way) ? getCookie(c, COOKIE, 'host') : getCookie(c, COOKIE)) ?? null;
}

export function giveToken(c: Context, way: Way, token: string): void {
  const encrypted = isEncrypted(c, way);
  setCookie(c, COOKIE, token, {
    ...{ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: SESSION_SECONDS, secure: encrypted },
    ...(encrypted ? { prefix: 'host' } : {}),
  });
}

export function takeToken(c: Context, way: Way): void {
  const encrypted = isEncrypted(c, way);
  deleteCookie(c, COOKIE, { path: '/', secure: encrypted, ...(encrypted ? { prefix: 'host' } : {}) });
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
