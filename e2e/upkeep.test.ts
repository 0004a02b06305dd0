// An operator looks after the data of a server that runs: a backup while rows come in, the server's loss, a restore, and
// every row is there again, since the edge sends what the backup lacks. Check and compact beside the server; the same
// commands where the rows are in PostgreSQL.
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../scripts/postgres.ts';
import { command, kill, parseExport, until, World } from './world.ts';

const world = new World();
beforeAll(async () => {
  await world.startServer();
  await world.setUp();
});
afterAll(() => world.dispose());

const server = (...args: string[]) => command('vigie-server', args);
const place = ['--data', world.path('server')];

it('a backup made while rows come in, the loss of the server, a restore: every row is there', async () => {
  const folder = await world.enrolled('B-1');
  const lines = Array.from({ length: 6000 }, (_, i) => `${1_700_000_000_000 + 1000 * i},${i % 97},${i / 8}`);
  const text = `t,a,b\n${lines.join('\n')}\n`;
  writeFileSync(world.path('b.csv'), text);
  const edge = world.start('vigie-edge', [
    ...['--source', 'csv', '--file', world.path('b.csv'), '--speed', '200', '--data', folder],
  ]);
  const rows = async (): Promise<number> => (await world.export('B-1').catch(() => null))?.rows.length ?? 0;
  await until('rows', async () => (await rows()) > 1000);
  const to = world.path('backup');
  const made = await server('backup', ...place, '--to', to);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(
    /^\d+ files copied, 0 unchanged, .* To restore: vigie-server restore --from .* then start/,
  );
  const atBackup = await rows();
  await until('rows that the backup lacks', async () => (await rows()) > atBackup + 500);
  const refused = await server('restore', '--from', to, ...place);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/a vigie-server runs on/) });
  await kill(world.server);
  renameSync(world.path('server'), world.path('lost'));
  const restored = await server('restore', '--from', to, ...place);
  expect(restored).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/is as it was on 20.* edges send again/),
  });
  // With its keys, accounts and credentials: the edge and the browser go on as if nothing had been.
  await world.startServer();
  await edge.ended;
  expect(edge.process.exitCode).toBe(0);
  expect((await world.export('B-1')).rows).toEqual(parseExport(text).rows);

  const checked = await server('check', ...place);
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringMatching(/Nothing is wrong\.\n$/) });
  const asJson = JSON.parse((await server('check', ...place, '--json')).stdout);
  expect(asJson).toMatchObject({ problems: [], rows: 6000 });
  // Its months are over; it may not be sealed yet.
  const compacted = await server('compact', ...place);
  expect(compacted).toMatchObject({ code: 0, stderr: '' });
  expect(compacted.stdout).toMatch(/^(Before: \d+ bytes in|No month is over)/);
  expect((await world.export('B-1')).rows).toEqual(parseExport(text).rows);
});

it('how long rows are kept is set and shown, and is nothing to the edge', async () => {
  await world.addMachine('K-1');
  const settings = (...args: string[]) => server('settings', ...place, '--id', 'K-1', ...args);
  expect((await settings()).stdout).toMatch(/^ {2}keep +every row, for ever$/m);
  expect((await settings('--keep-days', '90')).stdout).toMatch(/^ {2}keep +rows of 90 days; rollups/m);
  expect((await settings('--keep-days', '0.5', '--interval', '5')).code).toBe(1);
  expect((await settings()).stdout).toMatch(/^ {2}interval +60 s.*\n.*\n {2}keep +rows of 90 days/m);
  expect((await settings('--keep-days', 'none')).stdout).toMatch(/every row, for ever/);
});

it('with PostgreSQL: keys and accounts are backed up, rows are said to be its tools’; check and compact work', async () => {
  const postgres = await startPostgres({ settings: { fsync: 'off' } });
  try {
    const both = ['--data', world.path('pg'), '--database', await postgres.createDatabase()];
    expect((await server('add-machine', ...both, '--id', 'P-1')).code).toBe(0);
    const made = await server('backup', ...both, '--to', world.path('pg-backup'));
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/pg_dump, or pg_basebackup/) });
    expect(readdirSync(world.path('pg-backup')).some((name) => name.startsWith('keys-link-key'))).toBe(true);
    const restored = await server('restore', '--from', world.path('pg-backup'), '--data', world.path('pg-2'));
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringMatching(/tools of PostgreSQL/) });
    expect(existsSync(world.path('pg-2', 'keys', 'link-key.pem'))).toBe(true);
    expect(await server('check', ...both)).toMatchObject({ code: 0 });
    expect(await server('compact', ...both)).toMatchObject({ code: 0 });
  } finally {
    await postgres.dispose();
  }
});
