// One edge's connection on the server: its session (protocol/server-session.ts), its frames to the store and back.
// Invariants: nobody is believed before the signature over this very TLS session is checked; whatever a connection
// sends, it ends at worst that connection; an ACK leaves only after the store says the rows are durable.
// Not here: TLS and ports (gateway.ts), what is stored (store/), what pages are told (live.ts).
import { createPublicKey, verify } from 'node:crypto';
import { decodeBlock, sampleAt } from '@vigie/codec';
import type { JournalEntry } from '@vigie/contract';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import {
  type Clock,
  type Enrol,
  encodeFrame,
  type Frame,
  FrameReader,
  type Hello,
  newServerSession,
  PROTOCOL_VERSION,
  proofMessage,
  type Refused,
  type ServerEffect,
  type ServerEvent,
  type ServerSession,
  serverWakeMs,
  stepServer,
  Wake,
} from '@vigie/protocol';
import { type Conditions, noConditions, observe } from '../journal/changes.ts';
import type { LinkNews } from '../journal/link-news.ts';
import type { Connected, Live } from '../live.ts';
import type { AppendResult, Store } from '../store/store.ts';
import { codeSha256 } from './identity.ts';

const MOST_SCHEMA_BYTES = 512 << 10;
/** Anchors may not lie further ahead of the server's clock. */
const MOST_AHEAD_MS = 60_000;
/** After what was sent has left, a peer that does not close is closed. */
const LINGER_MS = 2000;

/** An established TLS 1.3 connection. */
export interface LinkSocket {
  /** Address of the peer, for the log. */
  readonly from: string;
  /** Keying material bound to this very session (RFC 8446 §7.5). */
  exporter(): Uint8Array;
  listen(events: { data(chunk: Uint8Array): void; closed(): void }): void;
  /** Dropped when the connection cannot take it any more. */
  write(bytes: Uint8Array): void;
  /** Closes after what was written has left. */
  end(): void;
  destroy(): void;
  pause(): void;
  resume(): void;
}

export interface LinkOptions {
  /** SHA-256 of the server's public keys, told to who enrols. */
  readonly pins: readonly string[];
  readonly store: Store;
  readonly live: Live;
  readonly clock: Clock;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export class Link {
  readonly #socket: LinkSocket;
  readonly #options: LinkOptions;
  readonly #linkNews: LinkNews;
  readonly #reader = new FrameReader();
  #session: ServerSession;
  readonly #wake: Wake;
  /** Present once the machine has proved what it is. */
  #machine: { readonly id: string; readonly spool: string; readonly connected: Connected } | null = null;
  /** Anchors, schemas and blocks take effect in the order they came. */
  #order: Promise<void> = Promise.resolve();

  constructor(socket: LinkSocket, options: LinkOptions, linkNews: LinkNews, gone: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#linkNews = linkNews;
    this.#session = newServerSession(options.clock.monotonicMs());
    this.#wake = new Wake(options.clock, () => this.#feed({ type: 'tick' }));
    this.#wake.by(serverWakeMs(this.#session));
    socket.listen({
      data: (chunk) => this.#read(chunk),
      closed: () => {
        gone();
        this.#wake.cancel();
        this.#session = { phase: 'closed' };
        this.#disconnected();
      },
    });
  }

  end(reason: Refused['reason'], message: string): void {
    this.#feed({ type: 'refuse', refused: { reason, message, retryAfterMs: null } });
  }

  #read(chunk: Uint8Array): void {
    if (this.#session.phase === 'closed') return;
    for (const result of this.#reader.push(chunk)) {
      if (result.ok) this.#feed({ type: 'frame', frame: result.frame, bytes: sizeOf(result.frame) });
      else this.#feed({ type: 'garbage', message: result.message });
    }
    if (this.#machine !== null) this.#options.live.heard(this.#machine.id);
  }

  #feed(event: ServerEvent): void {
    const { state, effects } = stepServer(this.#session, event, this.#options.clock.monotonicMs());
    this.#session = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#wake.by(serverWakeMs(this.#session));
  }

  #carryOut(effect: ServerEffect): void {
    switch (effect.type) {
      case 'send':
        this.#socket.write(encodeFrame(effect.frame));
        return;
      case 'authenticate':
        this.#feed(this.#authenticate(effect.hello));
        return;
      case 'enrol':
        this.#inOrder(async () => this.#feed(await this.#enrol(effect.body)));
        return;
      case 'schema':
        this.#forMachine(() => this.#keepSchema(effect.hash, effect.bytes));
        return;
      case 'prior':
        this.#forMachine((machine) => this.#keepPrior(machine, effect));
        return;
      case 'append':
        this.#append(effect);
        return;
      case 'append-gap':
        this.#forMachine((machine, spool) => this.#appendGap(machine, spool, effect));
        return;
      case 'anchor':
        this.#forMachine((machine, spool) => this.#anchor(machine, spool, effect.anchor));
        return;
      case 'live':
        this.#forMachine(async (machine, spool) => this.#showLive(machine, spool, effect.row));
        return;
      case 'pause':
        this.#socket.pause();
        return;
      case 'resume':
        this.#socket.resume();
        return;
      case 'close': {
        const { log, clock } = this.#options;
        log('link: closed', {
          machine: this.#machine?.id,
          from: this.#socket.from,
          why: effect.reason,
        });
        this.#disconnected();
        this.#socket.end();
        clock.after(LINGER_MS, () => this.#socket.destroy());
        return;
      }
    }
  }

  /** What is under way for this connection has reached the store. */
  get settled(): Promise<void> {
    return this.#order;
  }

  /** `inOrder` for what a machine sent; dropped when the connection has ended meanwhile: the edge sends it again. */
  #forMachine(work: (machine: string, spool: string) => Promise<void>): void {
    this.#inOrder(async () => {
      if (this.#machine !== null) await work(this.#machine.id, this.#machine.spool);
    });
  }

  /** One after the other; what the database refuses ends the connection, and the edge sends again later. */
  #inOrder(work: () => Promise<void>): void {
    this.#order = this.#order.then(async () => {
      try {
        await work();
      } catch (error) {
        this.#options.log('store: refused', { machine: this.#machine?.id, why: String(error) });
        this.#feed({
          type: 'refuse',
          refused: { reason: 'busy', message: 'the server cannot store now', retryAfterMs: 5000 },
        });
      }
    });
  }

  #authenticate(hello: Hello): ServerEvent {
    const { store, clock, live, log } = this.#options;
    const refuse = (
      reason: Refused['reason'],
      message: string,
      retryAfterMs: number | null,
    ): ServerEvent => ({
      type: 'refuse',
      refused: { reason, message, retryAfterMs },
    });
    if (hello.protocol !== PROTOCOL_VERSION) {
      return refuse(
        'unsupported-protocol',
        `this server speaks protocol ${PROTOCOL_VERSION}, not ${hello.protocol}: update the older side`,
        600_000,
      );
    }
    const machine = store.machine(hello.machine);
    if (machine === null || machine.publicKey === null) {
      return refuse('unknown-machine', `no machine ${hello.machine} is enrolled here`, 60_000);
    }
    if (machine.retired) return refuse('revoked', `machine ${hello.machine} was retired`, 600_000);
    const exporter = this.#socket.exporter();
    if (!isSigned(proofMessage(exporter, hello.machine), hello.proof, machine.publicKey)) {
      return refuse('bad-proof', `the key is not the one machine ${hello.machine} enrolled with`, 60_000);
    }
    const nextSequence = store.nextSequence(machine.id, hello.spool);
    const connected: Connected = {
      sinceMs: clock.utcMs(),
      spool: hello.spool,
      bootNumber: hello.bootNumber,
      announcedNextSequence: hello.nextSequence,
      watch: (durationMs, intervalMs) => this.#feed({ type: 'watch', durationMs, intervalMs }),
      close: (reason) =>
        this.end(reason, reason === 'replaced' ? 'a newer connection of this machine' : 'credential revoked'),
    };
    const schemaWanted = !store.hasSchema(hello.schema);
    this.#machine = { id: machine.id, spool: hello.spool, connected };
    if (!schemaWanted && machine.schemaHash !== hello.schema) {
      this.#inOrder(() => store.setMachineSchema(machine.id, hello.schema));
    }
    log('link: connected', { machine: machine.id, backlogRows: hello.nextSequence - nextSequence });
    const event: ServerEvent = {
      type: 'authenticated',
      welcome: {
        utcMs: clock.utcMs(),
        nextSequence,
        lastRow: store.lastRowOf(machine.id, hello.spool),
        schemaWanted,
        priorWanted: hello.prior !== null && !store.hasPrior(machine.id, hello.prior),
        settings: { intervalMs: machine.intervalMs },
      },
    };
    // The edge is told before others learn that it is there, so that WATCH never comes before WELCOME.
    queueMicrotask(() => {
      if (this.#session.phase !== 'open') return;
      live.connect(machine.id, connected);
      this.#linkNews.connected(machine.id);
    });
    return event;
  }

  #entry(kind: JournalEntry['kind'], facts: JournalEntry['facts']): JournalEntry {
    return { atMs: this.#options.clock.utcMs(), kind, channel: null, facts };
  }

  #journal(machine: string, entries: readonly JournalEntry[]): void {
    this.#inOrder(async () => {
      await this.#options.store.addJournal(machine, entries);
      for (const entry of entries) this.#options.live.journal(machine, entry);
    });
  }

  #disconnected(): void {
    const machine = this.#machine;
    this.#machine = null;
    if (machine === null || !this.#options.live.disconnect(machine.id, machine.connected)) return;
    this.#linkNews.disconnected(machine.id);
  }

  async #enrol(body: Enrol): Promise<ServerEvent> {
    const { store, clock, pins, log } = this.#options;
    const refuse = (reason: Refused['reason'], message: string): ServerEvent => ({
      type: 'refuse',
      refused: { reason, message, retryAfterMs: null },
    });
    if (body.protocol !== PROTOCOL_VERSION) {
      return refuse(
        'unsupported-protocol',
        `this server speaks protocol ${PROTOCOL_VERSION}: update the older side`,
      );
    }
    if (Buffer.from(body.publicKey, 'base64').length !== 32)
      return refuse('bad-code', 'the public key is not whole');
    const machine = await store.takeEnrolmentCode(codeSha256(body.code), clock.utcMs());
    if (machine === null) {
      return refuse('bad-code', 'the code is wrong, already used or older than a day: ask for a new one');
    }
    await store.setPublicKey(machine, body.publicKey);
    this.#options.live.connected(machine)?.close('revoked');
    log('link: enrolled', { machine });
    return { type: 'enrolled', body: { machine, pins: [...pins] } };
  }

  async #keepSchema(hash: string, bytes: Uint8Array): Promise<void> {
    const schema = parseSchema(hash, bytes);
    if (schema === null) {
      this.end('bad-frame', 'SCHEMA is not one, or not the one its hash names');
      return;
    }
    const { store } = this.#options;
    const machine = this.#machine;
    if (machine === null) return;
    await store.putSchema(machine.id, hash, schema);
    if (this.#session.phase === 'open' && this.#session.hello.schema === hash) {
      await store.setMachineSchema(machine.id, hash);
    }
  }

  async #keepPrior(machine: string, prior: Extract<ServerEffect, { type: 'prior' }>): Promise<void> {
    const kept = await this.#options.store.putPrior(machine, prior.hash, prior.schema, prior.bytes);
    if (!kept) this.end('bad-frame', 'PRIOR is not one of its schema, or not the one its hash names');
  }

  #append({ block, bytes }: Extract<ServerEffect, { type: 'append' }>): void {
    const { store, clock } = this.#options;
    // Frames before it may still be on their way to the store; blocks themselves share commits.
    this.#order = this.#order.then(() => {
      const machine = this.#machine;
      if (machine === null) return;
      const { firstSequence, bootNumber, monotonicStartMs, rowCount } = block;
      store
        .append({
          machine: machine.id,
          spool: machine.spool,
          firstSequence,
          bootNumber,
          monotonicStartMs,
          rowCount,
          block: block.block,
        })
        .then((result) => {
          if (result.kind === 'out-of-order') {
            this.end(
              'out-of-order',
              `a block starts at row ${firstSequence}, row ${result.nextSequence} is the next`,
            );
            return;
          }
          this.#feed({ type: 'committed', nextSequence: result.nextSequence, bytes, utcMs: clock.utcMs() });
          this.#afterwards(machine.id, result);
        })
        .catch((error: unknown) => this.#inOrder(() => Promise.reject(error)));
    });
  }

  /** What follows from stored rows, after their acknowledgement has left. */
  #afterwards(machine: string, result: AppendResult): void {
    const { store, live } = this.#options;
    if (result.kind === 'set-aside') {
      this.#options.log('store: a block cannot be read and is kept aside', { machine, why: result.reason });
      this.#journal(machine, [this.#entry('block-set-aside', { reason: result.reason })]);
    }
    if (result.kind !== 'stored' || result.rows.length === 0) return;
    const { schema, rows, fromMs, toMs } = result;
    this.#inOrder(async () => {
      const kept = store.conditions(machine);
      const before = kept === null ? noConditions : (JSON.parse(kept) as Conditions);
      const { conditions, entries } = observe(before, schema, rows);
      const json = JSON.stringify(conditions);
      // What changed and changed back within a block leaves the conditions as they were, and is told all the same.
      if (entries.length > 0 || json !== kept) await store.addChanges(machine, entries, json);
      for (const entry of entries) live.journal(machine, entry);
      if (fromMs !== null && toMs !== null) live.stored(machine, fromMs, toMs);
    });
  }

  async #appendGap(
    machine: string,
    spool: string,
    { firstSequence, nextSequence, reason, bytes }: Extract<ServerEffect, { type: 'append-gap' }>,
  ): Promise<void> {
    const { store, clock } = this.#options;
    const done = await store.appendGap({ machine, spool, firstSequence, nextSequence, reason });
    if (done.nextSequence < nextSequence) {
      this.end('out-of-order', `a GAP starts at row ${firstSequence}, row ${done.nextSequence} is the next`);
      return;
    }
    this.#feed({ type: 'committed', nextSequence: done.nextSequence, bytes, utcMs: clock.utcMs() });
    this.#journal(machine, [this.#entry('gap', { rows: nextSequence - firstSequence, reason })]);
  }

  async #anchor(machine: string, spool: string, anchor: Extract<Frame, { type: 'ANCHOR' }>): Promise<void> {
    const { store, clock, live, log } = this.#options;
    if (anchor.utcMs > clock.utcMs() + MOST_AHEAD_MS) {
      log('link: an anchor lies in the future and is ignored', { machine, utcMs: anchor.utcMs });
      return;
    }
    const { bootNumber, monotonicMs, utcMs, errorMs } = anchor;
    const dated = store.date(machine, spool, bootNumber, 0) !== null;
    await store.putAnchor({ machine, spool, bootNumber, monotonicMs, utcMs, errorMs });
    const bootMs = dated ? null : store.date(machine, spool, bootNumber, 0);
    // The first boot of a spool is the box put into service: its first connection says so.
    if (bootMs !== null && store.nextSequence(machine, spool) > 0) {
      this.#journal(machine, [{ ...this.#entry('edge-boot', { boot: bootNumber }), atMs: bootMs }]);
    }
    live.stored(machine, 0, utcMs);
  }

  #showLive(machine: string, spool: string, row: Extract<Frame, { type: 'LIVE' }>): void {
    const { store, live } = this.#options;
    const hash = store.machine(machine)?.schemaHash ?? null;
    const schema = hash === null ? null : store.schema(hash);
    const atMs = store.date(machine, spool, row.bootNumber, row.monotonicMs);
    if (schema === null || atMs === null) return;
    const decoded = decodeBlock(row.block, codecSchema(schema));
    if (!decoded.ok || decoded.value.rowCount !== 1) return;
    const values = decoded.value.columns.map((column) => sampleAt(column, 0));
    live.row(machine, { atMs, values });
  }
}

/** Bytes a frame keeps in memory until it is committed. */
function sizeOf(frame: Frame): number {
  return frame.type === 'BLOCK' ? 64 + frame.block.length : 64;
}

function parseSchema(hash: string, bytes: Uint8Array) {
  if (bytes.length > MOST_SCHEMA_BYTES) return null;
  try {
    const schema = machineSchemaSchema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
    );
    return schemaHash(schema) === hash ? schema : null;
  } catch {
    return null;
  }
}

function isSigned(message: Uint8Array, proof: string, publicKey: string): boolean {
  try {
    const x = Buffer.from(publicKey, 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, key, Buffer.from(proof, 'base64'));
  } catch {
    return false;
  }
}
