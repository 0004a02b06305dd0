// Who is told what, and when: from events of alarms, people and their wishes, and the clock, to letters. Pure.
// A mail holds all that its reader is to be told at that moment, so that one alarm makes a mail with a picture and a storm
// makes a list; mails to one reader keep a growing distance, and what happens meanwhile goes into the next one.
// Invariants: nobody is told the same of an occurrence twice, nor of one that began unshelved nothing; nobody is told of a
// machine that is not theirs; in quiet hours only what is let through goes; while a reader's mail has not been handed over no
// further one is made, so that after an outage of the mail server two mails tell all. Not here: when an alarm rings, is over,
// flaps or is late (alarms/), how letters are kept and sent (planner.ts, outbox.ts).
import type { AlarmSeverity, Notifications } from '@vigie/contract';
import type { AlarmEvent, AlarmFacts } from '../alarms/event.ts';
import type { AlarmLetter, Told } from './letter.ts';
import { quietUntilMs } from './quiet.ts';

export interface Reader {
  readonly id: string;
  /** Ids of machines; `null`: all. */
  readonly machines: ReadonlySet<string> | null;
  readonly wishes: Notifications;
  /** Of quiet hours. */
  readonly zone: string;
}

type Phase = Told['phase'];

/** What is to be told of one occurrence, and to whom it was. */
export interface Telling {
  readonly facts: AlarmFacts;
  /** When the server wrote down that it began, and that it is over (`null`: it is not). */
  readonly rungAtMs: number;
  readonly overAtMs: number | null;
  readonly isLate: boolean;
  /** Late, and its machine has not caught up: more may belong into the same mail. */
  readonly isHeld: boolean;
  readonly isShelved: boolean;
  /** A worse one of its channel rings: it adds nothing. */
  readonly isUnderWorse: boolean;
  readonly isEscalated: boolean;
  readonly acknowledgedBy: string | null;
  /** By account: what it was told last, and in which mail. */
  readonly told: Readonly<Record<string, { readonly phase: Phase; readonly mail: string }>>;
}

export interface PlanState {
  /** By `occurrenceOf`. */
  readonly tellings: ReadonlyMap<string, Telling>;
  /** By account: when mails were made, of the last half hour. */
  readonly paces: ReadonlyMap<string, readonly number[]>;
}

export interface PlannedLetter {
  /** Of the outbox. */
  readonly id: string;
  readonly account: string;
  readonly letter: Omit<AlarmLetter, 'token'>;
  /** That ring and nobody has acknowledged. */
  readonly toAcknowledge: readonly string[];
}

export interface Planned {
  readonly state: PlanState;
  readonly letters: readonly PlannedLetter[];
  /** When the next letter may be due without a further event; `null`: none waits for the clock. */
  readonly nextMs: number | null;
}

/** What begins together is told together. */
const GATHER_MS = 3_000;
/** Least distance to the mail before, by how many there were in the last half hour. */
const DISTANCES_MS = [0, 60_000, 60_000, 5 * 60_000, 15 * 60_000];
const PACE_MS = 30 * 60_000;
/** A backlog that takes longer is told in parts. */
const HELD_MS = 6 * 3_600_000;

export const NOBODY: PlanState = { tellings: new Map(), paces: new Map() };

export function occurrenceOf({ machine, alarm }: Pick<AlarmFacts, 'machine' | 'alarm'>): string {
  return `${machine}/${alarm}`;
}

/** @param busy accounts whose last mail about alarms has not been handed over. */
export function plan(
  state: PlanState,
  events: readonly AlarmEvent[],
  readers: readonly Reader[],
  busy: ReadonlySet<string>,
  nowMs: number,
): Planned {
  const tellings = new Map(state.tellings);
  for (const event of events) apply(tellings, event);
  for (const [key, telling] of tellings) {
    if (telling.isHeld && nowMs - telling.rungAtMs >= HELD_MS)
      tellings.set(key, { ...telling, isHeld: false });
  }
  const paces = new Map<string, readonly number[]>();
  for (const [account, sent] of state.paces) {
    const recent = sent.filter((atMs) => nowMs - atMs < PACE_MS);
    if (recent.length > 0) paces.set(account, recent);
  }
  const byMachine = Map.groupBy(tellings, ([, { facts }]) => facts.machine);
  const letters: PlannedLetter[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (const reader of readers) {
    const all = reader.machines === null ? [...byMachine.values()].flat() : of(byMachine, reader.machines);
    const due = all.flatMap(([key, telling]) => {
      const phase = phaseFor(telling, reader);
      return phase === null ? [] : [{ key, telling, phase, sinceMs: sinceOf(telling, phase) }];
    });
    if (due.length === 0) continue;
    const quietMs = quietUntilMs(reader.wishes.quiet, reader.zone, nowMs);
    const passing = quietMs === null ? due : due.filter(({ telling }) => passesQuiet(telling, reader));
    if (passing.length < due.length && quietMs !== null) nextMs = Math.min(nextMs, quietMs);
    if (passing.length === 0 || busy.has(reader.id)) continue;
    const sent = paces.get(reader.id) ?? [];
    const distanceMs = DISTANCES_MS[Math.min(sent.length, DISTANCES_MS.length - 1)] ?? 0;
    const dueMs = Math.max(
      Math.min(...passing.map(({ sinceMs }) => sinceMs)) + GATHER_MS,
      (sent.at(-1) ?? Number.NEGATIVE_INFINITY) + distanceMs,
    );
    if (dueMs > nowMs) {
      nextMs = Math.min(nextMs, dueMs);
      continue;
    }
    const made = letterOf(reader, passing);
    letters.push(made);
    paces.set(reader.id, [...sent, nowMs]);
    for (const { key, phase } of passing) {
      const telling = tellings.get(key);
      if (telling === undefined) throw new Error(`${key} has gone while it was told`);
      const told = { ...telling.told, [reader.id]: { phase, mail: made.id } };
      tellings.set(key, { ...telling, told });
    }
  }
  for (const [key, telling] of tellings) {
    if (telling.isHeld) nextMs = Math.min(nextMs, telling.rungAtMs + HELD_MS);
    else if (telling.overAtMs !== null && !readers.some((reader) => waitsFor(reader, telling)))
      tellings.delete(key);
  }
  return {
    state: { tellings, paces },
    letters,
    nextMs: nextMs === Number.POSITIVE_INFINITY ? null : nextMs,
  };
}

function of<T>(byMachine: ReadonlyMap<string, readonly T[]>, machines: ReadonlySet<string>): readonly T[] {
  // Whichever is fewer: a storm of many machines, or the machines of one reader.
  if (byMachine.size < machines.size) {
    return [...byMachine].flatMap(([machine, all]) => (machines.has(machine) ? all : []));
  }
  return [...machines].flatMap((machine) => byMachine.get(machine) ?? []);
}

function waitsFor(reader: Reader, telling: Telling): boolean {
  const { machines } = reader;
  const holds = machines === null || machines.has(telling.facts.machine);
  return holds && phaseFor(telling, reader) !== null;
}

function apply(tellings: Map<string, Telling>, event: AlarmEvent): void {
  if (event.event === 'caught-up') {
    for (const [key, telling] of tellings) {
      if (telling.isHeld && telling.facts.machine === event.machine) {
        // What it is told with counts from now on.
        tellings.set(key, { ...telling, isHeld: false, rungAtMs: event.atMs });
      }
    }
    return;
  }
  const { facts } = event;
  const key = occurrenceOf(facts);
  const known = tellings.get(key);
  if (event.event === 'rung') {
    const { isLate, isShelved, isUnderWorse } = event;
    tellings.set(key, {
      ...{ facts, isLate, isShelved, isUnderWorse, isHeld: isLate, rungAtMs: event.atMs },
      overAtMs: facts.overMs === null ? null : event.atMs,
      isEscalated: false,
      acknowledgedBy: null,
      // When its shelf has ended it is told anew.
      told: event.afterShelf ? {} : (known?.told ?? {}),
    });
    return;
  }
  // Of what was told to its end, or before there were mails.
  if (known === undefined) return;
  switch (event.event) {
    case 'over':
      return void tellings.set(key, { ...known, facts, overAtMs: event.atMs, isShelved: event.isShelved });
    case 'flapping':
      return void tellings.set(key, { ...known, facts });
    case 'acknowledged':
      return void tellings.set(key, { ...known, facts, acknowledgedBy: event.by });
    case 'shelved':
      return void tellings.set(key, { ...known, facts, isShelved: true });
    case 'unshelved':
      return void tellings.set(key, { ...known, facts, isShelved: false });
    case 'escalation-due':
      return void tellings.set(key, { ...known, facts, isEscalated: true });
  }
}

/** What a reader is to be told of it now; `null`: nothing. */
function phaseFor(telling: Telling, { id, wishes }: Reader): Phase | null {
  const { facts, isHeld, isShelved, isUnderWorse, isEscalated, isLate, overAtMs, acknowledgedBy } = telling;
  if (isHeld || isShelved || isUnderWorse || !reaches(wishes.severity, facts.severity)) return null;
  const before = telling.told[id]?.phase;
  switch (before) {
    case 'over':
    case 'passed':
      return null;
    case 'rung':
      return overAtMs !== null && wishes.recovery ? 'over' : null;
    case undefined:
      if (wishes.when === 'unacknowledged') {
        return isEscalated && acknowledgedBy === null && overAtMs === null && !isLate ? 'rung' : null;
      }
      return overAtMs === null ? 'rung' : 'passed';
  }
}

function reaches(least: Notifications['severity'], severity: AlarmSeverity): boolean {
  return least === 'warning' || (least === 'alarm' && severity === 'alarm');
}

/** Only what rings: that one is over can wait for the morning. */
function passesQuiet({ facts, overAtMs }: Telling, { wishes }: Reader): boolean {
  return wishes.quiet?.alarms === true && facts.severity === 'alarm' && overAtMs === null;
}

function sinceOf({ rungAtMs, overAtMs }: Telling, phase: Phase): number {
  return phase === 'rung' ? rungAtMs : (overAtMs ?? rungAtMs);
}

interface Due {
  readonly key: string;
  readonly telling: Telling;
  readonly phase: Phase;
  readonly sinceMs: number;
}

function letterOf({ id, wishes }: Reader, due: readonly Due[]): PlannedLetter {
  const [first] = due;
  if (first === undefined) throw new Error('a letter about nothing');
  const told = due.map(({ telling, phase }) => ({
    ...{ phase, facts: telling.facts, isLate: telling.isLate, acknowledgedBy: telling.acknowledgedBy },
    isEscalated: wishes.when === 'unacknowledged' && phase === 'rung',
  }));
  const follows = due.length === 1 ? (first.telling.told[id]?.mail ?? null) : null;
  return {
    // An occurrence is told an account once in a phase, or anew after its shelf, when it rang at another instant.
    id: `alarms ${id} ${first.key} ${first.phase} ${first.sinceMs}`,
    account: id,
    letter: { kind: 'alarms', told, follows },
    toAcknowledge: due.flatMap(({ key, telling, phase }) =>
      phase === 'rung' && telling.acknowledgedBy === null ? [key] : [],
    ),
  };
}
