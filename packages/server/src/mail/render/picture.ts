// SVG to PNG, without a browser, by resvg with the fonts of a package: a server has none of its own. In threads of its own.
import { createRequire } from 'node:module';
import { renderAsync } from '@resvg/resvg-js';
import { WIDTH_PX } from './chart-svg.ts';

/** For screens of two dots a pixel. */
const SCALE = 2;
// TTF: of other formats resvg draws no letter, and says nothing.
const fontFile = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');

export async function pngOf(svg: string): Promise<Uint8Array> {
  const picture = await renderAsync(svg, {
    fitTo: { mode: 'width', value: WIDTH_PX * SCALE },
    font: { fontFiles: [fontFile], loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' },
  });
  return picture.asPng();
}
