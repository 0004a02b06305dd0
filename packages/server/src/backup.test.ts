// Backups of a server that goes on meanwhile: every row acknowledged before a backup began is in it once, whatever is
// sealed while it is made; months that did not change are not copied again; one that is cut off leaves the last whole one;
// and nothing is restored over anything.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { backup, restore } from './backup.ts';
import { linkIdentity } from './gateway/identity.ts';
import { check } from './store/check.ts';
import { lockFolder, lockSealing } from './store/lock.ts';
import { openDatabases, openStore } from './store/open.ts';
import { type TestStore, testDatabases } from './store/testing.ts';
import { addMachine, allRows, append, rowsFrom, SPOOL } from './store/upkeep.test-support.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 31, 18);
const root = mkdtempSync(join(tmpdir(), 'vigie-backup-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, String(++folders));

async function filled(): Promise<TestStore> {
  const test = await testDatabases[0]!.fresh();
  test.nowMs = START_MS;
  await addMachine(test.store);
  await test.store.putAnchor({
    ...{ machine: 'M', spool: SPOOL, bootNumber: 1, monotonicMs: 0, utcMs: START_MS, errorMs: 0 },
  });
  linkIdentity(join(test.place.folder, 'keys'));
  return test;
}

const made = (test: TestStore, to: string, progress: (sentence: string) => void = () => undefined) =>
  backup({ data: test.place.folder, to, withoutRows: false, nowMs: test.nowMs++, progress });

/** All rows of a backup, which must be sound. */
async function restored(from: string) {
  const data = fresh();
  expect(await restore({ from, data, progress: () => undefined })).toMatchObject({ ok: true });
  const { hot, archive } = await openDatabases({ folder: data, database: null });
  const options = { hot, archive, isSqlite: true, repair: false, utcMs: () => 0, progress: () => undefined };
  expect((await check(options)).problems).toEqual([]);
  await archive.close();
  await hot.close();
  const store = await openStore({ folder: data, database: null }, () => START_MS);
  const rows = await allRows(store);
  const mark = await store.nextSequence('M', SPOOL);
  await store.close();
  return { data, rows, mark };
}

describe('a backup', () => {
  it('has every row once, whatever is stored and sealed while it is made', async () => {
    const test = await filled();
    const to = fresh();
    for (let round = 0; round < 6; round += 2) {
      await append(test.store, rowsFrom(2 * round * HOUR_MS, 7200), { perBlock: 300 });
      const before = await test.store.nextSequence('M', SPOOL);
      test.nowMs = START_MS + 2 * (round + 1) * HOUR_MS + 600_000;
      // Sealing does not wait for the lock here: the order of the copies alone must keep every row.
      const [result] = await Promise.all([
        made(test, to),
        test.seal(),
        append(test.store, rowsFrom(2 * (round + 1) * HOUR_MS, 60)),
      ]);
      expect(result).toMatchObject({ ok: true });
      const { rows, mark } = await restored(to);
      expect(mark).toBeGreaterThanOrEqual(before);
      expect(rows).toHaveLength(mark);
      expect(rows).toEqual((await allRows(test.store)).slice(0, mark));
      await append(test.store, rowsFrom(2 * (round + 1) * HOUR_MS + 60_000, 7140));
    }
    await test.dispose();
  });

  it('waits until sealing rests, and lets it rest', async () => {
    const test = await filled();
    const progress = (): void => expect(lockSealing(test.place.folder, 0)).toBeNull();
    expect(await made(test, fresh(), progress)).toMatchObject({ ok: true });
    const lock = lockSealing(test.place.folder, 0);
    expect(lock).not.toBeNull();
    lock?.release();
    await test.dispose();
  });

  it('copies a month again only when it has changed, and the keys', async () => {
    const test = await filled();
    await append(test.store, rowsFrom(0, 12 * 3600), { perBlock: 600 });
    test.nowMs = START_MS + 60 * 24 * HOUR_MS;
    await test.seal();
    const to = fresh();
    expect(await made(test, to)).toMatchObject({ ok: true, copied: 5, unchanged: 0 });
    // Read meanwhile, which opens its files.
    expect(await allRows(test.store)).toHaveLength(43_200);
    expect(await made(test, to)).toMatchObject({ ok: true, copied: 3, unchanged: 2 });
    // So late that no longer node of the months before changes; the longest begins in the month before that of its rows.
    await append(test.store, rowsFrom(100 * 24 * HOUR_MS, 600));
    test.nowMs += 120 * 24 * HOUR_MS;
    await test.seal();
    expect(await made(test, to)).toMatchObject({ ok: true, copied: 5, unchanged: 2 });
    const { data, rows } = await restored(to);
    expect(rows).toEqual(await allRows(test.store));
    const keys = (folder: string) =>
      readdirSync(join(folder, 'keys')).map((name) => readFileSync(join(folder, 'keys', name), 'utf8'));
    expect(keys(data)).toEqual(keys(test.place.folder));
    // One copy of each file, the list, the lock.
    expect(readdirSync(to)).toHaveLength(9);
    await test.dispose();
  });

  it('that is cut off leaves the one before it', async () => {
    const test = await filled();
    await append(test.store, rowsFrom(0, 3600));
    test.nowMs += 3 * HOUR_MS;
    await test.seal();
    const to = fresh();
    await made(test, to);
    const before = await allRows(test.store);
    await append(test.store, rowsFrom(3 * HOUR_MS, 3600));
    test.nowMs += 3 * HOUR_MS;
    await test.seal();
    for (const at of ['vigie.db', 'archive/2026-01.db', 'keys/link-key.pem']) {
      const cut = made(test, to, (sentence) => {
        if (sentence.startsWith(at)) throw new Error('power');
      });
      await expect(cut).rejects.toThrow('power');
      expect((await restored(to)).rows).toEqual(before);
    }
    await made(test, to);
    expect((await restored(to)).rows).toEqual(await allRows(test.store));
    expect(readdirSync(to)).toHaveLength(6);
    await test.dispose();
  });

  it('goes nowhere where it would harm', async () => {
    const test = await filled();
    const no = (sentence: RegExp) => ({ ok: false, message: expect.stringMatching(sentence) });
    const { folder } = test.place;
    expect(await made(test, folder)).toEqual(no(/lies in the data folder/));
    expect(await made(test, join(folder, 'backup'))).toEqual(no(/lies in the data folder/));
    const [full, to] = [fresh(), fresh()];
    mkdirSync(full);
    writeFileSync(join(full, 'letter.txt'), 'dear');
    expect(await made(test, join(full, 'letter.txt'))).toEqual(no(/is a file/));
    expect(await made(test, full)).toEqual(no(/is not empty and holds no backup of Vigie/));
    expect(readdirSync(full)).toEqual(['letter.txt']);
    await made(test, to);
    const other = await filled();
    expect(await made(other, to)).toEqual(no(/a backup of another data folder/));
    const options = { data: folder, to, withoutRows: true, nowMs: 1, progress: () => undefined };
    expect(await backup(options)).toEqual(no(/a backup with rows/));
    await other.dispose();
    await test.dispose();
  });
});

describe('a restore', () => {
  it('goes into an empty folder only, from a whole backup only', async () => {
    const test = await filled();
    await append(test.store, rowsFrom(0, 60));
    const to = fresh();
    await made(test, to);
    const from = (folder: string, data = fresh()) =>
      restore({ from: folder, data, progress: () => undefined });
    const no = (sentence: RegExp) => ({ ok: false, message: expect.stringMatching(sentence) });
    expect(await from(to, test.place.folder)).toEqual(no(/is not empty/));
    const lock = lockFolder(test.place.folder);
    expect(await from(to, test.place.folder)).toEqual(no(/a vigie-server runs on/));
    lock.release();
    expect(await from(fresh())).toEqual(no(/holds no backup/));
    const copyOf = (change: (folder: string, hot: string) => void): string => {
      const folder = fresh();
      mkdirSync(folder);
      for (const name of readdirSync(to)) copyFileSync(join(to, name), join(folder, name));
      change(folder, readdirSync(folder).find((name) => name.startsWith('vigie.db')) ?? '');
      return folder;
    };
    const missing = copyOf((folder, hot) => rmSync(join(folder, hot)));
    expect(await from(missing)).toEqual(no(/is missing or cut short/));
    const data = fresh();
    const damaged = copyOf((folder, hot) => {
      const bytes = readFileSync(join(folder, hot));
      bytes[5000] = (bytes[5000] ?? 0) ^ 1;
      writeFileSync(join(folder, hot), bytes);
    });
    expect(await from(damaged, data)).toEqual(no(/is damaged/));
    // What is there is no server's.
    expect(readdirSync(data)).not.toContain('vigie.db');
    const list = (text: string) => copyOf((folder) => writeFileSync(join(folder, 'backup.json'), text));
    expect(await from(list('{'))).toEqual(no(/cannot be read/));
    const text = readFileSync(join(to, 'backup.json'), 'utf8');
    expect(await from(list(text.replace('keys/link-key.pem', 'keys/../../x.pem')))).toEqual(
      no(/cannot be read/),
    );
    expect(await from(list(text.replace('"copy": "', '"copy": "../')))).toEqual(no(/cannot be read/));
    expect(await from(to)).toMatchObject({ ok: true });
    await test.dispose();
  });

  it('keeps keys and accounts of a server whose rows are in PostgreSQL', async () => {
    const test = await filled();
    const to = fresh();
    const options = { data: test.place.folder, to, withoutRows: true, nowMs: 1, progress: () => undefined };
    expect(await backup(options)).toMatchObject({ ok: true, copied: 2 });
    const data = fresh();
    expect(await restore({ from: to, data, progress: () => undefined })).toMatchObject({ withoutRows: true });
    expect(readdirSync(data)).toEqual(['keys']);
    await test.dispose();
  });
});
