// The server's side of a connection, from its first frame to its end: (state, event, now) → (state, effects). Pure.
// Invariants: nothing but HELLO, ENROL or ROTATE is heard before the machine has proved what it is; who it is comes from
// its proof alone; ACK follows a commit, never leads it, and leaves when it was asked for: by a BLOCK's mark, by every
// GAP and by PING; what waits for a commit is bounded (`pause` stops reading).
// Not here: sockets, signatures, the database (server/gateway).
import type {
  Enrol,
  Enrolled,
  Frame,
  GapReason,
  Hello,
  Refused,
  Report,
  Rotate,
  Rotated,
  SettingsBody,
  Settled,
  Welcome,
} from './frames.ts';

/** Time a connection has to say what it is. */
export const GREETING_MS = 15_000;
/** The edge pings after 240 s of silence; a minute more and it is gone. */
export const SILENCE_MS = 300_000;
/** Bytes received and not committed, beyond which the connection is not read. */
export const MOST_UNCOMMITTED_BYTES = 2 << 20;

export type ServerEvent =
  | { readonly type: 'frame'; readonly frame: Frame; readonly bytes: number }
  /** Bytes that are no frame. */
  | { readonly type: 'garbage'; readonly message: string }
  /** Answers to `authenticate`. */
  | { readonly type: 'authenticated'; readonly welcome: Welcome }
  | { readonly type: 'refuse'; readonly refused: Refused }
  /** Answer to `enrol`. */
  | { readonly type: 'enrolled'; readonly body: Enrolled }
  /** Answer to `rotate`. */
  | { readonly type: 'rotated'; readonly body: Rotated }
  /** The edge lacks these. */
  | { readonly type: 'settings'; readonly body: SettingsBody }
  /** An `append` or `append-gap` of `bytes` is durable. */
  | {
      readonly type: 'committed';
      readonly nextSequence: number;
      readonly bytes: number;
      readonly utcMs: number;
    }
  | { readonly type: 'watch'; readonly durationMs: number; readonly intervalMs: number }
  | { readonly type: 'tick' };

export type ServerEffect =
  | { readonly type: 'send'; readonly frame: Frame }
  /** Answer with `authenticated` or `refuse`. */
  | { readonly type: 'authenticate'; readonly hello: Hello }
  /** Answer with `enrolled` or `refuse`. */
  | { readonly type: 'enrol'; readonly body: Enrol }
  /** Answer with `rotated` or `refuse`. */
  | { readonly type: 'rotate'; readonly body: Rotate }
  /** What the edge made of its settings. */
  | { readonly type: 'settled'; readonly body: Settled }
  | { readonly type: 'report'; readonly body: Report }
  | { readonly type: 'schema'; readonly hash: string; readonly bytes: Uint8Array }
  | { readonly type: 'prior'; readonly hash: string; readonly schema: string; readonly bytes: Uint8Array }
  /** Answer with `committed`, or `refuse`. */
  | { readonly type: 'append'; readonly block: Extract<Frame, { type: 'BLOCK' }>; readonly bytes: number }
  | {
      readonly type: 'append-gap';
      readonly firstSequence: number;
      readonly nextSequence: number;
      readonly reason: GapReason;
      readonly bytes: number;
    }
  | { readonly type: 'anchor'; readonly anchor: Extract<Frame, { type: 'ANCHOR' }> }
  | { readonly type: 'live'; readonly row: Extract<Frame, { type: 'LIVE' }> }
  /** Stop reading the connection; read it again. */
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Close after what was sent has left. */
  | { readonly type: 'close'; readonly reason: string };

interface Open {
  readonly phase: 'open';
  readonly hello: Hello;
  /** High-water mark: what is durable, and what of it the edge was told. */
  readonly mark: number;
  readonly toldMark: number;
  /** The server's clock when the mark moved last. */
  readonly markUtcMs: number;
  /** Sequence after the last row received. */
  readonly received: number;
  /** The edge wants to know when everything before this is durable; at most `toldMark`: nothing to tell. */
  readonly askedUpTo: number;
  readonly uncommittedBytes: number;
  readonly paused: boolean;
  readonly heardMs: number;
}

export type ServerSession =
  | { readonly phase: 'new'; readonly sinceMs: number }
  | { readonly phase: 'proving'; readonly hello: Hello; readonly sinceMs: number }
  /** A key is being registered: by ENROL or by ROTATE. */
  | { readonly phase: 'registering'; readonly sinceMs: number }
  | Open
  | { readonly phase: 'closed' };

export interface ServerStep {
  readonly state: ServerSession;
  readonly effects: readonly ServerEffect[];
}

/** @param nowMs monotonic, like every `nowMs` here. */
export function newServerSession(nowMs: number): ServerSession {
  return { phase: 'new', sinceMs: nowMs };
}

export function stepServer(state: ServerSession, event: ServerEvent, nowMs: number): ServerStep {
  if (state.phase === 'closed') return { state, effects: [] };
  switch (event.type) {
    case 'garbage':
      return refuse({ reason: 'bad-frame', message: event.message, retryAfterMs: null });
    case 'refuse':
      return refuse(event.refused);
    case 'tick':
      return tick(state, nowMs);
    case 'frame':
      return heard(state, event.frame, event.bytes, nowMs);
    case 'authenticated':
      if (state.phase !== 'proving') return { state, effects: [] };
      return {
        state: {
          phase: 'open',
          hello: state.hello,
          mark: event.welcome.nextSequence,
          toldMark: event.welcome.nextSequence,
          markUtcMs: event.welcome.utcMs,
          received: event.welcome.nextSequence,
          askedUpTo: event.welcome.nextSequence,
          uncommittedBytes: 0,
          paused: false,
          heardMs: nowMs,
        },
        effects: [{ type: 'send', frame: { type: 'WELCOME', body: event.welcome } }],
      };
    case 'enrolled':
      return registered(state, { type: 'ENROLLED', body: event.body }, 'enrolled');
    case 'rotated':
      return registered(state, { type: 'ROTATED', body: event.body }, 'key rotated');
    case 'settings':
      if (state.phase !== 'open') return { state, effects: [] };
      return { state, effects: [{ type: 'send', frame: { type: 'SETTINGS', body: event.body } }] };
    case 'committed':
      return state.phase === 'open' ? committed(state, event, nowMs) : { state, effects: [] };
    case 'watch': {
      if (state.phase !== 'open') return { state, effects: [] };
      const { durationMs, intervalMs } = event;
      return { state, effects: [{ type: 'send', frame: { type: 'WATCH', durationMs, intervalMs } }] };
    }
  }
}

/** When a `tick` is due at the latest; `null`: never. */
export function serverWakeMs(state: ServerSession): number | null {
  switch (state.phase) {
    case 'new':
    case 'proving':
    case 'registering':
      return state.sinceMs + GREETING_MS;
    case 'open':
      return state.paused ? null : state.heardMs + SILENCE_MS;
    case 'closed':
      return null;
  }
}

function registered(state: ServerSession, frame: Frame, reason: string): ServerStep {
  if (state.phase !== 'registering') return { state, effects: [] };
  return {
    state: { phase: 'closed' },
    effects: [
      { type: 'send', frame },
      { type: 'close', reason },
    ],
  };
}

function refuse(refused: Refused): ServerStep {
  const message = refused.message.slice(0, 300);
  return {
    state: { phase: 'closed' },
    effects: [
      { type: 'send', frame: { type: 'REFUSED', body: { ...refused, message } } },
      { type: 'close', reason: `${refused.reason}: ${message}` },
    ],
  };
}

function outOfOrder(message: string): ServerStep {
  return refuse({ reason: 'out-of-order', message, retryAfterMs: null });
}

function tick(state: Exclude<ServerSession, { phase: 'closed' }>, nowMs: number): ServerStep {
  if (state.phase === 'open') {
    if (state.paused || nowMs - state.heardMs < SILENCE_MS) return { state, effects: [] };
    return { state: { phase: 'closed' }, effects: [{ type: 'close', reason: 'silent for too long' }] };
  }
  if (nowMs - state.sinceMs < GREETING_MS) return { state, effects: [] };
  return {
    state: { phase: 'closed' },
    effects: [{ type: 'close', reason: 'did not say what it is in time' }],
  };
}

function heard(
  state: Exclude<ServerSession, { phase: 'closed' }>,
  frame: Frame,
  bytes: number,
  nowMs: number,
): ServerStep {
  switch (state.phase) {
    case 'new':
      if (frame.type === 'HELLO') {
        return {
          state: { phase: 'proving', hello: frame.body, sinceMs: state.sinceMs },
          effects: [{ type: 'authenticate', hello: frame.body }],
        };
      }
      if (frame.type === 'ENROL') {
        return {
          state: { phase: 'registering', sinceMs: state.sinceMs },
          effects: [{ type: 'enrol', body: frame.body }],
        };
      }
      if (frame.type === 'ROTATE') {
        return {
          state: { phase: 'registering', sinceMs: state.sinceMs },
          effects: [{ type: 'rotate', body: frame.body }],
        };
      }
      return outOfOrder(`${frame.type} before HELLO`);
    case 'proving':
    case 'registering':
      return outOfOrder(`${frame.type} before the answer to the first frame`);
    case 'open':
      return heardOpen({ ...state, heardMs: nowMs }, frame, bytes);
  }
}

function heardOpen(state: Open, frame: Frame, bytes: number): ServerStep {
  switch (frame.type) {
    case 'BLOCK': {
      const heard = received(state, frame.firstSequence + frame.rowCount, frame.acknowledge);
      return waiting(heard, bytes, { type: 'append', block: frame, bytes });
    }
    case 'GAP': {
      const { firstSequence, nextSequence, reason } = frame;
      const heard = received(state, nextSequence, true);
      return waiting(heard, bytes, { type: 'append-gap', firstSequence, nextSequence, reason, bytes });
    }
    case 'SCHEMA':
      return { state, effects: [{ type: 'schema', hash: frame.hash, bytes: frame.bytes }] };
    case 'PRIOR':
      return {
        state,
        effects: [{ type: 'prior', hash: frame.hash, schema: frame.schema, bytes: frame.bytes }],
      };
    case 'ANCHOR':
      return { state, effects: [{ type: 'anchor', anchor: frame }] };
    case 'LIVE':
      return { state, effects: [{ type: 'live', row: frame }] };
    case 'PING': {
      const told = acknowledge({ ...state, askedUpTo: Math.max(state.askedUpTo, state.received) });
      return {
        state: told.state,
        effects: [...told.effects, { type: 'send', frame: { type: 'PONG', nonce: frame.nonce } }],
      };
    }
    case 'PONG':
      return { state, effects: [] };
    case 'SETTLED':
      return { state, effects: [{ type: 'settled', body: frame.body }] };
    case 'REPORT':
      return { state, effects: [{ type: 'report', body: frame.body }] };
    case 'HELLO':
    case 'ENROL':
      return outOfOrder(`${frame.type} a second time`);
    case 'ROTATE':
      return outOfOrder('ROTATE needs a connection of its own');
    case 'WELCOME':
    case 'REFUSED':
    case 'ENROLLED':
    case 'ROTATED':
    case 'SETTINGS':
    case 'ACK':
    case 'WATCH':
      return outOfOrder(`${frame.type} is not for an edge to send`);
  }
}

function waiting(state: Open, bytes: number, effect: ServerEffect): ServerStep {
  const uncommittedBytes = state.uncommittedBytes + bytes;
  const paused = uncommittedBytes > MOST_UNCOMMITTED_BYTES;
  const effects: ServerEffect[] = [effect];
  if (paused && !state.paused) effects.push({ type: 'pause' });
  return { state: { ...state, uncommittedBytes, paused }, effects };
}

function received(state: Open, nextSequence: number, asked: boolean): Open {
  return {
    ...state,
    received: Math.max(state.received, nextSequence),
    askedUpTo: asked ? Math.max(state.askedUpTo, nextSequence) : state.askedUpTo,
  };
}

function committed(
  state: Open,
  event: Extract<ServerEvent, { type: 'committed' }>,
  nowMs: number,
): ServerStep {
  const uncommittedBytes = Math.max(0, state.uncommittedBytes - event.bytes);
  const resumes = state.paused && uncommittedBytes <= MOST_UNCOMMITTED_BYTES / 2;
  const told = acknowledge({
    ...state,
    mark: Math.max(state.mark, event.nextSequence),
    markUtcMs: event.utcMs,
    uncommittedBytes,
    // Silence while nobody read was not the edge's.
    heardMs: resumes ? nowMs : state.heardMs,
    paused: state.paused && !resumes,
  });
  return resumes ? { state: told.state, effects: [...told.effects, { type: 'resume' }] } : told;
}

/** Tells the mark when more is durable than was told and an answer is wanted, be it for a later row. */
function acknowledge(state: Open): { readonly state: Open; readonly effects: readonly ServerEffect[] } {
  if (state.askedUpTo <= state.toldMark || state.mark <= state.toldMark) return { state, effects: [] };
  const frame: Frame = { type: 'ACK', nextSequence: state.mark, utcMs: state.markUtcMs };
  return { state: { ...state, toldMark: state.mark }, effects: [{ type: 'send', frame }] };
}
