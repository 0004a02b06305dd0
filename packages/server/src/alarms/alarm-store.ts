// What API and pages ask of alarms: those that are open, those of the past, what people do about them.
// Invariant: whatever is done is done under the machine's lock, by the state machine (isa.ts), with its event.
// Not here: who may (api/alarms.ts), how they come about (ring.ts, sweep.ts).
import type { AlarmSeverity } from '@vigie/contract';
import type { Database, Sql } from '../store/database.ts';
import {
  AlarmBook,
  type AlarmRow,
  eventsOf,
  lockWatches,
  type ShelfRow,
  takeAlarmEvents,
} from './alarm-rows.ts';
import type { AlarmEvent } from './event.ts';
import { type Heard, ringSpool, sweep } from './sweep.ts';

export interface AlarmRecord extends AlarmRow {
  /** `null`: nobody has shelved it. */
  readonly shelf: ShelfRow | null;
}

/** `no-place`: it was done before, or there is nothing to do it to. */
export type Acted = 'done' | 'not-found' | 'no-place';

export interface AlarmStore {
  /** That ring, may ring again, or wait for somebody; of all machines in service, or of one. */
  openAlarms(machine?: string): Promise<AlarmRecord[]>;
  /** Of these machines, those that are over and acknowledged, by their beginning, newest first. */
  pastAlarms(
    machines: readonly string[],
    only: { readonly severity: AlarmSeverity | null; readonly beforeMs: number },
    count: number,
  ): Promise<AlarmRecord[]>;
  /** All that were not over before an instant and began before another, oldest first; the newest `count`. */
  alarmsBetween(machine: string, fromMs: number, toMs: number, count: number): Promise<AlarmRecord[]>;
  alarm(machine: string, id: number): Promise<AlarmRecord | null>;
  alarmEvents(machine: string, id: number): Promise<AlarmEvent[]>;
  acknowledgeAlarm(machine: string, id: number, by: string, comment: string): Promise<Acted>;
  shelveAlarm(
    machine: string,
    id: number,
    shelf: {
      readonly untilMs: number;
      readonly untilOver: boolean;
      readonly reason: string;
      readonly author: string;
      readonly authorName: string;
    },
  ): Promise<Acted>;
  unshelveAlarm(machine: string, id: number, by: string): Promise<Acted>;
  /** The edge says that its spool is nearly full. @returns whether that was news. */
  ringSpool(machine: string): Promise<boolean>;
  /** Looks for what no row tells; @returns machines of which alarms changed, `null`: another server has just done so. */
  sweepAlarms(
    startedMs: number,
    heardOf: (machine: string) => Promise<Heard> | Heard,
  ): Promise<ReadonlySet<string> | null>;
  /** Gives the oldest events nobody has taken to `keep`, in one transaction with what it writes. @returns how many. */
  takeAlarmEvents(
    most: number,
    keep: (sql: Sql, events: readonly AlarmEvent[]) => Promise<void>,
  ): Promise<number>;
}

export function alarmStore(db: Database, utcMs: () => number): AlarmStore {
  const withShelves = async (rows: readonly AlarmRow[]): Promise<AlarmRecord[]> => {
    if (rows.length === 0) return [];
    const shelves = await db.all<ShelfRow>('SELECT * FROM alarm_shelf');
    const bySource = new Map(shelves.map((shelf) => [`${shelf.machine} ${shelf.source}`, shelf]));
    return rows.map((row) => ({ ...row, shelf: bySource.get(`${row.machine} ${row.source}`) ?? null }));
  };
  const one = async (machine: string, id: number): Promise<AlarmRecord | null> => {
    const rows = await db.all<AlarmRow>('SELECT * FROM alarm WHERE machine = $1 AND id = $2', machine, id);
    return (await withShelves(rows))[0] ?? null;
  };
  const act = (
    machine: string,
    id: number,
    work: (book: AlarmBook, row: AlarmRow) => boolean,
  ): Promise<Acted> =>
    db.transaction(async (sql) => {
      await lockWatches(sql, [machine]);
      const book = await AlarmBook.open(sql, machine, utcMs());
      const row = book.row(id);
      if (row === null) {
        const known = await sql.get('SELECT 1 AS one FROM alarm WHERE machine = $1 AND id = $2', machine, id);
        return known === undefined ? 'not-found' : 'no-place';
      }
      if (!work(book, row)) return 'no-place';
      await book.write();
      return 'done';
    });
  return {
    openAlarms: async (machine) =>
      withShelves(
        machine === undefined
          ? await db.all<AlarmRow>(
              `SELECT * FROM alarm WHERE is_open = 1 AND machine NOT IN (SELECT id FROM machine WHERE retired = 1)
                 ORDER BY machine, id`,
            )
          : await db.all<AlarmRow>(
              'SELECT * FROM alarm WHERE is_open = 1 AND machine = $1 ORDER BY id',
              machine,
            ),
      ),
    pastAlarms: async (machines, { severity, beforeMs }, count) => {
      const found: AlarmRow[] = [];
      // By the index of each machine: who sees thousands asks for the newest of each.
      for (const machine of machines) {
        found.push(
          ...(await db.all<AlarmRow>(
            `SELECT * FROM alarm WHERE machine = $1 AND happened_ms < $2 AND is_open = 0
               AND ($3 = '' OR severity = $3) ORDER BY happened_ms DESC, id DESC LIMIT $4`,
            machine,
            beforeMs,
            severity ?? '',
            count,
          )),
        );
      }
      found.sort((a, b) => b.happened_ms - a.happened_ms || b.id - a.id);
      return withShelves(found.slice(0, count));
    },
    alarmsBetween: async (machine, fromMs, toMs, count) => {
      const rows = await db.all<AlarmRow>(
        `SELECT * FROM alarm WHERE machine = $1 AND happened_ms < $2 AND (over_ms IS NULL OR over_ms >= $3)
           ORDER BY happened_ms DESC, id DESC LIMIT $4`,
        machine,
        toMs,
        fromMs,
        count,
      );
      return withShelves(rows.reverse());
    },
    alarm: one,
    alarmEvents: (machine, id) => eventsOf(db, machine, id),
    acknowledgeAlarm: (machine, id, by, comment) =>
      act(machine, id, (book) => book.acknowledge(id, by, comment)),
    shelveAlarm: (machine, id, { untilMs, untilOver, reason, author, authorName }) =>
      act(machine, id, (book) =>
        book.shelve(id, {
          ...{ until_ms: untilMs, until_over: untilOver ? 1 : 0, reason },
          ...{ author, author_name: authorName },
        }),
      ),
    unshelveAlarm: (machine, id, by) => act(machine, id, (book, row) => book.unshelve(row.source, by)),
    ringSpool: (machine) => db.transaction((sql) => ringSpool(sql, machine, utcMs())),
    sweepAlarms: (startedMs, heardOf) => sweep(db, utcMs(), startedMs, heardOf),
    takeAlarmEvents: (most, keep) =>
      db.transaction(async (sql) => {
        const events = await takeAlarmEvents(sql, most);
        if (events.length > 0) await keep(sql, events);
        return events.length;
      }),
  };
}
