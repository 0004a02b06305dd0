// Reads a recording: first column `t` in Unix ms, one further column per channel, an empty cell = no sample.
// Invariants: the whole file is read and checked before the first row leaves, so that nothing is half done; a
// value is the float64 nearest to its text, unchanged; every mistake is one sentence with line and column.
// Accepts `,` `;` and tab as separators, a BOM, quoted cells, and the decimal comma where `,` is no separator.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Outcome } from '@vigie/config';

export interface Recording {
  readonly columns: readonly { readonly header: string; readonly decimals: number | null }[];
  readonly timesMs: Float64Array;
  /** Row-major; NaN where a cell is empty (the word NaN is no number here). */
  readonly cells: Float64Array;
  readonly rowCount: number;
  /** Of each row its line in the file, from 1. */
  readonly lines: Float64Array;
  /** Hex; the same for the same file. */
  readonly sha256: string;
}

/** Groups: decimal places, the same where no digit stands before the point, exponent. */
export const NUMBER = /^[+-]?(?:\d+(?:\.(\d*))?|\.(\d+))([eE][+-]?\d+)?$/;
const MOST_COLUMNS = 1000;
const MOST_DECIMALS = 9;
const MOST_MS = 2 ** 48 - 1;

export interface RecordingOptions {
  /** Several rows may share an instant: for measuring, not for replay, where an instant names a row. */
  readonly mayRepeat?: boolean;
}

export function readRecording(file: string, options: RecordingOptions = {}): Outcome<Recording> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const why =
      code === 'ENOENT'
        ? 'no such file'
        : code === 'EACCES'
          ? 'not readable by this user'
          : code === 'EISDIR'
            ? 'is a folder'
            : String(code);
    return { ok: false, message: `${file}: ${why}` };
  }
  return parseRecording(file, bytes, options);
}

/** `name` is what messages call the text. */
export function parseRecording(
  name: string,
  bytes: Uint8Array,
  { mayRepeat = false }: RecordingOptions = {},
): Outcome<Recording> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, message: `${name}: not a text in UTF-8` };
  }
  const wrong = (line: number, column: number, what: string): Outcome<never> => ({
    ok: false,
    message: `${name}:${line}:${column}: ${what}`,
  });
  const lines = new Lines(text);
  const first = lines.next();
  if (first === null || first.trim() === '')
    return wrong(1, 1, 'the file is empty; its first line must name the columns');
  const separator = separatorOf(first);
  const headers = split(first, separator);
  if (headers === null) return wrong(1, 1, 'a quote is not closed');
  const names = headers.map((cell) => cell.text.trim());
  if (names[0]?.toLowerCase() !== 't') {
    return wrong(1, 1, `the first column must be «t» (Unix time in ms), not «${names[0] ?? ''}»`);
  }
  if (names.length < 2) return wrong(1, 1, 'there is no column beside «t»');
  if (names.length - 1 > MOST_COLUMNS)
    return wrong(1, 1, `${names.length - 1} channels, ${MOST_COLUMNS} at most`);
  for (const [i, header] of names.entries()) {
    if (header === '') return wrong(1, headers[i]?.at ?? 1, 'a column has no name');
    if (names.indexOf(header) !== i) return wrong(1, headers[i]?.at ?? 1, `«${header}» names two columns`);
  }
  const width = names.length - 1;
  const decimals: (number | null)[] = Array.from({ length: width }, () => 0);
  const times = new Growing();
  const cells = new Growing();
  const lineNumbers = new Growing();
  for (let line = lines.next(); line !== null; line = lines.next()) {
    if (line.trim() === '') continue;
    const row = split(line, separator);
    if (row === null) return wrong(lines.number, 1, 'a quote is not closed');
    if (row.length !== names.length) {
      return wrong(lines.number, 1, `${row.length} cells, the first line names ${names.length} columns`);
    }
    for (let i = 0; i < row.length; i++) {
      const cell = row[i];
      if (cell === undefined) continue;
      const written = cell.text.trim();
      const plain = separator === ',' ? written : written.replace(',', '.');
      const match = NUMBER.exec(plain);
      const value = Number(plain);
      if (i === 0) {
        if (match === null || !Number.isInteger(value) || value < 0 || value > MOST_MS) {
          return wrong(lines.number, cell.at, `«${written}» is not a time in whole Unix ms`);
        }
        if (value < times.last)
          return wrong(lines.number, cell.at, `time goes backwards, from ${times.last} to ${value}`);
        if (value === times.last && !mayRepeat)
          return wrong(lines.number, cell.at, `a second row at ${value}`);
        times.push(value);
        lineNumbers.push(lines.number);
        continue;
      }
      if (written === '') {
        cells.push(Number.NaN);
        continue;
      }
      if (match === null || !Number.isFinite(value)) {
        return wrong(lines.number, cell.at, `«${written}» is not a number (column «${names[i] ?? ''}»)`);
      }
      cells.push(value);
      const before = decimals[i - 1];
      if (before === null || before === undefined) continue;
      const places = (match[1] ?? match[2] ?? '').length;
      decimals[i - 1] = match[3] !== undefined || places > MOST_DECIMALS ? null : Math.max(before, places);
    }
  }
  if (times.length === 0) return wrong(2, 1, 'the file has no rows');
  return {
    ok: true,
    value: {
      columns: names.slice(1).map((header, i) => ({ header, decimals: decimals[i] ?? null })),
      timesMs: times.done(),
      cells: cells.done(),
      lines: lineNumbers.done(),
      rowCount: times.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    },
  };
}

/** Sentence about the first row that a server would not believe, `null` when there is none. */
export function inTheFuture(name: string, recording: Recording, nowMs: number): string | null {
  const at = recording.timesMs.findIndex((timeMs) => timeMs > nowMs + 60_000);
  if (at < 0) return null;
  const day = new Date(recording.timesMs[at] ?? 0).toISOString();
  return `${name}:${recording.lines[at] ?? 1}:1: ${day} lies in the future; the server takes no such rows`;
}

/** Lines one by one, without a copy of them all. */
class Lines {
  readonly #text: string;
  #at = 0;
  number = 0;
  constructor(text: string) {
    this.#text = text;
  }
  next(): string | null {
    if (this.#at >= this.#text.length) return null;
    const found = this.#text.indexOf('\n', this.#at);
    const end = found === -1 ? this.#text.length : found;
    const line = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    this.number++;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}

export function separatorOf(line: string): string {
  const count = (separator: string): number => line.split(separator).length;
  if (count(';') > 1) return ';';
  return count('\t') > count(',') ? '\t' : ',';
}

export interface Cell {
  readonly text: string;
  /** Column of its first character, from 1. */
  readonly at: number;
}

/** `null`: a quote is not closed. */
export function split(line: string, separator: string): Cell[] | null {
  const cells: Cell[] = [];
  let at = 0;
  for (;;) {
    const start = at;
    let text = '';
    if (line[at] === '"') {
      for (;;) {
        const quote = line.indexOf('"', at + 1);
        if (quote === -1) return null;
        text += line.slice(at + 1, quote);
        at = quote + 1;
        if (line[at] !== '"') break;
        text += '"';
      }
    }
    const found = line.indexOf(separator, at);
    text += line.slice(at, found === -1 ? line.length : found);
    cells.push({ text, at: start + 1 });
    if (found === -1) return cells;
    at = found + 1;
  }
}

class Growing {
  #values = new Float64Array(4096);
  length = 0;
  last = -1;
  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Float64Array(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
    this.last = value;
  }
  done(): Float64Array {
    return this.#values.slice(0, this.length);
  }
}
