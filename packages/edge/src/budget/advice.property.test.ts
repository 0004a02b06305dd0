// A month by the budget: whatever it is, however the operator rounds, and whatever the link does, what is billed stays within
// two percent; and what fits is sent.
import { MESSAGE_BYTES } from '@vigie/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Advice, advise, WORTH_DIALLING_BYTES } from './advice.ts';
import {
  billedBytes,
  counted,
  type DataPlan,
  monthAround,
  noUsage,
  sessionEnded,
  unrounded,
} from './usage.ts';

const STEP_MS = 30_000;
const CONNECTION_BYTES = 5000;

interface Month {
  readonly budgetMb: number;
  readonly plan: DataPlan;
  readonly payloadBytesPerS: number;
  /** Chance per step that the link goes or comes. */
  readonly outages: number;
  /** Day on which somebody sets the box up. */
  readonly fromDay: number;
  readonly alarms: number;
  readonly seed: number;
}

/** What an edge would send in a month: a model of the agent, one step after the other. */
function live(month: Month): {
  readonly billedMb: number;
  readonly sentShare: number;
  readonly seen: Set<string>;
} {
  const random = mulberry(month.seed);
  const { startMs, endMs } = monthAround(Date.UTC(2026, 10, 15), month.plan.monthDay);
  const budgetBytes = month.budgetMb * 1e6;
  let [usage, backlog, made, lastBlockMs, lastHeardMs] = [noUsage, 0, 0, startMs, startMs];
  let [up, asleep, connected] = [true, false, false];
  const seen = new Set<string>();
  for (let nowMs = startMs + month.fromDay * 86_400_000; nowMs < endMs; nowMs += STEP_MS) {
    made += (month.payloadBytesPerS * STEP_MS) / 1000;
    backlog += (month.payloadBytesPerS * STEP_MS) / 1000;
    const alarm = random() < month.alarms;
    if (random() < month.outages) {
      up = !up;
      connected = false;
      usage = sessionEnded(usage, month.plan);
    }
    let bytes = 0;
    usage = counted(usage, month.plan, 0, nowMs);
    const advice: Advice = advise(
      usage,
      month.plan,
      { budgetBytes, intervalMs: 60_000, payloadBytesPerS: month.payloadBytesPerS },
      nowMs,
    );
    seen.add(advice.thrift);
    const worth = Math.max(WORTH_DIALLING_BYTES, month.plan.roundUpBytes);
    const enough = asleep ? advice.spendableBytes >= worth : advice.spendableBytes > 0;
    asleep = !enough && (asleep || advice.thrift === 'asleep');
    if (asleep && !alarm) {
      if (connected) bytes += MESSAGE_BYTES;
      connected = false;
    } else if (up && !connected) {
      connected = true;
      bytes += CONNECTION_BYTES;
    }
    if (connected) {
      if (alarm) bytes += 2 * MESSAGE_BYTES;
      const room = advice.spendableBytes - bytes - MESSAGE_BYTES;
      if (nowMs - lastBlockMs >= advice.intervalMs && room > 0) {
        const sent = Math.min(backlog, room);
        bytes += sent + MESSAGE_BYTES;
        backlog -= sent;
        [lastBlockMs, lastHeardMs] = [nowMs, nowMs];
      } else if (nowMs - lastHeardMs >= 240_000) {
        bytes += MESSAGE_BYTES;
        lastHeardMs = nowMs;
      }
    }
    usage = counted(usage, month.plan, bytes, nowMs);
  }
  return { billedMb: billedBytes(usage, month.plan) / 1e6, sentShare: 1 - backlog / made, seen };
}

function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const usual: Month = {
  budgetMb: 30,
  plan: unrounded,
  payloadBytesPerS: 7.5,
  outages: 0,
  fromDay: 0,
  alarms: 0,
  seed: 1,
};

describe('a month by the budget', () => {
  it('is never overrun by more than 2 %', () => {
    fc.assert(
      fc.property(
        fc.record({
          budgetMb: fc.constantFrom(1, 2, 5, 10, 20, 30, 50, 100, 500),
          plan: fc.record({
            roundUpBytes: fc.constantFrom(1, 1024, 10_240, 102_400),
            roundEvery: fc.constantFrom('session' as const, 'hour' as const, 'day' as const),
            monthDay: fc.integer({ min: 1, max: 28 }),
          }),
          payloadBytesPerS: fc.double({ min: 0.1, max: 60, noNaN: true }),
          outages: fc.constantFrom(0, 0.0002),
          fromDay: fc.integer({ min: 0, max: 25 }),
          alarms: fc.constantFrom(0, 0.00003),
          seed: fc.nat(),
        }),
        (month) => {
          // Connecting after a start or an outage begins a unit unasked, and the last message may begin one: where a unit
          // alone is more than 2 %, those count.
          const { billedMb } = live(month);
          const unitMb = month.plan.roundUpBytes / 1e6;
          const coarse = unitMb > 0.02 * month.budgetMb ? 2 * unitMb : 0;
          expect(billedMb).toBeLessThanOrEqual(month.budgetMb * 1.02 + coarse);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    // MB, of what the rows say, and how it was done.
    [500, 1, ['within']],
    [30, 1, ['within']],
    [25, 1, ['stretched']],
    [10, 0.2, ['held']],
    [2, 0.05, ['asleep']],
  ])('of %i MB sends %d of what there is', (budgetMb, least, ways) => {
    const { sentShare, seen } = live({ ...usual, budgetMb });
    expect([...seen]).toEqual(expect.arrayContaining(ways));
    expect(sentShare).toBeGreaterThan(least === 1 ? 0.99 : least);
  });

  it('drains what an outage left over with what the outage left of the budget', () => {
    const { billedMb, sentShare } = live({ ...usual, budgetMb: 32, outages: 0.0004, seed: 3 });
    expect(billedMb).toBeLessThan(32);
    expect(sentShare).toBeGreaterThan(0.97);
  });

  it('has its forecast: a straight line, never beyond a budget that is kept', () => {
    const demand = { budgetBytes: 30e6, intervalMs: 60_000, payloadBytesPerS: 7.5 };
    const halfMs = Date.UTC(2026, 10, 16);
    const used = counted(noUsage, unrounded, 12e6, halfMs);
    expect(advise(used, unrounded, demand, halfMs)).toMatchObject({ thrift: 'within', forecastBytes: 24e6 });
    const more = counted(noUsage, unrounded, 20e6, halfMs);
    expect(advise(more, unrounded, demand, halfMs)).toMatchObject({ thrift: 'held', forecastBytes: 30e6 });
    expect(advise(used, unrounded, demand, null)).toMatchObject({ spendableBytes: 0, forecastBytes: null });
    expect(advise(used, unrounded, { ...demand, budgetBytes: null }, halfMs)).toMatchObject({
      thrift: 'unbounded',
      intervalMs: 60_000,
      spendableBytes: Number.POSITIVE_INFINITY,
    });
  });
});

describe('what is billed', () => {
  const plan: DataPlan = { roundUpBytes: 1000, roundEvery: 'hour', monthDay: 5 };
  const t0 = Date.UTC(2026, 10, 20, 8);

  it('is rounded up by unit', () => {
    let usage = counted(noUsage, plan, 300, t0);
    usage = counted(usage, plan, 300, t0 + 60_000);
    expect(billedBytes(usage, plan)).toBe(1000);
    usage = counted(usage, plan, 1001, t0 + 3_600_000);
    expect(billedBytes(usage, plan)).toBe(3000);
    const sessions = { ...plan, roundEvery: 'session' as const };
    expect(
      billedBytes(
        counted(sessionEnded(counted(noUsage, sessions, 1, t0), sessions), sessions, 1, t0),
        sessions,
      ),
    ).toBe(2000);
  });

  it('begins anew with the operator’s month, and not for a clock that goes back', () => {
    const used = counted(noUsage, plan, 5000, t0);
    expect(billedBytes(counted(used, plan, 0, Date.UTC(2026, 10, 3)), plan)).toBe(5000);
    expect(billedBytes(counted(used, plan, 0, Date.UTC(2026, 11, 4, 23)), plan)).toBe(5000);
    expect(billedBytes(counted(used, plan, 10, Date.UTC(2026, 11, 5)), plan)).toBe(1000);
  });

  it('counts for the month known last while there is no date', () => {
    const used = counted(counted(noUsage, plan, 5000, t0), plan, 200, null);
    expect(billedBytes(used, plan)).toBe(6000);
    expect(billedBytes(counted(counted(noUsage, plan, 200, null), plan, 0, t0), plan)).toBe(1000);
  });
});
