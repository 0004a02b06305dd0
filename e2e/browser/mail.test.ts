// Mail with real programs: a machine whose limit is crossed, the mail as a real mail server gets it and as Chromium shows it, its
// link pressed by somebody who is not signed in; a mail server that is down, the server killed meanwhile; an invitation.
// MAIL_PICTURES=FOLDER keeps what was looked at.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Received, TestMailServer } from '../../packages/server/src/mail/testing.ts';
import { launchChromium } from '../../scripts/chromium.ts';
import { command, freePort, kill, overTcp, SimulatedMachine, until, World } from '../world.ts';
import { violationsOf } from './axe.ts';

const EMAIL = 'lea@example.com';
const mail = new TestMailServer({ user: 'vigie', password: 'a password of its own' });
const world = new World();
let browser: Browser;
let page: Page;

beforeAll(async () => {
  await mail.start();
  world.serverFlags = [
    ...['--smtp', `smtp://vigie@127.0.0.1:${mail.port}`, '--mail-from', 'Vigie <vigie@example.org>'],
    ...['--public-url', 'https://vigie.example.org'],
  ];
  process.env.VIGIE_SMTP_PASSWORD = 'a password of its own';
  await world.startServer();
  await world.setUp();
  browser = await launchChromium();
  page = await newPage({ baseURL: world.address, locale: 'fr-FR', timezoneId: 'Europe/Paris' });
  page.setDefaultTimeout(20_000);
  await page.goto('/sign-in');
  await page.getByLabel('E-mail ou nom').fill(EMAIL);
  await page.getByLabel('Mot de passe', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
});
afterAll(async () => {
  delete process.env.VIGIE_SMTP_PASSWORD;
  await browser?.close();
  await world.dispose();
  await mail.stop();
});

/** In a context of its own, as axe wants it. */
async function newPage(options: BrowserContextOptions): Promise<Page> {
  return (await browser.newContext(options)).newPage();
}

async function mailOf(what: string, fits: (one: Received) => boolean): Promise<Received> {
  return until(what, () => mail.received.find(fits));
}

async function picture(of: Page, name: string): Promise<void> {
  const folder = process.env.MAIL_PICTURES;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await of.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** As a mail program shows it, pictures and all. */
async function shown(one: Received, name: string, width: number): Promise<Page> {
  const [chart] = one.pictures;
  const inline = chart === undefined ? '' : `data:image/png;base64,${chart.bytes.toString('base64')}`;
  const opened = await newPage({ viewport: { width, height: 600 }, javaScriptEnabled: false });
  await opened.setContent(one.html.replace('cid:picture', inline));
  await picture(opened, name);
  return opened;
}

async function expectNoSidewaysScroll(of: Page): Promise<void> {
  expect(
    await of.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth'),
  ).toBeLessThanOrEqual(0);
}

it('somebody chooses on the profile which mails come, and tries it', async () => {
  await page.goto('/profile');
  const part = page.locator('section', { has: page.getByRole('heading', { name: 'Notifications' }) });
  await part.getByLabel('Aussitôt').check();
  await part.getByLabel('Heures calmes').check();
  await part.getByLabel('De', { exact: true }).fill('23:30');
  await part.getByText('À l’heure de Europe/Paris').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await picture(page, 'profile');
  // Mails of this test shall come at any hour.
  await part.getByLabel('Heures calmes').uncheck();
  await part.getByRole('button', { name: 'Enregistrer' }).click();
  await part.getByText('Enregistré.').waitFor();
  await part.getByRole('button', { name: 'M’envoyer un e-mail d’essai' }).click();
  await part.getByText(`part vers ${EMAIL}`).waitFor();
  const test = await mailOf('the test mail', ({ subject }) => subject === 'Un e-mail d’essai de Vigie');
  expect(test.to).toBe(EMAIL);
  await page.reload();
  expect(await part.getByLabel('Aussitôt').isChecked()).toBe(true);
});

it('an alarm of a real machine comes by mail, with its picture, and is acknowledged by its link', async () => {
  await world.enrolled('TV-01');
  const machine = new SimulatedMachine(world, 'TV-01', overTcp(await freePort()));
  await machine.start();
  const edge = world.start('vigie-edge', machine.edgeArgs(world.edgeFolder('TV-01')));
  await edge.event('running');
  // Before its first row there is nothing to export.
  const rowCount = () =>
    world.export('TV-01').then(
      ({ rows }) => rows.length,
      () => 0,
    );
  await until('rows', async () => (await rowCount()) > 20);
  const set = await command('vigie-server', [
    ...['settings', '--data', world.path('server'), '--id', 'TV-01'],
    ...['--limit', 't_feed.alarmHigh=1'],
  ]);
  expect(set.code, set.stderr).toBe(0);
  const got = await mailOf('the alarm', ({ subject }) => subject.startsWith('[Alarme] TV-01'));
  expect(got.subject).toMatch(/^\[Alarme\] TV-01 · Entrée effluent \d+,\d\u00a0°C > 1,0 · \d\d:\d\d$/);
  expect(got.text).toContain('au-dessus du seuil d’alarme de 1,0\u00a0°C');
  for (const [name, width] of [
    ['mail', 700],
    ['mail-phone', 360],
  ] as const) {
    const opened = await shown(got, name, width);
    expect(await opened.evaluate<number>("document.querySelector('img').naturalWidth")).toBe(1200);
    await expectNoSidewaysScroll(opened);
    const found = await opened.getByRole('link', { name: 'Ouvrir l’alarme' }).getAttribute('href');
    expect(found).toBe('https://vigie.example.org/alarms?machine=TV-01');
    await opened.close();
  }

  const link = /https:\/\/vigie\.example\.org(\/acknowledge#[\w-]+)/.exec(got.text)?.[1] ?? '';
  const [, token = ''] = link.split('#');
  const open = async (): Promise<number> =>
    (await world.get<{ alarms: { state: string }[] }>('/api/alarms?machine=TV-01')).alarms.filter(
      ({ state }) => state === 'unacknowledged',
    ).length;
  const before = await open();
  const scanner = await newPage({ baseURL: world.address });
  const asked: string[] = [];
  scanner.on('request', (request) => asked.push(`${request.method()} ${request.url()}`));
  await scanner.goto(link);
  await scanner.getByRole('button', { name: /^Acknowledge/ }).waitFor();
  expect(await open(), 'opening it changes nothing').toBe(before);
  expect(asked.join('\n')).not.toContain(token);
  await scanner.close();

  const reader = await newPage({
    baseURL: world.address,
    locale: 'fr-FR',
    viewport: { width: 390, height: 700 },
  });
  await reader.goto(link);
  const button = reader.getByRole('button', { name: /^Acquitter/ });
  await button.waitFor();
  expect(await violationsOf(reader)).toEqual([]);
  await picture(reader, 'acknowledge');
  await button.click();
  await reader.getByRole('heading', { name: 'Acquitté' }).waitFor();
  expect(await open()).toBeLessThan(before);
  expect(await reader.context().cookies()).toEqual([]);
  await reader.close();
  await edge.stop();
});

it('what is to be mailed while the mail server is down comes once, though the server is killed', async () => {
  const before = mail.received.length;
  await mail.stop();
  await page.goto('/profile');
  await page.getByRole('button', { name: 'M’envoyer un e-mail d’essai' }).click();
  await page.getByText(`part vers ${EMAIL}`).waitFor();
  const down = async () =>
    (await world.get<{ downSinceMs: number | null }>('/api/manage/mail')).downSinceMs !== null;
  await until('it to be noticed', down);
  await page.goto('/manage/users');
  await page.getByText(/n’accepte plus d’e-mails depuis .* 1 e-mail attend/).waitFor();
  await picture(page, 'down');
  await kill(world.server);
  await world.startServer();
  const told = await command('vigie-server', ['mail', '--data', world.path('server')]);
  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(/^Mail: down since .*ECONNREFUSED.*; 1 waiting, since/);
  await mail.start();
  await until('it to come', () => mail.received.length > before);
  await until('that to be noted', async () => !(await down()));
  const ids = mail.received.map(({ messageId }) => messageId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(mail.received.length).toBe(before + 1);
});

it('an invitation comes by mail, and its link lets somebody choose a password; nobody is shown it', async () => {
  await page.goto('/manage/users');
  await page.getByRole('link', { name: 'Créer un utilisateur' }).click();
  await page.getByLabel('Nom', { exact: true }).fill('Noé');
  await page.getByLabel('Adresse e-mail', { exact: true }).fill('noe@example.org');
  await page.getByRole('button', { name: 'Créer', exact: true }).click();
  await page.getByText('Un e-mail avec un lien part vers noe@example.org').waitFor();
  expect(await page.content()).not.toContain('/welcome#');
  const got = await mailOf('the invitation', ({ to }) => to === 'noe@example.org');
  const link = /https:\/\/vigie\.example\.org(\/welcome#[\w-]+)/.exec(got.text)?.[1] ?? '';
  const guest = await newPage({ baseURL: world.address, locale: 'fr-FR' });
  await guest.goto(link);
  await guest.getByLabel('Nouveau mot de passe').fill('nine grey herons');
  await guest.getByRole('button', { name: 'Enregistrer et se connecter' }).click();
  await guest.waitForURL((url) => url.pathname !== '/welcome');
  await guest.close();
});

it('the password of the mail server is in no log and no list of processes', () => {
  expect(world.server.output()).not.toContain('a password of its own');
  expect(world.server.process.spawnargs.join(' ')).not.toContain('a password of its own');
});
