// Text as a search compares it. Pure.

/** Letters without accents or case, so that "evap" finds "Évaporation". */
export function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();
}
