// A flapping link fills no journal; a box that stays away is told once, dated when it left, and so is its return.
import type { JournalEntry } from '@vigie/contract';
import { expect, it } from 'vitest';
import { AWAY_MS, LinkNews } from './link-news.ts';

it('tells of boxes that stay away and of their return, and of nothing shorter', () => {
  let nowMs = 0;
  let timers: { atMs: number; call: () => void }[] = [];
  const told: JournalEntry[] = [];
  const clock = {
    monotonicMs: () => nowMs,
    utcMs: () => nowMs,
    after: (delayMs: number, call: () => void) => {
      const timer = { atMs: nowMs + delayMs, call };
      timers.push(timer);
      const cancel = (): void => {
        timers = timers.filter((other) => other !== timer);
      };
      return { cancel };
    },
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    for (const { call } of due) call();
  };
  const news = new LinkNews(
    clock,
    { lastLinkNews: () => (told.at(-1)?.kind as 'edge-connected' | undefined) ?? null },
    (_, entry) => told.push(entry),
  );
  const kinds = (): string[] => told.map(({ kind, atMs }) => `${kind} ${atMs}`);
  news.connected('A');
  for (let i = 0; i < 20; i++) {
    news.disconnected('A');
    pass(AWAY_MS - 1);
    news.connected('A');
  }
  expect(kinds()).toEqual(['edge-connected 0']);
  const leftMs = nowMs;
  news.disconnected('A');
  pass(AWAY_MS);
  pass(10 * AWAY_MS);
  news.connected('A');
  expect(kinds()).toEqual(['edge-connected 0', `edge-disconnected ${leftMs}`, `edge-connected ${nowMs}`]);
  news.disconnected('A');
  news.close();
  pass(10 * AWAY_MS);
  expect(told).toHaveLength(3);
});
