import { expect, test } from 'vitest';
import { backoffMs, silenceMs } from './live-rules.ts';

test('the pause grows, is spread, and never passes 30 s', () => {
  expect(backoffMs(0, 0)).toBe(500);
  expect(backoffMs(0, 1)).toBe(1000);
  expect(backoffMs(3, 1)).toBe(8000);
  for (const attempt of [5, 8, 40, 4000]) expect(backoffMs(attempt, 1)).toBe(30_000);
});

test('a silence is told within 40 s', () => {
  expect(silenceMs).toBeLessThanOrEqual(40_000);
});
