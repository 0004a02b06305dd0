// Planted bugs: each is a mistake that somebody could make in the programs, put in from outside, and each of them the
// simulation must find. Not here: finding them (mutants.test.ts).
import type { ConnectionEvents, Dial, Source, Spool, SpoolDisk } from '@vigie/edge';
import type { Clock } from '@vigie/protocol';
import type { Store } from '@vigie/server';
import type { SqlRewrite } from './sqlite.ts';

/** What a planted bug replaces; nothing: the programs as they are. */
export interface Mutant {
  readonly edgeSql?: SqlRewrite;
  readonly serverSql?: SqlRewrite;
  /** Of every boot. */
  readonly bootId?: string;
  /** The clock stands still while the box sleeps. */
  readonly sleepless?: boolean;
  readonly spoolDisk?: (disk: SpoolDisk) => SpoolDisk;
  readonly spool?: (spool: Spool) => Spool;
  readonly sourceClock?: (clock: Clock) => Clock;
  readonly anchor?: Source['axis']['anchor'];
  readonly dial?: (dial: Dial) => Dial;
  readonly store?: (store: Store, clock: Clock) => Store;
}

const withoutTransactions: SqlRewrite = (sql) =>
  /^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/.test(sql) ? 'SELECT 1' : sql;
const notSynced: SqlRewrite = (sql) => sql.replace('synchronous = FULL', 'synchronous = NORMAL');

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'the edge does not sync what it commits': { edgeSql: notSynced },
  'the server does not sync what it commits': { serverSql: notSynced },
  'the mark moves in a transaction of its own': { serverSql: withoutTransactions },
  'the server acknowledges before it commits': {
    store: (store, clock) => ({
      ...store,
      append: async (block) => {
        clock.after(20_000, () => void store.append(block).catch(() => undefined));
        const { machine, spool, firstSequence, rowCount } = block;
        if (firstSequence > (await store.nextSequence(machine, spool))) return store.append(block);
        return { kind: 'duplicate', nextSequence: firstSequence + rowCount };
      },
    }),
  },
  'the edge forgets what it has sent': {
    edgeSql: (sql) => sql.replace('LIMIT 1 OFFSET ?', 'LIMIT 1 OFFSET 0 * ?'),
    dial: sending((frame, events) => {
      if (frame.type !== 'BLOCK') return frame;
      const nextSequence = frame.firstSequence + frame.rowCount;
      queueMicrotask(() => events.frame({ type: 'ACK', nextSequence, utcMs: 0 }));
      return frame;
    }),
  },
  'each connection takes the spool for another one': {
    dial: sending((frame) =>
      frame.type === 'HELLO'
        ? {
            ...frame,
            body: {
              ...frame.body,
              spool: frame.body.proof
                .replace(/[^a-f0-9]/g, '')
                .padEnd(16, '0')
                .slice(0, 16),
            },
          }
        : frame,
    ),
  },
  'rows are stamped with the time of day': {
    sourceClock: (clock) => ({
      monotonicMs: () => clock.utcMs(),
      utcMs: () => clock.utcMs(),
      after: (delayMs, callback) => clock.after(delayMs, callback),
    }),
  },
  'the clock stands still while the box sleeps': { sleepless: true },
  'boots are not told apart': { bootId: 'always' },
  'an anchor claims to be exact': {
    anchor: ({ sentMs, utcMs }) => ({ monotonicMs: Math.round(sentMs), utcMs, errorMs: 0 }),
  },
  'a new anchor dates no block that is there': {
    serverSql: (sql) => (sql.startsWith('UPDATE block SET from_ms') ? `${sql} AND 0` : sql),
  },
  'rows are kept in memory until their block is cut': { spool: lazySpool },
  'nothing witnesses how far the spool had come': {
    spoolDisk: (disk) => ({ ...disk, scribble: () => true }),
  },
  'gaps are not declared': { dial: sending((frame) => (frame.type === 'GAP' ? null : frame)) },
};

type SentFrame = Parameters<ConnectionEvents['frame']>[0];

/** @param change what is sent instead; `null`: nothing. */
function sending(
  change: (frame: SentFrame, events: ConnectionEvents) => SentFrame | null,
): (dial: Dial) => Dial {
  return (dial) => (options, events) =>
    dial(options, {
      ...events,
      open: (connection) =>
        events.open({
          ...connection,
          send: (frame) => {
            const changed = change(frame, events);
            if (changed !== null) connection.send(changed);
          },
        }),
    });
}

function lazySpool(spool: Spool): Spool {
  let held: Parameters<Spool['commit']>[0][number][] = [];
  const flush = (): void => {
    if (held.length === 0) return;
    if (spool.commit(held, 0, 'spool-full').ok) held = [];
  };
  return new Proxy(spool, {
    get: (target, name) => {
      if (name === 'commit') {
        return (...[rows, lost, reason]: Parameters<Spool['commit']>) => {
          if (lost > 0) flush();
          if (lost > 0) return target.commit(rows, lost, reason);
          held.push(...rows);
          return { ok: true, value: undefined };
        };
      }
      if (name === 'cut') {
        return () => {
          flush();
          return target.cut();
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
