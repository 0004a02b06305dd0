// One edge's connection on the server: its session (protocol/server-session.ts), its frames to the store and back.
// Invariants: nobody is believed before the signature over this very TLS session is checked; whatever a connection
// sends, it ends at worst that connection; an ACK leaves only after the store says the rows are durable.
// Not here: TLS and ports (gateway.ts), what is stored (store/), what pages are told (live.ts).
import { createHash } from 'node:crypto';
import { decodeBlock, sampleAt } from '@vigie/codec';
import type { JournalEntry } from '@vigie/contract';
import { codecSchema, type MachineSettings, machineSchemaSchema, overridden } from '@vigie/model';
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
  type Report,
  type Rotate,
  rotationMessage,
  type ServerEffect,
  type ServerEvent,
  type ServerSession,
  type SettingsBody,
  type Settled,
  serverWakeMs,
  stepServer,
  Wake,
} from '@vigie/protocol';
import { type Conditions, noConditions, observe } from '../journal/changes.ts';
import type { LinkNews } from '../journal/link-news.ts';
import type { Connected, Live } from '../live.ts';
import type { AppendResult, MachineRecord, Store } from '../store/store.ts';
import { isSameBoot, isSecondBox } from './clones.ts';
import { codeSha256 } from './identity.ts';
import type { Intake } from './intake.ts';
import type { IsSigned } from './proof.ts';

const MOST_SCHEMA_BYTES = 512 << 10;
/** Anchors may not lie further ahead of the server's clock. */
const MOST_AHEAD_MS = 60_000;
/** After what was sent has left, a peer that does not close is closed. */
const LINGER_MS = 2000;
/** Share of its room from which people are told. */
const SPOOL_NEARLY_FULL = 0.8;

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
  /** SHA-256 of the server's public keys, told to who enrols, and with the settings. */
  readonly pins: readonly string[];
  readonly store: Store;
  readonly live: Live;
  /** Of all connections. */
  readonly intake: Intake;
  readonly clock: Clock;
  readonly isSigned: IsSigned;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

export class Link {
  readonly #socket: LinkSocket;
  readonly #options: LinkOptions;
  readonly #linkNews: LinkNews;
  readonly #known: () => void;
  readonly #reader = new FrameReader();
  #session: ServerSession;
  readonly #wake: Wake;
  /** Present once the machine has proved what it is. */
  #machine: {
    readonly id: string;
    readonly spool: string;
    /** The one it proved to hold. */
    readonly publicKey: string;
    readonly connected: Connected;
  } | null = null;
  /** What the edge has, or was sent. */
  #told: {
    readonly hash: string;
    /** `null`: it has answered them in an earlier connection. */
    readonly sent: { readonly settings: MachineSettings; readonly pins: readonly string[] } | null;
  } | null = null;
  /** Not read: by its own session, or since all connections together have brought too much. */
  #isPaused = false;
  #isHeldBack = false;
  /** The journal has it that rows of this connection were thinned: there may be a gap a minute, for weeks. */
  #toldThinned = false;
  /** Anchors, schemas and blocks take effect in the order they came. */
  #order: Promise<void> = Promise.resolve();

  /** @param known the machine has proved what it is */
  constructor(
    socket: LinkSocket,
    options: LinkOptions,
    linkNews: LinkNews,
    gone: () => void,
    known: () => void = () => undefined,
  ) {
    this.#known = known;
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

  /** Of the machine that has proved what it is. */
  get machine(): string | null {
    return this.#machine?.id ?? null;
  }

  end(reason: Refused['reason'], message: string): void {
    this.#feed({ type: 'refuse', refused: { reason, message, retryAfterMs: null } });
  }

  /** Another process has changed something: this machine's settings, the server's pins, or what its key is worth. */
  look(): void {
    this.#inOrder(async () => {
      if (this.#machine === null) return;
      const { id, publicKey } = this.#machine;
      const machine = await this.#options.store.machine(id);
      if (machine === null || machine.retired || machine.publicKey !== publicKey) {
        this.end('revoked', `the credential of machine ${id} was taken away`);
        return;
      }
      this.#offer(machine);
    });
  }

  #read(chunk: Uint8Array): void {
    if (this.#session.phase === 'closed') return;
    for (const result of this.#reader.push(chunk)) {
      if (result.ok) this.#feed({ type: 'frame', frame: result.frame, bytes: sizeOf(result.frame) });
      else this.#feed({ type: 'garbage', message: result.message });
    }
    if (this.#machine !== null) this.#options.live.heard(this.#machine.id);
    const { intake } = this.#options;
    if (!intake.isFull || this.#isHeldBack) return;
    this.#isHeldBack = true;
    this.#socket.pause();
    intake.whenRoom(() => {
      this.#isHeldBack = false;
      if (!this.#isPaused) this.#socket.resume();
    });
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
        this.#inOrder(async () => {
          this.#feed(await this.#authenticate(effect.hello));
          await this.#welcomed();
        });
        return;
      case 'enrol':
        this.#inOrder(async () => this.#feed(await this.#enrol(effect.body)));
        return;
      case 'rotate':
        this.#inOrder(async () => this.#feed(await this.#rotate(effect.body)));
        return;
      case 'settled':
        this.#forMachine(0, (machine) => this.#settled(machine, effect.body));
        return;
      case 'report':
        this.#forMachine(0, (machine) => this.#reported(machine, effect.body));
        return;
      case 'schema':
        this.#forMachine(effect.bytes.length, () => this.#keepSchema(effect.hash, effect.bytes));
        return;
      case 'prior':
        this.#forMachine(effect.bytes.length, (machine) => this.#keepPrior(machine, effect));
        return;
      case 'append':
        this.#append(effect);
        return;
      case 'append-gap':
        this.#forMachine(0, (machine, spool) => this.#appendGap(machine, spool, effect));
        return;
      case 'anchor':
        this.#forMachine(0, (machine, spool) => this.#anchor(machine, spool, effect.anchor));
        return;
      case 'live':
        this.#forMachine(effect.row.block.length, (machine, spool) =>
          this.#showLive(machine, spool, effect.row),
        );
        return;
      case 'pause':
        this.#isPaused = true;
        this.#socket.pause();
        return;
      case 'resume':
        this.#isPaused = false;
        if (!this.#isHeldBack) this.#socket.resume();
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
  #forMachine(bytes: number, work: (machine: string, spool: string) => Promise<void>): void {
    const taken = this.#options.intake.take(bytes);
    this.#inOrder(async () => {
      try {
        if (this.#machine !== null) await work(this.#machine.id, this.#machine.spool);
      } finally {
        taken();
      }
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

  async #authenticate(hello: Hello): Promise<ServerEvent> {
    const { store, clock, log } = this.#options;
    const enrolled = await enrolledMachine(store, hello);
    if (!enrolled.ok) return enrolled.event;
    const { machine, publicKey } = enrolled;
    if (!this.#options.isSigned(proofMessage(this.#socket.exporter(), machine.id), hello.proof, publicKey)) {
      return refusal('bad-proof', `the key is not the one machine ${machine.id} enrolled with`, 60_000);
    }
    const { nextSequence, lastRow } = await store.spoolEnd(machine.id, hello.spool);
    const boot = { spool: hello.spool, number: hello.bootNumber, id: hello.bootId };
    const met = await store.boots(machine.id);
    if (isSecondBox(met, boot, hello.nextSequence < nextSequence)) {
      const told = met.some((other) => isSameBoot(other, boot) && other.refused);
      if (!told) {
        await store.putBoot(machine.id, { ...boot, refused: true });
        this.#journal(machine.id, [this.#entry('spool-cloned', { boot: boot.number })]);
      }
      const message = `another box speaks for machine ${machine.id} by the same credential: its card was copied; revoke it and enrol the right box again`;
      return refusal('spool-cloned', message, 600_000);
    }
    if (!met.some((other) => isSameBoot(other, boot))) {
      await store.putBoot(machine.id, { ...boot, refused: false });
    }
    const connected: Connected = {
      sinceMs: clock.utcMs(),
      spool: hello.spool,
      bootNumber: hello.bootNumber,
      announcedNextSequence: hello.nextSequence,
      watch: (durationMs, intervalMs) => this.#feed({ type: 'watch', durationMs, intervalMs }),
      close: (reason) =>
        this.end(
          reason,
          reason === 'replaced'
            ? 'a newer connection of this machine'
            : `the credential of machine ${machine.id} was replaced`,
        ),
    };
    const schemaWanted = !(await store.hasSchema(hello.schema));
    this.#machine = { id: machine.id, spool: hello.spool, publicKey, connected };
    // What it never told to have answered it is sent again, so that its answer is known.
    this.#told =
      hello.settings !== null && machine.edgeAnswer?.hash === hello.settings
        ? { hash: hello.settings, sent: null }
        : null;
    if (!schemaWanted && machine.schemaHash !== hello.schema) {
      this.#inOrder(() => store.setMachineSchema(machine.id, hello.schema));
    }
    log('link: connected', { machine: machine.id, backlogRows: hello.nextSequence - nextSequence });
    return {
      type: 'authenticated',
      welcome: {
        utcMs: clock.utcMs(),
        nextSequence,
        lastRow,
        schemaWanted,
        priorWanted: hello.prior !== null && !(await store.hasPrior(machine.id, hello.prior)),
      },
    };
  }

  /** The edge was told first: WATCH never comes before WELCOME. */
  async #welcomed(): Promise<void> {
    if (this.#session.phase !== 'open' || this.#machine === null) return;
    this.#known();
    const { id, connected } = this.#machine;
    this.#options.live.connect(id, connected);
    await this.#linkNews.connected(id);
    const machine = await this.#options.store.machine(id);
    if (machine !== null) this.#offer(machine);
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

  /** Sends what the edge does not have: settings of its machine, pins of this server. */
  #offer(machine: MachineRecord): void {
    const { pins } = this.#options;
    if (this.#machine === null || this.#session.phase !== 'open') return;
    const body = settingsBodyOf(machine.settings, pins);
    if (body.hash === this.#told?.hash) return;
    this.#told = { hash: body.hash, sent: { settings: machine.settings, pins: body.pins } };
    this.#feed({ type: 'settings', body });
  }

  async #reported(machine: string, body: Report): Promise<void> {
    const { live, store, clock } = this.#options;
    live.report(machine, { ...body, atMs: clock.utcMs() });
    const { bytes, mostBytes } = body.spool;
    if (bytes >= SPOOL_NEARLY_FULL * mostBytes && (await store.ringSpool(machine))) live.alarmed(machine);
  }

  async #settled(id: string, body: Settled): Promise<void> {
    const { store, clock, log } = this.#options;
    // An answer to earlier ones: that to the newest is on its way.
    if (this.#told === null || body.hash !== this.#told.hash || this.#told.sent === null) return;
    const { settings, pins } = this.#told.sent;
    const before = (await store.machine(id))?.edgeAnswer ?? null;
    await store.putEdgeAnswer(id, { ...body, settings, atMs: clock.utcMs() }, pins);
    log(`link: settings ${body.outcome}`, {
      machine: id,
      ...(body.message === '' ? {} : { why: body.message }),
    });
    const same = before?.outcome === body.outcome && before.message === body.message;
    // New pins alone are no news of the machine, nor is that a new box has what its machine had.
    if (same && JSON.stringify(before?.settings) === JSON.stringify(settings)) return;
    if (body.outcome === 'refused')
      this.#journal(id, [this.#entry('settings-refused', { why: body.message })]);
    else if (before !== null) this.#journal(id, [this.#entry('settings-applied', {})]);
  }

  async #rotate(body: Rotate): Promise<ServerEvent> {
    const { store, live, log } = this.#options;
    const enrolled = await enrolledMachine(store, body);
    if (!enrolled.ok) return enrolled.event;
    const { machine, publicKey } = enrolled;
    const { newKey } = body;
    if (!isPublicKey(newKey)) return refusal('bad-proof', 'the new key is not whole', null);
    const message = rotationMessage(this.#socket.exporter(), machine.id, newKey);
    if (!this.#options.isSigned(message, body.newProof, newKey)) {
      return refusal('bad-proof', 'the new key is not held by who sends it', null);
    }
    // An answer that was lost is asked for again.
    if (publicKey === newKey) return { type: 'rotated', body: { machine: machine.id } };
    if (!this.#options.isSigned(message, body.proof, publicKey)) {
      return refusal('bad-proof', `the key is not the one machine ${machine.id} enrolled with`, null);
    }
    if (!(await store.replacePublicKey(machine.id, publicKey, newKey))) {
      return refusal('busy', 'the key was replaced a moment ago', 1000);
    }
    // Who still speaks by the old key must prove to hold the new one.
    live.close(machine.id, 'revoked');
    log('link: key rotated', { machine: machine.id });
    this.#journal(machine.id, [this.#entry('key-rotated', {})]);
    return { type: 'rotated', body: { machine: machine.id } };
  }

  async #enrol(body: Enrol): Promise<ServerEvent> {
    const { store, clock, pins, log } = this.#options;
    if (body.protocol !== PROTOCOL_VERSION) return unsupported(body.protocol);
    if (!isPublicKey(body.publicKey)) return refusal('bad-code', 'the public key is not whole', null);
    const machine = await store.takeEnrolmentCode(codeSha256(body.code), clock.utcMs());
    if (machine === null) {
      const message = 'the code is wrong, already used or older than a day: ask for a new one';
      return refusal('bad-code', message, null);
    }
    await store.setPublicKey(machine, body.publicKey, pins);
    this.#options.live.close(machine, 'revoked');
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
    const { store, clock, intake } = this.#options;
    const taken = intake.take(bytes);
    // Frames before it may still be on their way to the store; blocks themselves share commits.
    this.#order = this.#order.then(() => {
      const machine = this.#machine;
      if (machine === null) {
        taken();
        return;
      }
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
        .finally(taken)
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
    if (result.alarmed) live.alarmed(machine);
    const { schema, rows, spans, fromMs, toMs, undated } = result;
    const [first, last] = [undated[0], undated.at(-1)];
    if (first !== undefined && last !== undefined) {
      this.#journal(machine, [
        this.#entry('boots-undated', {
          boot: first.bootNumber,
          lastBoot: last.bootNumber,
          rows: undated.reduce((sum, boot) => sum + boot.rows, 0),
          afterMs: first.afterMs,
          beforeMs: first.beforeMs,
        }),
      ]);
    }
    this.#inOrder(async () => {
      const kept = await store.conditions(machine);
      const before = kept === null ? noConditions : (JSON.parse(kept) as Conditions);
      const { channels } = (await store.machine(machine))?.settings ?? { channels: {} };
      const { conditions, entries } = observe(before, overridden(schema, channels), rows, spans);
      const json = conditions === before && kept !== null ? kept : JSON.stringify(conditions);
      // What changed and changed back within a block leaves the conditions as they were, and is told all the same.
      if (entries.length > 0 || json !== kept) await store.addChanges(machine, entries, json);
      for (const entry of entries) live.journal(machine, entry);
      // What it bounds has changed on the chart too.
      if (fromMs !== null && toMs !== null) live.stored(machine, first ? (first.afterMs ?? 0) : fromMs, toMs);
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
    if (reason === 'thinned' || reason === 'spool-full') this.#options.live.alarmed(machine);
    if (reason !== 'thinned') {
      this.#journal(machine, [this.#entry('gap', { rows: nextSequence - firstSequence, reason })]);
    } else if (!this.#toldThinned) {
      this.#toldThinned = true;
      this.#journal(machine, [this.#entry('gap', { reason })]);
    }
  }

  async #anchor(machine: string, spool: string, anchor: Extract<Frame, { type: 'ANCHOR' }>): Promise<void> {
    const { store, clock, live, log } = this.#options;
    if (anchor.utcMs > clock.utcMs() + MOST_AHEAD_MS) {
      log('link: an anchor lies in the future and is ignored', { machine, utcMs: anchor.utcMs });
      return;
    }
    const { bootNumber, monotonicMs, utcMs, errorMs } = anchor;
    const dated = (await store.date(machine, spool, bootNumber, 0)) !== null;
    await store.putAnchor({ machine, spool, bootNumber, monotonicMs, utcMs, errorMs });
    const bootMs = dated ? null : await store.date(machine, spool, bootNumber, 0);
    // The first boot of a spool is the box put into service: its first connection says so.
    if (bootMs !== null && (await store.nextSequence(machine, spool)) > 0) {
      this.#journal(machine, [{ ...this.#entry('edge-boot', { boot: bootNumber }), atMs: bootMs }]);
    }
    live.stored(machine, 0, utcMs);
  }

  async #showLive(machine: string, spool: string, row: Extract<Frame, { type: 'LIVE' }>): Promise<void> {
    const { store, live } = this.#options;
    const hash = (await store.machine(machine))?.schemaHash ?? null;
    const schema = hash === null ? null : await store.schema(hash);
    const atMs = await store.date(machine, spool, row.bootNumber, row.monotonicMs);
    if (schema === null || atMs === null) return;
    const decoded = decodeBlock(row.block, codecSchema(schema));
    if (!decoded.ok || decoded.value.rowCount !== 1) return;
    const values = decoded.value.columns.map((column) => sampleAt(column, 0));
    live.row(machine, { atMs, values });
  }
}

function refusal(reason: Refused['reason'], message: string, retryAfterMs: number | null): ServerEvent {
  return { type: 'refuse', refused: { reason, message, retryAfterMs } };
}

/** The machine that a first frame names, if its protocol is spoken here and it holds a credential. */
async function enrolledMachine(
  store: Store,
  first: { readonly protocol: number; readonly machine: string },
): Promise<
  | { readonly ok: true; readonly machine: MachineRecord; readonly publicKey: string }
  | { readonly ok: false; readonly event: ServerEvent }
> {
  const no = (reason: Refused['reason'], message: string, retryAfterMs: number) =>
    ({ ok: false, event: refusal(reason, message, retryAfterMs) }) as const;
  if (first.protocol !== PROTOCOL_VERSION) return { ok: false, event: unsupported(first.protocol) };
  const machine = await store.machine(first.machine);
  if (machine?.retired) return no('revoked', `machine ${first.machine} was retired`, 600_000);
  if (machine?.revoked) {
    const message = `the credential of machine ${first.machine} was taken away: enrol this edge again with a new code`;
    return no('revoked', message, 600_000);
  }
  if (machine === null || machine.publicKey === null) {
    return no('unknown-machine', `no machine ${first.machine} is enrolled here`, 60_000);
  }
  return { ok: true, machine, publicKey: machine.publicKey };
}

function unsupported(protocol: number): ServerEvent {
  const message = `this server speaks protocol ${PROTOCOL_VERSION}, not ${protocol}: update the older side`;
  return refusal('unsupported-protocol', message, 600_000);
}

/** What an edge is told: its hash is that of the rest. */
function settingsBodyOf(settings: MachineSettings, pins: readonly string[]): SettingsBody {
  const json = JSON.stringify([settings, pins]);
  return {
    hash: createHash('sha256').update(json).digest('hex').slice(0, 16),
    settings: { ...settings },
    pins: [...pins],
  };
}

function isPublicKey(base64: string): boolean {
  return Buffer.from(base64, 'base64').length === 32;
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
