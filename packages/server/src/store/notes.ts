// Notes on the charts of a machine. A deleted one can be restored for a day, then goes for good when the next one is put.
// Not here: who may (api/notes.ts).
import type { Database } from './database.ts';

const RESTORABLE_MS = 86_400_000;

export interface NoteRecord {
  readonly machine: string;
  readonly id: string;
  readonly atMs: number;
  readonly text: string;
  /** Account. */
  readonly author: string;
  /** As it was then. */
  readonly authorName: string;
  readonly madeAtMs: number;
}

export interface NoteStore {
  /** With fromMs ≤ instant < toMs; of more than `count` the newest; by instant. */
  notes(machine: string, fromMs: number, toMs: number, count: number): Promise<NoteRecord[]>;
  /** `null`: there is none, or none in that condition. */
  note(machine: string, id: string, condition: 'there' | 'deleted'): Promise<NoteRecord | null>;
  addNote(note: NoteRecord): Promise<void>;
  deleteNote(machine: string, id: string): Promise<void>;
  restoreNote(machine: string, id: string): Promise<void>;
}

const COLUMNS =
  'machine, id, at_ms AS "atMs", text, author, author_name AS "authorName", made_at_ms AS "madeAtMs"';

export function noteStore(db: Database, utcMs: () => number): NoteStore {
  return {
    notes: async (machine, fromMs, toMs, count) => {
      const newest = await db.all<NoteRecord>(
        `SELECT ${COLUMNS} FROM note WHERE machine = $1 AND at_ms >= $2 AND at_ms < $3 AND deleted_ms IS NULL
         ORDER BY at_ms DESC, id LIMIT $4`,
        machine,
        fromMs,
        toMs,
        count,
      );
      return newest.reverse();
    },
    note: async (machine, id, condition) => {
      const row = await db.get<NoteRecord>(
        `SELECT ${COLUMNS} FROM note WHERE machine = $1 AND id = $2
         AND deleted_ms IS ${condition === 'there' ? '' : 'NOT'} NULL`,
        machine,
        id,
      );
      return row ?? null;
    },
    addNote: ({ machine, id, atMs, text, author, authorName, madeAtMs }) =>
      db.transaction(async (sql) => {
        await sql.run(
          'DELETE FROM note WHERE machine = $1 AND deleted_ms < $2',
          machine,
          utcMs() - RESTORABLE_MS,
        );
        await sql.run(
          'INSERT INTO note (machine, id, at_ms, text, author, author_name, made_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)',
          machine,
          id,
          atMs,
          text,
          author,
          authorName,
          madeAtMs,
        );
      }),
    deleteNote: async (machine, id) => {
      await db.run('UPDATE note SET deleted_ms = $1 WHERE machine = $2 AND id = $3', utcMs(), machine, id);
    },
    restoreNote: async (machine, id) => {
      await db.run('UPDATE note SET deleted_ms = NULL WHERE machine = $1 AND id = $2', machine, id);
    },
  };
}
