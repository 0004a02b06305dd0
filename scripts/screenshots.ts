// Takes the standard pictures of the page: pages × widths × themes × languages, into screenshots/ (not in git).
// `npm run screenshots -- --readme` takes only the one that README.md shows, into docs/img/.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, explain, parseFlags } from '@vigie/config';
import type { Page } from 'playwright-core';
import { type Look, type Site, startSite } from '../e2e/browser/site.ts';
import { buildAll } from './build.ts';
import { root } from './programs.ts';

const parsed = parseFlags(
  {
    name: 'npm run screenshots --',
    summary: 'Takes pictures of the page on a demo fleet: pages × widths × themes × languages.',
    flags: {
      readme: { type: 'boolean', help: 'only the one of README.md, into docs/img' },
      only: { type: 'string', value: 'TEXT', help: 'only pictures whose name contains TEXT' },
      out: { type: 'string', value: 'DIR', help: 'folder (default screenshots)' },
    },
  },
  process.argv.slice(2),
);

interface Shot {
  readonly name: string;
  readonly path: string;
  /** Before sign-in. */
  readonly signedOut?: boolean;
  readonly prepare?: (page: Page) => Promise<void>;
}

const chartDrawn = async (page: Page): Promise<void> => {
  await page.locator('.chart-host canvas').waitFor();
  await page.locator('.spark-line').first().waitFor({ state: 'attached' });
  await page.locator('.chart-box:not(.busy)').waitFor();
  // A live row has come.
  await page.locator('.sentence', { hasText: /\b[0-2]\s(s ago)|il y a [0-2]\s/ }).waitFor();
};

const curvesDrawn = async (page: Page): Promise<void> => {
  await page.locator('.chart-host canvas').first().waitFor();
  await page.locator('.chart-box.busy').first().waitFor({ state: 'detached' });
};

const SHOTS: readonly Shot[] = [
  { name: 'sign-in', path: '/sign-in', signedOut: true },
  { name: 'fleet', path: '/fleet', prepare: (page) => page.locator('.fleet tbody tr').first().waitFor() },
  { name: 'machine', path: '/m/TV-01', prepare: chartDrawn },
  { name: 'machine-fault', path: '/m/TV-02', prepare: chartDrawn },
  { name: 'chiller', path: '/m/RF-01', prepare: chartDrawn },
  {
    name: 'machine-zoomed',
    path: '/m/TV-01?from=now-1h&to=now',
    prepare: async (page) => {
      await chartDrawn(page);
      await page.locator('.chart-host').focus();
      for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight');
    },
  },
  {
    name: 'machine-table',
    path: '/m/TV-01?view=table',
    prepare: (page) => page.locator('.chart-table tbody tr').first().waitFor(),
  },
  {
    name: 'machine-lost',
    path: '/m/TV-01',
    prepare: async (page) => {
      await chartDrawn(page);
      await page.context().setOffline(true);
      await page.locator('.live.lost').waitFor();
    },
  },
  { name: 'machine-unknown', path: '/m/NONE' },
  {
    name: 'analysis-empty',
    path: '/analysis',
    prepare: (page) => page.locator('.suggestions').waitFor(),
  },
  {
    name: 'analysis',
    path: '/analysis?s=TV-01.t_evap,TV-02.t_evap,TV-01.p_vac&from=now-7d&to=now&cmp=-7d',
    prepare: curvesDrawn,
  },
  {
    name: 'analysis-many',
    path: '/analysis?s=TV-01.t_evap,TV-01.t_vap,TV-01.t_feed,TV-01.t_dist,TV-01.t_conc,TV-02.t_evap&limits=1',
    prepare: curvesDrawn,
  },
  {
    name: 'analysis-picker',
    path: '/analysis?s=TV-01.t_evap',
    prepare: async (page) => {
      await curvesDrawn(page);
      await page.locator('.analysis-bar > button').click();
      await page.locator('.picker-list').waitFor();
    },
  },
  {
    name: 'analysis-unread',
    path: '/analysis?s=TV-01.t_evap,TV-99.t_evap,nonsense&y.C=60:20&cmp=soon',
    prepare: curvesDrawn,
  },
  { name: 'profile', path: '/profile' },
  { name: 'manage-users', path: '/manage/users' },
  { name: 'manage-new-user', path: '/manage/users?new' },
  { name: 'manage-machines', path: '/manage/machines' },
  { name: 'manage-machine', path: '/manage/machines?edit=TV-01' },
  { name: 'manage-audit', path: '/manage/audit' },
];

async function take(site: Site, shot: Shot, look: Look, file: string, fullPage: boolean): Promise<void> {
  const page = await (shot.signedOut === true ? site.openSignedOut(look) : site.open(look));
  await page.goto(`${site.address}${shot.path}`);
  await page.locator('h1').first().waitFor();
  await shot.prepare?.(page);
  await page.screenshot({ path: file, fullPage });
  await page.context().close();
}

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const { readme = false, only = '', out } = parsed.flags;
  const folder = out ?? join(root, ...(readme ? ['docs', 'img'] : ['screenshots']));
  mkdirSync(folder, { recursive: true });
  await buildAll();
  console.log('Starting a demo fleet with three weeks of past …');
  const site = await startSite();
  try {
    if (readme) {
      const look: Look = { width: 1440, height: 1020, language: 'en', theme: 'light' };
      await take(site, SHOTS[2]!, look, join(folder, 'machine.png'), false);
      console.log(`Done: ${join(folder, 'machine.png')}`);
      return EXIT.ok;
    }
    let count = 0;
    for (const shot of SHOTS) {
      for (const width of [320, 390, 768, 1440]) {
        for (const theme of ['light', 'dark'] as const) {
          for (const language of ['fr', 'en'] as const) {
            const name = `${shot.name}-${width}-${theme}-${language}.png`;
            if (!name.includes(only)) continue;
            const height = width < 500 ? 844 : 900;
            await take(
              site,
              shot,
              { width, height, theme, language, touch: width < 500 },
              join(folder, name),
              true,
            );
            console.log(`${++count} ${name}`);
          }
        }
      }
    }
    console.log(`Done: ${count} pictures in ${folder}. Look at each as its user would.`);
    return EXIT.ok;
  } finally {
    await site.stop();
  }
}

process.exit(await main());
