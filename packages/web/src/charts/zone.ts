// Where the ticks of a time axis go, in local time of a machine's site, and what is written beside them.
// Invariant: the axis is linear in real time; days of 23 and 25 hours are drawn so, with ticks still on
// local midnights and hours. Pure.
import type { Language } from '@vigie/contract';
import { instantOf, wallMs } from '@vigie/model/zone';
import { dateFormat, formatDayClock, formatElapsed } from '../i18n/format.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Steps a tick may have, in ms; whole days above `day` are counted in days. */
const steps = [
  1000,
  5000,
  10_000,
  30_000,
  minute,
  2 * minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  3 * day,
  7 * day,
  14 * day,
  28 * day,
  91 * day,
  365 * day,
] as const;

export function tickStep(fromMs: number, toMs: number, ticksMax: number): number {
  const wanted = (toMs - fromMs) / Math.max(1, ticksMax);
  return steps.find((step) => step >= wanted) ?? 365 * day;
}

/** Instants of the ticks in a range, on round local times. */
export function timeTicks(fromMs: number, toMs: number, ticksMax: number, zone: string): readonly number[] {
  const step = tickStep(fromMs, toMs, ticksMax);
  const ticks: number[] = [];
  if (!(toMs > fromMs)) return ticks;
  // Walk on wall time, so that steps of hours and days fall on round local times across a DST change.
  const firstWall = Math.ceil(wallMs(fromMs - 2 * hour, zone) / step) * step;
  const lastWall = wallMs(toMs + 2 * hour, zone);
  for (let wall = firstWall; wall <= lastWall && ticks.length < 1000; wall += step) {
    const at = instantOf(wall, zone);
    if (at < fromMs || at > toMs) continue;
    if (at > (ticks.at(-1) ?? -Infinity)) ticks.push(at);
  }
  return ticks;
}

/** Labels for ticks: the clock below a day, with the day where it changes and on the first tick. */
export function tickLabels(
  ticks: readonly number[],
  stepMs: number,
  zone: string,
  language: Language,
): readonly string[] {
  const clock = dateFormat(language, zone, {
    hour: '2-digit',
    minute: '2-digit',
    ...(stepMs < minute ? { second: '2-digit' } : {}),
  });
  const date = dateFormat(language, zone, { day: 'numeric', month: 'short' });
  const weekday = dateFormat(language, zone, { weekday: 'short' });
  const year = dateFormat(language, zone, { month: 'short', year: 'numeric' });
  let before = '';
  return ticks.map((at) => {
    if (stepMs >= 28 * day) return year.format(at);
    const dayText = date.format(at);
    if (stepMs >= day) return `${dayText}\n${weekday.format(at)}`;
    const changed = dayText !== before;
    before = dayText;
    return changed ? `${clock.format(at)}\n${dayText}` : clock.format(at);
  });
}

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

/** A place on the axis in words: a date, or a time since the event. */
export function formatPlace(placeMs: number, axis: Axis, language: Language): string {
  return axis.kind === 'time'
    ? formatDayClock(placeMs, axis.zone, language)
    : formatElapsed(placeMs, language);
}
