// The instants of a block's rows: the first one as its distance from the prior's last one (or from 0), the others as
// deviations from a grid that follows them, so that a clock's jitter is paid once and not twice. Rows on the exact
// grid cost one decision. Not here: what clock the instants are of.
import { type Coder, READING } from './coder.ts';
import { INSTANT_DEVIATION, INSTANT_RAW, INSTANT_REGULAR, INSTANT_UNIT, NUMBER_SIZE } from './contexts.ts';
import type { InstantPrior } from './prior.ts';
import { bitLength, codeNumber, codeRaw, codeTree } from './symbols.ts';

/** Units a distance may be a multiple of, after the nominal interval. */
const UNITS_MS = [1000, 100, 1] as const;
/** The grid is kept in 1/256 of a unit, and only over spans that keep it exact. */
const GRID_SPAN_MOST = 2 ** 44;

/** Returns `false` when an instant read is no whole number from 0 to 2^53 − 1. */
export function codeInstants(
  coder: Coder,
  timesMs: Float64Array,
  rowCount: number,
  intervalMs: number,
  prior: InstantPrior | null,
): boolean {
  const reading = coder.mode === READING;
  const from = prior?.lastMs ?? 0;
  const firstUnit = unitMs(coder.raw(reading ? 0 : unitOf(timesMs[0]! - from, intervalMs), 2), intervalMs);
  timesMs[0] = from + codeDistance(coder, reading ? 0 : (timesMs[0]! - from) / firstUnit) * firstUnit;
  if (rowCount > 1) {
    const regular = reading ? 0 : isRegular(timesMs, rowCount, intervalMs) ? 1 : 0;
    if (coder.flag(regular, INSTANT_REGULAR) !== 0) {
      for (let i = 1; i < rowCount; i++) timesMs[i] = timesMs[0]! + i * intervalMs;
    } else codeIrregular(coder, timesMs, rowCount, intervalMs, prior);
  }
  for (let i = 0; i < rowCount; i++) {
    const time = timesMs[i]!;
    if (!(time >= 0 && time <= Number.MAX_SAFE_INTEGER)) return false;
  }
  return true;
}

function codeIrregular(
  coder: Coder,
  timesMs: Float64Array,
  rowCount: number,
  intervalMs: number,
  prior: InstantPrior | null,
): void {
  const reading = coder.mode === READING;
  const first = timesMs[0]!;
  let unit = 0;
  let wide = 0;
  for (let i = 1; i < rowCount && !reading; i++) {
    const way = timesMs[i]! - first;
    while (way % unitMs(unit, intervalMs) !== 0) unit++;
    if (way > GRID_SPAN_MOST || way < -GRID_SPAN_MOST) wide = 1;
  }
  // A later unit need not be a divisor of an earlier one.
  for (let i = 1; i < rowCount && !reading; i++) {
    if ((timesMs[i]! - first) % unitMs(unit, intervalMs) !== 0) unit = UNITS_MS.length;
  }
  if (coder.flag(wide, INSTANT_RAW) !== 0) {
    for (let i = 1; i < rowCount; i++) timesMs[i] = codeRaw(coder, timesMs[i]!, 53);
    return;
  }
  const stepMs = unitMs(codeTree(coder, INSTANT_UNIT, 2, unit), intervalMs);
  const period = Math.floor((prior === null ? intervalMs * 256 : prior.period) / stepMs + 0.5);
  let grid = 0;
  let deviation = 0;
  let deviationBefore = 0;
  for (let i = 1; i < rowCount; i++) {
    const expected = Math.floor((grid + period + 128) / 256);
    const context = INSTANT_DEVIATION + deviationContext(deviation, deviationBefore) * NUMBER_SIZE;
    deviationBefore = deviation;
    deviation = codeNumber(coder, context, reading ? 0 : (timesMs[i]! - first) / stepMs - expected);
    const place = expected + deviation;
    if (reading) timesMs[i] = first + place * stepMs;
    grid += period;
    const off = place * 256 - grid;
    // Half a period off is no jitter: rows were skipped, and the grid goes on from here.
    grid = off > period / 2 || off < -period / 2 ? place * 256 : grid + Math.floor(off / 5);
  }
}

function deviationContext(deviation: number, before: number): number {
  if (deviation === 0) return before === 0 ? 0 : 1;
  if (deviation < 0) return deviation > -3 ? 2 : deviation > -9 ? 3 : 4;
  return deviation < 3 ? 5 : deviation < 9 ? 6 : 7;
}

/** A whole number below 2^54 either way: sign, class and bits as they are, since nothing foretells them. */
function codeDistance(coder: Coder, given: number): number {
  const negative = coder.raw(given < 0 ? 1 : 0, 1);
  const magnitude = Math.abs(given);
  const size = coder.raw(bitLength(magnitude), 6);
  if (size < 2) return negative !== 0 ? -size : size;
  const top = 2 ** Math.min(size - 1, 53);
  const value = top + codeRaw(coder, magnitude - top, Math.min(size - 1, 53));
  return negative !== 0 ? -value : value;
}

function isRegular(timesMs: Float64Array, rowCount: number, intervalMs: number): boolean {
  for (let i = 1; i < rowCount; i++) if (timesMs[i] !== timesMs[0]! + i * intervalMs) return false;
  return true;
}

/** Index of the largest unit that divides a distance. */
function unitOf(distance: number, intervalMs: number): number {
  if (distance % intervalMs === 0) return 0;
  if (distance % 1000 === 0) return 1;
  return distance % 100 === 0 ? 2 : 3;
}
function unitMs(index: number, intervalMs: number): number {
  return index === 0 ? intervalMs : UNITS_MS[index - 1]!;
}
