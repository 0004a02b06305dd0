// A native modal dialog with its head: it keeps the keyboard within and gives it back to where it was.
// Whoever shows it decides when it is there; closing is asked for by `close`. Not here: what is in it.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import '../styles/dialog.css';

interface DialogProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  /** At the side of the page instead of over its middle; the whole screen on a phone. */
  readonly atSide?: boolean;
}

export function Dialog({ title, close, children, atSide = false }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    if (shown !== null && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);
  return (
    // Escape cancels a dialog by itself: whoever shows it must follow.
    <dialog
      ref={dialog}
      class={atSide ? 'sheet' : 'dialog'}
      // A click beside what was only opened to look at closes it; what is being edited stays.
      closedby={atSide ? 'closerequest' : 'any'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet" onClick={close}>
          {words.value.close}
        </button>
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
