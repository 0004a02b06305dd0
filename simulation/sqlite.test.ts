// What the simulated database owes the programs as the real one does.
import { expect, it } from 'vitest';
import { SimDisk } from './disk.ts';
import { Dice } from './random.ts';
import { plugIn } from './sqlite.ts';

it('refuses whatever is asked of a database that was closed', () => {
  const db = plugIn(new SimDisk(new Dice(1)))('a.db');
  db.exec('CREATE TABLE t (a INTEGER)');
  const insert = db.prepare('INSERT INTO t VALUES (1)');
  const all = db.prepare('SELECT a FROM t');
  insert.run();
  expect(all.all()).toEqual([{ a: 1 }]);
  db.close();
  for (const work of [
    () => insert.run(),
    () => all.get(),
    () => all.all(),
    () => [...all.iterate()],
    () => db.prepare('SELECT 1'),
    () => db.exec('SELECT 1'),
    () => db.pragma('user_version'),
    () => db.transaction(() => 1)(),
  ])
    expect(work).toThrow('The database connection is not open');
});
