// What a chart says in words: a gap and its reason, one channel's reading of a bucket. Pure.
import type { Channel, ChartAnswer, ChartGap, Language } from '@vigie/contract';
import { formatRange, withUnit } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import { reasonWords } from '../machine/journal-sentence.ts';
import { formatValue } from '../machine/state-words.ts';
import type { CrosshairReading } from './reading.ts';
import { undatedWords } from './undated-words.ts';

/** «No data 02:10 → 05:40 (the box was off)». */
export function gapWords(gap: ChartGap, zone: string, language: Language, words: Dictionary): string {
  const range = formatRange(gap.fromMs, gap.toMs, zone, language);
  return `${words.chartNoDataRange(range)} (${reasonWords(gap.reason, words)})`;
}

/** Why there is no curve at an instant; `null`: there may be one. */
export function silenceWords(
  { gap, undated }: CrosshairReading,
  zone: string,
  language: Language,
  words: Dictionary,
): string | null {
  const said = undated.map((band) => undatedWords(band, zone, language, words));
  // Whose rows they are says it better than that they are there.
  if (gap !== null && (gap.reason !== 'undated' || said.length === 0)) {
    said.unshift(gapWords(gap, zone, language, words));
  }
  return said.length === 0 ? null : said.join(' · ');
}

export interface BucketWords {
  readonly mean: string;
  /** Lowest to highest; `null` where the bucket holds one value only. */
  readonly spread: string | null;
}

/** @param index into the arrays of the channel's series. */
export function bucketWords(
  channel: Channel,
  answer: ChartAnswer,
  index: number,
  language: Language,
  words: Dictionary,
): BucketWords | null {
  const series = answer.series.find((one) => one.channel === channel.id);
  if (series === undefined) return null;
  const say = (value: number): string => formatValue(channel, value, language, words);
  const [mean, min, max] = [series.mean[index]!, series.min[index]!, series.max[index]!];
  // The mean of two states is no state: the last one is said.
  const value = channel.states === null ? mean : series.last[index]!;
  return { mean: say(value), spread: min === max ? null : words.chartMinMax(say(min), say(max)) };
}

/** «Evaporation 34.9 °C, 34.1 to 35.6». */
export function readingWords(
  name: string,
  channel: Channel,
  answer: ChartAnswer,
  reading: CrosshairReading,
  language: Language,
  words: Dictionary,
): string {
  const index = reading.points.find((point) => point.channel === channel.id)?.index ?? null;
  const said = index === null ? null : bucketWords(channel, answer, index, language, words);
  if (said === null) return `${name} ${words.noValue}`;
  const value = withUnit(said.mean, channel.unit);
  return said.spread === null ? `${name} ${value}` : `${name} ${value}, ${said.spread}`;
}
