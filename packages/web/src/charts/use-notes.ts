// Notes of the machines on a chart: asked for with the range, written, deleted, and for ten seconds after that restored.
// Invariant: what failed leaves the notes that are shown as they are.
import type { Note, NoteRequest, Notes } from '@vigie/contract';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type FailureCode, failureCode, get, send } from '../api.ts';

const undoMs = 10_000;

export interface MachineNote extends Note {
  readonly machine: string;
}

export interface NotesQuestion {
  readonly machine: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ChartNotes {
  readonly notes: readonly MachineNote[];
  readonly failed: boolean;
  /** Deleted just now; `null`: none that can be restored. */
  readonly deleted: MachineNote | null;
  /** @returns why it could not; `null`: it is there */
  add(machine: string, note: NoteRequest): Promise<FailureCode | null>;
  remove(note: MachineNote): Promise<FailureCode | null>;
  restore(): Promise<FailureCode | null>;
}

const pathOf = (machine: string): string => `/api/machines/${encodeURIComponent(machine)}/notes`;

export function useNotes(questions: readonly NotesQuestion[], version: number): ChartNotes {
  const [notes, setNotes] = useState<readonly MachineNote[]>([]);
  const [failed, setFailed] = useState(false);
  const [deleted, setDeleted] = useState<MachineNote | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [changes, setChanges] = useState(0);
  const key = JSON.stringify(questions);
  useEffect(() => {
    const abort = new AbortController();
    const ask = async ({ machine, fromMs, toMs }: NotesQuestion): Promise<MachineNote[]> => {
      const answer = await get<Notes>(`${pathOf(machine)}?from=${fromMs}&to=${toMs}`, abort.signal);
      return answer.notes.map((note) => ({ ...note, machine }));
    };
    void Promise.allSettled(questions.map(ask)).then((answers) => {
      if (abort.signal.aborted) return;
      setFailed(answers.some(({ status }) => status === 'rejected'));
      // One machine that fails does not take the notes of the others away.
      setNotes((before) => {
        const found = answers.flatMap((answer, i) =>
          answer.status === 'fulfilled'
            ? answer.value
            : before.filter(({ machine }) => machine === questions[i]!.machine),
        );
        // Two stretches of a machine may share some.
        return [...new Map(found.map((note) => [`${note.machine} ${note.id}`, note])).values()];
      });
    });
    return () => abort.abort();
  }, [key, version, changes]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const changed = async (change: () => Promise<unknown>): Promise<FailureCode | null> => {
    try {
      await change();
    } catch (cause) {
      return failureCode(cause);
    }
    setChanges((before) => before + 1);
    return null;
  };
  return {
    notes,
    failed,
    deleted,
    add: (machine, note) => changed(() => send<Note>('POST', pathOf(machine), note)),
    remove: async (note) => {
      const failure = await changed(() => send('DELETE', `${pathOf(note.machine)}/${note.id}`));
      if (failure === null) {
        setDeleted(note);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setDeleted(null), undoMs);
      }
      return failure;
    },
    restore: async () => {
      if (deleted === null) return null;
      const { machine, id } = deleted;
      const failure = await changed(() => send('POST', `${pathOf(machine)}/${id}/restore`));
      if (failure === null) setDeleted(null);
      return failure;
    },
  };
}
