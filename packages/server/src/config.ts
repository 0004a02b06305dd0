// Settings of vigie-server: a YAML file, flags above it.
import { type Outcome, readYaml } from '@vigie/config';
import { z } from 'zod';

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
} as const;

export interface ServerSettings extends z.infer<typeof configSchema> {
  readonly data: string;
}

type RunFlags = { readonly [K in keyof typeof RUN_FLAGS]?: string | number | boolean };

export function serverSettings(flags: RunFlags): Outcome<ServerSettings> {
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
  return { ok: true, value: { ...merged.data, data } };
}
