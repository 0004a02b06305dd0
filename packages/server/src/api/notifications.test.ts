// Wishes, a test mail and the link of a mail over HTTP: looking at a link changes nothing and opens no session, pressing its
// button acknowledges the alarms of its mail and nothing else, and what its account lost it lost too.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../accounts/account.ts';
import { TestMailServer, until } from '../mail/testing.ts';
import { startApi, type TestApi } from './testing.ts';

const TOKEN = 'the-token-of-a-mail';
let api: TestApi;
const mail = new TestMailServer();
beforeAll(async () => {
  await mail.start();
  api = await startApi(
    {},
    { mail: { smtp: mail.settings(), publicUrl: 'https://vigie.example.org' }, webhook: null },
  );
});
afterAll(async () => {
  await api.close();
  await mail.stop();
});
beforeEach(async () => {
  await api.reseed();
  await api.hot.run('DELETE FROM acknowledge_link');
  await api.hot.run('DELETE FROM alarm');
  for (const machine of ['TV-12', 'TV-99']) {
    await api.hot.run(
      `INSERT INTO alarm (machine, id, source, kind, channel, severity, happened_ms, learned_ms, is_over, is_open, crossings, flapping, escalated)
       VALUES ($1, 1, 't.alarm-high', 'alarm-high', 't', 'alarm', 1000, 1000, 0, 1, 1, 0, 0)`,
      machine,
    );
  }
  await api.hot.run(
    'INSERT INTO acknowledge_link (sha256, account, alarms, expires_ms) VALUES ($1, $2, $3, $4)',
    ...[sha256(TOKEN), 'user', JSON.stringify(['TV-12/1', 'TV-99/1']), Date.now() + 3_600_000],
  );
});

const acknowledged = () =>
  api.hot.all<{ machine: string; acknowledged_by: string | null }>(
    'SELECT machine, acknowledged_by FROM alarm ORDER BY machine',
  );
const post = (path: string, token: string) => api.ask(null, { method: 'POST', path, body: { token } });

describe('the link of a mail', () => {
  it('changes nothing when it is opened or looked at, as programs that check mails do', async () => {
    for (const method of ['GET', 'HEAD']) {
      await api.ask(null, { method, path: '/acknowledge' });
      await api.ask(null, { method, path: '/api/acknowledge' });
      await api.ask(null, { method, path: `/api/acknowledge?token=${TOKEN}` });
    }
    for (let n = 0; n < 20; n++) {
      const looked = await post('/api/acknowledge/look', TOKEN);
      expect(looked.status).toBe(200);
      expect(looked.headers.get('set-cookie')).toBeNull();
      // Not of TV-99, which was never the user's.
      expect(await looked.json()).toMatchObject({
        name: 'user',
        alarms: [{ machine: 'TV-12', alarm: 1, names: { fr: 'T', en: 'T' }, acknowledgedBy: null }],
      });
    }
    expect((await acknowledged()).map(({ acknowledged_by: by }) => by)).toEqual([null, null]);
  });

  it('acknowledges by its button, in the name of who got it, the alarms of its mail that are theirs', async () => {
    const pressed = await post('/api/acknowledge', TOKEN);
    expect(pressed.status).toBe(200);
    expect(pressed.headers.get('set-cookie')).toBeNull();
    expect(await pressed.json()).toMatchObject({ alarms: [{ acknowledgedBy: 'user' }] });
    expect(await acknowledged()).toEqual([
      { machine: 'TV-12', acknowledged_by: 'user' },
      { machine: 'TV-99', acknowledged_by: null },
    ]);
    // Pressed again it says who has.
    expect(await (await post('/api/acknowledge', TOKEN)).json()).toMatchObject({
      alarms: [{ acknowledgedBy: 'user' }],
    });
    // Nor does it open anything else.
    const asSession = { cookie: `vigie-session=${TOKEN}` };
    expect((await api.ask(null, { method: 'GET', path: '/api/me', headers: asSession })).status).toBe(401);
    expect((await post('/api/welcome/look', TOKEN)).status).toBe(410);
  });

  it.each([
    ['is too old', 'UPDATE acknowledge_link SET expires_ms = 1', null],
    ['is of a disabled account', null, "UPDATE account SET disabled = 1 WHERE id = 'user'"],
    ['is of an account without the machine', null, "DELETE FROM account_machine WHERE account = 'user'"],
  ])('that %s is void', async (_, hot, accounts) => {
    if (hot !== null) await api.hot.run(hot);
    if (accounts !== null) await api.accounts.run(accounts);
    for (const path of ['/api/acknowledge/look', '/api/acknowledge']) {
      const answer = await post(path, TOKEN);
      expect(await answer.json()).toMatchObject({ error: { code: 'link-void' } });
    }
    expect((await acknowledged()).map(({ acknowledged_by: by }) => by)).toEqual([null, null]);
  });

  it('is not guessed', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) statuses.push((await post('/api/acknowledge', `guess ${n}`)).status);
    expect(statuses).toContain(429);
  });
});

it('wishes are kept, and bad ones refused', async () => {
  const path = '/api/me/notifications';
  expect(await (await api.ask('user', { method: 'GET', path })).json()).toMatchObject({
    ...{ mails: true, notifications: { severity: 'alarm', when: 'at-once', recovery: true, quiet: null } },
  });
  expect(await (await api.ask('root', { method: 'GET', path })).json()).toMatchObject({
    notifications: { when: 'unacknowledged' },
  });
  const wishes = {
    ...{ severity: 'warning', when: 'at-once', recovery: false, zone: 'Asia/Tokyo' },
    quiet: { fromMinute: 1320, toMinute: 420, alarms: true },
  };
  expect((await api.ask('user', { method: 'PUT', path, body: wishes })).status).toBe(200);
  expect(await (await api.ask('user', { method: 'GET', path })).json()).toMatchObject({
    notifications: wishes,
  });
  for (const bad of [
    { zone: 'Mars' },
    { quiet: { fromMinute: 5, toMinute: 5, alarms: true } },
    { severity: 'all' },
  ]) {
    expect((await api.ask('user', { method: 'PUT', path, body: { ...wishes, ...bad } })).status).toBe(400);
  }
});

it('a test mail comes in the language of who asks, ten in a quarter of an hour at most; how mail does is told', async () => {
  const test = { method: 'POST', path: '/api/me/notifications/test', body: {} };
  expect((await api.ask('user', test)).status).toBe(204);
  await until('the mail', () => mail.received.length === 1);
  expect(mail.received[0]).toMatchObject({ to: 'user@example.com', subject: 'A test mail from Vigie' });
  for (let n = 1; n < 10; n++) await api.ask('user', test);
  expect((await api.ask('user', test)).status).toBe(429);
  const status = await api.ask('admin', { method: 'GET', path: '/api/manage/mail' });
  expect(await status.json()).toMatchObject({ mails: true, downSinceMs: null });
});

it('an invitation is mailed where mail is set up', async () => {
  const invited = await api.ask('root', { method: 'POST', path: '/api/users/user/invitation', body: {} });
  expect(await invited.json()).toMatchObject({ mailed: true });
  await until('the mail', () => mail.received.some(({ text }) => text.includes('/welcome#')));
});
