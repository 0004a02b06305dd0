// What the list of machines can honestly say: who is heard and who is silent. Pure.
// Limits and states are not in a MachineSummary, so the list never says that a machine is well.
import type { Language, MachineSummary } from '@vigie/contract';
import { formatAge } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';
import { staleAfterMs } from '../machine/verdict.ts';

export type News = 'fresh' | 'silent' | 'never';

export function newsOf(machine: MachineSummary, nowMs: number): News {
  if (machine.lastRowMs === null) return 'never';
  return nowMs - machine.lastRowMs > staleAfterMs ? 'silent' : 'fresh';
}

const order: Readonly<Record<News, number>> = { silent: 0, never: 1, fresh: 2 };

/** Silent machines first, the longest silent on top; then by name. */
export function sortMachines(machines: readonly MachineSummary[], nowMs: number): readonly MachineSummary[] {
  return [...machines].sort((a, b) => {
    const newsA = newsOf(a, nowMs);
    const newsB = newsOf(b, nowMs);
    if (newsA !== newsB) return order[newsA] - order[newsB];
    if (newsA === 'silent') return (a.lastRowMs ?? 0) - (b.lastRowMs ?? 0);
    return a.name.localeCompare(b.name, 'fr', { numeric: true });
  });
}

export interface FleetSentence {
  readonly tone: 'normal' | 'unknown';
  readonly head: string;
  readonly rest: readonly string[];
}

export function fleetSentence(
  machines: readonly MachineSummary[],
  nowMs: number,
  language: Language,
  words: Dictionary,
): FleetSentence {
  const silent = machines.filter((machine) => newsOf(machine, nowMs) !== 'fresh');
  const heardMs = machines.flatMap(({ lastRowMs }) => (lastRowMs === null ? [] : [lastRowMs]));
  if (heardMs.length === 0) return { tone: 'unknown', head: words.fleetNoneHeard, rest: [] };
  const latest = words.fleetLatest(formatAge(nowMs - Math.max(...heardMs), language));
  if (silent.length > 0) {
    const names = silent.slice(0, 3).map(({ name }) => name);
    const more = silent.length > 3 ? ` ${words.sentenceOthers(silent.length - 3)}` : '';
    return {
      tone: 'unknown',
      head: words.fleetSomeSilent(silent.length, machines.length),
      rest: [names.join(', ') + more, latest],
    };
  }
  return { tone: 'normal', head: words.fleetAllFresh(machines.length), rest: [latest] };
}
