// The Machine page: the sentence, gauges, chart, journal, link and every channel, live.
// While the first answer is on its way, skeletons of the final size hold every place.
import type { MachineView } from '@vigie/contract';
import { gaugesOf } from '@vigie/model/reading';
import type { ComponentProps } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { AlarmsPanel } from '../alarms/alarms-panel.tsx';
import { nowMs } from '../clock.ts';
import { reloadCount, serverLostMs } from '../connection.ts';
import { formatNumber, formatWhen } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { later, type Waiting } from '../shell/later.tsx';
import { EmptyNotice, FailureNotice, NotFound } from '../shell/notices.tsx';
import { useNear } from '../shell/use-near.ts';
import { useTitle } from '../shell/use-title.ts';
import { ChannelTable } from './channel-table.tsx';
import { Gauge, GaugeSkeleton } from './gauge.tsx';
import { JournalPanel } from './journal-panel.tsx';
import { LinkPanel } from './link-panel.tsx';
import { createMachineStore, type MachineStore } from './machine-store.ts';
import { machineSentence } from './sentence.ts';
import { SentenceLine, SentenceSkeleton } from './sentence-line.tsx';
import { chartChannels, type Freshness, freshness, readMachine } from './verdict.ts';

const ChartPanel = later(async () => (await import('../charts/chart-panel.tsx')).ChartPanel, ChartPlace);

function ChartPlace({ failure, retry }: Waiting) {
  if (failure !== null) return <FailureNotice code={failure} retry={retry} />;
  return (
    <div class="panel chart-skeleton" aria-hidden="true">
      <div class="skeleton" />
    </div>
  );
}

/** A phone shows the gauges first: charts are two thirds of the page's bytes, and wait until somebody scrolls to them. */
function ChartWhenNear(props: ComponentProps<typeof ChartPanel>) {
  const place = useRef<HTMLDivElement>(null);
  const isNear = useNear(place);
  const [isWanted, setWanted] = useState(false);
  useEffect(() => {
    if (isNear) setWanted(true);
  }, [isNear]);
  useEffect(() => {
    // Whoever goes by keyboard must find it there, on the way.
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key === 'Tab') setWanted(true);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <div ref={place} class="chart-place">
      {isWanted ? <ChartPanel {...props} /> : <ChartPlace failure={null} retry={() => {}} />}
    </div>
  );
}

function Sentence({ store, view }: { readonly store: MachineStore; readonly view: MachineView }) {
  const sentence = machineSentence({
    view,
    nowMs: nowMs.value,
    serverLostMs: serverLostMs.value,
    journal: store.journal.value ?? [],
    language: language.value,
    words: words.value,
  });
  return <SentenceLine sentence={sentence} />;
}

/** How fresh the newest row may be called: one that this page could not hear of is late at best. */
function freshnessNow(view: MachineView, ageMs: number): Freshness {
  const fresh = freshness(ageMs, view.intervalMs);
  return fresh === 'fresh' && serverLostMs.value !== null ? 'late' : fresh;
}

function Gauges({ store, view }: { readonly store: MachineStore; readonly view: MachineView }) {
  const { schema, last } = view;
  if (schema === null || last === null) return null;
  const ageMs = Math.max(0, nowMs.value - last.atMs);
  const fresh = freshnessNow(view, ageMs);
  const machine = readMachine(schema, last, fresh);
  const gauges = gaugesOf(machine.readings);
  return (
    <section aria-labelledby="gauges-title">
      <h2 id="gauges-title" class="unseen">
        {words.value.gaugesTitle}
      </h2>
      {gauges.length === 0 ? (
        <p class="muted">{words.value.gaugesNone}</p>
      ) : (
        <ul class="gauges">
          {gauges.map((reading) => (
            <Gauge
              key={reading.channel.id}
              reading={reading}
              fresh={fresh}
              ageMs={ageMs}
              nowMs={nowMs.value}
              cutMs={schema.cutMs}
              day={store.day.value}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

/** False in the first frame, which says what matters, and is painted sooner on a slow phone for what is left out. */
function useIsPainted(): boolean {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => setPainted(true), []);
  return isPainted;
}

function Channels({ view }: { readonly view: MachineView }) {
  const { schema, last } = view;
  if (schema === null || last === null) return null;
  const ageMs = Math.max(0, nowMs.value - last.atMs);
  const fresh = freshnessNow(view, ageMs);
  return <ChannelTable readings={readMachine(schema, last, fresh).readings} fresh={fresh} ageMs={ageMs} />;
}

function LiveLink({ view }: { readonly view: MachineView }) {
  return <LinkPanel view={view} nowMs={nowMs.value} isLost={serverLostMs.value !== null} />;
}

function Skeletons() {
  return (
    <>
      <SentenceSkeleton />
      <ul class="gauges" aria-hidden="true">
        {[1, 2, 3, 4, 5, 6, 7, 8].map((place) => (
          <GaugeSkeleton key={place} />
        ))}
      </ul>
      <ChartPlace failure={null} retry={() => {}} />
      <p class="unseen" role="status">
        {words.value.loading}
      </p>
    </>
  );
}

function Body({ store, view }: { readonly store: MachineStore; readonly view: MachineView }) {
  const w = words.value;
  const lostMs = serverLostMs.value;
  const isPainted = useIsPainted();
  return (
    <>
      <Sentence store={store} view={view} />
      <p class="unseen" role="status">
        {lostMs === null ? '' : w.serverLost(formatWhen(lostMs, lostMs, view.timeZone, language.value))}
      </p>
      {view.last === null && view.undatedRows === 0 && (
        <EmptyNotice title={w.neverTitle}>{w.neverText}</EmptyNotice>
      )}
      {view.last === null && view.undatedRows > 0 && (
        <EmptyNotice
          title={w.onlyUndatedTitle(
            w.undatedRows(view.undatedRows, formatNumber(view.undatedRows, 0, language.value)),
          )}
        >
          {w.onlyUndatedText}{' '}
          <a href={`/api/machines/${encodeURIComponent(view.id)}/undated.csv`}>{w.undatedCsv}</a>
        </EmptyNotice>
      )}
      {view.last !== null && view.schema === null && (
        <EmptyNotice title={w.noSchemaTitle}>{w.noSchemaText}</EmptyNotice>
      )}
      <div class={lostMs === null ? 'live' : 'live lost'}>
        <Gauges store={store} view={view} />
      </div>
      {view.schema !== null && view.last !== null && chartChannels(view.schema).length > 0 && (
        <ChartWhenNear store={store} schema={view.schema} view={view} />
      )}
      <AlarmsPanel machine={view.id} />
      <div class="columns">
        <JournalPanel store={store} view={view} />
        <LiveLink view={view} />
      </div>
      {isPainted && <Channels view={view} />}
    </>
  );
}

export function MachinePage({ id }: { readonly id: string }) {
  const store = useMemo(() => createMachineStore(id), [id]);
  // Before the first frame is painted: what is at hand is in it.
  useLayoutEffect(() => store.start(), [store]);
  const reloads = reloadCount.value;
  useEffect(() => {
    if (reloads > 0) void store.reload();
  }, [reloads, store]);
  const view = store.view.value;
  const failure = store.failure.value;
  useTitle(view?.name ?? id);
  if (view === null && (failure === 'not-found' || failure === 'forbidden')) {
    return <NotFound text={words.value.machineNotFound(id)} />;
  }
  return (
    <main id="content" class="page" tabIndex={-1}>
      <div class="machine-head">
        <nav aria-label={words.value.back}>
          <Link href="/fleet">{words.value.back}</Link>
        </nav>
        <h1>{view?.name ?? id}</h1>
        {view !== null && (
          <p class="muted">{[view.site, view.schema?.names[language.value]].filter(Boolean).join(' · ')}</p>
        )}
      </div>
      {view === null && failure !== null && (
        <FailureNotice code={failure} retry={() => void store.reload()} />
      )}
      {view === null && failure === null && <Skeletons />}
      {view !== null && <Body store={store} view={view} />}
    </main>
  );
}
