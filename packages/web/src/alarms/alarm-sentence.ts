// What an alarm says in words, and its times: happened, learned, over. Pure: language, zone and now are arguments.
// Invariant: when it was learned is said wherever that was minutes after it happened. Not here: how it looks.
import type { AlarmView, Language } from '@vigie/contract';
import { formatClock, formatDayClock, formatNumber, formatSpanExact, formatWhen } from '../i18n/format.ts';
import type { AlarmWords } from './words.ts';

/** Learned so much later, it is told. */
const LATE_MS = 10 * 60_000;

export function whatOf({ kind, channel, cause }: AlarmView, language: Language, w: AlarmWords): string {
  const name = channel?.names[language] ?? '';
  switch (kind) {
    case 'alarm-high':
    case 'warning-high':
      return w.high(name);
    case 'alarm-low':
    case 'warning-low':
      return w.low(name);
    case 'rate':
      return w.rate(name);
    case 'stuck':
      return w.stuck(name);
    case 'missing':
      return w.missing(name);
    case 'silent':
      return cause === null ? w.silent : w.silence[cause];
    case 'budget':
      return w.budget;
    case 'clock':
      return w.clock;
    case 'spool':
      return w.spool;
  }
}

/** "68 mbar > 60"; '' where there is no number to it. */
export function figuresOf(
  { kind, channel, value, limit }: AlarmView,
  language: Language,
  w: AlarmWords,
): string {
  if (channel === null || value === null || limit === null) return '';
  const text = (number: number): string => formatNumber(number, channel.decimals, language);
  const unit = channel.unit === '' ? '' : `\u00a0${channel.unit}`;
  switch (kind) {
    case 'alarm-high':
    case 'warning-high':
      return `${text(value)}${unit} > ${text(limit)}`;
    case 'alarm-low':
    case 'warning-low':
      return `${text(value)}${unit} < ${text(limit)}`;
    case 'rate':
      return w.perMinute(`${text(value)}${unit}`);
    case 'stuck':
      return `${text(value)}${unit}`;
    case 'missing':
    case 'silent':
    case 'budget':
    case 'clock':
    case 'spool':
      return '';
  }
}

/** Facts to be joined by middle dots. */
export function timesOf(
  alarm: AlarmView,
  zone: string,
  nowMs: number,
  language: Language,
  w: AlarmWords,
): readonly string[] {
  const { happenedMs, learnedMs, overMs, peak, channel } = alarm;
  const isToday = formatWhen(happenedMs, nowMs, zone, language) === formatClock(happenedMs, zone, language);
  // Beside an instant with its day, one without would be taken for one of that day.
  const when = (atMs: number): string => (isToday ? formatClock : formatDayClock)(atMs, zone, language);
  const isLate = learnedMs - happenedMs > LATE_MS;
  const facts = isLate || overMs !== null ? [w.happened(when(happenedMs))] : [w.since(when(happenedMs))];
  if (isLate) facts.push(w.learned(when(learnedMs)));
  if (overMs !== null) {
    facts.push(w.over(when(overMs)), w.lasted(formatSpanExact(overMs - happenedMs, language)));
  }
  if (peak !== null && channel !== null && peak !== alarm.value) {
    const unit = channel.unit === '' ? '' : `\u00a0${channel.unit}`;
    facts.push(w.peak(`${formatNumber(peak, channel.decimals, language)}${unit}`));
  }
  return facts;
}
