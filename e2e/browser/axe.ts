// What axe finds wrong on a page, by all of its rules, put into the page itself: Vigie's pages have no frames, so that no
// driver is needed that follows them. Not here: which pages are judged (views.ts).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** Rules that judge colours; no other one finds anything else in another theme of the same page. */
const COLOR_RULES = ['color-contrast', 'link-in-text-block'];

/** What is wrong, with the elements that are. @param rules `colours`: a page that all rules have judged, in another theme. */
export async function violationsOf(page: Page, rules: 'all' | 'colours' = 'all'): Promise<readonly string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(source);
  const options = {
    resultTypes: ['violations'],
    ...(rules === 'colours' ? { runOnly: { type: 'rule', values: COLOR_RULES } } : {}),
  };
  const { violations } = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => ({ violations }))`,
  )) as Pick<AxeResults, 'violations'>;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
