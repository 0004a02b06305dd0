// Calls the operator's webhook with each event of an alarm, signed as «Standard Webhooks» has it (standardwebhooks.com, v1:
// HMAC-SHA256 over id, timestamp and body), so that any of its libraries checks a call.
// Invariants: an address of a private network is not called unless that is allowed, whatever name leads to it at that
// moment; no redirect is followed; the id of an event stays the same however often it is sent.
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Carrier, Handed } from './courier.ts';

export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
  readonly allowsPrivate: boolean;
}

const DEADLINE_MS = 30_000;
/** What says that this one call is not understood; all else is of the receiver's being there. */
const NOT_UNDERSTOOD = new Set([400, 413, 415, 422]);

export function webhookCarrier(settings: WebhookSettings, utcMs: () => number): Carrier {
  return ({ id, content }) => call(settings, id, JSON.stringify(content), Math.floor(utcMs() / 1000));
}

/** @param timestamp Unix seconds */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** Only addresses that lead anywhere in the world. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

function call(
  { url, secret, allowsPrivate }: WebhookSettings,
  id: string,
  body: string,
  timestamp: number,
): Promise<Handed> {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (!allowsPrivate && isIP(host) !== 0 && !isPublic(host)) {
    return Promise.resolve({ kind: 'down', why: PRIVATE });
  }
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'webhook-id': id.replaceAll(' ', '-'),
      'webhook-timestamp': timestamp,
      'webhook-signature': signature(secret, id.replaceAll(' ', '-'), timestamp, body),
    },
    signal: AbortSignal.timeout(DEADLINE_MS),
    // A connection of its own: one that is kept open would not be asked where its name leads now.
    agent: false,
    // With each connection, so that a name cannot lead elsewhere between a check and the call.
    ...(allowsPrivate ? {} : { lookup: publicLookup }),
  };
  return new Promise((resolve) => {
    const fails = (error: Error): void => resolve({ kind: 'down', why: error.message });
    const ask = (protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (answer) => {
      answer.on('error', fails);
      answer.resume();
      const status = answer.statusCode ?? 0;
      const why = `it answered ${status}`;
      if (status >= 200 && status < 300) resolve({ kind: 'sent' });
      else resolve({ kind: NOT_UNDERSTOOD.has(status) ? 'later' : 'down', why });
    });
    ask.on('error', fails);
    ask.end(body);
  });
}

const PRIVATE = 'its address is of a private network, which --webhook-allow-private allows';

const publicLookup: NonNullable<RequestOptions['lookup']> = (hostname, options, found) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return found(error, []);
    const known = addresses.filter(({ address }) => isPublic(address));
    const [first] = known;
    if (first === undefined) return found(new Error(PRIVATE), []);
    if (options.all === true) found(null, known);
    else found(null, first.address, first.family);
  });
};
