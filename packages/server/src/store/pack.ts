// The blocks of one hour of a machine, as received, in one record of the archive:
//
//   version u8 (1) · length of head u32, little-endian · head · bytes of all blocks, one after the other
//
// head is zlib (RFC 1950) of JSON: { spools, schemas, blocks }; `blocks` has a list per field of a block, each number less
// the one before it, since most go on as they went. Invariants: what comes out is what went in, bytes and numbers alike;
// any bytes are refused or give whole blocks, in memory bounded by theirs and MOST_HEAD_BYTES.
// Not here: what blocks mean (reader.ts), which are packed (sealer.ts).
import { deflateSync, inflateSync } from 'node:zlib';
import { z } from 'zod';

/** A stored block. `fromMs`, `toMs`: instants of its first and last row, UTC. */
export interface StoredBlock {
  readonly machine: string;
  readonly spool: string;
  /** Of its first row that no earlier block holds; `skip_rows` lead before it. */
  readonly first_sequence: number;
  readonly boot: number;
  readonly monotonic_ms: number;
  readonly span_ms: number;
  readonly row_count: number;
  readonly skip_rows: number;
  readonly schema_hash: string;
  readonly from_ms: number | null;
  readonly to_ms: number | null;
  readonly bytes: Uint8Array;
}
/** One that has a date. */
export type DatedBlock = StoredBlock & { readonly from_ms: number; readonly to_ms: number };

const VERSION = 1;
const FIXED_BYTES = 5;
/** Of a head before deflate; an hour of a block every second takes a hundredth of it. */
const MOST_HEAD_BYTES = 16_000_000;
const NUMBERS = [
  'first_sequence',
  'boot',
  'monotonic_ms',
  'span_ms',
  'row_count',
  'skip_rows',
  'from_ms',
  'to_ms',
] as const;

/** Looked at as a whole: there are eleven of them, of one number per block, in every hour that is read. */
const list = z.custom<number[]>((value) => Array.isArray(value) && value.every(Number.isSafeInteger));
const headSchema = z.strictObject({
  spools: z.array(z.string()),
  schemas: z.array(z.string()),
  blocks: z.strictObject({
    spool: list,
    schema: list,
    length: list,
    ...(Object.fromEntries(NUMBERS.map((name) => [name, list])) as Record<
      (typeof NUMBERS)[number],
      typeof list
    >),
  }),
});

export function pack(blocks: readonly DatedBlock[]): Uint8Array {
  const spools = [...new Set(blocks.map(({ spool }) => spool))];
  const schemas = [...new Set(blocks.map(({ schema_hash }) => schema_hash))];
  const fields = {
    spool: blocks.map(({ spool }) => spools.indexOf(spool)),
    schema: blocks.map(({ schema_hash }) => schemas.indexOf(schema_hash)),
    length: blocks.map(({ bytes }) => bytes.length),
    ...Object.fromEntries(NUMBERS.map((name) => [name, blocks.map((block) => block[name])])),
  };
  const head = deflateSync(
    JSON.stringify({
      spools,
      schemas,
      blocks: Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, steps(values)])),
    }),
  );
  const fixed = new Uint8Array(FIXED_BYTES);
  fixed[0] = VERSION;
  new DataView(fixed.buffer).setUint32(1, head.length, true);
  return Buffer.concat([fixed, head, ...blocks.map(({ bytes }) => bytes)]);
}

export type Unpacked =
  | { readonly ok: true; readonly blocks: readonly DatedBlock[] }
  | { readonly ok: false; readonly reason: string };

/** @param machine whose record it is */
export function unpack(machine: string, bytes: Uint8Array): Unpacked {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FIXED_BYTES) return { ok: false, reason: 'it is cut off' };
  if (bytes[0] !== VERSION) return { ok: false, reason: `its version ${bytes[0]} is not known` };
  const bodyAt = FIXED_BYTES + view.getUint32(1, true);
  if (bodyAt > bytes.length) return { ok: false, reason: 'it is cut off' };
  const head = readHead(bytes.subarray(FIXED_BYTES, bodyAt));
  if (head === null) return { ok: false, reason: 'its head is damaged' };
  const { spools, schemas, blocks } = head;
  const lengths = sums(blocks.length);
  const spoolOf = sums(blocks.spool);
  const schemaOf = sums(blocks.schema);
  const first_sequence = sums(blocks.first_sequence);
  const boot = sums(blocks.boot);
  const monotonic_ms = sums(blocks.monotonic_ms);
  const span_ms = sums(blocks.span_ms);
  const row_count = sums(blocks.row_count);
  const skip_rows = sums(blocks.skip_rows);
  const from_ms = sums(blocks.from_ms);
  const to_ms = sums(blocks.to_ms);
  const out: DatedBlock[] = [];
  let at = bodyAt;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    const [spool, schema_hash] = [spools[spoolOf[i] ?? -1], schemas[schemaOf[i] ?? -1]];
    if (spool === undefined || schema_hash === undefined) return { ok: false, reason: 'its head is damaged' };
    if (length < 1 || at + length > bytes.length) return { ok: false, reason: 'it is cut off' };
    const block: DatedBlock = {
      machine,
      spool,
      first_sequence: first_sequence[i] ?? Number.NaN,
      boot: boot[i] ?? Number.NaN,
      monotonic_ms: monotonic_ms[i] ?? Number.NaN,
      span_ms: span_ms[i] ?? Number.NaN,
      row_count: row_count[i] ?? Number.NaN,
      skip_rows: skip_rows[i] ?? Number.NaN,
      schema_hash,
      from_ms: from_ms[i] ?? Number.NaN,
      to_ms: to_ms[i] ?? Number.NaN,
      bytes: bytes.subarray(at, at + length),
    };
    if (!isSound(block)) return { ok: false, reason: 'its head is damaged' };
    out.push(block);
    at += length;
  }
  return at === bytes.length ? { ok: true, blocks: out } : { ok: false, reason: 'bytes follow its blocks' };
}

/** Whether numbers may be those of a stored block; one that is not there is none. */
function isSound(block: DatedBlock): boolean {
  const { first_sequence, boot, monotonic_ms, span_ms, row_count, skip_rows, from_ms, to_ms } = block;
  return (
    NUMBERS.every((name) => Number.isSafeInteger(block[name])) &&
    Math.min(first_sequence, boot, monotonic_ms, span_ms, skip_rows) >= 0 &&
    skip_rows < row_count &&
    from_ms <= to_ms
  );
}

function readHead(bytes: Uint8Array): z.infer<typeof headSchema> | null {
  try {
    const json = inflateSync(bytes, { maxOutputLength: MOST_HEAD_BYTES }).toString('utf8');
    return headSchema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}

function steps(values: readonly number[]): number[] {
  return values.map((value, i) => value - (values[i - 1] ?? 0));
}

function sums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}
