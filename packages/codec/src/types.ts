// The words of the codec: what a batch of rows is, in memory, before and after it is a block.
// Column-major, because a block is coded by column and a chart reads few columns.
// Not here: names, units, limits (package model), nor anything about the link or the store.

/**
 * What sort of values a channel carries. The codec is lossless whatever the kind; the kind only
 * tells it what to expect.
 * - `number`: a measured quantity. - `counter`: never decreases but for resets.
 * - `boolean`: 0 or 1. - `state`: a small integer naming a state. - `text`: a short string.
 */
export type ChannelKind = 'number' | 'counter' | 'boolean' | 'state' | 'text';

/** What the codec must know of a channel. `decimals` is the usual number of decimal places, `null` when unknown. */
export interface CodecChannel {
  readonly id: string;
  readonly kind: ChannelKind;
  readonly decimals: number | null;
}

/** Channels in the order of the columns, and the nominal time between two rows. */
export interface CodecSchema {
  readonly channels: readonly CodecChannel[];
  readonly intervalMs: number;
}

/** `present[i] === 0` means row i has no sample; `present === null` means every row has one. */
export interface NumberColumn {
  readonly type: 'number';
  readonly values: Float64Array;
  readonly present: Uint8Array | null;
}

/** `null` means the row has no sample. */
export interface TextColumn {
  readonly type: 'text';
  readonly values: readonly (string | null)[];
}

export type Column = NumberColumn | TextColumn;

/** A column's sample in row `i`; `null`: missing, or the column was not decoded. */
export function sampleAt(column: Column | null | undefined, i: number): number | string | null {
  if (column === null || column === undefined) return null;
  if (column.type === 'text') return column.values[i] ?? null;
  return column.present !== null && column.present[i] === 0 ? null : (column.values[i] ?? null);
}

/** Rows of one machine, oldest first. `timesMs`: whole ms of one clock, length `rowCount`, each ≥ 0 and ≤ 2^53−1. */
export interface Rows {
  readonly rowCount: number;
  readonly timesMs: Float64Array;
  readonly columns: readonly Column[];
}

/** Rows of which only the columns asked for were decoded; the others are `null`. */
export interface DecodedRows {
  readonly rowCount: number;
  readonly timesMs: Float64Array;
  readonly columns: readonly (Column | null)[];
}

/**
 * What a block says of itself, readable without decoding it. A tag is the first six hex digits of a hash;
 * exactly one of the two is there, since a prior is made for one schema and so implies it.
 */
export interface BlockHeader {
  readonly formatVersion: number;
  readonly rowCount: number;
  /** Of the schema hash the block was encoded under; `null` when `priorTag` is there. */
  readonly schemaTag: string | null;
  /** Of `Prior.hash`; `null`: the block needs only the universal prior shipped with the codec. */
  readonly priorTag: string | null;
}

/** Hex digits of a tag. */
export const TAG_LENGTH = 6;

/** Why bytes are not a block or a prior; `code` is stable, `message` is one sentence for a person. */
export interface CodecError {
  readonly code:
    | 'truncated'
    | 'corrupt'
    | 'unsupported-version'
    | 'too-large'
    | 'schema-mismatch'
    | 'prior-unknown';
  readonly message: string;
}

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CodecError };

export function refuse(
  code: CodecError['code'],
  message: string,
): { readonly ok: false; readonly error: CodecError } {
  return { ok: false, error: { code, message } };
}

/**
 * Bounds within which `decodeBlock` stays whatever the bytes say, and `encodeBlock` refuses to go beyond: 80 MB of
 * numbers. Whoever decodes for strangers sets a lower one by the header and the schema.
 */
export const MAX_BLOCK_ROWS = 10_000;
export const MAX_BLOCK_COLUMNS = 1_000;
/** UTF-16 code units of all texts that a block spells out. */
export const MAX_BLOCK_TEXT = 1_000_000;
