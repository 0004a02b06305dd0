// The web site over HTTPS by certificate files, and over plain HTTP from another address: a real server, real TLS.
import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linkIdentity } from '../packages/server/src/gateway/identity.ts';
import { command, World } from './world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.dispose());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(address: string, path: string, body?: object, cookie = ''): Promise<Answer> {
  const request = address.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL(path, address),
      {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', cookie },
        // Nobody has signed it: what is asked here is that it is used.
        rejectUnauthorized: false,
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += String(chunk);
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const person = (code: string) => ({
  ...{ code, name: 'Léa', email: 'lea@example.com', password: 'ten sober herons', language: 'fr' },
});

function certificate(name: string): { cert: string; key: string } {
  mkdirSync(world.path(name));
  const { keyPem, certificatePem } = linkIdentity(world.path(name));
  const files = { cert: world.path(name, 'cert.pem'), key: world.path(name, 'key.pem') };
  writeFileSync(files.cert, certificatePem);
  writeFileSync(files.key, keyPem);
  return files;
}

interface Listening {
  readonly address: string;
  readonly setupCode: string;
}
const ports = ['--port', '0', '--link-host', '127.0.0.1', '--link-port', '0'];

it('signs in over HTTPS with a cookie bound to the host', async () => {
  const { cert, key } = certificate('one');
  const tls = ['--tls-cert', cert, '--tls-key', key];
  const server = world.start('vigie-server', ['--data', world.path('server'), ...ports, ...tls]);
  const { address, setupCode } = await server.event<Listening>('listening');
  expect(address).toMatch(/^https:/);
  const made = await ask(address, '/api/setup', person(setupCode));
  expect(made.status, made.body).toBe(200);
  expect(made.headers['strict-transport-security']).toBe('max-age=31536000');
  const [cookie = ''] = made.headers['set-cookie'] ?? [];
  expect(cookie).toMatch(/^__Host-vigie-session=\S+; .*Secure/);
  const me = await ask(address, '/api/me', undefined, cookie.split(';')[0]);
  expect(JSON.parse(me.body)).toMatchObject({ name: 'Léa' });
});

it('says in one sentence what is wrong with certificate files, and starts nothing', async () => {
  const [one, other] = [certificate('one'), certificate('other')];
  const run = (...flags: string[]) =>
    command('vigie-server', ['--data', world.path('server'), ...ports, ...flags]);
  const cases: readonly [string[], RegExp, number][] = [
    [['--tls-cert', one.cert], /--tls-cert and --tls-key are needed together/, 2],
    [['--tls-cert', one.cert, '--tls-key', other.key], /do not serve as a pair/, 1],
    [['--tls-cert', world.path('none.pem'), '--tls-key', one.key], /none\.pem cannot be read \(ENOENT\)/, 1],
    [['--tls-cert', one.cert, '--tls-key', one.key, '--trust-proxy'], /not both/, 2],
  ];
  for (const [flags, sentence, code] of cases) {
    const result = await run(...flags);
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result.code).toBe(code);
  }
});

it('signs nobody in over plain HTTP from another address', async () => {
  const elsewhere = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  // A machine without a network has no other address.
  if (elsewhere === undefined) return;
  const flags = ['--data', world.path('server'), ...ports, '--host', '0.0.0.0'];
  const { address, setupCode } = await world.start('vigie-server', flags).event<Listening>('listening');
  const { port } = new URL(address);
  const refused = await ask(`http://${elsewhere}:${port}`, '/api/setup', person(setupCode));
  expect([refused.status, JSON.parse(refused.body).error.code]).toEqual([400, 'insecure']);
  const here = await ask(`http://127.0.0.1:${port}`, '/api/setup', person(setupCode));
  expect(here.status, here.body).toBe(200);
});
