// A list of alarms as a page keeps it: loaded, kept while it loads anew, refreshed when it is told that alarms changed.
// Not here: drawing.
import type { AlarmMachine, Alarms, AlarmView } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, failureCode, get } from '../api.ts';
import { heardServerClock } from '../clock.ts';
import { reloadCount } from '../connection.ts';
import { alarmsChanged } from './alarm-count.ts';

const refreshMs = 15_000;
export const pageCount = 50;

export function pathOf({ machine, id }: AlarmView): string {
  return `/api/machines/${encodeURIComponent(machine)}/alarms/${id}`;
}

export interface AlarmList {
  /** `null`: not known yet. */
  readonly alarms: readonly AlarmView[] | null;
  readonly machines: ReadonlyMap<string, AlarmMachine>;
  readonly more: boolean;
  readonly failure: FailureCode | null;
  reload(): void;
  older(): void;
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

/** @param query of GET /api/alarms, without `count` */
export function useAlarms(query: string): AlarmList {
  const path = `/api/alarms?${query}&count=${pageCount}`;
  const [known, setKnown] = useState<Known | null>(null);
  const [failure, setFailure] = useState<FailureCode | null>(null);
  const [turn, setTurn] = useState(0);
  const changed = alarmsChanged.value;
  const reloads = reloadCount.value;
  const load = async (olderThanMs: number | null, abort?: AbortSignal): Promise<void> => {
    const before = olderThanMs === null ? '' : `&before=${olderThanMs + 1}`;
    try {
      const answer = await get<Alarms>(path + before, abort);
      heardServerClock(answer.nowMs);
      const fresh = new Map(answer.machines.map((machine) => [machine.id, machine]));
      setKnown((last) =>
        olderThanMs === null || last === null
          ? { path, alarms: answer.alarms, machines: fresh, more: answer.more }
          : {
              ...{ path, alarms: merged(last.alarms, answer.alarms), more: answer.more },
              machines: new Map([...last.machines, ...fresh]),
            },
      );
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
  }, [path, changed, reloads, turn]);
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
    failure,
    reload: () => setTurn((count) => count + 1),
    older: () => void load(mine?.alarms.at(-1)?.happenedMs ?? null),
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
