// Every view of the page worth a look, in every state it knows: what is photographed (scripts/screenshots.ts) and what axe
// judges (views-*.test.ts) are this one table. It is of a fleet started with `states`.
import type { Page } from 'playwright-core';
import type { Look } from './site.ts';

export interface View {
  readonly name: string;
  readonly path: string;
  readonly signedOut?: boolean;
  readonly role?: Look['role'];
  /** Before the address is opened. */
  readonly before?: (page: Page) => Promise<unknown>;
  /** Until it is whole, its heading being there. */
  readonly ready: (page: Page) => Promise<unknown>;
}

export type Part = 'fleet' | 'machine' | 'states' | 'analysis' | 'others';

const see =
  (selector: string, text?: string | RegExp) =>
  (page: Page): Promise<void> =>
    page
      .locator(selector, text === undefined ? {} : { hasText: text })
      .first()
      .waitFor();

/** Of the Machine page: its chart is fetched when it comes near the view. */
async function charted(page: Page): Promise<void> {
  await page.locator('.chart-place').waitFor({ state: 'attached' });
  await page.evaluate(`document.querySelector('.chart-place').scrollIntoView()`);
  await curves(page);
  await page.locator('.spark-line').first().waitFor({ state: 'attached' });
  await page.evaluate('scrollTo(0, 0)');
}

async function curves(page: Page): Promise<void> {
  await page.locator('.chart-host canvas').first().waitFor();
  await page.locator('.chart-box.busy, .chart-box > .skeleton').first().waitFor({ state: 'detached' });
}

/** The server answers no question about machines any more. */
const unreachable = (page: Page): Promise<unknown> => page.route('**/api/**', (route) => route.abort());

const analysisPath = '/analysis?s=TV-01.t_evap,TV-02.t_evap,TV-01.p_vac&from=now-7d&to=now&cmp=-7d';
const many = ['t_evap', 't_vap', 't_feed', 't_dist', 't_conc'].map((id) => `TV-01.${id}`).join();

export const views: Readonly<Record<Part, readonly View[]>> = {
  fleet: [
    { name: 'fleet', path: '/fleet', ready: see('.fleet .strip-words') },
    {
      name: 'fleet-loading',
      path: '/fleet',
      before: (page) => page.route('**/api/machines', () => undefined),
      ready: see('.fleet-skeleton'),
    },
    { name: 'fleet-empty', path: '/fleet', role: 'user', ready: see('.notice h2') },
    {
      name: 'fleet-error',
      path: '/fleet',
      before: (page) => page.route('**/api/machines', (route) => route.fulfill({ status: 503, body: '{}' })),
      ready: see('[role=alert]'),
    },
    {
      name: 'fleet-lost',
      path: '/fleet',
      ready: async (page) => {
        await see('.fleet .strip-words')(page);
        await page.context().setOffline(true);
        await see('.panel.lost')(page);
      },
    },
    {
      name: 'fleet-offline',
      path: '/fleet',
      ready: async (page) => {
        await see('.fleet tbody tr')(page);
        await unreachable(page);
        await page.reload();
        await see('.offline-note')(page);
        await see('.panel.lost')(page);
      },
    },
  ],
  machine: [
    { name: 'machine', path: '/m/TV-01', ready: charted },
    { name: 'chiller', path: '/m/RF-01', ready: charted },
    {
      name: 'machine-loading',
      path: '/m/TV-01',
      before: (page) => page.route('**/api/machines/TV-01', () => undefined),
      ready: see('.gauge.loading'),
    },
    {
      name: 'machine-zoomed',
      path: '/m/TV-01?from=now-1h&to=now',
      ready: async (page) => {
        await charted(page);
        await page.locator('.chart-host').focus();
        for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight');
        await page.evaluate('scrollTo(0, 0)');
      },
    },
    {
      name: 'machine-table',
      // Few lines: a thousand look like fifty, and axe judges each.
      path: '/m/TV-01?view=table&from=now-1m&to=now',
      ready: async (page) => {
        await page.locator('.chart-place').waitFor({ state: 'attached' });
        await page.evaluate(`document.querySelector('.chart-place').scrollIntoView()`);
        await see('.chart-table tbody tr')(page);
        await page.evaluate('scrollTo(0, 0)');
      },
    },
    {
      name: 'machine-lost',
      path: '/m/TV-01',
      ready: async (page) => {
        await charted(page);
        await page.context().setOffline(true);
        await see('.live.lost')(page);
      },
    },
    {
      name: 'machine-offline',
      path: '/m/TV-01',
      ready: async (page) => {
        await see('.gauge:not(.loading)')(page);
        await unreachable(page);
        await page.reload();
        await see('.offline-note')(page);
        await see('.gauge:not(.loading)')(page);
      },
    },
  ],
  states: [
    { name: 'machine-alarm', path: '/m/PR-21', ready: see('.sentence', /1 alarm/i) },
    { name: 'machine-warning', path: '/m/PR-22', ready: see('.gauge-state') },
    { name: 'machine-fault', path: '/m/PR-23', ready: see('.gauge-state') },
    { name: 'machine-stopped', path: '/m/PR-24', ready: see('.gauge-state') },
    { name: 'machine-stale', path: '/m/PR-25', ready: see('.gauge.stale') },
    { name: 'machine-never', path: '/m/PR-26', ready: see('.notice h2') },
    { name: 'machine-undated', path: '/m/PR-27', ready: see('.notice h2') },
    { name: 'machine-unknown', path: '/m/NONE', ready: see('.notice h1') },
  ],
  analysis: [
    { name: 'analysis-empty', path: '/analysis', ready: see('.suggestions') },
    { name: 'analysis', path: analysisPath, ready: curves },
    { name: 'analysis-many', path: `/analysis?s=${many},TV-02.t_evap&limits=1`, ready: curves },
    {
      name: 'analysis-table',
      path: `${analysisPath}&view=table`,
      ready: see('.chart-table tbody tr'),
    },
    {
      name: 'analysis-picker',
      path: '/analysis?s=TV-01.t_evap',
      ready: async (page) => {
        await curves(page);
        await page.locator('.analysis-bar > button').click();
        await see('.picker-list')(page);
      },
    },
    {
      name: 'analysis-unread',
      path: '/analysis?s=TV-01.t_evap,TV-99.t_evap,nonsense&y.C=60:20&cmp=soon',
      ready: curves,
    },
    {
      name: 'analysis-error',
      path: analysisPath,
      before: (page) =>
        page.route(/api\/chart\?machine=TV-02/, (route) => route.fulfill({ status: 503, body: '{}' })),
      ready: async (page) => {
        await curves(page);
        await see('[role=alert]')(page);
      },
    },
  ],
  others: [
    { name: 'sign-in', path: '/sign-in', signedOut: true, ready: see('form') },
    {
      name: 'sign-in-lost',
      path: '/sign-in',
      signedOut: true,
      before: unreachable,
      ready: see('[role=alert]'),
    },
    { name: 'welcome-void', path: '/welcome#none', signedOut: true, ready: see('[role=alert], .notice') },
    { name: 'forbidden', path: '/manage/users', role: 'user', ready: see('.notice h1') },
    { name: 'not-found', path: '/nowhere', ready: see('.notice h1') },
    { name: 'profile', path: '/profile', ready: see('.sessions li') },
    { name: 'manage-users', path: '/manage/users', ready: see('table') },
    { name: 'manage-new-user', path: '/manage/users?new', ready: see('dialog[open]') },
    { name: 'manage-machines', path: '/manage/machines', ready: see('table') },
    { name: 'manage-machine', path: '/manage/machines?edit=TV-01', ready: see('dialog[open]') },
    { name: 'manage-audit', path: '/manage/audit', ready: see('table') },
    {
      name: 'go-to',
      path: '/profile',
      ready: async (page) => {
        await see('.sessions li')(page);
        await page.keyboard.press('Control+k');
        await page.locator('input[role=combobox]').fill('pompe 2');
        await see('.go-list [role=option]')(page);
      },
    },
    {
      name: 'keys',
      path: '/profile',
      ready: async (page) => {
        await see('.sessions li')(page);
        await page.keyboard.press('?');
        await see('.keys kbd')(page);
      },
    },
  ],
};
