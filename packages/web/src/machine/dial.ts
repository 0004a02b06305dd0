// Geometry of the dial: where a value lies on its arc, and the paths drawn there. Pure numbers and strings.
// The arc runs clockwise over 220°, its opening at the bottom. Not here: colours and words (gauge.tsx).
import type { Channel } from '@vigie/contract';

export const dialWidth = 160;
export const dialHeight = 104;
const centreX = 80;
const centreY = 76;
const sweepDeg = 220;
/** SVG's angles: 0 at three o'clock, growing clockwise; 160° is below nine o'clock. */
const startDeg = 90 + (360 - sweepDeg) / 2;

export interface Scale {
  readonly min: number;
  readonly max: number;
}

/** Place on the scale from 0 to 1; values beyond the ends stay at the ends. */
export function fractionOf(value: number, scale: Scale): number {
  const span = scale.max - scale.min;
  if (span <= 0) return 0;
  return Math.min(1, Math.max(0, (value - scale.min) / span));
}

export function pointAt(fraction: number, radius: number): readonly [number, number] {
  const angle = ((startDeg + fraction * sweepDeg) * Math.PI) / 180;
  const x = centreX + radius * Math.cos(angle);
  const y = centreY + radius * Math.sin(angle);
  return [Math.round(x * 100) / 100, Math.round(y * 100) / 100];
}

/** Path of the arc between two places at one radius. */
export function arcPath(from: number, to: number, radius: number): string {
  const [x0, y0] = pointAt(from, radius);
  const [x1, y1] = pointAt(to, radius);
  const large = (to - from) * sweepDeg > 180 ? 1 : 0;
  return `M${x0} ${y0}A${radius} ${radius} 0 ${large} 1 ${x1} ${y1}`;
}

/** Path of a straight mark across the arc. */
export function tickPath(fraction: number, inner: number, outer: number): string {
  const [x0, y0] = pointAt(fraction, inner);
  const [x1, y1] = pointAt(fraction, outer);
  return `M${x0} ${y0}L${x1} ${y1}`;
}

/** A needle: a thin triangle whose tip lies at `outer`. */
export function needlePath(fraction: number, inner: number, outer: number, halfWidth: number): string {
  const [x, y] = pointAt(fraction, outer);
  const half = halfWidth / ((inner * sweepDeg * Math.PI) / 180);
  const [x0, y0] = pointAt(fraction - half, inner);
  const [x1, y1] = pointAt(fraction + half, inner);
  return `M${x} ${y}L${x0} ${y0}L${x1} ${y1}Z`;
}

/**
 * The scale of a channel: its own, or one that holds band, limits and value with a tenth to spare. Limits on one side only
 * are seen from 0, or the value would make the scale it is read on, and stand at its end whatever it is.
 */
export function scaleOf(channel: Channel, value: number | null): Scale | null {
  if (channel.scale !== null) return channel.scale;
  const known = (all: readonly (number | null | undefined)[]): readonly number[] =>
    all.filter((end): end is number => typeof end === 'number');
  const { band, limits } = channel;
  const lows = known([band?.low, limits?.alarmLow, limits?.warningLow]);
  const highs = known([band?.high, limits?.alarmHigh, limits?.warningHigh]);
  if (lows.length + highs.length === 0) return null;
  const other = highs.length === 0 ? [0, 2 * Math.max(...lows)] : lows.length === 0 ? [0] : [];
  const ends = [...lows, ...highs, ...other, ...known([value])];
  const min = Math.min(...ends);
  const max = Math.max(...ends);
  if (min === max) return null;
  const spare = (max - min) / 10;
  return { min: min - spare, max: max + spare };
}
