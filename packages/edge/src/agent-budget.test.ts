// The agent through a month of a data budget, with its own spool, session and frames, before a server that only counts: it
// never overruns, tells every alarm, sleeps where a link that stands would cost too much, and sends all that fits.
import { encodeFrame, type Frame } from '@vigie/protocol';
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { describe, expect, it } from 'vitest';
import { homeThatKeepsNothing, madeUp } from './agent.test-support.ts';
import { Agent } from './agent.ts';
import type { DataPlan } from './budget/usage.ts';
import type { ConnectionEvents } from './uplink/connection.ts';

const MONTH_MS = 30 * 86_400_000;
const START_MS = Date.UTC(2026, 10, 1);
const ROW_MS = 1_200_000;
const CHANNELS = 24;
/** What a record, its packet and the one that acknowledges it cost. */
const AROUND_BYTES = 102;
const CONNECTION_BYTES = 2600;

/** Rows are too rare to be waited for. */
const LIMITED = { limits: { alarmHigh: 1000 }, ringing: { onDelayMs: 0 } };

interface Counted {
  bytes: number;
  dials: number;
  blocks: number;
  live: number;
  /** Rows that the server has. */
  stored: number;
  /** Of each alarm: how long after its row something with it came, ms. */
  readonly toldAfterMs: number[];
  readonly thrifts: Set<string>;
}

interface Month {
  readonly budgetMb: number;
  readonly plan?: DataPlan;
  readonly alarmsAt?: readonly number[];
  /** Of the road at a share of the month; without it there is one, and it costs. */
  readonly addressAt?: (share: number) => string;
}

const METERED = '10.64.0.9';

async function month(options: Month): Promise<Counted> {
  const clock = new VirtualClock();
  const out: Counted = {
    bytes: 0,
    dials: 0,
    blocks: 0,
    live: 0,
    stored: 0,
    toldAfterMs: [],
    thrifts: new Set(),
  };
  const {
    options: others,
    spool,
    row: append,
  } = madeUp(clock, {
    intervalMs: ROW_MS,
    channels: Array.from({ length: CHANNELS }, (_, i) => (i === 0 ? LIMITED : {})),
    mostBytes: 1e9,
  });
  let alarm: { readonly atMs: number; told: boolean } | null = null;
  const home = {
    ...homeThatKeepsNothing,
    settings: {
      hash: '0123456789abcdef',
      settings: { intervalMs: ROW_MS, dataBudgetMb: options.budgetMb, channels: {} },
    },
  };
  const { addressAt } = options;
  const address = (): string => addressAt?.(clock.monotonicMs() / MONTH_MS) ?? METERED;
  const roads =
    addressAt === undefined
      ? null
      : { source: async () => address(), isMetered: (one: string) => one === METERED };
  const dial = (_: unknown, events: ConnectionEvents) => {
    out.dials++;
    let over = false;
    const localAddress = roads === null ? null : address();
    const carry = (bytes: number): void => {
      out.bytes += bytes;
      events.carried(bytes);
    };
    const answer = (frame: Frame): void => {
      clock.after(200, () => {
        if (over) return;
        carry(encodeFrame(frame).length + AROUND_BYTES);
        events.frame(frame);
      });
    };
    const utcMs = (): number => START_MS + clock.monotonicMs();
    const tell = (): void => {
      if (alarm === null || alarm.told) return;
      alarm.told = true;
      out.toldAfterMs.push(clock.monotonicMs() - alarm.atMs);
    };
    const connection = {
      localAddress,
      exporter: new Uint8Array(32),
      send: (frame: Frame) => {
        if (over) return;
        carry(encodeFrame(frame).length + AROUND_BYTES);
        if (frame.type === 'HELLO') {
          const body = { nextSequence: out.stored, lastRow: null, schemaWanted: false, priorWanted: false };
          answer({ type: 'WELCOME', body: { ...body, utcMs: utcMs() } });
        } else if (frame.type === 'BLOCK') {
          out.blocks++;
          out.stored = frame.firstSequence + frame.rowCount;
          if (out.stored === spool.nextSequence) tell();
          if (frame.acknowledge) answer({ type: 'ACK', nextSequence: out.stored, utcMs: utcMs() });
        } else if (frame.type === 'LIVE') {
          out.live++;
          tell();
        } else if (frame.type === 'PING') {
          answer({ type: 'ACK', nextSequence: out.stored, utcMs: utcMs() });
          answer({ type: 'PONG', nonce: frame.nonce });
        }
      },
      close: () => {
        if (over) return;
        over = true;
        events.closed('closed');
      },
    };
    clock.after(500, () => {
      carry(CONNECTION_BYTES);
      if (!over) events.open(connection);
    });
    return { abort: connection.close };
  };
  const agent = new Agent({ ...others, home, dial, roads, plan: options.plan ?? others.plan });
  agent.start();
  const alarmRows = new Set((options.alarmsAt ?? []).map((share) => Math.round((share * MONTH_MS) / ROW_MS)));
  let state = 1;
  for (let row = 0; row * ROW_MS < MONTH_MS; row++) {
    const values = Array.from({ length: CHANNELS }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >> 8) & 0xff;
    });
    if (alarmRows.has(row)) {
      values[0] = 5000;
      alarm = { atMs: clock.monotonicMs(), told: false };
    }
    append(values);
    clock.advance(ROW_MS);
    if (roads !== null) await Promise.resolve();
    out.thrifts.add(agent.status().data.thrift);
  }
  agent.stop();
  return out;
}

const ALARMS = [0.1, 0.35, 0.6, 0.85, 0.97];

describe('a month of the agent', () => {
  it.each([
    [100, 'within', 0.99],
    [2.7, 'stretched', 0.9],
    [1, 'asleep', 0.2],
  ])('with %d MB is %s and never more than 2 %% over', async (budgetMb, thrift, share) => {
    const told = await month({ budgetMb, alarmsAt: ALARMS });
    console.log(
      `${budgetMb} MB: ${(told.bytes / 1e6).toFixed(2)} MB, ${told.stored} rows of ${MONTH_MS / ROW_MS}, ${told.dials} dials, ${told.live} live, ${[...told.thrifts]}`,
    );
    expect(told.bytes).toBeLessThanOrEqual(budgetMb * 1.02e6);
    expect([...told.thrifts]).toContain(thrift);
    expect(told.stored / (MONTH_MS / ROW_MS)).toBeGreaterThan(share);
    // Each alarm is told within what connecting takes, whatever the budget.
    expect(told.toldAfterMs).toHaveLength(ALARMS.length);
    for (const ms of told.toldAfterMs) expect(ms).toBeLessThan(5000);
  });

  it('spares nothing on a road that costs nothing, and takes it as soon as it is there', async () => {
    // Ethernet for the second half of the month.
    const told = await month({ budgetMb: 1, addressAt: (share) => (share < 0.5 ? METERED : '192.168.1.7') });
    expect([...told.thrifts]).toEqual(expect.arrayContaining(['asleep', 'unbounded']));
    expect(told.stored).toBeGreaterThan((MONTH_MS / ROW_MS) * 0.99);
  });
});
