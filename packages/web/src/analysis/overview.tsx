// A wider stretch of time in small, with a window over what is shown: dragging the window moves it, its edges change it,
// dragging beside it chooses anew. For a mouse only: fields, buttons and keys do the same for everybody else.
import { useMemo, useRef, useState } from 'preact/hooks';
import { gutterPx, marginPx } from '../charts/plot.ts';
import { useChartAnswers } from '../charts/use-chart-answers.ts';
import { panRange, type Range } from '../charts/zoom.ts';
import { formatDay } from '../i18n/format.ts';
import { sparkPaths } from '../machine/trend.ts';
import { language } from '../prefs.ts';
import type { KnownSeries } from './analysis-plan.ts';
import { analysisWords } from './words.ts';

const dayMs = 86_400_000;
const spansMs = [1, 7, 30, 90, 365, 1095, 3650].map((days) => days * dayMs);
const edgePx = 8;
const width = 300;
const height = 44;

/** The stretch around a range: a few times as long, at round lengths, so that it stands still while one zooms. */
export function overviewOf(shown: Range, nowMs: number): Range {
  const span = shown.toMs - shown.fromMs;
  const wideMs = spansMs.find((one) => one >= 2.5 * span) ?? 3650 * dayMs;
  const ending = { fromMs: nowMs - wideMs, toMs: nowMs };
  if (shown.fromMs >= ending.fromMs) return ending;
  // In whole steps of a quarter, for the same reason.
  const middle = Math.round((shown.fromMs + shown.toMs) / 2 / (wideMs / 4)) * (wideMs / 4);
  return panRange({ fromMs: middle - wideMs / 2, toMs: middle + wideMs / 2 }, 0, nowMs);
}

type Grab = { readonly kind: 'move' | 'from' | 'to' | 'new'; readonly x: number; readonly at: Range };

interface OverviewProps {
  /** Drawn in small. */
  readonly lead: KnownSeries;
  readonly shown: Range;
  readonly nowMs: number;
  readonly version: number;
  readonly zone: string;
  readonly draft: (range: Range | null) => void;
  readonly show: (range: Range) => void;
}

export function Overview({ lead, shown, nowMs, version, zone, draft, show }: OverviewProps) {
  const grab = useRef<Grab | null>(null);
  const [held, setHeld] = useState<Range | null>(null);
  const whole = held ?? overviewOf(shown, nowMs);
  const span = whole.toMs - whole.fromMs;
  const { answers } = useChartAnswers(
    [
      {
        key: `${lead.machine.id}.${lead.channel.id}`,
        machine: lead.machine.id,
        channels: [lead.channel.id],
        fromMs: Math.round(whole.fromMs),
        toMs: Math.round(whole.toMs),
        width,
      },
    ],
    version,
  );
  const answer = [...answers.values()][0];
  const series = answer?.series[0];
  const cutMs = lead.machine.known?.cutMs ?? dayMs;
  const spark = useMemo(
    () =>
      answer === undefined || series === undefined ? null : sparkPaths(series, answer, cutMs, width, height),
    [answer, cutMs],
  );
  const part = (atMs: number): number => Math.min(1, Math.max(0, (atMs - whole.fromMs) / span));

  const rangeAt = (event: PointerEvent & { currentTarget: HTMLElement }): Range | null => {
    const now = grab.current;
    if (now === null) return null;
    const box = event.currentTarget.getBoundingClientRect();
    const msPerPx = span / box.width;
    const byMs = (event.clientX - now.x) * msPerPx;
    const place = whole.fromMs + (event.clientX - box.left) * msPerPx;
    const start = whole.fromMs + (now.x - box.left) * msPerPx;
    const clamp = (atMs: number): number => Math.round(Math.min(nowMs, Math.max(0, atMs)));
    switch (now.kind) {
      case 'move': {
        const moved = Math.min(byMs, nowMs - now.at.toMs);
        return { fromMs: Math.round(now.at.fromMs + moved), toMs: Math.round(now.at.toMs + moved) };
      }
      case 'from':
        return { fromMs: clamp(Math.min(place, now.at.toMs - 60_000)), toMs: now.at.toMs };
      case 'to':
        return { fromMs: now.at.fromMs, toMs: clamp(Math.max(place, now.at.fromMs + 60_000)) };
      case 'new': {
        const [low, high] = [Math.min(start, place), Math.max(start, place)];
        return high - low < 60_000 ? null : { fromMs: clamp(low), toMs: clamp(high) };
      }
    }
  };
  const down = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    if (event.button !== 0) return;
    const box = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - box.left;
    const [left, right] = [part(shown.fromMs) * box.width, part(shown.toMs) * box.width];
    const kind =
      Math.abs(x - left) <= edgePx
        ? 'from'
        : Math.abs(x - right) <= edgePx
          ? 'to'
          : x > left && x < right
            ? 'move'
            : 'new';
    grab.current = { kind, x: event.clientX, at: shown };
    // Stands still while its own window is dragged.
    setHeld(whole);
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const end = (range: Range | null): void => {
    const before = grab.current?.at;
    grab.current = null;
    setHeld(null);
    if (range === null || (before?.fromMs === range.fromMs && before.toMs === range.toMs)) draft(null);
    else show(range);
  };
  return (
    <div class="overview" aria-hidden="true" title={analysisWords.value.overview}>
      <div
        class="overview-plot"
        style={{ marginInline: `${gutterPx}px ${marginPx}px` }}
        onPointerDown={down}
        onPointerMove={(event) => {
          const range = rangeAt(event);
          if (range !== null) draft(range);
        }}
        onPointerUp={(event) => {
          if (grab.current !== null) end(rangeAt(event));
        }}
        onPointerCancel={() => end(null)}
      >
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {spark !== null && (
            <>
              <path class="overview-shade" d={spark.shade} />
              <path class="overview-line" d={spark.line} />
            </>
          )}
        </svg>
        <div
          class="overview-window"
          style={{
            left: `${part(shown.fromMs) * 100}%`,
            width: `${(part(shown.toMs) - part(shown.fromMs)) * 100}%`,
          }}
        />
      </div>
      <p class="overview-ends muted figures" style={{ marginInline: `${gutterPx}px ${marginPx}px` }}>
        <span>{formatDay(whole.fromMs, zone, language.value)}</span>
        <span>{formatDay(whole.toMs, zone, language.value)}</span>
      </p>
    </div>
  );
}
