// Small files on a disk that is full (/dev/full takes no byte, as such a disk does), and on one that does not give them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeWhole } from '../kept-file.ts';
import { credentials, readIdentity } from './identity.ts';

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

it('does not take a file that cannot be read for a box that is not enrolled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-unreadable-'));
  try {
    expect(readIdentity(folder)).toMatchObject({ message: expect.stringContaining('not enrolled yet') });
    expect(credentials(folder)).toMatchObject({ message: expect.stringContaining('machine-key.pem: lost') });
    // A folder in its place is opened and not read, by root too.
    for (const name of ['identity.json', 'machine-key.pem']) mkdirSync(join(folder, name));
    const advice = 'check the disk and who owns the file, or replace the card and enrol';
    expect(readIdentity(folder)).toEqual({
      ok: false,
      message: `${folder}/identity.json: who this box is cannot be read (EISDIR: illegal operation on a directory, read): ${advice} again`,
    });
    expect(credentials(folder)).toEqual({
      ok: false,
      message: `${folder}/machine-key.pem: cannot be read; ${advice} again`,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
