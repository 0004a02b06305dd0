// Files of months that other processes make and remove: one that is made is seen at the next look, however soon; one that is
// gone is not made again by who looks.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { folderArchive } from './archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-archive-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const month = (i: number): number => Date.UTC(2020, i, 1);

describe('months in a folder', () => {
  it('are seen as soon as another has made them', async () => {
    const [one, other] = [folderArchive(join(folder, 'a')), folderArchive(join(folder, 'a'))];
    for (let i = 0; i < 40; i++) {
      expect([...one.between(0, Date.UTC(2030, 0))]).toHaveLength(i);
      await other.at(month(i));
      expect([...one.between(0, Date.UTC(2030, 0))]).toHaveLength(i + 1);
      expect([...one.before(month(i) + 1)]).toHaveLength(i + 1);
    }
    await one.close();
    await other.close();
  });

  it('are not made again when they were removed while somebody was on the way to them', async () => {
    const at = join(folder, 'b');
    const [one, other] = [folderArchive(at), folderArchive(at)];
    for (let i = 0; i < 3; i++) await other.at(month(i));
    const looking = one.between(0, Date.UTC(2030, 0))[Symbol.iterator]();
    expect(looking.next().done).toBe(false);
    await other.removeEmpty(month(1));
    expect(existsSync(join(at, '2020-02.db'))).toBe(false);
    expect(looking.next().done).toBe(false);
    expect(looking.next().done).toBe(true);
    expect(existsSync(join(at, '2020-02.db'))).toBe(false);
    await one.close();
    await other.close();
  });
});
