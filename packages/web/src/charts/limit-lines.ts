// Limits of a channel as lines of a chart, with their words.
import type { Channel } from '@vigie/contract';
import { words } from '../i18n/words.ts';
import type { LimitLine } from './plot.ts';

/** @param name of the curve, in the reader's language */
export function limitLines(channel: Channel | undefined, name: string): readonly LimitLine[] {
  const limits = channel?.limits ?? null;
  if (limits === null) return [];
  const w = words.value;
  const lines = [
    [limits.alarmHigh, w.stateAlarmHigh],
    [limits.warningHigh, w.stateWarningHigh],
    [limits.warningLow, w.stateWarningLow],
    [limits.alarmLow, w.stateAlarmLow],
  ] as const;
  return lines.flatMap(([value, word]) => (value === null ? [] : [{ value, channel: name, word }]));
}
