// Accounts in a real Chromium, on one site, one journey after the other: from the first Super Admin to an Admin by invitation,
// a User by that Admin, a machine whose real edge enrols by the command that the page shows, what the User then sees, and the
// moment the User is disabled. Also: the second factor, two editors and undo.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Audit, ManagedMachine, UserView } from '@vigie/contract';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Program, runProgram, startProgram } from '../../scripts/programs.ts';
import { account, type Look } from './site.ts';
import { useTestSite } from './test-site.ts';

const ADMIN = { name: 'Inès Admin', email: 'ines@example.org', password: 'nine grey herons' };
const USER = {
  name: 'Noé Technicien',
  userName: 'noe',
  email: 'noe@example.org',
  password: 'six calm herons',
};

const test = useTestSite({ machines: 1, days: 0 });
const { api } = test;
let root: Page;
let admin: Page;
let user: Page;
const programs: Program[] = [];

beforeAll(async () => {
  root = watched(await test.site.open());
  await root.goto(`${test.site.address}/manage/users`);
});
afterAll(async () => {
  for (const program of programs) await program.stop();
});
/** Of a journey that goes on from test to test: it stays open. */
function watched(page: Page): Page {
  page.setDefaultTimeout(20_000);
  return test.listen(page);
}

async function signedOut(look: Look = {}): Promise<Page> {
  return watched(await test.site.openSignedOut(look));
}

/** Follows a link that somebody was given, and chooses a password. */
async function welcomed(link: string, password: string, look: Look = {}): Promise<Page> {
  const page = await signedOut(look);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(`${request.url()} ${request.headers().referer ?? ''}`));
  await page.goto(link);
  await page.getByLabel(/^(New password|Nouveau mot de passe)$/).fill(password);
  const token = new URL(link).hash.slice(1);
  expect(page.url()).not.toContain(token);
  await page.getByRole('button', { name: /Save and sign in|Enregistrer et se connecter/ }).click();
  // Whoever has one machine begins on its page.
  await page.waitForURL(/\/(fleet|m\/[^/]+)$/);
  expect(asked.join('\n')).not.toContain(token);
  return page;
}

async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.goto(`${test.site.address}/sign-in`);
  await page.getByLabel('E-mail or name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function linkShown(page: Page): Promise<string> {
  return page.getByLabel('Access').innerText();
}

it('the Super Admin invites an Admin, whose link works once', async () => {
  await root.getByRole('link', { name: 'Create user' }).click();
  await root.getByLabel('Name', { exact: true }).fill(ADMIN.name);
  await root.getByLabel('E-mail', { exact: true }).fill(ADMIN.email);
  await root.getByLabel('Role', { exact: true }).selectOption('admin');
  await root.getByRole('button', { name: 'Create', exact: true }).click();
  const link = await linkShown(root);
  await root.getByRole('button', { name: 'Close' }).click();
  await root.getByRole('row', { name: /Inès Admin.*Admin none invited/ }).waitFor();
  admin = await welcomed(link, ADMIN.password);
  await admin.getByText('No machine is linked to your account yet').waitFor();
  const again = await signedOut();
  await again.goto(link);
  await again.getByRole('alert').getByText('This link was used').waitFor();
  await again.context().close();
});

it('a machine is added, and turns green by itself when its edge enrols by the command shown', async () => {
  await root.goto(`${test.site.address}/manage/machines`);
  await root.getByRole('link', { name: 'Add machine' }).click();
  await root.getByLabel('Id', { exact: true }).fill('TV-42');
  await root.getByLabel('Name', { exact: true }).fill('Évaporateur 42');
  await root.getByLabel('Site', { exact: true }).fill('Lyon');
  await root.getByRole('button', { name: 'Create', exact: true }).click();
  await root.getByRole('button', { name: 'Make an enrolment code' }).click();
  await root.getByText('Waiting for the box…').waitFor();
  const fresh = await root.getByLabel('On the box beside the machine').innerText();
  expect(fresh).toMatch(/^curl -fsS http.*\/edge\/install\.sh \| sudo sh -s -- http\S+ \S+ VG1-/);
  const shown = await root.getByLabel('Where the agent is installed already').innerText();
  const [program, ...words] = shown.split(' ');
  expect(program).toBe('vigie-edge');
  // Where the box keeps its data is the one thing that differs here.
  const folder = join(test.site.data, 'edge-42');
  const enrolled = await runProgram('vigie-edge', [...words.slice(0, -1), folder]);
  expect(enrolled.code, enrolled.output).toBe(0);
  await root.getByText('The box of Évaporateur 42 has arrived.').waitFor();
  const recording = join(test.site.data, 'recording.csv');
  const rows = Array.from({ length: 600 }, (_, i) => `${1_790_000_000_000 + i * 1000},${20 + (i % 9) / 10}`);
  writeFileSync(recording, `t,temperature\n${rows.join('\n')}\n`);
  const source = ['--source', 'csv', '--file', recording, '--speed', '1', '--data', folder];
  programs.push(startProgram('vigie-edge', ['run', ...source]));
  await root.getByText('It is connected.').waitFor();
});

it('the Admin is linked, adds a User, links the machine, and undoes a slip', async () => {
  await root.goto(`${test.site.address}/manage/users`);
  await root.getByRole('searchbox').fill('ines');
  await root.getByRole('link', { name: ADMIN.name }).click();
  await root.getByLabel('Link a machine').fill('TV-42');
  await root.getByRole('button', { name: 'Link', exact: true }).click();
  await root.getByRole('button', { name: 'Unlink Évaporateur 42' }).waitFor();
  await root.goto(`${test.site.address}/manage/machines?edit=TV-42`);
  await root.getByRole('button', { name: `Unlink ${ADMIN.name}` }).click();
  await root.getByRole('region', { name: 'Linked users' }).getByText('nobody').waitFor();
  await root.getByLabel('Link a user').fill(ADMIN.email);
  await root.getByRole('button', { name: 'Link', exact: true }).click();
  await root.getByRole('button', { name: `Unlink ${ADMIN.name}` }).waitFor();
  // Other links, other sessions.
  await expect.poll(async () => (await admin.request.get(`${test.site.address}/api/me`)).status()).toBe(401);
  await signIn(admin, ADMIN.email, ADMIN.password);
  await admin.getByRole('link', { name: 'Management' }).click();
  await admin.getByRole('link', { name: 'Create user' }).click();
  expect(await admin.getByLabel('Role', { exact: true }).count()).toBe(0);
  await admin.getByLabel('Name', { exact: true }).fill(USER.name);
  await admin.getByLabel('E-mail', { exact: true }).fill(USER.email);
  await admin.getByLabel('User name', { exact: true }).fill(USER.userName);
  await admin.getByRole('button', { name: 'Create', exact: true }).click();
  const link = await linkShown(admin);
  await admin.getByRole('button', { name: 'Close' }).click();
  await admin.getByRole('link', { name: USER.name }).click();
  await admin.getByLabel('Link a machine').fill('evaporateur 42');
  await admin.getByRole('button', { name: 'Link', exact: true }).click();
  await admin.getByRole('button', { name: 'Unlink Évaporateur 42' }).click();
  await admin.getByText('is no longer linked to Évaporateur 42').first().waitFor();
  await admin.locator('dialog').getByRole('button', { name: 'Undo' }).click();
  await admin.getByRole('button', { name: 'Unlink Évaporateur 42' }).waitFor();
  const [only, ...others] = await api<readonly UserView[]>(admin, '/api/users');
  expect([only?.name, only?.machines, others]).toEqual([USER.name, ['TV-42'], []]);
  user = await welcomed(link, USER.password, { width: 390, height: 844, touch: true });
});

it('the User sees exactly that machine, and nothing of management', async () => {
  await user.getByRole('heading', { name: 'Évaporateur 42' }).waitFor();
  const { machines } = await api<{ machines: readonly { id: string }[] }>(user, '/api/machines');
  expect(machines.map(({ id }) => id)).toEqual(['TV-42']);
  for (const path of ['/api/machines/TV-01', '/api/machines/TV-01/rows.csv', '/api/machines/NONE']) {
    expect((await user.request.get(test.site.address + path)).status(), path).toBe(404);
  }
  expect(await user.getByRole('link', { name: 'Management' }).count()).toBe(0);
  await user.goto(`${test.site.address}/manage/users`);
  await user.getByRole('heading', { name: 'Page not found' }).waitFor();
});

it('the second of two editors is told, and what the first wrote stays', async () => {
  for (const page of [root, admin]) {
    await page.goto(`${test.site.address}/manage/machines?edit=TV-42`);
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).waitFor();
  }
  await root.getByLabel('Name', { exact: true }).fill('Bouilleur 42');
  await root.getByRole('button', { name: 'Save' }).click();
  await root.getByText('Saved.').waitFor();
  await admin.getByLabel('Name', { exact: true }).fill('Autre 42');
  await admin.getByRole('button', { name: 'Save' }).click();
  await admin.getByText('Somebody else changed this meanwhile').waitFor();
  await expect.poll(() => admin.getByLabel('Name', { exact: true }).inputValue()).toBe('Bouilleur 42');
  const { name } = await api<ManagedMachine>(root, '/api/manage/machines/TV-42');
  expect(name).toBe('Bouilleur 42');
});

it('a second factor is turned on by its secret, asked for, and replaced by a recovery code', async () => {
  await user.goto(`${test.site.address}/profile`);
  const part = user.locator('section', { has: user.getByRole('heading', { name: 'Second factor' }) });
  await part.getByRole('button', { name: 'Turn on' }).click();
  await part.getByLabel('Your password, to go on').fill(USER.password);
  await part.getByRole('button', { name: 'Confirm' }).click();
  await part.getByRole('img', { name: 'QR code of the secret' }).waitFor();
  const totp = new TOTP({ secret: Secret.fromBase32(await part.locator('code').innerText()) });
  await part.getByRole('textbox', { name: 'Code' }).fill(totp.generate());
  await part.getByRole('button', { name: 'Confirm' }).click();
  await part.locator('.recovery-codes li').nth(9).waitFor();
  const codes = await part.locator('.recovery-codes li').allInnerTexts();
  expect(codes).toHaveLength(10);
  await part.getByRole('button', { name: 'I have kept them' }).click();
  await part.getByText('On. Signing in asks').waitFor();
  const other = await signedOut();
  await signIn(other, USER.userName, USER.password);
  await other.getByLabel('Code', { exact: true }).fill(codes[0] ?? '');
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.waitForURL(/\/m\/TV-42$/);
  await user.reload();
  await user.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect.poll(async () => (await other.request.get(`${test.site.address}/api/me`)).status()).toBe(401);
  await other.context().close();
});

it('the User is disabled, and thrown out within a second, streams and all', async () => {
  await user.goto(`${test.site.address}/m/TV-42`);
  await user.getByRole('heading', { name: 'Bouilleur 42' }).waitFor();
  await root.goto(`${test.site.address}/manage/users`);
  await root.getByRole('link', { name: USER.name }).click();
  const out = user.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 5000 });
  await root.getByRole('button', { name: 'Disable' }).click();
  const clickedMs = performance.now();
  await out;
  console.log(`thrown out ${Math.round(performance.now() - clickedMs)} ms after the click`);
  await signIn(user, USER.userName, USER.password);
  await user.getByText('This name and password do not match').waitFor();
  await root.getByRole('button', { name: 'Enable' }).waitFor();
  await root.getByText('Delete this user').click();
  await root.getByLabel('Name, to confirm').fill(USER.name);
  await root.getByRole('button', { name: 'Delete', exact: true }).click();
  await root.getByRole('link', { name: USER.name }).waitFor({ state: 'detached' });
  const { entries } = await api<Audit>(root, '/api/audit?count=2');
  expect(entries.map(({ action, actor, user: whom }) => [action, actor, whom])).toEqual([
    ['account-deleted', account.name, USER.name],
    ['account-disabled', account.name, USER.name],
  ]);
});
