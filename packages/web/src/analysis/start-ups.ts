// Start-ups of machines, from the journal's entries of state: from a state in which the machine rests to one in which it runs.
import type { Journal, JournalEntry, MachineSchema } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, failureCode, get } from '../api.ts';
import type { KnownMachine } from './analysis-plan.ts';

/** Entries looked through: the server gives no more at once. */
const entriesCount = 200;
const mostStartUps = 20;

/** Newest first. */
export function startUpsOf(entries: readonly JournalEntry[], schema: MachineSchema): readonly number[] {
  const states = schema.channels.find(({ id }) => id === schema.stateChannel)?.states ?? [];
  const runs = (fact: string | number | null | undefined): boolean | null =>
    states.find(({ value }) => value === fact)?.running ?? null;
  return entries
    .filter(
      ({ kind, channel, facts }) =>
        kind === 'state' &&
        channel === schema.stateChannel &&
        runs(facts.from) === false &&
        runs(facts.to) === true,
    )
    .map(({ atMs }) => atMs)
    .sort((a, b) => b - a)
    .slice(0, mostStartUps);
}

export type StartUps =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  /** Its model does not say when it runs. */
  | { readonly kind: 'no-state' }
  | { readonly kind: 'found'; readonly atMs: readonly number[] };

/** By machine. @param isOpen asked for only while somebody looks */
export function useStartUps(
  machines: readonly KnownMachine[],
  isOpen: boolean,
): ReadonlyMap<string, StartUps> {
  const [found, setFound] = useState<ReadonlyMap<string, StartUps>>(new Map());
  const key = machines.map(({ id }) => id).join();
  useEffect(() => {
    if (!isOpen) return;
    const abort = new AbortController();
    const put = (machine: string, startUps: StartUps): void =>
      setFound((before) => new Map([...before, [machine, startUps]]));
    for (const { id, known } of machines) {
      if (known === null || known.stateChannel === null) {
        put(id, { kind: 'no-state' });
        continue;
      }
      const path = `/api/machines/${encodeURIComponent(id)}/journal?kind=state&count=${entriesCount}`;
      get<Journal>(path, abort.signal)
        .then(({ entries }) => put(id, { kind: 'found', atMs: startUpsOf(entries, known) }))
        .catch((cause: unknown) => {
          const code = failureCode(cause);
          if (code !== null) put(id, { kind: 'failed', code });
        });
    }
    return () => abort.abort();
  }, [key, isOpen]);
  return found;
}
