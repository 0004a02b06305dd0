// Where the ticks of a time axis go, in local time of a zone, and what is written beside them; for the page's charts and the
// pictures of mails.
// Invariant: the axis is linear in real time; days of 23 and 25 hours are drawn so, with ticks still on
// local midnights and hours. Pure.
import { instantOf, wallMs } from '@vigie/model/zone';
import type { Language } from './accounts.ts';
import { dateFormat } from './format.ts';

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
