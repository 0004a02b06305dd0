// Judges the views of one part: nothing that axe finds, in both themes and languages, on a phone and on a desktop; the words are
// of the language; nothing scrolls sideways or is written a letter a line, at 320 px either. Parted by file, so that two run at a time; every width and
// combination is in `npm run screenshots -- --axe`.
import { expect, it } from 'vitest';
import { violationsOf } from './axe.ts';
import { useTestSite } from './test-site.ts';
import { type Part, type View, views } from './views.ts';

const looks = [
  { language: 'fr', width: 390, height: 844, touch: true },
  { language: 'en', width: 1440, height: 900, touch: false },
] as const;

/** Texts that have so little room that a line of them holds less than four letters. */
const squeezed = `(() => {
  const isForEarsOnly = (one) => one !== null && (getComputedStyle(one).clipPath !== 'none' || isForEarsOnly(one.parentElement));
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const said = text.data.trim();
    if (said.length < 8 || !text.parentElement.checkVisibility() || isForEarsOnly(text.parentElement)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
    if (lines > 1 && said.length / lines < 4) found.push(said);
  }
  return found;
})()`;

export function judgeViews(part: Part): void {
  const test = useTestSite(null);
  for (const view of views[part]) {
    it(`finds nothing wrong with ${view.name}`, async () => {
      for (const look of looks) await judge(view, look);
    });
  }

  async function judge(view: View, look: (typeof looks)[number]): Promise<void> {
    const role = view.role ?? 'super-admin';
    const page = test.watch(
      await (view.signedOut === true ? test.site.openSignedOut(look) : test.site.open({ ...look, role })),
    );
    await view.before?.(page);
    await page.goto(test.site.address + view.path);
    await page.locator('h1').first().waitFor();
    await view.ready(page);
    expect(await page.locator('html').getAttribute('lang')).toBe(look.language);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const rules = colorScheme === 'light' ? 'all' : 'colours';
      expect(
        await violationsOf(page, rules),
        `${view.name} ${look.language} ${look.width} ${colorScheme}`,
      ).toEqual([]);
    }
    const widths = look.width === 390 ? [390, 320] : [look.width];
    for (const width of widths) {
      await page.setViewportSize({ width, height: look.height });
      const sideways = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(sideways, `${view.name} ${look.language} ${width} px`).toBeLessThanOrEqual(0);
      expect(await page.evaluate(squeezed), `${view.name} ${look.language} ${width} px`).toEqual([]);
    }
  }
}
