// What a chart is made of: tracks (one machine's answer, moved to its place on the axis), curves of their channels, and panes
// of curves that share a vertical axis. Pure.
// Invariant: answers, gaps and bands stay at their own instants; `shiftMs` is added only where something is drawn, so that
// what is said of a moved curve is said with its true dates.
import type { Channel, ChartAnswer, ChartGap } from '@vigie/contract';
import { assemble, cuttingGaps, type PlotSeries } from './assemble.ts';
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
  /** Of the answer, at their own instants. */
  readonly series: readonly PlotSeries[];
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
    series: assemble(answer, track.cutMs),
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

/** The curves of a pane at their places on its axis, in their order; one whose data are not there yet is empty. */
export function placedSeries(curves: readonly Curve[], tracks: Tracks): readonly PlotSeries[] {
  return curves.map(({ key, track, channel }) => {
    const found = tracks.get(track);
    const own = found?.series.find((one) => one.channel === channel.id);
    if (found === undefined || own === undefined) {
      return { channel: key, t: [], mean: [], min: [], max: [], isCutAfter: new Uint8Array() };
    }
    const { shiftMs } = found.track;
    return { ...own, channel: key, t: shiftMs === 0 ? own.t : own.t.map((atMs) => atMs + shiftMs) };
  });
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

/** By the tracks of a pane, which are the same array until other data come: a key that is held asks many times a second. */
const knownPlaces = new WeakMap<readonly TrackData[], readonly number[]>();

/** Places a keyboard steps through. */
export function placesOf(tracks: readonly TrackData[]): readonly number[] {
  const known = knownPlaces.get(tracks);
  if (known !== undefined) return known;
  const all = tracks.flatMap(({ track, answer, silences, cuts }) =>
    stops(answer, cuts, silences.bands, silences.nowMs).map((atMs) => atMs + track.shiftMs),
  );
  const places = tracks.length === 1 ? all : [...new Set(all)].sort((a, b) => a - b);
  knownPlaces.set(tracks, places);
  return places;
}

/** «1 point = …»: of the coarsest answer; `null` while there is none. */
export function longestBucketMs(tracks: Tracks): number | null {
  const lengths = [...tracks.values()].map(({ answer }) => answer.bucketMs);
  return lengths.length === 0 ? null : Math.max(...lengths);
}
