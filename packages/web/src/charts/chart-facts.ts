// The line that says what a chart shows: its range, how long a point is, in which zone, and what line and shade are.

import type { Language } from '@vigie/contract';
import { formatRange, formatSpanExact, zoneName } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import { type Axis, formatPlace } from './zone.ts';
import type { Range } from './zoom.ts';

interface Facts {
  readonly shown: Range;
  readonly axis: Axis;
  /** Length of a point; `null`: nothing is there yet. */
  readonly bucketMs: number | null;
  /** Time between two rows. */
  readonly intervalMs: number;
}

export function factWords(
  { shown, axis, bucketMs, intervalMs }: Facts,
  language: Language,
  words: Dictionary,
): string {
  const isRaw = bucketMs !== null && bucketMs <= intervalMs;
  const range =
    axis.kind === 'time'
      ? formatRange(shown.fromMs, shown.toMs, axis.zone, language)
      : `${formatPlace(shown.fromMs, axis, language)} → ${formatPlace(shown.toMs, axis, language)}`;
  const parts = [range];
  if (bucketMs !== null) {
    parts.push(isRaw ? words.chartRaw : words.chartPoint(formatSpanExact(bucketMs, language)));
  }
  if (axis.kind === 'time') parts.push(words.chartZone(zoneName(axis.zone, shown.toMs, language)));
  if (bucketMs !== null && !isRaw) parts.push(words.chartEnvelope);
  return parts.join(' · ');
}
