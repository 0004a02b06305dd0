// Several servers whose PostgreSQL fails, as real processes: the primary is killed under load, the database hangs. Whatever
// happens, every row the controllers served is stored once. VIGIE_SEED replays the instants.
import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import {
  EXPORTER_BYTES,
  EXPORTER_LABEL,
  encodeFrame,
  FrameReader,
  PROTOCOL_VERSION,
  proofMessage,
} from '@vigie/protocol';
import { expect, it } from 'vitest';
import { startStandby } from '../scripts/postgres.ts';
import { database, fleet, type MachinePage } from './several-servers.ts';
import { type Program, rest, until } from './world.ts';

/** A machine that has proved what it is and sends as much as it is let. */
class Flood {
  readonly #socket: TLSSocket;
  readonly #ended: Promise<void>;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    this.#ended = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static async open(folder: string, port: number): Promise<Flood> {
    const key = createPrivateKey(readFileSync(join(folder, 'machine-key.pem')));
    const socket = connect({
      ...{ host: '127.0.0.1', port, minVersion: 'TLSv1.3', ALPNProtocols: ['vigie/1'] },
      rejectUnauthorized: false,
    });
    const flood = new Flood(socket);
    await once(socket, 'secureConnect');
    const exporter = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
    const body = {
      ...{ protocol: PROTOCOL_VERSION, machine: 'FLOOD', spool: '0123456789abcdef' },
      proof: sign(null, proofMessage(exporter, 'FLOOD'), key).toString('base64'),
      ...{ bootNumber: 1, bootId: 'boot', monotonicMs: 0, schema: '0'.repeat(16), prior: null },
      ...{ oldestSequence: 0, nextSequence: 0, settings: null },
    };
    socket.write(encodeFrame({ type: 'HELLO', body }));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(new FrameReader().push(chunk)).toMatchObject([{ frame: { type: 'WELCOME' } }]);
    socket.resume();
    return flood;
  }

  get sentMegabytes(): number {
    return Math.round((this.#socket.bytesWritten - this.#socket.writableLength) / 2 ** 20);
  }

  /** Resolves when all has left, or when the server has ended the connection: it could not ask who this is. */
  async run(megabytes: number): Promise<void> {
    const block = new Uint8Array((1 << 20) - 64);
    for (let sent = 0; sent < megabytes && !this.#socket.destroyed; sent++) {
      const frame = encodeFrame({ type: 'LIVE', bootNumber: 1, monotonicMs: sent, block });
      if (!this.#socket.write(frame)) await Promise.race([once(this.#socket, 'drain'), this.#ended]);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

function residentMegabytes({ process: { pid } }: Program): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

it('goes over to the standby when the primary is killed under load', async (test) => {
  const primary = await database(test);
  const url = await primary.createDatabase('vigie');
  const standby = await startStandby(primary);
  test.onTestFinished(() => standby.dispose());
  const one = await fleet('failover', test);
  const both = url.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`);
  // The standby first: whichever is written first, the primary is found.
  await one.start(both.replace(/(127\S+?),(127[^/]+)/, '$2,$1'), 2);
  await one.world.setUp();
  await one.flows();
  await one.pause(0, 2000);
  await primary.kill9();
  // Nobody acknowledges while there is no primary.
  await one.pause(1000, 4000);
  await standby.promote();
  await one.flows();
  for (const server of [one.a, one.b]) {
    one.world.address = server.address;
    const [machine] = one.machines;
    await until(
      'it to be connected for both',
      async () => (await one.world.get<MachinePage>(`/api/machines/${machine?.id}`)).link.connected,
    );
    expect(server.program.process.exitCode).toBeNull();
  }
  await one.expectAll();
});

it('waits for a database that hangs, and holds no more than it may of what comes meanwhile', async (test) => {
  const postgres = await database(test);
  const one = await fleet('hanging', test);
  await one.start(await postgres.createDatabase(), 2);
  await one.world.setUp();
  await one.flows();
  const flood = await Flood.open(await one.world.enrolled('FLOOD'), one.a.linkPort);
  test.onTestFinished(() => flood.close());
  const before = residentMegabytes(one.a.program);
  postgres.freeze();
  test.onTestFinished(() => postgres.thaw());
  const flooding = flood.run(400);
  let most = before;
  for (let i = 0; i < 100; i++) {
    await rest(200);
    most = Math.max(most, residentMegabytes(one.a.program));
  }
  console.log(`${flood.sentMegabytes} MB sent; the server held ${before} MB before, ${most} MB at most`);
  // 64 MB, and what lies in buffers of both systems.
  expect(flood.sentMegabytes).toBeGreaterThan(50);
  expect(flood.sentMegabytes).toBeLessThan(100);
  expect(most - before).toBeLessThan(200);
  postgres.thaw();
  await flooding;
  await one.flows();
  await one.expectAll();
});
