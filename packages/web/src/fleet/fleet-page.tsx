// The list of machines: one honest sentence, then a table (cards on a phone). Refreshed every 30 s.
// When a refresh fails, the list stays and says since when it is old.
import type { MachineSummary } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { type FailureCode, failureCode, get } from '../api.ts';
import { heardServerClock, nowMs, serverNowMs } from '../clock.ts';
import { reloadCount, serverLostMs } from '../connection.ts';
import { formatAge, formatClock } from '../i18n/format.ts';
import { words } from '../i18n/words.ts';
import { SentenceLine } from '../machine/sentence-line.tsx';
import { StateIcon } from '../machine/state-icon.tsx';
import { language } from '../prefs.ts';
import { EmptyNotice, FailureNotice } from '../shell/notices.tsx';
import { useTitle } from '../shell/use-title.ts';
import { fleetSentence, newsOf, sortMachines } from './fleet.ts';

interface FleetAnswer {
  readonly machines: readonly MachineSummary[];
  readonly nowMs: number;
}

const refreshMs = 30_000;
const readerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function MachineRow({ machine }: { readonly machine: MachineSummary }) {
  const w = words.value;
  const news = newsOf(machine, nowMs.value);
  const newsWord = { fresh: w.fleetFresh, silent: w.fleetStale, never: w.fleetNever }[news];
  const last =
    machine.lastRowMs === null ? w.linkNever : formatAge(nowMs.value - machine.lastRowMs, language.value);
  return (
    <tr class={news === 'fresh' ? '' : 'old'}>
      <th scope="row">
        <Link href={`/m/${encodeURIComponent(machine.id)}`}>{machine.name}</Link>
      </th>
      <td data-label={w.fleetSite}>{machine.site}</td>
      <td data-label={w.fleetModel}>{machine.model?.[language.value] ?? w.noValue}</td>
      <td data-label={w.fleetData}>
        <span class="state">
          <StateIcon tone={news === 'fresh' ? 'normal' : 'unknown'} />
          {newsWord}
        </span>
      </td>
      <td data-label={w.fleetLast} class="figures">
        {last}
      </td>
      <td data-label={w.fleetLink}>{machine.connected ? w.fleetConnected : w.fleetDisconnected}</td>
    </tr>
  );
}

function Skeleton() {
  return (
    <div class="panel skeleton-rows" aria-hidden="true">
      {[1, 2, 3, 4].map((row) => (
        <div key={row} class="skeleton" />
      ))}
    </div>
  );
}

export function Fleet() {
  const w = words.value;
  useTitle(w.fleetTitle);
  const [answer, setAnswer] = useState<FleetAnswer | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const [tries, setTries] = useState(0);
  const reloads = reloadCount.value;

  useEffect(() => {
    const abort = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const fresh = await get<FleetAnswer>('/api/machines', abort.signal);
        heardServerClock(fresh.nowMs);
        serverLostMs.value = null;
        setAnswer(fresh);
        setFailure(null);
      } catch (cause) {
        const code = failureCode(cause);
        if (code === null) return;
        serverLostMs.value ??= serverNowMs();
        setFailure(code);
      }
    };
    void load();
    const timer = setInterval(load, refreshMs);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [reloads, tries]);

  const lostMs = serverLostMs.value;
  const sentence =
    answer === null || answer.machines.length === 0
      ? null
      : lostMs === null
        ? fleetSentence(answer.machines, nowMs.value, language.value, w)
        : {
            tone: 'unknown' as const,
            head: w.sentenceServerLost,
            rest: [w.sentenceServerLostSince(formatClock(lostMs, readerZone, language.value))],
          };
  return (
    <main id="content" class="page" tabIndex={-1}>
      <h1>{w.fleetTitle}</h1>
      {sentence !== null && <SentenceLine sentence={sentence} />}
      {failure !== null && <FailureNotice code={failure} retry={() => setTries(tries + 1)} />}
      {answer === null && failure === null && <Skeleton />}
      {answer !== null && answer.machines.length === 0 && (
        <EmptyNotice title={w.fleetEmpty}>{w.fleetEmptyHint}</EmptyNotice>
      )}
      {answer !== null && answer.machines.length > 0 && (
        <>
          <div class="panel flush">
            <table class="fleet">
              <thead>
                <tr>
                  <th scope="col">{w.fleetMachine}</th>
                  <th scope="col">{w.fleetSite}</th>
                  <th scope="col">{w.fleetModel}</th>
                  <th scope="col">{w.fleetData}</th>
                  <th scope="col">{w.fleetLast}</th>
                  <th scope="col">{w.fleetLink}</th>
                </tr>
              </thead>
              <tbody>
                {sortMachines(answer.machines, nowMs.value).map((machine) => (
                  <MachineRow key={machine.id} machine={machine} />
                ))}
              </tbody>
            </table>
          </div>
          <p class="muted note">{w.fleetLimitsNote}</p>
        </>
      )}
    </main>
  );
}
