// The server's two keys: wherever a rotation is cut off, the active key is one that edges pin.
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { linkIdentity, rotateLinkKey } from './identity.ts';

const root = mkdtempSync(join(tmpdir(), 'vigie-keys-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('the spare key becomes the active one, and a new spare is made', () => {
  const folder = join(root, 'whole');
  const before = linkIdentity(folder);
  expect(linkIdentity(folder).pins).toEqual(before.pins);
  const after = rotateLinkKey(folder);
  expect(after.pins[0]).toBe(before.pins[1]);
  expect(before.pins).not.toContain(after.pins[1]);
  expect(linkIdentity(folder).pins).toEqual(after.pins);
});

it('a rotation cut off between its two steps is complete at the next reading', () => {
  const folder = join(root, 'cut');
  const before = linkIdentity(folder);
  renameSync(join(folder, 'link-key-spare.pem'), join(folder, 'link-key.pem'));
  const after = linkIdentity(folder);
  expect(after.pins[0]).toBe(before.pins[1]);
  expect(before.pins).not.toContain(after.pins[1]);
});
