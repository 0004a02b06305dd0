// Bad input to the API (FAULTS.md): each is refused clearly, changes nothing, leaks nothing, and never breaks the server.
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Asked, PASSWORD, type Person, startApi, type TestApi } from './testing.ts';

let api: TestApi;
/** Behind a proxy that ends TLS, and is said to. */
let proxied: TestApi;
beforeAll(async () => {
  [api, proxied] = await Promise.all([startApi(), startApi({ trustProxy: true })]);
});
afterAll(() => Promise.all([api.close(), proxied.close()]));
beforeEach(() => api.reseed());

async function refused(person: Person | null, asked: Asked, status: number, at = api): Promise<string> {
  const before = await at.snapshot();
  const answer = await at.ask(person, asked);
  const text = await answer.text();
  expect(answer.status, text).toBe(status);
  expect(JSON.parse(text)).toMatchObject({
    error: { code: expect.any(String), message: expect.any(String) },
  });
  expect(answer.headers.get('set-cookie')).toBeNull();
  expect(await at.snapshot()).toBe(before);
  return text;
}

/** As it stands, without what `fetch` makes of a path. */
function raw(
  path: string,
  cookie: string,
  more: Readonly<Record<string, string>> = {},
  sent?: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.address);
    const method = sent === undefined ? 'GET' : 'POST';
    const ask = httpRequest({ hostname, port, path, method, headers: { cookie, ...more } }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += String(chunk);
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    ask.on('error', reject);
    ask.end(sent);
  });
}

const machine = (name: string) => ({
  method: 'POST',
  path: '/api/machines',
  body: { id: 'NEW-1', name, site: '', timeZone: 'Europe/Paris' },
});

describe('names', () => {
  it.each([
    ['nothing', '   '],
    ['NUL', 'A\0B'],
    ['CR and LF', 'A\r\nBcc: all@example.com'],
    ['a tab', 'A\tB'],
    ['what turns the direction', 'TV\u202e21-'],
    ['half of a letter', 'A\ud800'],
    ['81 letters', 'x'.repeat(81)],
  ])('of %s are refused', async (_, name) => {
    expect(await refused('root', machine(name), 400)).toContain('name: ');
  });

  it('of broken UTF-8 and of a megabyte are refused', async () => {
    const before = await api.snapshot();
    const bytes = Buffer.concat([
      Buffer.from('{"id":"NEW-1","name":"A'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","site":"","timeZone":"UTC"}'),
    ]);
    const answer = await fetch(`${api.address}/api/machines`, {
      method: 'POST',
      headers: { cookie: 'vigie-session=token-of-root', 'content-type': 'application/json' },
      body: bytes,
    });
    expect(answer.status).toBe(400);
    expect(await api.snapshot()).toBe(before);
    // The server does not read it to its end, so that the connection serves nothing else afterwards.
    const huge = { ...machine('x'.repeat(1 << 20)), headers: { connection: 'close' } };
    expect(await refused('root', huge, 400)).toContain('larger than');
  });

  it.each([
    '__proto__',
    'constructor',
    '=1+1',
    '+1',
    '@SUM(A1)',
    '<svg onload=alert(1)>',
    'مُبخّر ١',
    "Robert'); DROP TABLE account",
  ])('%s is a name like any other', async (name) => {
    const made = await api.ask('root', machine(name));
    expect(await made.json()).toMatchObject({ name });
    expect(made.headers.get('content-type')).toContain('application/json');
    expect(made.headers.get('x-content-type-options')).toBe('nosniff');
    const invited = await api.ask('root', {
      ...{ method: 'POST', path: '/api/users' },
      body: {
        name,
        email: 'x@example.com',
        userName: null,
        role: 'user',
        language: 'fr',
        machines: ['NEW-1'],
      },
    });
    expect(await invited.json()).toMatchObject({ user: { name } });
  });

  it.each(['a@b', 'A B', '../x', 'x'.repeat(33), '', 'é'])('«%s» is no user name', async (userName) => {
    await refused('root', { method: 'PATCH', path: '/api/users/user', body: { version: 1, userName } }, 400);
  });

  it('of others are not taken twice, whatever their letters', async () => {
    const body = { version: 1, email: ' ADMIN@example.com ' };
    expect(await refused('root', { method: 'PATCH', path: '/api/users/user', body }, 409)).toContain(
      'email: ',
    );
  });
});

describe('addresses', () => {
  it.each([
    '//api/me',
    '/api%2fme',
    '/api/../api/users',
    '/api/machines/..%2f..%2fkeys',
    '/api/machines/:id',
    '/api/users/:id/machines/:machine',
    '/api/machines/%00',
    '/api/machines/%',
    '/api/machines/%ff',
    '/api/machines/TV-12/../../users',
    `/api/machines/${'x'.repeat(5000)}`,
    '/api/machines/__proto__',
    '/api/nothing',
    '/assets/../../vigie.db',
    '/..%2f..%2fetc/passwd',
  ])('%s leads nowhere', async (path) => {
    const { status, body } = await raw(path, 'vigie-session=token-of-user');
    // 403: what it comes to is a route that a User may not ask.
    expect([400, 403, 404, 503]).toContain(status);
    expect(body.length).toBeLessThan(400);
    // 503: the page itself, which is not built here.
    if (status === 503) expect(body).toContain('The page is not built yet');
  });

  it.each([
    ['reversed', 'machine=TV-12&channels=t&from=2000&to=1000&width=10'],
    ['after 2100', 'machine=TV-12&channels=t&from=0&to=9999999999999&width=10'],
    ['of no width', 'machine=TV-12&channels=t&from=0&to=1000&width=0'],
    ['of a billion pixels', 'machine=TV-12&channels=t&from=0&to=1000&width=1000000000'],
    ['not a number', 'machine=TV-12&channels=t&from=NaN&to=1e999&width=10'],
    ['said twice', 'machine=TV-12&machine=TV-99&channels=t&from=0&to=1000&width=10'],
    ['of what nobody knows', 'machine=TV-12&channels=t&from=0&to=1000&width=10&role=admin'],
    ['without an end', 'machine=TV-12&channels=t&from=0&width=10'],
  ])('a range %s is refused', async (_, query) => {
    await refused('user', { method: 'GET', path: `/api/chart?${query}` }, 400);
  });

  it('a range from 1970 to 2100 is answered', async () => {
    const path = '/api/chart?machine=TV-12&channels=t&from=0&to=4102444800000&width=8000';
    expect((await api.ask('user', { method: 'GET', path })).status).toBe(200);
  });

  it.each([
    '/api/audit?count=0',
    '/api/audit?before=-1',
    '/api/audit?count=1&count=2',
    '/api/machines/TV-12/journal?count=x',
  ])('%s is refused', async (path) => void (await refused('admin', { method: 'GET', path }, 400)));
});

describe('other sites', () => {
  const rename = { method: 'PATCH', path: '/api/machines/TV-12', body: { version: 1, name: 'Mine' } };
  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'https://evil.example' },
  ])('are refused: %o', async (headers) => {
    await refused('admin', { ...rename, headers }, 403);
    await refused('admin', { method: 'DELETE', path: '/api/session', headers }, 403);
  });

  it('cannot send a form', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      await refused('admin', { ...rename, headers: { 'content-type': type } }, 400);
    }
  });

  it('get no leave to read, and this one is not framed', async () => {
    const answer = await api.ask('admin', {
      method: 'GET',
      path: '/api/me',
      headers: { origin: 'https://evil.example' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('signing in', () => {
  const signIn = {
    method: 'POST',
    path: '/api/session',
    body: { user: 'user@example.com', password: PASSWORD },
  };

  it('is refused over plain HTTP, but from this computer itself', async () => {
    const here = await api.ask(null, signIn);
    expect(here.headers.get('set-cookie')).toMatch(/^vigie-session=\S+; .*HttpOnly; SameSite=Lax$/);
    // A proxy that nobody told the server of: the last stretch says nothing of the first.
    for (const headers of [
      { 'x-forwarded-for': '192.0.2.1' },
      { 'x-forwarded-proto': 'https' },
      { via: '1.1 x' },
    ]) {
      expect(await refused(null, { ...signIn, headers }, 400)).toContain('"insecure"');
    }
    // A name that leads here is another site's, or passed on by a proxy. fetch sets this header by itself.
    const named = await raw('/api/setup', '', { host: 'vigie.example.org' }, JSON.stringify(signIn.body));
    expect([named.status, named.body]).toEqual([400, expect.stringContaining('"insecure"')]);
    const plain = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'http' };
    const welcome = { method: 'POST', path: '/api/welcome', body: { token: 'x', password: PASSWORD } };
    for (const asked of [signIn, welcome]) {
      expect(await refused(null, { ...asked, headers: plain }, 400, proxied)).toContain('"insecure"');
    }
    const headers = { 'x-forwarded-for': '10.9.9.9, 192.0.2.1', 'x-forwarded-proto': 'https' };
    const encrypted = await proxied.ask(null, { ...signIn, headers });
    expect(encrypted.headers.get('set-cookie')).toMatch(
      /^__Host-vigie-session=\S+; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const [session] = await proxied.accounts.all<{ address: string }>(
      "SELECT address FROM session WHERE address <> ''",
    );
    expect(session?.address).toBe('192.0.2.1');
  });

  it('with wrong passwords by the thousand is slowed down, and the same for who exists and who does not', async () => {
    const guess = (user: string) =>
      api
        .ask(null, { ...signIn, body: { user, password: 'not this one' } })
        .then(async (answer) => [answer.status, await answer.text()] as const);
    const [known, unknown] = [await guess('user@example.com'), await guess('nobody@example.com')];
    expect(known).toEqual(unknown);
    const before = await api.snapshot();
    const statuses = new Set<number>();
    for (let i = 0; i < 10; i++) {
      const answers = await Promise.all(Array.from({ length: 100 }, () => guess('user@example.com')));
      for (const [status] of answers) statuses.add(status);
    }
    expect([...statuses].sort()).toEqual([401, 429]);
    expect(await api.snapshot()).toBe(before);
    const log = api.log.join('\n');
    expect(log).toContain('sign-in refused');
    for (const secret of ['not this one', PASSWORD, 'user@example.com']) expect(log).not.toContain(secret);
  });

  it('counts for nothing once the user is disabled or the role is another', async () => {
    const me = { method: 'GET', path: '/api/me' };
    const change = (body: object) => api.ask('root', { method: 'PATCH', path: '/api/users/user', body });
    expect((await api.ask('user', me)).status).toBe(200);
    expect((await change({ version: 1, role: 'admin' })).status).toBe(200);
    await refused('user', me, 401);
    await api.reseed();
    expect((await change({ version: 1, disabled: true })).status).toBe(200);
    await refused('user', me, 401);
  });
});

describe('management', () => {
  it('tells the second of two who edit one machine or user, and overwrites nothing', async () => {
    for (const path of ['/api/machines/TV-12', '/api/users/user']) {
      const first = { method: 'PATCH', path, body: { version: 1, name: 'First' } };
      expect((await api.ask('admin', first)).status).toBe(200);
      expect(await refused('root', { ...first, body: { version: 1, name: 'Second' } }, 409)).toContain(
        '"changed"',
      );
    }
    const settings = { intervalMs: 30_000, dataBudgetMb: null, channels: {} };
    await refused(
      'root',
      { method: 'PUT', path: '/api/machines/TV-12/settings', body: { version: 1, settings } },
      409,
    );
  });

  it('refuses to raise anybody, whoever asks', async () => {
    const user = { name: 'X', email: 'x@example.com', userName: null, language: 'en', machines: ['TV-12'] };
    for (const role of ['admin', 'super-admin']) {
      await refused('admin', { method: 'POST', path: '/api/users', body: { ...user, role } }, 403);
      await refused('admin', { method: 'PATCH', path: '/api/users/user', body: { version: 1, role } }, 403);
      await refused('user', { method: 'PATCH', path: '/api/me', body: { role } }, 400);
    }
    await refused(
      'root',
      { method: 'PATCH', path: '/api/users/root', body: { version: 1, disabled: true } },
      403,
    );
    await refused('root', { method: 'DELETE', path: '/api/users/root', body: { version: 1 } }, 403);
  });

  it('refuses machines that cannot be, and settings that do not fit', async () => {
    for (const [id, zone] of [
      ['../x', 'UTC'],
      ['TV 1', 'UTC'],
      ['', 'UTC'],
      ['NEW-1', 'Mars/Base'],
    ]) {
      await refused(
        'root',
        { method: 'POST', path: '/api/machines', body: { id, name: 'X', site: '', timeZone: zone } },
        400,
      );
    }
    await refused(
      'root',
      { method: 'POST', path: '/api/machines', body: { id: 'TV-12', name: 'X', site: '', timeZone: 'UTC' } },
      409,
    );
    for (const settings of [
      { intervalMs: 1, dataBudgetMb: null, channels: {} },
      { intervalMs: 1000, dataBudgetMb: null, channels: { none: { band: { low: 0, high: 1 } } } },
      { intervalMs: 1000, dataBudgetMb: null, channels: { t: { limits: { alarmLow: 9, alarmHigh: 1 } } } },
    ]) {
      await refused(
        'admin',
        { method: 'PUT', path: '/api/machines/TV-12/settings', body: { version: 1, settings } },
        400,
      );
    }
  });
});

it('answers whatever is sent to whatever route without failing', async () => {
  const seed = Number(process.env.VIGIE_SEED ?? Date.now() % 1e6);
  console.log(`bad-input: VIGIE_SEED=${seed}`);
  const routes = [
    ...new Map(
      api.routes
        .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/') && !path.endsWith('/live'))
        .map((route) => [`${route.method} ${route.path}`, route]),
    ).values(),
  ];
  const junk = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.object().map((value) => JSON.stringify(value)),
  );
  const segment = fc.oneof(
    fc.constantFrom('TV-12', 'user', 'root', '__proto__', '%00'),
    fc.string().map(encodeURIComponent),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes),
      segment,
      junk,
      fc.constantFrom<Person | null>('root', 'admin', 'user', null),
      async ({ method, path }, text, body, person) => {
        const answer = await api.ask(person, {
          ...{ method, path: path.replaceAll(/:\w+/g, text) },
          ...(method === 'GET' ? {} : { body }),
        });
        await answer.arrayBuffer();
        expect(answer.status).toBeLessThan(500);
      },
    ),
    { seed, numRuns: 400 },
  );
});
