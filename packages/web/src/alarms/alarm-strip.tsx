// The alarms of the machines on a chart, below it on the same axis: a bar from where each began to where it was over.
// Invariant: a bar is as long as its alarm, however short, by at least a few pixels. Not here: the chart.
import { useComputed } from '@preact/signals';
import type { Alarms, AlarmView } from '@vigie/contract';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { get } from '../api.ts';
import type { Track } from '../charts/curves.ts';
import { gutterPx, marginPx } from '../charts/plot.ts';
import type { Range } from '../charts/zoom.ts';
import { nowMs } from '../clock.ts';
import { language } from '../prefs.ts';
import { alarmsChanged } from './alarm-count.ts';
import { figuresOf, timesOf, whatOf } from './alarm-sentence.ts';
import { alarmWords } from './words.ts';
import '../styles/alarms.css';

const mostAlarms = 300;
const leastPx = 4;
const minuteMs = 60_000;

interface StripProps {
  readonly tracks: readonly Track[];
  readonly shown: Range;
  /** Of the chart. */
  readonly widthPx: number;
  /** Changes when what is stored did. */
  readonly version: number;
}

interface Placed {
  readonly alarm: AlarmView;
  readonly track: Track;
}

function useStripAlarms({ tracks, shown, version }: StripProps): readonly Placed[] {
  const [placed, setPlaced] = useState<readonly Placed[]>([]);
  const changed = alarmsChanged.value;
  const present = tracks.filter(({ isPast }) => !isPast);
  const key = JSON.stringify(present.map(({ machine, shiftMs }) => [machine, shiftMs]));
  useEffect(() => {
    const abort = new AbortController();
    const ask = async (track: Track): Promise<Placed[]> => {
      const [from, to] = [shown.fromMs, shown.toMs].map((ms) => Math.max(0, Math.round(ms - track.shiftMs)));
      const machine = encodeURIComponent(track.machine);
      const path = `/api/alarms?machine=${machine}&from=${from}&before=${to}&count=${mostAlarms}`;
      return (await get<Alarms>(path, abort.signal)).alarms.map((alarm) => ({ alarm, track }));
    };
    void Promise.allSettled(present.map(ask)).then((answers) => {
      if (abort.signal.aborted) return;
      setPlaced(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])));
    });
    return () => abort.abort();
  }, [key, Math.round(shown.fromMs), Math.round(shown.toMs), version, changed]);
  return placed;
}

/** Within the page, as a link of the router does it; there may be hundreds here, and each of those would listen for itself. */
function follow(event: MouseEvent, navigate: (href: string) => void): void {
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || !isPlain) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

export function AlarmStrip(props: StripProps) {
  const [, navigate] = useLocation();
  const { shown, widthPx } = props;
  const w = alarmWords.value;
  const reader = language.value;
  const placed = useStripAlarms(props);
  const minute = useComputed(() => Math.floor(nowMs.value / minuteMs)).value;
  const isOpen = placed.some(({ alarm }) => alarm.overMs === null);
  const presentMs = isOpen ? nowMs.value : 0;
  const labels = useMemo(() => {
    const machines = new Set(placed.map(({ track }) => track.machine));
    return placed.map(({ alarm, track }) =>
      [
        ...(machines.size > 1 ? [track.machine] : []),
        `${w[alarm.severity]}: ${whatOf(alarm, reader, w)}`,
        figuresOf(alarm, reader, w),
        ...timesOf(alarm, track.zone, minute * minuteMs, reader, w),
      ]
        .filter((part) => part !== '')
        .join(' · '),
    );
  }, [placed, minute, reader, w]);
  const plotPx = Math.max(1, widthPx - gutterPx - marginPx);
  const spanMs = Math.max(1, shown.toMs - shown.fromMs);
  const xOf = (ms: number): number => Math.min(1, Math.max(0, (ms - shown.fromMs) / spanMs)) * plotPx;
  const bars = placed.map(({ alarm, track }) => {
    const from = xOf(alarm.happenedMs + track.shiftMs);
    const width = Math.max(leastPx, xOf((alarm.overMs ?? presentMs) + track.shiftMs) - from);
    const left = gutterPx + Math.min(from, plotPx - width);
    return { left: `${left.toFixed(1)}px`, width: `${width.toFixed(1)}px` };
  });
  // There may be hundreds, and the chart around them is made anew at each key and each second.
  const items = useMemo(
    () =>
      placed.map(({ alarm, track }, i) => (
        <li key={`${track.key} ${alarm.id}`} class={`strip-${alarm.severity}`} style={bars[i]!}>
          <a href={`/alarms?machine=${encodeURIComponent(alarm.machine)}`} title={labels[i]}>
            <span class="unseen">{labels[i]}</span>
          </a>
        </li>
      )),
    [labels, JSON.stringify(bars)],
  );
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click
    <ul class="alarm-strip" aria-label={w.strip} onClick={(event) => follow(event, navigate)}>
      {items}
    </ul>
  );
}
