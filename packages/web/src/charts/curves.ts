// What a chart is made of: tracks (one machine's answer, moved to its place on the axis), curves of their channels, and panes
// of curves that share a vertical axis. Pure.
// Invariant: answers, gaps and bands stay at their own instants; `shiftMs` is added only where something is drawn, so that
// what is said of a moved curve is said with its true dates.
import type { Channel, ChartAnswer, ChartGap } from '@vigie/contract';
import { assemble, cuttingGaps, type PlotData, type PlotSeries } from './assemble.ts';
import { type CrosshairReading, openGap, readAt, type Silences, stops } from './reading.ts';
import { placeOf, undatedBands } from './undated.ts';
import type { Range } from './zoom.ts';

export interface Track {
  readonly key: string;
  readonly machine: string;
  /** Of its machine; '' where the chart is of one machine only. */
  readonly name: string;
  readonly zone: string;
  /** The machine's: longer silences cut its curves. */
  readonly cutMs: number;
  /** Added to an instant to get its place on the axis. */
  readonly shiftMs: number;
  /** Shown beside what it is compared with: drawn dashed, its silences are not tinted. */
  readonly isPast: boolean;
}

export interface TrackData {
  readonly track: Track;
  readonly answer: ChartAnswer;
  readonly silences: Silences;
  readonly cuts: readonly ChartGap[];
  readonly data: PlotData;
}

export interface Curve {
  readonly key: string;
  /** Of its Track. */
  readonly track: string;
  readonly channel: Channel;
  /** In the reader's language. */
  readonly name: string;
  /** Counted from 0; beyond the colours there are, they begin again. */
  readonly color: number;
  readonly isDashed: boolean;
}

export interface Pane {
  readonly key: string;
  /** Of the vertical axis that panes may share. */
  readonly axisKey: string;
  readonly unit: string;
  /** One of many. */
  readonly isSmall: boolean;
  readonly curves: readonly Curve[];
}

export type Tracks = ReadonlyMap<string, TrackData>;

/** @param lastRowMs of the machine, where known: the silence since then is a gap, too. */
export function trackData(
  track: Track,
  answer: ChartAnswer,
  lastRowMs: number | null,
  nowMs: number,
): TrackData {
  const open = openGap(lastRowMs, nowMs, answer.gaps, track.cutMs);
  const gaps = open === null ? answer.gaps : [...answer.gaps, open];
  return {
    track,
    answer,
    silences: { gaps, bands: undatedBands(answer.undated), nowMs },
    cuts: cuttingGaps(gaps, track.cutMs),
    data: assemble(answer, track.cutMs),
  };
}

const moved = ({ fromMs, toMs }: Range, byMs: number): Range => ({
  fromMs: fromMs + byMs,
  toMs: toMs + byMs,
});

/** Tracks of some curves, each once. */
export function tracksOf(curves: readonly Curve[], tracks: Tracks): readonly TrackData[] {
  return [...new Set(curves.map(({ track }) => track))].flatMap((key) => tracks.get(key) ?? []);
}

/** The columns of several tracks on one axis; a curve whose data are not there yet is all «no bucket here». */
export function mergeCurves(curves: readonly Curve[], tracks: Tracks): PlotData {
  const parts = tracksOf(curves, tracks).map(({ track, data }) => ({
    key: track.key,
    data,
    x: track.shiftMs === 0 ? data.x : data.x.map((atMs) => atMs + track.shiftMs),
  }));
  const only = parts.length === 1 ? parts[0] : undefined;
  const x = only?.x ?? [...new Set(parts.flatMap((part) => [...part.x]))].sort((a, b) => a - b);
  const indexOf = only === undefined ? new Map(x.map((atMs, i) => [atMs, i])) : null;
  const series = curves.map((curve): PlotSeries => {
    const part = parts.find(({ key }) => key === curve.track);
    const own = part?.data.series.find(({ channel }) => channel === curve.channel.id);
    const spread = (column: PlotSeries['mean']): PlotSeries['mean'] => {
      if (part === undefined || indexOf === null) return column;
      const wide = new Array<number | null | undefined>(x.length).fill(undefined);
      column.forEach((value, i) => {
        wide[indexOf.get(part.x[i]!)!] = value;
      });
      return wide;
    };
    const none = new Array<undefined>(x.length).fill(undefined);
    if (own === undefined) return { channel: curve.key, mean: none, min: none, max: none };
    return { channel: curve.key, mean: spread(own.mean), min: spread(own.min), max: spread(own.max) };
  });
  return { x, series };
}

/** Stretches to tint. Where several machines share a pane, those in which none of them has data are the darkest. */
export function shownGaps(tracks: readonly TrackData[]): readonly Range[] {
  return tracks.flatMap(({ track, cuts }) =>
    track.isPast ? [] : cuts.map((gap) => moved(gap, track.shiftMs)),
  );
}

export function shownBands(tracks: readonly TrackData[]): readonly Range[] {
  return tracks.flatMap(({ track, silences }) =>
    track.isPast
      ? []
      : silences.bands.flatMap((band) => {
          const place = placeOf(band, silences.nowMs);
          return place === null ? [] : [moved(place, track.shiftMs)];
        }),
  );
}

/** What the crosshair at a place on the axis reads of a track; its instants are the true ones. */
export function readTrack({ track, answer, silences }: TrackData, placeMs: number): CrosshairReading {
  return readAt(answer, silences, placeMs - track.shiftMs, track.cutMs);
}

/** Places a keyboard steps through. */
export function placesOf(tracks: readonly TrackData[]): readonly number[] {
  const places = tracks.flatMap(({ track, answer, silences, cuts }) =>
    stops(answer, cuts, silences.bands, silences.nowMs).map((atMs) => atMs + track.shiftMs),
  );
  return tracks.length === 1 ? places : [...new Set(places)].sort((a, b) => a - b);
}

/** «1 point = …»: of the coarsest answer; `null` while there is none. */
export function longestBucketMs(tracks: Tracks): number | null {
  const lengths = [...tracks.values()].map(({ answer }) => answer.bucketMs);
  return lengths.length === 0 ? null : Math.max(...lengths);
}
