// From the crossing of a limit to the word of it, on real processes: blocks leave once a minute, and the one that crosses at
// once; the page is told, a mail is handed to a mail server, whoever acts is written down, a restart of the server forgets and repeats nothing.
import type { Alarms, AlarmView } from '@vigie/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestMailServer } from '../packages/server/src/mail/testing.ts';
import { command, freePort, kill, overTcp, type Program, SimulatedMachine, until, World } from './world.ts';

const world = new World();
const mail = new TestMailServer();
const ID = 'AL-1';
let controller: SimulatedMachine;
let edge: Program;

beforeAll(async () => {
  await mail.start();
  world.serverFlags = [
    ...['--smtp', `smtp://127.0.0.1:${mail.port}`, '--mail-from', 'Vigie <vigie@example.org>'],
    ...['--public-url', 'https://vigie.example.org'],
  ];
  await world.startServer();
  await world.setUp();
  const folder = await world.enrolled(ID, { intervalS: 60 });
  controller = new SimulatedMachine(world, ID, overTcp(await freePort()));
  await controller.start();
  edge = world.start('vigie-edge', controller.edgeArgs(folder));
  await edge.event('running');
});
afterAll(async () => {
  await world.dispose();
  await mail.stop();
});

const open = async (): Promise<readonly AlarmView[]> =>
  (await world.get<Alarms>(`/api/alarms?machine=${ID}`)).alarms;
const ambient = async (): Promise<AlarmView | undefined> =>
  (await open()).find(({ channel }) => channel?.id === 't_amb');
const set = (...flags: string[]) =>
  command('vigie-server', ['settings', '--data', world.path('server'), '--id', ID, ...flags]);

describe('a limit that is crossed', () => {
  it('sends the block at once and rings, with the instant it happened', async () => {
    await until('the first block', async () => {
      const { last } = await world.get<{ last: unknown }>(`/api/machines/${ID}`);
      return last !== null;
    });
    await world.send('PUT', '/api/me/notifications', {
      ...{ severity: 'warning', when: 'at-once', recovery: true, quiet: null, zone: 'Europe/Paris' },
    });
    // It is above that already: it rings when the edge has the limit and its delay is over.
    expect((await set('--limit', 't_amb.warningHigh=1')).code).toBe(0);
    await until('the alarm', async () => (await ambient()) !== undefined);
    const alarm = await ambient();
    expect(alarm).toMatchObject({
      ...{ kind: 'warning-high', severity: 'warning', state: 'unacknowledged', limit: 1, overMs: null },
    });
    const tookMs = (alarm?.learnedMs ?? 0) - (alarm?.happenedMs ?? 0);
    console.log(`from the crossing to the alarm: ${tookMs} ms, at a block a minute`);
    // A whole minute would be the block's own turn.
    expect(tookMs).toBeLessThan(60_000);
    const mailed = await until('the mail', () =>
      mail.received.find(({ subject }) => subject.includes('> 1')),
    );
    console.log(
      `from the crossing to the mail server: ${mailed.atMs - (alarm?.happenedMs ?? 0)} ms, its picture with it`,
    );
    expect(mailed.pictures).toHaveLength(1);
  });

  it('is acknowledged by somebody, and is so after the server was killed', async () => {
    const alarm = await ambient();
    const path = `/api/machines/${ID}/alarms/${alarm?.id}`;
    const acknowledged = await world.send<AlarmView>('POST', `${path}/acknowledge`, { comment: 'I look' });
    expect(acknowledged).toMatchObject({
      state: 'acknowledged',
      acknowledged: { by: 'Léa', comment: 'I look' },
    });
    await kill(world.server);
    await world.startServer();
    expect(await ambient()).toMatchObject({ id: alarm?.id, state: 'acknowledged', crossings: 1 });
    const history = await world.get<{ entries: { kind: string }[] }>(`${path}/history`);
    expect(history.entries.map(({ kind }) => kind)).toEqual(['rung', 'acknowledged']);
  });

  it('is over when its limit is taken away', async () => {
    expect((await set('--limit', 't_amb.warningHigh=none', '--interval', '1')).code).toBe(0);
    await until('the end', async () => (await ambient()) === undefined);
  });
});
