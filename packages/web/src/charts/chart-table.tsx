// The data of a chart as a table: one line per bucket, newest first, gaps as lines of their own.
import { useEffect, useRef } from 'preact/hooks';
import { formatSpanExact } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { bucketWords, gapWords } from './chart-words.ts';
import { type Curve, longestBucketMs, type TrackData, type Tracks } from './curves.ts';
import { tableLines } from './table-lines.ts';
import { undatedWords } from './undated-words.ts';
import { chartWords } from './words.ts';
import { type Axis, formatPlace } from './zone.ts';

/** More lines would make a page that a phone cannot hold; the file has them all. */
const mostLines = 1000;

interface ChartTableProps {
  readonly curves: readonly Curve[];
  readonly tracks: Tracks;
  readonly axis: Axis;
  /** It was asked for by a key: what had the focus is gone, and it goes on from here. */
  readonly takeFocus: boolean;
  /** T shows the curves again. */
  readonly showCurves: () => void;
}

export function ChartTable({ curves, tracks, axis, takeFocus, showCurves }: ChartTableProps) {
  const region = useRef<HTMLElement>(null);
  useEffect(() => {
    if (takeFocus) region.current?.focus();
  }, []);
  const w = words.value;
  const reader = language.value;
  const stepMs = longestBucketMs(tracks) ?? 0;
  const lines = tableLines(curves, tracks).slice(-mostLines).reverse();
  const named = ({ track }: TrackData, text: string): string =>
    track.name === '' ? text : chartWords.value.of(track.name, text);
  return (
    <section
      ref={region}
      class="chart-table"
      aria-label={w.chartTable}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key.toLowerCase() !== 't' || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        showCurves();
      }}
    >
      <table>
        <caption class="muted">{w.chartTableCaption(formatSpanExact(stepMs, reader))}</caption>
        <thead>
          <tr>
            <th scope="col">{w.chartTime}</th>
            {curves.map(({ key, name, channel }) => (
              <th key={key} scope="col" class="number">
                {name}
                {channel.unit !== '' && ` (${channel.unit})`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) =>
            line.kind !== 'bucket' ? (
              <tr key={`${line.kind} ${line.of.track.key} ${line.placeMs}`} class="gap-line">
                <td colSpan={curves.length + 1}>
                  {named(
                    line.of,
                    line.kind === 'gap'
                      ? gapWords(line.gap, line.of.track.zone, reader, w)
                      : undatedWords(line.band, line.of.track.zone, reader, w),
                  )}
                </td>
              </tr>
            ) : (
              <tr key={line.placeMs}>
                <th scope="row" class="figures">
                  {formatPlace(line.placeMs, axis, reader, stepMs)}
                </th>
                {curves.map((curve, k) => {
                  const index = line.indices[k] ?? null;
                  const answer = tracks.get(curve.track)?.answer;
                  const said =
                    index === null || answer === undefined
                      ? null
                      : bucketWords(curve.channel, answer, index, reader, w);
                  return (
                    <td key={curve.key} class="number figures">
                      {said?.mean ?? w.noValue}
                      {said?.spread != null && <span class="muted"> ({said.spread})</span>}
                    </td>
                  );
                })}
              </tr>
            ),
          )}
        </tbody>
      </table>
    </section>
  );
}
