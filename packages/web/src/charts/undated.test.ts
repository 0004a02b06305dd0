// What is said and drawn of rows without a known time: a band between its neighbours, in words, never a curve.
import type { ChartAnswer, UndatedBoot } from '@vigie/contract';
import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { fr } from '../i18n/fr.ts';
import { journalLine } from '../machine/journal-sentence.ts';
import { assemble } from './assemble.ts';
import { silenceWords } from './chart-words.ts';
import { readAt, stops } from './reading.ts';
import { placeOf, undatedBands } from './undated.ts';
import { undatedWords } from './undated-words.ts';

const dictionaries = { en, fr };
const zone = 'Europe/Paris';
const noonMs = Date.UTC(2026, 4, 3, 10);
const minute = 60_000;
const boot = (changes: Partial<UndatedBoot>): UndatedBoot => ({
  spool: 'aa',
  bootNumber: 7,
  rows: 42,
  spanMs: 41_000,
  afterMs: noonMs,
  beforeMs: noonMs + 68 * minute,
  ...changes,
});
const plain = (text: string | null): string => (text ?? '').replaceAll('\u00a0', ' ');
const say = (...boots: UndatedBoot[]) =>
  undatedBands(boots).flatMap((band) =>
    (['en', 'fr'] as const).map((language) =>
      plain(undatedWords(band, zone, language, dictionaries[language])),
    ),
  );

/** A sample each minute of two hours, but between the neighbours of the boot. */
function answerWith(undated: readonly UndatedBoot[]): ChartAnswer {
  const bucket = Array.from({ length: 120 }, (_, i) => i).filter((i) => i <= 10 || i >= 40);
  const zeros = bucket.map(() => 0);
  const instants = { firstAt: zeros, lastAt: zeros, minAt: zeros, maxAt: zeros, count: zeros };
  const values = { first: zeros, last: zeros, min: zeros, max: zeros, mean: zeros };
  return {
    machine: 'M',
    fromMs: noonMs,
    startMs: noonMs,
    toMs: noonMs + 120 * minute,
    bucketMs: minute,
    series: [{ channel: 'a', bucket, ...values, ...instants }],
    gaps: [],
    undated,
  };
}
const within = boot({ afterMs: noonMs + 10 * minute, beforeMs: noonMs + 40 * minute });

describe('rows without a known time', () => {
  it('are told by count, start and neighbours, in both languages', () => {
    expect(say(boot({}))).toEqual([
      '42 rows of start number 7 without a known time, somewhere between 3 May 12:00 and 13:08',
      '42 lignes du démarrage n° 7 sans heure connue, quelque part entre 3 mai 12:00 et 13:08',
    ]);
    expect(say(boot({ rows: 1, afterMs: null }))[0]).toBe(
      '1 row of start number 7 without a known time, before 3 May 13:08',
    );
    expect(say(boot({ beforeMs: null }))[1]).toBe(
      '42 lignes du démarrage n° 7 sans heure connue, après 3 mai 12:00',
    );
    expect(say(boot({ afterMs: null, beforeMs: null }))[0]).toMatch(/known time, and nothing tells/);
  });

  it('are one band where they share their neighbours', () => {
    const bands = undatedBands([
      boot({}),
      boot({ bootNumber: 8, rows: 1000 }),
      boot({ bootNumber: 11, afterMs: noonMs + 80 * minute, beforeMs: null }),
      boot({ bootNumber: 2, spool: 'bb' }),
    ]);
    expect(bands.map(({ firstBoot, lastBoot, rows }) => [firstBoot, lastBoot, rows])).toEqual([
      [7, 8, 1042],
      [11, 11, 42],
      [2, 2, 42],
    ]);
    expect(say(boot({}), boot({ bootNumber: 8, rows: 1000 }))[0]).toMatch(
      /^1,042 rows of start numbers 7 to 8 /,
    );
    expect(bands.map((band) => placeOf(band, noonMs + 90 * minute)?.toMs)).toEqual(
      [68, 90, 68].map((minutes) => noonMs + minutes * minute),
    );
    expect(undatedBands([boot({ afterMs: null, beforeMs: null })]).map((band) => placeOf(band, 0))).toEqual([
      null,
    ]);
  });

  it('cut the curve where they lie, though the gap is short, and are read there by crosshair and keyboard', () => {
    const cutMs = 60 * minute;
    const cuts = (answer: ChartAnswer): number =>
      assemble(answer, cutMs)[0]!.isCutAfter.reduce((sum, cut) => sum + cut, 0);
    expect(cuts(answerWith([]))).toBe(0);
    const answer = answerWith([within]);
    expect(cuts(answer)).toBe(1);
    const bands = undatedBands(answer.undated);
    const nowMs = answer.toMs;
    const middleMs = noonMs + 25 * minute;
    expect(stops(answer, [], bands, nowMs)).toContain(middleMs);
    const gap = { fromMs: noonMs + 10 * minute, toMs: noonMs + 40 * minute, reason: 'undated' };
    for (const gaps of [[], [gap]]) {
      const reading = readAt(answer, { gaps, bands, nowMs }, middleMs, cutMs);
      expect(reading.points).toEqual([{ channel: 'a', index: null }]);
      expect(silenceWords(reading, zone, 'en', dictionaries.en)).toBe(
        undatedWords(bands[0]!, zone, 'en', dictionaries.en),
      );
    }
    const beside = readAt(answer, { gaps: [], bands, nowMs }, noonMs + 5 * minute, cutMs);
    expect(silenceWords(beside, zone, 'en', dictionaries.en)).toBeNull();
  });

  it('have a sentence in the journal', () => {
    const facts = { boot: 7, lastBoot: 7, rows: 42, afterMs: noonMs, beforeMs: noonMs + 68 * minute };
    const entry = { atMs: 0, kind: 'boots-undated', channel: null, facts } as const;
    expect(plain(journalLine(entry, null, zone, 'en', dictionaries.en).text)).toBe(say(boot({}))[0]);
    expect(journalLine({ ...entry, facts: {} }, null, zone, 'fr', dictionaries.fr).text).toBe(
      'Lignes sans heure connue',
    );
  });
});
