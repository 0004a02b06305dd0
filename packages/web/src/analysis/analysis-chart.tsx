// The curves of an analysis once its series are known: panes by unit, legends, fields, table, overview, notes.
// Invariant: what was shown stays until what comes is there, and a machine that fails is named while the others show.
import { useSignal } from '@preact/signals';
import type { Catalogue, ChartAnswer } from '@vigie/contract';
import { useMemo, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { AlarmStrip } from '../alarms/alarm-strip.tsx';
import { XAxisFields, YAxisFields } from '../charts/axis-fields.tsx';
import { useRangeControls } from '../charts/chart-controls.ts';
import { factWords } from '../charts/chart-facts.ts';
import { ChartFrame, type YRange } from '../charts/chart-frame.tsx';
import { ChartLegend, ReadingLine } from '../charts/chart-legend.tsx';
import { type NoteOpen, NoteStrip, placeNotes } from '../charts/chart-notes.tsx';
import { ChartToolbar } from '../charts/chart-toolbar.tsx';
import { longestBucketMs, type Pane, type Tracks, trackData } from '../charts/curves.ts';
import { ExportMenu } from '../charts/export-menu.tsx';
import { ChartTable, NoteDialog } from '../charts/later-parts.tsx';
import { limitLines } from '../charts/limit-lines.ts';
import { type LimitLine, type Plot, plotWidth } from '../charts/plot.ts';
import { UndatedNote } from '../charts/undated-note.tsx';
import { useChartAnswers } from '../charts/use-chart-answers.ts';
import { useNotes } from '../charts/use-notes.ts';
import type { Axis } from '../charts/zone.ts';
import { serverNowMs } from '../clock.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { FailureNotice } from '../shell/notices.tsx';
import { type AnalysisAddress, askedRange, emptyAddress, writeAddress } from './analysis-address.ts';
import {
  type AnalysisPlan,
  comparedBack,
  planAnalysis,
  questionsOf,
  shiftOf,
  zoneOf,
} from './analysis-plan.ts';
import { Overview } from './overview.tsx';
import type { Present } from './use-present.ts';
import { analysisWords } from './words.ts';

const tableBuckets = 96;
/** Around an event, as far as one may look: a month before it, three after it. */
const elapsedEarliestMs = -31 * 86_400_000;
const elapsedLatestMs = 92 * 86_400_000;

interface AnalysisChartProps {
  readonly catalogue: Catalogue;
  readonly address: AnalysisAddress;
  readonly present: Present;
  readonly go: (change: Partial<AnalysisAddress>, replace?: boolean) => void;
}

/** The newest sample, in an answer that reaches the present: the silence since then is told. `null`: none, or of the past. */
function newestMs(answer: ChartAnswer, nowMs: number): number | null {
  if (answer.toMs < nowMs - 2 * answer.bucketMs - 60_000) return null;
  const last = answer.series.flatMap(({ bucket, lastAt }) =>
    bucket.length === 0 ? [] : [answer.startMs + bucket.at(-1)! * answer.bucketMs + lastAt.at(-1)!],
  );
  return last.length === 0 ? null : Math.max(...last);
}

/** The plan, the same object while nothing of it changes: what is drawn is made anew only then. */
export function usePlan(catalogue: Catalogue, address: AnalysisAddress, nowMs: number): AnalysisPlan {
  const back = comparedBack(address, askedRange(address, nowMs));
  // The present moves its end, and what is drawn only where that changes a shift.
  const shifts =
    back === null ? '' : catalogue.machines.map(({ timeZone }) => shiftOf(back, timeZone)).join();
  const [reader, a] = [language.value, analysisWords.value];
  const { series, runs } = address;
  return useMemo(
    () => planAnalysis(catalogue, address, back, reader, a),
    [catalogue, JSON.stringify([series, runs]), shifts, reader],
  );
}

export function AnalysisChart({ catalogue, address, present, go }: AnalysisChartProps) {
  const w = words.value;
  const a = analysisWords.value;
  const reader = language.value;
  const [path] = useLocation();
  const [width, setWidth] = useState<number | null>(null);
  const [emphasized, setEmphasized] = useState<string | null>(null);
  const [byKey, setByKey] = useState(false);
  const [note, setNote] = useState<NoteOpen | null>(null);
  const crosshairMs = useSignal<number | null>(null);
  const plots = useMemo(() => new Map<string, Plot>(), []);

  const isAligned = address.runs.length > 0;
  const asked = askedRange(address, present.nowMs);
  const plan = usePlan(catalogue, address, present.nowMs);
  const zone = zoneOf(plan);
  const axis = useMemo(
    (): Axis => (isAligned ? { kind: 'elapsed' } : { kind: 'time', zone }),
    [isAligned, zone],
  );
  const controls = useRangeControls({
    asked,
    latestMs: () => (isAligned ? elapsedLatestMs : Math.round(serverNowMs())),
    earliestMs: isAligned ? elapsedEarliestMs : 0,
    show: (range) =>
      go(
        isAligned ? { elapsed: range } : { span: { kind: 'fixed', fromMs: range.fromMs, toMs: range.toMs } },
      ),
    reset: () => go({ span: emptyAddress.span, elapsed: emptyAddress.elapsed, yRanges: new Map() }),
  });
  const { shown } = controls;

  const questions =
    width === null && !address.table
      ? []
      : questionsOf(plan, asked, address.table ? tableBuckets : plotWidth(width ?? 0));
  const { answers, failures, busy, retry } = useChartAnswers(questions, present.version);
  const tracks = useMemo(
    (): Tracks =>
      new Map(
        plan.tracks.flatMap((track) => {
          const answer = answers.get(track.key);
          return answer === undefined
            ? []
            : [[track.key, trackData(track, answer, newestMs(answer, present.nowMs), present.nowMs)]];
        }),
      ),
    [plan, answers],
  );

  const notes = useNotes(
    plan.tracks.flatMap(({ machine, shiftMs, isPast }) =>
      isPast
        ? []
        : [
            {
              machine,
              fromMs: Math.max(0, Math.round(asked.fromMs - shiftMs)),
              toMs: Math.max(0, Math.round(asked.toMs - shiftMs)),
            },
          ],
    ),
    present.version,
  );
  const placed = placeNotes(notes.notes, plan.tracks, shown);
  const marksKey = placed.map(({ placeMs }) => placeMs).join();
  const marks = useMemo(() => placed.map(({ placeMs }) => placeMs), [marksKey]);
  const mark = (placeMs: number): void => setNote({ kind: 'write', placeMs: Math.round(placeMs) });

  const limitsOf = (pane: Pane): readonly LimitLine[] => {
    if (!address.limits) return [];
    const marked =
      pane.curves.find(({ key }) => key === emphasized) ??
      pane.curves.find(({ key, channel }) => channel.limits !== null && !address.hidden.has(key));
    return limitLines(marked?.channel, marked?.name ?? '');
  };
  const setYRange = (axisKey: string, range: YRange | null): void => {
    const yRanges = new Map(address.yRanges);
    if (range === null) yRanges.delete(axisKey);
    else yRanges.set(axisKey, range);
    go({ yRanges });
  };
  const legend = (pane: Pane | null) => (
    <ChartLegend
      curves={pane?.curves ?? plan.panes.flatMap(({ curves }) => curves)}
      tracks={tracks}
      crosshairMs={crosshairMs}
      hidden={address.hidden}
      emphasized={emphasized}
      emphasize={setEmphasized}
      toggle={(key) => {
        const hidden = new Set(address.hidden);
        if (!hidden.delete(key)) hidden.add(key);
        go({ hidden }, true);
      }}
      namesOnly={pane === null}
    />
  );
  const intervals = plan.known.map(({ machine }) => machine.known?.intervalMs ?? 0);
  const facts = factWords(
    { shown, axis, bucketMs: longestBucketMs(tracks), intervalMs: Math.min(...intervals) },
    reader,
    w,
  );
  const frozenHref = (): string => {
    const now = isAligned
      ? { elapsed: shown }
      : { span: { kind: 'fixed' as const, fromMs: shown.fromMs, toMs: shown.toMs } };
    return path + writeAddress({ ...address, ...now });
  };
  const firstOfAxis = (pane: Pane): boolean =>
    plan.panes.find(({ axisKey }) => axisKey === pane.axisKey)?.key === pane.key;
  const shownCurves = plan.panes
    .flatMap(({ curves }) => curves)
    .filter(({ key }) => !address.hidden.has(key));
  const isWholeRun = JSON.stringify(address.elapsed) === JSON.stringify(emptyAddress.elapsed);
  const isReset =
    address.yRanges.size === 0 &&
    (isAligned ? isWholeRun : JSON.stringify(address.span) === JSON.stringify(emptyAddress.span));
  const [lead] = plan.known;
  return (
    <section class="panel chart-panel analysis-chart" aria-label={a.title}>
      <ChartToolbar
        zoom={controls.zoomBy}
        pan={controls.panBy}
        reset={controls.reset}
        isReset={isReset}
        resetWord={isAligned ? a.resetAligned : w.chartReset}
        mark={() => mark(crosshairMs.peek() ?? (shown.fromMs + shown.toMs) / 2)}
        table={address.table}
        setTable={(table) => {
          setByKey(false);
          go({ table }, true);
        }}
        frozenHref={frozenHref}
      >
        <button
          type="button"
          aria-pressed={address.limits}
          onClick={() => go({ limits: !address.limits }, true)}
        >
          {a.limits}
        </button>
        <ExportMenu
          panes={plan.panes}
          tracks={tracks}
          hidden={address.hidden}
          axis={axis}
          shown={shown}
          plots={address.table ? null : plots}
          fileName={[...new Set(plan.known.map(({ machine }) => machine.id))].join('-')}
          words={() => ({
            title: `${a.title} · ${[...new Set(plan.known.map(({ machine }) => machine.name))].join(', ')}`,
            facts,
            link: new URL(frozenHref(), location.href).href,
          })}
        />
      </ChartToolbar>
      <p class="chart-facts muted figures">{facts}</p>
      {[...failures].map(([key, code]) => {
        const track = plan.tracks.find((one) => one.key === key);
        return (
          <div key={key}>
            <p>{a.failedFor(track?.name || track?.machine || key)}</p>
            {answers.has(key) && <p class="muted">{w.chartOldRange}</p>}
            <FailureNotice code={code} retry={retry} />
          </div>
        );
      })}
      {!address.table && <ReadingLine tracks={tracks} axis={axis} crosshairMs={crosshairMs} />}
      {address.table ? (
        <>
          {legend(null)}
          <div class="chart-table-box">
            {tracks.size === 0 ? (
              <div class="skeleton" aria-hidden="true" />
            ) : (
              <ChartTable
                curves={shownCurves}
                tracks={tracks}
                axis={axis}
                takeFocus={byKey}
                showCurves={() => go({ table: false }, true)}
              />
            )}
          </div>
        </>
      ) : (
        <>
          <NoteStrip placed={placed} shown={shown} widthPx={width ?? 0} notes={notes} open={setNote} />
          <ChartFrame
            panes={plan.panes}
            tracks={tracks}
            busy={busy}
            axis={axis}
            controls={controls}
            crosshairMs={crosshairMs}
            hidden={address.hidden}
            emphasized={emphasized}
            emphasize={setEmphasized}
            yRanges={address.yRanges}
            setYRange={setYRange}
            limits={limitsOf}
            marks={marks}
            mark={mark}
            showTable={() => {
              setByKey(true);
              go({ table: true }, true);
            }}
            onWidth={setWidth}
            plots={plots}
            head={(pane, y) => (
              <div class="pane-head">
                {legend(pane)}
                {firstOfAxis(pane) && (
                  <YAxisFields
                    shown={y}
                    fixed={address.yRanges.has(pane.axisKey)}
                    unit={pane.unit}
                    set={(range) => setYRange(pane.axisKey, range)}
                  />
                )}
              </div>
            )}
          />
          <AlarmStrip tracks={plan.tracks} shown={shown} widthPx={width ?? 0} version={present.version} />
          <XAxisFields
            shown={shown}
            axis={axis}
            latestMs={isAligned ? elapsedLatestMs : present.nowMs}
            isAuto={isAligned ? isWholeRun : address.span.kind === 'last'}
            set={controls.show}
            auto={() => go(isAligned ? { elapsed: emptyAddress.elapsed } : { span: emptyAddress.span })}
          />
          {!isAligned && lead !== undefined && (
            <Overview
              lead={lead}
              shown={shown}
              nowMs={present.nowMs}
              version={present.version}
              zone={zone}
              draft={controls.draft}
              show={controls.show}
            />
          )}
        </>
      )}
      {[...tracks.values()]
        .filter(({ track }) => !track.isPast)
        .map(({ track, silences }) => (
          <UndatedNote
            key={track.key}
            machine={track.machine}
            name={track.name}
            bands={silences.bands}
            zone={track.zone}
          />
        ))}
      {!address.table && (
        <p class="chart-hint note">
          <span class="fine">{`${w.chartKeys} ${a.keys}`}</span>
          <span class="coarse">{a.keysTouch}</span>
        </p>
      )}
      {note !== null && (
        <NoteDialog opened={note} close={() => setNote(null)} tracks={plan.tracks} notes={notes} />
      )}
    </section>
  );
}
