// The data of a chart as a table: one line per bucket, newest first, gaps as lines of their own.
import type { Channel, ChartAnswer, ChartGap } from '@vigie/contract';
import { formatDayClock, formatSpanExact } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { bucketWords, gapWords } from './chart-words.ts';
import type { UndatedBand } from './undated.ts';
import { undatedWords } from './undated-words.ts';

interface ChartTableProps {
  readonly answer: ChartAnswer;
  readonly channels: readonly Channel[];
  /** Those long enough to cut a curve. */
  readonly gaps: readonly ChartGap[];
  readonly bands: readonly UndatedBand[];
  readonly zone: string;
}

type Line =
  | { readonly kind: 'bucket'; readonly atMs: number; readonly bucket: number }
  | { readonly kind: 'gap'; readonly atMs: number; readonly gap: ChartGap }
  | { readonly kind: 'undated'; readonly atMs: number; readonly band: UndatedBand };

export function ChartTable({ answer, channels, gaps, bands, zone }: ChartTableProps) {
  const w = words.value;
  const reader = language.value;
  const buckets = [...new Set(answer.series.flatMap(({ bucket }) => bucket))];
  const lines: Line[] = [
    ...buckets.map(
      (bucket): Line => ({ kind: 'bucket', bucket, atMs: answer.startMs + bucket * answer.bucketMs }),
    ),
    ...gaps.map((gap): Line => ({ kind: 'gap', gap, atMs: gap.fromMs })),
    ...bands.map((band): Line => ({ kind: 'undated', band, atMs: band.afterMs ?? answer.fromMs })),
  ];
  lines.sort((a, b) => b.atMs - a.atMs);
  const places = new Map(
    answer.series.map((series) => [series.channel, new Map(series.bucket.map((bucket, i) => [bucket, i]))]),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section class="chart-table" aria-label={w.chartTable} tabIndex={0}>
      <table>
        <caption class="muted">{w.chartTableCaption(formatSpanExact(answer.bucketMs, reader))}</caption>
        <thead>
          <tr>
            <th scope="col">{w.chartTime}</th>
            {channels.map((channel) => (
              <th key={channel.id} scope="col" class="number">
                {channel.names[reader]}
                {channel.unit !== '' && ` (${channel.unit})`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) =>
            line.kind !== 'bucket' ? (
              <tr key={`${line.kind} ${line.atMs}`} class="gap-line">
                <td colSpan={channels.length + 1}>
                  {line.kind === 'gap'
                    ? gapWords(line.gap, zone, reader, w)
                    : undatedWords(line.band, zone, reader, w)}
                </td>
              </tr>
            ) : (
              <tr key={line.atMs}>
                <th scope="row" class="figures">
                  {formatDayClock(line.atMs, zone, reader)}
                </th>
                {channels.map((channel) => {
                  const index = places.get(channel.id)?.get(line.bucket);
                  const said = index === undefined ? null : bucketWords(channel, answer, index, reader, w);
                  return (
                    <td key={channel.id} class="number figures">
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
