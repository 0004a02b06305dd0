// The panes of a chart, one below the other on one axis of time, with one crosshair. Both pages that draw curves use it.
// Invariants: what was drawn stays until what comes is there; panes of one axis key share their vertical range.
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import type { RangeControls } from './chart-controls.ts';
import { chartKeys } from './chart-keys.ts';
import { ChartPane } from './chart-pane.tsx';
import { type Pane, placedSeries, shownBands, shownGaps, type Tracks, tracksOf } from './curves.ts';
import type { LimitLine, Plot, PlotState } from './plot.ts';
import { yExtent } from './plot-lines.ts';
import type { Axis } from './zone.ts';

export type YRange = readonly [number, number];

export interface ChartFrameProps {
  readonly panes: readonly Pane[];
  readonly tracks: Tracks;
  /** Keys of tracks whose answer is on its way. */
  readonly busy: ReadonlySet<string>;
  readonly axis: Axis;
  readonly controls: RangeControls;
  readonly crosshairMs: Signal<number | null>;
  readonly hidden: ReadonlySet<string>;
  readonly emphasized: string | null;
  readonly emphasize: (curve: string | null) => void;
  /** Set by the reader; `undefined`: as the data ask. */
  readonly yRanges: ReadonlyMap<string, YRange>;
  readonly setYRange: (axisKey: string, range: YRange | null) => void;
  readonly limits: (pane: Pane) => readonly LimitLine[];
  /** Places of notes. */
  readonly marks: readonly number[];
  readonly mark: (placeMs: number) => void;
  readonly showTable: () => void;
  readonly onWidth: (width: number) => void;
  /** Plots by pane, for pictures. */
  readonly plots: Map<string, Plot>;
  /**
   * Above a pane, and below it; `shown` is its vertical range, `null` while nothing is there. A strip of what happened when
   * (as NoteStrip above the panes) is as wide as a pane, and has its instants between gutterPx and marginPx.
   */
  readonly head?: (pane: Pane, shown: YRange | null) => ComponentChildren;
  readonly foot?: (pane: Pane, shown: YRange | null) => ComponentChildren;
}

export function ChartFrame(props: ChartFrameProps) {
  const { panes, tracks, axis, controls, hidden, emphasized, yRanges, marks } = props;
  const w = words.value;
  const reader = language.value;
  const spoken = useSignal('');
  const say = (text: string): void => {
    spoken.value = text;
  };
  const { shown } = controls;
  const limits = panes.map(props.limits);
  const limitsKey = JSON.stringify(limits);
  // What a pane draws stays the same object while it is the same, so that nothing is drawn again.
  const drawn = useMemo(
    () =>
      panes.map(({ curves }) => {
        const own = tracksOf(curves, tracks);
        const series = placedSeries(curves, tracks);
        return { own, series, gaps: shownGaps(own), bands: shownBands(own) };
      }),
    [panes, tracks],
  );
  const states = useMemo((): readonly (PlotState | null)[] => {
    const extents = drawn.map(({ series }) => yExtent(series, shown, hidden));
    return panes.map((pane, i) => {
      const { own, series, gaps, bands } = drawn[i]!;
      if (own.length === 0) return null;
      const shared = extents.filter((_, k) => panes[k]!.axisKey === pane.axisKey && drawn[k]!.own.length > 0);
      const yRange: YRange = yRanges.get(pane.axisKey) ?? [
        Math.min(...shared.map(([low]) => low)),
        Math.max(...shared.map(([, high]) => high)),
      ];
      return {
        ...{ series, gaps, bands, yRange, marks, hidden, emphasized, axis },
        looks: pane.curves,
        range: shown,
        limits: limits[i]!,
        isLast: i === panes.length - 1,
        language: reader,
      };
    });
  }, [panes, drawn, shown.fromMs, shown.toMs, yRanges, limitsKey, marks, hidden, emphasized, axis, reader]);
  return (
    <>
      {panes.map((pane, i) => {
        const state = states[i] ?? null;
        const isEmpty = state?.series.every(({ t }) => t.length === 0) ?? false;
        return (
          <div
            key={pane.key}
            class={['chart-pane', pane.isSmall && 'small', i === panes.length - 1 && 'last']
              .filter(Boolean)
              .join(' ')}
          >
            {props.head?.(pane, state?.yRange ?? null)}
            <div class="chart-frame">
              <span class="chart-unit muted">{pane.unit}</span>
              <ChartPane
                state={state}
                label={w.chartLabel(pane.curves.map(({ name }) => name).join(', '))}
                busy={pane.curves.some(({ track }) => props.busy.has(track))}
                notice={isEmpty ? w.chartNoData : ''}
                crosshairMs={props.crosshairMs}
                controls={controls}
                setYRange={(range) => props.setYRange(pane.axisKey, range)}
                mark={props.mark}
                keys={(event) =>
                  chartKeys({ ...props, pane, own: drawn[i]!.own, language: reader, words: w, say }, event)
                }
                onWidth={props.onWidth}
                register={(plot) => {
                  if (plot === null) props.plots.delete(pane.key);
                  else props.plots.set(pane.key, plot);
                }}
              />
            </div>
            {props.foot?.(pane, state?.yRange ?? null)}
          </div>
        );
      })}
      <p class="unseen" role="status">
        {spoken}
      </p>
    </>
  );
}
