// The truth about a machine in one line. Pure: everything it depends on is an argument.
// Invariants: an old row never lets it say that all is well; the state is always in words; the worst comes
// first. Not here: how it looks (sentence-line.tsx).
import type { JournalEntry, Language, MachineView } from '@vigie/contract';
import { severity } from '@vigie/model/evaluate';
import { formatAge, formatSpan, formatWhen } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import { stateWord } from './state-words.ts';
import { abnormal, freshness, type MachineReadings, type Reading, readMachine } from './verdict.ts';

export type Tone = 'normal' | 'stopped' | 'warning' | 'fault' | 'alarm' | 'late' | 'unknown';

export interface Sentence {
  readonly tone: Tone;
  /** First words, the ones to read if only three are read. */
  readonly head: string;
  /** What follows, to be joined by middle dots. */
  readonly rest: readonly string[];
}

export interface SentenceFacts {
  readonly view: MachineView;
  readonly nowMs: number;
  /** When the page lost the server; `null` while it hears it. */
  readonly serverLostMs: number | null;
  readonly journal: readonly JournalEntry[];
  readonly language: Language;
  readonly words: Dictionary;
}

/** When the channel left its limits, where the journal tells: its newest crossing not yet returned. */
export function abnormalSince(journal: readonly JournalEntry[], channel: string): number | null {
  let sinceMs: number | null = null;
  for (const entry of journal) {
    if (entry.channel !== channel) continue;
    if (entry.kind === 'limit-returned' || entry.kind === 'sensor-back') break;
    // Warning, then alarm: the alarm's own instant is the newest one, which comes first.
    if (entry.kind === 'limit-crossed' || entry.kind === 'sensor-fault') {
      sinceMs = entry.atMs;
      break;
    }
  }
  return sinceMs;
}

function describe(reading: Reading, facts: SentenceFacts): string {
  const { words, language, view, nowMs, journal } = facts;
  const name = reading.channel.names[language];
  const level = reading.level;
  const fact =
    level === 'alarm-low' || level === 'warning-low'
      ? words.sentenceBelow(name)
      : level === 'sensor-fault'
        ? name
        : words.sentenceAbove(name);
  const sinceMs = abnormalSince(journal, reading.channel.id);
  if (sinceMs === null) return fact;
  return fact + words.sentenceSince(formatWhen(sinceMs, nowMs, view.timeZone, language));
}

interface Summary {
  readonly tone: Tone;
  readonly head: string;
  readonly details: readonly string[];
}

/** Says what the values mean, as if they were of now. */
function summarize(machine: MachineReadings, facts: SentenceFacts): Summary {
  const { words, language } = facts;
  const state =
    machine.state === null ? null : stateWord(machine.stateChannel, machine.state, language, words);
  const worst = abnormal(machine.readings);
  const first = worst[0];
  if (first === undefined) {
    if (!machine.running && state !== null) {
      return { tone: 'stopped', head: words.sentenceStopped(state), details: [] };
    }
    return { tone: 'normal', head: words.sentenceWell, details: state === null ? [] : [state] };
  }
  const rank = severity(first.level!);
  const peers = worst.filter((reading) => severity(reading.level!) === rank);
  const details = [describe(first, facts)];
  const others = worst.length - 1;
  if (others > 0) details[0] += ` ${words.sentenceOthers(others)}`;
  if (rank === 3) return { tone: 'alarm', head: words.sentenceAlarms(peers.length), details };
  if (rank === 2) return { tone: 'fault', head: words.sentenceFaults(peers.length), details };
  return { tone: 'warning', head: words.sentenceWarnings(peers.length), details };
}

export function machineSentence(facts: SentenceFacts): Sentence {
  const { view, nowMs, serverLostMs, words, language } = facts;
  if (serverLostMs !== null) {
    const when = formatWhen(serverLostMs, nowMs, view.timeZone, language);
    return { tone: 'unknown', head: words.sentenceServerLost, rest: [words.sentenceServerLostSince(when)] };
  }
  if (view.last === null) {
    const why = view.undatedRows > 0 ? words.sentenceOnlyUndated : words.sentenceNeverSent;
    return { tone: 'unknown', head: words.sentenceUnknown, rest: [why] };
  }
  const ageMs = nowMs - view.last.atMs;
  const fresh = freshness(ageMs, view.intervalMs);
  if (fresh === 'stale') {
    const silent = words.sentenceSilent(view.name, formatSpan(ageMs, language));
    return { tone: 'unknown', head: words.sentenceUnknown, rest: [silent] };
  }
  if (view.schema === null) {
    const last = words.sentenceLast(formatAge(ageMs, language));
    return { tone: 'unknown', head: words.sentenceUnknown, rest: [words.sentenceNoSchema, last] };
  }
  const summary = summarize(readMachine(view.schema, view.last, fresh), facts);
  if (fresh === 'late') {
    const known =
      summary.tone === 'normal'
        ? [words.lastKnownNormal, ...summary.details].join(', ')
        : [summary.head, ...summary.details].join(', ');
    return {
      tone: 'late',
      head: words.sentenceLate,
      rest: [words.sentenceNoReadingFor(formatSpan(ageMs, language)), words.sentenceLastKnown(known)],
    };
  }
  const last = words.sentenceLast(formatAge(ageMs, language));
  return { tone: summary.tone, head: summary.head, rest: [...summary.details, last] };
}
