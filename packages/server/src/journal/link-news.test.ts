// A flapping link fills no journal; a box that stays away is told once, dated when it left, and so is its return.
import type { JournalEntry } from '@vigie/contract';
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { expect, it } from 'vitest';
import { AWAY_MS, LinkNews } from './link-news.ts';

it('tells of boxes that stay away and of their return, and of nothing shorter', async () => {
  const clock = new VirtualClock();
  const told: JournalEntry[] = [];
  let isElsewhere = false;
  const news = new LinkNews(
    clock,
    { lastLinkNews: async () => (told.at(-1)?.kind as 'edge-connected' | undefined) ?? null },
    () => isElsewhere,
    (_, entry) => told.push(entry),
  );
  const kinds = (): string[] => told.map(({ kind, atMs }) => `${kind} ${atMs}`);
  await news.connected('A');
  for (let i = 0; i < 20; i++) {
    news.disconnected('A');
    clock.advance(AWAY_MS - 1);
    await news.connected('A');
  }
  isElsewhere = true;
  news.disconnected('A');
  clock.advance(10 * AWAY_MS);
  isElsewhere = false;
  expect(kinds()).toEqual(['edge-connected 0']);
  const leftMs = clock.utcMs();
  news.disconnected('A');
  clock.advance(AWAY_MS);
  clock.advance(10 * AWAY_MS);
  await news.connected('A');
  expect(kinds()).toEqual([
    'edge-connected 0',
    `edge-disconnected ${leftMs}`,
    `edge-connected ${clock.utcMs()}`,
  ]);
  news.disconnected('A');
  news.close();
  clock.advance(10 * AWAY_MS);
  expect(told).toHaveLength(3);
});
