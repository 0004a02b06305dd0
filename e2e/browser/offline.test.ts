// The page without its server: installed, opened again when everything is down, its values old in plain sight, and nothing left
// on the device of who signed out. A fleet of its own, which is killed.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { account } from './site.ts';
import { useTestSite } from './test-site.ts';

const HOUR_MS = 3_600_000;
const test = useTestSite({ machines: 1, days: 0 });

/** Names of what this device keeps of the site, in its storage and its caches. */
async function leftOn(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(async () => {
    const names = Object.keys(localStorage).filter((key) => key.startsWith('vigie.kept.'));
    for (const cache of await caches.keys()) {
      for (const { url } of await (await caches.open(cache)).keys()) names.push(new URL(url).pathname);
    }
    return names;
  })()`)) as readonly string[];
}

const shellIsKept = (page: Page): Promise<unknown> =>
  page.evaluate('navigator.serviceWorker.ready.then(() => true)');

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail or name').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

it('can be installed, and keeps no answer of the server but the last known values', async () => {
  const page = await test.open('/fleet', { installs: true });
  await page.locator('.fleet tbody tr').first().waitFor();
  await shellIsKept(page);
  const devtools = await page.context().newCDPSession(page);
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  // A private window, as this is, installs nothing; all else must be there.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual(
    [],
  );
  const left = await leftOn(page);
  expect(left.filter((name) => name.startsWith('/api'))).toEqual([]);
  expect(left.filter((name) => name.startsWith('vigie')).sort()).toEqual([
    'vigie.kept.account',
    'vigie.kept.fleet',
  ]);
  expect(left).toContain('/');
});

it('leaves nothing on the device when somebody signs out, or the session is over', async () => {
  const page = await test.openSignedOut('/m/TV-01', { installs: true });
  await signIn(page);
  await page.locator('.sentence').getByText('last reading').waitFor();
  const kept = async (): Promise<readonly string[]> =>
    (await leftOn(page)).filter((name) => name.startsWith('vigie'));
  await expect.poll(async () => (await kept()).includes('vigie.kept.m.TV-01')).toBe(true);
  await page.goto(`${test.site.address}/profile`);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await kept()).toEqual([]);
  await signIn(page);
  await page.getByRole('heading', { name: 'Profile' }).or(page.locator('.fleet')).first().waitFor();
  await expect.poll(async () => (await kept()).length).toBeGreaterThan(0);
  await page.context().clearCookies();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await kept()).toEqual([]);
});

it('opens when the server is gone, says how old what it shows is, and never that all is well', async () => {
  const page = await test.open('/m/TV-01', { installs: true });
  const sentence = page.locator('.sentence');
  await sentence.getByText('last reading').waitFor();
  await page.getByRole('link', { name: 'Machines' }).first().click();
  await sentence.getByText('1 machine').waitFor();
  await shellIsKept(page);
  const signedOut = await test.openSignedOut('/sign-in', { installs: true });
  await shellIsKept(signedOut);

  await test.fleet.end();
  // Where the site begins for whoever has one machine.
  await page.goto(test.site.address);
  await page.waitForURL('**/m/TV-01');
  const note = page.getByRole('complementary', { name: 'No connection.' });
  await note.getByText(/What is shown was true at \d\d:\d\d, \d+\s(s|min) ago/).waitFor();
  await sentence.getByText(/^State unknown · this page lost the server/).waitFor();
  await page.locator('.gauge').nth(7).waitFor();
  expect(await page.locator('.gauge.fresh').count()).toBe(0);
  expect(await violationsOf(page)).toEqual([]);

  await page.goto(`${test.site.address}/fleet`);
  await note.waitFor();
  await page.locator('.fleet-state strong').getByText(/^late/).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  // Never seen on this device: said to be out of reach, not to be missing.
  await page.goto(`${test.site.address}/m/TV-02`);
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();

  // Three hours later there is no state word at all.
  await page.clock.install({ time: Date.now() + 3 * HOUR_MS });
  await page.goto(`${test.site.address}/m/TV-01`);
  await note.getByText(/, 3\sh ago/).waitFor();
  await page.locator('.gauge.stale').nth(7).waitFor();
  await page.goto(`${test.site.address}/fleet`);
  await page.locator('.fleet-state strong', { hasText: 'no news' }).waitFor();

  await page.goto(`${test.site.address}/profile`);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('The server cannot be reached').first().waitFor();
  expect((await leftOn(page)).filter((name) => name.startsWith('vigie'))).toEqual([]);
  await page.reload();
  // Nobody is known here any more: no name, no machine.
  await page.getByText('The server cannot be reached').first().waitFor();
  expect(await page.locator('.navbar').count()).toBe(0);
  await signedOut.reload();
  await signedOut.getByText('The server cannot be reached').waitFor();
});
