// The Analysis page: series of any machine, chosen, compared and aligned; the whole view is in the address, and the browser's
// Back is the view before. Not here: the curves (analysis-chart.tsx), the form of the address (analysis-address.ts).
import type { Catalogue } from '@vigie/contract';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { type FailureCode, failureCode, get } from '../api.ts';
import { heardServerClock } from '../clock.ts';
import { serverLostMs } from '../connection.ts';
import { formatWhen } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { language } from '../prefs.ts';
import { FailureNotice } from '../shell/notices.tsx';
import { useTitle } from '../shell/use-title.ts';
import { AddressNotice } from './address-notice.tsx';
import { type AnalysisAddress, writeAddress } from './analysis-address.ts';
import { AnalysisChart, usePlan } from './analysis-chart.tsx';
import { type KnownMachine, machinesOf, zoneOf } from './analysis-plan.ts';
import { Picker } from './picker.tsx';
import { readAddress, type Unread } from './read-address.ts';
import { suggestions } from './suggestions.ts';
import { type Present, usePresent } from './use-present.ts';
import { ViewFields } from './view-fields.tsx';
import { analysisWords } from './words.ts';
import './analysis.css';

interface CatalogueState {
  readonly catalogue: Catalogue | null;
  readonly failure: FailureCode | null;
  readonly retry: () => void;
}

function useCatalogue(version: number): CatalogueState {
  const [catalogue, setCatalogue] = useState<Catalogue | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const [tries, setTries] = useState(0);
  // What machines there are changes seldom: asked again when it is not there, or by the reader.
  const again = catalogue === null ? version : 0;
  // Before the first frame is painted: what is at hand is in it.
  useLayoutEffect(() => {
    const abort = new AbortController();
    get<Catalogue>('/api/catalogue', abort.signal)
      .then((fresh) => {
        heardServerClock(fresh.nowMs);
        setCatalogue(fresh);
        setFailure(null);
      })
      .catch((cause: unknown) => {
        const code = failureCode(cause);
        if (code !== null) setFailure(code);
      });
    return () => abort.abort();
  }, [tries, again]);
  return { catalogue, failure, retry: () => setTries(tries + 1) };
}

function Suggestions({ machines }: { readonly machines: readonly KnownMachine[] }) {
  const a = analysisWords.value;
  const offered = suggestions(machines, language.value, a);
  return (
    <div class="notice">
      <h2>{a.emptyTitle}</h2>
      <p>{offered.length === 0 ? a.noMachines : a.emptyText}</p>
      <ul class="suggestions">
        {offered.map(({ title, address }) => (
          <li key={title}>
            <Link href={`/analysis${writeAddress(address)}`} class="button">
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ViewProps {
  readonly catalogue: Catalogue;
  readonly address: AnalysisAddress;
  readonly unread: readonly Unread[];
  readonly present: Present;
}

function View({ catalogue, address, unread, present }: ViewProps) {
  const a = analysisWords.value;
  const [path, navigate] = useLocation();
  const [isPicking, setPicking] = useState(false);
  const machines = useMemo(() => machinesOf(catalogue), [catalogue]);
  const plan = usePlan(catalogue, address, present.nowMs);
  const go = (change: Partial<AnalysisAddress>, replace = false): void =>
    navigate(path + writeAddress({ ...address, ...change }), { replace });
  const chosen = [...new Map(plan.known.map(({ machine }) => [machine.id, machine])).values()];
  const lostMs = serverLostMs.value;
  const count = plan.known.length;
  return (
    <>
      <div class="analysis-bar">
        <button type="button" class="primary" aria-haspopup="dialog" onClick={() => setPicking(true)}>
          {count === 0 ? a.choose : a.chooseCount(count)}
        </button>
        {count > 0 && <ViewFields address={address} machines={chosen} go={go} />}
      </div>
      {lostMs !== null && (
        <p class="notice" role="status">
          {a.serverLost(formatWhen(lostMs, lostMs, zoneOf(plan), language.value))}
        </p>
      )}
      <AddressNotice unread={unread} address={address} plan={plan} />
      {count === 0 ? (
        <Suggestions machines={machines} />
      ) : (
        <div class={lostMs === null ? 'live' : 'live lost'}>
          <AnalysisChart catalogue={catalogue} address={address} present={present} go={go} />
        </div>
      )}
      <Picker
        machines={machines}
        chosen={address.series}
        choose={(series) => go({ series }, true)}
        open={isPicking}
        close={() => setPicking(false)}
      />
    </>
  );
}

export function Analysis() {
  const a = analysisWords.value;
  useTitle(a.title);
  const search = useSearch();
  const [spanMs, setSpanMs] = useState<number | null>(null);
  const present = usePresent(spanMs);
  const { address, unread } = useMemo(() => readAddress(search, present.nowMs), [search]);
  const follows = address.runs.length === 0 && address.span.kind === 'last' ? address.span.lastMs : null;
  useEffect(() => setSpanMs(follows), [follows]);
  const { catalogue, failure, retry } = useCatalogue(present.version);
  return (
    <main id="content" class="page analysis" tabIndex={-1}>
      <h1>{a.title}</h1>
      {catalogue === null && failure !== null && <FailureNotice code={failure} retry={retry} />}
      {catalogue === null && failure === null && (
        <div aria-busy="true">
          <div class="skeleton analysis-skeleton" aria-hidden="true" />
          <p class="unseen" role="status">
            {words.value.loading}
          </p>
        </div>
      )}
      {catalogue !== null && (
        <View catalogue={catalogue} address={address} unread={unread} present={present} />
      )}
    </main>
  );
}
