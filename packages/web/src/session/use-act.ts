// Something done by a button, once at a time, with a sentence when it failed. Forms have theirs (use-form.ts).
import { useRef, useState } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { failureSentence } from './failure-words.ts';

export interface Acting {
  /** Why the last one failed; `null`: it did not. */
  readonly told: string | null;
  readonly act: (work: () => Promise<void>) => void;
}

export function useAct(): Acting {
  const [cause, setCause] = useState<unknown>(null);
  const busy = useRef(false);
  return {
    told: cause === null ? null : failureSentence(cause, words.value, language.value),
    act: (work) => {
      if (busy.current) return;
      busy.current = true;
      setCause(null);
      work()
        .catch((failed: unknown) => setCause(failed))
        .finally(() => {
          busy.current = false;
        });
    },
  };
}
