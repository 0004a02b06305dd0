// Local time of a machine's site, by Intl alone: offsets, midnights, and where the ticks of a time axis go.
// Invariant: the axis is linear in real time; days of 23 and 25 hours are drawn so, with ticks still on
// local midnights and hours. Pure.
import type { Language } from '@vigie/contract';
import { dateFormat } from '../i18n/format.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const partsFormats = new Map<string, Intl.DateTimeFormat>();

function partsFormat(zone: string): Intl.DateTimeFormat {
  let format = partsFormats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    partsFormats.set(zone, format);
  }
  return format;
}

/** Local wall time as if it were UTC: subtracting the instant gives the offset. */
function wallMs(atMs: number, zone: string): number {
  const found: Record<string, number> = {};
  for (const { type, value } of partsFormat(zone).formatToParts(atMs)) found[type] = Number(value);
  const { year = 1970, month = 1, day: date = 1, hour: hours = 0, minute: minutes = 0, second = 0 } = found;
  return Date.UTC(year, month - 1, date, hours, minutes, second);
}

/** Offset of local time from UTC at an instant; positive east of Greenwich. */
export function offsetMs(atMs: number, zone: string): number {
  return wallMs(atMs, zone) - Math.floor(atMs / 1000) * 1000;
}

/** The instant at which clocks of the zone show `wall`; a wall time skipped by DST gives the instant after. */
export function instantOf(wall: number, zone: string): number {
  const guess = wall - offsetMs(wall, zone);
  return wall - offsetMs(guess, zone);
}

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
