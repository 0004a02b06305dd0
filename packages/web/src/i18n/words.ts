// The dictionary in force, for components: reading `words.value` follows the language.
// Not here: formats (format.ts), which take the language as an argument to stay testable.
import { computed } from '@preact/signals';
import { language } from '../prefs.ts';
import { type Dictionary, en } from './en.ts';
import { fr } from './fr.ts';

export type { Dictionary } from './en.ts';

export const words = computed<Dictionary>(() => (language.value === 'fr' ? fr : en));
