// Words of alarms: the page, the panel of a machine, the strip below charts. Not here: the editor of limits (limit-words.ts).
import { computed } from '@preact/signals';
import { type Dictionary, words } from '../i18n/words.ts';

export type AlarmWords = Dictionary['alarms'];
export const alarmWords = computed<AlarmWords>(() => words.value.alarms);
