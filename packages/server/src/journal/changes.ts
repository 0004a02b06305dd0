// What the journal says of rows: changes of state, limits crossed and returned from, sensors that stop answering,
// counters that start again.
// Pure: (conditions, row) → (conditions, entries). A condition counts when it has held for HOLD_MS, and is dated at
// its first row; so a value that trembles at its limit fills no journal. Not here: alarms and mails.
import type { JournalEntry } from '@vigie/contract';
import {
  type Channel,
  evaluate,
  type Level,
  type MachineSchema,
  type SampleSpan,
  type Spans,
  spansOf,
} from '@vigie/model';

/** How long a condition must hold to be told. */
export const HOLD_MS = 30_000;

/**
 * A counter's value is kept anew when it has grown by this share, so that conditions do not change with every block; a
 * step back of less is no news either.
 */
const COUNTED = 1 / 256;
/** A counter that falls again within this is told once: it may be none. */
const RESET_PAUSE_MS = 600_000;

/** What is told of a channel: all is well, its sensor is silent, or the limit it crossed. */
type Condition = 'well' | 'sensor-fault' | 'warning-low' | 'warning-high' | 'alarm-low' | 'alarm-high';

interface Tracked {
  /** What the journal said last. */
  readonly told: Condition;
  /** What rows say since `sinceMs`, where that differs. */
  readonly candidate: Condition | null;
  readonly sinceMs: number;
  readonly value: number | null;
}

interface Counted {
  /** A value it had, less than COUNTED below the last. */
  readonly value: number;
  /** Instant of the last reset told. */
  readonly toldMs: number | null;
}

/** JSON-safe; kept beside the machine so that a restart of the server tells nothing twice. */
export interface Conditions {
  readonly state: number | null;
  readonly channels: Readonly<Record<string, Tracked>>;
  /** By channel of kind counter. */
  readonly counters: Readonly<Record<string, Counted>>;
}

export const noConditions: Conditions = { state: null, channels: {}, counters: {} };

export interface SeenRow {
  readonly atMs: number;
  /** In the order of the schema's channels; `null`: no sample. */
  readonly values: readonly (number | string | null)[];
}

/**
 * Whether rows can say anything new of a channel. Most cannot, and this is all that they cost: within all limits it is well
 * whatever the state is, and a counter that hardly moves was not reset.
 */
function mayChange(
  { kind, limits }: Channel,
  { least, most, missing, numbers }: SampleSpan,
  rowCount: number,
  tracked: Tracked | undefined,
  counted: Counted | undefined,
): boolean {
  if (tracked?.told !== 'well' || tracked.candidate !== null) return true;
  if (missing > 0 || numbers < rowCount) return true;
  if (kind === 'counter' && !(counted !== undefined && isNear(counted, least) && isNear(counted, most)))
    return true;
  return (
    least < Math.max(limits?.alarmLow ?? least, limits?.warningLow ?? least) ||
    most > Math.min(limits?.alarmHigh ?? most, limits?.warningHigh ?? most)
  );
}

/**
 * Rows in increasing time. Channels met for the first time start as they are found, silently when all is well.
 * @param spans of these rows, where they are known without looking at each
 * @returns `conditions` is `before` itself when the rows say nothing new of any channel
 */
export function observe(
  before: Conditions,
  schema: MachineSchema,
  rows: readonly SeenRow[],
  spans: Spans = spansOf(rows),
): { readonly conditions: Conditions; readonly entries: readonly JournalEntry[] } {
  const stateAt = schema.channels.findIndex(({ id }) => id === schema.stateChannel);
  const watched = schema.channels.flatMap((channel, i) => {
    if (channel.kind === 'text' || i === stateAt) return [];
    const tracked = before.channels[channel.id];
    const may = mayChange(channel, spans(i), rows.length, tracked, before.counters[channel.id]);
    return may ? [{ channel, i, tracked }] : [];
  });
  const states = spans(stateAt);
  const isSteady = states.numbers === 0 || (states.least === states.most && states.least === before.state);
  if (watched.length === 0 && isSteady) return { conditions: before, entries: [] };
  const entries: JournalEntry[] = [];
  const channels: Record<string, Tracked> = { ...before.channels };
  const counters: Record<string, Counted> = { ...before.counters };
  let state = before.state;
  for (const row of rows) {
    const now = row.values[stateAt];
    const machineState = typeof now === 'number' ? now : null;
    if (machineState !== null && machineState !== state) {
      if (state !== null) {
        entries.push({
          atMs: row.atMs,
          kind: 'state',
          channel: schema.stateChannel,
          facts: { from: state, to: machineState },
        });
      }
      state = machineState;
    }
    for (const one of watched) {
      const { channel, i, tracked } = one;
      const sample = row.values[i];
      const value = typeof sample === 'number' ? sample : null;
      if (channel.kind === 'counter' && value !== null) {
        const step = counted(counters[channel.id], channel, value, row.atMs);
        if (step.entry !== null) entries.push(step.entry);
        counters[channel.id] = step.counted;
      }
      const found = conditionOf(evaluate(channel, value, machineState));
      if (tracked === undefined) {
        one.tracked = { told: 'well', candidate: found === 'well' ? null : found, sinceMs: row.atMs, value };
      } else if (found === tracked.told) {
        if (tracked.candidate !== null) one.tracked = { ...tracked, candidate: null };
      } else if (found !== tracked.candidate) {
        one.tracked = { ...tracked, candidate: found, sinceMs: row.atMs, value };
      } else if (row.atMs - tracked.sinceMs >= HOLD_MS) {
        entries.push(...told(channel.id, tracked, found));
        one.tracked = { ...tracked, told: found, candidate: null };
      }
    }
  }
  for (const { channel, tracked } of watched) if (tracked !== undefined) channels[channel.id] = tracked;
  return { conditions: { state, channels, counters }, entries };
}

/** Whether a counter moved by too little to be kept anew. */
function isNear({ value: before }: Counted, value: number): boolean {
  const span = COUNTED * Math.abs(before);
  return value >= before - span && value <= before + span;
}

/** A counter that goes back was reset, by a reboot of its controller most likely; unless its register is full. */
function counted(
  kept: Counted | undefined,
  { id, wrapsAt }: Channel,
  value: number,
  atMs: number,
): { readonly counted: Counted; readonly entry: JournalEntry | null } {
  if (kept === undefined) return { counted: { value, toldMs: null }, entry: null };
  if (isNear(kept, value)) return { counted: kept, entry: null };
  const { value: before, toldMs } = kept;
  const wraps = wrapsAt !== null && before > wrapsAt * (1 - 2 * COUNTED) && value < wrapsAt * 2 * COUNTED;
  if (value > before || wraps || (toldMs !== null && atMs - toldMs < RESET_PAUSE_MS))
    return { counted: { value, toldMs }, entry: null };
  return {
    counted: { value, toldMs: atMs },
    entry: { atMs, kind: 'counter-reset', channel: id, facts: { before, after: value } },
  };
}

function conditionOf(level: Level): Condition {
  switch (level) {
    case 'normal':
    case 'inactive':
    case 'no-limits':
      return 'well';
    case 'sensor-fault':
    case 'warning-low':
    case 'warning-high':
    case 'alarm-low':
    case 'alarm-high':
      return level;
  }
}

function told(channel: string, { told: before, sinceMs, value }: Tracked, now: Condition): JournalEntry[] {
  const entry = (kind: JournalEntry['kind'], facts: JournalEntry['facts']): JournalEntry => ({
    atMs: sinceMs,
    kind,
    channel,
    facts,
  });
  const entries: JournalEntry[] = [];
  if (before === 'sensor-fault') entries.push(entry('sensor-back', { value }));
  else if (before !== 'well' && now === 'well') {
    entries.push(entry('limit-returned', { value, level: before }));
  }
  if (now === 'sensor-fault') entries.push(entry('sensor-fault', {}));
  else if (now !== 'well') entries.push(entry('limit-crossed', { value, level: now }));
  return entries;
}
