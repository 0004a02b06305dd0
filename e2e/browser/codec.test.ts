// The codec in a real Chromium: every golden block and prior decodes there to the same rows, and encodes again to the
// same bytes. What it must be is pinned by packages/codec/golden; here only the engine differs.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { root } from '../../scripts/programs.ts';

const folder = join(root, 'packages', 'codec', 'golden');
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

it('gives the same rows and the same bytes as Node', async () => {
  const bundle = await build({
    entryPoints: [join(root, 'packages', 'codec', 'src', 'golden.test-support.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'golden',
    target: 'es2024',
  });
  const page = await browser.newPage();
  await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(files.length).toBeGreaterThan(5);
  for (const name of files) {
    const text = readFileSync(join(folder, name), 'utf8');
    const wrong = await page.evaluate(`golden.whatDiffers(${JSON.stringify(text)})`);
    expect(wrong, name).toBeNull();
  }
});
