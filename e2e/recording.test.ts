// Recordings replayed as if they were a controller: enrolment, edge, link and server, then every stored row is
// compared with the file, value for value and instant for instant.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, kill, parseExport, rest, root, seeded, seedOfRun, until, World } from './world.ts';

const recordings = join(dirname(root), 'shared', 'data');
const files = existsSync(recordings) ? readdirSync(recordings).filter((name) => name.endsWith('.csv')) : [];
if (files.length === 0) console.log(`No recordings in ${recordings}: their replay is skipped.`);

const world = new World();
beforeAll(async () => {
  await world.startServer();
  await world.setUp();
});
afterAll(() => world.dispose());

function replay(folder: string, file: string, speed: number): string[] {
  return ['--source', 'csv', '--file', file, '--speed', String(speed), '--data', folder];
}

async function expectStored(id: string, text: string): Promise<void> {
  const [stored, file] = [await world.export(id), parseExport(text)];
  expect(stored.channels).toEqual(file.channels);
  expect(stored.rows.length).toBe(file.rows.length);
  // Object.is tells −0 from 0 and finds the last bit; one message for the first difference.
  const differs = file.rows.findIndex((row, i) => {
    const other = stored.rows[i];
    return (
      other === undefined ||
      other.atMs !== row.atMs ||
      row.values.some((value, c) => !Object.is(value, other.values[c]))
    );
  });
  expect(differs < 0 ? null : { file: file.rows[differs], stored: stored.rows[differs] }).toBeNull();
}

describe.skipIf(files.length === 0)('a real recording', () => {
  it.each(files)('%s is stored as it is in the file', async (name) => {
    const id = name.replace('.csv', '');
    const folder = await world.enrolled(id);
    const file = join(recordings, name);
    const done = await command('vigie-edge', replay(folder, file, 0));
    expect(done.code, done.stderr).toBe(0);
    await expectStored(id, readFileSync(file, 'utf8'));
  });
});

describe('a recording', () => {
  const lines = ['t,even,long,sparse'];
  const random = seeded(1);
  for (let i = 0; i < 3000; i++) {
    const cells = [i % 7, random() * 10 ** Math.floor(random() * 40 - 20), random() < 0.3 ? '' : -i / 8];
    lines.push(`${1_700_000_000_000 + i * 1000 + (i > 2000 ? 86_400_000 : 0)},${cells.join(',')}`);
  }
  lines.push('1710000000000,0,5e-324,', '1710000000001,1,1.7976931348623157e308,-0', '1710000000002,,,');
  const text = `${lines.join('\n')}\n`;

  it('goes on where it was after kill -9 and after a polite stop, no row twice', async () => {
    const random = seeded(seedOfRun('recording'));
    const folder = await world.enrolled('interrupted');
    const file = world.path('interrupted.csv');
    writeFileSync(file, text);
    for (let run = 0; run < 5; run++) {
      const edge = world.start('vigie-edge', replay(folder, file, 300));
      await edge.event('running');
      await rest(300 + 700 * random());
      if (run % 2 === 0) await kill(edge);
      else {
        expect(await edge.stop()).toBe(1);
        expect(edge.output()).toContain('started again it goes on where it was');
      }
    }
    const last = await command('vigie-edge', replay(folder, file, 0));
    expect(last.code, last.stderr).toBe(0);
    await expectStored('interrupted', text);
    const again = await command('vigie-edge', replay(folder, file, 0));
    expect(again.stdout).toContain('0 rows replayed, all acknowledged');
    await expectStored('interrupted', text);
  });

  it('may have a BOM, semicolons, decimal commas, quotes and Windows line ends', async () => {
    const folder = await world.enrolled('european');
    const file = world.path('european.csv');
    writeFileSync(
      file,
      '\uFEFFt;"Température; sonde";débit\r\n1700000000000;"12,5";\r\n1700000001000;;-0,25\r\n',
    );
    const done = await command('vigie-edge', replay(folder, file, 0));
    expect(done.code, done.stderr).toBe(0);
    await expectStored('european', 't,temperature_sonde,debit\n1700000000000,12.5,\n1700000001000,,-0.25\n');
  });

  it('plays at its speed: rows come while it still runs', async () => {
    const folder = await world.enrolled('paced');
    const file = world.path('paced.csv');
    writeFileSync(file, text);
    const edge = world.start('vigie-edge', replay(folder, file, 20));
    // 2000 rows at 20 times their pace take a hundred seconds: whatever is stored now came on the way.
    const some = await until('rows of a replay that is still under way', async () => {
      const { schema } = await world.get<{ schema: unknown }>('/api/machines/paced');
      const rows = schema === null ? 0 : (await world.export('paced')).rows.length;
      return rows > 0 ? rows : null;
    });
    expect(some).toBeLessThan(2000);
    expect(await edge.stop()).toBe(1);
  });

  it('teaches the edge a prior, which travels once and outlives a restart of the server', async () => {
    const folder = await world.enrolled('learning');
    const file = world.path('learning.csv');
    const wobble = seeded(2);
    const rows = Array.from({ length: 4000 }, (_, i) => {
      const values = [
        20 + Math.sin(i / 90) * 5 + wobble() / 5,
        1013 - i / 500 + wobble() / 3,
        i % 600 < 300 ? 1 : 0,
      ];
      return `${1_690_000_000_000 + i * 1000},${values.map((value) => value.toFixed(1)).join(',')}`;
    });
    const whole = `t,inlet,pressure,pump\n${rows.join('\n')}\n`;
    writeFileSync(file, whole);
    // Slow enough for learning to end before the rows do.
    const done = await command('vigie-edge', replay(folder, file, 400));
    expect(done.code, done.stderr).toBe(0);
    const db = new Database(world.path('server', 'vigie.db'), { readonly: true });
    const priors = db
      .prepare("SELECT length(bytes) AS n FROM prior WHERE machine = 'learning'")
      .pluck()
      .all();
    // The head of a primed block says so (docs/wire-format.md).
    const heads = db
      .prepare("SELECT hex(substr(bytes, 1, 1)) FROM block WHERE machine = 'learning'")
      .pluck()
      .all();
    db.close();
    expect(priors.length).toBeGreaterThan(0);
    expect(heads.some((head) => (Number.parseInt(String(head), 16) & 0x10) !== 0)).toBe(true);
    await world.server.stop();
    await world.startServer();
    await expectStored('learning', whole);
  });
});
