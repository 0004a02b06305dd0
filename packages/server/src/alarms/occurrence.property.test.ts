// Occurrences: whatever rows come, in whichever blocks and however late, each excursion is told once and nothing newer is
// touched; a value that trembles is one alarm.
import { channelSchema, machineSchemaSchema, type WatchedRow, watchedLimits } from '@vigie/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALM_MS, type MachineWatch, noWatch, type OccurrenceChange, observeRows } from './occurrence.ts';

const names = { fr: 'x', en: 'x' };
const MINUTE_MS = 60_000;
const limits = watchedLimits(
  machineSchemaSchema.parse({
    ...{ model: 'test', names },
    channels: [
      channelSchema.parse({
        ...{ id: 't', kind: 'number', names, limits: { warningHigh: 5, alarmHigh: 8 } },
        ringing: { onDelayMs: 20_000, offDelayMs: 20_000 },
      }),
    ],
  }),
);

/** Rows ten seconds apart: a level held for some minutes each. */
const rowsFrom = (
  startMs: number,
  levels: readonly (readonly [minutes: number, value: number])[],
): WatchedRow[] => {
  const values = levels.flatMap(([minutes, value]) => Array<number>(6 * minutes).fill(value));
  return values.map((value, i) => ({ atMs: startMs + 10_000 * i, values: [value] }));
};
const levels = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 0, 6, 9)), {
  minLength: 1,
  maxLength: 14,
});

interface Machine {
  readonly watch: MachineWatch;
  readonly seen: WatchedRow | null;
  readonly changes: readonly OccurrenceChange[];
}
const fresh: Machine = { watch: noWatch, seen: null, changes: [] };
function take({ watch, seen, changes }: Machine, rows: readonly WatchedRow[]): Machine {
  const kept = JSON.parse(JSON.stringify(watch)) as MachineWatch;
  const next = observeRows(kept, limits, rows, seen?.atMs ?? null, seen);
  const last = rows.at(-1) ?? null;
  return {
    watch: next.watch,
    seen: seen === null || (last !== null && last.atMs > seen.atMs) ? last : seen,
    changes: [...changes, ...next.changes],
  };
}
function inBlocks(machine: Machine, rows: readonly WatchedRow[], sizes: readonly number[]): Machine {
  let next = machine;
  for (let i = 0, k = 0; i < rows.length; k++) {
    const size = sizes[k % sizes.length] ?? 1;
    next = take(next, rows.slice(i, i + size));
    i += size;
  }
  return next;
}
/** What people see in the end, whatever the order of its making. */
function told(changes: readonly OccurrenceChange[]) {
  const found = new Map<number, Record<string, unknown>>();
  for (const change of changes) {
    const { id } = change;
    if (change.type === 'begins') {
      found.set(id, {
        source: change.source,
        happenedMs: change.happenedMs,
        crossings: 1,
        flapping: false,
        overMs: null,
      });
    } else if (change.type === 'was') {
      const { source, happenedMs, overMs, crossings, flapping } = change;
      found.set(id, { source, happenedMs, overMs, crossings, flapping });
    } else if (change.type === 'returns') Object.assign(found.get(id) ?? {}, { overMs: change.overMs });
    else if (change.type === 'rings-again')
      Object.assign(found.get(id) ?? {}, { overMs: null, crossings: change.crossings });
    else if (change.type === 'flaps') Object.assign(found.get(id) ?? {}, { flapping: true });
  }
  return [...found.values()]
    .map(({ source, happenedMs, overMs, crossings, flapping }) =>
      JSON.stringify({ source, happenedMs, overMs, crossings, flapping }),
    )
    .sort();
}
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('occurrences', () => {
  it('are the same however rows are cut into blocks, and each begins and is over once', () => {
    fc.assert(
      fc.property(levels, sizes, (some, cut) => {
        const rows = rowsFrom(0, [...some, [60, 0]]);
        const machine = inBlocks(fresh, rows, cut);
        expect(told(machine.changes)).toEqual(told(inBlocks(fresh, rows, [1]).changes));
        for (const { id } of machine.changes) {
          const types = machine.changes.filter((change) => change.id === id).map(({ type }) => type);
          expect(types.filter((type) => type === 'begins')).toHaveLength(1);
          expect(types.filter((type) => type === 'calms')).toHaveLength(1);
          expect(types.at(-1)).toBe('calms');
        }
        expect(machine.watch).toEqual({ ...noWatch, nextId: machine.watch.nextId });
      }),
    );
  });

  it('of rows that come after newer ones are told whole, and touch nothing newer', () => {
    fc.assert(
      fc.property(levels, levels, sizes, sizes, (early, later, cut, lateCut) => {
        const earlyRows = rowsFrom(0, early);
        const lateStartMs = (earlyRows.at(-1)?.atMs ?? 0) + 2 * 3_600_000;
        const laterRows = rowsFrom(lateStartMs, later);
        const newer = inBlocks(fresh, laterRows, cut);
        const all = inBlocks(newer, earlyRows, lateCut);
        // The early ones alone, then silence: what begins in them has ended with them at the latest.
        const alone = inBlocks(fresh, earlyRows, [1]);
        const lastMs = earlyRows.at(-1)?.atMs ?? 0;
        const ended = take(all, [{ atMs: lastMs - 1, values: [0] }]).changes;
        const endedAlone = told(alone.changes).map((one) =>
          one.replace('"overMs":null', `"overMs":${lastMs}`),
        );
        expect(told(ended.filter(({ type }) => type === 'was'))).toEqual(endedAlone.sort());
        // The newer alarms stand as if nothing else had come.
        expect(all.watch.open).toEqual(newer.watch.open);
        expect(all.watch.watches).toEqual(newer.watch.watches);
        expect(all.changes.slice(newer.changes.length).every(({ type }) => type === 'was')).toBe(true);
      }),
    );
  });

  it('follow rows of a long backlog in order, when nothing newer was known', () => {
    const machine = inBlocks(
      fresh,
      rowsFrom(0, [
        [10, 0],
        [50, 9],
        [60, 0],
      ]),
      [6],
    );
    expect(machine.changes.map(({ type }) => type)).toEqual([
      ...['begins', 'begins', 'returns', 'returns', 'calms', 'calms'],
    ]);
    expect(machine.changes[1]).toMatchObject({ source: 't.warning-high', isUnderWorse: true });
  });

  it('are one alarm for a value that trembles at its limit for an hour, whatever its pace', () => {
    for (const minutes of [1, 2, 4, 9]) {
      const hour = Array.from(
        { length: Math.ceil(30 / minutes) },
        () =>
          [
            [minutes, 6],
            [minutes, 0],
          ] as const,
      ).flat();
      const machine = inBlocks(fresh, rowsFrom(0, [...hour, [60, 0]]), [6]);
      const count = (type: string): number => machine.changes.filter((change) => change.type === type).length;
      expect([minutes, count('begins'), count('calms'), count('flaps')]).toEqual([minutes, 1, 1, 1]);
    }
  });

  it('end with a limit that is taken away', () => {
    const ringing = inBlocks(fresh, rowsFrom(0, [[5, 9]]), [6]);
    const { watch, changes } = observeRows(
      ringing.watch,
      [],
      rowsFrom(10 * MINUTE_MS, [[1, 9]]),
      ringing.seen?.atMs ?? 0,
      null,
    );
    expect(changes.map(({ type }) => type)).toEqual(['returns', 'calms', 'returns', 'calms']);
    expect(watch).toEqual({ ...noWatch, nextId: 3 });
    expect(CALM_MS).toBeGreaterThan(MINUTE_MS);
  });
});
