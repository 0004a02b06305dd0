// A chart as a picture to send: title, range and zone, the panes as they are drawn, their curves by name, and the link to the
// same view. Colours are the page's, so that lines are those of the legend.

import { colorsOf, seriesColors } from './colors.ts';
import type { Curve } from './curves.ts';

export interface Picture {
  readonly title: string;
  readonly facts: string;
  readonly link: string;
  readonly panes: readonly {
    readonly canvas: HTMLCanvasElement;
    readonly unit: string;
    readonly curves: readonly Curve[];
  }[];
}

const marginPx = 16;
const linePx = 20;

/** Words in lines that fit. A word longer than a line stays whole. */
function wrapped(context: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && context.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

export function pictureOf({ title, facts, link, panes }: Picture): HTMLCanvasElement {
  const style = getComputedStyle(document.documentElement);
  const colors = colorsOf(document.body, { ground: '--surface', text: '--text', muted: '--muted' });
  const scale = Math.max(1, window.devicePixelRatio);
  const inner = Math.max(320, ...panes.map(({ canvas }) => canvas.width / scale));
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d')!;
  const family = style.fontFamily === '' ? 'sans-serif' : getComputedStyle(document.body).fontFamily;
  const font = (px: number, weight = 400): string => `${weight} ${px}px ${family}`;

  // Laid out first, since a canvas that is given its size forgets what was drawn.
  context.font = font(20, 600);
  const titleLines = wrapped(context, title, inner);
  context.font = font(13);
  const factLines = wrapped(context, facts, inner);
  const linkLines = wrapped(context, link, inner);
  const places = panes.map((pane) => {
    let [x, y] = [0, 0];
    const items = pane.curves.map((curve) => {
      const width = 34 + context.measureText(curve.name).width + 16;
      if (x > 0 && x + width > inner) [x, y] = [0, y + linePx];
      const item = { curve, x, y };
      x += width;
      return item;
    });
    return { pane, items, legendPx: y + linePx + 6 };
  });
  const height =
    2 * marginPx +
    titleLines.length * 26 +
    (factLines.length + linkLines.length) * linePx +
    places.reduce((sum, { pane, legendPx }) => sum + legendPx + pane.canvas.height / scale + 8, 0);
  canvas.width = Math.round((inner + 2 * marginPx) * scale);
  canvas.height = Math.round(height * scale);
  context.scale(scale, scale);
  context.fillStyle = colors.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = 'top';
  let top = marginPx;
  const write = (lines: readonly string[], stepPx: number): void => {
    for (const line of lines) {
      context.fillText(line, marginPx, top);
      top += stepPx;
    }
  };
  context.fillStyle = colors.text;
  context.font = font(20, 600);
  write(titleLines, 26);
  context.font = font(13);
  context.fillStyle = colors.muted;
  write(factLines, linePx);
  for (const { pane, items, legendPx } of places) {
    for (const { curve, x, y } of items) {
      context.strokeStyle = colors.series[curve.color % seriesColors]!;
      context.lineWidth = 3;
      context.setLineDash(curve.isDashed ? [7, 4] : []);
      context.beginPath();
      context.moveTo(marginPx + x, top + y + 8);
      context.lineTo(marginPx + x + 26, top + y + 8);
      context.stroke();
      context.fillStyle = colors.text;
      context.fillText(curve.name, marginPx + x + 34, top + y);
    }
    top += legendPx;
    const { width, height: drawnPx } = pane.canvas;
    context.drawImage(pane.canvas, marginPx, top, width / scale, drawnPx / scale);
    context.fillStyle = colors.muted;
    context.fillText(pane.unit, marginPx, top - 4);
    top += drawnPx / scale + 8;
  }
  context.fillStyle = colors.muted;
  write(linkLines, linePx);
  return canvas;
}
