// Ranges of a chart: zooming, panning, and their form in the address. Pure.
// Invariants: a range is never shorter than a minute nor longer than ten years, never ends after the latest instant
// there can be (the present, on an axis of dates), and what is written in the address reads back as the same range.

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

export const threeWeeksMs = 21 * 86_400_000;
const shortestMs = 60_000;
const longestMs = 3650 * 86_400_000;

export function lastWeeks(nowMs: number): Range {
  return { fromMs: nowMs - threeWeeksMs, toMs: nowMs };
}

/** Keeps a range within what can be shown, moving it rather than shrinking it. */
export function clampRange(range: Range, latestMs: number, earliestMs = 0): Range {
  const span = Math.round(Math.min(longestMs, Math.max(shortestMs, range.toMs - range.fromMs)));
  const middle = (range.fromMs + range.toMs) / 2;
  const toMs = Math.max(earliestMs + span, Math.floor(Math.min(latestMs, middle + span / 2)));
  return { fromMs: toMs - span, toMs };
}

/** Zooms by `factor` (below 1: closer) around the instant `aroundMs`, which keeps its place. */
export function zoomRange(
  range: Range,
  factor: number,
  aroundMs: number,
  latestMs: number,
  earliestMs = 0,
): Range {
  const span = range.toMs - range.fromMs;
  const wanted = Math.min(longestMs, Math.max(shortestMs, span * factor));
  const place = span === 0 ? 0.5 : (aroundMs - range.fromMs) / span;
  const fromMs = aroundMs - place * wanted;
  return clampRange({ fromMs, toMs: fromMs + wanted }, latestMs, earliestMs);
}

/** Moves by a part of the range: −0.5 is half a screen earlier. */
export function panRange(range: Range, part: number, latestMs: number, earliestMs = 0): Range {
  const step = (range.toMs - range.fromMs) * part;
  return clampRange({ fromMs: range.fromMs + step, toMs: range.toMs + step }, latestMs, earliestMs);
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const unitOf = (letter: string | undefined): number => units[letter as keyof typeof units] ?? 0;

/** A length of time with its sign: `-30m`, `8h`, `7d`, `0`; ms, or `null` when it is none. */
export function parseElapsed(text: string): number | null {
  const found = /^([-−+]?)(\d{1,9}(?:\.\d{1,3})?)\s?(s|m|h|d|w)$/.exec(text.trim());
  if (found === null) return /^[-−+]?0$/.test(text.trim()) ? 0 : null;
  const ms = Math.round(Number(found[2]) * unitOf(found[3]));
  return found[1] === '' || found[1] === '+' ? ms : -ms;
}

/** In the largest unit that it is a whole number of. Whole seconds only. */
export function writeElapsed(ms: number): string {
  const whole = Math.round(ms / 1000) * 1000;
  if (whole === 0) return '0';
  const unit = (['d', 'h', 'm', 's'] as const).find((letter) => whole % units[letter] === 0) ?? 's';
  return `${whole / units[unit]}${unit}`;
}

/** `now`, `now-21d`, Unix ms or an ISO instant; `null` when it is none of them. */
export function parseInstant(text: string | null, nowMs: number): number | null {
  if (text === null || text === '') return null;
  const relative = /^now(?:-(\d{1,5})([smhdw]))?$/.exec(text);
  if (relative !== null) return nowMs - Number(relative[1] ?? 0) * unitOf(relative[2]);
  if (/^\d{1,14}$/.test(text)) return Number(text);
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? null : parsed;
}

/** The range of an address; `null` when it names none, and the last three weeks are meant. */
export function rangeOfQuery(query: string, nowMs: number): Range | null {
  const parameters = new URLSearchParams(query);
  const fromMs = parseInstant(parameters.get('from'), nowMs);
  const toMs = parseInstant(parameters.get('to') ?? 'now', nowMs);
  if (fromMs === null || toMs === null || toMs <= fromMs) return null;
  return { fromMs, toMs };
}

const iso = (atMs: number): string => new Date(atMs).toISOString().replace('.000Z', 'Z');

/** The address of a range, other parameters kept. */
export function queryOfRange(range: Range | null, query: string): string {
  const parameters = new URLSearchParams(query);
  parameters.delete('from');
  parameters.delete('to');
  if (range !== null) {
    parameters.set('from', iso(range.fromMs));
    parameters.set('to', iso(range.toMs));
  }
  // Colons are legal in a query, and dates without %3A can be read by people.
  const text = parameters.toString().replaceAll('%3A', ':');
  return text === '' ? '' : `?${text}`;
}
