// YAML files checked against a zod schema, with the line and column of each mistake.
import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

const READING: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'not readable by this user',
  EISDIR: 'is a folder',
};
/** Aliases that a file may spread; without a bound a small file becomes a large value. */
const MOST_ALIASES = 100;

/** Reads and checks a file. `message` reads "FILE:LINE:COLUMN: what is wrong". */
export function readYaml<T>(file: string, schema: z.ZodType<T>): Outcome<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return {
      ok: false,
      message: `${file}: ${READING[code ?? ''] ?? String(code)}`,
    };
  }
  return parseYaml(file, text, schema);
}

/** The same on a text; `name` is what messages call it. */
export function parseYaml<T>(name: string, text: string, schema: z.ZodType<T>): Outcome<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const broken = document.errors[0];
  if (broken !== undefined) {
    return { ok: false, message: `${at(broken.pos[0])}: ${broken.message.split('\n')[0]}` };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    // Only aliases fail here: one that names nothing, or too many of them.
    const what = error instanceof Error ? lowerFirst(error.message) : 'malformed';
    return { ok: false, message: `${at(offsetOfAlias(document))}: ${what}` };
  }
  const checked = schema.safeParse(value);
  if (checked.success) return { ok: true, value: checked.data };
  const issue = checked.error.issues[0];
  if (issue === undefined) return { ok: false, message: `${name}: does not fit` };
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const where = at(offsetOf(document, path, issue.code === 'unrecognized_keys'));
  const what = path.length === 0 ? '' : `${path.map(String).join('.')}: `;
  return { ok: false, message: `${where}: ${what}${lowerFirst(issue.message)}` };
}

/** Offset of the first alias that names nothing, else of the first alias. */
function offsetOfAlias(document: ReturnType<typeof parseDocument>): number {
  let [first, broken]: (number | null)[] = [null, null];
  visit(document, {
    Alias: (_, alias) => {
      const offset = alias.range?.[0] ?? 0;
      first ??= offset;
      if (alias.resolve(document) === undefined) broken ??= offset;
    },
  });
  return broken ?? first ?? 0;
}

/** Offset of the key `path` ends with, where it has one; else of the deepest part of `path` that the document has. */
function offsetOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  ofKey: boolean,
): number {
  const holder = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (ofKey && isMap(holder)) {
    const key = holder.items
      .map((pair) => pair.key)
      .find((key) => isScalar(key) && key.value === path.at(-1));
    if (isScalar(key) && key.range) return key.range[0];
  }
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
