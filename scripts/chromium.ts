// Where a Chromium lies: CHROMIUM_PATH, one on PATH, else one that playwright-core has installed. A shell has no window at
// all: it draws the same pages in half of the processor's time, and is enough for whoever looks at what is drawn. Speed is
// measured in a whole one, as people have it. Run as a program, `shell` or `whole`: exit code 1 when there is none.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

export type Kind = 'shell' | 'whole';

const NAMES = {
  shell: ['chromium-headless-shell'],
  whole: ['chromium', 'chromium-browser', 'google-chrome'],
} as const;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param kind the one that is rather had: the other will do */
export function launchChromium(kind: Kind = 'shell'): Promise<Browser> {
  const other = kind === 'shell' ? 'whole' : 'shell';
  const executablePath = findChromium(kind) ?? findChromium(other) ?? chromium.executablePath();
  return chromium.launch({ executablePath, args: FLAGS });
}

/** `null`: neither CHROMIUM_PATH nor PATH has one of that kind. */
function findChromium(kind: Kind): string | null {
  const given = process.env.CHROMIUM_PATH;
  if (given !== undefined && given !== '') return given;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES[kind]) {
      const file = join(folder, name);
      if (existsSync(file)) return file;
    }
  }
  return null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isThere =
    process.argv[2] === 'shell'
      ? findChromium('shell') !== null
      : findChromium('whole') !== null || existsSync(chromium.executablePath());
  process.exit(isThere ? 0 : 1);
}
