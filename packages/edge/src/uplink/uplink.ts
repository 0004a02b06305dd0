// Keeps one connection to the server and drives the link session with the spool: blocks in order, acknowledgements,
// live rows while somebody watches. Reconnects with full jitter, capped at a minute.
// Not here: the rules of the session (protocol/edge-session.ts), sockets (connection.ts), acquisition.
import {
  type Clock,
  type CloseReason,
  type EdgeEffect,
  type EdgeEvent,
  type EdgeSession,
  edgeWakeMs,
  isWatched,
  newEdgeSession,
  noTerms,
  PROTOCOL_VERSION,
  proofMessage,
  type Randomness,
  type Report,
  type SettingsBody,
  type Settled,
  stepEdge,
  type Terms,
  type Timer,
  Wake,
} from '@vigie/protocol';
import type { BootAxis, SampledRow } from '../acquire/source.ts';
import { type Exchange, isWorthTelling, type Told } from '../clock/anchors.ts';
import type { EdgeHome } from '../enrolment/home.ts';
import type { Credential, Identity } from '../enrolment/identity.ts';
import type { Spool } from '../spool/spool.ts';
import type { Connection, Dial } from './connection.ts';

const BACK_OFF_MS = { base: 500, most: 60_000 } as const;
const CONNECT_DEADLINE_MS = 20_000;
/** A connection that stood so long, or moved the mark, was worth dialling for: the next back-off begins anew. */
const STOOD_MS = 60_000;

export interface UplinkOptions {
  readonly identity: Identity;
  readonly home: EdgeHome;
  readonly spool: Spool;
  readonly axis: BootAxis;
  readonly dial: Dial;
  /** Every block asks for its acknowledgement. */
  readonly eager: boolean;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Of the settings answered last; `null`: the server shall send them. */
  readonly settingsHash: () => string | null;
  readonly onSettings: (body: SettingsBody) => Settled;
  readonly onAcknowledged: () => void;
  /** So many bytes more were carried both ways. */
  readonly onCarried: (bytes: number) => void;
  /** A block leaves. */
  readonly onBlock: (rows: number, bytes: number) => void;
  /** The server's clock was read: for the first time in a connection before any block leaves. */
  readonly onExchange: () => void;
  readonly say: (message: string) => void;
}

export class Uplink {
  readonly #options: UplinkOptions;
  #session: EdgeSession = newEdgeSession;
  #connection: Connection | null = null;
  #attempt: { abort(): void } | null = null;
  #timer: Timer | null = null;
  readonly #wake: Wake;
  #failures = 0;
  #retryAfterMs = 0;
  #stopped = false;
  /** When the server welcomed this edge; `null`: not in this connection. */
  #welcomedMs: number | null = null;
  #newestRow: SampledRow | null = null;
  #told: Told = null;
  #problem: string | null = 'not connected yet';
  #acknowledgedMs: number | null = null;
  #pins: readonly string[];
  /** The key HELLO was signed with, and how many there were to choose from. */
  #key: { readonly credential: Credential; readonly among: number } | null = null;
  /** Keys the server did not take since it took one. */
  #keysRefused = 0;
  /** When the link came up or went down; of the next dial; both monotonic. */
  #sinceMs: number;
  #nextDialMs: number | null = null;
  #exchange: Exchange | null = null;
  #terms: Terms = noTerms;
  #resting = false;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#pins = options.identity.pins;
    this.#sinceMs = options.clock.monotonicMs();
    this.#wake = new Wake(options.clock, () => this.#feed({ type: 'tick' }));
  }

  start(): void {
    this.#dial();
  }

  /** `null`: the server has welcomed this edge and the connection stands. */
  get problem(): string | null {
    return this.#session.phase === 'open' ? null : this.#problem;
  }
  /** Monotonic instant since when the link is as it is: up, or down. */
  get sinceMs(): number {
    return this.#sinceMs;
  }
  /** Monotonic instant of the next attempt; `null`: connected, or trying now. */
  get nextDialMs(): number | null {
    return this.#nextDialMs;
  }
  /** The newest reading of the server's clock; `null` before the first. */
  get exchange(): Exchange | null {
    return this.#exchange;
  }
  /** Monotonic instant of the last acknowledgement; `null` before the first. */
  get acknowledgedMs(): number | null {
    return this.#acknowledgedMs;
  }

  /** What may be sent from now on. */
  setTerms(terms: Terms): void {
    this.#terms = terms;
    this.#feed({ type: 'terms', terms });
  }

  report(body: Report): void {
    this.#feed({ type: 'report', body });
  }

  /** Whether the link is closed to spare data, until it is asked for again. */
  get isResting(): boolean {
    return this.#resting;
  }

  /** Nothing that was sent waits for its acknowledgement, and nothing is being dialled. */
  get isQuiet(): boolean {
    return this.#session.phase === 'open' ? this.#session.inFlight.length === 0 : this.#attempt === null;
  }

  rest(resting: boolean): void {
    if (resting === this.#resting) return;
    this.#resting = resting;
    if (!resting) {
      this.#dial();
      return;
    }
    this.#timer?.cancel();
    this.#nextDialMs = null;
    this.#problem = 'closed to spare data, until the budget allows more or an alarm comes';
    this.#connection?.close();
    this.#attempt?.abort();
  }

  /** Of the connection that stands, as far as it is known. */
  get localAddress(): string | null {
    return this.#session.phase === 'open' ? (this.#connection?.localAddress ?? null) : null;
  }

  /** The server is reached from another address now: the connection is made anew over that road, without waiting. */
  takeRoad(): void {
    this.#connection?.close('another road to the server is the better one now');
    this.hurry();
  }

  /** Does not wait for the next attempt. */
  hurry(): void {
    this.rest(false);
    if (this.#nextDialMs === null) return;
    this.#timer?.cancel();
    this.#dial();
  }

  /** The spool holds new blocks; `urgent`: that they arrive is to be known at once. */
  stored(urgent: boolean): void {
    this.#feed({ type: 'stored', urgent });
  }

  /** A row was acquired; sent at once while somebody watches. */
  row(row: SampledRow): void {
    this.#newestRow = row;
    if (isWatched(this.#session, this.#nowMs())) this.#sendRow(row, false);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#wake.cancel();
    this.#connection?.close();
    this.#attempt?.abort();
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #feed(event: EdgeEvent): void {
    const { state, effects } = stepEdge(this.#session, event, this.#nowMs());
    this.#session = state;
    for (const effect of effects) this.#carryOut(effect);
    if (!this.#stopped) this.#wake.by(edgeWakeMs(this.#session));
  }

  #carryOut(effect: EdgeEffect): void {
    const { spool, axis, identity, say } = this.#options;
    switch (effect.type) {
      case 'send':
        if (effect.frame.type === 'BLOCK')
          this.#options.onBlock(effect.frame.rowCount, effect.frame.block.length);
        this.#connection?.send(effect.frame);
        return;
      case 'send-schema': {
        const json = spool.schemaJson(effect.hash);
        if (json === null) return;
        this.#connection?.send({ type: 'SCHEMA', hash: effect.hash, bytes: new TextEncoder().encode(json) });
        return;
      }
      case 'send-prior': {
        const prior = spool.prior(effect.hash);
        if (prior === null) return;
        const { schemaHash, bytes } = prior;
        this.#connection?.send({ type: 'PRIOR', hash: effect.hash, schema: schemaHash, bytes });
        return;
      }
      case 'compare': {
        const held = spool.rowAt(effect.sequence);
        const { bootNumber, monotonicMs } = effect.row;
        const same = held === null || (held.bootNumber === bootNumber && held.monotonicMs === monotonicMs);
        this.#feed({ type: 'compared', same });
        return;
      }
      case 'read': {
        const found = spool.read(effect.sequence);
        // A disk that cannot be read now may be read later: the next `stored` asks again.
        this.#feed({ type: 'entry', entry: found.ok ? found.value : null });
        return;
      }
      case 'live-wanted':
        if (this.#newestRow !== null) this.#sendRow(this.#newestRow, true);
        return;
      case 'welcomed':
        this.#welcomedMs = this.#nowMs();
        this.#sinceMs = this.#welcomedMs;
        this.#keyTaken();
        this.#problem = null;
        this.#told = null;
        say(
          `connected to ${identity.host}:${identity.port}, ${spool.nextSequence - spool.acknowledged} rows to send`,
        );
        return;
      case 'settings':
        // Pins that cannot be kept are not learnt: without an answer the server tells them again.
        if (this.#keepPins(effect.body.pins))
          this.#feed({ type: 'settled', body: this.#options.onSettings(effect.body) });
        return;
      case 'acknowledged':
        if (effect.nextSequence > spool.acknowledged) this.#failures = 0;
        spool.acknowledge(effect.nextSequence);
        this.#acknowledgedMs = this.#nowMs();
        this.#options.onAcknowledged();
        return;
      case 'exchange': {
        this.#exchange = effect;
        this.#options.onExchange();
        if (!isWorthTelling(this.#told, effect)) return;
        const anchor = axis.anchor(effect);
        this.#told = { atMs: this.#nowMs(), errorMs: anchor.errorMs };
        this.#feed({ type: 'anchor', anchor: { bootNumber: spool.boot, ...anchor } });
        return;
      }
      case 'close':
        this.#problem = inWords(effect.reason);
        say(`link: ${this.#problem}`);
        if (effect.reason.kind === 'refused') {
          const { reason, retryAfterMs } = effect.reason.refused;
          if (reason === 'bad-proof') this.#keysRefused++;
          const another = reason === 'bad-proof' && this.#keysRefused < (this.#key?.among ?? 0);
          this.#retryAfterMs = another ? 0 : (retryAfterMs ?? 0);
        }
        if (effect.reason.kind === 'spool-behind') {
          const renewed = spool.renew();
          if (!renewed.ok) say(`spool: cannot go on under a new identity yet: ${renewed.message}`);
        }
        this.#connection?.close();
        return;
    }
  }

  #sendRow(row: SampledRow, asked: boolean): void {
    const { spool } = this.#options;
    const { monotonicMs } = row;
    this.#feed({ type: 'row', bootNumber: spool.boot, monotonicMs, block: spool.liveBlock(row), asked });
  }

  #dial(): void {
    if (this.#stopped) return;
    this.#nextDialMs = null;
    const { identity, clock } = this.#options;
    const deadline = clock.after(CONNECT_DEADLINE_MS, () => this.#attempt?.abort());
    this.#attempt = this.#options.dial(
      { host: identity.host, port: identity.port, accepts: (pin) => this.#pins.includes(pin) },
      {
        open: (connection) => {
          deadline.cancel();
          this.#connection = connection;
          this.#greet(connection);
        },
        frame: (frame) => this.#feed({ type: 'frame', frame }),
        garbage: (message) => this.#feed({ type: 'garbage', message }),
        carried: this.#options.onCarried,
        closed: (reason) => {
          deadline.cancel();
          this.#again(reason);
        },
      },
    );
  }

  #greet({ exporter, close }: Connection): void {
    const { identity, home, spool, axis } = this.#options;
    const keys = home.credentials();
    const credential = keys[this.#keysRefused % Math.max(1, keys.length)];
    if (credential === undefined) {
      close("the machine's key cannot be read: enrol this edge again");
      return;
    }
    this.#key = { credential, among: keys.length };
    const oldest = spool.oldestSequence();
    if (!oldest.ok) {
      close(`the spool cannot be read: ${oldest.message}`);
      return;
    }
    this.#feed({
      type: 'opened',
      eager: this.#options.eager,
      terms: this.#terms,
      hello: {
        protocol: PROTOCOL_VERSION,
        machine: identity.machine,
        proof: credential.sign(proofMessage(exporter, identity.machine)).toString('base64'),
        spool: spool.id,
        bootNumber: spool.boot,
        bootId: spool.bootId,
        monotonicMs: axis.nowMs(),
        schema: spool.schemaHash,
        prior: spool.priorHash,
        oldestSequence: oldest.value,
        nextSequence: spool.nextSequence,
        settings: this.#options.settingsHash(),
      },
    });
  }

  #keyTaken(): void {
    this.#keysRefused = 0;
    if (this.#key === null || this.#key.among === 1) return;
    const done = this.#options.home.proven(this.#key.credential);
    if (!done.ok) this.#options.say(`link: the machine's new key cannot take its place yet: ${done.message}`);
  }

  #keepPins(pins: readonly string[]): boolean {
    if (pins.join() === this.#pins.join()) return true;
    const kept = this.#options.home.keepPins(pins);
    if (!kept.ok) {
      this.#options.say(`link: the server's new pins cannot be kept: ${kept.message}`);
      return false;
    }
    this.#pins = pins;
    this.#options.say('link: the server has new keys, their pins are kept');
    return true;
  }

  #again(reason: string): void {
    const { clock, randomness, say } = this.#options;
    this.#attempt = null;
    this.#connection = null;
    if (this.#welcomedMs !== null && this.#nowMs() - this.#welcomedMs >= STOOD_MS) this.#failures = 0;
    if (this.#welcomedMs !== null) this.#sinceMs = this.#nowMs();
    this.#welcomedMs = null;
    const explained = this.#session.phase === 'closed';
    this.#session = newEdgeSession;
    if (this.#stopped || this.#resting) return;
    if (!explained) {
      // Said once for the first failure and then now and then, so that a month without link fills no disk.
      if (this.#failures === 0 || this.#failures % 10 === 9) say(`link: ${reason}`);
      this.#problem = reason;
    }
    const ceilingMs = Math.min(BACK_OFF_MS.most, BACK_OFF_MS.base * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 20);
    const waitMs = this.#retryAfterMs + randomness.uniform() * ceilingMs;
    this.#nextDialMs = this.#nowMs() + waitMs;
    this.#timer = clock.after(waitMs, () => this.#dial());
    this.#retryAfterMs = 0;
  }
}

function inWords(reason: CloseReason): string {
  switch (reason.kind) {
    case 'refused':
      return `the server refuses: ${reason.refused.message}`;
    case 'no-answer':
      return `the server did not answer ${reason.to}`;
    case 'spool-behind':
      return `the server holds other rows up to ${reason.serverNextSequence} than this spool ever had: it is an older copy and goes on under a new identity`;
    case 'violation':
      return `the server broke the protocol: ${reason.message}`;
  }
}
