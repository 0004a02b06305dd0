// Draws the icons of the installed page from packages/web/public/favicon.svg. Run when that changes: `node scripts/icons.ts`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from './chromium.ts';
import { root } from './programs.ts';

const folder = join(root, 'packages', 'web', 'public');
const svg = readFileSync(join(folder, 'favicon.svg'), 'utf8');
/** A system cuts its own shape out of a maskable one: what matters stays within the middle 80 %. */
const icons = [
  { name: 'icon-180.png', size: 180, isWhole: true },
  { name: 'icon-192.png', size: 192, isWhole: false },
  { name: 'icon-512.png', size: 512, isWhole: false },
  { name: 'icon-maskable-512.png', size: 512, isWhole: true },
];

const browser = await launchChromium();
const page = await browser.newPage();
for (const { name, size, isWhole } of icons) {
  const drawn = isWhole ? svg.replace(' rx="7"', '').replace('0 0 32 32', '-3 -3 38 38') : svg;
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>html{background:${isWhole ? '#1F5FA8' : 'transparent'}}body{margin:0}svg{display:block;width:100vw}</style>${drawn}`,
  );
  await page.screenshot({ path: join(folder, name), omitBackground: true });
}
await browser.close();
