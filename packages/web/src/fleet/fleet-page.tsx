// The list of machines: the truth in one line, what happened since the last visit, then the machines, the worst first.
// When a refresh fails the list stays, greyed, and the line says since when it is old.
import { computed } from '@preact/signals';
import type { Fleet as FleetAnswer } from '@vigie/contract';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { Redirect } from 'wouter-preact';
import { AlarmsLine } from '../alarms/alarms-line.tsx';
import { nowMs } from '../clock.ts';
import { reloadCount, serverLostMs } from '../connection.ts';
import { words as shared } from '../i18n/words.ts';
import { SentenceLine, SentenceSkeleton } from '../machine/sentence-line.tsx';
import { language } from '../prefs.ts';
import { readerZone, session } from '../session/session.ts';
import { EmptyNotice, FailureNotice } from '../shell/notices.tsx';
import { useTitle } from '../shell/use-title.ts';
import '../styles/fleet.css';
import { fleetSentence } from './fleet-sentence.ts';
import { fleet, fleetFailure, refreshFleet, visit, watchFleet } from './fleet-store.ts';
import { MachineRow } from './machine-row.tsx';
import { matching, sortMachines } from './standing.ts';
import { VisitNote } from './visit-note.tsx';
import { words } from './words.ts';

/** With fewer the eye is faster. */
const searchAbove = 8;

function FleetSentence({ answer }: { readonly answer: FleetAnswer }) {
  const sentence = fleetSentence({
    fleet: answer,
    nowMs: nowMs.value,
    serverLostMs: serverLostMs.value,
    zone: readerZone.value,
    language: language.value,
    words: words.value,
    shared: shared.value,
  });
  return <SentenceLine sentence={sentence} />;
}

function Skeletons() {
  return (
    <>
      <SentenceSkeleton />
      <div class="panel flush fleet-skeleton" aria-hidden="true">
        {[1, 2, 3, 4, 5, 6].map((row) => (
          <div key={row} class="skeleton" />
        ))}
      </div>
      <p class="unseen" role="status">
        {shared.value.loading}
      </p>
    </>
  );
}

function Empty() {
  const w = words.value;
  const isAll = session.value.kind === 'in' && session.value.me.role === 'super-admin';
  return isAll ? (
    <EmptyNotice title={w.emptyTitle}>{w.emptyText}</EmptyNotice>
  ) : (
    <EmptyNotice title={w.noneTitle}>{w.noneText}</EmptyNotice>
  );
}

function List({ answer }: { readonly answer: FleetAnswer }) {
  const w = words.value;
  const [search, setSearch] = useState('');
  // As a string: only another order draws the list again.
  const order = useMemo(
    () =>
      computed(() =>
        sortMachines(answer.machines, nowMs.value)
          .map(({ id }) => id)
          .join(' '),
      ),
    [answer],
  );
  const byId = useMemo(() => new Map(answer.machines.map((machine) => [machine.id, machine])), [answer]);
  const sorted = order.value.split(' ').flatMap((id) => byId.get(id) ?? []);
  const isSearchable = answer.machines.length > searchAbove;
  const found = isSearchable ? matching(sorted, search) : sorted;
  return (
    <>
      {isSearchable && (
        <div class="fleet-search">
          <input
            type="search"
            data-search
            aria-label={w.search}
            placeholder={w.search}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
          <p class="muted figures" role="status">
            {search.trim() === '' ? '' : w.found(found.length, answer.machines.length)}
          </p>
        </div>
      )}
      {found.length === 0 ? (
        <div class="notice">
          <p>{w.noMatch(search.trim())}</p>
          <button type="button" onClick={() => setSearch('')}>
            {w.clear}
          </button>
        </div>
      ) : (
        <div class={serverLostMs.value === null ? 'panel flush' : 'panel flush lost'}>
          <table class="fleet">
            <thead>
              <tr>
                <th scope="col">{w.machine}</th>
                <th scope="col">{w.state}</th>
                <th scope="col">{w.values}</th>
                <th scope="col">{w.last}</th>
                <th scope="col">{w.week}</th>
              </tr>
            </thead>
            <tbody>
              {found.map((machine) => (
                <MachineRow key={machine.id} machine={machine} channels={answer.channels} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function useFleet(): void {
  const reloads = reloadCount.value;
  // Before the first frame is painted, which takes a slow phone a while.
  useLayoutEffect(() => watchFleet(), []);
  useEffect(() => {
    if (reloads > 0) refreshFleet();
  }, [reloads]);
}

export function Fleet() {
  useFleet();
  const w = words.value;
  useTitle(w.title);
  const answer = fleet.value;
  const failure = fleetFailure.value;
  const told = visit.value;
  return (
    <main id="content" class="page fleet-page" tabIndex={-1}>
      <h1>{w.title}</h1>
      {failure !== null && <FailureNotice code={failure} retry={refreshFleet} />}
      {answer === null && failure === null && <Skeletons />}
      {answer !== null && answer.machines.length === 0 && <Empty />}
      {answer !== null && answer.machines.length > 0 && (
        <>
          <FleetSentence answer={answer} />
          <AlarmsLine />
          {told !== null && <VisitNote visit={told} fleet={answer} />}
          <List answer={answer} />
        </>
      )}
    </main>
  );
}

/** Where the site begins: for whoever has but one machine that is its page. */
export function Home() {
  useFleet();
  const answer = fleet.value;
  const failed = fleetFailure.value !== null;
  const [only, another] = answer?.machines ?? [];
  if (only !== undefined && another === undefined) {
    return <Redirect to={`/m/${encodeURIComponent(only.id)}`} replace />;
  }
  if (answer !== null || failed) return <Redirect to="/fleet" replace />;
  return (
    <main id="content" class="page" tabIndex={-1}>
      <Skeletons />
    </main>
  );
}
