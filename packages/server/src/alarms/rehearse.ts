// How often limits of a channel would have rung in the past: run over the first, least, greatest and last value of each
// minute, so that a month takes a second and no extreme is missed. Within a minute delays are as exact as those four instants.
// Pure but for what it reads. Not here: saving limits.
import type { ChartSeries, Rehearsal } from '@vigie/contract';
import {
  type ChannelOverride,
  type MachineSchema,
  overridden,
  type WatchedRow,
  watchedLimits,
} from '@vigie/model';
import type { MachineRecord, Store } from '../store/store.ts';
import { type MachineWatch, noWatch, type OccurrenceChange, observeRows } from './occurrence.ts';

const MINUTE_MS = 60_000;
/** Read at a time: a minute a pixel. */
const SLICE_MS = 2 * 86_400_000;
const MOST_SHOWN = 200;

interface Run {
  watch: MachineWatch;
  previous: WatchedRow | null;
  readonly changes: OccurrenceChange[];
}

export async function rehearse(
  store: Pick<Store, 'chart'>,
  { id, settings }: MachineRecord,
  schema: MachineSchema,
  channel: string,
  override: ChannelOverride,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<Rehearsal> {
  const { stateChannel } = schema;
  const channels = stateChannel === null || stateChannel === channel ? [channel] : [channel, stateChannel];
  const places = new Map(channels.map((name, place) => [name, place]));
  const limitsOf = (channelOverride: ChannelOverride | undefined) =>
    watchedLimits(overridden(schema, channelOverride === undefined ? {} : { [channel]: channelOverride }))
      .filter((limit) => limit.channel === channel && limit.kind !== 'missing')
      .map((limit) => ({ ...limit, at: 0, stateAt: places.get(stateChannel ?? '') ?? -1 }));
  const planned = { limits: limitsOf(override), run: newRun() };
  const present = { limits: limitsOf(settings.channels[channel]), run: newRun() };
  let state: number | null = null;
  for (let startMs = fromMs - (fromMs % MINUTE_MS); startMs < toMs; startMs += SLICE_MS) {
    const endMs = Math.min(startMs + SLICE_MS, toMs);
    const width = Math.max(1, Math.ceil((endMs - startMs) / MINUTE_MS));
    const answer = await store.chart({
      machine: id,
      channels,
      fromMs: startMs,
      toMs: endMs,
      width,
    });
    const values = pointsOf(
      answer.series.find((one) => one.channel === channel),
      answer.startMs,
      answer.bucketMs,
    );
    const states = pointsOf(
      answer.series.find((one) => one.channel === stateChannel),
      answer.startMs,
      answer.bucketMs,
    );
    let k = 0;
    const rows = values.map(([atMs, value]): WatchedRow => {
      for (; k < states.length && (states[k]?.[0] ?? 0) <= atMs; k++) state = states[k]?.[1] ?? null;
      return { atMs, values: [value, state] };
    });
    for (const { limits, run } of [planned, present]) observe(run, limits, rows);
  }
  const rung = occurrences(planned.run.changes);
  return {
    ...{ fromMs, toMs, rung: rung.reverse().slice(0, MOST_SHOWN), count: rung.length },
    countNow: occurrences(present.run.changes).length,
  };
}

function newRun(): Run {
  return { watch: noWatch, previous: null, changes: [] };
}

function observe(run: Run, limits: ReturnType<typeof watchedLimits>, rows: readonly WatchedRow[]): void {
  const { previous } = run;
  const seenMs = previous?.atMs ?? Number.NEGATIVE_INFINITY;
  const newer = rows.filter(({ atMs }) => atMs > seenMs);
  const last = newer.at(-1);
  if (last === undefined) return;
  const { watch, changes } = observeRows(run.watch, limits, newer, previous?.atMs ?? null, previous);
  run.watch = watch;
  run.previous = last;
  run.changes.push(...changes);
}

/** Of each bucket its four points, each instant once, in their order. */
function pointsOf(
  series: ChartSeries | undefined,
  startMs: number,
  bucketMs: number,
): (readonly [atMs: number, value: number])[] {
  if (series === undefined) return [];
  return series.bucket.flatMap((bucket, i) => {
    const baseMs = startMs + bucket * bucketMs;
    const four = new Map<number, number>();
    for (const [at, value] of [
      [series.firstAt[i], series.first[i]],
      [series.minAt[i], series.min[i]],
      [series.maxAt[i], series.max[i]],
      [series.lastAt[i], series.last[i]],
    ] as const) {
      if (at !== undefined && value !== undefined) four.set(baseMs + at, value);
    }
    return [...four].sort(([a], [b]) => a - b);
  });
}

type Rung = Rehearsal['rung'][number];

function occurrences(changes: readonly OccurrenceChange[]): Rung[] {
  const found = new Map<number, Rung>();
  for (const change of changes) {
    const known = found.get(change.id);
    if (change.type === 'begins') {
      const { kind, happenedMs, peak } = change;
      found.set(change.id, { kind, happenedMs, overMs: null, peak, crossings: 1 });
    } else if (known === undefined) continue;
    else if (change.type === 'returns') {
      found.set(change.id, { ...known, overMs: change.overMs, peak: change.peak ?? known.peak });
    } else if (change.type === 'peaks') found.set(change.id, { ...known, peak: change.peak });
    else if (change.type === 'rings-again') {
      found.set(change.id, { ...known, overMs: null, crossings: change.crossings });
    }
  }
  return [...found.values()];
}
