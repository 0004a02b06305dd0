// Joins pages of the journal and live entries into one list, newest first, without doubles. Pure.
import type { JournalEntry } from '@vigie/contract';

const keyOf = (entry: JournalEntry): string => `${entry.atMs} ${entry.kind} ${entry.channel ?? ''}`;

export function mergeJournal(
  known: readonly JournalEntry[],
  added: readonly JournalEntry[],
): readonly JournalEntry[] {
  const seen = new Set(known.map(keyOf));
  const fresh = added.filter((entry) => !seen.has(keyOf(entry)));
  if (fresh.length === 0) return known;
  // Sorting is stable: entries of one instant stay in the server's order.
  return [...fresh, ...known].sort((a, b) => b.atMs - a.atMs);
}
