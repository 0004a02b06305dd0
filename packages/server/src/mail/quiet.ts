// Quiet hours, by the clocks of a reader's zone. Pure.
import type { Notifications } from '@vigie/contract';
import { instantOf, wallMs } from '@vigie/model';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** When the quiet hours end in which an instant lies; `null`: it lies in none. An end that clocks skip is the instant after. */
export function quietUntilMs(quiet: Notifications['quiet'], zone: string, atMs: number): number | null {
  if (quiet === null) return null;
  const { fromMinute, toMinute } = quiet;
  const wall = wallMs(atMs, zone);
  const midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  const minute = (wall - midnight) / MINUTE_MS;
  const isOverMidnight = fromMinute > toMinute;
  const isQuiet = isOverMidnight
    ? minute >= fromMinute || minute < toMinute
    : minute >= fromMinute && minute < toMinute;
  if (!isQuiet) return null;
  const endsTomorrow = isOverMidnight && minute >= fromMinute;
  const endMs = instantOf(midnight + (endsTomorrow ? DAY_MS : 0) + toMinute * MINUTE_MS, zone);
  // Where the end is a time that clocks show twice, its first one may be behind.
  return endMs > atMs ? endMs : atMs + MINUTE_MS;
}
