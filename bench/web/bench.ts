// Runs the page on a demo fleet in a Chromium that is slowed down, and takes the figures that the browser itself gives.
// Each first view is of a browser context that has nothing yet. Not here: what the figures mean (results.ts).
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import type { Outcome } from '@vigie/config';
import type { ChartAnswer, SentChart } from '@vigie/contract';
import { receivedChart } from '@vigie/contract/sent-chart';
import DatabaseFile from 'better-sqlite3';
import type { CDPSession, Page, Request } from 'playwright-core';
import { type Look, type Site, startSite } from '../../e2e/browser/site.ts';
import { buildAll } from '../../scripts/build.ts';
import { percentile, round } from '../figures.ts';
import { curvesOf, peerRedraws, timeRedraws } from './peers.ts';
import { middleOf, type PageFigures, type RedrawFigures, redrawsOf, type WebResults } from './results.ts';

/** As Lighthouse's "slow 4G": a round trip of 150 ms and 1.6 Mbit/s down. */
const SLOW_4G = { rttMs: 150, downKbps: 1638.4, upKbps: 750 } as const;
const CPU_SLOWDOWN = 4;
/** So long without a request, a view is whole. */
const QUIET_MS = 700;
const SEALED_LOOK_MS = 1000;
const SEALED_LOOKS = 40;
const MACHINE = 'TV-01';
const CHANNELS = ['t_evap', 't_vap', 'p_vac', 'n_comp'];
const SERIES = ['TV-01', 'TV-02'].flatMap((machine) => CHANNELS.map((channel) => `${machine}.${channel}`));
/** Without Playwright's own listeners, whose work would be in the page's INP. */
const bare = { force: true } as const;
const phone: Look = { width: 390, height: 844, touch: true, installs: true };
const desktop: Look = { width: 1440, height: 900, installs: true };

interface Options {
  readonly runs: number;
  readonly redraws: number;
  readonly days: number;
  readonly say: (message: string) => void;
}

interface View {
  readonly path: string;
  readonly look: Look;
  readonly signedOut?: boolean;
  /** Seen when the view is whole. */
  readonly ready: string;
  /** Presses of a reader. */
  readonly use: (page: Page) => Promise<void>;
}

interface SlowPage {
  readonly page: Page;
  readonly devtools: CDPSession;
  readonly settled: () => Promise<void>;
}

/** What the page tells of itself; installed before anything of it runs. */
const observers = `
  window.figures = { lcpMs: NaN, cls: 0, inpMs: 0 };
  new PerformanceObserver((list) => { for (const e of list.getEntries()) figures.lcpMs = e.startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) figures.cls += e.value; })
    .observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => { for (const e of list.getEntries()) if (e.interactionId) figures.inpMs = Math.max(figures.inpMs, e.duration); })
    .observe({ type: 'event', buffered: true, durationThreshold: 16 });
`;

export class WebBench {
  readonly #options: Options;
  #site: Site | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  async run(): Promise<Outcome<WebResults>> {
    const { days, runs, redraws, say } = this.#options;
    await buildAll({ quiet: true });
    say(`filling ${days} days of past …`);
    this.#site = await startSite({ machines: 2, days }, 'whole');
    say('waiting until the past is sealed …');
    await untilSealed(this.#site.data);
    const pages: Record<string, PageFigures> = {};
    for (const [name, view] of Object.entries(this.#views())) {
      const figures: PageFigures[] = [];
      for (let i = 0; i < runs; i++) figures.push(await this.#firstView(view));
      pages[name] = middleOf(figures);
      say(`${name}: ${JSON.stringify(pages[name])}`);
    }
    const { chart, answers } = await this.#chart();
    say(`chart: ${JSON.stringify(chart)}`);
    const curves = curvesOf(answers);
    const peers: Record<string, RedrawFigures> = {};
    for (const peer of ['uplot', 'chartjs'] as const) {
      const { page } = await this.#slowPage(desktop);
      peers[peer] = redrawsOf(await peerRedraws(page, peer, curves, redraws));
      await page.context().close();
      say(`${peer}: ${JSON.stringify(peers[peer])}`);
    }
    const buckets = Math.max(0, ...curves.map(({ t }) => t.length));
    const conditions = { cpuSlowdown: CPU_SLOWDOWN, ...SLOW_4G, runs, series: SERIES.length, days, buckets };
    return { ok: true, value: { pages, chart, peers, conditions } };
  }

  async dispose(): Promise<void> {
    const site = this.#site;
    this.#site = null;
    await site?.stop();
  }

  #views(): Readonly<Record<string, View>> {
    const use = async (page: Page): Promise<void> => {
      await page.locator('.chart-host').first().focus();
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('+');
      await page.getByRole('button', { name: 'Limits' }).click(bare);
    };
    const analysis = { look: desktop, ready: '.chart-host canvas', use };
    return {
      fleet: {
        path: '/fleet',
        look: phone,
        ready: '.fleet .strip-words',
        use: async (page) => {
          await page.getByRole('slider').first().press('Home');
          await page.getByRole('slider').first().press('PageUp');
          await page.getByRole('button', { name: 'Reload' }).click(bare);
        },
      },
      machine: {
        path: `/m/${MACHINE}`,
        look: phone,
        ready: '.gauge:not(.loading)',
        use: async (page) => {
          await page.locator('.chart-place').scrollIntoViewIfNeeded();
          await page.locator('.chart-host canvas').waitFor();
          await page.locator('.legend-item').first().click(bare);
          await page.locator('.chart-host').focus();
          await page.keyboard.press('ArrowLeft');
          await page.keyboard.press('+');
        },
      },
      machineOnDesktop: {
        path: `/m/${MACHINE}`,
        look: desktop,
        ready: '.chart-host canvas',
        use: async (page) => {
          await page.locator('.chart-host').focus();
          await page.keyboard.press('ArrowLeft');
          await page.getByRole('button', { name: 'Zoom in' }).click(bare);
        },
      },
      analysis: { ...analysis, path: '/analysis?s=TV-01.t_evap,TV-02.t_evap,TV-01.p_vac' },
      analysisOfEight: {
        ...analysis,
        path: `/analysis?s=${SERIES.join()}&from=now-${this.#options.days}d&to=now`,
      },
      signIn: {
        path: '/sign-in',
        look: phone,
        signedOut: true,
        ready: 'form',
        use: async (page) => {
          await page.getByLabel('E-mail or name').pressSequentially('camille');
          await page.getByRole('button', { name: 'Show the password' }).click(bare);
        },
      },
    };
  }

  async #slowPage(look: Look, signedOut = false): Promise<SlowPage> {
    const site = this.#site!;
    const page = await (signedOut ? site.openSignedOut(look) : site.open(look));
    const settled = settling(page);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: SLOW_4G.rttMs,
      downloadThroughput: (SLOW_4G.downKbps * 1000) / 8,
      uploadThroughput: (SLOW_4G.upKbps * 1000) / 8,
    });
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
    return { page, devtools, settled };
  }

  async #firstView({ path, look, signedOut, ready, use }: View): Promise<PageFigures> {
    const { page, devtools, settled } = await this.#slowPage(look, signedOut);
    let bytes = 0;
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await page.addInitScript(observers);
    await page.goto(this.#site!.address + path);
    await page.locator(ready).first().waitFor();
    await settled();
    const figures = (): Promise<Omit<PageFigures, 'gzBytes'>> => page.evaluate('figures');
    const gzBytes = bytes;
    // Of the first view: what is scrolled to later is none of it, and a scroll by a program does not end it as a reader's does.
    const { lcpMs } = await figures();
    await use(page);
    await settled();
    const { cls, inpMs } = await figures();
    await page.context().close();
    return { gzBytes, lcpMs, cls, inpMs };
  }

  /** Redraws of all there is, by showing and hiding the limits; then zooms until the data of the new range are drawn. */
  async #chart() {
    const { redraws } = this.#options;
    const { page, settled } = await this.#slowPage(desktop);
    const answers: ChartAnswer[] = [];
    page.on('response', (answer) => {
      const { pathname, searchParams } = new URL(answer.url());
      // The overview asks for few buckets of its own.
      if (pathname !== '/api/chart' || Number(searchParams.get('width')) < 600) return;
      void answer.json().then((json: SentChart) => answers.push(receivedChart(json)));
    });
    await page.goto(`${this.#site!.address}${this.#views().analysisOfEight!.path}`);
    await page.locator('.chart-host canvas').first().waitFor();
    await settled();
    const tookMs = (await page.evaluate(`(async () => {
      const limits = [...document.querySelectorAll('button')].find((one) => one.textContent.trim() === 'Limits');
      return (${timeRedraws})(() => limits.click(), ${redraws});
    })()`)) as number[];
    const drawn = answers.slice(0, 2);
    const sharpMs: number[] = [];
    for (let i = 0; i < Math.min(12, redraws); i++) {
      await page.locator('.chart-host').first().focus();
      sharpMs.push(await sharpAfter(page, i % 4 === 3 ? '0' : '+'));
      await settled();
    }
    await page.context().close();
    sharpMs.sort((a, b) => a - b);
    const zoomToSharpMs = round(percentile(sharpMs, 0.5) ?? Number.NaN);
    const zoomToSharpMostMs = round(sharpMs.at(-1) ?? Number.NaN);
    return { answers: drawn, chart: { ...redrawsOf(tookMs), zoomToSharpMs, zoomToSharpMostMs } };
  }
}

/**
 * A server that has just been given its past seals it for some minutes, with a core of its own. Some is due only when what it is
 * made of was made: it is over when nothing has been due for a while.
 */
async function untilSealed(data: string): Promise<void> {
  const db = new DatabaseFile(join(data, 'server', 'vigie.db'), { readonly: true });
  const due = db.prepare('SELECT 1 FROM dirty WHERE due_ms <= ? LIMIT 1');
  for (let looks = 0; looks < SEALED_LOOKS; looks++) {
    if (due.get(Date.now()) !== undefined) looks = 0;
    await rest(SEALED_LOOK_MS);
  }
  db.close();
}

/** From the press of a key until no pane waits for data and the frame with them is on its way, ms. */
async function sharpAfter(page: Page, key: '+' | '0'): Promise<number> {
  return (await page.evaluate(`(async () => {
    const host = document.activeElement;
    const before = performance.now();
    host.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true, cancelable: true }));
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    let wasBusy = false;
    for (;;) {
      await frame();
      const busy = document.querySelector('.chart-box.busy') !== null;
      wasBusy ||= busy;
      if (!busy && (wasBusy || performance.now() - before > 5000)) break;
    }
    await frame();
    return performance.now() - before;
  })()`)) as number;
}

/** @returns waits until nothing is on its way any more. The stream of a machine never ends, and is not waited for. */
function settling(page: Page): () => Promise<void> {
  let quietMs = performance.now();
  let open = 0;
  const count = (by: number) => (request: Request) => {
    if (!request.url().endsWith('/live')) open += by;
    quietMs = performance.now();
  };
  page.on('request', count(1));
  page.on('requestfinished', count(-1));
  page.on('requestfailed', count(-1));
  return async () => {
    while (open > 0 || performance.now() - quietMs < QUIET_MS) await page.waitForTimeout(50);
  };
}
