// Mails as they are written, in both languages: subjects, text and SVG against golden files (packages/server/golden/mail),
// what is put in is never markup, and a picture has its peak, its gap and local hours.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chartSvg } from './chart-svg.ts';
import { compose } from './compose.ts';
import { htmlOf, textOf } from './document.ts';
import { pngOf } from './picture.ts';
import { SAMPLES, sampleChart, sampleContext } from './samples.ts';

const golden = (name: string): string => join(import.meta.dirname, '..', '..', '..', 'golden', 'mail', name);

describe.each(['en', 'fr'] as const)('in %s', (language) => {
  it.each(Object.entries(SAMPLES))('a mail of %s', async (name, letter) => {
    const document = compose(letter, sampleContext(language, name === 'alarm'));
    await expect(`${document.subject}\n\n${textOf(document)}`).toMatchFileSnapshot(
      golden(`${name}-${language}.txt`),
    );
    const html = htmlOf(document);
    const words = html
      .replaceAll('&amp;', '&')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'");
    for (const line of textOf(document).split('\n')) {
      // Both say the same.
      const said = line.trim().replace(/^\[|\]$|^-+ ?$|: https:.*$/g, '');
      expect(words).toContain(said);
    }
    expect(html.match(/<(script|svg|iframe|form)/gi)).toBeNull();
    expect(document.subject).not.toMatch(/[\r\n]/);
  });

  it('its picture', async () => {
    await expect(chartSvg(sampleChart(language))).toMatchFileSnapshot(golden(`chart-${language}.svg`));
  });
});

it('escapes names, wherever they stand', () => {
  const letter = SAMPLES.storm;
  if (letter === undefined) throw new Error('the sample is gone');
  const html = htmlOf(compose(letter, sampleContext('en', false)));
  expect(html).toContain('TV-&lt;16&gt;');
  expect(html).not.toContain('TV-<16>');
  const svg = chartSvg({ ...sampleChart('en'), title: '"><script>', unit: '<b>' });
  expect(svg).toContain('&quot;&gt;&lt;script&gt; (&lt;b&gt;)');
});

it('draws every peak, and cuts at a gap', () => {
  const facts = sampleChart('en');
  const svg = chartSvg(facts);
  expect(svg.match(/class="band"/g)).toHaveLength(2);
  const highest = Math.max(...(facts.series?.max ?? []));
  const band = [...svg.matchAll(/class="band" d="M([^Z]*)Z/g)].map(([, d = '']) =>
    Math.min(...d.split('L').map((point) => Number(point.split(' ')[1]))),
  );
  const limitY = Number(/<g class="limits">.*?M\d+(?:\.\d+)? (\d+(?:\.\d+)?)H/.exec(svg)?.[1]);
  // 55, the warning's: the one peak of the first stretch is above it, though a single bucket holds it.
  expect(band[0]).toBeLessThan(limitY);
  expect(highest).toBeGreaterThan(60);
});

it('says so where there is nothing to draw, or one bucket only', () => {
  const facts = sampleChart('fr');
  expect(chartSvg({ ...facts, series: null, gaps: [] })).toContain('pas de données');
  const { series } = facts;
  if (series === null) throw new Error('the sample is gone');
  const one = Object.fromEntries(
    Object.entries(series).map(([key, all]) => [key, Array.isArray(all) ? all.slice(0, 1) : all]),
  ) as unknown as typeof series;
  expect(chartSvg({ ...facts, series: one })).toContain('stroke-linecap="round"');
});

it('becomes a PNG of twice its size, with letters on it', async () => {
  const facts = sampleChart('fr');
  const png = Buffer.from(await pngOf(chartSvg(facts)));
  expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 560]);
  // Without a font it draws no letter, and says nothing.
  expect(png.equals(await pngOf(chartSvg({ ...facts, title: 'Autre chose' })))).toBe(false);
});
