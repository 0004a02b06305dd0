// Bad inputs to the gateway, from raw TLS clients: each ends its own connection with a reason, while another edge's
// rows go on being stored, and nothing is stored wrongly.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { encodeBlock } from '@vigie/codec';
import type { Journal, SentChart } from '@vigie/contract';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import { canonicalSchemaJson, schemaHash } from '@vigie/model/load';
import {
  EXPORTER_BYTES,
  EXPORTER_LABEL,
  encodeFrame,
  type Frame,
  FrameReader,
  type Hello,
  MAX_FRAME_BYTES,
  PROTOCOL_VERSION,
  proofMessage,
  type Rotate,
  rotationMessage,
} from '@vigie/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, until, World } from './world.ts';

const world = new World();
let bystander: Program;
const ID = 'BAD-1';
let key: KeyObject;

const schema: MachineSchema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  channels: ['a', 'b'].map((id) => ({ id, kind: 'number', names: { fr: id, en: id } })),
});
const hash = schemaHash(schema);

beforeAll(async () => {
  await world.startServer();
  await world.setUp();
  const folder = await world.enrolled(ID);
  key = (await import('node:crypto')).createPrivateKey(readFileSync(join(folder, 'machine-key.pem')));
  const other = await world.enrolled('GOOD');
  const lines = Array.from({ length: 100_000 }, (_, i) => `${1_700_000_000_000 + i * 1000},${i}`);
  writeFileSync(world.path('good.csv'), `t,n\n${lines.join('\n')}\n`);
  bystander = world.start('vigie-edge', [
    ...['--source', 'csv', '--file', world.path('good.csv'), '--speed', '100', '--data', other],
  ]);
  await bystander.event('running');
});
afterAll(() => world.dispose());

/** A client that speaks whatever it is told. */
class Client {
  readonly socket: TLSSocket;
  readonly frames: Frame[] = [];
  closed = false;
  readonly #spool: string;

  private constructor(socket: TLSSocket, spool: string) {
    this.socket = socket;
    this.#spool = spool;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const result of reader.push(chunk)) {
        if (!result.ok) throw new Error(`the server sent ${result.message}`);
        this.frames.push(result.frame);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static open(spool = randomSpool()): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: world.linkPort,
        minVersion: 'TLSv1.3',
        ALPNProtocols: ['vigie/1'],
        rejectUnauthorized: false,
      });
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        socket.off('error', reject);
        resolve(new Client(socket, spool));
      });
    });
  }

  /** One that has proved to be the machine and been welcomed. */
  static async welcomed(spool = randomSpool()): Promise<Client> {
    const client = await Client.open(spool);
    client.send({ type: 'HELLO', body: client.hello() });
    await client.heard('WELCOME');
    client.send({ type: 'SCHEMA', hash, bytes: new TextEncoder().encode(canonicalSchemaJson(schema)) });
    return client;
  }

  hello(changes: Partial<Hello> = {}, signer = key): Hello {
    const exporter = this.socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
    return {
      protocol: PROTOCOL_VERSION,
      machine: ID,
      proof: sign(null, proofMessage(exporter, ID), signer).toString('base64'),
      spool: this.#spool,
      bootNumber: 1,
      bootId: 'boot',
      monotonicMs: 0,
      schema: hash,
      prior: null,
      oldestSequence: 0,
      nextSequence: 0,
      settings: null,
      ...changes,
    };
  }

  send(frame: Frame): void {
    this.socket.write(encodeFrame(frame));
  }

  raw(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  heard<T extends Frame['type']>(type: T): Promise<Extract<Frame, { type: T }>> {
    return until(`${type}, after ${JSON.stringify(this.frames.at(-1) ?? null)}`, () => {
      const found = this.frames.find((frame) => frame.type === type);
      if (found === undefined && this.closed) throw new Error(`closed before ${type}`);
      return found as Extract<Frame, { type: T }> | undefined;
    });
  }

  /** Its connection ends, with these words. */
  async ends(reason: string, words: RegExp): Promise<void> {
    await until(`an end for ${words.source}`, () => this.closed, 20_000);
    const last = this.frames.at(-1);
    expect(last).toMatchObject({ type: 'REFUSED', body: { reason, message: expect.stringMatching(words) } });
  }
}

function randomSpool(): string {
  return Math.floor(Math.random() * 2 ** 48)
    .toString(16)
    .padStart(16, '0');
}

function rows(count: number, first = 0) {
  const column = (value: (i: number) => number) => ({
    type: 'number' as const,
    values: Float64Array.from({ length: count }, (_, i) => value(first + i)),
    present: null,
  });
  const timesMs = Float64Array.from({ length: count }, (_, i) => i * 1000);
  return encodeBlock(
    codecSchema(schema),
    { rowCount: count, timesMs, columns: [column((i) => i), column((i) => i / 8)] },
    { schemaHash: hash },
  );
}

function block(
  firstSequence: number,
  count: number,
  changes: Partial<Extract<Frame, { type: 'BLOCK' }>> = {},
): Frame {
  return {
    type: 'BLOCK',
    acknowledge: true,
    firstSequence,
    bootNumber: 1,
    monotonicStartMs: firstSequence * 1000,
    rowCount: count,
    block: rows(count, firstSequence),
    ...changes,
  };
}

/** A frame's length alone. */
function head(length: number): Uint8Array {
  return Uint8Array.of((length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14);
}

/** Another edge's rows still come. */
async function expectOthersServed(): Promise<void> {
  const count = async () => (await world.export('GOOD')).rows.length;
  const before = await count();
  await until('rows of another edge', async () => (await count()) > before);
  expect(bystander.process.exitCode).toBeNull();
}

describe('before it is known who speaks', () => {
  it.each([
    ['length 0', head(0), /frame length 0/],
    ['a length without end', new Uint8Array(9).fill(0xff), /frame length of more than 3 bytes/],
    ['a length over the limit', head(MAX_FRAME_BYTES + 1), /frame length 1048577/],
    ['an unknown type', Uint8Array.of(1, 0x1f), /unknown frame type 31/],
    ['a HELLO that is no JSON', Uint8Array.of(3, 1, 0xff, 0x7b), /not JSON/],
    ['a PING that ends within its number', Uint8Array.of(3, 14, 0x81, 0x82), /PING of 3 bytes is malformed/],
    ['a PING with a trailing byte', Uint8Array.of(3, 14, 1, 2), /PING of 3 bytes is malformed/],
    ['a PING with a mark of BLOCK', Uint8Array.of(2, 0x8e, 1), /unknown frame type 142/],
  ])('%s', async (_, bytes, words) => {
    const client = await Client.open();
    client.raw(bytes);
    await client.ends('bad-frame', words);
    await expectOthersServed();
  });

  it('random bytes, as TLS and within TLS', async () => {
    const samples = fc.sample(fc.uint8Array({ minLength: 5, maxLength: 300 }), 30);
    for (const bytes of samples) {
      const client = await Client.open();
      client.raw(bytes);
      client.socket.end();
      await until('the end of nonsense', () => client.closed);
      const last = client.frames.at(-1);
      if (last !== undefined) expect(last.type).toBe('REFUSED');
    }
    const { connect: tcp } = await import('node:net');
    await new Promise<void>((resolve) => {
      const socket = tcp(world.linkPort, '127.0.0.1', () =>
        socket.end(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
      );
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      socket.on('close', () => resolve());
    });
    await expectOthersServed();
  });

  it('BLOCK before HELLO, and anything while the proof is looked at', async () => {
    const client = await Client.open();
    client.send(block(0, 3));
    await client.ends('out-of-order', /BLOCK before HELLO/);
    expect((await world.export(ID).catch(() => null))?.rows ?? []).toEqual([]);
  });

  it('another machine’s id, a key of one’s own, a replayed proof, a protocol of tomorrow', async () => {
    const mine = generateKeyPairSync('ed25519').privateKey;
    const cases: [(client: Client) => Partial<Hello>, KeyObject, string, RegExp][] = [
      [() => ({ machine: 'GOOD' }), key, 'bad-proof', /not the one machine GOOD enrolled with/],
      [() => ({}), mine, 'bad-proof', /not the one machine BAD-1/],
      [() => ({ proof: 'AAAA' }), key, 'bad-proof', /not the one/],
      [() => ({ machine: 'NOBODY' }), key, 'unknown-machine', /no machine NOBODY/],
      [() => ({ protocol: 2 }), key, 'unsupported-protocol', /protocol 1, not 2/],
    ];
    for (const [changes, signer, reason, words] of cases) {
      const client = await Client.open();
      client.send({ type: 'HELLO', body: client.hello(changes(client), signer) });
      await client.ends(reason, words);
    }
    const first = await Client.open();
    const { proof } = first.hello();
    const second = await Client.open();
    second.send({ type: 'HELLO', body: second.hello({ proof }) });
    await second.ends('bad-proof', /not the one/);
    first.socket.destroy();
    await expectOthersServed();
  });
});

describe('a rotation of a key', () => {
  const fresh = generateKeyPairSync('ed25519').privateKey;
  const raw = Buffer.from(fresh.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');

  async function rotates(changes: Partial<Rotate>, present = key, next = fresh): Promise<Client> {
    const client = await Client.open();
    const exporter = client.socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
    const message = rotationMessage(exporter, ID, raw);
    const body = {
      protocol: PROTOCOL_VERSION,
      machine: ID,
      newKey: raw,
      proof: sign(null, message, present).toString('base64'),
      newProof: sign(null, message, next).toString('base64'),
      ...changes,
    };
    client.send({ type: 'ROTATE', body });
    return client;
  }

  it('needs both keys, of this machine, over this very connection', async () => {
    const stranger = generateKeyPairSync('ed25519').privateKey;
    await (await rotates({}, stranger)).ends('bad-proof', /not the one machine BAD-1 enrolled with/);
    await (await rotates({}, key, stranger)).ends('bad-proof', /not held by who sends it/);
    await (await rotates({ newKey: 'AAAA' })).ends('bad-proof', /not whole/);
    await (await rotates({ machine: 'GOOD' })).ends('bad-proof', /not held by who sends it/);
    await (await rotates({ machine: 'NOBODY' })).ends('unknown-machine', /no machine NOBODY/);
    await (await rotates({ protocol: 2 })).ends('unsupported-protocol', /protocol 1, not 2/);
    const earlier = await Client.open();
    const exporter = earlier.socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
    const message = rotationMessage(exporter, ID, raw);
    const proofs = {
      proof: sign(null, message, key).toString('base64'),
      newProof: sign(null, message, fresh).toString('base64'),
    };
    await (await rotates(proofs)).ends('bad-proof', /not held by who sends it/);
    earlier.socket.destroy();
    const open = await Client.welcomed();
    const body = { protocol: PROTOCOL_VERSION, machine: ID, newKey: raw, ...proofs };
    open.send({ type: 'ROTATE', body });
    await open.ends('out-of-order', /a connection of its own/);
    // Nothing of it changed the key.
    await Client.welcomed();
    await expectOthersServed();
  });
});

describe('from a machine that has proved what it is', () => {
  it('an answer to settings it was never sent changes nothing', async () => {
    const client = await Client.welcomed();
    const { hash: sent } = (await client.heard('SETTINGS')).body;
    client.send({ type: 'SETTLED', body: { hash: '0'.repeat(16), outcome: 'refused', message: 'lie' } });
    client.send({ type: 'SETTLED', body: { hash: sent, outcome: 'applied', message: '' } });
    client.send(block(0, 3));
    await client.heard('ACK');
    const { entries } = await world.get<{ entries: { kind: string }[] }>(
      `/api/machines/${ID}/journal?count=200`,
    );
    expect(entries.filter(({ kind }) => kind.startsWith('settings'))).toEqual([]);
    client.socket.destroy();
    // Who names those it answered is not sent them again.
    const again = await Client.open();
    again.send({ type: 'HELLO', body: again.hello({ settings: sent }) });
    await again.heard('WELCOME');
    again.send({ type: 'PING', nonce: 1 });
    await again.heard('PONG');
    expect(again.frames.map(({ type }) => type)).not.toContain('SETTINGS');
    again.socket.destroy();
  });

  it('HELLO twice; frames that are the server’s to send', async () => {
    const twice = await Client.welcomed();
    twice.send({ type: 'HELLO', body: twice.hello() });
    await twice.ends('out-of-order', /HELLO a second time/);
    const acks = await Client.welcomed();
    acks.send({ type: 'ACK', nextSequence: 5, utcMs: 5 });
    await acks.ends('out-of-order', /ACK is not for an edge/);
  });

  it('a sequence or a GAP that skips', async () => {
    const client = await Client.welcomed();
    client.send(block(0, 3));
    expect((await client.heard('ACK')).nextSequence).toBe(3);
    client.send(block(4, 3));
    await client.ends('out-of-order', /starts at row 4, row 3 is the next/);
    const gap = await Client.welcomed();
    gap.send({ type: 'GAP', firstSequence: 7, nextSequence: 9, reason: 'spool-lost' });
    await gap.ends('out-of-order', /starts at row 7, row 0 is the next/);
    const far = await Client.welcomed();
    far.send(block(2 ** 48 - 1, 3, { monotonicStartMs: 2 ** 48 - 1 }));
    await far.ends('out-of-order', /row 0 is the next/);
    await expectOthersServed();
  });

  it('a hundred GAPs of thinned rows, told once a connection', async () => {
    const client = await Client.welcomed();
    for (let at = 0; at < 500; at += 5) {
      client.send(block(at, 3, { monotonicStartMs: 1000 * at }));
      client.send({ type: 'GAP', firstSequence: at + 3, nextSequence: at + 5, reason: 'thinned' });
    }
    await until('the last one', () =>
      client.frames.some((frame) => frame.type === 'ACK' && frame.nextSequence === 500),
    );
    const told = await until('the journal', async () => {
      const { entries } = await world.get<{ entries: { kind: string; facts: Record<string, unknown> }[] }>(
        `/api/machines/${ID}/journal?count=200`,
      );
      const gaps = entries.filter(({ kind, facts }) => kind === 'gap' && facts.reason === 'thinned');
      return gaps.length > 0 && gaps;
    });
    expect(told.map(({ facts }) => facts)).toEqual([{ reason: 'thinned' }]);
  });

  it('blocks that are none: set aside, acknowledged, the stream goes on', async () => {
    const client = await Client.welcomed();
    const whole = rows(3);
    const flipped = whole.slice();
    flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 16;
    const bad: Partial<Extract<Frame, { type: 'BLOCK' }>>[] = [
      { rowCount: 4 },
      { rowCount: 65_535 },
      { block: Uint8Array.of(...whole, 0) },
      { block: whole.slice(0, -1) },
      { block: flipped },
      { block: Uint8Array.of(1) },
      { block: new Uint8Array(MAX_FRAME_BYTES - 100) },
    ];
    let next = 0;
    for (const changes of bad) {
      client.send(block(next, 3, changes));
      next += changes.rowCount ?? 3;
    }
    client.send(block(next, 3));
    await until('all acknowledged', () =>
      client.frames.some((frame) => frame.type === 'ACK' && frame.nextSequence === next + 3),
    );
    const { entries } = await world.get<{ entries: { kind: string }[] }>(
      `/api/machines/${ID}/journal?count=200`,
    );
    expect(entries.filter(({ kind }) => kind === 'block-set-aside')).toHaveLength(bad.length);
    client.socket.destroy();
    await expectOthersServed();
  });

  it('an overlap stores each row once, and harms no commit it shares', async () => {
    const spool = randomSpool();
    const client = await Client.welcomed(spool);
    // Dated, so that its rows can be seen.
    const originMs = Date.now() - 1_000_000;
    client.send({ type: 'ANCHOR', bootNumber: 1, monotonicMs: 0, utcMs: originMs, errorMs: 1 });
    const at = (row: number) => originMs + row * 1000;
    client.send(block(0, 5));
    client.send(block(0, 5));
    client.send(block(0, 9));
    client.send(block(7, 5));
    await until('all acknowledged', () =>
      client.frames.some((frame) => frame.type === 'ACK' && frame.nextSequence === 12),
    );
    const stored = (await world.export(ID)).rows.filter(({ atMs }) => atMs >= originMs);
    expect(stored).toEqual(Array.from({ length: 12 }, (_, i) => ({ atMs: at(i), values: [i, i / 8] })));
    client.socket.destroy();
    await expectOthersServed();
  });

  it('NaN, infinities, −0, denormals come back as they were; anchors of tomorrow date nothing', async () => {
    const client = await Client.welcomed();
    const values = [Number.NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE];
    const encoded = encodeBlock(
      codecSchema(schema),
      {
        rowCount: values.length,
        timesMs: Float64Array.from(values, (_, i) => i),
        columns: [
          { type: 'number', values: Float64Array.from(values), present: null },
          { type: 'number', values: new Float64Array(values.length), present: null },
        ],
      },
      { schemaHash: hash },
    );
    const ahead = Date.now() + 3_600_000;
    client.send({ type: 'ANCHOR', bootNumber: 1, monotonicMs: 0, utcMs: ahead, errorMs: 1 });
    client.send(block(0, values.length, { block: encoded, monotonicStartMs: 0 }));
    await client.heard('ACK');
    const before = await world.export(ID);
    expect(before.rows.every(({ atMs }) => atMs < Date.now())).toBe(true);
    const originMs = Date.now() - 100_000;
    client.send({ type: 'ANCHOR', bootNumber: 1, monotonicMs: 0, utcMs: originMs, errorMs: 1 });
    const stored = await until('the rows dated', async () => {
      const found = (await world.export(ID)).rows.filter(
        ({ atMs }) => atMs >= originMs && atMs < originMs + 10,
      );
      return found.length === values.length ? found : null;
    });
    expect(stored.map((row) => row.values[0])).toEqual(values);
    client.socket.destroy();
  });

  it('boots that met no server are bounded by their neighbours, on the chart and as CSV', async () => {
    const spool = randomSpool();
    const own = async () => (await world.exportUndated(ID)).filter(([name]) => name === spool);
    const startMs = Date.now() - 1_000_000;
    const anchor = (bootNumber: number, utcMs: number): Frame => {
      return { type: 'ANCHOR', bootNumber, monotonicMs: 0, utcMs, errorMs: 1 };
    };
    const onChart = async (fromMs: number, toMs: number) => {
      const asked = new URLSearchParams({ machine: ID, channels: 'a', width: '10' });
      asked.set('from', String(fromMs));
      asked.set('to', String(toMs));
      const { undated } = await world.get<SentChart>(`/api/chart?${asked}`);
      return undated.filter((boot) => boot.spool === spool);
    };
    const of = (bootNumber: number) => ({ bootNumber, monotonicStartMs: 0 });
    const first = await Client.welcomed(spool);
    first.send(anchor(1, startMs));
    first.send(block(0, 3, of(1)));
    await first.heard('ACK');
    first.socket.destroy();
    const later = await Client.open(spool);
    later.send({ type: 'HELLO', body: later.hello({ bootNumber: 4, bootId: 'later', nextSequence: 12 }) });
    await later.heard('WELCOME');
    // The present boot before its anchor is no news; the ones before it have no later neighbour yet.
    for (const [sequence, boot] of [
      [3, 2],
      [6, 3],
      [9, 4],
    ] as const) {
      later.send(block(sequence, 3, of(boot)));
    }
    const acks = () => later.frames.filter(({ type }) => type === 'ACK').length;
    await until('the blocks acknowledged', () => acks() === 3);
    expect((await own()).length).toBe(9);
    const open = { spool, rows: 3, spanMs: 2000, afterMs: startMs + 2000, beforeMs: null };
    expect(await onChart(startMs, Date.now())).toEqual([
      { ...open, bootNumber: 2 },
      { ...open, bootNumber: 3 },
    ]);
    const laterMs = startMs + 600_000;
    later.send(anchor(4, laterMs));
    later.send(block(12, 1, { ...of(4), monotonicStartMs: 3000 }));
    await until('the last block acknowledged', () => acks() === 4);
    const closed = [2, 3].map((bootNumber) => ({ ...open, bootNumber, beforeMs: laterMs }));
    expect(await onChart(startMs, Date.now())).toEqual(closed);
    expect(await onChart(startMs + 60_000, startMs + 61_000)).toEqual(closed);
    expect(await onChart(laterMs + 1, Date.now())).toEqual([]);
    expect(await own()).toEqual(
      [2, 3].flatMap((boot) =>
        [0, 1, 2].map((i) => {
          const value = 3 * (boot - 1) + i;
          return [spool, boot, startMs + 2000, laterMs, i, value, value / 8].map(String);
        }),
      ),
    );
    later.socket.destroy();
  });

  it('a boot that turns out to have no date is told in the journal, once', async () => {
    const spool = randomSpool();
    const client = await Client.welcomed(spool);
    const startMs = Date.now() - 2_000_000;
    const anchor = (bootNumber: number, utcMs: number): Frame => {
      return { type: 'ANCHOR', bootNumber, monotonicMs: 0, utcMs, errorMs: 1 };
    };
    client.send(anchor(1, startMs));
    client.send(anchor(9, startMs + 500_000));
    for (const [i, bootNumber] of [1, 7, 8, 9, 9].entries()) {
      client.send(block(2 * i, 2, { bootNumber, monotonicStartMs: 2000 * i }));
    }
    const told = await until('the journal', async () => {
      const { entries } = await world.get<Journal>(`/api/machines/${ID}/journal`);
      const found = entries.filter(({ kind, facts }) => kind === 'boots-undated' && facts.boot === 7);
      return found.length > 0 ? found : null;
    });
    const facts = { boot: 7, lastBoot: 8, rows: 4, afterMs: startMs + 1000, beforeMs: startMs + 506_000 };
    expect(told.map((entry) => entry.facts)).toEqual([facts]);
    client.socket.destroy();
  });

  it('a newer connection replaces the older one', async () => {
    const old = await Client.welcomed();
    const fresh = await Client.welcomed();
    await old.ends('replaced', /newer connection/);
    fresh.send(block(0, 2));
    expect((await fresh.heard('ACK')).nextSequence).toBe(2);
    fresh.socket.destroy();
  });

  it('a copied card: the second box is refused with an alarm, the first goes on, no row of them is mixed', async () => {
    const spool = randomSpool();
    const first = await Client.welcomed(spool);
    first.send(block(0, 3));
    await first.heard('ACK');
    const told = async () => {
      const { entries } = await world.get<{ entries: { kind: string }[] }>(
        `/api/machines/${ID}/journal?count=200`,
      );
      return entries.filter(({ kind }) => kind === 'spool-cloned').length;
    };
    for (let i = 0; i < 3; i++) {
      const copy = await Client.open(spool);
      copy.send({ type: 'HELLO', body: copy.hello({ bootId: 'another box', nextSequence: 9 }) });
      await copy.ends('spool-cloned', /another box speaks for machine BAD-1/);
    }
    expect(await told()).toBe(1);
    first.send(block(3, 3));
    await until('the first to be served', () =>
      first.frames.some((frame) => frame.type === 'ACK' && frame.nextSequence === 6),
    );
    first.socket.destroy();
    const again = await Client.welcomed(spool);
    again.socket.destroy();
    await expectOthersServed();
  });

  it('one byte at a time is as good as all at once', async () => {
    const client = await Client.welcomed();
    for (const byte of encodeFrame(block(0, 3))) client.raw(Uint8Array.of(byte));
    expect((await client.heard('ACK')).nextSequence).toBe(3);
    client.socket.destroy();
    await expectOthersServed();
  });
});
