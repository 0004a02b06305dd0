// The dictionary in force, for components: reading `words.value` follows the language.
// Words that only one page needs stand beside that page and load with it, by `wordsOf`.
// Not here: formats (format.ts), which take the language as an argument to stay testable.
import { computed, type ReadonlySignal } from '@preact/signals';
import type { Language } from '@vigie/contract';
import { language } from '../prefs.ts';
import { type Dictionary, en } from './en.ts';
import { fr } from './fr.ts';

export type { Dictionary } from './en.ts';

export const words = computed<Dictionary>(() => (language.value === 'fr' ? fr : en));

/** The words of one page, in the language in force; a key that one of them lacks fails the type check. */
export function wordsOf<Words>(both: Readonly<Record<Language, Words>>): ReadonlySignal<Words> {
  return computed(() => both[language.value]);
}
