// Sends a form once at a time and keeps its failure sentence. Not here: fields and layout.
import { useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureSentence } from './failure-words.ts';

export interface FormState {
  readonly busy: boolean;
  readonly failure: string | null;
  readonly onSubmit: (event: SubmitEvent) => void;
}

export function useForm(submit: (data: FormData) => Promise<void>): FormState {
  const [busy, setBusy] = useState(false);
  const [cause, setCause] = useState<unknown>(null);
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (busy || !(event.currentTarget instanceof HTMLFormElement)) return;
    setBusy(true);
    setCause(null);
    submit(new FormData(event.currentTarget))
      .catch((failed: unknown) => setCause(failed))
      .finally(() => setBusy(false));
  };
  // Kept as its cause, so that the sentence follows a change of language.
  const failure = cause === null ? null : failureSentence(cause, words.value, language.value);
  return { busy, failure, onSubmit };
}
