// Command-line flags: parsed by node:util, described once, so that `--help` can never differ from what is read.
import { parseArgs } from 'node:util';

export interface FlagSpec {
  /** A `list` may be given several times. */
  readonly type: 'string' | 'number' | 'boolean' | 'list';
  /** One line for `--help`, default included in words. */
  readonly help: string;
  /** What stands for the value in `--help`: FILE, PORT. */
  readonly value?: string;
}

export interface CommandSpec<Flags extends Record<string, FlagSpec>> {
  /** "vigie-edge run". */
  readonly name: string;
  readonly summary: string;
  readonly flags: Flags;
  /** Names of positional arguments, all required. */
  readonly positionals?: readonly string[];
  /** Further paragraphs of `--help`. */
  readonly notes?: string;
}

export type FlagValues<Flags extends Record<string, FlagSpec>> = {
  readonly [K in keyof Flags]?: Flags[K]['type'] extends 'number'
    ? number
    : Flags[K]['type'] extends 'boolean'
      ? boolean
      : Flags[K]['type'] extends 'list'
        ? readonly string[]
        : string;
};

export type Parsed<Flags extends Record<string, FlagSpec>> =
  | { readonly kind: 'run'; readonly flags: FlagValues<Flags>; readonly positionals: readonly string[] }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string };

/** Exit codes shared by the programs. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

export function parseFlags<Flags extends Record<string, FlagSpec>>(
  spec: CommandSpec<Flags>,
  args: readonly string[],
): Parsed<Flags> {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text: helpText(spec) };
  const wrong = (message: string): Parsed<Flags> => ({
    kind: 'wrong',
    message: `${spec.name}: ${message} (see ${spec.name} --help)`,
  });
  let tokens: ReturnType<typeof parse>;
  try {
    tokens = parse(spec, args);
  } catch (error) {
    return wrong(readable(error));
  }
  const flags: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(tokens.values)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) flags[name] = value.map(String);
    else if (spec.flags[name]?.type === 'number') {
      const number = Number(value);
      if (value === '' || !Number.isFinite(number)) return wrong(`--${name} takes a number, not «${value}»`);
      flags[name] = number;
    } else flags[name] = value;
  }
  const wanted = spec.positionals ?? [];
  if (tokens.positionals.length < wanted.length) {
    return wrong(`${wanted[tokens.positionals.length]} is missing`);
  }
  const extra = tokens.positionals[wanted.length];
  if (extra !== undefined) return wrong(`«${extra}» is one argument too many`);
  return { kind: 'run', flags: flags as FlagValues<Flags>, positionals: tokens.positionals };
}

/** Prints the help that was asked for, or the mistake; returns the program's exit code. */
export function explain(
  parsed:
    | { readonly kind: 'help'; readonly text: string }
    | { readonly kind: 'wrong'; readonly message: string },
): number {
  if (parsed.kind === 'help') {
    console.log(parsed.text);
    return EXIT.ok;
  }
  console.error(parsed.message);
  return EXIT.usage;
}

function parse<Flags extends Record<string, FlagSpec>>(spec: CommandSpec<Flags>, args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(spec.flags).map(([name, flag]) => [
        name,
        {
          type: flag.type === 'boolean' ? ('boolean' as const) : ('string' as const),
          multiple: flag.type === 'list',
        },
      ]),
    ),
  });
}

function readable(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown option '([^']+)'/.exec(text);
  if (unknown) return `unknown flag ${unknown[1]}`;
  const dash = /Option '([^']+)' argument is ambiguous/.exec(text);
  if (dash) return `${dash[1]} needs a value; one that starts with a dash is written ${dash[1]}=-…`;
  const bare = /Option '(--[a-z-]+)[^']*' argument missing/.exec(text);
  if (bare) return `${bare[1]} needs a value`;
  return text.split(/\. |\n/)[0] ?? text;
}

export function helpText<Flags extends Record<string, FlagSpec>>(spec: CommandSpec<Flags>): string {
  const rows = Object.entries(spec.flags).map(([name, flag]) => [
    `  --${name}${flag.type === 'boolean' ? '' : ` ${flag.value ?? 'VALUE'}`}${flag.type === 'list' ? ' …' : ''}`,
    flag.help,
  ]);
  rows.push(['  --help', 'show this']);
  const width = Math.max(...rows.map(([left]) => left?.length ?? 0)) + 2;
  const usage = [spec.name, ...(spec.positionals ?? []), '[flags]'].join(' ');
  const lines = [`${spec.summary}`, '', `  ${usage}`, '', ...rows.map(([l, r]) => `${l?.padEnd(width)}${r}`)];
  if (spec.notes !== undefined) lines.push('', spec.notes);
  return lines.join('\n');
}
