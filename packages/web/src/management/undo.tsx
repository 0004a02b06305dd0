// For ten seconds, what was just undone can be done again. One at a time: the newest is the one people mean.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { manageWords } from './words.ts';

const UNDO_MS = 10_000;

interface Undo {
  readonly text: string;
  readonly act: () => void;
}

const pending = signal<Undo | null>(null);

export function offerUndo(text: string, act: () => void): void {
  pending.value = { text, act };
}

/** Shown within a sheet too: what is outside of an open dialog cannot be reached. */
export function UndoOffer() {
  const now = pending.value;
  useEffect(() => {
    if (now === null) return;
    const timer = setTimeout(() => {
      if (pending.peek() === now) pending.value = null;
    }, UNDO_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div class="undo" role="status">
      {now !== null && (
        <>
          <span>{now.text}</span>
          <button
            type="button"
            onClick={() => {
              pending.value = null;
              now.act();
            }}
          >
            {manageWords.value.undo}
          </button>
        </>
      )}
    </div>
  );
}
