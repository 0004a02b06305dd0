// Who is told what and when: storms, backlogs, quiet hours, escalation, shelves, an outage of the mail server; and random
// lives of alarms and readers against what must always hold. A failure prints fast-check's seed.
import { type Notifications, usualNotifications } from '@vigie/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlarmChange, AlarmEvent, AlarmFacts } from '../alarms/event.ts';
import { NOBODY, type PlannedLetter, type PlanState, plan, type Reader } from './plan.ts';
import { quietUntilMs } from './quiet.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BEGIN_MS = Date.UTC(2026, 10, 24, 9);

function facts(more: Partial<AlarmFacts> = {}): AlarmFacts {
  return {
    ...{ machine: 'TV-12', alarm: 1, kind: 'alarm-high', severity: 'alarm', channel: 'p_vac' },
    ...{
      happenedMs: BEGIN_MS,
      learnedMs: BEGIN_MS,
      overMs: null,
      limit: 60,
      value: 68,
      peak: 68,
      peakMs: null,
    },
    ...{ crossings: 1, flapping: false, cause: null },
    ...more,
  };
}

let sequence = 0;
function at(atMs: number, change: AlarmChange): AlarmEvent {
  const machine = change.event === 'caught-up' ? 'TV-12' : change.facts.machine;
  return { sequence: ++sequence, atMs, machine, ...change };
}
const UNSHELVED = { isLate: false, afterShelf: false, isShelved: false, isUnderWorse: false };
const rung = (
  atMs: number,
  more: Partial<AlarmFacts> = {},
  how: Partial<typeof UNSHELVED> = {},
): AlarmEvent =>
  at(atMs, { event: 'rung', facts: facts({ happenedMs: atMs, ...more }), ...UNSHELVED, ...how });
const over = (atMs: number, more: Partial<AlarmFacts> = {}): AlarmEvent =>
  at(atMs, { event: 'over', facts: facts({ overMs: atMs, ...more }), isLate: false, isShelved: false });

function reader(
  id: string,
  wishes: Partial<Notifications> = {},
  machines: ReadonlySet<string> | null = null,
): Reader {
  return { id, machines, wishes: { ...usualNotifications('user'), ...wishes }, zone: 'Europe/Paris' };
}

interface Sent extends PlannedLetter {
  readonly atMs: number;
}

/** Lives through events and clock. @param handedOverMs when a mail made at an instant is handed over */
function live(
  events: readonly AlarmEvent[],
  readers: readonly Reader[],
  untilMs: number,
  handedOverMs: (madeMs: number) => number = (madeMs) => madeMs,
): { sent: Sent[]; state: PlanState } {
  const sent: Sent[] = [];
  let state = NOBODY;
  const left = events.toSorted((a, b) => a.atMs - b.atMs || a.sequence - b.sequence);
  let nowMs = left[0]?.atMs ?? BEGIN_MS;
  for (let step = 0; step < 100_000; step++) {
    const now = left.filter(({ atMs }) => atMs <= nowMs);
    left.splice(0, now.length);
    const waits = sent.filter((one) => handedOverMs(one.atMs) > nowMs);
    const busy = new Set(waits.map(({ account }) => account));
    const planned = plan(state, now, readers, busy, nowMs);
    state = planned.state;
    for (const letter of planned.letters) {
      expect(busy.has(letter.account), 'no mail while one is under way').toBe(false);
      sent.push({ ...letter, atMs: nowMs });
    }
    const next = [left[0]?.atMs, planned.nextMs, ...waits.map((one) => handedOverMs(one.atMs))].filter(
      (one): one is number => one !== undefined && one !== null && one > nowMs,
    );
    const nextMs = Math.min(...next);
    if (nextMs > untilMs) return { sent, state };
    nowMs = nextMs;
  }
  throw new Error('it never comes to rest');
}

const phases = ({ letter }: Sent): string[] =>
  letter.told.map(({ phase, facts: { machine, alarm } }) => `${phase} ${machine}/${alarm}`);

describe('an alarm', () => {
  it('makes a mail after a moment, and another one when it is over, on the same thread', () => {
    const { sent, state } = live(
      [rung(BEGIN_MS), over(BEGIN_MS + HOUR_MS)],
      [reader('lea')],
      BEGIN_MS + DAY_MS,
    );
    expect(sent.map((one) => [one.atMs - BEGIN_MS, phases(one)])).toEqual([
      [3 * SECOND_MS, ['rung TV-12/1']],
      [HOUR_MS + 3 * SECOND_MS, ['over TV-12/1']],
    ]);
    expect(sent[0]?.letter.follows).toBeNull();
    expect(sent[1]?.letter.follows).toBe(sent[0]?.id);
    expect(sent.map(({ toAcknowledge }) => toAcknowledge)).toEqual([['TV-12/1'], []]);
    expect(state.tellings.size).toBe(0);
  });

  it('that flaps makes two', () => {
    const flaps = Array.from({ length: 40 }, (_, n) =>
      at(BEGIN_MS + n * MINUTE_MS, {
        event: 'flapping',
        facts: facts({ crossings: n, flapping: true }),
        isLate: false,
      }),
    );
    const { sent } = live(
      [rung(BEGIN_MS), ...flaps, over(BEGIN_MS + HOUR_MS, { crossings: 40 })],
      [reader('lea')],
      BEGIN_MS + DAY_MS,
    );
    expect(sent).toHaveLength(2);
    expect(sent[1]?.letter.told[0]?.facts.crossings).toBe(40);
  });

  it('makes none while it is shelved or under a worse one, and one when its shelf ends', () => {
    const { sent } = live(
      [
        rung(BEGIN_MS, { alarm: 1 }, { isShelved: true }),
        rung(BEGIN_MS, { alarm: 2, kind: 'warning-high', severity: 'warning' }, { isUnderWorse: true }),
        rung(BEGIN_MS + HOUR_MS, { alarm: 1 }, { afterShelf: true }),
      ],
      [reader('lea', { severity: 'warning' })],
      BEGIN_MS + DAY_MS,
    );
    expect(sent.map(phases)).toEqual([['rung TV-12/1']]);
    expect(sent[0]?.atMs).toBe(BEGIN_MS + HOUR_MS + 3 * SECOND_MS);
  });

  it('shelved after it was told is told anew when its shelf ends', () => {
    const first = rung(BEGIN_MS);
    const shelved: AlarmChange = {
      event: 'shelved',
      facts: facts(),
      by: 'Noé',
      reason: 'tests',
      untilMs: null,
    };
    const { sent } = live(
      [first, at(BEGIN_MS + MINUTE_MS, shelved), rung(BEGIN_MS + HOUR_MS, {}, { afterShelf: true })],
      [reader('lea')],
      BEGIN_MS + DAY_MS,
    );
    expect(sent.map(phases)).toEqual([['rung TV-12/1'], ['rung TV-12/1']]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  });

  it('goes only to who has the machine, and wants it', () => {
    const warning = { severity: 'warning', kind: 'warning-high' } as const;
    const { sent } = live(
      [rung(BEGIN_MS, warning), rung(BEGIN_MS, { machine: 'TV-99', alarm: 2 })],
      [
        reader('all', { severity: 'warning' }),
        reader('alarms'),
        reader('none', { severity: 'none' }),
        reader('twelve', { severity: 'warning' }, new Set(['TV-12'])),
      ],
      BEGIN_MS + DAY_MS,
    );
    expect(sent.map((one) => [one.account, phases(one)])).toEqual([
      ['all', ['rung TV-12/1', 'rung TV-99/2']],
      ['alarms', ['rung TV-99/2']],
      ['twelve', ['rung TV-12/1']],
    ]);
  });

  it('that nobody acknowledges is told to others once, half an hour later; acknowledged or over it is not', () => {
    const escalated = (alarm: number): AlarmEvent =>
      at(BEGIN_MS + HOUR_MS / 2, { event: 'escalation-due', facts: facts({ alarm }) });
    const acknowledged = at(BEGIN_MS + MINUTE_MS, {
      ...{ event: 'acknowledged', by: 'Noé', comment: '', facts: facts({ alarm: 2 }) },
    } as AlarmChange);
    const second = reader('second', { when: 'unacknowledged' });
    const { sent } = live(
      [rung(BEGIN_MS), rung(BEGIN_MS, { alarm: 2 }), acknowledged, escalated(1), over(BEGIN_MS + HOUR_MS)],
      [reader('first'), second],
      BEGIN_MS + DAY_MS,
    );
    expect(sent.map((one) => [one.account, phases(one)])).toEqual([
      ['first', ['rung TV-12/1', 'rung TV-12/2']],
      ['second', ['rung TV-12/1']],
      ['first', ['over TV-12/1']],
      ['second', ['over TV-12/1']],
    ]);
    expect(sent[1]?.letter.told[0]?.isEscalated).toBe(true);
  });
});

it('a storm of two hundred machines makes two mails, which tell all', () => {
  const storm = Array.from({ length: 200 }, (_, n) =>
    rung(BEGIN_MS + n * 200, { machine: `TV-${n}`, alarm: 1 }),
  );
  const { sent } = live(storm, [reader('lea')], BEGIN_MS + DAY_MS);
  expect(sent).toHaveLength(2);
  expect(sent.flatMap(phases)).toHaveLength(200);
});

it('a day of new alarms every minute makes a mail every quarter of an hour', () => {
  const all = Array.from({ length: 24 * 60 }, (_, n) => rung(BEGIN_MS + n * MINUTE_MS, { alarm: n }));
  const { sent } = live(all, [reader('lea')], BEGIN_MS + 2 * DAY_MS);
  expect(sent.length).toBeLessThan(24 * 4 * 2 + 5);
  expect(sent.flatMap(phases)).toHaveLength(24 * 60);
});

it('a backlog of late rows makes one mail, when the machine has caught up', () => {
  const late = Array.from({ length: 200 }, (_, n) =>
    rung(BEGIN_MS + n * 3 * SECOND_MS, { alarm: n, overMs: BEGIN_MS - HOUR_MS }, { isLate: true }),
  );
  const caughtUpMs = BEGIN_MS + 11 * MINUTE_MS;
  const present = rung(BEGIN_MS + MINUTE_MS, { machine: 'TV-99', alarm: 9 });
  const { sent, state } = live(
    [...late, present, at(caughtUpMs, { event: 'caught-up' })],
    [reader('lea')],
    BEGIN_MS + DAY_MS,
  );
  expect(sent.map(({ letter }) => letter.told.length)).toEqual([1, 200]);
  expect(sent[1]?.letter.told.every(({ phase, isLate }) => phase === 'passed' && isLate)).toBe(true);
  expect([...state.tellings.keys()]).toEqual(['TV-99/9']);
});

it('an outage of the mail server for a day makes two mails: the one under way, and all the rest', () => {
  const all = Array.from({ length: 50 }, (_, n) => rung(BEGIN_MS + n * 20 * MINUTE_MS, { alarm: n }));
  const back = BEGIN_MS + DAY_MS;
  const { sent } = live(all, [reader('lea')], BEGIN_MS + 2 * DAY_MS, (madeMs) => Math.max(madeMs, back));
  expect(sent.map((one) => phases(one).length)).toEqual([1, 49]);
});

describe('quiet hours', () => {
  const NIGHT = { fromMinute: 22 * 60, toMinute: 7 * 60, alarms: true };
  /** 03:00 in Paris. */
  const nightMs = Date.UTC(2026, 10, 25, 2);
  const morningMs = Date.UTC(2026, 10, 25, 6);

  it('let alarms through where that is wished, and tell the rest in one mail in the morning', () => {
    const warning = { severity: 'warning', kind: 'warning-high' } as const;
    const { sent } = live(
      [
        rung(nightMs, { alarm: 1 }),
        rung(nightMs, { alarm: 2, ...warning }),
        rung(nightMs + HOUR_MS, { alarm: 3, ...warning }),
        over(nightMs + HOUR_MS, { alarm: 1 }),
      ],
      [
        reader('lea', { severity: 'warning', quiet: NIGHT }),
        reader('noe', { quiet: { ...NIGHT, alarms: false } }),
      ],
      nightMs + DAY_MS,
    );
    expect(sent.map((one) => [one.account, one.atMs, phases(one)])).toEqual([
      ['lea', nightMs + 3 * SECOND_MS, ['rung TV-12/1']],
      ['lea', morningMs, ['over TV-12/1', 'rung TV-12/2', 'rung TV-12/3']],
      ['noe', morningMs, ['passed TV-12/1']],
    ]);
  });

  it('follow the clocks of the zone, also in the nights when they change', () => {
    const quiet = { fromMinute: 23 * 60, toMinute: 150, alarms: false };
    const until = (at: number): number | null => quietUntilMs(quiet, 'Europe/Paris', at);
    // In spring 02:30 is skipped; in autumn it comes twice.
    const spring = Date.UTC(2026, 2, 29, 0, 30);
    expect(until(spring)).toBe(Date.UTC(2026, 2, 29, 1, 30));
    const autumn = Date.UTC(2026, 9, 25, 0, 15);
    expect(until(autumn)).toBeGreaterThan(autumn);
    expect(until(autumn)).toBeLessThanOrEqual(Date.UTC(2026, 9, 25, 1, 30));
    expect(until(Date.UTC(2026, 9, 25, 12))).toBeNull();
    expect(
      quietUntilMs({ ...quiet, fromMinute: 60, toMinute: 120 }, 'UTC', Date.UTC(2026, 0, 1, 1, 30)),
    ).toBe(Date.UTC(2026, 0, 1, 2));
  });
});

describe('whatever happens', () => {
  const machines = ['A', 'B', 'C'] as const;
  const lives = fc.array(
    fc.record({
      machine: fc.constantFrom(...machines),
      beginMs: fc.integer({ min: 0, max: 36 * 60 }).map((minutes) => BEGIN_MS + minutes * MINUTE_MS),
      lastsMs: fc.option(fc.integer({ min: 1, max: 20 * 60 }).map((minutes) => minutes * MINUTE_MS)),
      severity: fc.constantFrom('alarm' as const, 'warning' as const),
      acknowledgedAfterMs: fc.option(fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * MINUTE_MS)),
      isLate: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  const wishes: fc.Arbitrary<Notifications> = fc.record({
    severity: fc.constantFrom('none', 'alarm', 'warning'),
    when: fc.constantFrom('at-once', 'unacknowledged'),
    recovery: fc.boolean(),
    quiet: fc.option(
      fc
        .record({
          fromMinute: fc.integer({ min: 0, max: 1439 }),
          toMinute: fc.integer({ min: 0, max: 1439 }),
          alarms: fc.boolean(),
        })
        .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute),
    ),
    zone: fc.constant(null),
  });
  const people = fc.array(fc.tuple(wishes, fc.option(fc.uniqueArray(fc.constantFrom(...machines)))), {
    minLength: 1,
    maxLength: 3,
  });

  it('everybody is told everything once, in time, and of their machines only', () => {
    fc.assert(
      fc.property(lives, people, fc.integer({ min: 0, max: 3 * 60 }), (alarms, wished, slownessMinutes) => {
        const readers = wished.map(([one, held], i) =>
          reader(`reader ${i}`, one, held === null ? null : new Set<string>(held)),
        );
        const events = alarms.flatMap((one, alarm): AlarmEvent[] => {
          const { machine, beginMs, lastsMs, severity, acknowledgedAfterMs, isLate } = one;
          const what = { machine, alarm, severity };
          const overMs = lastsMs === null ? null : beginMs + lastsMs;
          if (isLate) {
            const past = { ...what, overMs: beginMs - HOUR_MS };
            const caughtUp: AlarmEvent = {
              sequence: ++sequence,
              atMs: beginMs + MINUTE_MS,
              machine,
              event: 'caught-up',
            };
            return [rung(beginMs, past, { isLate: true }), caughtUp];
          }
          const ackMs = acknowledgedAfterMs === null ? null : beginMs + acknowledgedAfterMs;
          const isOpenAt = (ms: number): boolean => overMs === null || overMs > ms;
          const dueMs = beginMs + HOUR_MS / 2;
          return [
            rung(beginMs, what),
            ...(ackMs === null
              ? []
              : [at(ackMs, { event: 'acknowledged', facts: facts(what), by: 'x', comment: '' })]),
            ...(severity === 'alarm' && isOpenAt(dueMs) && (ackMs === null || ackMs > dueMs)
              ? [at(dueMs, { event: 'escalation-due', facts: facts(what) })]
              : []),
            ...(overMs === null ? [] : [over(overMs, what)]),
          ];
        });
        const { sent, state } = live(
          events,
          readers,
          BEGIN_MS + 7 * DAY_MS,
          (ms) => ms + slownessMinutes * MINUTE_MS,
        );
        expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
        for (const { id, machines: held, wishes: want } of readers) {
          const mails = sent.filter(({ account }) => account === id);
          for (const [i, mail] of mails.entries()) {
            const before = mails.slice(0, i).filter(({ atMs }) => mail.atMs - atMs < HOUR_MS / 2);
            if (before.length > 0)
              expect(mail.atMs - (before.at(-1)?.atMs ?? 0)).toBeGreaterThanOrEqual(MINUTE_MS);
            if (before.length > 3)
              expect(mail.atMs - (before.at(-1)?.atMs ?? 0)).toBeGreaterThanOrEqual(15 * MINUTE_MS);
            if (quietUntilMs(want.quiet, 'Europe/Paris', mail.atMs) === null) continue;
            expect(want.quiet?.alarms).toBe(true);
            for (const { phase, facts: of } of mail.letter.told) {
              expect([phase, of.severity]).toEqual(['rung', 'alarm']);
            }
          }
          for (const [alarm, { machine, severity, lastsMs, isLate }] of alarms.entries()) {
            const told = mails.flatMap((mail) =>
              mail.letter.told.filter((one) => one.facts.alarm === alarm).map(({ phase }) => phase),
            );
            expect([[], ['rung'], ['rung', 'over'], ['passed']]).toContainEqual(told);
            const isTheirs = held === null || held.has(machine);
            const isWanted =
              want.severity === 'warning' || (want.severity === 'alarm' && severity === 'alarm');
            if (!isTheirs || !isWanted) expect(told).toEqual([]);
            else if (want.when === 'at-once') {
              expect(told.length).toBeGreaterThan(0);
              if (want.recovery && (isLate || lastsMs !== null)) expect(told.at(-1)).not.toBe('rung');
            }
          }
        }
        for (const { overAtMs } of state.tellings.values()) expect(overAtMs).toBeNull();
      }),
      { numRuns: 150 },
    );
  });
});
