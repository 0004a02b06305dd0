// The page on the box in a real Chromium, its server in this process and its facts made up: both languages, what is wrong is
// marked and said, the test of the link tells its outcome, and axe finds nothing, on a telephone in light and dark.
import { machineSchemaSchema } from '@vigie/model';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentStatus, LinkTest } from '../../packages/edge/src/agent.ts';
import { serveLocalPage } from '../../packages/edge/src/local/local-page.ts';
import { launchChromium } from '../../scripts/chromium.ts';
import { violationsOf } from './axe.ts';

const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  channels: [
    { id: 't', kind: 'number', names: { fr: 'Bouilleur', en: 'Boiler' }, unit: '°C', decimals: 1 },
    { id: 'x', kind: 'number', names: { fr: '<b>Cuve</b>', en: '<b>Tank</b>' }, unit: '%' },
  ],
});
const status: AgentStatus = {
  ...{
    machine: 'TV-12',
    rows: 9,
    failedPolls: 0,
    controllerProblem: null,
    unreadable: [],
    diskProblem: null,
  },
  ...{
    linkProblem: 'ECONNREFUSED',
    backlogRows: 1234,
    lostRows: 0,
    spoolBytes: 1,
    spoolMostBytes: 2,
    bootNumber: 1,
  },
  ...{ linkForMs: 90_000, nextDialInMs: 5000, serverClock: null, acknowledgedAgoMs: null },
  settings: {
    ...{ intervalMs: 60_000, dataBudgetMb: 30, overrides: [], fromServer: true, refused: null, unknown: [] },
  },
  data: {
    monthBytes: 1_230_000,
    forecastBytes: null,
    thrift: 'within',
    intervalMs: 60_000,
    countedBy: 'link',
  },
  modem: {
    ...{ present: true, problem: 'finds no network', model: 'EC25', sim: 'ready', registration: 'searching' },
    ...{
      operator: null,
      technology: null,
      rssiDbm: -101,
      rsrpDbm: null,
      rsrqDb: null,
      sinrDb: null,
      address: null,
    },
    tried: { bearer: 1, radio: 0, reset: 0, 'power-key': 0, reboot: 0 },
  },
};
let outcome: LinkTest = { ok: true, tookMs: 1234, rows: 42 };
let browser: Browser;
let address = '';
let close = (): void => undefined;
beforeAll(async () => {
  const served = await serveLocalPage({
    ...{ host: '127.0.0.1', port: 0, status: () => status, schema: () => schema, nowMs: () => 5000 },
    newestRow: () => ({ monotonicMs: 2000, values: [34.56, null] }),
    testLink: async () => outcome,
  });
  if (!served.ok) throw new Error(served.message);
  address = `http://127.0.0.1:${served.value.port}`;
  close = served.value.close;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  close();
});

it.each([
  [
    'fr-FR',
    'light',
    ['34,6 °C', '1,2 Mo sur 30 Mo', 'Bouilleur', '<b>Cuve</b>', 'Lues il y a 3 s', 'coupée depuis 90 s'],
  ],
  ['en-GB', 'dark', ['34.6 °C', '1.2 MB of 30 MB', 'Boiler', '<b>Tank</b>', 'Read 3 s ago', 'down for 90 s']],
] as const)('in %s, %s', async (locale, colorScheme, texts) => {
  const context = await browser.newContext({ locale, colorScheme, viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(address);
  await page.getByText('TV-12').waitFor();
  const text = await page.locator('main').innerText();
  for (const one of texts) expect(text).toContain(one);
  expect(await page.locator('dd.wrong').allInnerTexts()).toEqual([
    expect.stringContaining('ECONNREFUSED'),
    expect.stringContaining('finds no network · RSSI -101 dBm'),
  ]);
  expect(await violationsOf(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  const french = locale === 'fr-FR';
  outcome = { ok: true, tookMs: 1234, rows: 42 };
  await page.getByRole('button', { name: french ? 'Tester la liaison' : 'Test the link' }).click();
  await page
    .getByText(french ? /42 lignes envoyées et acquittées/ : /42 rows sent and acknowledged/)
    .waitFor();
  outcome = { ok: false, message: 'no acknowledgement' };
  await page.getByRole('button', { name: french ? 'Tester la liaison' : 'Test the link' }).click();
  await page.getByText(french ? /ne fonctionne pas : no/ : /does not work: no/).waitFor();
  await page.getByRole('button', { name: french ? 'English' : 'Français' }).click();
  await page.getByText(french ? 'Link to the server' : 'Liaison avec le serveur').waitFor();
  expect(problems).toEqual([]);
  await context.close();
});
