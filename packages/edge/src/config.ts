// Settings of vigie-edge: a YAML file, flags above it.
import { type Outcome, readYaml } from '@vigie/config';
import { z } from 'zod';

const sourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('modbus-tcp'),
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(502),
    unit: z.number().int().min(0).max(247).default(1),
  }),
  z.strictObject({
    type: z.literal('csv'),
    file: z.string().min(1),
    /** Times the recording's own pace; 0: as fast as the server takes it. */
    speed: z.number().min(0).default(1),
  }),
]);

const configSchema = z.strictObject({
  /** Folder of identity, spool and status. */
  data: z.string().min(1).optional(),
  /** YAML of the machine's model; not needed for csv. */
  model: z.string().min(1).optional(),
  source: sourceSchema.optional(),
  /** Time between two blocks, until the server says otherwise. */
  intervalMs: z.number().int().min(1000).max(3_600_000).default(60_000),
  /** Bytes of blocks kept while there is no link; beyond, the oldest give way and a gap is declared. */
  spoolMegabytes: z.number().min(1).max(1_000_000).default(2000),
});

export const RUN_FLAGS = {
  config: { type: 'string', value: 'FILE', help: 'YAML settings; flags stand above it' },
  data: { type: 'string', value: 'DIR', help: 'folder of identity, spool and status' },
  model: { type: 'string', value: 'FILE', help: "YAML of the machine's model" },
  source: { type: 'string', value: 'TYPE', help: 'modbus-tcp or csv' },
  host: { type: 'string', value: 'HOST', help: 'controller, for modbus-tcp (default 127.0.0.1)' },
  port: { type: 'number', value: 'PORT', help: 'its port (default 502)' },
  unit: { type: 'number', value: 'N', help: 'its unit id (default 1)' },
  file: { type: 'string', value: 'FILE', help: 'recording, for csv: first column t in Unix ms' },
  speed: {
    type: 'number',
    value: 'N',
    help: "times the recording's own pace; 0 = as fast as it goes (default 1)",
  },
} as const;

type RunFlags = { readonly [K in keyof typeof RUN_FLAGS]?: string | number | boolean };

export interface RunSettings {
  readonly data: string;
  readonly model: string | null;
  readonly source: z.infer<typeof sourceSchema>;
  readonly intervalMs: number;
  readonly spoolMegabytes: number;
}

export function runSettings(flags: RunFlags): Outcome<RunSettings> {
  const wrong = (message: string): Outcome<RunSettings> => ({ ok: false, message });
  const file =
    flags.config === undefined
      ? ({ ok: true, value: configSchema.parse({}) } as const)
      : readYaml(String(flags.config), configSchema);
  if (!file.ok) return file;
  const data = flags.data ?? file.value.data;
  if (data === undefined) return wrong('vigie-edge: --data DIR is missing (see vigie-edge --help)');
  const { host, port, unit, file: recording, speed } = flags;
  const given = file.value.source;
  const type = flags.source ?? given?.type;
  if (type === undefined)
    return wrong('vigie-edge: --source modbus-tcp or csv is missing (see vigie-edge --help)');
  if (type !== 'modbus-tcp' && type !== 'csv')
    return wrong(`vigie-edge: --source takes modbus-tcp or csv, not «${type}»`);
  const defined = Object.fromEntries(
    Object.entries(type === 'csv' ? { file: recording, speed } : { host, port, unit }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const base = given?.type === type ? given : type === 'csv' ? {} : { host: '127.0.0.1' };
  if (type === 'csv' && recording === undefined && given?.type !== 'csv')
    return wrong('vigie-edge: --file FILE is missing: it names the recording (see vigie-edge --help)');
  const source = sourceSchema.safeParse({ ...base, ...defined, type });
  if (!source.success) {
    const issue = source.error.issues[0];
    return wrong(
      `vigie-edge: --${issue?.path.join('.') || 'source'}: ${issue?.message ?? 'does not fit'} (see vigie-edge --help)`,
    );
  }
  const model = flags.model ?? file.value.model;
  if (source.data.type !== 'csv' && model === undefined) {
    return wrong('vigie-edge: --model FILE is missing: it says which registers to read');
  }
  return {
    ok: true,
    value: {
      data: String(data),
      model: model === undefined ? null : String(model),
      source: source.data,
      intervalMs: file.value.intervalMs,
      spoolMegabytes: file.value.spoolMegabytes,
    },
  };
}
