// The page in a real Chromium before a running demo fleet: first start, sign-in, the Machine page with its chart, live
// values, a lost server, phone and keyboard. On the fleet that all share; axe is in views-*.test.ts.
import type { ChartAnswer, MachineView, SentChart } from '@vigie/contract';
import { receivedChart } from '@vigie/contract/sent-chart';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { account, type Look } from './site.ts';
import { drawn, useTestSite } from './test-site.ts';
import { addUndatedMachine, UNDATED_ROWS } from './undated.ts';

const DAY_MS = 86_400_000;
const test = useTestSite(null);
const { open, openSignedOut, api } = test;

async function chartAnswer(page: Page, path: string): Promise<ChartAnswer> {
  return receivedChart(await api<SentChart>(page, path));
}

async function chartOf(page: Page): Promise<Locator> {
  await drawn(page);
  const plot = page.locator('.chart-host .plot-over');
  await plot.scrollIntoViewIfNeeded();
  return plot;
}

// Spreading hundreds of thousands of values into Math.max would overflow the stack.
const highest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
const lowest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));

/** Range in the address, as instants; `null`: the last three weeks. */
function rangeOf(page: Page): readonly [number, number] | null {
  const query = new URL(page.url()).searchParams;
  const [from, to] = [query.get('from'), query.get('to')];
  return from === null || to === null ? null : [Date.parse(from), Date.parse(to)];
}

describe('first start and sign-in', () => {
  it('refuses what is wrong in words, leads back to the address asked for, and signs out', async () => {
    const page = await openSignedOut('/m/TV-01?view=table');
    await page.getByLabel('E-mail or name').fill(account.email);
    await page.getByLabel('Password', { exact: true }).fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This name and password do not match').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(account.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Turbevap 1' }).waitFor();
    expect(page.url()).toContain('/m/TV-01?view=table');
    await page.getByRole('link', { name: 'Profile' }).click();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect((await page.request.get(`${test.site.address}/api/machines`)).status()).toBe(401);
  });

  it('offers the first set-up to nobody once there is an account', async () => {
    const page = await openSignedOut('/setup');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const again = await page.request.post(`${test.site.address}/api/setup`, {
      data: {
        code: 'AAAAA-AAAAA',
        name: 'X',
        email: 'x@example.org',
        password: 'x'.repeat(12),
        language: 'en',
      },
      headers: { origin: test.site.address },
    });
    expect(again.status()).toBe(401);
  });

  it('says that the server cannot be reached, and keeps what was typed', async () => {
    const page = await openSignedOut('/sign-in');
    await page.getByLabel('E-mail or name').fill(account.email);
    await page.getByLabel('Password', { exact: true }).fill(account.password);
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The server cannot be reached').waitFor();
    expect(await page.getByLabel('E-mail or name').inputValue()).toBe(account.email);
  });
});

describe('the Machine page', () => {
  it('says the state in words and moves by itself while somebody looks', async () => {
    const page = await open('/m/TV-01');
    await page.locator('.sentence').getByText('last reading').waitFor();
    await page.locator('.gauge:not(.loading)').nth(7).waitFor();
    expect(await page.locator('.gauge-state').allInnerTexts()).not.toContain('');
    const row = page.getByRole('row', { name: /^Reads/ });
    const reads = async (): Promise<number> =>
      Number((await row.locator('td').first().innerText()).replace(/\D/g, ''));
    const before = await reads();
    // One read a second: three more means that rows come alone, without any request of the page.
    await expect.poll(reads, { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 3);
  });

  it('shows the sensor fault, the fouling and the outages of its past', async () => {
    const page = await open('/m/TV-02');
    const view = await api<MachineView>(page, '/api/machines/TV-02');
    const end = view.nowMs;
    const chart = await chartAnswer(
      page,
      `/api/chart?machine=TV-02&channels=t_dist,t_evap&from=${end - 21 * DAY_MS}&to=${end}&width=1000`,
    );
    const long = chart.gaps.filter(({ fromMs, toMs }) => toMs - fromMs > 3_600_000);
    expect(long).toHaveLength(1);
    expect(long[0]?.reason).toBe('edge-off');
    // The broken sensor has no samples while the others go on: fewer buckets, and no gap of rows.
    const [faulty, sound] = chart.series;
    expect(faulty!.count.length).toBeLessThan(sound!.count.length - 10);
    // Fouling raises the compressed vapour of the first machine for days, until it is cleaned.
    const fouled = await chartAnswer(
      page,
      `/api/chart?machine=TV-01&channels=t_vap&from=${end - 16 * DAY_MS}&to=${end - 6 * DAY_MS}&width=10`,
    );
    const days = fouled.series[0]!.mean;
    expect(highest(days)).toBeGreaterThan(days[0]! + 5);
    expect(days.at(-1)).toBeLessThan(highest(days) - 5);
    await page.getByRole('button', { name: 'Show more' }).click();
    const gap = long[0]!;
    const plot = await chartOf(page);
    const box = (await plot.boundingBox())!;
    const range = { fromMs: end - 21 * DAY_MS, toMs: end };
    const middle = ((gap.fromMs + gap.toMs) / 2 - range.fromMs) / (range.toMs - range.fromMs);
    await page.mouse.move(box.x + middle * box.width, box.y + box.height / 2);
    await page
      .locator('.chart-when')
      .getByText(/no data .* → .*\(the box was off\)/)
      .waitFor();
  });

  it('asks once for what its chart shows, and draws it as fine as the screen is', async () => {
    const page = await test.site.open();
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url());
      // The day of the gauges has few buckets.
      const isCurves = pathname === '/api/chart' && Number(searchParams.get('width')) > 600;
      if (isCurves || pathname.endsWith('/notes')) asked.push(pathname);
    });
    await test.show(page, '/m/TV-01');
    await drawn(page);
    expect(asked.sort()).toEqual(['/api/chart', '/api/machines/TV-01/notes']);
    const pixels = (): Promise<unknown> =>
      page.evaluate(
        `(({ width, clientWidth }) => width / clientWidth)(document.querySelector('.chart-host canvas'))`,
      );
    expect(await pixels()).toBe(1);
    const screen = await page.context().newCDPSession(page);
    // Of a screen of the same size Chromium would tell the page nothing.
    const size = { width: 1440, height: 901, mobile: false };
    await screen.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 2 });
    await expect.poll(pixels).toBe(2);
  });

  it('zooms by dragging, goes back with the browser, resets with a double click', async () => {
    const page = await open('/m/TV-01');
    const plot = await chartOf(page);
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 120, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => rangeOf(page)).not.toBeNull();
    const first = rangeOf(page)!;
    expect((first[1] - first[0]) / DAY_MS).toBeCloseTo(21 / 4, 0);
    await chartOf(page);
    await page.mouse.move(box.x + box.width * 0.25, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 100, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => rangeOf(page)).not.toEqual(first);
    await page.goBack();
    expect(rangeOf(page)).toEqual(first);
    await page.mouse.dblclick(box.x + box.width / 2, box.y + 100);
    await expect.poll(() => rangeOf(page)).toBeNull();
  });

  it('moves with Shift and drag, zooms with Ctrl and wheel, and lets a plain wheel scroll', async () => {
    const page = await open('/m/TV-01?from=now-4d&to=now-2d');
    const plot = await chartOf(page);
    const box = (await plot.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    const scrolled = await page.evaluate('scrollY');
    await page.mouse.wheel(0, 200);
    await expect.poll(() => page.evaluate('scrollY')).not.toBe(scrolled);
    expect(page.url()).toContain('now-4d');
    await page.mouse.wheel(0, -200);
    await expect.poll(() => page.evaluate('scrollY')).toBe(scrolled);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -200);
    await page.keyboard.up('Control');
    await expect.poll(() => page.url()).not.toContain('now-4d');
    const zoomed = rangeOf(page)!;
    expect(zoomed[1] - zoomed[0]).toBeLessThan(1.2 * DAY_MS);
    await chartOf(page);
    await page.keyboard.down('Shift');
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + box.width / 4, y, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await expect.poll(() => rangeOf(page)![0]).toBeLessThan(zoomed[0]);
    const moved = rangeOf(page)!;
    expect(moved[1] - moved[0]).toBe(zoomed[1] - zoomed[0]);
  });

  it('zooms the vertical axis by its gutter and by its fields', async () => {
    const page = await open('/m/TV-01');
    const plot = await chartOf(page);
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x - 20, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x - 20, box.y + 160, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.url()).toContain('y=');
    await page.getByRole('button', { name: 'Automatic', exact: true }).click();
    await expect.poll(() => page.url()).not.toContain('y=');
    await page.getByLabel('From', { exact: true }).fill('20');
    await page.keyboard.press('Tab');
    await expect.poll(() => page.url()).toContain('y=20:');
  });

  it('is read and zoomed by keyboard alone', async () => {
    const page = await open('/m/TV-01');
    await chartOf(page);
    await page.locator('.chart-host').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    const spoken = page.locator('.chart-panel > [role=status]');
    await expect.poll(() => spoken.innerText()).toMatch(/Evaporation .*°C/);
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => spoken.innerText()).toBe('Evaporation');
    await page.keyboard.press('+');
    await expect.poll(() => rangeOf(page)).not.toBeNull();
    await page.keyboard.press('PageUp');
    await page.keyboard.press('0');
    await expect.poll(() => rangeOf(page)).toBeNull();
    await page.keyboard.press('t');
    await page.locator('.chart-table tbody tr').first().waitFor();
    expect(page.url()).toContain('view=table');
  });

  it('shows at every zoom the extremes and gaps that the rows have', async () => {
    const page = await open('/m/TV-01');
    // What was read later may come in a block between the two answers that are compared.
    const end = (await api<MachineView>(page, '/api/machines/TV-01')).nowMs - 5 * 60_000;
    const from = end - 20 * DAY_MS;
    const csv = await (
      await page.request.get(
        `${test.site.address}/api/machines/TV-01/rows.csv?channels=t_evap&from=${from}&to=${end}`,
      )
    ).text();
    const [header = '', ...lines] = csv.trim().split('\n');
    const column = header.split(',').indexOf('t_evap');
    const rows = lines
      .map((line) => line.split(','))
      .map((cells) => [Number(cells[0]), Number(cells[column])] as const);
    const seed = Math.floor(end / 1000) % 100_000;
    console.log(`ranges drawn with seed ${seed}`);
    let state = seed;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    let gapsBefore = '';
    for (let k = 0; k < 12; k++) {
      const span = Math.max(600_000, 18 * DAY_MS * random() ** 4);
      const start = k === 0 ? from : Math.round(from + random() * (end - from - span));
      const stop = k === 0 ? end : Math.round(start + span);
      const width = 40 + Math.floor(random() * 1200);
      const answer = await chartAnswer(
        page,
        `/api/chart?machine=TV-01&channels=t_evap&from=${start}&to=${stop}&width=${width}`,
      );
      const series = answer.series[0]!;
      const within = rows.filter(([t]) => t >= start && t < stop).map(([, value]) => value);
      expect(series.count.reduce((sum, n) => sum + n, 0)).toBe(within.length);
      if (within.length === 0) continue;
      expect(highest(series.max)).toBe(highest(within));
      expect(lowest(series.min)).toBe(lowest(within));
      if (k === 0) {
        gapsBefore = JSON.stringify(answer.gaps);
        expect(answer.gaps.length).toBeGreaterThan(0);
        const narrow = await chartAnswer(
          page,
          `/api/chart?machine=TV-01&channels=t_evap&from=${start}&to=${stop}&width=50`,
        );
        expect(JSON.stringify(narrow.gaps)).toBe(gapsBefore);
      }
    }
  });

  it('turns the logo only while it fetches, and says when it is up to date', async () => {
    const page = await open('/m/TV-01');
    await chartOf(page);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/api/machines/TV-01', async (route) => {
      await held;
      await route.continue();
    });
    await expect.poll(() => page.locator('.navbar .logo.turning').count()).toBe(0);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.locator('.navbar .logo.turning').waitFor();
    release();
    await expect.poll(() => page.locator('.navbar .logo.turning').count(), { timeout: 15_000 }).toBe(0);
    await expect
      .poll(() => page.locator('.reload [role=status]').innerText())
      .toMatch(/Up to date at \d\d:\d\d/);
  });

  it('says at once that it lost the server, keeps the values as old, and comes back by itself', async () => {
    const page = await open('/m/TV-01');
    await page.locator('.sentence').getByText('last reading').waitFor();
    await page.context().setOffline(true);
    await page.locator('.sentence').getByText('this page lost the server').waitFor({ timeout: 40_000 });
    expect(await page.locator('.gauge.fresh').count()).toBe(0);
    expect((await page.locator('.gauge-state').first().innerText()).toLowerCase()).toContain('late');
    await page.context().setOffline(false);
    await page.locator('.sentence').getByText('last reading').waitFor({ timeout: 40_000 });
  });

  it('shows the same view to whoever opens the copied link', async () => {
    const page = await open('/m/TV-01');
    await chartOf(page);
    await page.locator('.legend-item').nth(1).click();
    await expect.poll(() => page.url()).toContain('off=t_vap');
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText('Link copied').first().waitFor();
    const link = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(link).toMatch(/from=.*to=.*off=t_vap|off=t_vap.*from=.*to=/);
    const other = await open(link.slice(test.site.address.length));
    await chartOf(other);
    expect(await other.locator('.legend-item').nth(1).getAttribute('aria-pressed')).toBe('false');
    expect(await other.locator('.chart-facts').innerText()).toBe(
      await page.locator('.chart-facts').innerText(),
    );
  });

  it('shows rows without a known time between their neighbours, to eye, keyboard and download', async () => {
    await addUndatedMachine(test.site.data, 'UN-1', Date.now());
    const page = await open('/m/UN-1?from=now-6h&to=now');
    const plot = await chartOf(page);
    const lines = page.getByRole('list', { name: 'Rows without a known time' }).getByRole('listitem');
    expect(await lines.allInnerTexts()).toEqual([
      expect.stringMatching(/^60 rows of start number 7 without a known time, after \d/),
      expect.stringMatching(/^60 rows of start number 5 without a known time, somewhere between \d.* and \d/),
      expect.stringMatching(/^180 rows of start numbers 2 to 3 without a known time, somewhere between \d/),
    ]);
    const read = page.locator('.chart-when');
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + (140 / 360) * box.width, box.y + box.height / 2);
    await read.getByText(/^180 rows of start numbers 2 to 3 without a known time/).waitFor();
    await page.locator('.chart-host').focus();
    // From nowhere, the first step back is to the last place there is something to read.
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowLeft');
    const spoken = page.locator('.chart-panel > [role=status]');
    await spoken.getByText(/^60 rows of start number 7 without a known time/).waitFor();
    const link = page.getByRole('link', { name: 'Rows without a known time (CSV)' });
    const csv = await (await page.request.get(test.site.address + (await link.getAttribute('href')))).text();
    expect(csv.split('\n')[0]).toBe('spool,boot,after,before,seconds,warm,cold');
    expect(csv.trim().split('\n')).toHaveLength(1 + UNDATED_ROWS);
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('t');
    await page.locator('.gap-line', { hasText: 'of start number 5 without a known time' }).waitFor();
    const foreign = await page.request.get(`${test.site.address}/api/machines/NONE/undated.csv`);
    expect(foreign.status()).toBe(404);
    const signedOut = await openSignedOut('/sign-in');
    expect((await signedOut.request.get(`${test.site.address}/api/machines/UN-1/undated.csv`)).status()).toBe(
      401,
    );
  });

  it('answers for a machine that is not there as for one that may not be seen', async () => {
    const page = await open('/m/NONE');
    await page.getByText('No machine NONE is shown to your account').waitFor();
    await page.getByText('Up to date at').waitFor();
  });
});

describe('on a phone', () => {
  const phone: Look = { width: 390, height: 844, touch: true, language: 'fr' };

  it('shows the sentence and four gauges without scrolling', async () => {
    const page = await open('/m/TV-01', phone);
    await page.locator('.gauge:not(.loading)').nth(3).waitFor();
    const bottom = (await page.locator('.navbar nav').boundingBox())!.y;
    for (const part of [
      page.locator('.sentence'),
      ...[0, 1, 2, 3].map((i) => page.locator('.gauge:not(.loading)').nth(i)),
    ]) {
      const box = (await part.boundingBox())!;
      expect(box.y + box.height).toBeLessThanOrEqual(bottom);
    }
  });

  it('never changes a range by a swipe: up and down scroll, left and right read', async () => {
    const page = await open('/m/TV-01', phone);
    const plot = await chartOf(page);
    const box = (await plot.boundingBox())!;
    const touch = await page.context().newCDPSession(page);
    const swipe = async (dx: number, dy: number): Promise<void> => {
      const at = (await plot.boundingBox())!;
      const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
      await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
      for (let k = 1; k <= 8; k++) {
        const touchPoints = [{ x: x + (dx * k) / 8, y: y + (dy * k) / 8 }];
        await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints });
      }
      await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    const address = page.url();
    const scrolled = Number(await page.evaluate('scrollY'));
    await swipe(0, -120);
    await expect.poll(() => page.evaluate('scrollY')).not.toBe(scrolled);
    expect(page.url()).toBe(address);
    // A touch that begins while the page still moves only stops it.
    await page.evaluate(`(async () => {
      let at = scrollY;
      for (let still = 0; still < 20; still++) {
        await new Promise(requestAnimationFrame);
        if (scrollY !== at) still = 0;
        at = scrollY;
      }
    })()`);
    const read = await page.locator('.chart-when').innerText();
    await swipe(-box.width / 3, 0);
    await expect.poll(() => page.locator('.chart-when').innerText()).not.toBe(read);
    expect(page.url()).toBe(address);
  });

  it('selects after a long press, resets by a double tap', async () => {
    const page = await open('/m/TV-01', phone);
    const plot = await chartOf(page);
    const box = (await plot.boundingBox())!;
    const touch = await page.context().newCDPSession(page);
    const y = box.y + box.height / 2;
    const point = (x: number) => [{ x, y }];
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: point(box.x + 60) });
    await page.locator('.chart-selection:not([hidden])').waitFor({ state: 'attached' });
    for (const dx of [80, 120, 160]) {
      await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: point(box.x + dx) });
    }
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await expect.poll(() => rangeOf(page)).not.toBeNull();
    await chartOf(page);
    await page.touchscreen.tap(box.x + 100, y);
    await page.touchscreen.tap(box.x + 100, y);
    await expect.poll(() => rangeOf(page)).toBeNull();
  });

  it('never scrolls sideways, at 320 px and at 400 %', async () => {
    for (const path of ['/m/TV-01', '/m/TV-01?view=table', '/fleet', '/profile']) {
      for (const width of [320, 360, 768]) {
        const page = await open(path, { width, height: 640, language: 'fr' });
        if (path.startsWith('/m/')) await page.locator('.gauge:not(.loading)').nth(7).waitFor();
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${path} at ${width} px`).toBe(
          width,
        );
      }
    }
  });
});
