// The webhook against a real HTTP server: signed as its standard has it (checked by that standard's own library), sent again
// under the same id while the receiver is gone, and never to a private address unless that is allowed.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isPublic, webhookCarrier } from './webhook.ts';

const SECRET = `whsec_${Buffer.from('a secret of enough letters').toString('base64')}`;
let server: Server;
let url: string;
let status = 204;
const heard: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  server = createServer((ask, answer) => {
    let body = '';
    ask.on('data', (chunk) => {
      body += String(chunk);
    });
    ask.on('end', () => {
      heard.push({ headers: ask.headers, body });
      answer.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('x'.repeat(1000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://localhost:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  status = 204;
  heard.splice(0);
});

const claimed = {
  ...{ id: 'webhook TV-12/7', account: null, content: { event: 'rung', machine: 'TV-12' } },
  ...{ madeMs: 0, attempts: 1, expiresMs: null },
};
const carrier = (allowsPrivate: boolean, at = url) =>
  webhookCarrier({ url: at, secret: SECRET, allowsPrivate }, () => Date.now());

it('is signed so that the library of its standard believes it, and nothing else', async () => {
  expect(await carrier(true)(claimed)).toEqual({ kind: 'sent' });
  const [call] = heard;
  const headers = call?.headers as Record<string, string>;
  expect(new Webhook(SECRET).verify(call?.body ?? '', headers)).toEqual(claimed.content);
  expect(() => new Webhook(SECRET).verify(`${call?.body} `, headers)).toThrow();
  await carrier(true)(claimed);
  expect(heard[1]?.headers['webhook-id']).toBe(headers['webhook-id']);
});

it.each([
  [500, 'down'],
  [429, 'down'],
  [401, 'down'],
  [302, 'down'],
  [422, 'later'],
] as const)('answered %i is %s', async (answered, kind) => {
  status = answered;
  expect(await carrier(true)(claimed)).toMatchObject({ kind });
  expect(heard, 'no redirect is followed').toHaveLength(1);
});

it('nobody there is down', async () => {
  expect(await carrier(true, 'http://127.0.0.1:1/')(claimed)).toMatchObject({ kind: 'down' });
});

describe('a private address', () => {
  it('is not called, by number or by a name that leads to it', async () => {
    for (const at of [url, url.replace('localhost', '127.0.0.1'), url.replace('localhost', '[::1]')]) {
      expect(await carrier(false, at)(claimed)).toMatchObject({
        kind: 'down',
        why: expect.stringContaining('private'),
      });
    }
    expect(heard).toEqual([]);
  });

  it.each([
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fc00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    'ff02::1',
    'localhost',
    '',
  ])('%s is one', (address) => expect(isPublic(address)).toBe(false));

  it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:93.184.216.34'])(
    '%s is none',
    (address) => expect(isPublic(address)).toBe(true),
  );
});
