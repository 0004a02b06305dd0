// Alarms in a real Chromium, from a limit that somebody sets to its history: rehearsed, saved, rung by the real edge, seen in
// the navigation, acknowledged, shelved, taken from its shelf; on a phone, in both languages and themes, and axe.
import { join } from 'node:path';
import DatabaseFile from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { type Look, type Site, startSite } from './site.ts';

let site: Site;
let opened: Page[] = [];
let complaints: string[] = [];
beforeAll(async () => {
  site = await startSite({ machines: 1, days: 1 });
});
afterAll(async () => {
  await site?.stop();
});
afterEach(async () => {
  for (const page of opened) await page.context().close();
  opened = [];
  const told = complaints;
  complaints = [];
  expect(told).toEqual([]);
});

async function open(path: string, look: Look = {}): Promise<Page> {
  const page = await site.open(look);
  opened.push(page);
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(site.address + path);
  await page.locator('h1').first().waitFor();
  return page;
}

const item = (page: Page) => page.locator('.alarm-item', { hasText: 'Ambient above its limit' });

it('a limit is rehearsed, saved, rings, and is seen wherever one is', async () => {
  const page = await open('/m/TV-01/limits?channel=t_amb');
  const field = page.getByLabel('Warning above (°C)');
  await page.getByText('would not have rung in 30 days').waitFor();
  await field.fill('one');
  await page.getByText('this is not a number').waitFor();
  await field.fill('1');
  await page.getByText(/would have rung (once|\d+ times) in 30 days/).waitFor();
  await page.getByRole('button', { name: 'Save' }).first().click();
  await page.getByText('model: none').first().waitFor();
  await page.getByRole('option', { name: 'Ambient (own limits)' }).waitFor({ state: 'attached' });
  expect(await violationsOf(page)).toEqual([]);

  await page.goto(`${site.address}/alarms`);
  await item(page).getByText('not acknowledged').waitFor();
  await page.locator('.nav-badge').waitFor();
  await page.goto(`${site.address}/fleet`);
  await page.getByRole('link', { name: /alarms? rings?/ }).waitFor();
  await page.goto(`${site.address}/m/TV-01`);
  await item(page).waitFor();
  await page.locator('.alarm-strip li').first().waitFor();
});

it('it is acknowledged with a comment, shelved with a reason, and its history says so', async () => {
  const page = await open('/alarms');
  await item(page)
    .getByRole('button', { name: /^Acknowledge/ })
    .click();
  await page.getByLabel('Comment').fill('The sensor hangs in the sun');
  await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
  await item(page).getByText('The sensor hangs in the sun').waitFor();
  expect(
    await item(page)
      .getByRole('button', { name: /^Acknowledge/ })
      .count(),
  ).toBe(0);

  await item(page)
    .getByRole('button', { name: /^Shelve/ })
    .click();
  await page.getByText('1 hour', { exact: true }).click();
  await page.getByLabel('Reason').fill('Until it is moved');
  await page.getByRole('dialog').getByRole('button', { name: 'Shelve' }).click();
  await item(page).getByText('Until it is moved').waitFor();
  await item(page).getByRole('button', { name: 'Take from the shelf' }).click();
  await item(page).getByText('Until it is moved').waitFor({ state: 'detached' });

  await item(page)
    .getByRole('button', { name: /^Details/ })
    .click();
  const history = page.locator('.alarm-history');
  for (const text of [
    'It began',
    'Acknowledged by Camille Renard',
    'Shelved by',
    'Taken from the shelf by',
  ]) {
    await history.getByText(text).first().waitFor();
  }
  expect(await violationsOf(page)).toEqual([]);
});

it('fits a phone in both languages and themes, without a fault that axe finds', async () => {
  for (const [language, theme] of [
    ['fr', 'dark'],
    ['en', 'light'],
  ] as const) {
    const page = await open('/alarms', { width: 390, height: 844, touch: true, language, theme });
    await page.locator('.alarm-item').first().waitFor();
    for (const path of ['/alarms', '/alarms?list=history', '/m/TV-01/limits?channel=t_amb', '/m/TV-01']) {
      await page.goto(site.address + path);
      await page.locator('h1').first().waitFor();
      await page.locator('.alarm-item, .limits-form, .page > p.muted').first().waitFor();
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
      expect([path, language, wide > 0]).toEqual([path, language, false]);
      expect([path, language, await violationsOf(page)]).toEqual([path, language, []]);
    }
  }
});

it('however many there are, each is within reach; a severity is chosen among all, and what was opened stays', async () => {
  const db = new DatabaseFile(join(site.data, 'server', 'vigie.db'));
  const columns = (db.pragma('table_info(alarm)') as { name: string }[]).map(({ name }) => name);
  // Copies of the one that rang, over for good: waiting for somebody, or of the past.
  const copy = db.prepare(
    `INSERT INTO alarm SELECT ${columns.map((name) => `@${name}`).join(', ')} FROM alarm WHERE machine = @machine AND id = @like`,
  );
  const like = db.prepare('SELECT * FROM alarm WHERE machine = ? LIMIT 1').get('TV-01') as {
    id: number;
    happened_ms: number;
  };
  for (let i = 0; i < 240; i++) {
    const happened = like.happened_ms - (i + 2) * 60_000;
    copy.run({
      ...like,
      like: like.id,
      id: 1000 + i,
      severity: i % 120 < 60 ? 'alarm' : 'warning',
      ...{ happened_ms: happened, over_ms: happened + 30_000, over_learned_ms: happened + 30_000 },
      ...{
        is_over: 1,
        is_open: i < 120 ? 1 : 0,
        acknowledged_ms: null,
        acknowledged_by: null,
        comment: null,
      },
    });
  }
  db.close();

  const page = await open('/m/TV-01');
  await page.getByRole('link', { name: 'Show all open alarms' }).waitFor();
  expect(await page.locator('.alarm-item').count()).toBe(5);
  await page.getByRole('link', { name: 'Show all open alarms' }).click();
  const items = (count: number) =>
    expect.poll(() => page.locator('.alarm-item').count(), { timeout: 10_000 }).toBe(count);
  await items(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await items(100);
  await page.getByLabel('Severity').selectOption('alarm');
  await items(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await items(60);
  expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);

  await page.goto(`${site.address}/alarms?list=history&severity=warning`);
  await items(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await items(60);
  const again = page.waitForResponse((answer) => answer.url().includes('/api/alarms?list=history'));
  await page.getByRole('button', { name: 'Reload' }).click();
  await again;
  // Of the answer, as drawn.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  await items(60);
});
