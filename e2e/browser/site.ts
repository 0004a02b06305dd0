// The demo fleet and a real Chromium before it, for browser tests and screenshots: one fleet per run, signed in once.
// The first Super Admin is made through the page itself, with the printed one-time code.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Program, startProgram } from '../../scripts/programs.ts';

export const account = {
  name: 'Camille Renard',
  email: 'camille@example.org',
  password: 'seven sober herons',
} as const;

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly language?: 'fr' | 'en';
  readonly theme?: 'light' | 'dark';
  readonly touch?: boolean;
  readonly reducedMotion?: boolean;
}

export interface Site {
  readonly address: string;
  readonly data: string;
  /** A browser context that is signed in. */
  open(look?: Look): Promise<Page>;
  /** One that is not. */
  openSignedOut(look?: Look): Promise<Page>;
  stop(): Promise<void>;
}

/** @param days of past; 21 has all that the story tells. */
export async function startSite(
  options: { readonly machines?: number; readonly days?: number } = {},
): Promise<Site> {
  const data = mkdtempSync(join(tmpdir(), 'vigie-site-'));
  const demo: Program = startProgram('demo', [
    ...['--data', data, '--port', '0', '--link-port', '0'],
    ...['--machines', String(options.machines ?? 3), '--days', String(options.days ?? 21)],
  ]);
  let browser: Browser | null = null;
  const stop = async (): Promise<void> => {
    await browser?.close();
    await demo.stop(30_000);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const { address, setupCode } = await demo.event<{ address: string; setupCode: string }>('demo');
    browser = await launchChromium();
    const running = browser;
    const first = await page(running, address, { language: 'en' });
    await first.goto(address);
    await first.getByLabel('One-time code').fill(setupCode);
    await first.getByLabel('Your name').fill(account.name);
    await first.getByLabel('E-mail').fill(account.email);
    await first.getByLabel('Password', { exact: true }).fill(account.password);
    await first.getByRole('button', { name: 'Create the account' }).click();
    // With one machine its page is where the site begins.
    await first.waitForURL(/\/(fleet|m\/.+)$/);
    const cookies = await first.context().cookies();
    await first.context().close();
    return {
      address,
      data,
      stop,
      open: async (look = {}) => {
        const opened = await page(running, address, look);
        await opened.context().addCookies(cookies);
        // The account's language wins over the browser's: each look sets its own.
        await opened.request.patch(`${address}/api/me`, {
          data: { language: look.language ?? 'en' },
          headers: { origin: address },
        });
        return opened;
      },
      openSignedOut: (look = {}) => page(running, address, look),
    };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${demo.output()}`);
  }
}

async function page(browser: Browser, address: string, look: Look): Promise<Page> {
  const { width = 1440, height = 900, language = 'en', theme = 'light', touch = false } = look;
  const context: BrowserContext = await browser.newContext({
    viewport: { width, height },
    locale: language === 'fr' ? 'fr-FR' : 'en-GB',
    timezoneId: 'Europe/Paris',
    colorScheme: theme,
    hasTouch: touch,
    isMobile: touch,
    reducedMotion: look.reducedMotion === true ? 'reduce' : 'no-preference',
    permissions: ['clipboard-read', 'clipboard-write'],
    baseURL: address,
  });
  return context.newPage();
}

const chromiumFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
}

/** CHROMIUM_PATH, one on PATH, else the one that playwright-core has installed. */
function chromiumPath(): string {
  if (process.env.CHROMIUM_PATH !== undefined) return process.env.CHROMIUM_PATH;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      const file = join(folder, name);
      if (existsSync(file)) return file;
    }
  }
  return chromium.executablePath();
}
