// What a few letters mean among names: letters may be missing between those typed, one may be wrong, words come in any order,
// accents and case do not count. Pure.
import UFuzzy from '@leeoniya/ufuzzy';
import { plain } from '../i18n/plain.ts';

const fuzzy = new UFuzzy({
  intraMode: 1,
  intraIns: 1,
  intraSub: 1,
  intraTrn: 1,
  intraDel: 1,
  // "tv12" is the machine TV-12.
  intraSplit: '[a-z][0-9]|[0-9][a-z]',
});
/** So many words in any order; more only as they were typed. */
const mostWordsReordered = 4;

/** The best first; all, as they come, when nothing is typed. */
export function find<Item>(
  items: readonly Item[],
  typed: string,
  textOf: (item: Item) => string,
): readonly Item[] {
  const needle = plain(typed).trim();
  if (needle === '') return items;
  const texts = items.map((item) => plain(textOf(item)));
  const [places, , order] = fuzzy.search(texts, needle, mostWordsReordered);
  if (places === null) return [];
  const ranked = order === null || order === undefined ? places : order.map((i) => places[i]!);
  return ranked.map((place) => items[place]!);
}
