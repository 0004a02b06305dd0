// The legend of a chart: a button per curve that shows or hides it, with what the crosshair reads there, and the line that
// says when that was. Without a crosshair they read the newest bucket. Their height never changes, so that nothing jumps
// while one reads.

import type { Signal } from '@preact/signals';
import { formatDayClock } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { bucketWords, silenceWords } from './chart-words.ts';
import { seriesColors } from './colors.ts';
import { type Curve, longestBucketMs, readTrack, type TrackData, type Tracks } from './curves.ts';
import type { CrosshairReading } from './reading.ts';
import { chartWords } from './words.ts';
import { type Axis, formatPlace } from './zone.ts';

function newest({ answer }: TrackData): CrosshairReading {
  const points = answer.series.map((series) => ({
    channel: series.channel,
    index: series.bucket.length === 0 ? null : series.bucket.length - 1,
  }));
  const last = Math.max(...answer.series.map(({ bucket }) => bucket.at(-1) ?? 0));
  const atMs = answer.startMs + last * answer.bucketMs;
  return { atMs, bucketMs: answer.bucketMs, gap: null, undated: [], points };
}

function readingOf(data: TrackData, placeMs: number | null): CrosshairReading {
  return placeMs === null ? newest(data) : readTrack(data, placeMs);
}

interface ReadingLineProps {
  readonly tracks: Tracks;
  readonly axis: Axis;
  readonly crosshairMs: Signal<number | null>;
}

/** «at 3 May 12:00», and why there is nothing where there is nothing. */
export function ReadingLine({ tracks, axis, crosshairMs }: ReadingLineProps) {
  const w = words.value;
  const reader = language.value;
  const placeMs = crosshairMs.value;
  const read = [...tracks.values()].map((data) => ({
    track: data.track,
    reading: readingOf(data, placeMs),
    silence: silenceWords(readingOf(data, placeMs), data.track.zone, reader, w),
  }));
  const heard = read.find(({ silence, track }) => silence === null && !track.isPast);
  const said = read.flatMap(({ track, silence }) =>
    silence === null ? [] : [track.name === '' ? silence : chartWords.value.of(track.name, silence)],
  );
  if (heard !== undefined) {
    // Without a crosshair newest buckets of several tracks are of different times: only one track's can be said.
    if (placeMs !== null || tracks.size === 1) {
      const shownMs = heard.reading.atMs + heard.track.shiftMs;
      said.unshift(formatPlace(shownMs, axis, reader, longestBucketMs(tracks)));
    } else said.unshift(chartWords.value.readNewest);
  }
  return <p class="chart-when figures">{said.join(' · ')}</p>;
}

interface ChartLegendProps {
  readonly curves: readonly Curve[];
  readonly tracks: Tracks;
  readonly crosshairMs: Signal<number | null>;
  readonly hidden: ReadonlySet<string>;
  readonly emphasized: string | null;
  readonly emphasize: (curve: string | null) => void;
  readonly toggle: (curve: string) => void;
  /** Names only: the values are elsewhere. */
  readonly namesOnly: boolean;
}

export function ChartLegend(props: ChartLegendProps) {
  const { curves, tracks, hidden, emphasized, namesOnly } = props;
  const w = words.value;
  const reader = language.value;
  const placeMs = props.crosshairMs.value;
  return (
    <div class="chart-legend">
      <ul aria-label={w.chartLegend}>
        {curves.map(({ key, track, channel, name, color, isDashed }) => {
          const data = namesOnly ? undefined : tracks.get(track);
          const reading = data === undefined ? null : readingOf(data, placeMs);
          const index = reading?.points.find((point) => point.channel === channel.id)?.index ?? null;
          const said =
            data === undefined || index === null ? null : bucketWords(channel, data.answer, index, reader, w);
          const shown = !hidden.has(key);
          // Of a moved curve, when that really was.
          const when =
            data !== undefined &&
            data.track.shiftMs !== 0 &&
            reading !== null &&
            index !== null &&
            placeMs !== null
              ? formatDayClock(reading.atMs, data.track.zone, reader)
              : null;
          return (
            <li key={key} class={key === emphasized ? 'emphasized' : ''}>
              <button
                type="button"
                class="legend-item"
                aria-pressed={shown}
                onClick={() => props.toggle(key)}
                onMouseEnter={() => props.emphasize(key)}
                onMouseLeave={() => props.emphasize(null)}
                onFocus={() => props.emphasize(key)}
                onBlur={() => props.emphasize(null)}
              >
                <svg
                  class={`swatch series-${(color % seriesColors) + 1}`}
                  viewBox="0 0 24 12"
                  aria-hidden="true"
                >
                  <path d="M1 6h22" stroke-dasharray={isDashed ? '7 4' : undefined} />
                </svg>
                <span class="legend-name">{name}</span>
                <span class="legend-value figures">
                  {data === undefined || !shown ? '' : said === null ? w.noValue : said.mean}
                  {said !== null && shown && channel.unit !== '' && ` ${channel.unit}`}
                </span>
                <span class="legend-spread figures muted">
                  {shown ? [when, said?.spread].filter((part) => part != null).join(' · ') : ''}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
