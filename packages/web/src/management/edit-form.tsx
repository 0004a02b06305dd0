// The fields of something that is there already, with the button that saves them and what came of it.
// Invariant: fields are filled anew when what they show has another version. Not here: the fields, what saving does.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useForm } from '../session/use-form.ts';
import { manageWords } from './words.ts';

interface EditFormProps {
  readonly version: number;
  readonly save: (data: FormData) => Promise<void>;
  /** Why something else of the sheet failed; `null`: nothing did. */
  readonly told: string | null;
  readonly children: ComponentChildren;
}

export function EditForm({ version, save, told, children }: EditFormProps) {
  const w = manageWords.value;
  const [saved, setSaved] = useState(false);
  const { busy, failure, onSubmit } = useForm(async (data) => {
    setSaved(false);
    await save(data);
    setSaved(true);
  });
  return (
    <>
      <form key={version} class="sheet-form" onSubmit={onSubmit}>
        {children}
        <div class="beside-start">
          <button type="submit" class="primary" aria-disabled={busy}>
            {w.save}
          </button>
          <span class="hint" role="status">
            {saved && failure === null ? w.saved : ''}
          </span>
        </div>
      </form>
      <p class="form-failure" role="alert">
        {failure ?? told}
      </p>
    </>
  );
}
