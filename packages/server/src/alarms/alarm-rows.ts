// Alarms in the database: what changes of occurrences make of their rows, and the events that follow, all in the transaction
// of who calls. Invariants: whoever changes alarms of a machine has locked its row of `alarm_watch` (lockWatches); the state
// of an alarm moves only by isa.ts; an event is written with the change it tells.
// Not here: occurrences (occurrence.ts), who may (api/alarms.ts), mails (mail/).
import type { AlarmKind, AlarmSeverity, SilenceCause } from '@vigie/contract';
import type { Columns, Sql, SqlRow } from '../store/database.ts';
import { type AlarmChange, type AlarmEvent, type AlarmFacts, LATE_MS } from './event.ts';
import { AT_REST, type LifeEvent, type Standing, type Step, stepAlarm } from './isa.ts';
import { calmMs, type MachineWatch, noWatch, type OccurrenceChange } from './occurrence.ts';

export interface AlarmRow {
  readonly machine: string;
  readonly id: number;
  readonly source: string;
  readonly kind: AlarmKind;
  readonly channel: string | null;
  readonly severity: AlarmSeverity;
  readonly happened_ms: number;
  readonly learned_ms: number;
  readonly over_ms: number | null;
  readonly over_learned_ms: number | null;
  /** For good. */
  readonly is_over: number;
  readonly is_open: number;
  readonly acknowledged_ms: number | null;
  readonly acknowledged_by: string | null;
  readonly comment: string | null;
  readonly value: number | null;
  readonly limit_value: number | null;
  readonly peak: number | null;
  readonly peak_ms: number | null;
  readonly crossings: number;
  readonly flapping: number;
  readonly cause: SilenceCause | null;
  /** Of the edge, when it fell silent; `null`: not known, or no matter. */
  readonly boot: number | null;
  readonly escalated: number;
}

export interface ShelfRow {
  readonly machine: string;
  readonly source: string;
  readonly at_ms: number;
  readonly until_ms: number;
  readonly until_over: number;
  readonly reason: string;
  readonly author: string;
  readonly author_name: string;
}

const KEY: Columns = { machine: 'text', id: 'bigint' };
const FIXED: Columns = {
  ...{ source: 'text', kind: 'text', channel: 'text', severity: 'text' },
  ...{ happened_ms: 'bigint', learned_ms: 'bigint', value: 'float8', limit_value: 'float8' },
};
const MOVING: Columns = {
  ...{ over_ms: 'bigint', over_learned_ms: 'bigint', is_over: 'bigint', is_open: 'bigint' },
  ...{
    acknowledged_ms: 'bigint',
    acknowledged_by: 'text',
    comment: 'text',
    peak: 'float8',
    peak_ms: 'bigint',
  },
  ...{ crossings: 'bigint', flapping: 'bigint', cause: 'text', boot: 'bigint', escalated: 'bigint' },
};
const SHELF: Columns = {
  ...{ machine: 'text', source: 'text', at_ms: 'bigint', until_ms: 'bigint', until_over: 'bigint' },
  ...{ reason: 'text', author: 'text', author_name: 'text' },
};
const EVENT: Columns = { machine: 'text', alarm: 'bigint', at_ms: 'bigint', event: 'text', json: 'text' };
const WATCH_KEY: Columns = { machine: 'text' };
const WATCH: Columns = { json: 'text', late_ms: 'bigint' };

interface WatchRow {
  readonly machine: string;
  readonly json: string;
}

/** What is kept of these machines, locked. */
export async function lockWatches(sql: Sql, machines: Iterable<string>): Promise<Map<string, MachineWatch>> {
  // In one order for all, so that no two transactions wait for each other.
  const keys = [...new Set(machines)].sort().map((machine) => ({ machine }));
  const found = new Map<string, MachineWatch>();
  const lock = async (missing: typeof keys): Promise<void> => {
    for (const { machine, json } of await sql.lock<WatchRow>('alarm_watch', WATCH_KEY, missing)) {
      found.set(machine, json === '{}' ? noWatch : (JSON.parse(json) as MachineWatch));
    }
  };
  await lock(keys);
  const missing = keys.filter(({ machine }) => !found.has(machine));
  if (missing.length > 0) {
    const rows = missing.map((key) => ({ ...key, json: '{}' }));
    await sql.insert('alarm_watch', { ...WATCH_KEY, json: 'text' }, rows, 'ON CONFLICT DO NOTHING');
    await lock(missing);
  }
  return found;
}

export async function putWatches(
  sql: Sql,
  watches: ReadonlyMap<string, MachineWatch>,
  nowMs: number,
): Promise<void> {
  const rows = [...watches].map(([machine, watch]) => ({
    machine,
    json: JSON.stringify(watch),
    late_ms: watch.late !== null || watch.isBehind ? nowMs : null,
  }));
  await sql.update('alarm_watch', WATCH_KEY, WATCH, rows);
}

export function severityOf(kind: AlarmKind): AlarmSeverity {
  return kind === 'alarm-high' || kind === 'alarm-low' || kind === 'silent' ? 'alarm' : 'warning';
}

export function factsOf(row: AlarmRow): AlarmFacts {
  const { machine, kind, severity, channel, value, peak, crossings, cause } = row;
  return {
    ...{ machine, alarm: row.id, kind, severity, channel, happenedMs: row.happened_ms },
    ...{ learnedMs: row.learned_ms, overMs: row.over_ms, limit: row.limit_value, value, peak },
    ...{ peakMs: row.peak_ms, crossings, flapping: row.flapping === 1, cause },
  };
}

export function standingOf(row: AlarmRow, isShelved: boolean): Standing {
  const [isOn, isAcknowledged] = [row.over_ms === null, row.acknowledged_ms !== null];
  return { hasRung: true, isOn, isAcknowledged, isShelved };
}

/** The alarms of one machine in a transaction, changed in memory and written at once. */
export class AlarmBook {
  readonly #sql: Sql;
  readonly #machine: string;
  readonly #nowMs: number;
  readonly #rows: Map<number, AlarmRow>;
  readonly #shelves: Map<string, ShelfRow>;
  readonly #begun = new Set<number>();
  readonly #moved = new Set<number>();
  readonly #events: SqlRow[] = [];
  readonly #unshelved: ShelfRow[] = [];
  readonly #shelved: ShelfRow[] = [];

  private constructor(sql: Sql, machine: string, nowMs: number, rows: AlarmRow[], shelves: ShelfRow[]) {
    this.#sql = sql;
    this.#machine = machine;
    this.#nowMs = nowMs;
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    this.#shelves = new Map(shelves.map((shelf) => [shelf.source, shelf]));
  }

  /** With the alarms that are open; whoever calls has locked the machine's watch. */
  static async open(sql: Sql, machine: string, nowMs: number): Promise<AlarmBook> {
    const rows = await sql.all<AlarmRow>(
      'SELECT * FROM alarm WHERE machine = $1 AND is_open = 1 ORDER BY id',
      machine,
    );
    const shelves = await sql.all<ShelfRow>('SELECT * FROM alarm_shelf WHERE machine = $1', machine);
    return new AlarmBook(sql, machine, nowMs, rows, shelves);
  }

  get rows(): readonly AlarmRow[] {
    return [...this.#rows.values()];
  }
  row(id: number): AlarmRow | null {
    return this.#rows.get(id) ?? null;
  }
  shelf(source: string): ShelfRow | null {
    return this.#shelves.get(source) ?? null;
  }
  /** Something late was told. */
  isLateTold = false;

  apply(
    change: OccurrenceChange,
    more: Pick<AlarmRow, 'cause' | 'boot'> = { cause: null, boot: null },
  ): void {
    switch (change.type) {
      case 'begins':
      case 'was': {
        const isPast = change.type === 'was';
        const { source, kind, channel, id, happenedMs, value, peak, peakMs, limit } = change;
        const row: AlarmRow = {
          ...{ machine: this.#machine, id, source, kind, channel, severity: severityOf(kind) },
          ...{ happened_ms: happenedMs, learned_ms: this.#nowMs, value, limit_value: limit },
          ...{ over_ms: isPast ? change.overMs : null, over_learned_ms: isPast ? this.#nowMs : null },
          ...{ is_over: isPast ? 1 : 0, is_open: 1, acknowledged_ms: null, acknowledged_by: null },
          ...{ comment: null, peak, peak_ms: peakMs, crossings: isPast ? change.crossings : 1 },
          ...{ flapping: isPast && change.flapping ? 1 : 0, ...more, escalated: 0 },
        };
        const isShelved = this.#shelves.has(source);
        if (stepAlarm({ ...AT_REST, isShelved }, 'rings') === null) return;
        this.#rows.set(id, row);
        this.#begun.add(id);
        const isLate = isPast || this.#isLate(happenedMs);
        this.#tell(row, {
          ...{ event: 'rung', facts: factsOf(row), isLate, afterShelf: false, isShelved },
          isUnderWorse: !isPast && change.isUnderWorse,
        });
        return;
      }
      case 'rings-again':
        this.#step(change.id, 'rings', { over_ms: null, over_learned_ms: null, crossings: change.crossings });
        return;
      case 'returns': {
        const { overMs, peak, peakMs } = change;
        const moved = { over_ms: overMs, over_learned_ms: this.#nowMs };
        this.#step(change.id, 'returns', peak === null ? moved : { ...moved, peak, peak_ms: peakMs });
        return;
      }
      case 'peaks':
        this.#change(change.id, { peak: change.peak, peak_ms: change.peakMs });
        return;
      case 'flaps': {
        const row = this.#change(change.id, { flapping: 1 });
        if (row === null) return;
        this.#tell(row, { event: 'flapping', facts: factsOf(row), isLate: this.#isLate(change.atMs) });
        return;
      }
      case 'calms': {
        const row = this.#change(change.id, { is_over: 1 });
        if (row === null) return;
        const shelf = this.#shelves.get(row.source);
        const isLate = this.#isLate(change.overMs + calmMs({ flapping: row.flapping === 1 }));
        this.#tell(row, { event: 'over', facts: factsOf(row), isLate, isShelved: shelf !== undefined });
        if (shelf?.until_over === 1) this.#takeShelf(shelf);
        return;
      }
    }
  }

  acknowledge(id: number, by: string, comment: string): boolean {
    const moved = { acknowledged_ms: this.#nowMs, acknowledged_by: by, comment };
    const row = this.#step(id, 'acknowledge', moved);
    if (row !== null) this.#tell(row, { event: 'acknowledged', facts: factsOf(row), by, comment });
    return row !== null;
  }

  shelve(id: number, shelf: Omit<ShelfRow, 'machine' | 'source' | 'at_ms'>): boolean {
    const row = this.#step(id, 'shelve', {});
    if (row === null) return false;
    const put = { machine: this.#machine, source: row.source, at_ms: this.#nowMs, ...shelf };
    this.#shelves.set(row.source, put);
    this.#shelved.push(put);
    const untilMs = shelf.until_over === 1 ? null : shelf.until_ms;
    const { author_name: by, reason } = shelf;
    this.#tell(row, { event: 'shelved', facts: factsOf(row), by, reason, untilMs });
    return true;
  }

  /** @param by `null`: its end has come */
  unshelve(source: string, by: string | null): boolean {
    const shelf = this.#shelves.get(source);
    if (shelf === undefined) return false;
    for (const row of this.rows.filter((one) => one.source === source)) {
      const step = stepAlarm(standingOf(row, true), 'unshelve');
      for (const effect of step?.effects ?? []) {
        const facts = factsOf(row);
        if (effect === 'unshelved') this.#tell(row, { event: 'unshelved', facts, by });
        if (effect !== 'rung') continue;
        const shown = { isLate: false, afterShelf: true, isShelved: false, isUnderWorse: false };
        this.#tell(row, { event: 'rung', facts, ...shown });
      }
    }
    this.#takeShelf(shelf);
    return true;
  }

  escalate(id: number): void {
    const row = this.#rows.get(id);
    if (row === undefined || row.escalated === 1) return;
    if (this.#step(id, 'nobody-acts', { escalated: 1 }) === null) return;
    this.#tell(row, { event: 'escalation-due', facts: factsOf(row) });
  }

  setCause(id: number, cause: SilenceCause): void {
    this.#change(id, { cause });
  }

  caughtUp(): void {
    this.#events.push(this.#eventRow(null, { event: 'caught-up' }));
  }

  /** @returns whether anything was written */
  async write(): Promise<boolean> {
    const sql = this.#sql;
    const rows = (ids: Iterable<number>) => [...ids].flatMap((id) => sqlRow(this.#rows.get(id)));
    await sql.insert('alarm', { ...KEY, ...FIXED, ...MOVING }, rows(this.#begun));
    await sql.update('alarm', KEY, MOVING, rows([...this.#moved].filter((id) => !this.#begun.has(id))));
    await sql.remove('alarm_shelf', { machine: 'text', source: 'text' }, this.#unshelved.map(sqlShelf));
    await sql.insert('alarm_shelf', SHELF, this.#shelved.map(sqlShelf));
    await sql.insert('alarm_event', EVENT, this.#events);
    return this.#events.length + this.#begun.size + this.#moved.size > 0;
  }

  #isLate(atMs: number): boolean {
    const isLate = this.#nowMs - atMs > LATE_MS;
    this.isLateTold ||= isLate;
    return isLate;
  }

  /** `null`: the event has no place in its state, or there is no such alarm. */
  #step(id: number, event: LifeEvent, moved: Partial<AlarmRow>): AlarmRow | null {
    const row = this.#rows.get(id);
    const step: Step | null =
      row === undefined ? null : stepAlarm(standingOf(row, this.#shelves.has(row.source)), event);
    return step === null ? null : this.#change(id, moved);
  }

  #change(id: number, moved: Partial<AlarmRow>): AlarmRow | null {
    const row = this.#rows.get(id);
    if (row === undefined) return null;
    const next = { ...row, ...moved };
    const isOpen = next.over_ms === null || next.is_over === 0 || next.acknowledged_ms === null;
    const changed = { ...next, is_open: isOpen ? 1 : 0 };
    this.#rows.set(id, changed);
    this.#moved.add(id);
    return changed;
  }

  #takeShelf(shelf: ShelfRow): void {
    this.#shelves.delete(shelf.source);
    this.#unshelved.push(shelf);
  }

  #tell(row: AlarmRow, change: AlarmChange): void {
    if ('isLate' in change && change.isLate) this.isLateTold = true;
    this.#events.push(this.#eventRow(row.id, change));
  }

  #eventRow(alarm: number | null, change: AlarmChange): SqlRow {
    const { event } = change;
    return { machine: this.#machine, alarm, at_ms: this.#nowMs, event, json: JSON.stringify(change) };
  }
}

function sqlRow(row: AlarmRow | undefined): SqlRow[] {
  return row === undefined ? [] : [{ ...row }];
}
function sqlShelf(shelf: ShelfRow): SqlRow {
  return { ...shelf };
}

interface EventRow {
  readonly sequence: number;
  readonly machine: string;
  readonly at_ms: number;
  readonly json: string;
}

/**
 * The oldest events that nobody has taken, at most so many; taken with them, if the transaction commits. For the mail part,
 * which keeps what it makes of them in the same transaction.
 */
export async function takeAlarmEvents(sql: Sql, most: number): Promise<AlarmEvent[]> {
  const rows = await sql.all<EventRow>(
    `UPDATE alarm_event SET taken = 1 WHERE taken = 0 AND sequence IN (
       SELECT sequence FROM alarm_event WHERE taken = 0 ORDER BY sequence LIMIT $1
     ) RETURNING sequence, machine, at_ms, json`,
    most,
  );
  return rows.sort((a, b) => a.sequence - b.sequence).map(eventOf);
}

/** What was told of one alarm, oldest first. */
export async function eventsOf(sql: Sql, machine: string, alarm: number): Promise<AlarmEvent[]> {
  const rows = await sql.all<EventRow>(
    'SELECT sequence, machine, at_ms, json FROM alarm_event WHERE machine = $1 AND alarm = $2 ORDER BY sequence',
    machine,
    alarm,
  );
  return rows.map(eventOf);
}

function eventOf({ sequence, machine, at_ms: atMs, json }: EventRow): AlarmEvent {
  return { sequence, machine, atMs, ...(JSON.parse(json) as AlarmChange) };
}
