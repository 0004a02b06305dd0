// Numbers, ages and instants in words, by Intl, in the reader's language and the machine's time zone.
// For the page and for mails, in the same words. Pure: the present, the language and the zone are always given. Minus signs are typographic (−).
import type { Language } from './accounts.ts';

const minute = 60_000;
const hour = 3_600_000;
const day = 86_400_000;

/** English is written as in Great Britain: 24 hours, day before month, like the machines' sites. */
export function locale(language: Language): string {
  return language === 'fr' ? 'fr-FR' : 'en-GB';
}

const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

function numberFormat(language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options);
  let format = numberFormats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale(language), options);
    numberFormats.set(key, format);
  }
  return format;
}

/** Formats are costly to make (a millisecond each): kept by zone, language and options. */
export function dateFormat(
  language: Language,
  zone: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const key = language + zone + JSON.stringify(options);
  let format = dateFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale(language), { ...options, timeZone: zone });
    dateFormats.set(key, format);
  }
  return format;
}

const minus = (text: string): string => text.replace(/^-/, '−');

/** A sample with the decimals of its channel; without decimals given, at most three significant ones. */
export function formatNumber(value: number, decimals: number | null, language: Language): string {
  const options: Intl.NumberFormatOptions =
    decimals === null
      ? { maximumFractionDigits: 3 }
      : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const text = numberFormat(language, { ...options, signDisplay: 'negative' }).format(value);
  return minus(text);
}

/** "+0.4", "−12", "0.0". */
export function formatSigned(value: number, decimals: number, language: Language): string {
  const text = numberFormat(language, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    signDisplay: 'exceptZero',
  }).format(value);
  return minus(text);
}

/** A number and its unit, held together by a no-break space. */
export function withUnit(number: string, unit: string): string {
  return unit === '' ? number : `${number}\u00a0${unit}`;
}

export function formatBytes(bytes: number, language: Language): string {
  const [unit, size] =
    bytes < 1000
      ? (['byte', 1] as const)
      : bytes < 1e6
        ? (['kilobyte', 1e3] as const)
        : (['megabyte', 1e6] as const);
  const value = bytes / size;
  return numberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: unit === 'byte' ? 'long' : 'short',
    maximumFractionDigits: value < 100 && unit !== 'byte' ? 1 : 0,
  }).format(value);
}

/** A length of time with one unit: "12 s", "3 min", "5 h", "2 days". Never rounds up: 59 min is not an hour. */
export function formatSpan(spanMs: number, language: Language): string {
  const ms = Math.max(0, spanMs);
  if (ms < minute) return `${Math.floor(ms / 1000)}\u00a0s`;
  if (ms < hour) return `${Math.floor(ms / minute)}\u00a0min`;
  if (ms < 2 * day) return `${Math.floor(ms / hour)}\u00a0h`;
  const days = Math.floor(ms / day);
  return language === 'fr' ? `${days}\u00a0jours` : `${days}\u00a0days`;
}

/** A length of time to the minute: "3 h 30 min", "12 min 5 s". For gaps, where it is the fact itself. */
export function formatSpanExact(spanMs: number, language: Language): string {
  const seconds = Math.round(Math.max(0, spanMs) / 1000);
  if (seconds < 60) return `${seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    const rest = seconds % 60;
    return rest === 0 ? `${minutes}\u00a0min` : `${minutes}\u00a0min\u00a0${rest}\u00a0s`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 48) {
    const rest = minutes % 60;
    return rest === 0 ? `${hours}\u00a0h` : `${hours}\u00a0h\u00a0${rest}\u00a0min`;
  }
  const days = Math.floor(hours / 24);
  const rest = hours % 24;
  const word = language === 'fr' ? 'j' : 'd';
  return rest === 0 ? `${days}\u00a0${word}` : `${days}\u00a0${word}\u00a0${rest}\u00a0h`;
}

/** Time since an event: "+2 h 10 min", "−30 min", "0". */
export function formatElapsed(ms: number, language: Language): string {
  if (Math.abs(ms) < 500) return '0';
  return `${ms < 0 ? '−' : '+'}${formatSpanExact(Math.abs(ms), language)}`;
}

/** "12 s ago", "il y a 3 h". */
export function formatAge(ageMs: number, language: Language): string {
  const span = formatSpan(ageMs, language);
  return language === 'fr' ? `il y a ${span}` : `${span} ago`;
}

export function formatClock(atMs: number, zone: string, language: Language): string {
  return dateFormat(language, zone, { hour: '2-digit', minute: '2-digit' }).format(atMs);
}

export function formatClockSeconds(atMs: number, zone: string, language: Language): string {
  return dateFormat(language, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(atMs);
}

export function formatDay(atMs: number, zone: string, language: Language): string {
  return dateFormat(language, zone, { day: 'numeric', month: 'short' }).format(atMs);
}

export function formatDayClock(atMs: number, zone: string, language: Language): string {
  return `${formatDay(atMs, zone, language)} ${formatClock(atMs, zone, language)}`;
}

export function formatDayClockSeconds(atMs: number, zone: string, language: Language): string {
  return `${formatDay(atMs, zone, language)} ${formatClockSeconds(atMs, zone, language)}`;
}

/** The clock alone when it is today, with its day otherwise. */
export function formatWhen(atMs: number, nowMs: number, zone: string, language: Language): string {
  const sameDay = formatDay(atMs, zone, language) === formatDay(nowMs, zone, language);
  return sameDay && nowMs - atMs < 2 * day
    ? formatClock(atMs, zone, language)
    : formatDayClock(atMs, zone, language);
}

/** Two instants in their order: days where they are needed. */
export function formatEnds(
  fromMs: number,
  toMs: number,
  zone: string,
  language: Language,
): readonly [string, string] {
  const sameDay =
    formatDay(fromMs, zone, language) === formatDay(toMs, zone, language) && toMs - fromMs < 2 * day;
  const end = sameDay ? formatClock(toMs, zone, language) : formatDayClock(toMs, zone, language);
  return [formatDayClock(fromMs, zone, language), end];
}

/** "02:10 → 05:40", with days where the two ends need them. */
export function formatRange(fromMs: number, toMs: number, zone: string, language: Language): string {
  return formatEnds(fromMs, toMs, zone, language).join(' → ');
}

/** The zone's name for people: "Paris (GMT+1)". */
export function zoneName(zone: string, atMs: number, language: Language): string {
  const parts = dateFormat(language, zone, { hour: '2-digit', timeZoneName: 'short' }).formatToParts(atMs);
  const short = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
  const city = zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ');
  return short === '' || short === city ? city : `${city} (${short})`;
}
