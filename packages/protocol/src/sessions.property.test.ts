// Both session state machines against each other, over a link that loses connections at any moment, with a server
// that commits late, twice or after the connection is gone: every row arrives exactly once, in order, or is declared.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ANSWER_MS,
  type CloseReason,
  type EdgeEvent,
  type EdgeSession,
  edgeWakeMs,
  newEdgeSession,
  noTerms,
  PING_AFTER_MS,
  type SpoolEntry,
  stepEdge,
} from './edge-session.ts';
import type { Frame, GapReason, Hello } from './frames.ts';
import {
  GREETING_MS,
  MOST_UNCOMMITTED_BYTES,
  newServerSession,
  type ServerEvent,
  type ServerSession,
  SILENCE_MS,
  stepServer,
} from './server-session.ts';

const HASH = '0123456789abcdef';
/** The server's clock when the edge's shows 0. */
const EPOCH_MS = 1.7e12;
const welcome = (nextSequence: number, utcMs = EPOCH_MS) => ({
  utcMs,
  nextSequence,
  lastRow: null,
  schemaWanted: false,
  priorWanted: false,
});

/** A spool in memory: entries back to back from sequence 0. */
class FakeSpool {
  readonly entries: SpoolEntry[] = [];
  nextSequence = 0;
  add(rows: number, gap: GapReason | null): void {
    const span = { firstSequence: this.nextSequence, nextSequence: this.nextSequence + rows };
    this.entries.push(
      gap === null
        ? {
            kind: 'block',
            ...span,
            bootNumber: 1,
            monotonicStartMs: span.firstSequence,
            schemaHash: HASH,
            priorHash: null,
            block: new Uint8Array(rows * 700),
          }
        : { kind: 'gap', ...span, reason: gap },
    );
    this.nextSequence += rows;
  }
  read(sequence: number): SpoolEntry | null {
    const found = this.entries.find((entry) => entry.nextSequence > sequence);
    if (found === undefined) return null;
    return { ...found, firstSequence: Math.max(sequence, found.firstSequence) };
  }
}

/** What the server's disk holds: for each row how often it was stored, and declared gaps. */
class FakeStore {
  mark = 0;
  readonly stored: number[] = [];
  readonly gaps: number[] = [];
  append(first: number, next: number, gap: boolean): void {
    if (first > this.mark) throw new Error(`a frame starts at ${first}, ${this.mark} is the next`);
    for (; this.mark < next; this.mark++) (gap ? this.gaps : this.stored).push(this.mark);
  }
}

interface Commit {
  readonly first: number;
  readonly next: number;
  readonly gap: boolean;
  readonly bytes: number;
  /** The connection it came by. */
  readonly link: number;
}

class World {
  nowMs = 0;
  readonly spool = new FakeSpool();
  readonly store = new FakeStore();
  edge: EdgeSession = newEdgeSession;
  server: ServerSession = { phase: 'closed' };
  toServer: Frame[] = [];
  toEdge: Frame[] = [];
  commits: Commit[] = [];
  link = 0;
  paused = false;
  acknowledged = 0;
  closes: CloseReason[] = [];
  readonly refused: string[] = [];
  eager = false;
  readonly exchanges: { readonly sentMs: number; readonly answeredMs: number; readonly utcMs: number }[] = [];
  /** Instants at which the edge sent what asks for an answer with a time in it. */
  readonly questionsMs = new Set<number>();

  connect(): void {
    this.link++;
    this.toServer = [];
    this.toEdge = [];
    this.paused = false;
    this.edge = newEdgeSession;
    this.server = newServerSession(this.nowMs);
    const hello: Hello = {
      protocol: 1,
      machine: 'M',
      proof: '',
      spool: HASH,
      bootNumber: 1,
      bootId: 'b',
      monotonicMs: 0,
      schema: HASH,
      prior: null,
      oldestSequence: this.spool.entries[0]?.firstSequence ?? 0,
      nextSequence: this.spool.nextSequence,
      settings: null,
    };
    this.feedEdge({ type: 'opened', hello, eager: this.eager, terms: noTerms });
  }

  drop(): void {
    this.edge = newEdgeSession;
    this.server = { phase: 'closed' };
    this.toServer = [];
    this.toEdge = [];
  }

  feedEdge(event: EdgeEvent): void {
    const { state, effects } = stepEdge(this.edge, event, this.nowMs);
    this.edge = state;
    for (const effect of effects) {
      if (effect.type === 'exchange') this.exchanges.push(effect);
      if (effect.type === 'send') {
        const { frame } = effect;
        const asks =
          frame.type === 'HELLO' || frame.type === 'GAP' || (frame.type === 'BLOCK' && frame.acknowledge);
        if (asks) this.questionsMs.add(this.nowMs);
        this.toServer.push(frame);
      } else if (effect.type === 'read')
        this.feedEdge({ type: 'entry', entry: this.spool.read(effect.sequence) });
      else if (effect.type === 'acknowledged') this.acknowledged = effect.nextSequence;
      else if (effect.type === 'close') {
        this.closes.push(effect.reason);
        this.server = { phase: 'closed' };
      }
    }
  }

  feedServer(event: ServerEvent): void {
    const { state, effects } = stepServer(this.server, event, this.nowMs);
    this.server = state;
    for (const effect of effects) {
      if (effect.type === 'send') this.toEdge.push(effect.frame);
      else if (effect.type === 'authenticate') {
        this.feedServer({
          type: 'authenticated',
          welcome: welcome(this.store.mark, EPOCH_MS + this.nowMs),
        });
      } else if (effect.type === 'append') {
        const { firstSequence, rowCount } = effect.block;
        const span = { first: firstSequence, next: firstSequence + rowCount };
        this.commits.push({ ...span, gap: false, bytes: effect.bytes, link: this.link });
      } else if (effect.type === 'append-gap') {
        const span = { first: effect.firstSequence, next: effect.nextSequence };
        this.commits.push({ ...span, gap: true, bytes: effect.bytes, link: this.link });
      } else if (effect.type === 'pause') this.paused = true;
      else if (effect.type === 'resume') this.paused = false;
      else if (effect.type === 'close') this.refused.push(effect.reason);
    }
  }

  /** One frame from edge to server. */
  hearServer(): boolean {
    if (this.paused) return false;
    const frame = this.toServer.shift();
    if (frame === undefined) return false;
    this.feedServer({ type: 'frame', frame, bytes: frame.type === 'BLOCK' ? frame.block.length : 20 });
    return true;
  }

  hearEdge(): boolean {
    const frame = this.toEdge.shift();
    if (frame === undefined) return false;
    this.feedEdge({ type: 'frame', frame });
    return true;
  }

  /** The oldest waiting frame becomes durable; its connection may be gone by now. */
  commit(): boolean {
    const commit = this.commits.shift();
    if (commit === undefined) return false;
    this.store.append(commit.first, commit.next, commit.gap);
    if (commit.link === this.link) {
      this.feedServer({
        type: 'committed',
        nextSequence: this.store.mark,
        bytes: commit.bytes,
        utcMs: EPOCH_MS + this.nowMs,
      });
    }
    return true;
  }

  settle(): void {
    while (this.hearServer() || this.commit() || this.hearEdge());
  }
}

type Action =
  | { readonly do: 'write'; readonly rows: number; readonly gap: boolean; readonly urgent: boolean }
  | { readonly do: 'server' | 'edge' | 'commit' | 'drop' | 'connect' | 'repeat-ack' }
  | { readonly do: 'wait'; readonly ms: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      rows: fc.integer({ min: 1, max: 40 }),
      gap: fc.boolean(),
      urgent: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('server' as const, 'edge' as const, 'commit' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('connect' as const, 'drop' as const, 'repeat-ack' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  },
);

function act(world: World, one: Action): void {
  switch (one.do) {
    case 'write':
      world.spool.add(one.rows, one.gap ? 'spool-damaged' : null);
      world.feedEdge({ type: 'stored', urgent: one.urgent });
      return;
    case 'server':
      world.hearServer();
      return;
    case 'edge':
      world.hearEdge();
      return;
    case 'commit':
      world.commit();
      return;
    case 'drop':
      world.drop();
      return;
    case 'connect':
      world.connect();
      return;
    case 'repeat-ack':
      if (world.edge.phase === 'open')
        world.feedEdge({ type: 'frame', frame: { type: 'ACK', nextSequence: world.acknowledged, utcMs: 1 } });
      return;
    case 'wait':
      world.nowMs += one.ms;
      world.feedEdge({ type: 'tick' });
      world.feedServer({ type: 'tick' });
      return;
  }
}

describe('edge and server', () => {
  it('store every row exactly once, in order, whatever happens to the link', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 10, maxLength: 120 }), fc.boolean(), (actions, eager) => {
        const world = new World();
        world.eager = eager;
        world.connect();
        for (const one of actions) {
          act(world, one);
          // What the edge may forget is on the server's disk.
          expect(world.acknowledged).toBeLessThanOrEqual(world.store.mark);
        }
        // Where a connection stands, silence is enough to learn of all that is durable: nothing stays in flight for ever.
        if (world.edge.phase === 'open') {
          world.settle();
          world.nowMs += PING_AFTER_MS + 10_000;
          world.feedEdge({ type: 'tick' });
          world.settle();
          if (world.edge.phase === 'open') expect(world.acknowledged).toBe(world.store.mark);
        }
        world.connect();
        world.settle();
        // The server's clock was read between the two instants of each exchange, and the first is that of its question.
        for (const { sentMs, answeredMs, utcMs } of world.exchanges) {
          expect(utcMs - EPOCH_MS).toBeGreaterThanOrEqual(sentMs);
          expect(utcMs - EPOCH_MS).toBeLessThanOrEqual(answeredMs);
          expect(world.questionsMs).toContain(sentMs);
        }
        const rows = (kind: SpoolEntry['kind']) =>
          world.spool.entries
            .filter((entry) => entry.kind === kind)
            .flatMap(({ firstSequence, nextSequence }) =>
              Array.from({ length: nextSequence - firstSequence }, (_, i) => firstSequence + i),
            );
        expect(world.store.stored).toEqual(rows('block'));
        expect(world.store.gaps).toEqual(rows('gap'));
        expect(world.acknowledged).toBe(world.spool.nextSequence);
        expect(world.refused).toEqual([]);
        expect(world.closes.filter(({ kind }) => kind !== 'no-answer')).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('keep what waits for a commit within its bound, and go on after', () => {
    const world = new World();
    for (let i = 0; i < 4000; i++) world.spool.add(3, null);
    world.connect();
    let most = 0;
    for (let round = 0; round < 20_000 && world.acknowledged < world.spool.nextSequence; round++) {
      while (world.hearServer() || world.hearEdge());
      most = Math.max(
        most,
        world.commits.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      world.commit();
    }
    expect(world.acknowledged).toBe(world.spool.nextSequence);
    expect(most).toBeLessThanOrEqual(MOST_UNCOMMITTED_BYTES + 3 * 700);
  });

  it('declare rows that the spool no longer holds, once', () => {
    const world = new World();
    world.spool.add(10, null);
    world.spool.add(10, null);
    world.spool.entries.shift();
    world.connect();
    world.settle();
    expect(world.store.gaps).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(world.store.stored).toEqual(Array.from({ length: 10 }, (_, i) => 10 + i));
  });

  it('part when the server knows more rows than the spool ever had', () => {
    const world = new World();
    world.store.append(0, 5, false);
    world.connect();
    world.settle();
    expect(world.closes).toEqual([{ kind: 'spool-behind', serverNextSequence: 5 }]);
  });
});

describe('the edge', () => {
  const opened = (): World => {
    const world = new World();
    world.connect();
    world.settle();
    return world;
  };

  it('ends a connection that does not answer HELLO, BLOCK or PING within the deadline, not before', () => {
    const greeting = new World();
    greeting.connect();
    greeting.nowMs = ANSWER_MS - 1;
    greeting.feedEdge({ type: 'tick' });
    expect(greeting.closes).toEqual([]);
    greeting.nowMs = ANSWER_MS;
    greeting.feedEdge({ type: 'tick' });
    expect(greeting.closes).toEqual([{ kind: 'no-answer', to: 'HELLO' }]);

    // Half-open: the edge goes on writing, and each write must not put the end off. What may lie between the last word
    // of the server and the question: three blocks a second apart, or 240 s when they come a minute apart.
    for (const [everyMs, askedMs] of [
      [1000, 3000],
      [60_000, PING_AFTER_MS],
      [61_000, PING_AFTER_MS + 10_000],
      [150_000, PING_AFTER_MS + 10_000],
      [900_000, PING_AFTER_MS],
    ] as const) {
      const half = opened();
      for (let s = 1; half.closes.length === 0 && s < 3600; s++) {
        if ((s * 1000) % everyMs === 0) {
          half.spool.add(1, null);
          half.feedEdge({ type: 'stored', urgent: false });
        }
        half.nowMs = s * 1000;
        half.feedEdge({ type: 'tick' });
      }
      expect(half.closes).toMatchObject([{ kind: 'no-answer' }]);
      expect(half.nowMs).toBeLessThanOrEqual(askedMs + ANSWER_MS + 4 * 800 + 1000);
    }

    const idle = opened();
    idle.nowMs = PING_AFTER_MS;
    expect(edgeWakeMs(idle.edge)).toBe(PING_AFTER_MS);
    idle.feedEdge({ type: 'tick' });
    expect(idle.toServer.at(-1)?.type).toBe('PING');
    idle.settle();
    idle.nowMs += PING_AFTER_MS;
    idle.feedEdge({ type: 'tick' });
    idle.nowMs += ANSWER_MS;
    idle.feedEdge({ type: 'tick' });
    expect(idle.closes).toEqual([{ kind: 'no-answer', to: 'PING' }]);
  });

  it('asks for one acknowledgement in four of a minute’s blocks, and needs no PING then', () => {
    const world = opened();
    const sent: Frame[] = [];
    let acks = 0;
    // Blocks are cut a little late, which adds up: here by a second each.
    for (let s = 1; s <= 60 * 61; s++) {
      world.nowMs = s * 1000;
      if (s % 61 === 0) {
        world.spool.add(1, null);
        world.feedEdge({ type: 'stored', urgent: false });
      }
      world.feedEdge({ type: 'tick' });
      sent.push(...world.toServer);
      while (world.hearServer() || world.commit());
      acks += world.toEdge.filter(({ type }) => type === 'ACK').length;
      // An answer takes a moment: the next tick must not take it for silence.
      world.nowMs += 700;
      world.feedEdge({ type: 'tick' });
      sent.push(...world.toServer.filter(({ type }) => type === 'PING'));
      while (world.hearEdge());
    }
    expect(sent.filter(({ type }) => type === 'BLOCK')).toHaveLength(60);
    expect(sent.filter(({ type }) => type === 'PING')).toEqual([]);
    expect(acks).toBe(15);
    expect(world.acknowledged).toBe(world.spool.nextSequence);
  });

  it('asks at once when a block is urgent, somebody watches, or a backlog ends', () => {
    const asked = (world: World): boolean[] =>
      world.toServer.flatMap((frame) => (frame.type === 'BLOCK' ? [frame.acknowledge] : []));
    const urgent = opened();
    for (const one of [false, true, false]) {
      urgent.spool.add(1, null);
      urgent.feedEdge({ type: 'stored', urgent: one });
    }
    expect(asked(urgent)).toEqual([false, true, false]);

    // What is on its way already, and asked nothing, is asked for now.
    const sent = opened();
    sent.spool.add(1, null);
    sent.feedEdge({ type: 'stored', urgent: false });
    sent.feedEdge({ type: 'stored', urgent: true });
    expect(asked(sent)).toEqual([false]);
    sent.feedEdge({ type: 'tick' });
    sent.feedEdge({ type: 'tick' });
    expect(sent.toServer.filter(({ type }) => type === 'PING')).toHaveLength(1);

    const watched = opened();
    watched.feedEdge({ type: 'frame', frame: { type: 'WATCH', durationMs: 60_000, intervalMs: 1000 } });
    watched.spool.add(1, null);
    watched.feedEdge({ type: 'stored', urgent: false });
    expect(asked(watched)).toEqual([true]);

    const behind = new World();
    for (let i = 0; i < 6; i++) behind.spool.add(1, null);
    behind.connect();
    while (behind.edge.phase !== 'open' && (behind.hearServer() || behind.hearEdge()));
    expect(asked(behind)).toEqual([false, false, false, true, false, true]);
  });

  it('tells its first anchor at once and the next ones with a block', () => {
    const world = opened();
    const anchor = { bootNumber: 1, monotonicMs: 5, utcMs: EPOCH_MS, errorMs: 3 };
    world.feedEdge({ type: 'anchor', anchor });
    expect(world.toServer.map(({ type }) => type)).toEqual(['ANCHOR']);
    world.feedEdge({ type: 'anchor', anchor });
    world.feedEdge({ type: 'anchor', anchor: { ...anchor, monotonicMs: 9 } });
    expect(world.toServer.map(({ type }) => type)).toEqual(['ANCHOR']);
    world.spool.add(1, null);
    world.feedEdge({ type: 'stored', urgent: false });
    expect(world.toServer.slice(1)).toMatchObject([{ type: 'ANCHOR', monotonicMs: 9 }, { type: 'BLOCK' }]);
  });

  it('ends at whatever a server may not say', () => {
    const frames: Frame[] = [
      { type: 'WELCOME', body: welcome(0) },
      { type: 'GAP', firstSequence: 0, nextSequence: 1, reason: 'thinned' },
      { type: 'ACK', nextSequence: 77, utcMs: 1 },
    ];
    for (const frame of frames) {
      const world = opened();
      world.feedEdge({ type: 'frame', frame });
      expect(world.closes).toMatchObject([{ kind: 'violation' }]);
      // Over is over.
      world.feedEdge({ type: 'frame', frame });
      expect(world.closes).toHaveLength(1);
    }
  });

  it('answers each settings it is sent, and is sent none before it is welcomed', () => {
    const world = opened();
    const body = { hash: HASH, settings: { intervalMs: 5000 }, pins: ['a'.repeat(64)] };
    world.feedServer({ type: 'settings', body });
    const frame = world.toEdge.find(({ type }) => type === 'SETTINGS');
    expect(frame).toEqual({ type: 'SETTINGS', body });
    const step = stepEdge(world.edge, { type: 'frame', frame: { type: 'SETTINGS', body } }, 0);
    expect(step.effects).toEqual([{ type: 'settings', body }]);
    const settled = { hash: HASH, outcome: 'refused' as const, message: 'too short' };
    world.feedEdge({ type: 'settled', body: settled });
    const answer = world.toServer.at(-1);
    expect(answer).toEqual({ type: 'SETTLED', body: settled });
    if (answer === undefined) throw new Error('no answer');
    expect(stepServer(world.server, { type: 'frame', frame: answer, bytes: 9 }, 0).effects).toEqual([
      { type: 'settled', body: settled },
    ]);
    expect(stepServer(newServerSession(0), { type: 'settings', body }, 0).effects).toEqual([]);
    expect(
      stepServer(newServerSession(0), { type: 'frame', frame: answer, bytes: 9 }, 0).effects,
    ).toMatchObject([
      { type: 'send', frame: { type: 'REFUSED', body: { reason: 'out-of-order' } } },
      { type: 'close' },
    ]);
  });

  it('sends live rows only while somebody watches, at the pace asked for', () => {
    const world = opened();
    const row = (): void =>
      world.feedEdge({ type: 'row', bootNumber: 1, monotonicMs: 1, block: new Uint8Array(9), asked: false });
    const lives = (): number => world.toServer.filter(({ type }) => type === 'LIVE').length;
    row();
    expect(lives()).toBe(0);
    world.feedEdge({ type: 'frame', frame: { type: 'WATCH', durationMs: 10_000, intervalMs: 1000 } });
    for (let i = 0; i < 60; i++) {
      row();
      world.nowMs += 250;
    }
    expect(lives()).toBe(10);
  });
});

describe('the server', () => {
  it('closes who does not say what it is in time, and who falls silent', () => {
    const early = stepServer(newServerSession(0), { type: 'tick' }, GREETING_MS - 1);
    expect(early.effects).toEqual([]);
    const late = stepServer(newServerSession(0), { type: 'tick' }, GREETING_MS);
    expect(late.effects).toMatchObject([{ type: 'close' }]);
    const world = new World();
    world.connect();
    world.settle();
    world.nowMs = SILENCE_MS;
    world.feedServer({ type: 'tick' });
    expect(world.refused).toEqual(['silent for too long']);
  });

  it('hears nothing before the proof, acknowledges nothing before the commit, and nothing after its end', () => {
    let state = newServerSession(0);
    const feed = (event: ServerEvent) => {
      const step = stepServer(state, event, 0);
      state = step.state;
      return step.effects;
    };
    const block: Frame = {
      type: 'BLOCK',
      acknowledge: true,
      firstSequence: 0,
      bootNumber: 1,
      monotonicStartMs: 0,
      rowCount: 1,
      block: new Uint8Array(9),
    };
    expect(feed({ type: 'frame', frame: block, bytes: 9 })).toMatchObject([
      { type: 'send', frame: { type: 'REFUSED', body: { reason: 'out-of-order' } } },
      { type: 'close' },
    ]);
    expect(feed({ type: 'frame', frame: block, bytes: 9 })).toEqual([]);
    const world = new World();
    world.spool.add(1, null);
    world.connect();
    while (world.hearServer() || world.hearEdge());
    expect(world.acknowledged).toBe(0);
    expect(world.commits).toHaveLength(1);
    world.settle();
    expect(world.acknowledged).toBe(1);
  });
});
