// The range a chart shows: what the address says, or what a gesture under way makes of it. Zooming, moving and resetting
// for gestures, keys and buttons alike.
import { useState } from 'preact/hooks';
import { panRange, type Range, zoomRange } from './zoom.ts';

export interface RangeControls {
  readonly shown: Range;
  /** A gesture under way; `null`: it changes nothing. */
  draft(range: Range | null): void;
  /** Into the address: a step of the browser's Back. */
  show(range: Range): void;
  zoomed(range: Range, factor: number, aroundMs: number): Range;
  panned(range: Range, part: number): Range;
  zoomBy(factor: number, aroundMs?: number): void;
  panBy(part: number): void;
  reset(): void;
}

interface ControlsOptions {
  /** What the address asks for. */
  readonly asked: Range;
  /** Ends of what can be shown, read at each use: the present moves. */
  readonly latestMs: () => number;
  readonly earliestMs: number;
  readonly show: (range: Range) => void;
  readonly reset: () => void;
}

export function useRangeControls(options: ControlsOptions): RangeControls {
  const { asked, latestMs, earliestMs } = options;
  const [draft, setDraft] = useState<Range | null>(null);
  const shown = draft ?? asked;
  const zoomed = (range: Range, factor: number, aroundMs: number): Range =>
    zoomRange(range, factor, aroundMs, latestMs(), earliestMs);
  const panned = (range: Range, part: number): Range => panRange(range, part, latestMs(), earliestMs);
  const show = (range: Range): void => {
    setDraft(null);
    options.show(range);
  };
  return {
    shown,
    draft: setDraft,
    show,
    zoomed,
    panned,
    zoomBy: (factor, aroundMs) => show(zoomed(shown, factor, aroundMs ?? (shown.fromMs + shown.toMs) / 2)),
    panBy: (part) => show(panned(shown, part)),
    reset: () => {
      setDraft(null);
      options.reset();
    },
  };
}
