// A box whose card went read-only, as worn cards do: it starts all the same, its rows go through memory to the server,
// it says so, and when the card takes writes again it goes over to it. Real processes on a small tmpfs.
import { expect, it } from 'vitest';
import { SmallDisk } from './small-disk.ts';
import { command, freePort, overTcp, SimulatedMachine, until, World } from './world.ts';

const ID = 'TV-01';

it('starts on a read-only disk, sends through memory, and goes over to the disk, no row lost or doubled', async (test) => {
  const world = new World();
  test.onTestFinished(() => world.dispose());
  const folder = world.edgeFolder(ID);
  const mounted = SmallDisk.mount(folder);
  if (!mounted.ok) test.skip(`no read-only disk without a tmpfs: ${mounted.message}`);
  if (!mounted.ok) return;
  const disk = mounted.value;
  world.atEnd(() => disk.unmount());
  await world.startServer();
  await world.setUp();
  await world.enrolled(ID);
  const machine = new SimulatedMachine(world, ID, overTcp(await freePort()));
  await machine.start();
  const args = machine.edgeArgs(folder);
  const stored = async (): Promise<number[]> => {
    const { channels, rows } = await world.export(ID);
    const at = channels.indexOf('scan');
    return rows.map(({ values }) => values[at] ?? -1);
  };
  const storesMore = async (what: string): Promise<void> => {
    const before = (await stored()).length;
    await until(what, async () => (await stored()).length > before + 10);
  };

  // This boot of the kernel is met with the spool on disk first: coming back to it, the box is no second one.
  const first = world.start('vigie-edge', args);
  await first.event('running');
  await until('rows by way of the disk', async () => (await stored().catch(() => [])).length > 10);
  await first.stop();
  disk.setReadOnly(true);
  const second = world.start('vigie-edge', args);
  await second.event('running');
  await storesMore('rows by way of memory');
  expect(second.output()).toMatch(
    /spool: the disk cannot be written \(.*spool\.db: .+\): rows are held in memory only, 20 MB at most, and would be lost with this process; mend or replace the card/,
  );
  const told = await command('vigie-edge', ['status', '--data', folder]);
  expect([told.code, told.stdout.trim()]).toEqual([
    1,
    '! Agent       the disk of the data folder CANNOT BE WRITTEN, so that the agent cannot say here how it is; if it runs, it holds its rows in memory only, and its log tells more: mend or replace the card',
  ]);
  expect(second.output().match(/status\.json cannot be written/g)).toHaveLength(1);

  disk.setReadOnly(false);
  await until('the disk to take over', () => second.output().includes('the link goes on from the disk'));
  await storesMore('rows by way of the disk again');
  await until(
    'a status of a box that is well',
    async () => (await command('vigie-edge', ['status', '--data', folder])).code === 0,
  );
  // What is in memory only when the agent is told to stop is sent first.
  await second.stop();
  disk.setReadOnly(true);
  const third = world.start('vigie-edge', args);
  await third.event('running');
  await storesMore('rows by way of memory again');
  await third.stop();
  const last = machine.served().at(-1)?.scan ?? 0;
  disk.setReadOnly(false);
  const fourth = world.start('vigie-edge', args);
  await fourth.event('running');
  await until('rows of the agent after it', async () => Math.max(...(await stored())) > last + 5);
  await fourth.stop();
  await machine.program?.stop();
  // It adds nothing, and sends what the one before had kept.
  const fifth = world.start('vigie-edge', args);
  await until('the backlog to drain', () => world.isDrained(ID, fifth));

  const [scans, served] = [await stored(), machine.served().map(({ scan }) => scan)];
  expect(new Set(scans).size, 'rows stored twice').toBe(scans.length);
  const missing = served.filter((scan) => scan <= Math.max(...scans) && !scans.includes(scan));
  // The read that was under way when an agent was stopped.
  expect(missing.length, `scans ${missing.join(' ')} are missing`).toBeLessThanOrEqual(3);
  expect(JSON.stringify(await world.get(`/api/machines/${ID}/journal`))).not.toContain('spool-cloned');
});
