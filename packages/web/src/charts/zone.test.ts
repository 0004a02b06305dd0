// Local time on the axis: offsets, days of 23 and 25 hours, ticks on round local times.

import { instantOf, offsetMs } from '@vigie/model/zone';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tickLabels, tickStep, timeTicks } from './zone.ts';

const hour = 3_600_000;

describe('local time', () => {
  it('knows the offsets of both sides of a change', () => {
    expect(offsetMs(Date.UTC(2026, 2, 29, 0, 59, 59), 'Europe/Paris')).toBe(hour);
    expect(offsetMs(Date.UTC(2026, 2, 29, 1, 0, 0), 'Europe/Paris')).toBe(2 * hour);
    expect(offsetMs(Date.UTC(2026, 6, 1), 'Asia/Kolkata')).toBe(5.5 * hour);
  });

  it('finds the instant of a wall time again, but for the hour that a change skips or repeats', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2_000_000 }),
        fc.constantFrom('Europe/Paris', 'America/Caracas', 'UTC'),
        (h, zone) => {
          const at = Date.UTC(2000, 0, 1) + h * 0.2 * hour;
          const whole = Math.round(at / 60_000) * 60_000;
          const again = instantOf(whole + offsetMs(whole, zone), zone);
          expect(Math.abs(again - whole)).toBeLessThanOrEqual(hour);
          if (offsetMs(whole - 3 * hour, zone) === offsetMs(whole + 3 * hour, zone))
            expect(again).toBe(whole);
        },
      ),
    );
  });

  it('puts a tick on each local midnight of a week with 23 and 25 hours in it', () => {
    for (const [month, day] of [
      [2, 27],
      [9, 23],
    ] as const) {
      const from = Date.UTC(2026, month, day);
      const to = from + 5 * 24 * hour;
      const ticks = timeTicks(from, to, 6, 'Europe/Paris');
      const clock = new Intl.DateTimeFormat('fr-FR', {
        timeZone: 'Europe/Paris',
        hour: '2-digit',
        minute: '2-digit',
      });
      expect(ticks.length).toBe(5);
      for (const tick of ticks) expect(clock.format(tick)).toBe('00:00');
      expect(ticks.some((tick, i) => i > 0 && tick - ticks[i - 1]! !== 24 * hour)).toBe(true);
    }
  });

  it('draws no more ticks than there is room for, and names the day where it changes', () => {
    const from = Date.UTC(2026, 10, 3, 9);
    for (const span of [600_000, 7 * hour, 30 * hour, 21 * 24 * hour, 900 * 24 * hour]) {
      const ticks = timeTicks(from, from + span, 8, 'Europe/Paris');
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThanOrEqual(9);
    }
    const ticks = timeTicks(from, from + 30 * hour, 8, 'Europe/Paris');
    const labels = tickLabels(ticks, tickStep(from, from + 30 * hour, 8), 'Europe/Paris', 'en');
    expect(labels.filter((label) => label.includes('\n'))).toEqual(['12:00\n3 Nov', '00:00\n4 Nov']);
  });
});
