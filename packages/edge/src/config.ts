// Settings of vigie-edge: a YAML file, flags above it.
import { type Outcome, readYaml } from '@vigie/config';
import { z } from 'zod';
import type { DataPlan } from './budget/usage.ts';

const unit = z.number().int().max(247);
const serial = {
  port: z.string().regex(/^\//, 'takes the path of a port, such as /dev/serial/by-id/usb-…'),
  stopBits: z.union([z.literal(1), z.literal(2)], 'takes 1 or 2').default(1),
};
const baudRate = z.number().int().min(300).max(4_000_000);
const parity = z.enum(['none', 'even', 'odd'], 'takes none, even or odd');

/** What each kind of source is told, by its `type`. */
const SOURCES = {
  'modbus-tcp': z.strictObject({
    type: z.literal('modbus-tcp'),
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(1).max(65_535).default(502),
    unit: unit.min(0).default(1),
  }),
  'modbus-rtu': z.strictObject({
    type: z.literal('modbus-rtu'),
    ...serial,
    // The standard's own.
    baudRate: baudRate.default(19_200),
    parity: parity.default('even'),
    dataBits: z.literal(8, 'takes 8, as Modbus RTU has it').default(8),
    // 0 speaks to all units, and none answers.
    unit: unit.min(1).default(1),
  }),
  'serial-lines': z.strictObject({
    type: z.literal('serial-lines'),
    ...serial,
    baudRate: baudRate.default(115_200),
    parity: parity.default('none'),
    dataBits: z.union([z.literal(7), z.literal(8)], 'takes 7 or 8').default(8),
    format: z.enum(['csv', 'json'], 'takes csv or json'),
    /** For csv: no line counts before one that names the columns. */
    header: z.boolean().default(false),
  }),
  csv: z.strictObject({
    type: z.literal('csv'),
    file: z.string().min(1),
    /** Times the recording's own pace; 0: as fast as the server takes it. */
    speed: z.number().min(0).default(1),
  }),
} as const;
type SourceType = keyof typeof SOURCES;
export type SourceSettings = { [T in SourceType]: z.output<(typeof SOURCES)[T]> }[SourceType];

const TYPES = 'modbus-tcp, modbus-rtu, serial-lines or csv';
const sourceSchema = z.discriminatedUnion(
  'type',
  [SOURCES['modbus-tcp'], SOURCES['modbus-rtu'], SOURCES['serial-lines'], SOURCES.csv],
  `takes a type: ${TYPES}`,
);

/** The box's cellular modem. */
const modemSchema = z.strictObject({
  /** `modemmanager` where that service runs, since it holds the ports; else `at`. */
  through: z.enum(['at', 'modemmanager'], 'takes at or modemmanager'),
  /** For `at`: its port, or a pattern of it, since it may come back under another name. */
  port: z
    .string()
    .regex(/^\//, 'takes the path of a port, such as /dev/serial/by-id/*-if02-port0')
    .default('/dev/serial/by-id/*-if02-port0'),
  /** For `modemmanager`: of the SIM's contract. */
  apn: z.string().max(100).default(''),
  /** The interface it carries; its counters are what the data budget counts. */
  interface: z
    .string()
    .regex(/^[\w.-]{1,15}$/, 'takes the name of an interface, such as wwan0')
    .optional(),
  /** A command that presses the modem's power key; none: it has none that this box can press. */
  powerKey: z.array(z.string().min(1)).min(1).optional(),
  /** Whether the box may restart itself when nothing else helped. */
  mayReboot: z.boolean().default(false),
});
export type ModemSettings = z.output<typeof modemSchema>;

/** How the SIM's operator counts data. */
const dataPlanSchema = z.strictObject({
  roundUpBytes: z.number().int().min(1).max(10_000_000).default(1),
  roundEvery: z.enum(['session', 'hour', 'day'], 'takes session, hour or day').default('session'),
  monthDay: z.number().int().min(1).max(28).default(1),
});

const configSchema = z.strictObject({
  /** Folder of identity, spool and status. */
  data: z.string().min(1).optional(),
  /** YAML of the machine's model; only csv does without. */
  model: z.string().min(1).optional(),
  source: sourceSchema.optional(),
  /** Time between two blocks, until the server says otherwise. */
  intervalMs: z.number().int().min(1000).max(3_600_000).default(60_000),
  /** Bytes of blocks kept while there is no link; beyond, the oldest give way and a gap is declared. */
  spoolMegabytes: z.number().min(1).max(1_000_000).default(2000),
  modem: modemSchema.optional(),
  dataPlan: dataPlanSchema.prefault({}),
  /** The page for whoever stands at the box, on this box alone; without it there is none. */
  localPage: z
    .strictObject({
      port: z.number().int().min(0).max(65_535).default(8081),
      host: z.string().min(1).default('127.0.0.1'),
    })
    .optional(),
});

export const RUN_FLAGS = {
  config: { type: 'string', value: 'FILE', help: 'YAML settings; flags stand above it' },
  data: { type: 'string', value: 'DIR', help: 'folder of identity, spool and status' },
  model: { type: 'string', value: 'FILE', help: "YAML of the machine's model" },
  source: { type: 'string', value: 'TYPE', help: TYPES },
  host: { type: 'string', value: 'HOST', help: 'controller, for modbus-tcp (default 127.0.0.1)' },
  port: {
    type: 'string',
    value: 'PORT',
    help: 'its TCP port (default 502); for modbus-rtu and serial-lines the path /dev/serial/by-id/…',
  },
  unit: { type: 'number', value: 'N', help: 'its unit id (default 1)' },
  'baud-rate': {
    type: 'number',
    value: 'N',
    help: 'of the serial port (default 19200 for modbus-rtu, 115200 for serial-lines)',
  },
  parity: {
    type: 'string',
    value: 'P',
    help: 'none, even or odd (default even for modbus-rtu, none for serial-lines)',
  },
  'data-bits': { type: 'number', value: 'N', help: 'of the serial port (default 8)' },
  'stop-bits': { type: 'number', value: 'N', help: 'of the serial port (default 1)' },
  format: { type: 'string', value: 'F', help: 'csv or json, for serial-lines' },
  header: {
    type: 'boolean',
    help: 'for serial-lines in csv: no line counts before one that names the columns',
  },
  file: { type: 'string', value: 'FILE', help: 'recording, for csv: first column t in Unix ms' },
  speed: {
    type: 'number',
    value: 'N',
    help: "times the recording's own pace; 0 = as fast as it goes (default 1)",
  },
} as const;

/** Flags that set a key of the source, and under which name. */
const SOURCE_FLAGS = {
  host: 'host',
  port: 'port',
  unit: 'unit',
  'baud-rate': 'baudRate',
  parity: 'parity',
  'data-bits': 'dataBits',
  'stop-bits': 'stopBits',
  format: 'format',
  header: 'header',
  file: 'file',
  speed: 'speed',
} as const satisfies Partial<Record<keyof typeof RUN_FLAGS, string>>;
const FLAG_NAMES = Object.keys(SOURCE_FLAGS) as (keyof typeof SOURCE_FLAGS)[];
/** What must be given, in the words of a sentence. */
const NEEDED: Partial<Record<keyof typeof SOURCE_FLAGS, string>> = {
  file: '--file FILE is missing: it names the recording',
  port: '--port PATH is missing: it names the serial port, such as /dev/serial/by-id/usb-…',
  format: '--format is missing: csv or json',
};

type RunFlags = { readonly [K in keyof typeof RUN_FLAGS]?: string | number | boolean };

export interface RunSettings {
  readonly data: string;
  readonly model: string | null;
  readonly source: SourceSettings;
  readonly intervalMs: number;
  readonly spoolMegabytes: number;
  /** `null`: none is looked after. */
  readonly modem: ModemSettings | null;
  readonly dataPlan: DataPlan;
  /** `null`: there is none. */
  readonly localPage: { readonly port: number; readonly host: string } | null;
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
  const source = sourceOf(flags, file.value.source);
  if (!source.ok) return source;
  const model = flags.model ?? file.value.model;
  if (source.value.type !== 'csv' && model === undefined) {
    return wrong("vigie-edge: --model FILE is missing: it says what the machine's channels are");
  }
  return {
    ok: true,
    value: {
      data: String(data),
      model: model === undefined ? null : String(model),
      source: source.value,
      intervalMs: file.value.intervalMs,
      spoolMegabytes: file.value.spoolMegabytes,
      modem: file.value.modem ?? null,
      dataPlan: file.value.dataPlan,
      localPage: file.value.localPage ?? null,
    },
  };
}

/** @param given source of the file; a flag stands above its key. */
function sourceOf(flags: RunFlags, given: SourceSettings | undefined): Outcome<SourceSettings> {
  const wrong = (message: string): Outcome<never> => ({
    ok: false,
    message: `vigie-edge: ${message} (see vigie-edge --help)`,
  });
  const type = flags.source ?? given?.type;
  if (type === undefined) return wrong(`--source ${TYPES} is missing`);
  if (!isSourceType(type)) return wrong(`--source takes ${TYPES}, not «${type}»`);
  const schema = SOURCES[type];
  const values: Record<string, unknown> = given?.type === type ? { ...given } : { type };
  for (const name of FLAG_NAMES) {
    const value = flags[name];
    const key = SOURCE_FLAGS[name];
    if (value !== undefined) {
      if (!(key in schema.shape)) return wrong(`--${name} says nothing to a source of type ${type}`);
      values[key] = value;
    }
  }
  if (type === 'modbus-tcp' && typeof values.port === 'string') {
    if (!/^\d+$/.test(values.port)) return wrong(`--port takes a number, not «${values.port}»`);
    values.port = Number(values.port);
  }
  const source = schema.safeParse(values);
  if (source.success) return { ok: true, value: source.data };
  const issue = source.error.issues[0];
  const name = FLAG_NAMES.find((flag) => SOURCE_FLAGS[flag] === issue?.path[0]);
  const needed = name === undefined || SOURCE_FLAGS[name] in values ? undefined : NEEDED[name];
  return wrong(needed ?? `--${name ?? 'source'}: ${issue?.message ?? 'does not fit'}`);
}

function isSourceType(type: unknown): type is SourceType {
  return typeof type === 'string' && Object.hasOwn(SOURCES, type);
}
