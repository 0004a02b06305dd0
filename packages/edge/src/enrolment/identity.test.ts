// Small files on a disk that is full: /dev/full takes no byte, as such a disk does.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeWhole } from '../kept-file.ts';

it.skipIf(process.platform !== 'linux')('keeps the old file and no handle when the disk is full', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-whole-'));
  try {
    const file = join(folder, 'status.json');
    writeWhole(file, 'old');
    symlinkSync('/dev/full', `${file}.new`);
    const before = readdirSync('/proc/self/fd').length;
    // The agent writes its status every five seconds, for as long as the disk is full.
    for (let i = 0; i < 50; i++) expect(() => writeWhole(file, 'new')).toThrow('ENOSPC');
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 10);
    expect(readFileSync(file, 'utf8')).toBe('old');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
