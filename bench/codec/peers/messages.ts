// Rows as messages of general binary formats.
// - sparkplug: Eclipse Sparkplug B 3.0, one NDATA payload a row, report by exception (only what changed), metrics by
//   alias; every metric with its own timestamp and datatype. sparkplug-lean: alias and value only.
// - msgpack: MessagePack, a block as an array of rows, a row as an array of numbers by position; CBOR (RFC 8949) is
//   within one byte a row of it.
// Sizes are counted field by field, the bytes are not written. Not counted: MQTT topics, births.
import type { BenchColumn, Block } from '../recording.ts';
import { counted, type Peer } from './peer.ts';

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Payload: timestamp, metrics, sequence number 0–255; each field behind a tag of one byte. */
function sparkplug({ recording, from, to }: Block, full: boolean): number {
  let size = 0;
  for (let row = from; row < to; row++) {
    const time = recording.timesMs[row]!;
    size += 1 + varintSize(time) + 1 + varintSize((row - from) % 256);
    for (const [alias, column] of recording.columns.entries()) {
      const text = column.texts[row];
      if (text === '' || (row > from && text === column.texts[row - 1])) continue;
      const body =
        1 + varintSize(alias) + (full ? 1 + varintSize(time) + 2 : 0) + 1 + metricValueSize(column, row);
      size += 1 + varintSize(body) + body;
    }
  }
  return size;
}

/** int_value (two's complement of 32 bits) or long_value as varint, float_value where it is exact, else double_value. */
function metricValueSize(column: BenchColumn, row: number): number {
  const value = column.values[row]!;
  if (column.decimals === 0 && column.integers !== null) {
    return varintSize(value < 0 ? value + 2 ** 32 : value);
  }
  return Math.fround(value) === value ? 4 : 8;
}

/** Array headers: five bytes for the block, three a row. */
function msgpack({ recording, from, to }: Block): number {
  let size = 5;
  for (let row = from; row < to; row++) {
    size += 3 + msgpackNumberSize(recording.timesMs[row]!);
    for (const { values } of recording.columns) size += msgpackNumberSize(values[row]!);
  }
  return size;
}

function msgpackNumberSize(value: number): number {
  if (Number.isNaN(value)) return 1; // nil
  if (!Number.isInteger(value)) return Math.fround(value) === value ? 5 : 9;
  if (value >= 0 ? value < 2 ** 7 : value >= -(2 ** 5)) return 1;
  if (value >= 0 ? value < 2 ** 8 : value >= -(2 ** 7)) return 2;
  if (value >= 0 ? value < 2 ** 16 : value >= -(2 ** 15)) return 3;
  return (value >= 0 ? value < 2 ** 32 : value >= -(2 ** 31)) ? 5 : 9;
}

export const MESSAGE_PEERS: readonly Peer[] = [
  counted('sparkplug', (block) => sparkplug(block, true)),
  counted('sparkplug-lean', (block) => sparkplug(block, false)),
  counted('msgpack', msgpack),
];
