// Instants with the offset of a zone, across changes of its clocks, and back.
import { expect, it } from 'vitest';
import { isoWriter } from './zone.ts';

it('writes instants with the offset in force, and what is written reads back', () => {
  const write = isoWriter('Europe/Paris');
  const change = Date.UTC(2026, 9, 25, 1);
  expect([change - 1, change, change + 3_600_000].map(write)).toEqual([
    '2026-10-25T02:59:59.999+02:00',
    '2026-10-25T02:00:00.000+01:00',
    '2026-10-25T03:00:00.000+01:00',
  ]);
  for (const zone of ['Europe/Paris', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe', 'UTC']) {
    const iso = isoWriter(zone);
    for (
      let atMs = Date.UTC(2026, 0, 1, 0, 0, 1, 5);
      atMs < Date.UTC(2027, 0, 1);
      atMs += 7_891_234_567 / 9
    ) {
      expect(Date.parse(iso(Math.floor(atMs))), zone).toBe(Math.floor(atMs));
    }
  }
});
