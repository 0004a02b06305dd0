// Events of machines to align on, from the journal's entries of state: a start-up is the step from a state in which the machine
// rests to one in which it runs; the entry into any one state serves as well, for machines that go round without resting.
import type { Journal, JournalEntry, MachineSchema } from '@vigie/contract';
import { useEffect, useState } from 'preact/hooks';
import { type FailureCode, failureCode, get } from '../api.ts';
import type { KnownMachine } from './analysis-plan.ts';

/** The server gives no more at once. */
const pageCount = 200;
/** Two months of a machine that changes its state every hour and a half. */
const mostPages = 5;
const mostEvents = 24;

/** `start-up`, or a value of the state channel that is entered. */
export type EventKind = 'start-up' | number;

/** Newest first. */
export function eventsOf(
  entries: readonly JournalEntry[],
  schema: MachineSchema,
  event: EventKind,
): readonly number[] {
  const states = schema.channels.find(({ id }) => id === schema.stateChannel)?.states ?? [];
  const runs = (fact: string | number | null | undefined): boolean | null =>
    states.find(({ value }) => value === fact)?.running ?? null;
  return entries
    .filter(({ kind, channel }) => kind === 'state' && channel === schema.stateChannel)
    .filter(({ facts }) =>
      event === 'start-up' ? runs(facts.from) === false && runs(facts.to) === true : facts.to === event,
    )
    .map(({ atMs }) => atMs)
    .sort((a, b) => b - a)
    .slice(0, mostEvents);
}

export type States =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  /** Its model does not say when it runs. */
  | { readonly kind: 'no-state' }
  | { readonly kind: 'found'; readonly entries: readonly JournalEntry[] };

async function stateEntries(machine: string, abort: AbortSignal): Promise<readonly JournalEntry[]> {
  const found: JournalEntry[] = [];
  for (let page = 0; page < mostPages; page++) {
    const before = found.at(-1)?.atMs;
    const query = `kind=state&count=${pageCount}${before === undefined ? '' : `&before=${before}`}`;
    const answer = await get<Journal>(`/api/machines/${encodeURIComponent(machine)}/journal?${query}`, abort);
    found.push(...answer.entries);
    if (!answer.more) break;
  }
  return found;
}

/** By machine. */
export function useStates(machines: readonly KnownMachine[]): ReadonlyMap<string, States> {
  const [found, setFound] = useState<ReadonlyMap<string, States>>(new Map());
  const key = machines.map(({ id }) => id).join();
  useEffect(() => {
    const abort = new AbortController();
    const put = (machine: string, states: States): void =>
      setFound((before) => new Map([...before, [machine, states]]));
    for (const { id, known } of machines) {
      if (known === null || known.stateChannel === null) {
        put(id, { kind: 'no-state' });
        continue;
      }
      stateEntries(id, abort.signal)
        .then((entries) => put(id, { kind: 'found', entries }))
        .catch((cause: unknown) => {
          const code = failureCode(cause);
          if (code !== null) put(id, { kind: 'failed', code });
        });
    }
    return () => abort.abort();
  }, [key]);
  return found;
}
