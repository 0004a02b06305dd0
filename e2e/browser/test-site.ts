// What every file of browser tests begins and ends with: a browser before a fleet, pages that are closed after each test, and
// no test that passes while a script failed or the content security policy was broken, which show in no picture.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { type FleetOptions, type Look, openSite, type RunningFleet, type Site, startFleet } from './site.ts';

export interface TestSite {
  readonly site: Site;
  /** Only where the fleet is the file's own. */
  readonly fleet: RunningFleet;
  /** A page at a path, signed in, its heading shown. */
  open(path: string, look?: Look): Promise<Page>;
  /** The same, of a page that a test opened itself. */
  show(page: Page, path: string): Promise<Page>;
  openSignedOut(path: string, look?: Look): Promise<Page>;
  /** Closed after the test and listened to, like the others. */
  watch(page: Page): Page;
  /** Listened to only: it stays open. */
  listen(page: Page): Page;
  api<T>(page: Page, path: string): Promise<T>;
}

/** @param own the fleet to start; `null`: the one that all share. */
export function useTestSite(own: FleetOptions | null): TestSite {
  let site: Site | undefined;
  let fleet: RunningFleet | undefined;
  let opened: Page[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    if (own !== null) fleet = await startFleet(own);
    site = await openSite(fleet?.facts ?? inject('fleet'));
  });
  afterEach(async () => {
    for (const page of opened) await page.context().close();
    opened = [];
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });
  afterAll(async () => {
    await site?.stop();
    await fleet?.stop();
  });

  const listen = (page: Page): Page => {
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (/Content.Security|Refused to/i.test(message.text())) complaints.push(message.text());
    });
    return page;
  };
  const watch = (page: Page): Page => {
    opened.push(page);
    return listen(page);
  };
  const show = async (page: Page, path: string): Promise<Page> => {
    watch(page);
    await page.goto(site!.address + path);
    await page.locator('h1').first().waitFor();
    return page;
  };
  return {
    get site() {
      return site!;
    },
    get fleet() {
      return fleet!;
    },
    watch,
    listen,
    show,
    open: async (path, look = {}) => show(await site!.open(look), path),
    openSignedOut: async (path, look = {}) => show(await site!.openSignedOut(look), path),
    api: async <T>(page: Page, path: string): Promise<T> => {
      const answer = await page.request.get(site!.address + path);
      expect(answer.status(), path).toBe(200);
      return (await answer.json()) as T;
    },
  };
}

/** Until no chart of the page waits for its data. */
export async function drawn(page: Page): Promise<void> {
  // On the Machine page it is fetched when it comes near the view.
  await page.locator('.chart-place, .chart-host').first().waitFor({ state: 'attached' });
  await page.evaluate(
    `document.querySelector('.chart-place, .chart-host').scrollIntoView({ block: 'center' })`,
  );
  await page.locator('.chart-host canvas').first().waitFor();
  const waiting = page.locator('.chart-box.busy, .chart-box > .skeleton');
  await expect.poll(() => waiting.count(), { timeout: 20_000 }).toBe(0);
}
