// What a line of a microcontroller says: cells in the order of a header line or of the model, or an object of JSON by
// the names of the model's columns.
// Invariants: a line with another number of cells than columns, or without a single value, is damaged and gives no row;
// a cell that is no number makes its channel missing and is named, the other channels of the line count.
// Not here: where lines come from (line-cutter.ts), when their rows are (placing.ts).
import type { Channel } from '@vigie/model';
import { cleanTo, type MachineModel } from '@vigie/model/load';
import { NUMBER, separatorOf, split } from './csv.ts';

export type Parsed =
  | {
      readonly kind: 'row';
      /** In the order of the schema's channels. */
      readonly values: readonly (number | string | null)[];
      /** Ids of channels whose value cannot be read. */
      readonly unreadable: readonly string[];
    }
  | { readonly kind: 'header' }
  | { readonly kind: 'damaged'; readonly why: string };

export interface LineFormat {
  readonly format: 'csv' | 'json';
  /** For csv: whether lines mean nothing before a header line came. */
  readonly header: boolean;
}

const MOST_TEXT = 200;
/** A value that is none. */
const UNREADABLE = Symbol('unreadable');
type Value = number | string | null | typeof UNREADABLE;

export class LineParser {
  readonly #model: Pick<MachineModel, 'schema' | 'columns'>;
  readonly #format: LineFormat;
  /** For each cell the channel it belongs to, −1: none; `null`: not known before a header. */
  #order: readonly number[] | null;
  /** Of the last header, until a line confirms it: one that breaks off must not spoil the lines after it. */
  #announced: readonly number[] | null = null;

  constructor(model: Pick<MachineModel, 'schema' | 'columns'>, format: LineFormat) {
    this.#model = model;
    this.#format = format;
    this.#order = format.header ? null : model.columns.map((_, i) => i);
  }

  parse(line: string): Parsed {
    return this.#format.format === 'json' ? this.#json(line) : this.#csv(line);
  }

  #csv(line: string): Parsed {
    const separator = this.#separatorOf(line);
    const cells = split(line, separator)?.map(({ text }) => text.trim());
    if (cells === undefined) return damaged('a quote is not closed');
    const header = this.#headerOf(cells);
    if (header !== null) {
      this.#announced = header;
      return { kind: 'header' };
    }
    const order = [this.#announced, this.#order].find((one) => one?.length === cells.length);
    if (order === undefined || order === null) {
      const wanted = this.#announced ?? this.#order;
      return damaged(
        wanted === null
          ? 'no header line has come yet'
          : `a line of ${cells.length} cells instead of ${wanted.length}`,
      );
    }
    this.#order = order;
    this.#announced = null;
    const values = new Map<number, Value>();
    for (const [k, at] of order.entries()) {
      const channel = this.#model.schema.channels[at];
      if (channel !== undefined) values.set(at, ofCell(channel, cells[k] ?? '', separator));
    }
    return this.#row(values);
  }

  /** Commas may be decimal ones: what gives the right number of cells separates them. */
  #separatorOf(line: string): string {
    const counts = [this.#announced?.length, this.#order?.length];
    const fits = [';', '\t', ','].find(
      (one) => line.includes(one) && counts.includes(split(line, one)?.length),
    );
    return fits ?? separatorOf(line);
  }

  /** A header names at least one column, none twice, and holds no number. */
  #headerOf(cells: readonly string[]): readonly number[] | null {
    const order = cells.map((cell) => this.#model.columns.indexOf(cell));
    const known = order.filter((at) => at >= 0);
    const isHeader = known.length > 0 && new Set(known).size === known.length;
    return isHeader && !cells.some((cell) => cell === '' || NUMBER.test(cell)) ? order : null;
  }

  #json(line: string): Parsed {
    let given: unknown;
    try {
      given = JSON.parse(line);
    } catch {
      return damaged('a line that is no JSON');
    }
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return damaged('a line that is no object of JSON');
    const members = new Map<string, unknown>(Object.entries(given));
    const values = new Map<number, Value>();
    for (const [i, column] of this.#model.columns.entries()) {
      const channel = this.#model.schema.channels[i];
      if (channel !== undefined && members.has(column)) values.set(i, ofJson(channel, members.get(column)));
    }
    return values.size === 0 ? damaged('a line that names no channel of the model') : this.#row(values);
  }

  #row(given: ReadonlyMap<number, Value>): Parsed {
    const { channels } = this.#model.schema;
    // Whatever comes may pass for a text.
    const numbers = [...given].filter(([i]) => channels[i]?.kind !== 'text');
    if (numbers.length > 0 && numbers.every(([, value]) => value === UNREADABLE))
      return damaged('a line without a number');
    return {
      kind: 'row',
      values: channels.map((_, i) => {
        const value = given.get(i);
        return value === undefined || value === UNREADABLE ? null : value;
      }),
      unreadable: channels.flatMap(({ id }, i) => (given.get(i) === UNREADABLE ? [id] : [])),
    };
  }
}

function damaged(why: string): Parsed {
  return { kind: 'damaged', why };
}

/** An empty cell is a missing sample. */
function ofCell(channel: Channel, cell: string, separator: string): Value {
  if (cell === '') return null;
  if (channel.kind === 'text') return cell.length <= MOST_TEXT ? cell : UNREADABLE;
  const plain = separator === ',' ? cell : cell.replace(',', '.');
  return NUMBER.test(plain) ? finite(channel, Number(plain)) : UNREADABLE;
}

function ofJson(channel: Channel, value: unknown): Value {
  if (value === null) return null;
  if (channel.kind === 'text')
    return typeof value === 'string' && value.length <= MOST_TEXT ? value : UNREADABLE;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? finite(channel, value) : UNREADABLE;
}

function finite(channel: Channel, value: number): Value {
  return Number.isFinite(value) ? cleanTo(channel.decimals, value) : UNREADABLE;
}
