// The data of a chart as lines of a table, for the page and for a file: one per bucket, and one per stretch without data. Pure.
// Invariant: every bucket of every curve is in exactly one line; buckets share a line only where they begin together, but for
// those of a moved past, which stand beside the bucket of the present that begins next to them: less than half a bucket away.
import type { ChartGap, ChartSeries } from '@vigie/contract';
import type { CsvValue } from '@vigie/contract/csv';
import { type Curve, type TrackData, type Tracks, tracksOf } from './curves.ts';
import type { UndatedBand } from './undated.ts';

export type TableLine =
  | {
      readonly kind: 'bucket';
      /** On the axis. */
      readonly placeMs: number;
      /** By curve: index into the arrays of its series; `null`: no sample. */
      readonly indices: readonly (number | null)[];
    }
  | { readonly kind: 'gap'; readonly placeMs: number; readonly of: TrackData; readonly gap: ChartGap }
  | {
      readonly kind: 'undated';
      readonly placeMs: number;
      readonly of: TrackData;
      readonly band: UndatedBand;
    };

export function seriesOf({ track, channel }: Curve, tracks: Tracks): ChartSeries | null {
  return tracks.get(track)?.answer.series.find((series) => series.channel === channel.id) ?? null;
}

/** From an instant of a track to its place, ms: as it was moved, a past one on the grid of the present where their buckets are alike. */
function offsetOf({ track, answer }: TrackData, present: TrackData | null): number {
  if (!track.isPast || present === null || present.answer.bucketMs !== answer.bucketMs) return track.shiftMs;
  const apartMs = present.answer.startMs + present.track.shiftMs - (answer.startMs + track.shiftMs);
  return track.shiftMs + apartMs - Math.round(apartMs / answer.bucketMs) * answer.bucketMs;
}

/** Oldest first. */
export function tableLines(curves: readonly Curve[], tracks: Tracks): readonly TableLine[] {
  const buckets = new Map<number, (number | null)[]>();
  const present = tracksOf(curves, tracks).find(({ track }) => !track.isPast) ?? null;
  curves.forEach((curve, k) => {
    const data = tracks.get(curve.track);
    const series = seriesOf(curve, tracks);
    if (data === undefined || series === null) return;
    const offsetMs = offsetOf(data, present);
    series.bucket.forEach((bucket, index) => {
      const placeMs = data.answer.startMs + bucket * data.answer.bucketMs + offsetMs;
      const line = buckets.get(placeMs) ?? new Array<number | null>(curves.length).fill(null);
      line[k] = index;
      buckets.set(placeMs, line);
    });
  });
  const silences = tracksOf(curves, tracks).flatMap((of): TableLine[] => {
    const { track, answer, cuts } = of;
    return [
      ...cuts.map((gap): TableLine => ({ kind: 'gap', of, gap, placeMs: gap.fromMs + track.shiftMs })),
      ...of.silences.bands.map(
        (band): TableLine => ({
          kind: 'undated',
          of,
          band,
          placeMs: (band.afterMs ?? answer.fromMs) + track.shiftMs,
        }),
      ),
    ];
  });
  const lines = [...buckets].map(([placeMs, indices]): TableLine => ({ kind: 'bucket', placeMs, indices }));
  return [...lines, ...silences].sort((a, b) => a.placeMs - b.placeMs);
}

/** Mean, lowest and highest of each curve by bucket, as a file holds them. @param place writes a place on the axis */
export function* displayedRows(
  curves: readonly Curve[],
  tracks: Tracks,
  place: (placeMs: number) => CsvValue,
): Iterable<readonly CsvValue[]> {
  const series = curves.map((curve) => seriesOf(curve, tracks));
  for (const line of tableLines(curves, tracks)) {
    if (line.kind !== 'bucket') continue;
    const cells = line.indices.flatMap((index, k): CsvValue[] => {
      const one = series[k];
      if (index === null || one == null) return [null, null, null];
      // A mean carries more digits than anything was measured with.
      return [Number(one.mean[index]!.toPrecision(9)), one.min[index]!, one.max[index]!];
    });
    yield [place(line.placeMs), ...cells];
  }
}
