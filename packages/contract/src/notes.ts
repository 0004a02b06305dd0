// Notes that people put on the charts of a machine.
import { z } from 'zod';

export interface Note {
  readonly id: string;
  /** The instant it is about. */
  readonly atMs: number;
  readonly text: string;
  /** Name of who wrote it, as it was then. */
  readonly author: string;
  readonly madeAtMs: number;
  /** Whether who asked may delete it: it is theirs, or they are an admin of the machine. */
  readonly deletable: boolean;
}

/** GET /api/machines/:id/notes?from=&to= : by instant; the newest 500. */
export interface Notes {
  readonly notes: readonly Note[];
}

// POST /api/machines/:id/notes : answers the Note. Whoever sees the machine may.
export const noteRequest = z.strictObject({
  atMs: z.number().int().min(0).max(4_102_444_800_000),
  text: z.string().trim().min(1).max(500),
});
export type NoteRequest = z.infer<typeof noteRequest>;

// DELETE /api/machines/:id/notes/:note, and for a day after it POST …/:note/restore, by who may delete it.
