// Two journeys through the whole site, each with one means only: the keyboard, and a finger. Nothing is clicked in the first,
// nothing typed but a search in the second, and no swipe ever changes a range.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { account } from './site.ts';
import { drawn, useTestSite } from './test-site.ts';

const test = useTestSite(null);

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const nameOf = `(() => {
    const at = document.activeElement;
    return [at.getAttribute('aria-label'), at.labels?.[0]?.innerText, at.innerText].find(Boolean) ?? '';
  })()`;
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = String(await page.evaluate(nameOf)).trim();
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
  }
  throw new Error(`Tab never comes to ${String(name)}`);
}

it('goes through the whole site by keyboard: signs in, finds a machine, reads its chart, goes on, turns letters off', async () => {
  const page = await test.openSignedOut('/fleet');
  await tabTo(page, 'E-mail or name');
  await page.keyboard.type(account.email);
  await tabTo(page, 'Password');
  await page.keyboard.type(account.password);
  await page.keyboard.press('Enter');
  await page.locator('.fleet tbody tr').first().waitFor();

  // `/` searches the list; letters typed there are no commands.
  await page.keyboard.press('/');
  await page.keyboard.type('grf');
  await page.getByText('No machine has “grf”').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Go to…' }).waitFor();
  await page.keyboard.type('turbvap2');
  await expect.poll(() => page.getByRole('dialog').getByRole('option').count()).toBe(1);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Turbevap 2' }).waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);

  // The first Tab fetches the chart, wherever it is.
  await page.locator('.gauge:not(.loading)').first().waitFor();
  await page.keyboard.press('Tab');
  await page.locator('.chart-host canvas').waitFor();
  await tabTo(page, /^Chart of /);
  await page.keyboard.press('ArrowLeft');
  await page.locator('.chart-panel > [role=status]', { hasText: /°C/ }).waitFor();
  await page.keyboard.press('+');
  await page.waitForURL(/from=/);

  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL('**/analysis');
  await page.getByRole('heading', { name: 'Choose what to look at' }).waitFor();
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await keys.getByText('Go to: Management', { exact: true }).waitFor();
  // A dialog keeps the keyboard to itself, and gives the page back.
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  expect(page.url()).toContain('/analysis');
  await page.keyboard.press('Escape');
  await keys.waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.waitForURL('**/manage/users');
  await page.locator('tbody tr').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('camille');
  await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
  await page.keyboard.press('Tab');
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.waitForURL('**/profile');
  await tabTo(page, 'Keys of a single letter or sign');
  await page.keyboard.press('Space');
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Go to…' }).waitFor();
  expect(page.url()).toContain('/profile');
  await page.keyboard.press('Escape');
  await tabTo(page, 'All keys');
  await page.keyboard.press('Enter');
  await page.getByText('are turned off in your profile').waitFor();
});

it('goes through the whole site by a finger, and no swipe changes a range', async () => {
  const page = await test.open('/fleet', { width: 390, height: 844, touch: true });
  await page.getByRole('link', { name: 'Turbevap 1' }).tap();
  await page.getByRole('heading', { name: 'Turbevap 1' }).waitFor();
  await drawn(page);
  const finger = await page.context().newCDPSession(page);
  const touch = (type: string, touchPoints: readonly { x: number; y: number }[]): Promise<unknown> =>
    finger.send('Input.dispatchTouchEvent', { type: type as 'touchStart', touchPoints: [...touchPoints] });
  const swipe = async (dx: number, dy: number): Promise<void> => {
    const box = (await page.locator('.chart-host .plot-over').first().boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await touch('touchStart', [{ x, y }]);
    for (let k = 1; k <= 6; k++) await touch('touchMove', [{ x: x + (dx * k) / 6, y: y + (dy * k) / 6 }]);
    await touch('touchEnd', []);
  };
  const centre = (): Promise<unknown> =>
    page.evaluate(`document.querySelector('.chart-host').scrollIntoView({ block: 'center' })`);
  const directions = [
    [0, -120],
    [0, 120],
    [-110, 0],
    [110, 0],
    [80, -100],
    [-80, 100],
  ] as const;
  for (const path of [null, '/analysis?s=TV-01.t_evap,TV-01.p_vac&from=now-3d&to=now']) {
    if (path !== null) await page.goto(test.site.address + path);
    await drawn(page);
    const address = page.url();
    for (const [dx, dy] of directions) {
      await centre();
      await swipe(dx, dy);
      expect(page.url(), `a swipe by ${dx}, ${dy}`).toBe(address);
    }
    // Buttons double what a finger cannot do.
    await centre();
    await page.getByRole('button', { name: 'Zoom in' }).first().tap();
    await expect.poll(() => page.url()).not.toBe(address);
  }
  await page.getByRole('link', { name: 'Profile' }).tap();
  await page.getByRole('heading', { name: 'Profile' }).waitFor();
  await page.getByRole('button', { name: 'Go to…' }).tap();
  await page.getByRole('combobox', { name: 'Machine or page' }).fill('pompe 25');
  await page.getByRole('dialog').getByRole('option').first().tap();
  await page.getByRole('heading', { name: 'Pompe 25' }).waitFor();
});
