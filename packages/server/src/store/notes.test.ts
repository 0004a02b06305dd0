// Notes on both databases: found by time, newest first when there are too many, restorable for a day.
import { describe, expect, it } from 'vitest';
import type { NoteRecord } from './notes.ts';
import { testDatabases } from './testing.ts';

const note = (id: string, atMs: number): NoteRecord => ({
  machine: 'M',
  id,
  atMs,
  text: `=« ${id} »`,
  author: 'a1',
  authorName: 'Léa',
  madeAtMs: 5,
});

describe.each(testDatabases)('notes on $name', ({ fresh }) => {
  it('are found by time, deleted, restored, and gone a day later', async () => {
    const test = await fresh();
    try {
      const { store } = test;
      for (const [id, atMs] of [
        ['c', 30],
        ['a', 10],
        ['b', 20],
      ] as const)
        await store.addNote(note(id, atMs));
      await store.addNote({ ...note('a', 10), machine: 'N' });
      const ids = async (fromMs: number, toMs: number, count = 9): Promise<string> =>
        (await store.notes('M', fromMs, toMs, count)).map(({ id }) => id).join('');
      expect(await ids(0, 100)).toBe('abc');
      expect(await ids(20, 30)).toBe('b');
      expect(await ids(0, 100, 2)).toBe('bc');
      expect(await store.note('M', 'b', 'there')).toEqual(note('b', 20));
      await store.deleteNote('M', 'b');
      expect(await ids(0, 100)).toBe('ac');
      expect(await store.note('M', 'b', 'there')).toBeNull();
      await store.restoreNote('M', 'b');
      expect(await ids(0, 100)).toBe('abc');
      await store.deleteNote('M', 'b');
      test.nowMs += 86_400_001;
      await store.addNote(note('d', 40));
      expect(await store.note('M', 'b', 'deleted')).toBeNull();
      expect(await ids(0, 100)).toBe('acd');
      expect(await store.notes('N', 0, 100, 9)).toHaveLength(1);
    } finally {
      await test.dispose();
    }
  });
});
