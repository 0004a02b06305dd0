// Files a person writes (config, model) may be empty or cut short after a power cut or on a bad card. The agent keeps the
// last good text of each in its data folder and goes on with it, loudly: a box far away must not stop reading its machine.
// Not here: the agent's own state (kept-file.ts has a copy beside each).
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Outcome } from '@vigie/config';
import { previousOf, writeWhole } from './kept-file.ts';

/** Where the last good text of `file` is kept. */
function copyOf(folder: string, file: string): string {
  return previousOf(join(folder, basename(file)));
}

export interface Loaded<T> {
  readonly value: T;
  readonly fromCopy: boolean;
}

/**
 * @param folders where a copy may be, the likeliest first.
 * @param load reads a file; its failure is the person's sentence when there is no copy that does.
 * @param say told when a copy is used.
 */
export function loadOrLastGood<T>(
  file: string,
  folders: readonly string[],
  load: (file: string) => Outcome<T>,
  say: (message: string) => void,
): Outcome<Loaded<T>> {
  const loaded = load(file);
  const text = textOf(file);
  for (const folder of folders) {
    const copy = copyOf(folder, file);
    const kept = textOf(copy);
    if (kept === null || (loaded.ok && text !== null && !isCutShort(text, kept))) continue;
    const good = load(copy);
    if (!good.ok) continue;
    say(`${loaded.ok ? `${file}: ends in the middle` : loaded.message}; its last good copy ${copy} is used`);
    return { ok: true, value: { value: good.value, fromCopy: true } };
  }
  return loaded.ok ? { ok: true, value: { value: loaded.value, fromCopy: false } } : loaded;
}

/** A last line without its end is what a power cut leaves; an editor's change ends with a whole line. */
function isCutShort(text: string, kept: string): boolean {
  return (
    text.length < kept.length && kept.startsWith(text) && !text.endsWith('\n') && kept[text.length] !== '\n'
  );
}

/** The file is good: its text is kept. A disk that refuses now only costs the copy. */
export function keepGood(folder: string, file: string): void {
  const text = textOf(file);
  if (text === null || text === textOf(copyOf(folder, file))) return;
  try {
    writeWhole(copyOf(folder, file), text);
  } catch {
    // Told by the status of the disk.
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
