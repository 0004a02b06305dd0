// What is drawn of a curve: every column of pixels reaches as high and as low as the buckets in it, cuts are where the data
// have them, and few enough points are drawn.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlotSeries } from './assemble.ts';
import { fillEnvelope, HIDDEN_PX, loneBuckets, traceLine, UNSEEN_PX, within, yExtent } from './plot-lines.ts';
import { Scale } from './scale.ts';

const value = fc.integer({ min: -1000, max: 1000 });
/** Some curve: steps between its buckets, their means, how far the extremes are from those, and whether it is cut there. */
const someSeries = fc
  .array(
    fc.record({
      step: fc.integer({ min: 1, max: 40 }),
      mean: value,
      spread: fc.nat(50),
      isCut: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
    }),
    { maxLength: 300 },
  )
  .map((all): PlotSeries => {
    let at = 0;
    const t = all.map(({ step }) => {
      at += step;
      return at;
    });
    return {
      channel: 'a',
      t,
      mean: all.map(({ mean }) => mean),
      min: all.map(({ mean, spread }) => mean - spread),
      max: all.map(({ mean, spread }) => mean + spread),
      isCutAfter: Uint8Array.from(all, ({ isCut }) => Number(isCut)),
    };
  });
const someRange = fc
  .tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 6000 }))
  .map(([fromMs, spanMs]) => ({ fromMs, toMs: fromMs + spanMs }));
const widths = fc.integer({ min: 20, max: 400 });

const y = new Scale(-1100, 1100, 300, 0);
const scaleOf = ({ fromMs, toMs }: { fromMs: number; toMs: number }, width: number): Scale =>
  new Scale(fromMs, toMs, 0, width);

type Drawn = { readonly kind: 'move' | 'line'; readonly x: number; readonly y: number };

function lineOf(series: PlotSeries, range: { fromMs: number; toMs: number }, x: Scale): readonly Drawn[] {
  const drawn: Drawn[] = [];
  const line = {
    moveTo: (px: number, py: number) => void drawn.push({ kind: 'move', x: px, y: py }),
    lineTo: (px: number, py: number) => void drawn.push({ kind: 'line', x: px, y: py }),
  };
  traceLine(line, series, range, x, y);
  return drawn;
}

/** Of what is drawn, at a place between its ends. */
function heightAt(drawn: readonly Drawn[], px: number): number {
  const k = drawn.findLastIndex((point) => point.x <= px);
  const [from, to] = [drawn[k]!, drawn[k + 1]];
  if (to === undefined || to.kind === 'move') return from.y;
  return from.y + ((px - from.x) / (to.x - from.x)) * (to.y - from.y);
}

describe('the line of a curve', () => {
  it('passes by the lowest and the highest of each column of pixels, unseen at most, through points of the curve only', () => {
    fc.assert(
      fc.property(someSeries, someRange, widths, (series, range, width) => {
        const x = scaleOf(range, width);
        const drawn = lineOf(series, range, x);
        const points = new Set(series.t.map((at, i) => `${x.px(at)} ${y.px(series.mean[i]!)}`));
        for (const point of drawn) expect(points.has(`${point.x} ${point.y}`)).toBe(true);
        expect(drawn.every((point, i) => i === 0 || point.x > drawn[i - 1]!.x)).toBe(true);
        const { begin, end } = within(series.t, range);
        for (let i = begin; i < end; ) {
          // Of one column, and not cut from one another.
          let next = i + 1;
          const column = Math.floor(x.px(series.t[i]!));
          while (
            next < end &&
            series.isCutAfter[next - 1] === 0 &&
            Math.floor(x.px(series.t[next]!)) === column
          )
            next++;
          const means = series.mean.slice(i, next);
          for (const extreme of [Math.min(...means), Math.max(...means)]) {
            const at = x.px(series.t[i + means.indexOf(extreme)]!);
            expect(Math.abs(heightAt(drawn, at) - y.px(extreme))).toBeLessThanOrEqual(UNSEEN_PX + 1e-6);
          }
          i = next;
        }
      }),
    );
  });

  it('is lifted exactly where the curve is cut, and has at most four points for each column and stretch', () => {
    fc.assert(
      fc.property(someSeries, someRange, widths, (series, range, width) => {
        const x = scaleOf(range, width);
        const drawn = lineOf(series, range, x);
        const { begin, end } = within(series.t, range);
        const [first, last] = [Math.max(0, begin - 1), Math.min(series.t.length, end + 1)];
        let cuts = 0;
        for (let i = first; i < last - 1; i++) cuts += series.isCutAfter[i]!;
        const moves = drawn.filter(({ kind }) => kind === 'move').length;
        expect(moves).toBe(last > first ? cuts + 1 : 0);
        expect(drawn.length).toBeLessThanOrEqual(4 * (width + 3 + cuts));
      }),
    );
  });
});

describe('the envelope of a curve', () => {
  it('covers each bucket that is shown from its lowest to its highest, and nothing within a cut', () => {
    fc.assert(
      fc.property(someSeries, someRange, widths, (series, range, width) => {
        const x = scaleOf(range, width);
        const columns = new Map<number, { top: number; bottom: number }[]>();
        const fillRect = (left: number, top: number, wide: number, tall: number): void => {
          expect(Number.isInteger(left) && Number.isInteger(wide)).toBe(true);
          expect(left >= 0 && wide >= 1 && left + wide <= width + 1).toBe(true);
          for (let column = left; column < left + wide; column++) {
            columns.set(column, [...(columns.get(column) ?? []), { top, bottom: top + tall }]);
          }
        };
        fillEnvelope({ fillRect }, series, range, x, y);
        const { begin, end } = within(series.t, range);
        for (let i = begin; i < end; i++) {
          const there = columns.get(Math.floor(x.px(series.t[i]!))) ?? [];
          const isHidden = y.px(series.min[i]!) - y.px(series.max[i]!) <= HIDDEN_PX + 2 * UNSEEN_PX;
          const isCovered = there.some(
            ({ top, bottom }) =>
              top <= y.px(series.max[i]!) + UNSEEN_PX + 1e-9 &&
              bottom >= y.px(series.min[i]!) - UNSEEN_PX - 1e-9,
          );
          expect(isCovered || isHidden).toBe(true);
          if (series.isCutAfter[i] === 0 || i + 1 === series.t.length) continue;
          const [left, right] = [x.px(series.t[i]!), x.px(series.t[i + 1]!)].map(Math.floor);
          for (let column = left! + 1; column < right!; column++) expect(columns.has(column)).toBe(false);
        }
      }),
    );
  });
});

describe('what is seen of a curve', () => {
  it('is as high as its extremes, with room, and hidden curves take none', () => {
    fc.assert(
      fc.property(someSeries, someRange, (series, range) => {
        const [low, high] = yExtent([series], range, new Set());
        const seen = series.t.flatMap((at, i) => (at >= range.fromMs && at <= range.toMs ? [i] : []));
        for (const i of seen) {
          expect(series.min[i]!).toBeGreaterThan(low);
          expect(series.max[i]!).toBeLessThan(high);
        }
        expect(yExtent([series], range, new Set(['a']))).toEqual([0, 1]);
      }),
    );
  });

  it('has dots where no line would show a bucket', () => {
    const series = (cuts: readonly number[]): PlotSeries => {
      const t = cuts.map((_, i) => i);
      return { channel: 'a', t, mean: t, min: t, max: t, isCutAfter: Uint8Array.from(cuts) };
    };
    const all = { fromMs: 0, toMs: 99 };
    expect(loneBuckets(series([1, 0, 1, 0]), all)).toEqual([0, 3]);
    expect(loneBuckets(series([0, 0]), all)).toEqual([]);
    expect(loneBuckets(series([0]), all)).toEqual([0]);
    expect(loneBuckets(series([1, 1, 1]), { fromMs: 1, toMs: 1 })).toEqual([1]);
    expect(loneBuckets(series([]), all)).toEqual([]);
  });
});
