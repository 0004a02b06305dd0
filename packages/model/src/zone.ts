// Local time of a machine's site by Intl alone: how far it is from UTC at an instant, and an instant in ISO 8601 with that
// offset. Pure, and free of dependencies, for server and page. Not here: words for people (the page's i18n).

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
export function wallMs(atMs: number, zone: string): number {
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

const quarterMs = 15 * 60_000;

/**
 * Writes instants as 2026-11-20T08:00:00.000+01:00. The offset is asked for once per quarter of an hour, since clocks
 * are changed at no other instants and millions of rows are written.
 */
export function isoWriter(zone: string): (atMs: number) => string {
  let slot = Number.NaN;
  let offset = 0;
  let suffix = '';
  return (atMs) => {
    const now = Math.floor(atMs / quarterMs);
    if (now !== slot) {
      slot = now;
      offset = offsetMs(now * quarterMs, zone);
      const minutes = Math.round(Math.abs(offset) / 60_000);
      const two = (value: number): string => String(value).padStart(2, '0');
      suffix = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    }
    return new Date(atMs + offset).toISOString().slice(0, -1) + suffix;
  };
}
