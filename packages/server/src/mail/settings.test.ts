// What an operator may say of mail and webhook, and the sentence each mistake gets; no secret is ever in one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type MailGiven, mailSettings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-mail-'));
const file = join(folder, 'password');
writeFileSync(file, 'from a file\n');
afterAll(() => rmSync(folder, { recursive: true }));

const NOTHING: MailGiven = {
  ...{ smtp: null, smtpPasswordFile: null, mailFrom: null, publicUrl: null, webhook: null },
  ...{ webhookSecretFile: null, webhookAllowPrivate: false },
};
const MAIL: MailGiven = {
  ...NOTHING,
  smtp: 'smtp://vigie@mail.example.org',
  mailFrom: 'Vigie <vigie@example.org>',
  publicUrl: 'https://vigie.example.org/',
};
const PASSWORD = { VIGIE_SMTP_PASSWORD: 'from the environment' };
const smtp = (given: Partial<MailGiven>, environment: Record<string, string> = PASSWORD) => {
  const read = mailSettings({ ...MAIL, ...given }, environment);
  return read.ok ? read.value.mail?.smtp : read.message;
};

it('nothing said: nothing sent', () => {
  expect(mailSettings(NOTHING, {})).toEqual({ ok: true, value: { mail: null, webhook: null } });
});

it('a password comes from a file or the environment, and goes over TLS', () => {
  expect(smtp({})).toEqual({
    ...{ host: 'mail.example.org', port: 587, tls: 'required', user: 'vigie' },
    ...{ password: 'from the environment', from: 'Vigie <vigie@example.org>' },
  });
  expect(smtp({ smtpPasswordFile: file })).toMatchObject({ password: 'from a file' });
  expect(smtp({ smtp: 'smtps://vigie@mail.example.org' })).toMatchObject({ tls: 'implicit', port: 465 });
  expect(smtp({ smtp: 'smtp://127.0.0.1:25' }, {})).toMatchObject({ tls: 'none', port: 25, user: null });
  expect(smtp({ smtp: 'smtp://relay.example.org:25?tls=none' }, {})).toMatchObject({ tls: 'none' });
});

it.each<[string, Partial<MailGiven>, Record<string, string>]>([
  ['--smtp takes no password', { smtp: 'smtp://vigie:secret@mail.example.org' }, {}],
  ['--smtp takes an address', { smtp: 'mail.example.org' }, PASSWORD],
  ['--mail-from is needed', { mailFrom: null }, PASSWORD],
  ['--mail-from is needed', { mailFrom: 'a@b\r\nBcc: c@d' }, PASSWORD],
  ['--public-url is needed', { publicUrl: null }, PASSWORD],
  ['--public-url is needed', { publicUrl: 'javascript:alert(1)' }, PASSWORD],
  ['are needed together', {}, {}],
  ['are needed together', { smtp: 'smtp://mail.example.org' }, PASSWORD],
  ['travel in the clear', { smtp: 'smtp://vigie@mail.example.org?tls=none' }, PASSWORD],
  ['cannot be read (ENOENT)', { smtpPasswordFile: `${file}.not` }, {}],
  ['--webhook takes an address', { webhook: 'http://example.org' }, PASSWORD],
  ['--webhook takes no user', { webhook: 'https://a:secret@example.org' }, PASSWORD],
  ['--webhook needs a secret', { webhook: 'https://example.org' }, PASSWORD],
])('says %s…', (said, given, environment) => {
  const read = mailSettings({ ...MAIL, ...given }, environment);
  expect(read.ok ? '' : read.message).toContain(said);
  expect(JSON.stringify(read)).not.toContain('secret@');
  if (!read.ok) expect(read.message).not.toContain('from the environment');
});
