// Every route of the API × role × own and foreign object, against the table of docs/roles.md that people read. The routes
// are the app's own: one without a line there fails, as does a line without a route. Whatever answers 404 for a foreign
// object must answer the same, letter by letter, for one that is not there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Asked,
  PASSWORD,
  type Person,
  sessionIdOf,
  startApi,
  type TestApi,
  tokenOf,
} from './testing.ts';

const NEW = 'nine grey herons';
const VERSION = { version: 1 };
/** Objects of a request: of a machine, a user, a session. */
interface Objects {
  readonly machine: string;
  readonly user: string;
  readonly session: string;
}
type Request = (objects: Objects) => Pick<Asked, 'path' | 'body'>;

/** What is asked of each route; in `machine`, `user` and `session` what it is about. */
const REQUESTS: Readonly<Record<string, Request>> = {
  'GET /api/setup': () => ({ path: '/api/setup' }),
  'POST /api/setup': () => ({
    path: '/api/setup',
    body: { code: 'AAAAA-AAAAA', name: 'X', email: 'x@example.com', password: NEW, language: 'en' },
  }),
  'POST /api/session': () => ({
    path: '/api/session',
    body: { user: 'machineless@example.com', password: PASSWORD },
  }),
  'POST /api/welcome/look': () => ({ path: '/api/welcome/look', body: { token: 'x' } }),
  'POST /api/welcome': () => ({ path: '/api/welcome', body: { token: 'x', password: NEW } }),
  'DELETE /api/session': () => ({ path: '/api/session' }),
  'GET /api/me': () => ({ path: '/api/me' }),
  'PATCH /api/me': () => ({ path: '/api/me', body: { timeZone: 'Asia/Tokyo' } }),
  'PUT /api/me/password': () => ({ path: '/api/me/password', body: { current: PASSWORD, password: NEW } }),
  'GET /api/me/sessions': () => ({ path: '/api/me/sessions' }),
  'DELETE /api/me/sessions': () => ({ path: '/api/me/sessions' }),
  'DELETE /api/me/sessions/:id': ({ session }) => ({ path: `/api/me/sessions/${session}` }),
  'POST /api/me/second-factor': () => ({ path: '/api/me/second-factor', body: { password: PASSWORD } }),
  'PUT /api/me/second-factor': () => ({ path: '/api/me/second-factor', body: { code: '000000' } }),
  'DELETE /api/me/second-factor': () => ({
    path: '/api/me/second-factor',
    body: { password: PASSWORD, code: '000000' },
  }),
  'GET /api/machines': () => ({ path: '/api/machines' }),
  'GET /api/catalogue': () => ({ path: '/api/catalogue' }),
  'GET /api/strips': ({ machine }) => ({ path: `/api/strips?machines=${machine}` }),
  'POST /api/visit': () => ({ path: '/api/visit', body: {} }),
  'POST /api/machines': () => ({
    path: '/api/machines',
    body: { id: 'NEW-1', name: 'New', site: '', timeZone: 'Europe/Paris' },
  }),
  'GET /api/machines/:id': ({ machine }) => ({ path: `/api/machines/${machine}` }),
  'PATCH /api/machines/:id': ({ machine }) => ({
    path: `/api/machines/${machine}`,
    body: { ...VERSION, name: 'Renamed' },
  }),
  'GET /api/machines/:id/journal': ({ machine }) => ({ path: `/api/machines/${machine}/journal` }),
  'GET /api/machines/:id/live': ({ machine }) => ({ path: `/api/machines/${machine}/live` }),
  'GET /api/machines/:id/rows.csv': ({ machine }) => ({ path: `/api/machines/${machine}/rows.csv` }),
  'GET /api/machines/:id/undated.csv': ({ machine }) => ({ path: `/api/machines/${machine}/undated.csv` }),
  'GET /api/chart': ({ machine }) => ({
    path: `/api/chart?machine=${machine}&channels=t&from=0&to=1000&width=10`,
  }),
  'GET /api/machines/:id/notes': ({ machine }) => ({ path: `/api/machines/${machine}/notes` }),
  'POST /api/machines/:id/notes': ({ machine }) => ({
    path: `/api/machines/${machine}/notes`,
    body: { atMs: 1000, text: 'cleaned' },
  }),
  'DELETE /api/machines/:id/notes/:note': ({ machine }) => ({
    path: `/api/machines/${machine}/notes/there`,
  }),
  'POST /api/machines/:id/notes/:note/restore': ({ machine }) => ({
    path: `/api/machines/${machine}/notes/deleted/restore`,
  }),
  'GET /api/alarms': () => ({ path: '/api/alarms' }),
  'GET /api/alarms/count': () => ({ path: '/api/alarms/count' }),
  'GET /api/alarms/live': () => ({ path: '/api/alarms/live' }),
  'POST /api/machines/:id/alarms/:alarm/acknowledge': ({ machine }) => ({
    path: `/api/machines/${machine}/alarms/1/acknowledge`,
    body: { comment: 'seen' },
  }),
  'POST /api/machines/:id/alarms/:alarm/shelve': ({ machine }) => ({
    path: `/api/machines/${machine}/alarms/1/shelve`,
    body: { forMs: 3_600_000, reason: 'works' },
  }),
  'DELETE /api/machines/:id/alarms/:alarm/shelve': ({ machine }) => ({
    path: `/api/machines/${machine}/alarms/2/shelve`,
  }),
  'GET /api/machines/:id/alarms/:alarm/history': ({ machine }) => ({
    path: `/api/machines/${machine}/alarms/1/history`,
  }),
  'GET /api/machines/:id/limits': ({ machine }) => ({ path: `/api/machines/${machine}/limits` }),
  'POST /api/machines/:id/rehearsal': ({ machine }) => ({
    path: `/api/machines/${machine}/rehearsal`,
    body: { channel: 't', override: { limits: { alarmHigh: 5 } }, days: 1 },
  }),
  'PUT /api/machines/:id/settings': ({ machine }) => ({
    path: `/api/machines/${machine}/settings`,
    body: { ...VERSION, settings: { intervalMs: 30_000, dataBudgetMb: null, channels: {} } },
  }),
  'POST /api/machines/:id/enrolment-code': ({ machine }) => ({
    path: `/api/machines/${machine}/enrolment-code`,
    body: {},
  }),
  'POST /api/machines/:id/retire': ({ machine }) => ({
    path: `/api/machines/${machine}/retire`,
    body: VERSION,
  }),
  'POST /api/machines/:id/restore': ({ machine }) => ({
    path: `/api/machines/${machine}/restore`,
    body: VERSION,
  }),
  'GET /api/manage/machines': () => ({ path: '/api/manage/machines' }),
  'GET /api/manage/machines/:id': ({ machine }) => ({ path: `/api/manage/machines/${machine}` }),
  'GET /api/users': () => ({ path: '/api/users' }),
  'POST /api/users': ({ machine }) => ({
    path: '/api/users',
    body: {
      ...{ name: 'New', email: 'new@example.com', userName: null, role: 'user', language: 'en' },
      machines: [machine],
    },
  }),
  'PATCH /api/users/:id': ({ user }) => ({
    path: `/api/users/${user}`,
    body: { ...VERSION, name: 'Renamed' },
  }),
  'DELETE /api/users/:id': ({ user }) => ({ path: `/api/users/${user}`, body: VERSION }),
  'POST /api/users/:id/invitation': ({ user }) => ({ path: `/api/users/${user}/invitation`, body: {} }),
  'DELETE /api/users/:id/second-factor': ({ user }) => ({ path: `/api/users/${user}/second-factor` }),
  'PUT /api/users/:id/machines/:machine': ({ user, machine }) => ({
    path: `/api/users/${user}/machines/${machine}`,
  }),
  'DELETE /api/users/:id/machines/:machine': ({ user, machine }) => ({
    path: `/api/users/${user}/machines/${machine}`,
  }),
  'GET /api/audit': () => ({ path: '/api/audit' }),
  'GET /api/me/notifications': () => ({ path: '/api/me/notifications' }),
  'PUT /api/me/notifications': () => ({
    path: '/api/me/notifications',
    body: { severity: 'warning', when: 'at-once', recovery: true, quiet: null, zone: 'Europe/Paris' },
  }),
  'POST /api/me/notifications/test': () => ({ path: '/api/me/notifications/test', body: {} }),
  'GET /api/manage/mail': () => ({ path: '/api/manage/mail' }),
  'POST /api/acknowledge/look': () => ({ path: '/api/acknowledge/look', body: { token: 'x' } }),
  'POST /api/acknowledge': () => ({ path: '/api/acknowledge', body: { token: 'x' } }),
};

interface Column {
  readonly person: Person | null;
  /** Each set of objects must give the cell's status. */
  readonly objects: readonly Objects[];
}
const sessionOf = (person: Person): string => sessionIdOf(`${tokenOf(person)}-too`);
const OWN = { machine: 'TV-12', user: 'user' };
const FOREIGN = { machine: 'TV-99', user: 'foreign-user', session: sessionOf('foreign-user') };
const MISSING = { machine: 'TV-00', user: 'nobody', session: '0'.repeat(16) };
/** Of the columns of the table, in their order. */
const COLUMNS: readonly Column[] = [
  { person: null, objects: [{ ...OWN, session: sessionOf('user') }] },
  { person: 'user', objects: [{ ...OWN, session: sessionOf('user') }] },
  { person: 'user', objects: [FOREIGN] },
  { person: 'admin', objects: [{ ...OWN, session: sessionOf('admin') }] },
  { person: 'admin', objects: [FOREIGN] },
  { person: 'root', objects: [{ ...FOREIGN, session: sessionOf('root') }] },
];

/** Others that an Admin may not touch: an equal, one above, one without machines; of a link, either end. */
function foreignToAdmin(route: string): readonly Objects[] {
  const users = ['foreign-admin', 'root', 'machineless'].map((user) => ({ ...FOREIGN, user }));
  if (route.includes('/:machine')) {
    return [...users, ...['user', 'foreign-user'].map((user) => ({ ...FOREIGN, ...other(user) }))];
  }
  return route.includes('/users/:id') ? users : [];
}
const other = (user: string) => ({ user, machine: user === 'user' ? 'TV-99' : 'TV-12' });

interface Line {
  readonly route: string;
  readonly cells: readonly string[];
}

function linesOfRoles(): readonly Line[] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'roles.md'), 'utf8');
  return [...text.matchAll(/^\| `([A-Z]+ \/api\/[^`]*)`[^|]*\|(.*)\|$/gm)].map(
    ([, route = '', rest = '']) => ({
      route,
      cells: rest.split('|').map((cell) => cell.trim()),
    }),
  );
}

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it('has a line for each route of the API, and no other', () => {
  const routes = api.routes
    .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/'))
    .map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(routes)].sort()).toEqual(
    linesOfRoles()
      .map(({ route }) => route)
      .sort(),
  );
});

it('lists to each role exactly what is theirs', async () => {
  await api.reseed();
  const list = async (person: Person, path: string): Promise<readonly string[]> => {
    const all = (await (await api.ask(person, { method: 'GET', path })).json()) as
      | readonly { readonly id: string }[]
      | { readonly machines: readonly { readonly id: string }[] };
    return ('machines' in all ? all.machines : all).map(({ id }) => id).sort();
  };
  expect(await list('user', '/api/machines')).toEqual(['TV-12']);
  expect(await list('machineless', '/api/machines')).toEqual([]);
  expect(await list('admin', '/api/machines')).toEqual(['TV-12', 'TV-13']);
  expect(await list('root', '/api/machines')).toEqual(['TV-12', 'TV-13', 'TV-99']);
  expect(await list('admin', '/api/manage/machines')).toEqual(['TV-12', 'TV-13']);
  expect(await list('admin', '/api/users')).toEqual(['user']);
  expect(await list('foreign-admin', '/api/users')).toEqual(['foreign-user']);
  expect(await list('root', '/api/users')).toHaveLength(6);
  const alarms = async (person: Person): Promise<readonly string[]> => {
    const answer = await api.ask(person, { method: 'GET', path: '/api/alarms' });
    const found = (await answer.json()) as { readonly alarms: readonly { readonly machine: string }[] };
    return [...new Set(found.alarms.map(({ machine }) => machine))].sort();
  };
  expect(await alarms('user')).toEqual(['TV-12']);
  expect(await alarms('machineless')).toEqual([]);
  expect(await alarms('root')).toEqual(['TV-12', 'TV-13', 'TV-99']);
  const count = await api.ask('user', { method: 'GET', path: '/api/alarms/count' });
  expect(await count.json()).toEqual({ active: 1, unacknowledged: 1, worst: 'alarm' });
});

describe.each(linesOfRoles())('$route', ({ route, cells }) => {
  const [method = ''] = route.split(' ');
  const ask = async (person: Person | null, objects: Objects): Promise<[number, string]> => {
    const request = REQUESTS[route];
    if (request === undefined) throw new Error(`this test does not know what to ask of ${route}`);
    if (method !== 'GET') await api.reseed();
    const before = await api.snapshot();
    const answer = await api.ask(person, { method, ...request(objects) });
    if (route.endsWith('/live') && answer.ok) {
      await answer.body?.cancel();
      return [answer.status, ''];
    }
    const text = await answer.text();
    if (answer.status >= 400) expect(await api.snapshot(), 'a refusal changes nothing').toBe(before);
    return [answer.status, text];
  };

  it('answers each role as docs/roles.md says, and tells nobody what exists elsewhere', async () => {
    expect(cells).toHaveLength(COLUMNS.length);
    await api.reseed();
    for (const [i, { person, objects }] of COLUMNS.entries()) {
      const cell = cells[i];
      if (cell === '–') continue;
      const isAdminsForeign = person === 'admin' && objects[0] === FOREIGN;
      for (const one of [...objects, ...(isAdminsForeign ? foreignToAdmin(route) : [])]) {
        const [status, text] = await ask(person, one);
        expect([i, one, String(status)], text).toEqual([i, one, cell]);
        if (status !== 404) continue;
        const missing = {
          machine: one.machine === 'TV-12' ? one.machine : MISSING.machine,
          user: one.user === 'user' ? one.user : MISSING.user,
          session: MISSING.session,
        };
        const [asMissing, sameText] = await ask(person, missing);
        expect(asMissing).toBe(404);
        expect(sameText.replaceAll(MISSING.machine, one.machine)).toBe(text);
      }
    }
  });
});
