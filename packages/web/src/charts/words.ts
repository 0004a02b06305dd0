// Words of charts that only the pages with charts need.
import { computed } from '@preact/signals';
import { words } from '../i18n/words.ts';

export const chartWords = computed(() => words.value.charts);
