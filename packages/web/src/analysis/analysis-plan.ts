// From the address and the catalogue to what is drawn: tracks to ask for, and panes of curves by unit. Pure.
// Invariants: one pane per unit, in the order of the series; above five series a pane is parted into small ones on the same
// vertical axis; a machine that is not in the catalogue is named, and nothing is said of whether it exists.
import type { Catalogue, CatalogueMachine, Channel, Language, MachineSchema } from '@vigie/contract';
import { instantOf, wallMs } from '@vigie/model/zone';
import { seriesColors } from '../charts/colors.ts';
import type { Curve, Pane, Track } from '../charts/curves.ts';
import type { ChartQuestion } from '../charts/use-chart-answers.ts';
import type { Range } from '../charts/zoom.ts';
import { formatDayClock } from '../i18n/format.ts';
import { type AnalysisAddress, axisKeyOf, type SeriesRef, seriesKey } from './analysis-address.ts';
import type { AnalysisWords } from './words.ts';

export interface KnownMachine extends CatalogueMachine {
  readonly known: MachineSchema | null;
}

export interface KnownSeries {
  readonly ref: SeriesRef;
  readonly machine: KnownMachine;
  readonly channel: Channel;
}

export interface AnalysisPlan {
  readonly known: readonly KnownSeries[];
  /** Machines of series that the reader is not shown. */
  readonly unseen: readonly string[];
  /** Series of a machine that has no such channel. */
  readonly absent: readonly SeriesRef[];
  readonly tracks: readonly Track[];
  readonly panes: readonly Pane[];
}

const DAY_MS = 86_400_000;
/** Zone of the axis where no machine gives one. */
const noZone = 'UTC';

export function machinesOf(catalogue: Catalogue): readonly KnownMachine[] {
  return catalogue.machines.map((machine) => ({
    ...machine,
    known: machine.schema === null ? null : (catalogue.schemas[machine.schema] ?? null),
  }));
}

/** Channels that can be drawn. */
export function drawable(schema: MachineSchema): readonly Channel[] {
  return schema.channels.filter(({ kind }) => kind !== 'text');
}

export function zoneOf(plan: AnalysisPlan): string {
  return plan.known[0]?.machine.timeZone ?? noZone;
}

/** How a past is moved to be compared. */
export interface Back {
  readonly byMs: number;
  /** End of what it is compared with, where the clocks of both agree. */
  readonly endMs: number;
}

/** `null`: nothing is compared. */
export function comparedBack(address: AnalysisAddress, asked: Range): Back | null {
  const byMs = comparedMs(address, asked);
  return byMs === null ? null : { byMs, endMs: asked.toMs };
}

/**
 * How far a past of that zone is moved, ms. Whole days are days of the calendar: eight in the morning is compared with eight in
 * the morning, also across a change of the clocks, where as many times 24 hours would miss it by one. The end decides: where
 * the change lies within the range, what is before it is an hour off.
 */
export function shiftOf({ byMs, endMs }: Back, zone: string): number {
  if (byMs % DAY_MS !== 0) return byMs;
  return endMs - instantOf(wallMs(endMs, zone) - byMs, zone);
}

function comparedMs({ compare }: AnalysisAddress, asked: Range): number | null {
  switch (compare.kind) {
    case 'none':
      return null;
    case 'before':
      return asked.toMs - asked.fromMs;
    case 'back':
      return compare.byMs;
  }
}

export function planAnalysis(
  catalogue: Catalogue,
  address: AnalysisAddress,
  back: Back | null,
  language: Language,
  words: AnalysisWords,
): AnalysisPlan {
  const machines = new Map(machinesOf(catalogue).map((machine) => [machine.id, machine]));
  const known: KnownSeries[] = [];
  const unseen = new Set<string>();
  const absent: SeriesRef[] = [];
  for (const ref of address.series) {
    const machine = machines.get(ref.machine);
    const channel = machine?.known === undefined ? undefined : find(machine.known, ref.channel);
    if (machine === undefined) unseen.add(ref.machine);
    else if (channel === undefined) absent.push(ref);
    else known.push({ ref, machine, channel });
  }
  const isOne = new Set(known.map(({ machine }) => machine.id)).size === 1;
  const tracks = new Map<string, Track>();
  const curves: Curve[] = [];
  for (const { ref, machine, channel } of known) {
    const title = channel.names[language];
    const add = (suffix: string, shiftMs: number, note: string, isPast: boolean): void => {
      const key = machine.id + suffix;
      const of = note === '' ? machine.name : `${machine.name} · ${note}`;
      tracks.set(key, {
        key,
        machine: machine.id,
        name: isOne && note === '' ? '' : of,
        zone: machine.timeZone,
        cutMs: machine.known?.cutMs ?? 0,
        shiftMs,
        isPast,
      });
      curves.push({
        key: seriesKey(ref) + suffix,
        track: key,
        channel,
        name: [isOne ? '' : machine.name, title, note].filter((part) => part !== '').join(' · '),
        color: 0,
        isDashed: isPast,
      });
    };
    if (address.runs.length > 0) {
      for (const run of address.runs) {
        if (run.machine !== machine.id) continue;
        const when = formatDayClock(run.atMs, machine.timeZone, language);
        add(`@${run.atMs}`, -run.atMs, words.runOf(when), false);
      }
      continue;
    }
    add('', 0, '', false);
    if (back !== null) add('~', shiftOf(back, machine.timeZone), words.before(back.byMs, language), true);
  }
  return { known, unseen: [...unseen], absent, tracks: [...tracks.values()], panes: panesOf(curves) };
}

function find(schema: MachineSchema | null, id: string): Channel | undefined {
  return schema === null ? undefined : drawable(schema).find((channel) => channel.id === id);
}

function panesOf(curves: readonly Curve[]): readonly Pane[] {
  const byUnit = new Map<string, Curve[]>();
  for (const curve of curves) {
    const of = byUnit.get(curve.channel.unit) ?? [];
    byUnit.set(curve.channel.unit, [...of, curve]);
  }
  return [...byUnit].flatMap(([unit, all]): Pane[] => {
    const axisKey = axisKeyOf(unit);
    const leaders = all.filter(({ isDashed }) => !isDashed);
    // What a curve is compared with has its colour.
    const colored = all.map((curve) => ({
      ...curve,
      color: leaders.findIndex(({ key }) => key === curve.key.replace(/~$/, '')) % seriesColors,
    }));
    if (leaders.length <= seriesColors) {
      return [{ key: axisKey, axisKey, unit, isSmall: false, curves: colored }];
    }
    return leaders.map((leader) => ({
      key: `${axisKey} ${leader.key}`,
      axisKey,
      unit,
      isSmall: true,
      curves: colored.filter(({ key }) => key.replace(/~$/, '') === leader.key),
    }));
  });
}

/** What to ask the server for; instants of the tracks' own. */
export function questionsOf(
  { tracks, panes }: AnalysisPlan,
  shown: Range,
  width: number,
): readonly ChartQuestion[] {
  const curves = panes.flatMap((pane) => pane.curves);
  return tracks.flatMap(({ key, machine, shiftMs }) => {
    const fromMs = Math.max(0, Math.round(shown.fromMs - shiftMs));
    const toMs = Math.round(shown.toMs - shiftMs);
    if (toMs <= fromMs) return [];
    const channels = curves.flatMap(({ track, channel }) => (track === key ? [channel.id] : []));
    return [{ key, machine, channels, fromMs, toMs, width }];
  });
}
