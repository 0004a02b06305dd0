// Settings of vigie-server: a YAML file, flags above it.
import { type Outcome, readYaml } from '@vigie/config';
import { z } from 'zod';
import { type MailSettings, mailSettings } from './mail/settings.ts';

const port = z.number().int().min(0).max(65_535);

export const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/./, 'an address like postgres://user@host/database');

const configSchema = z.strictObject({
  /** Folder of databases and keys. */
  data: z.string().min(1).optional(),
  /** Address of a PostgreSQL, 15 or newer; without it SQLite in the data folder. */
  database: databaseUrl.nullable().default(null),
  /** Address of the web site. Over plain HTTP nobody signs in but on this computer itself. */
  host: z.string().min(1).default('127.0.0.1'),
  port: port.default(8080),
  /** Address edges connect to (TLS). */
  linkHost: z.string().min(1).default('0.0.0.0'),
  linkPort: port.default(8443),
  /** HTTPS by these PEM files; both or none. Looked at again every minute, so that a new certificate needs no restart. */
  tlsCert: z.string().min(1).nullable().default(null),
  tlsKey: z.string().min(1).nullable().default(null),
  /** One proxy stands in front, ends TLS, and says who asks (X-Forwarded-For) and how (X-Forwarded-Proto). */
  trustProxy: z.boolean().default(false),
  /** The operator's mail server: smtp://USER@HOST:PORT (STARTTLS) or smtps://…; its password is never here. */
  smtp: z.string().min(1).nullable().default(null),
  smtpPasswordFile: z.string().min(1).nullable().default(null),
  /** Whom mails are from: Vigie <vigie@example.org>. */
  mailFrom: z.string().min(1).nullable().default(null),
  /** Where people open Vigie: links of mails begin with it. */
  publicUrl: z.string().min(1).nullable().default(null),
  /** Called with each event of an alarm. */
  webhook: z.string().min(1).nullable().default(null),
  webhookSecretFile: z.string().min(1).nullable().default(null),
  webhookAllowPrivate: z.boolean().default(false),
  /** Folder of the agent's packages that boxes fetch; `null`: dist beside the programs. */
  edgePackages: z.string().min(1).nullable().default(null),
});

export const RUN_FLAGS = {
  config: { type: 'string', value: 'FILE', help: 'YAML settings; flags stand above it' },
  data: { type: 'string', value: 'DIR', help: 'folder of databases and keys (required)' },
  database: {
    type: 'string',
    value: 'URL',
    help: 'postgres://USER@HOST/DATABASE (default: SQLite in the data folder)',
  },
  host: { type: 'string', value: 'HOST', help: 'address of the web site (default 127.0.0.1)' },
  port: { type: 'number', value: 'PORT', help: 'port of the web site (default 8080)' },
  'tls-cert': { type: 'string', value: 'FILE', help: 'certificate of the web site, PEM with its chain' },
  'tls-key': { type: 'string', value: 'FILE', help: 'its private key, PEM' },
  'trust-proxy': {
    type: 'boolean',
    help: 'a proxy in front ends TLS and sets X-Forwarded-For and X-Forwarded-Proto',
  },
  'edge-packages': {
    type: 'string',
    value: 'DIR',
    help: 'packages of vigie-edge that boxes fetch (default: dist, where npm run package:edge puts them)',
  },
  'link-host': { type: 'string', value: 'HOST', help: 'address edges connect to (default 0.0.0.0)' },
  'link-port': { type: 'number', value: 'PORT', help: 'port edges connect to (default 8443)' },
  smtp: {
    type: 'string',
    value: 'URL',
    help: 'mail server: smtp://USER@HOST:587 or smtps://USER@HOST (default: no mail is sent)',
  },
  'smtp-password-file': {
    type: 'string',
    value: 'FILE',
    help: 'its password; or in the environment as VIGIE_SMTP_PASSWORD',
  },
  'mail-from': { type: 'string', value: 'FROM', help: 'whom mails are from: "Vigie <vigie@example.org>"' },
  'public-url': { type: 'string', value: 'URL', help: 'where people open Vigie, for links in mails' },
  webhook: { type: 'string', value: 'URL', help: 'called with each event of an alarm' },
  'webhook-secret-file': {
    type: 'string',
    value: 'FILE',
    help: 'by which calls are signed; or in the environment as VIGIE_WEBHOOK_SECRET',
  },
  'webhook-allow-private': { type: 'boolean', help: 'the webhook may be in a private network' },
} as const;

export interface ServerSettings extends z.infer<typeof configSchema> {
  readonly data: string;
  readonly mailing: MailSettings;
}

type RunFlags = { readonly [K in keyof typeof RUN_FLAGS]?: string | number | boolean };

/** @param environment of the process: secrets may be there. */
export function serverSettings(
  flags: RunFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Outcome<ServerSettings> {
  const file =
    flags.config === undefined
      ? ({ ok: true, value: configSchema.parse({}) } as const)
      : readYaml(String(flags.config), configSchema);
  if (!file.ok) return file;
  const given = {
    data: flags.data,
    database: flags.database,
    host: flags.host,
    port: flags.port,
    tlsCert: flags['tls-cert'],
    tlsKey: flags['tls-key'],
    trustProxy: flags['trust-proxy'],
    edgePackages: flags['edge-packages'],
    linkHost: flags['link-host'],
    linkPort: flags['link-port'],
    smtp: flags.smtp,
    smtpPasswordFile: flags['smtp-password-file'],
    mailFrom: flags['mail-from'],
    publicUrl: flags['public-url'],
    webhook: flags.webhook,
    webhookSecretFile: flags['webhook-secret-file'],
    webhookAllowPrivate: flags['webhook-allow-private'],
  };
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const merged = configSchema.safeParse({ ...file.value, ...defined });
  if (!merged.success) {
    const issue = merged.error.issues[0];
    return {
      ok: false,
      message: `vigie-server: ${issue?.path.join('.')}: ${issue?.message} (see vigie-server --help)`,
    };
  }
  const { data, tlsCert, tlsKey, trustProxy } = merged.data;
  if (data === undefined) {
    return { ok: false, message: 'vigie-server: --data DIR is missing (see vigie-server --help)' };
  }
  if ((tlsCert === null) !== (tlsKey === null)) {
    return { ok: false, message: 'vigie-server: --tls-cert and --tls-key are needed together' };
  }
  if (tlsCert !== null && trustProxy) {
    return {
      ok: false,
      message:
        'vigie-server: either a proxy ends TLS (--trust-proxy) or this server does (--tls-cert), not both',
    };
  }
  const mailing = mailSettings(merged.data, environment);
  if (!mailing.ok) return mailing;
  return { ok: true, value: { ...merged.data, data, mailing: mailing.value } };
}
