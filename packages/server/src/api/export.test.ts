// An export ends with the session that asked for it: cut off, so that nobody takes a part for the whole.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { append, hash, rowsFrom, SPOOL, schema } from '../store/upkeep.test-support.ts';
import { startApi, type TestApi } from './testing.ts';

/** More than what lies between a server and a reader that does not read. */
const HOURS = 60;
const MACHINE = 'TV-12';
let api: TestApi;

beforeAll(async () => {
  api = await startApi();
  const { store } = api;
  await store.putSchema(MACHINE, hash, schema);
  await store.setMachineSchema(MACHINE, hash);
  const utcMs = Date.UTC(2026, 0, 1);
  await store.putAnchor({
    ...{ machine: MACHINE, spool: SPOOL, bootNumber: 1 },
    ...{ monotonicMs: 0, utcMs, errorMs: 0 },
  });
  for (let hour = 0; hour < HOURS; hour++) {
    await append(store, rowsFrom(hour * 3_600_000, 3600), { machine: MACHINE, perBlock: 3600 });
  }
});
afterAll(() => api.close());

it('gives every row to a session that lasts', async () => {
  const answer = await api.ask('root', { method: 'GET', path: `/api/machines/${MACHINE}/rows.csv` });
  const text = await answer.text();
  expect(text.split('\n').length).toBe(1 + HOURS * 3600 + 1);
});

it('is cut off when its session ends', async () => {
  const exported = await api.ask('user', { method: 'GET', path: `/api/machines/${MACHINE}/rows.csv` });
  const live = await api.ask('user', { method: 'GET', path: `/api/machines/${MACHINE}/live` });
  expect([exported.status, live.status]).toEqual([200, 200]);
  const reader = exported.body?.getReader();
  expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
  expect((await api.ask('user', { method: 'DELETE', path: '/api/session' })).status).toBe(204);
  // Whoever is told that a session ended is told at once with all others: the live stream has ended by then.
  await live.text();
  const rest = async (): Promise<void> => {
    while ((await reader?.read())?.done === false);
  };
  await expect(rest()).rejects.toThrow();
});
