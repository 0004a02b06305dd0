// Takes the standard pictures of the page: every view of e2e/browser/views.ts × widths × themes × languages, into screenshots/
// (not in git). `--axe` judges each as well; `--readme` takes only those that README.md and docs show, into docs/img/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, explain, parseFlags } from '@vigie/config';
import type { Page } from 'playwright-core';
import { violationsOf } from '../e2e/browser/axe.ts';
import { type Look, type Site, startSite } from '../e2e/browser/site.ts';
import { type View, views } from '../e2e/browser/views.ts';
import { buildAll } from './build.ts';
import { root } from './programs.ts';

const WIDTHS = [390, 768, 1440];

const parsed = parseFlags(
  {
    name: 'npm run screenshots --',
    summary:
      'Takes pictures of the page on a demo fleet: views in every state × widths × themes × languages.',
    flags: {
      readme: { type: 'boolean', help: 'only those of README.md and docs, into docs/img' },
      axe: { type: 'boolean', help: 'have axe judge each; any violation is a failure' },
      only: { type: 'string', value: 'TEXT', help: 'only pictures whose name contains TEXT' },
      out: { type: 'string', value: 'DIR', help: 'folder (default screenshots)' },
    },
  },
  process.argv.slice(2),
);

/** What README.md and docs show. */
const README: readonly { readonly view: string; readonly look: Look; readonly file: string }[] = [
  { view: 'fleet', look: { width: 1200, height: 760 }, file: 'fleet.webp' },
  { view: 'machine', look: { width: 1200, height: 900 }, file: 'machine.webp' },
  { view: 'analysis', look: { width: 1200, height: 900, theme: 'dark' }, file: 'analysis.webp' },
  {
    view: 'machine',
    look: { width: 390, height: 844, touch: true, language: 'fr' },
    file: 'machine-phone.webp',
  },
];

async function shown(site: Site, view: View, look: Look): Promise<Page> {
  const role = view.role ?? 'super-admin';
  const page = await (view.signedOut === true ? site.openSignedOut(look) : site.open({ ...look, role }));
  await view.before?.(page);
  await page.goto(site.address + view.path);
  await page.locator('h1').first().waitFor();
  await view.ready(page);
  return page;
}

async function readmePictures(site: Site, folder: string): Promise<void> {
  for (const { view, look, file } of README) {
    const one = Object.values(views)
      .flat()
      .find(({ name }) => name === view);
    if (one === undefined) throw new Error(`no view is called ${view}`);
    const page = await shown(site, one, look);
    // As WebP a picture is a fifth of a PNG; Playwright itself writes none.
    const devtools = await page.context().newCDPSession(page);
    const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
    writeFileSync(join(folder, file), Buffer.from(data, 'base64'));
    await page.context().close();
  }
}

async function allPictures(site: Site, folder: string, only: string, axe: boolean): Promise<string[]> {
  const wrong: string[] = [];
  let count = 0;
  for (const view of Object.values(views).flat()) {
    for (const width of WIDTHS) {
      for (const language of ['fr', 'en'] as const) {
        const names = (['light', 'dark'] as const).map((theme) => ({
          theme,
          name: `${view.name}-${width}-${theme}-${language}`,
        }));
        if (!names.some(({ name }) => name.includes(only))) continue;
        const look: Look = { width, height: width < 500 ? 844 : 900, language, touch: width < 500 };
        const page = await shown(site, view, look);
        for (const { theme, name } of names) {
          if (!name.includes(only)) continue;
          await page.emulateMedia({ colorScheme: theme });
          await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
          if (axe) {
            wrong.push(...(await violationsOf(page)).map((one) => `${name}: ${one}`));
          }
          console.log(`${++count} ${name}.png`);
        }
        await page.context().close();
      }
    }
  }
  return wrong;
}

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const { readme = false, axe = false, only = '', out } = parsed.flags;
  const folder = out ?? join(root, ...(readme ? ['docs', 'img'] : ['screenshots']));
  mkdirSync(folder, { recursive: true });
  await buildAll();
  console.log('Starting a demo fleet with three weeks of past …');
  const site = await startSite({ states: true });
  try {
    if (readme) {
      await readmePictures(site, folder);
      console.log(`Done: ${README.map(({ file }) => file).join(', ')} in ${folder}.`);
      return EXIT.ok;
    }
    const wrong = await allPictures(site, folder, only, axe);
    for (const line of wrong) console.error(line);
    console.log(`Done, in ${folder}. Look at each as its user would.`);
    return wrong.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await site.stop();
  }
}

process.exit(await main());
