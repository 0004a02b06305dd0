// The chart of a machine: curves of the model's chart channels, their legend, buttons that double every gesture, and
// the same data as a table. The view is in the address; the browser's Back is the previous zoom.
// Invariants: what was shown stays until what comes is there; following the present it asks again at most a few times
// per bucket. Not here: drawing (plot.ts), gestures (gestures.ts), what an answer means (assemble.ts, reading.ts).

import { useSignal } from '@preact/signals';
import type { Channel, ChartGap, MachineSchema, MachineView } from '@vigie/contract';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';
import { serverNowMs } from '../clock.ts';
import { formatDayClock, formatRange, formatSpanExact, zoneName } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import type { MachineStore } from '../machine/machine-store.ts';
import { dark, language } from '../prefs.ts';
import { FailureNotice } from '../shell/notices.tsx';
import { assemble, cuttingGaps } from './assemble.ts';
import { type ChartAddress, readChartAddress, writeChartAddress } from './chart-address.ts';
import { ChartLegend } from './chart-legend.tsx';
import { ChartTable } from './chart-table.tsx';
import { ChartToolbar, YAxisFields } from './chart-toolbar.tsx';
import { readingWords, silenceWords } from './chart-words.ts';
import { listenGestures } from './gestures.ts';
import { type LimitLine, Plot, type PlotState, plotWidth, yExtent } from './plot.ts';
import { openGap, readAt, type Silences, stepStop, stops } from './reading.ts';
import { placeOf, undatedBands } from './undated.ts';
import { UndatedNote } from './undated-note.tsx';
import { useChartAnswer } from './use-chart-answer.ts';
import { lastWeeks, panRange, type Range, zoomRange } from './zoom.ts';

const tableBuckets = 96;
const askAgainLeastMs = 15_000;

interface ChartPanelProps {
  readonly store: MachineStore;
  readonly schema: MachineSchema;
  readonly view: MachineView;
}

/** The present that a following chart ends at, and a version that changes when stored data in the range did. */
function useFollowing(store: MachineStore, range: Range | null): { endMs: number; version: number } {
  const [asked, setAsked] = useState(() => ({ endMs: Math.round(serverNowMs()), version: 0 }));
  const stored = store.stored.value;
  const concerned =
    range === null || (stored.fromMs <= range.toMs && stored.toMs >= range.fromMs && stored.count > 0);
  const spanMs = range === null ? lastWeeks(0).toMs - lastWeeks(0).fromMs : range.toMs - range.fromMs;
  useEffect(() => {
    if (!concerned) return;
    // A tenth of a bucket of a thousand: sooner, nothing could be seen of it.
    const pauseMs = Math.max(askAgainLeastMs, spanMs / 10_000);
    const waitMs = Math.max(0, asked.endMs + pauseMs - serverNowMs());
    const timer = setTimeout(
      () => setAsked((before) => ({ endMs: Math.round(serverNowMs()), version: before.version + 1 })),
      stored.toMs === Number.MAX_SAFE_INTEGER ? 0 : waitMs,
    );
    return () => clearTimeout(timer);
  }, [stored.count]);
  return asked;
}

function limitsOf(channel: Channel | undefined): readonly LimitLine[] {
  const limits = channel?.limits ?? null;
  if (channel === undefined || limits === null) return [];
  const w = words.value;
  const name = channel.names[language.value];
  const lines = [
    [limits.alarmHigh, w.stateAlarmHigh],
    [limits.warningHigh, w.stateWarningHigh],
    [limits.warningLow, w.stateWarningLow],
    [limits.alarmLow, w.stateAlarmLow],
  ] as const;
  return lines.flatMap(([value, word]) => (value === null ? [] : [{ value, channel: name, word }]));
}

export function ChartPanel(props: ChartPanelProps) {
  const { schema } = props;
  const channels = useMemo(
    () => schema.channels.filter((channel) => channel.chart && channel.kind !== 'text'),
    [schema],
  );
  return (
    <section class="panel chart-panel" aria-labelledby="chart-title">
      {channels.length === 0 ? (
        <>
          <h2 id="chart-title">{words.value.chartTitle}</h2>
          <p class="muted">{words.value.chartNone}</p>
        </>
      ) : (
        <Chart {...props} channels={channels} />
      )}
    </section>
  );
}

function Chart({
  store,
  schema,
  view,
  channels,
}: ChartPanelProps & { readonly channels: readonly Channel[] }) {
  const w = words.value;
  const reader = language.value;
  const zone = view.timeZone;
  const search = useSearch();
  const [path, navigate] = useLocation();
  const host = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [draft, setDraft] = useState<Range | null>(null);
  const [emphasized, setEmphasized] = useState<string | null>(null);
  const crosshairMs = useSignal<number | null>(null);
  const [spoken, setSpoken] = useState('');

  const address = useMemo(() => readChartAddress(search, serverNowMs()), [search]);
  const following = useFollowing(store, address.range);
  const shownRange = draft ?? address.range ?? lastWeeks(following.endMs);
  const asked = address.range ?? lastWeeks(following.endMs);
  const { answer, failure, busy, retry } = useChartAnswer(
    size === null
      ? null
      : {
          machine: view.id,
          channels: channels.map(({ id }) => id),
          fromMs: asked.fromMs,
          toMs: asked.toMs,
          width: address.table ? tableBuckets : plotWidth(size.width),
        },
    following.version,
  );

  const data = useMemo(
    () => (answer === null ? null : assemble(answer, schema.cutMs)),
    [answer, schema.cutMs],
  );
  const gaps = useMemo((): readonly ChartGap[] => {
    if (answer === null) return [];
    const open = openGap(view.last?.atMs ?? null, following.endMs, answer.gaps, schema.cutMs);
    return open === null ? answer.gaps : [...answer.gaps, open];
  }, [answer, view.last === null, following.endMs, schema.cutMs]);
  const cuts = cuttingGaps(gaps, schema.cutMs);
  const silences = useMemo(
    (): Silences => ({ gaps, bands: undatedBands(answer?.undated ?? []), nowMs: following.endMs }),
    [gaps, answer, following.endMs],
  );
  const { bands } = silences;
  const places = bands.flatMap((band) => placeOf(band, following.endMs) ?? []);
  const marked =
    channels.find(({ id }) => id === emphasized) ??
    channels.find(({ id, limits }) => limits !== null && !address.hidden.has(id));

  const go = (change: Partial<ChartAddress>, replace = false): void => {
    setDraft(null);
    navigate(path + writeChartAddress({ ...address, ...change }, search), { replace });
  };
  const present = (): number => Math.round(serverNowMs());
  const zoomBy = (factor: number, aroundMs?: number): void => {
    const middle = (shownRange.fromMs + shownRange.toMs) / 2;
    go({ range: zoomRange(shownRange, factor, aroundMs ?? middle, present()) });
  };
  const panBy = (part: number): void => go({ range: panRange(shownRange, part, present()) });
  const reset = (): void => go({ range: null, yRange: null });

  // What the gestures need is read when they happen, so that they are bound once.
  const latest = useRef({ shownRange, address, go, reset });
  latest.current = { shownRange, address, go, reset };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => {
      const { clientWidth, clientHeight } = element;
      if (clientWidth > 0) setSize({ width: clientWidth, height: clientHeight });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [address.table]);

  const state: PlotState | null =
    data === null
      ? null
      : {
          data,
          range: shownRange,
          yRange: address.yRange,
          gaps: cuts,
          bands: places,
          limits: limitsOf(marked),
          hidden: address.hidden,
          emphasized,
          zone,
          language: reader,
        };
  const ready = state !== null && size !== null && !address.table;
  useLayoutEffect(() => {
    if (!ready || host.current === null || state === null || size === null) return;
    const drawn = new Plot(host.current, state, size.width, size.height);
    plot.current = drawn;
    let base: Range | null = null;
    const begin = (): Range => {
      base ??= latest.current.shownRange;
      return base;
    };
    const draftOrGo = (range: Range, done: boolean): void => {
      if (!done) {
        setDraft(range);
        return;
      }
      const started = base;
      base = null;
      if (started !== null && range.fromMs === started.fromMs && range.toMs === started.toMs) setDraft(null);
      else latest.current.go({ range });
    };
    const stop = listenGestures(host.current, drawn.over, {
      hover: (x) => {
        crosshairMs.value = x === null ? null : drawn.msAt(x);
      },
      selecting: (area) => drawn.setSelection(area),
      select: (area) => {
        if (area.axis === 'x') {
          const range = { fromMs: Math.round(drawn.msAt(area.from)), toMs: Math.round(drawn.msAt(area.to)) };
          if (range.toMs - range.fromMs >= 1000) latest.current.go({ range });
        } else latest.current.go({ yRange: [drawn.valueAt(area.to), drawn.valueAt(area.from)] });
      },
      pan: (dx, done) => {
        const range = begin();
        draftOrGo(dx === 0 ? range : panRange(range, -dx / drawn.over.clientWidth, present()), done);
      },
      zoom: (x, factor, done) => {
        const range = begin();
        const aroundMs = range.fromMs + (x / drawn.over.clientWidth) * (range.toMs - range.fromMs);
        draftOrGo(factor === 1 ? range : zoomRange(range, factor, aroundMs, present()), done);
      },
      reset: (axis) => {
        if (axis === 'x') latest.current.reset();
        else latest.current.go({ yRange: null });
      },
    });
    return () => {
      stop();
      drawn.destroy();
      plot.current = null;
    };
  }, [ready, channels, dark.value]);
  useLayoutEffect(() => {
    if (state === null || size === null || plot.current === null) return;
    plot.current.show(state, size.width, size.height);
  }, [
    data,
    shownRange.fromMs,
    shownRange.toMs,
    search,
    emphasized,
    reader,
    zone,
    size,
    cuts.length,
    silences,
  ]);
  useEffect(
    () => crosshairMs.subscribe((ms) => plot.current?.setCrosshair(ms)),
    [ready, channels, dark.value],
  );

  const speak = (ms: number): void => {
    if (answer === null) return;
    const reading = readAt(answer, silences, ms, schema.cutMs);
    const silence = silenceWords(reading, zone, reader, w);
    if (silence !== null) {
      setSpoken(silence);
      return;
    }
    const values = channels
      .filter(({ id }) => (emphasized === null ? !address.hidden.has(id) : id === emphasized))
      .map((channel) => readingWords(channel, answer, reading, reader, w));
    setSpoken(`${formatDayClock(reading.atMs, zone, reader)} : ${values.join(' ; ')}`);
  };
  const keys = (event: KeyboardEvent): void => {
    if (answer === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const visible = channels.filter(({ id }) => !address.hidden.has(id));
    const step = (steps: number): void => {
      const at = stepStop(stops(answer, cuts, bands, following.endMs), crosshairMs.peek(), steps);
      crosshairMs.value = at;
      if (at !== null) speak(at);
    };
    const series = (by: number): void => {
      const here = visible.findIndex(({ id }) => id === emphasized);
      const next = visible[(here + by + visible.length) % visible.length];
      setEmphasized(next?.id ?? null);
      if (next !== undefined) setSpoken(next.names[reader]);
    };
    const around = crosshairMs.peek() ?? undefined;
    const act: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => step(event.shiftKey ? -10 : -1),
      ArrowRight: () => step(event.shiftKey ? 10 : 1),
      ArrowUp: () => series(-1),
      ArrowDown: () => series(1),
      '+': () => zoomBy(0.5, around),
      '=': () => zoomBy(0.5, around),
      '-': () => zoomBy(2, around),
      PageUp: () => panBy(-0.8),
      PageDown: () => panBy(0.8),
      '0': reset,
      t: () => go({ table: true }, true),
      Escape: () => {
        crosshairMs.value = null;
        setEmphasized(null);
      },
    };
    const action = act[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };

  const bucketMs = answer?.bucketMs ?? null;
  const raw = bucketMs !== null && bucketMs <= schema.intervalMs;
  const empty = answer?.series.every(({ bucket }) => bucket.length === 0);
  return (
    <>
      <div class="panel-head">
        <h2 id="chart-title">{w.chartTitle}</h2>
        <ChartToolbar
          zoom={zoomBy}
          pan={panBy}
          reset={reset}
          isReset={address.range === null && address.yRange === null}
          table={address.table}
          setTable={(table) => go({ table }, true)}
          frozenHref={() => path + writeChartAddress({ ...address, range: shownRange }, search)}
        />
      </div>
      <p class="chart-facts muted figures">
        {formatRange(shownRange.fromMs, shownRange.toMs, zone, reader)}
        {bucketMs !== null && ` · ${raw ? w.chartRaw : w.chartPoint(formatSpanExact(bucketMs, reader))}`}
        {` · ${w.chartZone(zoneName(zone, shownRange.toMs, reader))}`}
        {bucketMs !== null && !raw && ` · ${w.chartEnvelope}`}
      </p>
      {failure !== null && (
        <div>
          {answer !== null && <p class="muted">{w.chartOldRange}</p>}
          <FailureNotice code={failure} retry={retry} />
        </div>
      )}
      {address.table ? (
        <div ref={box} class="chart-table-box">
          {answer === null ? (
            <div class="skeleton" aria-hidden="true" />
          ) : (
            <ChartTable answer={answer} channels={channels} gaps={cuts} bands={bands} zone={zone} />
          )}
        </div>
      ) : (
        <div class="chart-frame">
          <span class="chart-unit muted">{channels[0]?.unit}</span>
          <div ref={box} class={busy ? 'chart-box busy' : 'chart-box'}>
            {state === null && <div class="skeleton" aria-hidden="true" />}
            <div
              ref={host}
              class="chart-host"
              role="application"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard reads and zooms the curves here
              tabIndex={0}
              aria-label={w.chartLabel(channels.map(({ names }) => names[reader]).join(', '))}
              onKeyDown={keys}
            />
            {empty && <p class="chart-empty">{w.chartNoData}</p>}
          </div>
        </div>
      )}
      <p class="unseen" role="status">
        {spoken}
      </p>
      <ChartLegend
        channels={channels}
        answer={address.table ? null : answer}
        silences={silences}
        cutMs={schema.cutMs}
        zone={zone}
        crosshairMs={crosshairMs}
        hidden={address.hidden}
        emphasized={emphasized}
        emphasize={setEmphasized}
        toggle={(id) => {
          const hidden = new Set(address.hidden);
          if (!hidden.delete(id)) hidden.add(id);
          go({ hidden }, true);
        }}
      />
      <UndatedNote machine={view.id} bands={bands} zone={zone} />
      {!address.table && (
        <p class="chart-hint note">
          <span class="fine">{w.chartKeys}</span>
          <span class="coarse">{w.chartKeysTouch}</span>
        </p>
      )}
      {!address.table && state !== null && (
        <YAxisFields
          shown={address.yRange ?? yExtent(state)}
          fixed={address.yRange !== null}
          unit={channels[0]?.unit ?? ''}
          set={(yRange) => go({ yRange })}
        />
      )}
    </>
  );
}
