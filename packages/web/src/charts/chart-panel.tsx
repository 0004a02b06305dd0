// The chart of a machine: curves of the model's chart channels, their legend, buttons that double every gesture, notes, and
// the same data as a table. The view is in the address; the browser's Back is the previous zoom.
// Invariants: what was shown stays until what comes is there; following the present it asks again at most a few times
// per bucket. Not here: the panes themselves (chart-frame.tsx), what an answer means (assemble.ts, reading.ts).

import { useSignal } from '@preact/signals';
import type { Channel, MachineSchema, MachineView } from '@vigie/contract';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { AlarmStrip } from '../alarms/alarm-strip.tsx';
import { emptyAddress, writeAddress } from '../analysis/analysis-address.ts';
import { serverNowMs } from '../clock.ts';
import { words } from '../i18n/words.ts';
import type { MachineStore } from '../machine/machine-store.ts';
import { chartChannels } from '../machine/verdict.ts';
import { language } from '../prefs.ts';
import { FailureNotice } from '../shell/notices.tsx';
import { XAxisFields, YAxisFields } from './axis-fields.tsx';
import { type ChartAddress, readChartAddress, writeChartAddress } from './chart-address.ts';
import { useRangeControls } from './chart-controls.ts';
import { factWords } from './chart-facts.ts';
import { ChartFrame } from './chart-frame.tsx';
import { ChartLegend, ReadingLine } from './chart-legend.tsx';
import { type NoteOpen, NoteStrip, placeNotes } from './chart-notes.tsx';
import { ChartToolbar } from './chart-toolbar.tsx';
import { seriesColors } from './colors.ts';
import { type Curve, longestBucketMs, type Pane, type Track, type Tracks, trackData } from './curves.ts';
import { ExportMenu } from './export-menu.tsx';
import { ChartTable, NoteDialog } from './later-parts.tsx';
import { limitLines } from './limit-lines.ts';
import { type Plot, plotWidth } from './plot.ts';
import { UndatedNote } from './undated-note.tsx';
import { useChartAnswers } from './use-chart-answers.ts';
import { useNotes } from './use-notes.ts';
import type { Axis } from './zone.ts';
import { lastWeeks, type Range } from './zoom.ts';

const tableBuckets = 96;
const askAgainLeastMs = 15_000;
/** The one track, pane and vertical axis of this chart. */
const only = 'machine';

interface ChartPanelProps {
  readonly store: MachineStore;
  /** With channels for a chart. */
  readonly schema: MachineSchema;
  readonly view: MachineView;
}

/** The present that a following chart ends at, and a version that changes when stored data in the range did. */
function useFollowing(store: MachineStore, range: Range | null): { endMs: number; version: number } {
  const [asked, setAsked] = useState(() => ({ endMs: Math.round(serverNowMs()), version: 0 }));
  const stored = store.stored.value;
  const concerned = range === null || (stored.fromMs <= range.toMs && stored.toMs >= range.fromMs);
  const spanMs = range === null ? lastWeeks(0).toMs - lastWeeks(0).fromMs : range.toMs - range.fromMs;
  // What was stored before is in the first answer.
  const seen = useRef(stored.count);
  useEffect(() => {
    if (stored.count === seen.current) return;
    seen.current = stored.count;
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

export function ChartPanel(props: ChartPanelProps) {
  const { schema } = props;
  const channels = useMemo(() => chartChannels(schema), [schema]);
  return (
    <section class="panel chart-panel" aria-labelledby="chart-title">
      <Chart {...props} channels={channels} />
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
  const [width, setWidth] = useState<number | null>(null);
  const [emphasized, setEmphasized] = useState<string | null>(null);
  const [byKey, setByKey] = useState(false);
  const [note, setNote] = useState<NoteOpen | null>(null);
  const crosshairMs = useSignal<number | null>(null);
  const plots = useMemo(() => new Map<string, Plot>(), []);

  const address = useMemo(() => readChartAddress(search, serverNowMs()), [search]);
  const following = useFollowing(store, address.range);
  const asked = address.range ?? lastWeeks(following.endMs);
  const go = (change: Partial<ChartAddress>, replace = false): void =>
    navigate(path + writeChartAddress({ ...address, ...change }, search), { replace });
  const controls = useRangeControls({
    asked,
    latestMs: () => Math.round(serverNowMs()),
    earliestMs: 0,
    show: (range) => go({ range }),
    reset: () => go({ range: null, yRange: null }),
  });
  const { shown } = controls;

  const track = useMemo(
    (): Track => ({
      key: only,
      machine: view.id,
      name: '',
      zone,
      cutMs: schema.cutMs,
      shiftMs: 0,
      isPast: false,
    }),
    [view.id, zone, schema.cutMs],
  );
  const { answers, failures, busy, retry } = useChartAnswers(
    width === null && !address.table
      ? []
      : [
          {
            key: only,
            machine: view.id,
            channels: channels.map(({ id }) => id),
            fromMs: asked.fromMs,
            toMs: asked.toMs,
            width: address.table ? tableBuckets : plotWidth(width ?? 0),
          },
        ],
    following.version,
  );
  const answer = answers.get(only) ?? null;
  const failure = failures.get(only) ?? null;
  const tracks = useMemo(
    (): Tracks =>
      new Map(
        answer === null ? [] : [[only, trackData(track, answer, view.last?.atMs ?? null, following.endMs)]],
      ),
    [answer, track, view.last === null, following.endMs],
  );
  const panes = useMemo((): readonly Pane[] => {
    const curves = channels.map(
      (channel, i): Curve => ({
        key: channel.id,
        track: only,
        channel,
        name: channel.names[reader],
        color: i % seriesColors,
        isDashed: i >= seriesColors,
      }),
    );
    return [{ key: only, axisKey: only, unit: channels[0]?.unit ?? '', isSmall: false, curves }];
  }, [channels, reader]);
  const curves = panes[0]?.curves ?? [];
  const axis = useMemo((): Axis => ({ kind: 'time', zone }), [zone]);
  const yRanges = useMemo(
    () => new Map(address.yRange === null ? [] : [[only, address.yRange]]),
    [address.yRange],
  );
  const notes = useNotes([{ machine: view.id, fromMs: asked.fromMs, toMs: asked.toMs }], following.version);
  const placed = placeNotes(notes.notes, [track], shown);
  const marksKey = placed.map(({ placeMs }) => placeMs).join();
  const marks = useMemo(() => placed.map(({ placeMs }) => placeMs), [marksKey]);
  const marked =
    channels.find(({ id }) => id === emphasized) ??
    channels.find(({ id, limits }) => limits !== null && !address.hidden.has(id));

  const legend = (
    <ChartLegend
      curves={curves}
      tracks={tracks}
      crosshairMs={crosshairMs}
      hidden={address.hidden}
      emphasized={emphasized}
      emphasize={setEmphasized}
      toggle={(id) => {
        const hidden = new Set(address.hidden);
        if (!hidden.delete(id)) hidden.add(id);
        go({ hidden }, true);
      }}
      namesOnly={address.table}
    />
  );
  const facts = factWords(
    { shown, axis, bucketMs: longestBucketMs(tracks), intervalMs: schema.intervalMs },
    reader,
    w,
  );
  const frozenHref = (): string => path + writeChartAddress({ ...address, range: shown }, search);
  const analysisHref = `/analysis${writeAddress({
    ...emptyAddress,
    series: channels.map(({ id }) => ({ machine: view.id, channel: id })),
    span: address.range === null ? emptyAddress.span : { kind: 'fixed', ...address.range },
  })}`;
  const mark = (placeMs: number): void => setNote({ kind: 'write', placeMs: Math.round(placeMs) });
  return (
    <>
      <div class="panel-head">
        <h2 id="chart-title">{w.chartTitle}</h2>
        <ChartToolbar
          zoom={controls.zoomBy}
          pan={controls.panBy}
          reset={controls.reset}
          isReset={address.range === null && address.yRange === null}
          resetWord={w.chartReset}
          mark={() => mark(crosshairMs.peek() ?? (shown.fromMs + shown.toMs) / 2)}
          table={address.table}
          setTable={(table) => {
            setByKey(false);
            go({ table }, true);
          }}
          frozenHref={frozenHref}
        >
          <Link class="button" href={analysisHref}>
            {w.navAnalysis}
          </Link>
          <ExportMenu
            panes={panes}
            tracks={tracks}
            hidden={address.hidden}
            axis={axis}
            shown={shown}
            plots={address.table ? null : plots}
            fileName={view.id}
            words={() => ({
              title: `${view.name} · ${w.chartTitle}`,
              facts,
              link: new URL(frozenHref(), location.href).href,
            })}
          />
        </ChartToolbar>
      </div>
      <p class="chart-facts muted figures">{facts}</p>
      {failure !== null && (
        <div>
          {answer !== null && <p class="muted">{w.chartOldRange}</p>}
          <FailureNotice code={failure} retry={retry} />
        </div>
      )}
      {failure !== null && answer === null ? null : address.table ? (
        <div class="chart-table-box">
          {answer === null ? (
            <div class="skeleton" aria-hidden="true" />
          ) : (
            <ChartTable
              curves={curves}
              tracks={tracks}
              axis={axis}
              takeFocus={byKey}
              showCurves={() => go({ table: false }, true)}
            />
          )}
        </div>
      ) : (
        <>
          <NoteStrip placed={placed} shown={shown} widthPx={width ?? 0} notes={notes} open={setNote} />
          <ChartFrame
            panes={panes}
            tracks={tracks}
            busy={busy}
            axis={axis}
            controls={controls}
            crosshairMs={crosshairMs}
            hidden={address.hidden}
            emphasized={emphasized}
            emphasize={setEmphasized}
            yRanges={yRanges}
            setYRange={(_, yRange) => go({ yRange })}
            limits={() => limitLines(marked, marked?.names[reader] ?? '')}
            marks={marks}
            mark={mark}
            showTable={() => {
              setByKey(true);
              go({ table: true }, true);
            }}
            onWidth={setWidth}
            plots={plots}
            foot={(_, y) => (
              <div class="chart-foot">
                <AlarmStrip tracks={[track]} shown={shown} widthPx={width ?? 0} version={following.version} />
                <div class="axes">
                  <XAxisFields
                    shown={shown}
                    axis={axis}
                    latestMs={following.endMs}
                    isAuto={address.range === null}
                    set={controls.show}
                    auto={() => go({ range: null })}
                  />
                  <YAxisFields
                    shown={y}
                    fixed={address.yRange !== null}
                    unit={channels[0]?.unit ?? ''}
                    set={(yRange) => go({ yRange })}
                  />
                </div>
                <ReadingLine tracks={tracks} axis={axis} crosshairMs={crosshairMs} />
                {legend}
              </div>
            )}
          />
        </>
      )}
      {address.table && legend}
      <UndatedNote machine={view.id} name="" bands={tracks.get(only)?.silences.bands ?? []} zone={zone} />
      {!address.table && (
        <p class="chart-hint note">
          <span class="fine">{w.chartKeys}</span>
          <span class="coarse">{w.chartKeysTouch}</span>
        </p>
      )}
      {note !== null && (
        <NoteDialog opened={note} close={() => setNote(null)} tracks={[track]} notes={notes} />
      )}
    </>
  );
}
