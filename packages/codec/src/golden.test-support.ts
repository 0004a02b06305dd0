// What a golden file says, and whether this engine agrees with it: the same rows out of the block, the same bytes out
// of the rows. Without node:, so that a browser is asked the same. Numbers that JSON cannot hold are written as the 16
// hex digits of their bits.
import {
  type CodecSchema,
  type Column,
  decodeBlock,
  decodePrior,
  encodeBlock,
  encodePrior,
  type Rows,
} from './index.ts';

export interface Golden {
  readonly schema: CodecSchema;
  readonly schemaHash: string;
  readonly prior: string | null;
  readonly priorHash: string | null;
  readonly block: string;
  readonly timesMs: readonly number[];
  readonly columns: readonly (readonly (number | string | null)[])[];
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

export function cells(column: Column, rowCount: number): (number | string | null)[] {
  return Array.from({ length: rowCount }, (_, i) => {
    if (column.type === 'text')
      return column.values[i] === null ? null : `text ${JSON.stringify(column.values[i])}`;
    if (column.present !== null && column.present[i] === 0) return null;
    const value = column.values[i]!;
    const plain = Number.isFinite(value) && !Object.is(value, -0);
    if (plain) return value;
    const words = new DataView(new ArrayBuffer(8));
    words.setFloat64(0, value);
    return words.getBigUint64(0).toString(16).padStart(16, '0');
  });
}

function column(given: readonly (number | string | null)[], kind: string): Column {
  if (kind === 'text') {
    return {
      type: 'text',
      values: given.map((cell) => (cell === null ? null : JSON.parse(String(cell).slice(5)))),
    };
  }
  const words = new DataView(new ArrayBuffer(8));
  const values = Float64Array.from(given, (cell) => {
    if (typeof cell !== 'string') return cell ?? 0;
    words.setBigUint64(0, BigInt(`0x${cell}`));
    return words.getFloat64(0);
  });
  const present = Uint8Array.from(given, (cell) => (cell === null ? 0 : 1));
  return { type: 'number', values, present: present.includes(0) ? present : null };
}

/** `null`: nothing; else which part of the file this engine does not agree with. */
export function whatDiffers(text: string): string | null {
  const golden = JSON.parse(text) as Golden;
  const { schema, schemaHash } = golden;
  const read = golden.prior === null ? null : decodePrior(unhex(golden.prior), schema);
  if (read !== null && !read.ok) return `prior: ${read.error.message}`;
  const prior = read?.value ?? null;
  if ((prior?.hash ?? null) !== golden.priorHash) return `prior: hash ${prior?.hash}`;
  if (prior !== null && hex(encodePrior(prior)) !== golden.prior) return 'prior: bytes';
  const decoded = decodeBlock(unhex(golden.block), schema, { prior: () => prior });
  if (!decoded.ok) return `block: ${decoded.error.message}`;
  const { rowCount, timesMs, columns } = decoded.value;
  if (JSON.stringify([...timesMs]) !== JSON.stringify(golden.timesMs)) return 'instants';
  for (const [c, given] of golden.columns.entries()) {
    const got = columns[c];
    if (got === null || got === undefined) return `column ${c}: none`;
    if (JSON.stringify(cells(got, rowCount)) !== JSON.stringify(given)) return `column ${c}: values`;
  }
  const rows: Rows = {
    rowCount,
    timesMs: Float64Array.from(golden.timesMs),
    columns: golden.columns.map((given, c) => column(given, schema.channels[c]!.kind)),
  };
  return hex(encodeBlock(schema, rows, { schemaHash, prior })) === golden.block ? null : 'block: bytes';
}
