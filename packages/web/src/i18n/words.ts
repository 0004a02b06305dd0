// The dictionary in force, for components: reading `words.value` follows the language. Each is fetched when its language is
// spoken, so that no reader waits for the words of another.
// Invariant: the language changes when its words are here. Words that only one page needs stand beside that page, `wordsOf`.
// Not here: formats (format.ts), which take the language as an argument to stay testable.
import { computed, type ReadonlySignal } from '@preact/signals';
import type { Language } from '@vigie/contract';
import { language } from '../prefs.ts';
import type { Dictionary } from './en.ts';

export type { Dictionary } from './en.ts';

const load: Readonly<Record<Language, () => Promise<Dictionary>>> = {
  fr: async () => (await import('./fr.ts')).fr,
  en: async () => (await import('./en.ts')).en,
};
const known = new Map<Language, Dictionary>();
let asked: Language | null = null;

export const words = computed<Dictionary>(() => {
  const found = known.get(language.value);
  if (found === undefined) throw new Error(`nothing is known yet in ${language.value}`);
  return found;
});

/** Changes the language as soon as its words are here; the last one asked for counts. @returns false: they cannot be fetched. */
export async function speak(chosen: Language): Promise<boolean> {
  asked = chosen;
  try {
    if (!known.has(chosen)) known.set(chosen, await load[chosen]());
  } catch {
    return false;
  }
  if (asked === chosen) language.value = chosen;
  return true;
}

/** The words of a page that are few, in the language in force; a key that one of them lacks fails the type check. */
export function wordsOf<Words>(both: Readonly<Record<Language, Words>>): ReadonlySignal<Words> {
  return computed(() => both[language.value]);
}
