// What the journal says of rows: each change once, dated at its first row, whatever the blocks rows come in.
import { machineSchemaSchema } from '@vigie/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Conditions, HOLD_MS, noConditions, observe, type SeenRow } from './changes.ts';

const names = { fr: 'x', en: 'x' };
const schema = machineSchemaSchema.parse({
  model: 'test',
  names,
  stateChannel: 'state',
  channels: [
    { id: 'state', kind: 'state', names },
    { id: 't', kind: 'number', names, limits: { warningHigh: 8, alarmHigh: 10 } },
  ],
});
/** A row each ten seconds. */
const rowsOf = (values: readonly (number | null)[], state = 1, firstMs = 0): SeenRow[] =>
  values.map((t, i) => ({ atMs: firstMs + 10_000 * i, values: [state, t] }));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const kinds = (rows: readonly SeenRow[]) =>
  observe(noConditions, schema, rows).entries.map(({ atMs, kind, facts }) => [
    atMs / 1000,
    kind,
    facts.level,
  ]);

describe('the journal', () => {
  it('tells a limit crossed and returned from, at the first row of each', () => {
    expect(kinds(rowsOf([5, 5, ...times(5, 9), ...times(5, 5)]))).toEqual([
      [20, 'limit-crossed', 'warning-high'],
      [70, 'limit-returned', 'warning-high'],
    ]);
  });

  it('tells a sensor that falls silent and is back', () => {
    expect(kinds(rowsOf([5, ...times(5, null), ...times(5, 5)]))).toEqual([
      [10, 'sensor-fault', undefined],
      [60, 'sensor-back', undefined],
    ]);
  });

  it('tells what it meets wrong at the first row ever, and each step from warning to alarm', () => {
    expect(kinds(rowsOf([...times(5, 9), ...times(5, 11)]))).toEqual([
      [0, 'limit-crossed', 'warning-high'],
      [50, 'limit-crossed', 'alarm-high'],
    ]);
  });

  it('says nothing of what does not hold, nor of a state at the first row', () => {
    expect(kinds(rowsOf([5, 9, 9, 9, 5, 9, 9, 5, null, 5]))).toEqual([]);
    const tremble = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 7.9 : 8.1));
    expect(kinds(rowsOf(tremble))).toEqual([]);
  });

  it('tells changes of the state at once, with both states', () => {
    const rows = [...rowsOf([5, 5], 1), ...rowsOf([5], 2, 20_000), ...rowsOf([5], 1, 30_000)];
    expect(observe(noConditions, schema, rows).entries).toMatchObject([
      { atMs: 20_000, kind: 'state', channel: 'state', facts: { from: 1, to: 2 } },
      { atMs: 30_000, kind: 'state', channel: 'state', facts: { from: 2, to: 1 } },
    ]);
  });

  it('says the same however rows are cut into blocks, and over a restart of the server', () => {
    const value = fc.oneof(fc.constant(null), fc.constantFrom(5, 9, 11));
    // Runs, since lone values tell nothing.
    const runs = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 8 }), fc.constantFrom(1, 2)), {
      maxLength: 15,
    });
    fc.assert(
      fc.property(
        runs,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 10 }),
        (of, cuts) => {
          const flat = of.flatMap(([t, count, state]) => times(count, [state, t] as const));
          const rows = flat.map((values, i): SeenRow => ({ atMs: 10_000 * i, values }));
          const whole = observe(noConditions, schema, rows);
          let kept = JSON.stringify(noConditions);
          const entries: unknown[] = [];
          for (let at = 0, n = 0; at < rows.length; n++) {
            const size = cuts[n % cuts.length] ?? 1;
            const step = observe(JSON.parse(kept) as Conditions, schema, rows.slice(at, at + size));
            entries.push(...step.entries);
            kept = JSON.stringify(step.conditions);
            at += size;
          }
          expect(entries).toEqual(whole.entries);
          expect(JSON.parse(kept)).toEqual(JSON.parse(JSON.stringify(whole.conditions)));
          // What it said last is what has held last.
          const last = of.at(-1);
          if (last !== undefined && (last[1] - 1) * 10_000 >= HOLD_MS) {
            const told = whole.conditions.channels.t?.told;
            const held =
              last[0] === null ? 'sensor-fault' : { 5: 'well', 9: 'warning-high', 11: 'alarm-high' }[last[0]];
            expect(told).toBe(held);
          }
        },
      ),
    );
  });
});
