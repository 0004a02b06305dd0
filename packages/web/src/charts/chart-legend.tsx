// The legend of a chart: a button per curve that shows or hides it, with what the crosshair reads there.
// Without a crosshair it reads the newest bucket. Its height never changes, so that nothing jumps while one reads.

import type { Signal } from '@preact/signals';
import type { Channel, ChartAnswer } from '@vigie/contract';
import { formatDayClock } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { bucketWords, silenceWords } from './chart-words.ts';
import { seriesColors } from './plot.ts';
import { type CrosshairReading, readAt, type Silences } from './reading.ts';

interface ChartLegendProps {
  readonly channels: readonly Channel[];
  /** `null`: names only. */
  readonly answer: ChartAnswer | null;
  readonly silences: Silences;
  readonly cutMs: number;
  readonly zone: string;
  readonly crosshairMs: Signal<number | null>;
  readonly hidden: ReadonlySet<string>;
  readonly emphasized: string | null;
  readonly emphasize: (channel: string | null) => void;
  readonly toggle: (channel: string) => void;
}

function newest(answer: ChartAnswer): CrosshairReading {
  const points = answer.series.map((series) => ({
    channel: series.channel,
    index: series.bucket.length === 0 ? null : series.bucket.length - 1,
  }));
  const last = Math.max(...answer.series.map(({ bucket }) => bucket.at(-1) ?? 0));
  const atMs = answer.startMs + last * answer.bucketMs;
  return { atMs, bucketMs: answer.bucketMs, gap: null, undated: [], points };
}

export function ChartLegend(props: ChartLegendProps) {
  const { channels, answer, silences, cutMs, zone, hidden, emphasized } = props;
  const w = words.value;
  const reader = language.value;
  const atMs = props.crosshairMs.value;
  const reading =
    answer === null ? null : atMs === null ? newest(answer) : readAt(answer, silences, atMs, cutMs);
  const when =
    reading === null
      ? ''
      : (silenceWords(reading, zone, reader, w) ?? w.chartReadAt(formatDayClock(reading.atMs, zone, reader)));
  return (
    <div class="chart-legend">
      <p class="chart-when figures">{when}</p>
      <ul aria-label={w.chartLegend}>
        {channels.map((channel, i) => {
          const index = reading?.points.find((point) => point.channel === channel.id)?.index ?? null;
          const said =
            answer === null || index === null ? null : bucketWords(channel, answer, index, reader, w);
          const shown = !hidden.has(channel.id);
          return (
            <li key={channel.id} class={channel.id === emphasized ? 'emphasized' : ''}>
              <button
                type="button"
                class="legend-item"
                aria-pressed={shown}
                onClick={() => props.toggle(channel.id)}
                onMouseEnter={() => props.emphasize(channel.id)}
                onMouseLeave={() => props.emphasize(null)}
                onFocus={() => props.emphasize(channel.id)}
                onBlur={() => props.emphasize(null)}
              >
                <svg class={`swatch series-${(i % seriesColors) + 1}`} viewBox="0 0 24 12" aria-hidden="true">
                  <path d="M1 6h22" stroke-dasharray={i < seriesColors ? undefined : '7 4'} />
                </svg>
                <span class="legend-name">{channel.names[reader]}</span>
                <span class="legend-value figures">
                  {answer === null || !shown ? '' : said === null ? w.noValue : said.mean}
                  {said !== null && shown && channel.unit !== '' && ` ${channel.unit}`}
                </span>
                <span class="legend-spread figures muted">{shown ? (said?.spread ?? '') : ''}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
