// How tables are written as CSV, for server and page alike: for programs, or for a spreadsheet of a language.
// Invariant: nothing that a person named is ever taken for a formula (OWASP, CSV injection). Free of dependencies.
import type { Language } from './accounts.ts';

export type CsvValue = number | string | null;

/** Put before the first line for a spreadsheet, which else takes accents for other letters. */
export function csvStart(language: Language | null): string {
  return language === 'fr' ? '\uFEFF' : '';
}

/** @param language `null`: for programs; as in English, which shares its signs. @returns a line without its end */
export function csvLine(values: readonly CsvValue[], language: Language | null): string {
  const french = language === 'fr';
  return values.map((value) => csvCell(value, french)).join(french ? ';' : ',');
}

function csvCell(value: CsvValue, french: boolean): string {
  if (value === null) return '';
  if (typeof value === 'number') {
    const text = Object.is(value, -0) ? '-0' : String(value);
    return french ? text.replace('.', ',') : text;
  }
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[";,\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** «Evaporation (°C)»: of a column. */
export function csvTitle(name: string, unit: string): string {
  return unit === '' ? name : `${name} (${unit})`;
}
