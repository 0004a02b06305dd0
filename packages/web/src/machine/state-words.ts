// Words for states and levels: the one place where a level becomes a word of the reader's language.
import type { Channel, Language } from '@vigie/contract';
import type { Level } from '@vigie/model/evaluate';
import type { Value } from '@vigie/model/reading';
import { formatNumber } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import type { Freshness, Reading } from './verdict.ts';

export function levelWord(level: Level, words: Dictionary): string {
  switch (level) {
    case 'normal':
      return words.stateNormal;
    case 'warning-low':
      return words.stateWarningLow;
    case 'warning-high':
      return words.stateWarningHigh;
    case 'alarm-low':
      return words.stateAlarmLow;
    case 'alarm-high':
      return words.stateAlarmHigh;
    case 'inactive':
      return words.stateInactive;
    case 'no-limits':
      return words.stateNoLimits;
    case 'sensor-fault':
      return words.stateSensorFault;
  }
}

/** The state word of one reading. Empty once stale: then only the age is shown. */
export function readingWord(reading: Reading, fresh: Freshness, words: Dictionary): string {
  if (fresh === 'stale') return words.sentenceUnknown;
  if (reading.level === null) return '';
  const word = reading.stopped ? words.stateStopped : levelWord(reading.level, words);
  return fresh === 'late' ? words.lateFor(word) : word;
}

/** The word of a state channel's value, or the bare number when the model has no word for it. */
export function stateWord(
  channel: Channel | null,
  value: number,
  language: Language,
  words: Dictionary,
): string {
  const known = channel?.states?.find((state) => state.value === value);
  return known === undefined ? words.stateUnknown(formatNumber(value, 0, language)) : known.names[language];
}

/** A value as it is written: a word for states, a number with its decimals otherwise, a dash when missing. */
export function formatValue(
  channel: Pick<Channel, 'states' | 'decimals'>,
  value: Value,
  language: Language,
  words: Dictionary,
): string {
  if (value === null) return words.noValue;
  if (typeof value === 'string') return value;
  const known = channel.states?.find((state) => state.value === value);
  return known === undefined ? formatNumber(value, channel.decimals, language) : known.names[language];
}
