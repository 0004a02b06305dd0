// Small files that must outlive a power cut and a bad card: written whole or not at all, mode 0600, and read from a copy
// beside them (`NAME.previous`: the last good text) when they are empty, truncated or damaged.
// Not here: what the files mean; rows (spool/).
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Outcome } from '@vigie/config';

/** Write aside, sync, rename: after a power cut the file is the old one or the new one. */
export function writeWhole(file: string, text: string): void {
  const handle = openSync(`${file}.new`, 'w', 0o600);
  try {
    // A disk that fills up takes a part of a write: this writes the rest, or throws.
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}

/** What was renamed in the folder is so after a power cut too. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

export function previousOf(file: string): string {
  return `${file}.previous`;
}

/** Durable with its copy when this returns. @throws when the disk refuses. */
export function keepFile(file: string, text: string): void {
  writeWhole(file, text);
  syncFolder(dirname(file));
  writeWhole(previousOf(file), text);
}

export type Found<T> =
  | { readonly kind: 'found'; readonly value: T; readonly text: string; readonly fromPrevious: boolean }
  | { readonly kind: 'missing' }
  /** The disk does not give it. `message`: a sentence of the system. */
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'damaged' };

/** @param parse throws on what is no such file. */
export function findFile<T>(file: string, parse: (text: string) => T): Found<T> {
  let without: Found<T> = { kind: 'missing' };
  for (const fromPrevious of [false, true]) {
    const read = readIfThere(fromPrevious ? previousOf(file) : file);
    if (!read.ok) without = { kind: 'unreadable', message: read.message };
    if (!read.ok || read.value === null) continue;
    try {
      return { kind: 'found', value: parse(read.value), text: read.value, fromPrevious };
    } catch {
      // The other one may be whole.
      if (without.kind === 'missing') without = { kind: 'damaged' };
    }
  }
  return without;
}

/** As `findFile`, and makes file and copy alike again where one of them was lost. */
export function recoverFile<T>(file: string, parse: (text: string) => T): Found<T> {
  const found = findFile(file, parse);
  if (found.kind !== 'found') return found;
  try {
    const copy = readIfThere(previousOf(file));
    if (found.fromPrevious || !copy.ok || copy.value !== found.text) keepFile(file, found.text);
  } catch {
    // A disk that refuses now has given what was asked.
  }
  return found;
}

/** `null`: there is none. */
function readIfThere(file: string): Outcome<string | null> {
  try {
    return { ok: true, value: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? { ok: true, value: null } : { ok: false, message };
  }
}
