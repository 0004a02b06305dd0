// A band of rows without a known time, in words: how many, of which boots, between what. Pure.
import type { Language } from '@vigie/contract';
import { formatDayClock, formatEnds, formatNumber } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import type { UndatedBand } from './undated.ts';

/** «42 rows of start number 7 without a known time, somewhere between 3 May 14:02 and 15:10». */
export function undatedWords(band: UndatedBand, zone: string, language: Language, words: Dictionary): string {
  const { rows, firstBoot, lastBoot } = band;
  const say = (count: number): string => formatNumber(count, 0, language);
  const boots =
    firstBoot === lastBoot
      ? words.undatedBoot(say(firstBoot))
      : words.undatedBoots(say(firstBoot), say(lastBoot));
  return words.undatedText(words.undatedRows(rows, say(rows)), boots, where(band, zone, language, words));
}

function where(
  { afterMs, beforeMs }: UndatedBand,
  zone: string,
  language: Language,
  words: Dictionary,
): string {
  if (afterMs !== null && beforeMs !== null) {
    return words.undatedBetween(...formatEnds(afterMs, beforeMs, zone, language));
  }
  if (afterMs !== null) return words.undatedAfter(formatDayClock(afterMs, zone, language));
  if (beforeMs !== null) return words.undatedBefore(formatDayClock(beforeMs, zone, language));
  return words.undatedAnywhere;
}
