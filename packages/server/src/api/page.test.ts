// The page's files over real HTTP: what protects each kind of answer, what is compressed and how long each is kept.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './testing.ts';

const script = "document.documentElement.lang = 'fr';";
const document = `<!doctype html><script>${script}</script><script type="module" src="/assets/a.js"></script>`;
const code = `console.log('${'much the same '.repeat(100)}');`;

let api: TestApi;
const folder = mkdtempSync(join(tmpdir(), 'vigie-page-'));

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  for (const [name, text] of [
    ['index.html', document],
    ['assets/a.js', code],
    ['favicon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ] as const) {
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text));
  }
  api = await startApi({ page: folder });
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}, as: 'user' | null = null) =>
  api.ask(as, { method: 'GET', path, headers });

describe('a document', () => {
  it.each(['/', '/fleet', '/m/TV-12', '/nowhere', '/index.html'])(
    'is whole protected and never kept: %s',
    async (path) => {
      const { headers } = await get(path);
      const policy = (headers.get('content-security-policy') ?? '').split('; ');
      const hash = createHash('sha256').update(script).digest('base64');
      expect(policy).toEqual([
        "default-src 'self'",
        `script-src 'self' 'sha256-${hash}'`,
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
      ]);
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'origin-agent-cluster': '?1',
        'cache-control': 'no-cache',
      });
    },
  );

  it('allows the script that it has now, where it was built anew', async () => {
    const other = "document.title = 'built anew';";
    writeFileSync(join(folder, 'index.html'), document.replace(script, other));
    const hash = createHash('sha256').update(other).digest('base64');
    const { headers } = await get('/fleet', { 'accept-encoding': 'identity' });
    expect(headers.get('content-security-policy')).toContain(`'sha256-${hash}'`);
  });

  it('and whatever else may be shown as one has its policy', async () => {
    for (const path of ['/favicon.svg', '/edge/install.sh']) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
  });
});

describe('a file of code', () => {
  it.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['identity', null],
  ])('comes as %s allows, with its length, and is kept for ever', async (accepted, sent) => {
    const answer = await get('/assets/a.js', { 'accept-encoding': accepted });
    expect(await answer.text()).toBe(code);
    expect(answer.headers.get('content-encoding')).toBe(sent);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^text\/javascript/),
      'content-length': expect.stringMatching(/^\d+$/),
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(answer.headers.get('content-security-policy')).toBeNull();
  });

  it('that is not there is no page, and is not kept', async () => {
    const answer = await get('/assets/none.js');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([404, null]);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('data', () => {
  it('run and embed nothing, are kept by nobody, and are of no other site', async () => {
    for (const person of ['user', null] as const) {
      const { headers } = await get('/api/me', {}, person);
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    }
  });

  it('come by brotli, else gzip, else as they are, with their length', async () => {
    const path = '/api/catalogue';
    const plain = await get(path, { 'accept-encoding': 'identity' }, 'user');
    const text = await plain.text();
    expect(plain.headers.get('content-encoding')).toBeNull();
    for (const [accepted, encoding] of [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip, br;q=0', 'gzip'],
    ] as const) {
      const answer = await get(path, { 'accept-encoding': accepted }, 'user');
      expect(answer.headers.get('content-encoding')).toBe(encoding);
      expect(Number(answer.headers.get('content-length'))).toBeLessThan(text.length);
      // But for the server's clock.
      expect(JSON.parse(await answer.text())).toEqual({ ...JSON.parse(text), nowMs: expect.any(Number) });
    }
  });
});

it('says over TLS that it is only there, with every answer', async () => {
  const tls = await startApi({ page: folder, endsTls: true });
  for (const path of ['/', '/assets/a.js', '/api/setup']) {
    const { headers } = await tls.ask(null, { method: 'GET', path });
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  }
  await tls.close();
});
