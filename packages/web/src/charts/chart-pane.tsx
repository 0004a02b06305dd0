// One pane on the page: its canvas, its size, gestures bound to it, and the crosshair that all panes share.
// Invariant: a gesture under way is drawn as a draft; only its end changes the view. Not here: what keys do (chart-keys.ts).
import type { Signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { dark } from '../prefs.ts';
import type { RangeControls } from './chart-controls.ts';
import { listenGestures } from './gestures.ts';
import { Plot, type PlotState } from './plot.ts';
import type { Range } from './zoom.ts';

export interface ChartPaneProps {
  /** `null`: nothing to draw yet. */
  readonly state: PlotState | null;
  readonly label: string;
  readonly busy: boolean;
  /** Shown over the pane; '' : nothing. */
  readonly notice: string;
  readonly crosshairMs: Signal<number | null>;
  readonly controls: RangeControls;
  readonly setYRange: (range: readonly [number, number] | null) => void;
  readonly mark: (placeMs: number) => void;
  readonly keys: (event: KeyboardEvent) => void;
  readonly onWidth: (width: number) => void;
  /** Is told of the plot, for pictures, and with `null` when it goes. */
  readonly register: (plot: Plot | null) => void;
}

export function ChartPane(props: ChartPaneProps) {
  const { state, label, busy, notice, crosshairMs, keys } = props;
  const host = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  // What the gestures need is read when they happen, so that they are bound once.
  const latest = useRef(props);
  latest.current = props;

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => {
      const { clientWidth, clientHeight } = element;
      if (clientWidth === 0) return;
      setSize((before) =>
        before?.width === clientWidth && before.height === clientHeight
          ? before
          : { width: clientWidth, height: clientHeight },
      );
      latest.current.onWidth(clientWidth);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const ready = state !== null && size !== null;
  useLayoutEffect(() => {
    if (!ready || host.current === null || state === null || size === null) return;
    const drawn = new Plot(host.current, state, size.width, size.height);
    plot.current = drawn;
    latest.current.register(drawn);
    let base: Range | null = null;
    const begin = (): Range => {
      base ??= latest.current.controls.shown;
      return base;
    };
    const draftOrShow = (range: Range, done: boolean): void => {
      const { controls } = latest.current;
      if (!done) {
        controls.draft(range);
        return;
      }
      const started = base;
      base = null;
      if (started !== null && range.fromMs === started.fromMs && range.toMs === started.toMs) {
        controls.draft(null);
      } else controls.show(range);
    };
    const stop = listenGestures(host.current, drawn.over, {
      hover: (x) => {
        crosshairMs.value = x === null ? null : drawn.msAt(x);
      },
      selecting: (area) => drawn.setSelection(area),
      select: (area) => {
        if (area.axis === 'x') {
          const range = { fromMs: Math.round(drawn.msAt(area.from)), toMs: Math.round(drawn.msAt(area.to)) };
          if (range.toMs - range.fromMs >= 1000) latest.current.controls.show(range);
        } else latest.current.setYRange([drawn.valueAt(area.to), drawn.valueAt(area.from)]);
      },
      pan: (dx, done) => {
        const range = begin();
        const { panned } = latest.current.controls;
        draftOrShow(dx === 0 ? range : panned(range, -dx / drawn.over.clientWidth), done);
      },
      zoom: (x, factor, done) => {
        const range = begin();
        const { zoomed } = latest.current.controls;
        const aroundMs = range.fromMs + (x / drawn.over.clientWidth) * (range.toMs - range.fromMs);
        draftOrShow(factor === 1 ? range : zoomed(range, factor, aroundMs), done);
      },
      reset: (axis) => {
        if (axis === 'x') latest.current.controls.reset();
        else latest.current.setYRange(null);
      },
      mark: (x) => latest.current.mark(Math.round(drawn.msAt(x))),
    });
    return () => {
      stop();
      drawn.destroy();
      plot.current = null;
      latest.current.register(null);
    };
  }, [ready, dark.value]);
  useLayoutEffect(() => {
    if (state === null || size === null || plot.current === null) return;
    plot.current.show(state, size.width, size.height);
  }, [state, size]);
  useEffect(() => crosshairMs.subscribe((ms) => plot.current?.setCrosshair(ms)), [ready, dark.value]);

  return (
    <div ref={box} class={busy ? 'chart-box busy' : 'chart-box'}>
      {state === null && <div class="skeleton" aria-hidden="true" />}
      <div
        ref={host}
        class="chart-host"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard reads and zooms the curves here
        tabIndex={0}
        aria-label={label}
        onKeyDown={keys}
      />
      {notice !== '' && <p class="chart-empty">{notice}</p>}
    </div>
  );
}
