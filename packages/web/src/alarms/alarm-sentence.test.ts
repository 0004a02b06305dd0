// What an alarm says: the fact with its figures, both times where they differ, in both languages.
import type { AlarmView } from '@vigie/contract';
import { describe, expect, it } from 'vitest';
import { figuresOf, timesOf, whatOf } from './alarm-sentence.ts';
import { alarmsEn } from './words-en.ts';

const at = (hour: number, minute: number): number => Date.UTC(2026, 10, 24, hour, minute);
const alarm: AlarmView = {
  ...{ machine: 'TV-12', id: 1, kind: 'alarm-high', severity: 'alarm', state: 'unacknowledged' },
  channel: { id: 'p', names: { fr: 'Vide', en: 'Vacuum' }, unit: 'mbar', decimals: 0, states: null },
  ...{ happenedMs: at(2, 10), learnedMs: at(2, 11), overMs: null, overLearnedMs: null },
  ...{ limit: 60, value: 68, peak: 68, peakMs: at(2, 10), crossings: 1, flapping: false },
  ...{ acknowledged: null, shelf: null, cause: null },
};
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('an alarm says', () => {
  const w = alarmsEn;
  it('what crossed which limit', () => {
    expect(whatOf(alarm, 'en', w)).toBe('Vacuum above its limit');
    expect(plain(figuresOf(alarm, 'en', w))).toBe('68 mbar > 60');
    expect(plain(figuresOf({ ...alarm, kind: 'warning-low', value: 3, limit: 5 }, 'en', w))).toBe(
      '3 mbar < 5',
    );
    expect(whatOf({ ...alarm, kind: 'silent', channel: null, cause: 'controller-mute' }, 'en', w)).toBe(
      'The box answers, the machine does not',
    );
  });

  it('since when; and when it was learned, where that was hours later', () => {
    expect(timesOf(alarm, 'UTC', at(3, 0), 'en', w)).toEqual(['since 02:10']);
    const late = { ...alarm, learnedMs: at(8, 35), overMs: at(3, 0), overLearnedMs: at(8, 35), peak: 70 };
    expect(timesOf(late, 'UTC', at(9, 0), 'en', w).map(plain)).toEqual([
      ...['happened 02:10', 'learned 08:35', 'over since 03:00', 'lasted 50 min', 'furthest 70 mbar'],
    ]);
  });
});
