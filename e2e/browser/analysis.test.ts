// The Analysis page in a real Chromium before a running demo fleet: choosing, zooming, comparing, aligning, notes, exports,
// what goes wrong, and a phone. On the fleet that all share.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Download, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import type { Look } from './site.ts';
import { drawn, useTestSite } from './test-site.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TWO = '/analysis?s=TV-01.t_evap,TV-02.t_evap';
const test = useTestSite(null);
const { open, show } = test;

const queryOf = (page: Page): URLSearchParams => new URL(page.url()).searchParams;
const textOf = async (download: Download): Promise<string> => readFileSync(await download.path(), 'utf8');

async function exported(page: Page, name: string | RegExp, menu = 'Export'): Promise<Download> {
  await page.locator('.menu summary', { hasText: menu }).click();
  const item = page.locator('.menu[open] li > *', { hasText: name });
  const [download] = await Promise.all([page.waitForEvent('download'), item.first().click()]);
  return download;
}

/** A User who sees one machine, signed in; made beside the server, since that is not what is tested here. */
async function userOf(machine: string, look: Look = {}): Promise<Page> {
  const token = randomBytes(32).toString('base64url');
  const id = randomBytes(8).toString('hex');
  const db = new Sqlite(join(test.site.data, 'server', 'accounts.db'));
  db.prepare('INSERT INTO account (id, name, email, role, language, password) VALUES (?, ?, ?, ?, ?, ?)').run(
    id,
    'Noé',
    `${id}@example.org`,
    'user',
    'en',
    'none',
  );
  db.prepare('INSERT INTO account_machine (account, machine) VALUES (?, ?)').run(id, machine);
  const sha256 = createHash('sha256').update(token).digest('hex');
  db.prepare('INSERT INTO session (sha256, account, expires_ms, seen_ms) VALUES (?, ?, ?, ?)').run(
    sha256,
    id,
    Date.now() + DAY_MS,
    Date.now(),
  );
  db.close();
  const page = await test.site.openSignedOut(look);
  await page.context().addCookies([{ name: 'vigie-session', value: token, url: test.site.address }]);
  return page;
}

describe('the Analysis page', () => {
  it('is used with the keyboard alone: from nothing chosen to a table, back and forth', async () => {
    const page = await open('/analysis');
    await page.getByRole('heading', { name: 'Choose what to look at' }).waitFor();
    expect(await page.locator('.suggestions a').count()).toBeGreaterThanOrEqual(4);
    await page.getByRole('button', { name: 'Channels' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('evap tv-01');
    await page.getByRole('dialog').getByLabel('Evaporation °C').focus();
    await page.keyboard.press('Space');
    await page.getByLabel('Find a machine or a channel').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('vacuum nantes');
    await page.getByRole('dialog').getByLabel('Evaporator vacuum mbar').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await expect.poll(() => queryOf(page).get('s')).toBe('TV-01.t_evap,TV-02.p_vac');
    await drawn(page);
    expect(await page.locator('.chart-pane').count()).toBe(2);
    const spoken = page.locator('.chart-panel > [role=status]');
    await page.locator('.chart-host').nth(1).focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => spoken.innerText()).toMatch(/Turbevap 2 · Evaporator vacuum [\d.]+\smbar/);
    // One crosshair: the other pane's legend reads the same instant.
    await page.locator('.chart-when', { hasText: /^\d/ }).waitFor();
    expect(await page.locator('.chart-crosshair:not([hidden])').count()).toBe(2);
    await page.keyboard.press('+');
    await expect.poll(() => queryOf(page).get('from')).not.toBe('now-21d');
    const first = page.url();
    await page.keyboard.press('PageUp');
    await expect.poll(() => page.url()).not.toBe(first);
    await page.goBack();
    await expect.poll(() => page.url()).toBe(first);
    await page.locator('.chart-host').first().focus();
    await page.keyboard.press('t');
    await page.locator('.chart-table tbody tr').first().waitFor();
    expect(await page.locator('.chart-table thead th').count()).toBe(3);
    // The table has the focus that the curves had, and gives it back.
    await page.keyboard.press('t');
    await drawn(page);
  });

  it('draws at every zoom the extremes and gaps that the rows of several machines have', async () => {
    const page = await open('/analysis');
    const endMs = Date.now();
    const fromMs = endMs - 12 * DAY_MS;
    const rows = new Map<string, (readonly [number, number])[]>();
    for (const machine of ['TV-01', 'TV-02']) {
      const answer = await page.request.get(
        `${test.site.address}/api/machines/${machine}/rows.csv?channels=t_evap&from=${fromMs}&to=${endMs}`,
      );
      const lines = (await answer.text()).trim().split('\n').slice(1);
      rows.set(
        machine,
        lines.map((line) => line.split(',')).flatMap(([t, v]) => (v === '' ? [] : [[Number(t), Number(v)]])),
      );
    }
    const seed = Math.floor(endMs / 1000) % 100_000;
    console.log(`zooms drawn with seed ${seed}`);
    let state = seed;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    for (let k = 0; k < 5; k++) {
      const spanMs = k === 0 ? endMs - fromMs : Math.max(HOUR_MS, 8 * DAY_MS * random() ** 3);
      const start =
        Math.floor((k === 0 ? fromMs : fromMs + random() * (endMs - fromMs - spanMs)) / 1000) * 1000;
      const stop = Math.floor((start + spanMs) / 1000) * 1000;
      const range = `&from=${new Date(start).toISOString()}&to=${new Date(stop).toISOString()}`;
      await page.goto(`${test.site.address}${TWO}${range}`);
      await drawn(page);
      const [, ...lines] = (await textOf(await exported(page, 'As displayed'))).trim().split('\n');
      const cells = lines.map((line) => line.split(','));
      [...rows.values()].forEach((all, m) => {
        const within = all.filter(([t]) => t >= start && t < stop).map(([, value]) => value);
        const column = (at: number): number[] =>
          cells.flatMap((line) => (line[at] === '' ? [] : [Number(line[at])]));
        const [low, high] = [column(2 + 3 * m), column(3 + 3 * m)];
        expect(low.length === 0, `${range} machine ${m}`).toBe(within.length === 0);
        if (within.length === 0) return;
        const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
        const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
        expect(least(low), `${range} machine ${m}`).toBe(least(within));
        expect(most(high), `${range} machine ${m}`).toBe(most(within));
      });
      const apart = [...rows.values()].map((all) => {
        const within = all.filter(([t]) => t >= start && t < stop);
        return within.flatMap(([t], i) =>
          i > 0 && t - within[i - 1]![0] > HOUR_MS ? [[within[i - 1]![0], t] as const] : [],
        );
      });
      if (k === 0) expect(apart[1]!.length).toBeGreaterThan(0);
      const gap = apart[1]![0];
      if (gap === undefined) continue;
      const box = (await page.locator('.chart-host .plot-over').first().boundingBox())!;
      const x = ((gap[0] + gap[1]) / 2 - start) / (stop - start);
      await page.mouse.move(box.x + x * box.width, box.y + box.height / 2);
      await page.locator('.chart-when', { hasText: /Turbevap 2: no data .* → / }).waitFor();
    }
  });

  it('compares with the week before, aligns events, and gives the same view to whoever has the link', async () => {
    const page = await open(`${TWO}&from=now-4d&to=now&cmp=-7d&y.C=20:60`);
    await drawn(page);
    const names = page.locator('.legend-name');
    expect((await names.allInnerTexts()).map((name) => name.replaceAll('\u00a0', ' '))).toEqual([
      'Turbevap 1 · Evaporation',
      'Turbevap 1 · Evaporation · 7 d before',
      'Turbevap 2 · Evaporation',
      'Turbevap 2 · Evaporation · 7 d before',
    ]);
    expect(await page.getByLabel('From', { exact: true }).inputValue()).toBe('20.0');
    const box = (await page.locator('.chart-host .plot-over').first().boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 50);
    const day = (atMs: number): string =>
      new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', day: 'numeric', month: 'short' }).format(
        atMs,
      );
    const middle = Date.now() - 2 * DAY_MS;
    await page.locator('.chart-when', { hasText: day(middle) }).waitFor();
    await page
      .locator('.legend-spread', { hasText: day(middle - 7 * DAY_MS) })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText('Link copied').first().waitFor();
    const link = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(link).not.toContain('now');
    expect(link).toContain('cmp=-7d');
    const other = await open(link.slice(test.site.address.length));
    await drawn(other);
    expect(await other.locator('.chart-facts').innerText()).toBe(
      await page.locator('.chart-facts').innerText(),
    );
    expect(await other.locator('.legend-name').allInnerTexts()).toEqual(await names.allInnerTexts());

    await page.locator('.align summary').click();
    // The demo's evaporators go round without resting: the entry into their first state is offered.
    const first = page.locator('.align fieldset').first();
    await first.locator('input').nth(1).click();
    await first.locator('input').nth(2).click();
    await page.keyboard.press('Escape');
    await page.locator('.address-notice', { hasText: 'Turbevap 2: choose one of its events' }).waitFor();
    await drawn(page);
    expect(queryOf(page).get('align')).toMatch(/^TV-01@[^,]+Z,TV-01@[^,]+Z$/);
    expect(await page.locator('.chart-facts').innerText()).toMatch(/^−30\smin → \+8\sh/);
    const before = page.url();
    // Both runs enter the state at 0: the state's own curve says so.
    const near = `&align=${queryOf(page).get('align')}&from=-4m&to=4m`;
    await page.goto(`${test.site.address}/analysis?s=TV-01.state${near}`);
    await drawn(page);
    const lines = (await textOf(await exported(page, 'As displayed'))).trim().split('\n').slice(1);
    for (const column of [1, 4]) {
      const states = lines
        .map((line) => line.split(','))
        .flatMap((cells) =>
          cells[column] === '' ? [] : [[Number(cells[0]), Number(cells[column])] as const],
        );
      expect(states.filter(([at, state]) => at > 15 && state !== 1)).toEqual([]);
      expect(states.filter(([at, state]) => at < -15 && state === 1)).toEqual([]);
      expect(states.some(([at]) => at > 15) && states.some(([at]) => at < -15)).toBe(true);
    }
    await page.goto(before);
    await drawn(page);
    await page.reload();
    await drawn(page);
    expect(page.url()).toBe(before);
    expect(await page.locator('.legend-name').count()).toBe(2);
    await page.locator('.align summary').click();
    await page.getByRole('button', { name: 'Back to dates' }).click();
    await expect.poll(() => queryOf(page).get('align')).toBeNull();
  });

  it('parts more than five series of a unit into small panes, and takes its ends from fields and overview', async () => {
    const ids = ['t_evap', 't_vap', 't_feed', 't_dist', 't_conc', 't_oil'];
    const page = await open(`/analysis?s=${ids.map((id) => `TV-01.${id}`).join()}&from=now-2d&to=now`);
    await drawn(page);
    expect(await page.locator('.chart-pane.small').count()).toBe(6);
    await page.getByRole('button', { name: 'Limits' }).click();
    await expect.poll(() => queryOf(page).get('limits')).toBe('1');
    await page.getByLabel('From', { exact: true }).fill('90');
    await page.keyboard.press('Tab');
    await page.getByText('This is no range: write two numbers').waitFor();
    await page.getByLabel('From', { exact: true }).fill('10,5');
    await page.keyboard.press('Tab');
    await expect.poll(() => queryOf(page).get('y.C')).toMatch(/^10\.5:/);
    await page.getByLabel('End').fill('2020-01-01T00:00:00');
    await page.keyboard.press('Enter');
    await page.getByText('This is no range: the beginning must be before the end').waitFor();
    const plot = page.locator('.overview-plot');
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => Date.parse(queryOf(page).get('to') ?? '')).toBeLessThan(Date.now() - 2 * DAY_MS);
    await page.getByRole('button', { name: 'Automatic range' }).click();
    await expect.poll(() => queryOf(page).get('to')).toBe('now');
  });

  it('says what of an address it cannot read or show, and never whether a foreign machine exists', async () => {
    const bad = '&from=now&to=2020-01-01&y.C=9:3&cmp=soon';
    const page = await show(
      await userOf('TV-01'),
      `/analysis?s=TV-01.t_evap,TV-02.t_evap,NONE.t,nonsense${bad}`,
    );
    await drawn(page);
    const notice = await page.locator('.address-notice').innerText();
    for (const part of [
      'Channel «nonsense»',
      'Range «now → 2020-01-01»',
      'Vertical axis «y.C=9:3»',
      'Comparison «soon»',
      'No machine TV-02 is shown to your account.',
      'No machine NONE is shown to your account.',
    ]) {
      expect(notice).toContain(part);
    }
    expect(await page.locator('.legend-name').allInnerTexts()).toEqual(['Evaporation']);
    const catalogue = await page.request.get(`${test.site.address}/api/catalogue`);
    expect(((await catalogue.json()) as { machines: { id: string }[] }).machines.map(({ id }) => id)).toEqual(
      ['TV-01'],
    );
    for (const path of ['notes', 'notes?from=0', 'rows.csv?language=fr', 'journal?kind=state']) {
      const [foreign, none] = await Promise.all(
        ['TV-02', 'NONE'].map((id) => page.request.get(`${test.site.address}/api/machines/${id}/${path}`)),
      );
      expect(foreign!.status(), path).toBe(404);
      expect((await foreign!.text()).replace('TV-02', 'NONE'), path).toBe(await none!.text());
    }
  });

  it('keeps notes of whoever sees the machine, on both pages, deleted only by who may, with a way back', async () => {
    const user = await show(await userOf('TV-01'), '/analysis?s=TV-01.t_evap&from=now-2d&to=now');
    await drawn(user);
    const box = (await user.locator('.chart-host .plot-over').first().boundingBox())!;
    await user.mouse.click(box.x + box.width * 0.4, box.y + 60, { button: 'right' });
    const dialog = user.getByRole('dialog');
    await dialog.getByLabel('Text').fill('   ');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Write the text of the note').waitFor();
    await dialog.getByLabel('Text').fill('<img src=x onerror=alert(1)> new gasket');
    expect(await violationsOf(user)).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    const mine = user.locator('.note-marker');
    await mine.waitFor();
    const left = (await mine.boundingBox())!;
    expect(left.x + left.width / 2).toBeCloseTo(box.x + box.width * 0.4, -1);
    const { notes } = (await (
      await user.request.get(`${test.site.address}/api/machines/TV-01/notes`)
    ).json()) as {
      notes: { id: string; deletable: boolean }[];
    };
    expect(notes).toMatchObject([{ author: 'Noé', deletable: true }]);
    const one = `${test.site.address}/api/machines/TV-01/notes/${notes[0]!.id}`;
    const headers = { origin: test.site.address };

    const colleague = await userOf('TV-01');
    test.watch(colleague);
    expect((await colleague.request.delete(one, { headers })).status()).toBe(403);
    const stranger = await userOf('TV-02');
    test.watch(stranger);
    expect((await stranger.request.delete(one, { headers })).status()).toBe(404);

    const admin = await open('/m/TV-01?from=now-2d&to=now');
    await admin.locator('.note-marker').click();
    await admin.getByRole('dialog').getByText('<img src=x onerror=alert(1)> new gasket').waitFor();
    await admin
      .getByRole('dialog')
      .getByRole('button', { name: /^Delete/ })
      .click();
    await admin.getByText('Note deleted.').waitFor();
    await expect.poll(() => admin.locator('.note-marker').count()).toBe(0);
    await admin.getByRole('button', { name: 'Undo' }).click();
    await admin.locator('.note-marker').waitFor();
  });

  it('exports rows and buckets as a spreadsheet of the language reads them, and a picture, on both pages', async () => {
    const page = await open('/analysis?s=TV-01.t_evap,TV-01.state&from=now-3h&to=now', { language: 'fr' });
    await drawn(page);
    const raw = await textOf(await exported(page, 'Toutes les lignes', 'Exporter'));
    expect(raw).toMatch(
      /^\uFEFFHeure;Évaporation \(°C\);État\n\d{4}-\d\d-\d\dT[\d:.]+[+]0[12]:00;\d+(,\d)?;\d\n/,
    );
    expect(raw.split('\n').length).toBeGreaterThan(100);
    const displayed = await textOf(await exported(page, 'Comme affiché', 'Exporter'));
    expect(displayed).toMatch(/^\uFEFFHeure;Évaporation \(°C\);Évaporation min \(°C\);/);
    for (const path of [null, '/m/TV-01']) {
      if (path !== null) await page.goto(test.site.address + path);
      await drawn(page);
      const picture = await exported(page, 'Image', 'Exporter');
      const bytes = readFileSync(await picture.path());
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      expect(bytes.readUInt32BE(16)).toBeGreaterThan(1000);
    }
    const wrong = await page.request.get(`${test.site.address}/api/machines/TV-01/rows.csv?channels=nope`);
    expect(wrong.status()).toBe(400);
    expect(await wrong.text()).toContain('has no channel nope');
  });

  it('shows the others when one machine fails, a range without data, and a lost server', async () => {
    const page = await open('/analysis');
    await page.route(/api\/chart\?machine=TV-02/, (route) => route.fulfill({ status: 503, body: '{}' }));
    await page.goto(test.site.address + TWO);
    await page.getByText('Turbevap 2 could not be read').waitFor();
    await page.locator('.legend-value', { hasText: '°C' }).first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.unroute(/api\/chart\?machine=TV-02/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => page.getByText('Turbevap 2 could not be read').count()).toBe(0);
    await page.context().setOffline(true);
    await page.getByText('This page lost the server at').waitFor({ timeout: 40_000 });
    await page.context().setOffline(false);
    await expect
      .poll(() => page.getByText('This page lost the server at').count(), { timeout: 40_000 })
      .toBe(0);
    await page.goto(`${test.site.address}${TWO}&from=now-60d&to=now-50d`);
    await page.getByText('No data in this range.').waitFor();
  });
});

describe('on small screens and for everybody', () => {
  it('has a sheet to choose from on a phone, and never scrolls sideways', async () => {
    const phone = await open(`${TWO}&cmp=-7d&from=now-3d&to=now`, {
      width: 390,
      height: 844,
      touch: true,
      language: 'fr',
    });
    await drawn(phone);
    await phone.getByRole('button', { name: '2 voies' }).click();
    const sheet = (await phone.locator('.picker').boundingBox())!;
    expect(sheet.y).toBeGreaterThan(60);
    expect(sheet.y + sheet.height).toBeCloseTo(844, 0);
    expect(await violationsOf(phone)).toEqual([]);
    await phone.getByRole('button', { name: 'Terminé' }).click();
    expect(await phone.locator('.overview').isVisible()).toBe(false);
    // A long press that is not moved writes a note; moved, it selects.
    const plot = phone.locator('.chart-host .plot-over').first();
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox())!;
    const touch = await phone.context().newCDPSession(phone);
    const touchPoints = [{ x: box.x + 100, y: box.y + 80 }];
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
    await phone.locator('.chart-selection:not([hidden])').first().waitFor({ state: 'attached' });
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await phone.getByRole('dialog').getByLabel('Texte').waitFor();
    await phone.getByRole('button', { name: 'Annuler' }).click();
    for (const width of [320, 768, 1920]) {
      await phone.setViewportSize({ width, height: 800 });
      await drawn(phone);
      expect(await phone.evaluate('document.documentElement.scrollWidth'), `${width} px`).toBe(width);
    }
  });

  it('loads little', async () => {
    const page = await test.site.open();
    const sizes: Promise<number>[] = [];
    page.on('response', (answer) => {
      sizes.push(
        answer
          .request()
          .sizes()
          .then(({ responseBodySize }) => Math.max(0, responseBodySize)),
      );
    });
    await show(page, `${TWO},TV-01.p_vac`);
    await drawn(page);
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    console.log(`first view of Analysis with three curves: ${Math.round(total / 1000)} kB`);
    expect(total).toBeLessThan(130_000);
  });
});
