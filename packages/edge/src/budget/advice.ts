// What a month's data budget allows now: how often blocks leave, how many bytes may, and whether the link is worth keeping
// open. A pure function of what was used and of the date.
// Invariants: what is sent by this advice stays within the budget at every instant of the month's straight line, and so at its
// end; what was not used earlier may be used later, so that a backlog drains. Alarms do not ask (agent.ts), and a part
// of the budget is kept for them. Not here: counting (usage.ts), who obeys (agent.ts).
import { MESSAGE_BYTES } from '@vigie/protocol';
import { billedBytes, type DataPlan, freeBytes, monthAround, type Usage, unitOf } from './usage.ts';

/** Kept for alarms, connections and what else does not ask. */
const RESERVE = 0.03;
/** Of the budget, there from the first instant of the month. */
const HEAD_START = 0.04;
/** Silence is broken by a PING after that long. */
const PING_MS = 240_000;
/** Blocks do not come more rarely: the page would call the machine stale. */
const LONGEST_INTERVAL_MS = 3_600_000;
const INTERVAL_STEP_MS = 10_000;
/** A connection costs 5 kB; one that is made to spare data is to carry more than itself. */
export const WORTH_DIALLING_BYTES = 16_384;
/** Before its end a unit is left, so that closing the link does not begin another. */
const UNIT_LEFT_MS = 60_000;
/** In its first hours a month says nothing of its end. */
const TOO_EARLY_MS = 6 * 3_600_000;

export type Thrift =
  /** There is no budget. */
  | 'unbounded'
  /** All is sent as it is set. */
  | 'within'
  /** Blocks leave more rarely than is set. */
  | 'stretched'
  /** Blocks wait for the month to go on. */
  | 'held'
  /** As `held`, and the link is closed between two sendings, since keeping it open costs too much. */
  | 'asleep';

export interface Advice {
  readonly thrift: Thrift;
  /** Time between two blocks. */
  readonly intervalMs: number;
  /** What may be sent now, alarms apart; Infinity: there is no budget. */
  readonly spendableBytes: number;
  /** Bytes billed by the end of the month; `null`: too early to say. */
  readonly forecastBytes: number | null;
}

export interface Demand {
  /** `null`: no bound. */
  readonly budgetBytes: number | null;
  /** As it is set for the machine. */
  readonly intervalMs: number;
  /** Of blocks, in the long run; `null`: none was sent yet. */
  readonly payloadBytesPerS: number | null;
}

/** @param utcMs as the server's clock has it; `null`: not known yet, and the link is needed to know it. */
export function advise(usage: Usage, plan: DataPlan, demand: Demand, utcMs: number | null): Advice {
  const { budgetBytes, intervalMs, payloadBytesPerS } = demand;
  const billed = billedBytes(usage, plan);
  const forecast = utcMs === null ? null : straightLine(billed, plan, utcMs);
  if (budgetBytes === null) {
    return {
      thrift: 'unbounded',
      intervalMs,
      spendableBytes: Number.POSITIVE_INFINITY,
      forecastBytes: forecast,
    };
  }
  if (utcMs === null)
    return { thrift: 'held', intervalMs, spendableBytes: freeBytes(usage, plan), forecastBytes: null };
  const unitMs = unitOf(plan);
  const free = utcMs % unitMs < unitMs - UNIT_LEFT_MS ? freeBytes(usage, plan) : 0;
  const { startMs, endMs } = monthAround(utcMs, plan.monthDay);
  const target = (1 - RESERVE) * budgetBytes;
  const share = HEAD_START + ((1 - HEAD_START) * (utcMs - startMs)) / (endMs - startMs);
  const due = Math.max(0, target * share - billed);
  const spendableBytes = free + Math.floor(due / plan.roundUpBytes) * plan.roundUpBytes;
  const bytesPerS = Math.max(0, target - billed) / Math.max(1, (endMs - utcMs) / 1000);
  const stretched = intervalWithin(bytesPerS, payloadBytesPerS ?? 0, intervalMs);
  const held = stretched === null || spendableBytes <= 0;
  const thrift = !held
    ? stretched > intervalMs
      ? 'stretched'
      : 'within'
    : bytesPerS < 2 * idleBytesPerS(plan)
      ? 'asleep'
      : 'held';
  return {
    thrift,
    intervalMs: stretched ?? Math.max(intervalMs, LONGEST_INTERVAL_MS),
    spendableBytes,
    forecastBytes: forecast === null ? null : Math.max(billed, Math.min(forecast, budgetBytes)),
  };
}

/** The shortest time between two blocks that costs no more than `bytesPerS`; `null`: none does. */
function intervalWithin(bytesPerS: number, payloadBytesPerS: number, intervalMs: number): number | null {
  const forMessages = bytesPerS - payloadBytesPerS;
  if (forMessages <= 0) return null;
  const least = Math.ceil((1000 * MESSAGE_BYTES) / forMessages / INTERVAL_STEP_MS) * INTERVAL_STEP_MS;
  if (Math.max(intervalMs, least) <= PING_MS) return Math.max(intervalMs, least);
  const besidePings = forMessages - idleBytesPerS(null);
  if (besidePings <= 0) return null;
  const rarer = Math.ceil((1000 * MESSAGE_BYTES) / besidePings / INTERVAL_STEP_MS) * INTERVAL_STEP_MS;
  return rarer > LONGEST_INTERVAL_MS ? null : Math.max(intervalMs, rarer);
}

/** What a link costs on which only PINGs go. @param plan `null`: not rounded. */
function idleBytesPerS(plan: DataPlan | null): number {
  const perS = (1000 * MESSAGE_BYTES) / PING_MS;
  if (plan === null) return perS;
  const unitS = unitOf(plan) / 1000;
  return (Math.ceil((perS * unitS) / plan.roundUpBytes) * plan.roundUpBytes) / unitS;
}

function straightLine(billed: number, plan: DataPlan, utcMs: number): number | null {
  const { startMs, endMs } = monthAround(utcMs, plan.monthDay);
  if (utcMs - startMs < TOO_EARLY_MS) return null;
  return Math.round((billed * (endMs - startMs)) / (utcMs - startMs));
}
