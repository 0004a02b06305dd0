// Where the ticks of an axis go, of instants in local time of a zone or of values, and what is written beside them; for the
// page's charts and the pictures of mails.
// Invariant: an axis of time is linear in real time; days of 23 and 25 hours are drawn so, with ticks still on
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

export interface ValueTicks {
  /** Within the range, increasing. */
  readonly values: readonly number[];
  /** As many as tell neighbours apart. */
  readonly decimals: number;
}

/** Finer, nothing that is measured differs. */
const decimalsMost = 12;

/**
 * Multiples of 1, 2, 2.5 or 5 times a power of ten, of the smallest such step that fits at most `stepsMax` times into the range.
 * None in a range that is empty or not finite.
 */
export function valueTicks(low: number, high: number, stepsMax: number): ValueTicks {
  const wanted = (high - low) / Math.max(1, stepsMax);
  if (!(wanted > 0 && Number.isFinite(wanted))) return { values: [], decimals: 0 };
  const exponent = Math.floor(Math.log10(wanted));
  const factor = [1, 2, 2.5, 5].find((one) => one * 10 ** exponent >= wanted) ?? 10;
  // Divided by a whole power of ten: 3 × 0.1 is not 0.3, and 3 ÷ 10 is.
  const scale = 10 ** Math.abs(exponent);
  const multiple = (n: number): number => (exponent < 0 ? (n * factor) / scale : n * factor * scale);
  const first = Math.ceil(low / multiple(1));
  const values: number[] = [];
  for (let i = 0; i <= Math.max(1, stepsMax) + 1; i++) {
    const value = multiple(first + i);
    // A range narrower than what its numbers can tell apart has the same value twice.
    if (value >= low && value <= high && value > (values.at(-1) ?? Number.NEGATIVE_INFINITY))
      values.push(value);
  }
  const decimals = (factor === 2.5 ? 1 : 0) - (factor === 10 ? 1 : 0) - exponent;
  return { values, decimals: Math.min(decimalsMost, Math.max(0, decimals)) };
}
