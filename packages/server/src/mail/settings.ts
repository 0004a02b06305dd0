// How mails and calls of a webhook leave, as the operator sets it up.
// Invariant: a password or secret comes from a file or the environment, never from a flag, which a list of processes shows;
// it is in no sentence of a mistake. Not here: flags and YAML (config.ts).
import { readFileSync } from 'node:fs';
import type { Outcome } from '@vigie/config';
import type { SmtpSettings } from './smtp.ts';
import type { WebhookSettings } from './webhook.ts';

/** As the operator gives it. */
export interface MailGiven {
  /** `smtp://USER@HOST:PORT`, `smtps://…`; `null`: no mail is sent. */
  readonly smtp: string | null;
  readonly smtpPasswordFile: string | null;
  readonly mailFrom: string | null;
  readonly publicUrl: string | null;
  readonly webhook: string | null;
  readonly webhookSecretFile: string | null;
  readonly webhookAllowPrivate: boolean;
}

export interface MailSettings {
  readonly mail: { readonly smtp: SmtpSettings; readonly publicUrl: string } | null;
  readonly webhook: WebhookSettings | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const FROM = /^(?:[^<>\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

export function mailSettings(given: MailGiven, environment: Environment): Outcome<MailSettings> {
  const smtp = given.smtp === null ? null : smtpOf(given.smtp, given, environment);
  if (smtp !== null && !smtp.ok) return smtp;
  const webhook = given.webhook === null ? null : webhookOf(given.webhook, given, environment);
  if (webhook !== null && !webhook.ok) return webhook;
  return { ok: true, value: { mail: smtp?.value ?? null, webhook: webhook?.value ?? null } };
}

function wrong(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: `vigie-server: ${message}` };
}

function smtpOf(
  text: string,
  { smtpPasswordFile, mailFrom, publicUrl }: MailGiven,
  environment: Environment,
): Outcome<NonNullable<MailSettings['mail']>> {
  const url = URL.parse(text);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    return wrong('--smtp takes an address like smtp://USER@mail.example.org:587 or smtps://…');
  }
  if (url.password !== '') {
    return wrong(
      '--smtp takes no password, which a list of processes would show: give it by --smtp-password-file FILE or VIGIE_SMTP_PASSWORD',
    );
  }
  if (mailFrom === null || !FROM.test(mailFrom)) {
    return wrong('--mail-from is needed with --smtp: an address like «Vigie <vigie@example.org>»');
  }
  const site = publicUrl === null ? null : URL.parse(publicUrl);
  if (site === null || !/^https?:$/.test(site.protocol)) {
    return wrong(
      '--public-url is needed with --smtp: where people open Vigie, like https://vigie.example.org',
    );
  }
  const secret = secretOf('--smtp-password-file', smtpPasswordFile, environment.VIGIE_SMTP_PASSWORD);
  if (!secret.ok) return secret;
  const user = url.username === '' ? null : decodeURIComponent(url.username);
  if ((user === null) !== (secret.value === null)) {
    return wrong(
      'a user in --smtp and a password (--smtp-password-file or VIGIE_SMTP_PASSWORD) are needed together',
    );
  }
  const isNear = LOOPBACK.test(url.hostname);
  const plain = url.searchParams.get('tls') === 'none';
  if (plain && user !== null && !isNear) {
    return wrong('--smtp with tls=none takes no user: the password would travel in the clear');
  }
  const tls = url.protocol === 'smtps:' ? 'implicit' : plain || isNear ? 'none' : 'required';
  const port = url.port === '' ? (tls === 'implicit' ? 465 : 587) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    ok: true,
    value: {
      smtp: { host, port, tls, user, password: secret.value, from: mailFrom },
      publicUrl: site.href.replace(/\/$/, ''),
    },
  };
}

function webhookOf(
  text: string,
  { webhookSecretFile, webhookAllowPrivate: allowsPrivate }: MailGiven,
  environment: Environment,
): Outcome<WebhookSettings> {
  const url = URL.parse(text);
  if (url === null || !(url.protocol === 'https:' || (allowsPrivate && url.protocol === 'http:'))) {
    return wrong(
      '--webhook takes an address like https://example.org/vigie (http only with --webhook-allow-private)',
    );
  }
  if (url.username !== '' || url.password !== '') return wrong('--webhook takes no user and no password');
  const secret = secretOf('--webhook-secret-file', webhookSecretFile, environment.VIGIE_WEBHOOK_SECRET);
  if (!secret.ok) return secret;
  if (secret.value === null || secret.value.length < 16) {
    return wrong(
      '--webhook needs a secret of 16 letters or more: --webhook-secret-file FILE or VIGIE_WEBHOOK_SECRET',
    );
  }
  return { ok: true, value: { url: url.href, secret: secret.value, allowsPrivate } };
}

function secretOf(flag: string, file: string | null, variable: string | undefined): Outcome<string | null> {
  if (file === null) return { ok: true, value: variable === undefined || variable === '' ? null : variable };
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? wrong(`${flag}: ${file} is empty`) : { ok: true, value: text };
  } catch (error) {
    return wrong(`${flag}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
