// Learning the grid of a machine's instants: the period its rows follow, which is not always the nominal one.
import { Grid, unitMs, unitOf } from './instants.ts';
import type { Rows } from './types.ts';

/** The mean step in 1/256 ms: of the even steps, or of all but long pauses, whichever grid the rows leave less often. */
export function periodOf(samples: readonly Rows[], intervalMs: number): number {
  const mean = (most: number): number => {
    let sum = 0;
    let count = 0;
    for (const { timesMs, rowCount } of samples) {
      for (let i = 1; i < rowCount; i++) {
        const step = timesMs[i]! - timesMs[i - 1]!;
        if (step < intervalMs / 2 || step > intervalMs * most) continue;
        sum += step;
        count++;
      }
    }
    return Math.max(1, Math.round((count === 0 ? intervalMs : sum / count) * 256));
  };
  const candidates = [intervalMs * 256, mean(1.5), mean(4)];
  const departures = candidates.map((period) => departuresFrom(period, samples, intervalMs));
  return candidates[departures.indexOf(Math.min(...departures))]!;
}

/** How often rows leave a grid. */
function departuresFrom(period: number, samples: readonly Rows[], intervalMs: number): number {
  let departures = 0;
  for (const { timesMs, rowCount } of samples) {
    const first = timesMs[0]!;
    let unit = 0;
    for (let i = 1; i < rowCount; i++) unit = Math.max(unit, unitOf(timesMs[i]! - first, intervalMs));
    const stepMs = unitMs(unit, intervalMs);
    const grid = new Grid(Math.floor(period / stepMs + 0.5));
    for (let i = 1; i < rowCount; i++) {
      const place = Math.round((timesMs[i]! - first) / stepMs);
      if (place !== grid.expected()) departures++;
      grid.follow(place);
    }
  }
  return departures;
}
