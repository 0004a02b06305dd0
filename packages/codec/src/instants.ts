// The instants of a block's rows: the first one as its distance from the prior's last one (or from 0), the others as
// deviations from a grid that follows them, so that a clock's jitter is paid once and not twice. Rows on the exact
// grid cost one decision. Not here: what clock the instants are of.
import { type Coder, READING } from './coder.ts';
import {
  INSTANT_A,
  INSTANT_B,
  INSTANT_C,
  INSTANT_DEVIATION,
  INSTANT_RAW,
  INSTANT_REGULAR,
  INSTANT_UNIT,
  WEIGHT_INSTANT,
} from './contexts.ts';
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
  const distance = codeDistance(coder, reading ? 0 : (timesMs[0]! - from) / firstUnit);
  if (reading) timesMs[0] = from + distance * firstUnit;
  if (rowCount > 1) {
    const regular = reading ? 0 : isRegular(timesMs, rowCount, intervalMs) ? 1 : 0;
    if (coder.flag(regular, INSTANT_REGULAR) !== 0) {
      if (reading) for (let i = 1; i < rowCount; i++) timesMs[i] = timesMs[0]! + i * intervalMs;
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
    for (let i = 1; i < rowCount; i++) {
      const time = codeRaw(coder, timesMs[i]!, 53);
      if (reading) timesMs[i] = time;
    }
    return;
  }
  const stepMs = unitMs(codeTree(coder, INSTANT_UNIT, 2, unit), intervalMs);
  const period = Math.floor((prior === null ? intervalMs * 256 : prior.period) / stepMs + 0.5);
  const grid = new Grid(period);
  for (let i = 1; i < rowCount; i++) {
    const expected = grid.expected();
    const given = reading ? 0 : (timesMs[i]! - first) / stepMs - expected;
    const place = expected + codeDeviation(coder, grid, given);
    if (reading) timesMs[i] = first + place * stepMs;
    grid.follow(place);
  }
}

function codeDeviation(coder: Coder, grid: Grid, given: number): number {
  const a = INSTANT_A + grid.deviations * 2;
  const b = INSTANT_B + grid.steps * 2;
  const c = INSTANT_C + (grid.even * 3 + grid.lastUneven) * 2;
  if (coder.bit(given !== 0 ? 1 : 0, a, b, c, WEIGHT_INSTANT) === 0) return 0;
  const early = coder.bit(given < 0 ? 1 : 0, a + 1, b + 1, c + 1, WEIGHT_INSTANT + 3);
  const size = 1 + codeNumber(coder, INSTANT_DEVIATION, Math.abs(given) - 1);
  return early !== 0 ? -size : size;
}

/** Where the next row is expected, in units, and what the rows so far were like. */
export class Grid {
  /** Which of eight kinds the last two deviations were. */
  deviations = 0;
  /** The last four steps, each about the period, shorter or longer: four digits to base 3. */
  steps = 0;
  /** Rows since a step was shorter (1) or longer (2), up to 15. */
  even = 0;
  lastUneven = 0;
  private readonly period: number;
  private at = 0;
  private place = 0;
  private deviation = 0;

  /** @param period in 1/256 of a unit */
  constructor(period: number) {
    this.period = period;
  }

  expected(): number {
    return Math.floor((this.at + this.period + 128) / 256);
  }

  follow(place: number): void {
    const { period } = this;
    const before = this.deviation;
    this.deviation = place - this.expected();
    this.deviations = deviationKind(this.deviation, before);
    const uneven = (place - this.place) * 256 - period;
    const step = uneven < -128 ? 1 : uneven > 128 ? 2 : 0;
    this.steps = (this.steps % 27) * 3 + step;
    if (step !== 0) {
      this.even = 0;
      this.lastUneven = step;
    } else if (this.even < 15) this.even++;
    this.place = place;
    this.at += period;
    const off = place * 256 - this.at;
    // Half a period off is no jitter: rows were skipped, and the grid goes on from here.
    this.at = off > period / 2 || off < -period / 2 ? place * 256 : this.at + Math.floor(off / 5);
  }
}

function deviationKind(deviation: number, before: number): number {
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
export function unitOf(distance: number, intervalMs: number): number {
  if (distance % intervalMs === 0) return 0;
  if (distance % 1000 === 0) return 1;
  return distance % 100 === 0 ? 2 : 3;
}
export function unitMs(index: number, intervalMs: number): number {
  return index === 0 ? intervalMs : UNITS_MS[index - 1]!;
}
