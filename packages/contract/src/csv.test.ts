// CSV as spreadsheets of two languages read it, and names that must not become formulas.
import { expect, it } from 'vitest';
import { csvLine, csvStart } from './csv.ts';

it('writes numbers by language, and quotes what would split a line or start a formula', () => {
  const values = ['=cmd()', 'a"b', 'x;y', '-5', -5.25, -0, null, 1e-7];
  expect(csvLine(values, 'en')).toBe(`'=cmd(),"a""b","x;y",'-5,-5.25,-0,,1e-7`);
  expect(csvLine(values, 'fr')).toBe(`'=cmd();"a""b";"x;y";'-5;-5,25;-0;;1e-7`);
  expect(csvLine(values, null)).toBe(csvLine(values, 'en'));
  expect([csvStart('fr'), csvStart('en')]).toEqual(['\uFEFF', '']);
});
