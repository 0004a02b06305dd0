// What is along a chart's axis: instants of a machine's site, or time since an event; and the words beside its ticks. Pure.
// Not here: where ticks go (contract/ticks.ts).
import type { Language } from '@vigie/contract';
import { tickLabels } from '@vigie/contract/ticks';
import { formatDayClock, formatDayClockSeconds, formatElapsed } from '../i18n/format.ts';

export { tickLabels, tickStep, timeTicks } from '@vigie/contract/ticks';

const minuteMs = 60_000;

/** What is along the axis: instants of a place, or time since an event of each curve's own (ms, before it below 0). */
export type Axis = { readonly kind: 'time'; readonly zone: string } | { readonly kind: 'elapsed' };

/** Labels of ticks on either kind of axis. */
export function tickWords(
  ticks: readonly number[],
  stepMs: number,
  axis: Axis,
  language: Language,
): readonly string[] {
  switch (axis.kind) {
    case 'time':
      return tickLabels(ticks, stepMs, axis.zone, language);
    case 'elapsed':
      return ticks.map((ms) => formatElapsed(ms, language));
  }
}

/**
 * A place on the axis in words: a date, or a time since the event.
 * @param stepMs between one place and the next, so that two of them never read alike; `null`: to the minute
 */
export function formatPlace(
  placeMs: number,
  axis: Axis,
  language: Language,
  stepMs: number | null = null,
): string {
  if (axis.kind === 'elapsed') return formatElapsed(placeMs, language);
  const format = stepMs !== null && stepMs < minuteMs ? formatDayClockSeconds : formatDayClock;
  return format(placeMs, axis.zone, language);
}
