// Views to begin with, by kind of machine: the same channel of every machine of a model, and what a machine's own page shows.
// Pure.
import type { Channel, Language } from '@vigie/contract';
import { type AnalysisAddress, emptyAddress } from './analysis-address.ts';
import { drawable, type KnownMachine } from './analysis-plan.ts';
import type { AnalysisWords } from './words.ts';

export interface Suggestion {
  readonly title: string;
  readonly address: AnalysisAddress;
}

/** More would not be told apart by colour. */
const mostTogether = 5;

export function suggestions(
  machines: readonly KnownMachine[],
  language: Language,
  words: AnalysisWords,
): readonly Suggestion[] {
  const models = new Map<string, KnownMachine[]>();
  for (const machine of machines) {
    if (machine.known === null) continue;
    models.set(machine.known.model, [...(models.get(machine.known.model) ?? []), machine]);
  }
  return [...models.values()].flatMap((all) => {
    const first = all[0];
    const schema = first?.known ?? null;
    if (first === undefined || schema === null) return [];
    const found: Suggestion[] = [];
    const add = (title: string, own: readonly KnownMachine[], channels: readonly Channel[]): void => {
      const series = own.flatMap(({ id }) => channels.map((one) => ({ machine: id, channel: one.id })));
      if (series.length > 0) found.push({ title, address: { ...emptyAddress, series } });
    };
    const gauges = drawable(schema)
      .filter(({ gauge }) => gauge !== null)
      .sort((a, b) => (a.gauge ?? 0) - (b.gauge ?? 0));
    const lead = gauges.find(({ chart }) => chart) ?? gauges[0];
    if (lead !== undefined && all.length > 1) {
      const title = words.suggestAll(schema.names[language], lead.names[language]);
      add(title, all.slice(0, mostTogether), [lead]);
    }
    const chart = drawable(schema).filter((channel) => channel.chart);
    add(words.suggestChart(first.name), [first], chart.slice(0, mostTogether));
    add(words.suggestGauges(first.name), [first], gauges.slice(0, 4));
    return found;
  });
}
