// The demo fleet and a real Chromium before it, for browser tests, screenshots and the bench of the page.
// The first Super Admin is made through the page itself, with the printed one-time code. The language belongs to an account:
// there is one of each, so that files which share a fleet do not change each other's words.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Language, UserCreate, UserInvited } from '@vigie/contract';
import type { Browser, BrowserContext, Cookie, Page } from 'playwright-core';
import { type Kind, launchChromium } from '../../scripts/chromium.ts';
import { type Program, startProgram } from '../../scripts/programs.ts';
import { addFleet, inEveryState } from './fleet-machines.ts';

/** Reads English. */
export const account = {
  name: 'Camille Renard',
  email: 'camille@example.org',
  password: 'seven sober herons',
} as const;
/** Made like everybody but the first: by invitation. */
const others: Readonly<Record<Exclude<Reader, 'super-admin-en'>, UserCreate>> = {
  'super-admin-fr': {
    ...{ name: 'Hélène Faure', email: 'helene@example.org', role: 'super-admin', language: 'fr' },
    ...{ userName: null, machines: [] },
  },
  'user-en': {
    ...{ name: 'Tom Reed', email: 'tom@example.org', role: 'user', language: 'en' },
    ...{ userName: null, machines: [] },
  },
  'user-fr': {
    ...{ name: 'Noé Martin', email: 'noe.martin@example.org', role: 'user', language: 'fr' },
    ...{ userName: 'noe-m', machines: [] },
  },
};

/** Who looks: a Super Admin, or a User without any machine. */
export type Reader = `${'super-admin' | 'user'}-${Language}`;

/** A browser on a busy machine answers when it can; what is never so still fails. */
const PATIENCE_MS = 60_000;

export interface Look {
  readonly role?: 'super-admin' | 'user';
  readonly width?: number;
  readonly height?: number;
  readonly language?: Language;
  readonly theme?: 'light' | 'dark';
  readonly touch?: boolean;
  readonly reducedMotion?: boolean;
  /** Installs its files for later, which costs each new browser context as many requests. */
  readonly installs?: boolean;
}

/** What another process needs to know of a running fleet. */
export interface FleetFacts {
  readonly address: string;
  readonly data: string;
  readonly cookies: Readonly<Record<Reader, readonly Cookie[]>>;
}

export interface RunningFleet {
  readonly facts: FleetFacts;
  /** Ends server, edges and machines; their folder stays. */
  end(): Promise<void>;
  /** Ends them and removes their folder. */
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly machines?: number;
  /** Days of past; 21 has all that the story tells. */
  readonly days?: number;
  /** With machines in every state beside those of the demo. */
  readonly states?: boolean;
}

export interface Site {
  readonly address: string;
  readonly data: string;
  readonly browser: Browser;
  /** A browser context that is signed in. */
  open(look?: Look): Promise<Page>;
  /** One that is not. */
  openSignedOut(look?: Look): Promise<Page>;
  /** Closes the browser. */
  stop(): Promise<void>;
}

export async function startFleet(options: FleetOptions = {}): Promise<RunningFleet> {
  const data = mkdtempSync(join(tmpdir(), 'vigie-site-'));
  const demo: Program = startProgram('demo', [
    ...['--data', data, '--port', '0', '--link-port', '0'],
    ...['--machines', String(options.machines ?? 3), '--days', String(options.days ?? 21)],
  ]);
  const end = async (): Promise<void> => {
    await demo.stop(30_000);
  };
  const stop = async (): Promise<void> => {
    await end();
    rmSync(data, { recursive: true, force: true });
  };
  const browser = await launchChromium();
  try {
    const { address, setupCode } = await demo.event<{ address: string; setupCode: string }>('demo');
    const first = await page(browser, address, { language: 'en' });
    await first.goto(address);
    await first.getByLabel('One-time code').fill(setupCode);
    await first.getByLabel('Your name').fill(account.name);
    await first.getByLabel('E-mail').fill(account.email);
    await first.getByLabel('Password', { exact: true }).fill(account.password);
    await first.getByRole('button', { name: 'Create the account' }).click();
    // With one machine its page is where the site begins.
    await first.waitForURL(/\/(fleet|m\/.+)$/);
    const cookies = {
      'super-admin-en': await first.context().cookies(),
      'super-admin-fr': await invited(first, 'super-admin-fr', address),
      'user-en': await invited(first, 'user-en', address),
      'user-fr': await invited(first, 'user-fr', address),
    };
    if (options.states === true) await addFleet(data, Date.now(), inEveryState);
    return { facts: { address, data, cookies }, end, stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${demo.output()}`);
  } finally {
    await browser.close();
  }
}

/** @returns the cookies of somebody whom the Super Admin invites, and who follows the link. */
async function invited(by: Page, reader: keyof typeof others, address: string): Promise<readonly Cookie[]> {
  const headers = { origin: address };
  const made = await by.request.post(`${address}/api/users`, { data: others[reader], headers });
  const { token } = (await made.json()) as UserInvited;
  const context = await by.context().browser()!.newContext();
  const { password } = account;
  const welcome = await context.request.post(`${address}/api/welcome`, {
    data: { token, password },
    headers,
  });
  if (!welcome.ok()) throw new Error(`${reader} is not let in: ${await welcome.text()}`);
  const cookies = await context.cookies();
  await context.close();
  return cookies;
}

/** A browser before a fleet that runs. */
export async function openSite({ address, data, cookies }: FleetFacts, kind: Kind = 'shell'): Promise<Site> {
  const browser = await launchChromium(kind);
  return {
    address,
    data,
    browser,
    stop: () => browser.close(),
    open: async (look = {}) => {
      const opened = await page(browser, address, look);
      const reader: Reader = `${look.role ?? 'super-admin'}-${look.language ?? 'en'}`;
      await opened.context().addCookies([...cookies[reader]]);
      return opened;
    },
    openSignedOut: (look = {}) => page(browser, address, look),
  };
}

/** Both, for a program that needs its own fleet. */
export async function startSite(options: FleetOptions = {}, kind: Kind = 'shell'): Promise<Site> {
  const fleet = await startFleet(options);
  const site = await openSite(fleet.facts, kind);
  return {
    ...site,
    stop: async () => {
      await site.stop();
      await fleet.stop();
    },
  };
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
    serviceWorkers: look.installs === true ? 'allow' : 'block',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return context.newPage();
}
