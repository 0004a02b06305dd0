// A peer of the edge on the same rows: follows the file in which the simulator tells what it served, and sends each
// row as the peer would.
// - mqtt-rows: MQTT 5, QoS 1, TLS 1.3, a JSON message a row. mqtt-minutes: the same, one message of sixty rows.
// - report: the 2022 report's scheme on a raw TCP socket, a message a row: seconds in 4 bytes, a bitmap of the
//   channels that changed, each of them as an integer of 32 bits; the first row has them all.
// Not here: keeping rows while there is no link, which none of them does.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { loadModel } from '@vigie/model/load';
import mqtt from 'mqtt';

const TAIL_MS = 100;
const MINUTE_ROWS = 60;

interface Served {
  readonly utcMs: number;
  readonly values: readonly (number | null)[];
}

const [kind = '', host = '', port = '', log = '', modelFile = ''] = process.argv.slice(2);
const model = loadModel(modelFile);
if (!model.ok) throw new Error(model.message);
const { channels } = model.value.schema;
const send = kind === 'report' ? await report() : await overMqtt(kind === 'mqtt-minutes' ? MINUTE_ROWS : 1);
console.log(JSON.stringify({ connected: kind }));
follow(send);
// The bench ends, and so does this.
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));

async function overMqtt(rows: number): Promise<(row: Served) => void> {
  const client = await mqtt.connectAsync({
    protocol: 'mqtts',
    host,
    port: Number(port),
    protocolVersion: 5,
    // The bench's own broker; what is checked costs no byte.
    rejectUnauthorized: false,
    autoAssignTopicAlias: true,
  });
  let held: string[] = [];
  return ({ utcMs, values }) => {
    const pairs = channels.map(({ id }, c) => `"${id}":${values[c]}`).join(',');
    held.push(`{"ts":${utcMs},"values":{${pairs}}}`);
    if (held.length < rows) return;
    client.publish('v1/TV-01/telemetry', rows === 1 ? (held[0] ?? '') : `[${held.join(',')}]`, { qos: 1 });
    held = [];
  };
}

async function report(): Promise<(row: Served) => void> {
  const socket = connectTcp({ host, port: Number(port), noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const decimals = channels.map((channel) => channel.decimals ?? 0);
  let before: number[] | null = null;
  return ({ utcMs, values }) => {
    const scaled = decimals.map((places, c) => Math.round((values[c] ?? 0) * 10 ** places));
    const last = before;
    const changed = scaled.flatMap((value, c) => (last === null || value !== last[c] ? [c] : []));
    const bitmapBytes = Math.ceil(scaled.length / 8);
    const message = Buffer.alloc(4 + bitmapBytes + 4 * changed.length);
    message.writeUInt32BE(Math.floor(utcMs / 1000));
    for (const [i, c] of changed.entries()) {
      message[4 + (c >> 3)] = (message[4 + (c >> 3)] ?? 0) | (1 << (c & 7));
      message.writeInt32BE((scaled[c] ?? 0) | 0, 4 + bitmapBytes + 4 * i);
    }
    socket.write(message);
    before = scaled;
  };
}

/** Gives the rows written to the file from now on. */
function follow(give: (row: Served) => void): void {
  const handle = openSync(log, 'r');
  let at = fstatSync(handle).size;
  let rest = '';
  const timer = setInterval(() => {
    const chunk = Buffer.alloc(65_536);
    const size = readSync(handle, chunk, 0, chunk.length, at);
    if (size === 0) return;
    at += size;
    const lines = (rest + chunk.toString('utf8', 0, size)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) give(JSON.parse(line) as Served);
  }, TAIL_MS);
  process.once('exit', () => {
    clearInterval(timer);
    closeSync(handle);
  });
}
