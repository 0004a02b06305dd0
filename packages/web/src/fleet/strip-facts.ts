// A strip in words and pieces: runs of equal slots, what is said of one slot, and of which one before anybody asks. Pure.
import type { Language, Strip, StripState } from '@vigie/contract';
import { formatRange, formatSpanExact } from '../i18n/format.ts';
import type { Words } from './words.ts';

export interface Run {
  readonly state: StripState;
  /** First slot, and how many. */
  readonly slot: number;
  readonly count: number;
}

export function runsOf(states: readonly StripState[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [slot, state] of states.entries()) {
    const last = runs.at(-1);
    if (last?.state === state) runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ state, slot, count: 1 });
  }
  return runs;
}

export interface SlotFacts {
  readonly nowMs: number;
  /** Of the reader. */
  readonly zone: string;
  readonly language: Language;
  readonly words: Words;
}

const ABNORMAL = ['alarm', 'silent', 'fault', 'warning'] as const;

/** The latest slot of the worst state; `null`: there is nothing abnormal. */
export function slotToTell({ states }: Strip): number | null {
  const worst = ABNORMAL.find((state) => states.includes(state));
  return worst === undefined ? null : states.lastIndexOf(worst);
}

export function stateWords(state: StripState, words: Words): string {
  switch (state) {
    case 'alarm':
      return words.stripAlarm;
    case 'silent':
      return words.stripSilent;
    case 'fault':
      return words.stripFault;
    case 'warning':
      return words.stripWarning;
    case 'normal':
      return words.stripNormal;
    case 'unknown':
      return words.stripUnknown;
  }
}

/** Of the run that holds a slot: «alarm for 1 h 25 min, 24 Nov 14:00 → 18:00». */
export function slotWords(strip: Strip, slot: number, { nowMs, zone, language, words }: SlotFacts): string {
  const { fromMs, slotMs, states, spansMs } = strip;
  const run = runsOf(states).find((one) => slot < one.slot + one.count);
  if (run === undefined) return words.stripUnknown;
  const startMs = fromMs + run.slot * slotMs;
  // The last slot is not over.
  const endMs = Math.min(nowMs, startMs + run.count * slotMs);
  const range = formatRange(startMs, endMs, zone, language);
  const spanMs = spansMs.slice(run.slot, run.slot + run.count).reduce((sum, ms) => sum + ms, 0);
  const word = stateWords(run.state, words);
  const isCalm = run.state === 'normal' || run.state === 'unknown';
  return isCalm
    ? words.stripWhole(word, range)
    : words.stripSlot(word, formatSpanExact(minutes(spanMs), language), range);
}

/** Nobody counts seconds in a week. */
function minutes(ms: number): number {
  return ms < 60_000 ? ms : Math.round(ms / 60_000) * 60_000;
}

/** Beginnings of days of the reader, as shares of the strip's width. */
export function midnights({ fromMs, slotMs, states }: Strip): readonly number[] {
  const lengthMs = slotMs * states.length;
  const day = new Date(fromMs);
  const shares: number[] = [];
  for (;;) {
    day.setHours(24, 0, 0, 0);
    const share = (day.getTime() - fromMs) / lengthMs;
    if (share >= 1) return shares;
    shares.push(share);
  }
}
