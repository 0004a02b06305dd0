// YAML files checked against a zod schema, with the line and column of each mistake.
import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/** Reads and checks a file. `message` reads "FILE:LINE:COLUMN: what is wrong". */
export function readYaml<T>(file: string, schema: z.ZodType<T>): Outcome<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return {
      ok: false,
      message: `${file}: ${code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'not readable by this user' : String(code)}`,
    };
  }
  return parseYaml(file, text, schema);
}

/** The same on a text; `name` is what messages call it. */
export function parseYaml<T>(name: string, text: string, schema: z.ZodType<T>): Outcome<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const broken = document.errors[0];
  if (broken !== undefined) {
    return { ok: false, message: `${at(broken.pos[0])}: ${broken.message.split('\n')[0]}` };
  }
  const checked = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (checked.success) return { ok: true, value: checked.data };
  const issue = checked.error.issues[0];
  if (issue === undefined) return { ok: false, message: `${name}: does not fit` };
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const where = at(offsetOf(document, path));
  const what = path.length === 0 ? '' : `${path.map(String).join('.')}: `;
  return { ok: false, message: `${where}: ${what}${lowerFirst(issue.message)}` };
}

/** Offset of the deepest part of `path` that the document has. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
