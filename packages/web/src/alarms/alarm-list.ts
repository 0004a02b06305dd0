// A list of alarms as a page keeps it: loaded, kept while it loads anew, refreshed when it is told that alarms changed.
// Not here: drawing.
import type { AlarmMachine, AlarmSeverity, Alarms, AlarmView } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, failureCode, get } from '../api.ts';
import { heardServerClock } from '../clock.ts';
import { reloadCount } from '../connection.ts';
import { alarmsChanged } from './alarm-count.ts';

const refreshMs = 15_000;
const pageCount = 50;
/** As many as the server gives in one answer. */
const mostAtOnce = 500;

export function pathOf({ machine, id }: AlarmView): string {
  return `/api/machines/${encodeURIComponent(machine)}/alarms/${id}`;
}

/** `null`: all. */
export interface AlarmsAsked {
  readonly list: 'open' | 'history';
  readonly machine: string | null;
  readonly severity: AlarmSeverity | null;
}

export interface AlarmList {
  /** `null`: not known yet. */
  readonly alarms: readonly AlarmView[] | null;
  readonly machines: ReadonlyMap<string, AlarmMachine>;
  readonly more: boolean;
  /** As many as this list ever shows. */
  readonly isAtMost: boolean;
  readonly failure: FailureCode | null;
  reload(): void;
  showMore(): void;
}

interface Known {
  readonly path: string;
  readonly alarms: readonly AlarmView[];
  readonly machines: ReadonlyMap<string, AlarmMachine>;
  readonly more: boolean;
}
const none: ReadonlyMap<string, AlarmMachine> = new Map();

function merged(known: readonly AlarmView[], fresh: readonly AlarmView[]): readonly AlarmView[] {
  const seen = new Set(known.map(({ machine, id }) => `${machine} ${id}`));
  return [...known, ...fresh.filter(({ machine, id }) => !seen.has(`${machine} ${id}`))];
}

/** What is known after an answer for the newest of the past: pages that follow it, if somebody asked for them, stay. */
function renewed(last: Known | null, fresh: Known): Known {
  const end = fresh.alarms.at(-1)?.happenedMs;
  if (last === null || !fresh.more || end === undefined) return fresh;
  // Those of the same instant too: `merged` tells them apart.
  const tail = last.alarms.filter(({ happenedMs }) => happenedMs <= end);
  const alarms = merged(fresh.alarms, tail);
  return alarms.length === fresh.alarms.length ? fresh : { ...fresh, alarms, more: last.more };
}

/**
 * Open alarms come by urgency, so that more of them are asked for as one longer answer; those of the past page by page.
 * @param first how many at first
 */
export function useAlarms({ list, machine, severity }: AlarmsAsked, first = pageCount): AlarmList {
  const query = new URLSearchParams({ list });
  if (machine !== null) query.set('machine', machine);
  if (severity !== null) query.set('severity', severity);
  const path = `/api/alarms?${query}`;
  const [longer, setLonger] = useState({ path, count: first });
  const count = longer.path === path ? longer.count : first;
  const [known, setKnown] = useState<Known | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const [turn, setTurn] = useState(0);
  const changed = alarmsChanged.value;
  const reloads = reloadCount.value;
  const load = async (olderThanMs: number | null, abort?: AbortSignal): Promise<void> => {
    const before = olderThanMs === null ? '' : `&before=${olderThanMs + 1}`;
    try {
      const answer = await get<Alarms>(`${path}&count=${count}${before}`, abort);
      heardServerClock(answer.nowMs);
      const own = new Map(answer.machines.map((one) => [one.id, one]));
      setKnown((known) => {
        const last = known?.path === path ? known : null;
        const machines = new Map([...(last?.machines ?? none), ...own]);
        const fresh: Known = { path, alarms: answer.alarms, machines, more: answer.more };
        if (olderThanMs !== null && last !== null)
          return { ...fresh, alarms: merged(last.alarms, answer.alarms) };
        return list === 'history' ? renewed(last, fresh) : fresh;
      });
      setFailure(null);
    } catch (cause) {
      const code = failureCode(cause);
      if (code !== null) setFailure(code);
    }
  };
  useEffect(() => {
    const abort = new AbortController();
    void load(null, abort.signal);
    return () => abort.abort();
  }, [path, count, changed, reloads, turn]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setTurn((count) => count + 1);
    }, refreshMs);
    return () => clearInterval(timer);
  }, []);
  const mine = known?.path === path ? known : null;
  return {
    alarms: mine?.alarms ?? null,
    machines: known?.machines ?? none,
    more: mine?.more ?? false,
    isAtMost: list === 'open' && count >= mostAtOnce,
    failure,
    reload: () => setTurn((count) => count + 1),
    showMore: () => {
      if (list === 'open') setLonger({ path, count: Math.min(mostAtOnce, count + pageCount) });
      else void load(mine?.alarms.at(-1)?.happenedMs ?? null);
    },
  };
}

/** Hears at once when alarms change, while the page is shown. */
export function useAlarmNews(): void {
  useEffect(() => {
    // It opens itself again when it breaks; what is missed meanwhile the next refresh brings.
    const stream = new EventSource('/api/alarms/live');
    stream.addEventListener('alarms', () => {
      alarmsChanged.value += 1;
    });
    return () => stream.close();
  }, []);
}
