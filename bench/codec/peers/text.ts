// Rows as text: what machines send when nobody minds the bytes, and the input that general compressors get.
// - sql: one INSERT a row, values quoted, day/month/year and seconds, as the fleet of 2022 sent it.
// - json: the usual telemetry body over MQTT or HTTP, {"ts", "values"} a row.
// - influx: InfluxDB line protocol, without tags, time in ms.
// - csv: values alone, no names: the least a text can be.
// Not counted: what carries the text (MQTT topics, HTTP headers, a SQL connection).
import type { Block } from '../recording.ts';
import { type Encode, type Peer, written } from './peer.ts';

type Line = (block: Block, row: number) => string;

const lines =
  (line: Line, before = '', between = '', after = ''): Encode =>
  (block) => {
    const parts: string[] = [];
    for (let row = block.from; row < block.to; row++) parts.push(line(block, row));
    return Buffer.from(before + parts.join(between) + after);
  };

export const csv = lines(
  ({ recording }, row) =>
    `${recording.timesMs[row]},${recording.columns.map(({ texts }) => texts[row]).join(',')}\n`,
);

export const json = lines(
  (block, row) =>
    `{"ts":${block.recording.timesMs[row]},"values":{${pairs(block, row, (name, text) => `"${name}":${text}`)}}}`,
  '[',
  ',',
  ']',
);

const influx = lines(
  (block, row) =>
    `machine1 ${pairs(block, row, (name, text) => `${name}=${text}`)} ${block.recording.timesMs[row]}\n`,
);

const sql = lines(({ recording: { columns, timesMs } }, row) => {
  const values = columns.map(({ texts }) => (texts[row] === '' ? 'NULL' : `'${texts[row]}'`));
  const names = columns.map(({ name }) => name);
  return `INSERT INTO machine1 (${names.join(', ')}, time) VALUES (${values.join(', ')}, '${dayFirst(timesMs[row]!)}');\n`;
});

/** Of the channels that have a sample in the row. */
function pairs({ recording }: Block, row: number, pair: (name: string, text: string) => string): string {
  return recording.columns
    .filter(({ texts }) => texts[row] !== '')
    .map(({ name, texts }) => pair(name, texts[row]!))
    .join(',');
}

/** dd/mm/yyyy hh:mm:ss */
function dayFirst(ms: number): string {
  const [day = '', time = ''] = new Date(ms).toISOString().split('T');
  return `${day.split('-').reverse().join('/')} ${time.slice(0, 8)}`;
}

export const TEXT_PEERS: readonly Peer[] = [
  written('sql', sql),
  written('json', json),
  written('influx', influx),
  written('csv', csv),
];
