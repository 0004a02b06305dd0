// The list of machines in a real Chromium: a fleet in every state beside the demo's machines, the week's strips, a lost
// server, what a visit missed, 200 machines, phone and keyboard. One fleet for the whole file.
import { join } from 'node:path';
import type { Fleet, Strips, Visit } from '@vigie/contract';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { addFleet, type Story } from './fleet-machines.ts';
import type { Look } from './site.ts';
import { useTestSite } from './test-site.ts';

const LONG =
  'Évaporateur sous vide à compression mécanique de vapeur n° 14 de la station d’épuration de Saint-Nazaire';
const STORIES: readonly Story[] = [
  'alarm',
  'warning',
  'fault',
  'normal',
  'stopped',
  'silent',
  'never',
  'undated',
];
const test = useTestSite({ machines: 1, days: 1 });
const { open, api } = test;

async function openFleet(look: Look = {}): Promise<Page> {
  const page = await open('/fleet', look);
  await page.locator('.fleet tbody tr').first().waitFor();
  return page;
}

const rowOf = (page: Page, name: string) => page.locator('.fleet tbody tr', { hasText: name });

it('leads whoever has one machine to its page, and says what its skeletons hold the place of', async () => {
  const page = await open('/');
  await page.waitForURL('**/m/TV-01');
  await page.getByRole('link', { name: 'Machines' }).first().click();
  await page.locator('.sentence').getByText('1 machine').waitFor();
  expect(page.url()).toContain('/fleet');
  expect(await page.getByRole('searchbox').count()).toBe(0);
});

describe('with machines in every state', () => {
  beforeAll(async () => {
    const machines = STORIES.map((story) => ({
      ...{ id: `PX-${story}`, name: story === 'never' ? LONG : `Pump ${story}`, story },
    }));
    await addFleet(test.site.data, Date.now(), machines);
  });

  it('says the worst in one line, and shows the worst first', async () => {
    const page = await openFleet();
    await page
      .locator('.sentence')
      .getByText(/^1 alarm · Pump alarm: Outlet pressure too high since/)
      .waitFor();
    const names = await page.locator('.fleet tbody th a').allInnerTexts();
    expect(names.slice(0, 2)).toEqual(['Pump alarm', 'Pump silent']);
    expect(names.slice(2, 4).sort()).toEqual(['Pump undated', LONG].sort());
    expect(names.slice(4, 6)).toEqual(['Pump fault', 'Pump warning']);
    const said: Readonly<Record<string, RegExp>> = {
      'Pump alarm': /high alarm\s+Outlet pressure, since .*86\.4/s,
      'Pump silent': /no news\s+for 5.h.*5.h ago/s,
      [LONG]: /nothing received yet.*never/s,
      'Pump undated': /rows without a known time/,
      'Pump fault': /sensor fault\s+Outlet pressure, since/,
      'Pump warning': /high warning\s+Motor temperature, since/,
      'Pump stopped': /stopped/,
      'Pump normal': /normal\s+pumping.*Flow\s+12\.5.m³\/h/s,
    };
    for (const [name, words] of Object.entries(said)) {
      expect(await rowOf(page, name).innerText(), name).toMatch(words);
    }
    // Silence has no state word and no colour.
    expect(await rowOf(page, 'Pump silent').locator('.tone-alarm, .tone-warning').count()).toBe(0);
    await page.getByRole('link', { name: 'Pump undated' }).click();
    await page.getByText('336 rows without a known time').waitFor();
    await page.locator('.sentence').getByText('rows received, none with a known time').waitFor();
  });

  it('shows the week of each machine, to the finger and to the keyboard', async () => {
    const page = await openFleet();
    const row = rowOf(page, 'Pump alarm');
    const strip = row.getByRole('slider');
    await strip.waitFor();
    expect(await row.locator('.strip-words').innerText()).toMatch(/^alarm for 3.h/);
    await strip.press('Home');
    await row.getByText(/^(nothing abnormal|not known yet), /).waitFor();
    for (let i = 0; i < 4; i++) await strip.press('PageUp');
    // Three days before the present lie in this slot or in the one before, as the hour has it.
    if (!(await row.locator('.strip-words').innerText()).startsWith('alarm')) await strip.press('ArrowDown');
    await row.getByText(/^alarm for 1.h in all, /).waitFor();
    expect(await strip.getAttribute('aria-valuetext')).toMatch(/^alarm for 1.h in all, /);
    const box = (await strip.boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.8, box.y + 5);
    await row.getByText(/^nothing abnormal, /).waitFor();
    await rowOf(page, 'Pump silent').getByRole('slider').press('End');
    await rowOf(page, 'Pump silent')
      .getByText(/^no data for 5.h/)
      .waitFor();
    // What was never judged has no strip rather than a wrong one.
    await rowOf(page, 'Pump undated').getByText('cannot be told').waitFor();
    const strips = await api<Strips>(page, '/api/strips?machines=PX-alarm,NONE,TV-01');
    expect(Object.keys(strips)).toEqual(['PX-alarm', 'TV-01']);
    // Its past is one day.
    expect(strips['TV-01']?.states.slice(0, 70)).toEqual(Array.from({ length: 70 }, () => 'unknown'));
    expect((await page.request.get(`${test.site.address}/api/strips`)).status()).toBe(400);
  });

  it('finds machines by name, site and model, and says when there is none', async () => {
    const page = await openFleet();
    const search = page.locator('input[type=search][data-search]');
    await search.fill('evaporateur nantes');
    await expect.poll(() => page.locator('.fleet tbody tr').count()).toBe(1);
    await page.getByText('1 of 9 machines').waitFor();
    await search.fill('nowhere');
    await page.getByText('No machine has “nowhere”').waitFor();
    await page.getByRole('button', { name: 'Show all machines' }).click();
    await expect.poll(() => page.locator('.fleet tbody tr').count()).toBe(9);
  });

  it('tells what happened since the last visit', async () => {
    const page = await openFleet();
    // Nothing is told of before the first visit.
    expect(await page.locator('.visit').count()).toBe(0);
    const accounts = new Database(join(test.site.data, 'server', 'accounts.db'));
    accounts.prepare('UPDATE visit SET seen_ms = ?').run(Date.now() - 2 * 86_400_000);
    accounts.close();
    await page.reload();
    const lines = page.locator('.visit li');
    await lines.first().waitFor();
    await page.getByRole('heading', { name: /^Since your last visit, 2/ }).waitFor();
    expect(await lines.allInnerTexts()).toEqual([
      '1 alarm: Pump alarm',
      'No machine out of reach for an hour or more',
      expect.stringMatching(/^\d new machines?: /),
    ]);
    const again = await page.request.post(`${test.site.address}/api/visit`, {
      headers: { origin: test.site.address },
    });
    expect(((await again.json()) as Visit).sinceMs).toBeLessThan(Date.now() - 86_400_000);
  });

  it('says that it lost the server, at once when the network goes, and finds it again', async () => {
    const page = await openFleet();
    const sentence = page.locator('.sentence');
    await sentence.getByText('1 alarm').waitFor();
    await page.context().setOffline(true);
    await sentence.getByText(/^State unknown · this page lost the server at/).waitFor();
    // What was known stays, and asking again while it is lost does not make it well.
    expect(await page.locator('.fleet tbody tr').count()).toBe(9);
    await rowOf(page, 'Pump alarm').getByText('late · was high alarm').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
    await sentence.getByText('State unknown').waitFor();
    await page.context().setOffline(false);
    await sentence.getByText('1 alarm').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('notices a server that does not answer any more within 40 s', async () => {
    const page = test.watch(await test.site.open());
    await page.clock.install();
    await page.goto(`${test.site.address}/fleet`);
    await page.locator('.sentence').getByText('1 alarm').waitFor();
    // Neither an answer nor an error comes.
    await page.route('**/api/machines', () => undefined);
    await page.clock.runFor(16_000);
    // The deadline of a request is Chromium's own timer, not the page's: it takes its 20 s.
    await page
      .locator('.sentence')
      .getByText(/^State unknown · this page lost the server/)
      .waitFor({ timeout: 25_000 });
  });

  it('lets a row grow old by itself: in time, late, then silent, whatever its state was', async () => {
    const page = test.watch(await test.site.open());
    await page.clock.install();
    await page.goto(`${test.site.address}/fleet`);
    const row = rowOf(page, 'Pump warning');
    const word = row.locator('.fleet-state strong');
    await word.getByText(/^high warning$/).waitFor();
    // The list comes no more, so only the page's own clock moves.
    await page.route('**/api/machines', () => undefined);
    await page.clock.fastForward(58 * 60_000);
    await page.clock.runFor(2000);
    await word.getByText('late · was high warning').waitFor();
    await page.clock.fastForward(4 * 60_000);
    await page.clock.runFor(2000);
    await word.getByText('no news').waitFor();
    expect(await row.locator('.tone-warning').count()).toBe(0);
  });

  it('shows a User only what is linked, and says what to do when nothing is', async () => {
    const page = await openFleet();
    const accounts = new Database(join(test.site.data, 'server', 'accounts.db'));
    try {
      accounts.exec("UPDATE account SET role = 'user'");
      await page.reload();
      await page.getByRole('heading', { name: 'No machine is linked to your account yet' }).waitFor();
      accounts.exec("INSERT INTO account_machine (account, machine) SELECT id, 'PX-normal' FROM account");
      const { machines } = await api<Fleet>(page, '/api/machines');
      expect(machines.map(({ id }) => id)).toEqual(['PX-normal']);
      expect(Object.keys(await api<Strips>(page, '/api/strips?machines=PX-alarm,PX-normal'))).toEqual([
        'PX-normal',
      ]);
      const told = await page.request.post(`${test.site.address}/api/visit`, {
        headers: { origin: test.site.address },
      });
      expect(((await told.json()) as Visit).alarmed).toEqual([]);
      await page.goto(test.site.address);
      await page.waitForURL('**/m/PX-normal');
    } finally {
      accounts.exec("UPDATE account SET role = 'super-admin'; DELETE FROM account_machine");
      accounts.close();
    }
  });

  it('is whole at 320 px, and for fingers', async () => {
    for (const [width, language] of [
      [320, 'fr'],
      [390, 'en'],
      [768, 'fr'],
    ] as const) {
      const page = await openFleet({ width, height: 800, language, touch: width < 700 });
      await page.getByRole('slider').first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} px`).toBe(width);
      if (width >= 700) continue;
      for (const target of await page.locator('.fleet a, .fleet-search input').all()) {
        const box = (await target.boundingBox())!;
        expect(Math.min(box.width, box.height), `${width} px`).toBeGreaterThanOrEqual(44);
      }
    }
  });

  it('is less than 90 kB on the wire with its data', async () => {
    const page = test.watch(await test.site.open());
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await page.goto(`${test.site.address}/fleet`);
    await page.getByRole('slider').first().waitFor();
    await page.waitForLoadState('networkidle');
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(90_000);
  });
});

describe('with two hundred machines', () => {
  beforeAll(async () => {
    const machines = Array.from({ length: 200 }, (_, i) => ({
      id: `BIG-${i}`,
      name: `Relevage ${i}`,
      story: i % 40 === 0 ? ('alarm' as const) : ('normal' as const),
    }));
    await addFleet(test.site.data, Date.now(), machines);
  });

  it('shows them all, asks for the weeks of those in view only, and finds one while it is typed', async () => {
    const page = test.watch(await test.site.open());
    const asked: string[] = [];
    page.on('request', (request) => {
      const query = new URL(request.url());
      if (query.pathname === '/api/strips')
        asked.push(...(query.searchParams.get('machines') ?? '').split(','));
    });
    await page.goto(`${test.site.address}/fleet`);
    await page.locator('.fleet tbody tr').nth(208).waitFor();
    await page
      .locator('.sentence')
      .getByText(/^6 alarms · .* and 5 more · 3 machines silent$/)
      .waitFor();
    await page.getByRole('slider').nth(5).waitFor();
    expect(asked.length).toBeLessThan(40);
    const fleet = await api<Fleet>(page, '/api/machines');
    expect(fleet.machines).toHaveLength(209);
    // Channels are told once for all machines of a kind.
    expect(fleet.channels.length).toBeLessThan(10);
    await page.locator('input[data-search]').pressSequentially('relevage 19');
    await expect.poll(() => page.locator('.fleet tbody tr').count()).toBe(12);
  });
});
