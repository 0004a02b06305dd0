// The edge's side of a connection, from HELLO to its end: (state, event, now) → (state, effects). Pure.
// Invariants: blocks go in order from the server's high-water mark, none skipped but by a declared GAP; only the
// server's mark says what is stored; every question has a deadline; what the server may not say ends the session.
// A block asks for its acknowledgement only when that is worth the bytes (`isWorthAsking`): the server commits it at
// once either way, and the answer to a later one covers it. Nothing waits in flight without an answer being due or,
// after PING_AFTER_MS of silence, being asked for.
// What a data budget does not allow yet waits in the spool; nothing that keeps the session alive waits for it.
// Not here: sockets, keys, the spool's disk, back-off between connections (edge/uplink), and anchors' choice (edge/clock).
import type {
  Frame,
  GapReason,
  Hello,
  Refused,
  Report,
  RowInstant,
  SettingsBody,
  Settled,
  Welcome,
} from './frames.ts';

/** Silence after which the edge asks whether the server is still there, and how far it has come. */
export const PING_AFTER_MS = 240_000;
/** With blocks in flight the PING waits a little longer: the next one, a breath late, asks by itself. */
const PING_GRACE_MS = 10_000;
/** A block sent so long after the last word of the server asks: with one a minute, that spares every PING. */
const ASK_AFTER_MS = 200_000;
/** Blocks in flight, the new one included, of which the newest asks: a minute's blocks do every four minutes. */
const ASK_EVERY = 4;
/** Time the server has to answer, plus what its question takes on the slowest link that is still of use. */
export const ANSWER_MS = 15_000;
/** 8 kbit/s. */
const SLOWEST_MS_PER_BYTE = 1;
/** Bytes in flight: few at first, since on a slow link they delay the live row behind them. */
const WINDOW_BYTES = { least: 4_096, start: 16_384, most: 524_288 } as const;
const WINDOW_FRAMES = 64;
/** Of frames around blocks and of GAP, at most: what counts is how long they take. */
const BLOCK_HEAD_BYTES = 23;
const GAP_BYTES = 18;
/** What a message and its answer cost around what they say (docs/data-plan.md). */
export const MESSAGE_BYTES = 200;
/** An acknowledgement faster than this widens the window, slower than four times this narrows it. */
const BRISK_MS = 1_000;

/** What the spool holds at a sequence. `nextSequence` is that of the row after its last. */
export type SpoolEntry =
  | {
      readonly kind: 'block';
      readonly firstSequence: number;
      readonly nextSequence: number;
      readonly bootNumber: number;
      readonly monotonicStartMs: number;
      readonly schemaHash: string;
      /** Without which the block cannot be decoded; `null`: none. */
      readonly priorHash: string | null;
      readonly block: Uint8Array;
    }
  | {
      readonly kind: 'gap';
      readonly firstSequence: number;
      readonly nextSequence: number;
      readonly reason: GapReason;
    };

export interface EdgeAnchor {
  readonly bootNumber: number;
  readonly monotonicMs: number;
  readonly utcMs: number;
  readonly errorMs: number;
}

/** What the data plan and the kind of link allow. */
export interface Terms {
  /** Blocks and live rows wait when so much is sent; Infinity: no bound. */
  readonly bytes: number;
  /** `false`: no live rows, but those that are asked for. */
  readonly live: boolean;
}
export const noTerms: Terms = { bytes: Number.POSITIVE_INFINITY, live: true };

export type EdgeEvent =
  /** `eager`: every block asks for its acknowledgement, since rows come as fast as they are acknowledged. */
  | { readonly type: 'opened'; readonly hello: Hello; readonly eager: boolean; readonly terms: Terms }
  | { readonly type: 'frame'; readonly frame: Frame }
  /** Bytes that are no frame. */
  | { readonly type: 'garbage'; readonly message: string }
  /** Answer to `compare`. */
  | { readonly type: 'compared'; readonly same: boolean }
  /** Answer to `read`; `null`: nothing there yet. */
  | { readonly type: 'entry'; readonly entry: SpoolEntry | null }
  /** Other terms hold from now on. */
  | { readonly type: 'terms'; readonly terms: Terms }
  /** What the edge says of itself. */
  | { readonly type: 'report'; readonly body: Report }
  /** The spool holds more than when it last answered `null`; `urgent`: its arrival is to be known at once. */
  | { readonly type: 'stored'; readonly urgent: boolean }
  | { readonly type: 'anchor'; readonly anchor: EdgeAnchor }
  /** Answer to `settings`. */
  | { readonly type: 'settled'; readonly body: Settled }
  /** A row was just acquired, or `asked` for by `live-wanted`. */
  | {
      readonly type: 'row';
      readonly bootNumber: number;
      readonly monotonicMs: number;
      readonly block: Uint8Array;
      readonly asked: boolean;
    }
  | { readonly type: 'tick' };

export type CloseReason =
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'no-answer'; readonly to: 'HELLO' | 'BLOCK' | 'PING' }
  /** The server holds rows that this spool never gave: it is an older copy of itself, or a disk forgot what it had. */
  | { readonly kind: 'spool-behind'; readonly serverNextSequence: number }
  | { readonly kind: 'violation'; readonly message: string };

export type EdgeEffect =
  | { readonly type: 'send'; readonly frame: Frame }
  | { readonly type: 'send-schema'; readonly hash: string }
  | { readonly type: 'send-prior'; readonly hash: string }
  /** Answer with `compared`: whether this is the row of that sequence, or no longer held. */
  | { readonly type: 'compare'; readonly sequence: number; readonly row: RowInstant }
  /** Answer with an `entry` event: the entry that covers `sequence`, else the first one after it. */
  | { readonly type: 'read'; readonly sequence: number }
  /** Answer with a `row` event if there is a row of this boot. */
  | { readonly type: 'live-wanted' }
  | { readonly type: 'welcomed' }
  /** Answer with a `settled` event. */
  | { readonly type: 'settings'; readonly body: SettingsBody }
  /** The server's mark; goes back only when a session begins. */
  | { readonly type: 'acknowledged'; readonly nextSequence: number }
  /** A question and its answer, both instants of the edge's clock, with the server's UTC in between. */
  | {
      readonly type: 'exchange';
      readonly sentMs: number;
      readonly answeredMs: number;
      readonly utcMs: number;
    }
  | { readonly type: 'close'; readonly reason: CloseReason };

interface InFlight {
  readonly nextSequence: number;
  readonly bytes: number;
  readonly sentMs: number;
  /** `itself`: the frame asked for its acknowledgement; `later`: a PING did; `no`: an answer may take long. */
  readonly asked: 'itself' | 'later' | 'no';
}

interface Open {
  readonly phase: 'open';
  readonly eager: boolean;
  readonly terms: Terms;
  /** The link is too slow for live rows beside blocks: an answer took long, and no later one was quick. */
  readonly slow: boolean;
  /** The next block is to ask for its acknowledgement. */
  readonly urgent: boolean;
  /** What the spool had committed when the session began: the server cannot be ahead of it. */
  readonly spoolNextSequence: number;
  /** The server's high-water mark. */
  readonly mark: number;
  /** First sequence not sent in this session. */
  readonly sendNext: number;
  readonly inFlight: readonly InFlight[];
  readonly windowBytes: number;
  /** Since when an answer that was asked for has been awaited without progress. */
  readonly progressMs: number;
  /** A `read` awaits its answer, or was answered by `null`. */
  readonly reading: boolean;
  readonly drained: boolean;
  /** Those the server has, or was sent in this session. */
  readonly schemas: readonly string[];
  readonly priors: readonly string[];
  readonly watchUntilMs: number;
  readonly watchIntervalMs: number;
  readonly lastLiveMs: number;
  readonly lastHeardMs: number;
  readonly pingSentMs: number | null;
  readonly nonce: number;
  /** An anchor that leaves with the next block, so that it costs no packet; the first of a session does not wait. */
  readonly heldAnchor: EdgeAnchor | null;
  readonly anchored: boolean;
}

export type EdgeSession =
  | { readonly phase: 'new' }
  | {
      readonly phase: 'greeting';
      readonly hello: Hello;
      readonly eager: boolean;
      readonly terms: Terms;
      readonly sentMs: number;
      /** Came, and is being compared with the spool. */
      readonly welcome: Welcome | null;
    }
  | Open
  | { readonly phase: 'closed'; readonly reason: CloseReason };

export interface EdgeStep {
  readonly state: EdgeSession;
  readonly effects: readonly EdgeEffect[];
}

export const newEdgeSession: EdgeSession = { phase: 'new' };

/** @param nowMs monotonic. */
export function stepEdge(state: EdgeSession, event: EdgeEvent, nowMs: number): EdgeStep {
  switch (state.phase) {
    case 'new':
      if (event.type !== 'opened') return stay(state);
      return {
        state: {
          phase: 'greeting',
          hello: event.hello,
          eager: event.eager,
          terms: event.terms,
          sentMs: nowMs,
          welcome: null,
        },
        effects: [{ type: 'send', frame: { type: 'HELLO', body: event.hello } }],
      };
    case 'greeting':
      return greeting(state, event, nowMs);
    case 'open':
      return open(state, event, nowMs);
    case 'closed':
      return stay(state);
  }
}

/** When a `tick` is due at the latest; `null`: never. */
export function edgeWakeMs(state: EdgeSession): number | null {
  switch (state.phase) {
    case 'new':
    case 'closed':
      return null;
    case 'greeting':
      return state.sentMs + ANSWER_MS;
    case 'open': {
      const ackMs = ackDueMs(state);
      if (state.pingSentMs !== null) return Math.min(pongDueMs(state, state.pingSentMs), ackMs ?? Infinity);
      return ackMs ?? pingDueMs(state);
    }
  }
}

/** Whether live rows are wanted now, so that nobody encodes them for nothing. */
export function isWatched(state: EdgeSession, nowMs: number): boolean {
  if (state.phase !== 'open' || state.slow || !state.terms.live || state.terms.bytes <= 0) return false;
  return nowMs < state.watchUntilMs;
}

function stay(state: EdgeSession): EdgeStep {
  return { state, effects: [] };
}

function close(reason: CloseReason): EdgeStep {
  return { state: { phase: 'closed', reason }, effects: [{ type: 'close', reason }] };
}

function violation(message: string): EdgeStep {
  return close({ kind: 'violation', message });
}

function greeting(state: EdgeSession & { phase: 'greeting' }, event: EdgeEvent, nowMs: number): EdgeStep {
  if (event.type === 'garbage') return violation(event.message);
  if (event.type === 'terms') return stay({ ...state, terms: event.terms });
  if (event.type === 'tick') {
    return nowMs < state.sentMs + ANSWER_MS ? stay(state) : close({ kind: 'no-answer', to: 'HELLO' });
  }
  if (event.type === 'compared' && state.welcome !== null) {
    const { nextSequence } = state.welcome;
    if (!event.same) return close({ kind: 'spool-behind', serverNextSequence: nextSequence });
    return welcomed(state, state.welcome, nowMs);
  }
  if (event.type !== 'frame') return stay(state);
  if (event.frame.type === 'REFUSED') return close({ kind: 'refused', refused: event.frame.body });
  if (event.frame.type !== 'WELCOME') return violation(`${event.frame.type} before WELCOME`);
  if (state.welcome !== null) return violation('WELCOME a second time');
  const welcome = event.frame.body;
  const mark = welcome.nextSequence;
  if (mark > state.hello.nextSequence) return close({ kind: 'spool-behind', serverNextSequence: mark });
  if (welcome.lastRow === null) return welcomed(state, welcome, nowMs);
  return {
    state: { ...state, welcome },
    effects: [{ type: 'compare', sequence: mark - 1, row: welcome.lastRow }],
  };
}

function welcomed(
  { hello, eager, terms, sentMs }: Extract<EdgeSession, { phase: 'greeting' }>,
  welcome: Welcome,
  nowMs: number,
): EdgeStep {
  const mark = welcome.nextSequence;
  const opened: Open = {
    phase: 'open',
    eager,
    terms,
    slow: false,
    urgent: false,
    spoolNextSequence: hello.nextSequence,
    mark,
    sendNext: mark,
    inFlight: [],
    windowBytes: WINDOW_BYTES.start,
    progressMs: nowMs,
    reading: false,
    drained: false,
    schemas: [hello.schema],
    priors: hello.prior === null ? [] : [hello.prior],
    watchUntilMs: nowMs,
    watchIntervalMs: 0,
    lastLiveMs: Number.NEGATIVE_INFINITY,
    lastHeardMs: nowMs,
    pingSentMs: null,
    nonce: 0,
    heldAnchor: null,
    anchored: false,
  };
  // The mark first: a server that was restored may know less than it did, and how much is to be sent follows from it.
  const effects: EdgeEffect[] = [{ type: 'acknowledged', nextSequence: mark }, { type: 'welcomed' }];
  if (welcome.schemaWanted) effects.push({ type: 'send-schema', hash: hello.schema });
  if (welcome.priorWanted && hello.prior !== null) effects.push({ type: 'send-prior', hash: hello.prior });
  effects.push({ type: 'exchange', sentMs, answeredMs: nowMs, utcMs: welcome.utcMs });
  // The present goes before the backlog, so that the page is right at once after an outage.
  effects.push({ type: 'live-wanted' });
  const lost =
    mark < hello.oldestSequence ? sendGap(opened, hello.oldestSequence, 'spool-lost', nowMs) : stay(opened);
  return pump(lost.state, [...effects, ...lost.effects]);
}

function open(state: Open, event: EdgeEvent, nowMs: number): EdgeStep {
  switch (event.type) {
    case 'opened':
      throw new Error('a session opens once');
    case 'garbage':
      return violation(event.message);
    case 'frame':
      return heard({ ...state, lastHeardMs: nowMs, pingSentMs: null }, event.frame, nowMs);
    case 'compared':
      return stay(state);
    case 'entry':
      return entry({ ...state, reading: false }, event.entry, nowMs);
    case 'terms':
      return pump({ ...state, terms: event.terms }, []);
    case 'report':
      return { state, effects: [{ type: 'send', frame: { type: 'REPORT', body: event.body } }] };
    case 'stored': {
      const next: Open = { ...state, drained: false, urgent: state.urgent || event.urgent };
      // What may not leave yet is told by the newest row: an alarm waits for no budget.
      if (event.urgent && state.terms.bytes <= 0) return { state: next, effects: [{ type: 'live-wanted' }] };
      return pump(next, []);
    }
    case 'anchor':
      if (state.anchored) return stay({ ...state, heldAnchor: event.anchor });
      return {
        state: { ...state, anchored: true },
        effects: [{ type: 'send', frame: { type: 'ANCHOR', ...event.anchor } }],
      };
    case 'settled':
      return { state, effects: [{ type: 'send', frame: { type: 'SETTLED', body: event.body } }] };
    case 'row': {
      // A tenth early is on time: rows come on a grid, and timers tremble.
      const due = isWatched(state, nowMs) && nowMs - state.lastLiveMs >= state.watchIntervalMs * 0.9;
      if (!due && !event.asked) return stay(state);
      const { bootNumber, monotonicMs, block } = event;
      return {
        state: { ...state, lastLiveMs: nowMs, terms: spent(state.terms, block.length + MESSAGE_BYTES) },
        effects: [{ type: 'send', frame: { type: 'LIVE', bootNumber, monotonicMs, block } }],
      };
    }
    case 'tick':
      return tick(state, nowMs);
  }
}

function heard(state: Open, frame: Frame, nowMs: number): EdgeStep {
  switch (frame.type) {
    case 'ACK':
      return acknowledged(state, frame.nextSequence, frame.utcMs, nowMs);
    case 'WATCH': {
      const watching = isWatched(state, nowMs);
      const next: Open = {
        ...state,
        watchUntilMs: nowMs + frame.durationMs,
        watchIntervalMs: frame.intervalMs,
      };
      return { state: next, effects: watching ? [] : [{ type: 'live-wanted' }] };
    }
    case 'PING':
      return { state, effects: [{ type: 'send', frame: { type: 'PONG', nonce: frame.nonce } }] };
    case 'PONG':
      return stay(state);
    case 'SETTINGS':
      return { state, effects: [{ type: 'settings', body: frame.body }] };
    case 'REFUSED':
      return close({ kind: 'refused', refused: frame.body });
    case 'WELCOME':
    case 'HELLO':
    case 'ENROL':
    case 'ENROLLED':
    case 'ROTATE':
    case 'ROTATED':
    case 'SETTLED':
    case 'REPORT':
    case 'SCHEMA':
    case 'PRIOR':
    case 'BLOCK':
    case 'GAP':
    case 'LIVE':
    case 'ANCHOR':
      return violation(`${frame.type} is not for the server to send now`);
  }
}

function acknowledged(state: Open, mark: number, utcMs: number, nowMs: number): EdgeStep {
  // Blocks of the connection before may be committed only now, so the mark may pass what this one has sent.
  if (mark > Math.max(state.sendNext, state.spoolNextSequence)) {
    return violation(`ACK of ${mark}, ${state.sendNext} were sent`);
  }
  if (mark <= state.mark) return stay(state);
  const answered = state.inFlight.filter((sent) => sent.nextSequence <= mark);
  const last = answered.at(-1);
  const effects: EdgeEffect[] = [{ type: 'acknowledged', nextSequence: mark }];
  let { windowBytes, slow } = state;
  if (last !== undefined) {
    const tookMs = nowMs - last.sentMs;
    if (last.asked === 'itself') {
      slow = tookMs > 4 * BRISK_MS || (slow && tookMs >= BRISK_MS);
      if (tookMs < BRISK_MS) windowBytes = Math.min(WINDOW_BYTES.most, windowBytes * 2);
      else if (tookMs > 4 * BRISK_MS) windowBytes = Math.max(WINDOW_BYTES.least, windowBytes / 2);
      // Only the answer to this very question lies between its sending and now.
      if (last.nextSequence === mark)
        effects.push({ type: 'exchange', sentMs: last.sentMs, answeredMs: nowMs, utcMs });
    }
  }
  const next: Open = {
    ...state,
    mark,
    sendNext: Math.max(state.sendNext, mark),
    inFlight: state.inFlight.filter((sent) => sent.nextSequence > mark),
    windowBytes,
    slow,
    progressMs: nowMs,
  };
  return pump(next, effects);
}

function entry(state: Open, found: SpoolEntry | null, nowMs: number): EdgeStep {
  if (found === null) return stay({ ...state, drained: true });
  // The mark moved past it while it was read.
  if (found.nextSequence <= state.sendNext) return pump(state, []);
  if (found.firstSequence > state.sendNext) {
    const hole = sendGap(state, found.firstSequence, 'spool-lost', nowMs);
    return pump(hole.state, hole.effects);
  }
  if (found.kind === 'gap') {
    const gap = sendGap(state, found.nextSequence, found.reason, nowMs);
    return pump(gap.state, gap.effects);
  }
  const effects: EdgeEffect[] = [];
  let { schemas, priors } = state;
  if (!schemas.includes(found.schemaHash)) {
    schemas = [...schemas, found.schemaHash];
    effects.push({ type: 'send-schema', hash: found.schemaHash });
  }
  if (found.priorHash !== null && !priors.includes(found.priorHash)) {
    priors = [...priors, found.priorHash];
    effects.push({ type: 'send-prior', hash: found.priorHash });
  }
  if (state.heldAnchor !== null) {
    effects.push({ type: 'send', frame: { type: 'ANCHOR', ...state.heldAnchor } });
  }
  const bytes = BLOCK_HEAD_BYTES + found.block.length;
  const acknowledge = isWorthAsking(state, found.nextSequence, bytes, nowMs);
  effects.push({
    type: 'send',
    frame: {
      type: 'BLOCK',
      acknowledge,
      firstSequence: found.firstSequence,
      bootNumber: found.bootNumber,
      monotonicStartMs: found.monotonicStartMs,
      rowCount: found.nextSequence - found.firstSequence,
      block: found.block,
    },
  });
  const next = sent(state, { nextSequence: found.nextSequence, bytes, acknowledge }, nowMs);
  return pump({ ...next, schemas, priors, heldAnchor: null }, effects);
}

/** Whether a block about to be sent asks for its acknowledgement. */
function isWorthAsking(state: Open, nextSequence: number, bytes: number, nowMs: number): boolean {
  if (state.eager || state.urgent || isWatched(state, nowMs)) return true;
  if (nowMs - state.lastHeardMs >= ASK_AFTER_MS) return true;
  // Nothing will be sent after it for a while.
  if (state.terms.bytes <= bytes + MESSAGE_BYTES) return true;
  // The last of what waited for this connection.
  if (state.sendNext < state.spoolNextSequence && nextSequence >= state.spoolNextSequence) return true;
  const lastAsked = state.inFlight.findLastIndex(({ asked }) => asked !== 'no');
  if (state.inFlight.length - lastAsked >= ASK_EVERY) return true;
  // Nothing could be sent after it until something is acknowledged.
  return isFull(state, state.inFlight.length + 1, bytesInFlight(state) + bytes);
}

/** Declares that the rows from `sendNext` to `nextSequence` will never come. */
function sendGap(
  state: Open,
  nextSequence: number,
  reason: GapReason,
  nowMs: number,
): { state: Open; effects: EdgeEffect[] } {
  const frame: Frame = { type: 'GAP', firstSequence: state.sendNext, nextSequence, reason };
  // The server always acknowledges it.
  const next = sent(state, { nextSequence, bytes: GAP_BYTES, acknowledge: true }, nowMs);
  return { state: next, effects: [{ type: 'send', frame }] };
}

function sent(
  state: Open,
  { nextSequence, bytes, acknowledge }: { nextSequence: number; bytes: number; acknowledge: boolean },
  nowMs: number,
): Open {
  const asked = acknowledge ? 'itself' : 'no';
  return {
    ...state,
    sendNext: nextSequence,
    terms: spent(state.terms, bytes + (acknowledge ? MESSAGE_BYTES : 0)),
    inFlight: [...state.inFlight, { nextSequence, bytes, sentMs: nowMs, asked }],
    urgent: state.urgent && !acknowledge,
    progressMs: acknowledge && !isAnswerDue(state) ? nowMs : state.progressMs,
  };
}

function spent(terms: Terms, bytes: number): Terms {
  return { ...terms, bytes: terms.bytes - bytes };
}

/** Asks for the next entry while there is room, and bytes to spend; a block larger than the window goes alone. */
function pump(state: EdgeSession, effects: readonly EdgeEffect[]): EdgeStep {
  if (state.phase !== 'open' || state.reading || state.drained) return { state, effects };
  if (state.terms.bytes <= 0) return { state, effects };
  if (isFull(state, state.inFlight.length, bytesInFlight(state))) return { state, effects };
  return {
    state: { ...state, reading: true },
    effects: [...effects, { type: 'read', sequence: state.sendNext }],
  };
}

function isFull(state: Open, frames: number, bytes: number): boolean {
  return frames >= WINDOW_FRAMES || bytes >= state.windowBytes;
}

function tick(state: Open, nowMs: number): EdgeStep {
  const ackMs = ackDueMs(state);
  if (ackMs !== null && nowMs >= ackMs) return close({ kind: 'no-answer', to: 'BLOCK' });
  if (state.pingSentMs !== null) {
    return nowMs >= pongDueMs(state, state.pingSentMs)
      ? close({ kind: 'no-answer', to: 'PING' })
      : stay(state);
  }
  // A block that asks is a question as good as PING.
  if (ackMs !== null || nowMs < pingDueMs(state)) return stay(state);
  return {
    state: {
      ...state,
      pingSentMs: nowMs,
      nonce: (state.nonce + 1) % 2 ** 32,
      // It is answered by an ACK of all that came before it, too.
      inFlight: state.inFlight.map((one) => ({ ...one, asked: 'later' })),
      progressMs: nowMs,
    },
    effects: [{ type: 'send', frame: { type: 'PING', nonce: state.nonce } }],
  };
}

function bytesInFlight(state: Open): number {
  return state.inFlight.reduce((sum, { bytes }) => sum + bytes, 0);
}
function isAnswerDue(state: Open): boolean {
  return state.inFlight.some(({ asked }) => asked !== 'no');
}
/**
 * Until when the first answer that was asked for must have come; `null`: none is due. The frames up to the one that
 * asked must pass first; what was sent after it must not put its deadline off.
 */
function ackDueMs(state: Open): number | null {
  const first = state.inFlight.findIndex(({ asked }) => asked !== 'no');
  if (first < 0) return null;
  const bytes = state.inFlight.slice(0, first + 1).reduce((sum, one) => sum + one.bytes, 0);
  return state.progressMs + ANSWER_MS + bytes * SLOWEST_MS_PER_BYTE;
}
function pingDueMs(state: Open): number {
  // All is sent and nothing of it asked, yet that it arrived is to be known at once.
  if (state.urgent && state.drained && state.inFlight.length > 0) return state.lastHeardMs;
  return state.lastHeardMs + PING_AFTER_MS + (state.inFlight.length > 0 ? PING_GRACE_MS : 0);
}
function pongDueMs(state: Open, pingSentMs: number): number {
  return pingSentMs + ANSWER_MS + bytesInFlight(state) * SLOWEST_MS_PER_BYTE;
}
