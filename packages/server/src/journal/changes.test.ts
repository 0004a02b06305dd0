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
    { id: 'hours', kind: 'counter', names },
    { id: 'wh', kind: 'counter', names, wrapsAt: 65_536 },
  ],
});
/** A row each ten seconds. */
const rowsOf = (values: readonly (number | null)[], state = 1, firstMs = 0): SeenRow[] =>
  values.map((t, i) => ({ atMs: firstMs + 10_000 * i, values: [state, t, 1, 1] }));
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

  it('tells a counter that starts again, once in a while, and no full register', () => {
    const counts = (hours: readonly (number | null)[], wh: readonly (number | null)[] = []) =>
      observe(
        noConditions,
        schema,
        hours.map((value, i) => ({ atMs: 60_000 * i, values: [1, 5, value, wh[i] ?? 1] })),
      ).entries.map(({ atMs, kind, channel, facts }) => [
        atMs / 60_000,
        kind,
        channel,
        facts.before,
        facts.after,
      ]);
    expect(counts([18_400, 18_401, null, 0, 1, 2])).toEqual([[3, 'counter-reset', 'hours', 18_400, 0]]);
    // The value a controller had saved before its power was cut.
    expect(counts([1000, 1100, 900, 901])).toEqual([[2, 'counter-reset', 'hours', 1100, 900]]);
    expect(counts([0, 0, 1, 0, 5])).toEqual([[3, 'counter-reset', 'hours', 1, 0]]);
    expect(counts([1000, 999, 1000, 998, 1003])).toEqual([]);
    // No counter at all: it is told once per ten minutes.
    const waves = Array.from({ length: 41 }, (_, i) => (i % 2) * 100);
    expect(counts(waves).length).toBe(4);
    expect(counts([1, 2, 3, 4], [65_300, 65_500, 12, 100])).toEqual([]);
    expect(counts([1, 2, 3, 4], [30_000, 30_001, 0, 1])).toEqual([[2, 'counter-reset', 'wh', 30_000, 0]]);
  });

  it('says the same however rows are cut into blocks, and over a restart of the server', () => {
    const value = fc.oneof(fc.constant(null), fc.constantFrom(5, 9, 11));
    const count = fc.option(fc.nat({ max: 10_000 }));
    // Runs, since lone values tell nothing.
    const runs = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 8 }), fc.constantFrom(1, 2), count), {
      maxLength: 15,
    });
    fc.assert(
      fc.property(
        runs,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 10 }),
        (of, cuts) => {
          const flat = of.flatMap(([t, length, state, hours]) =>
            times(length, [state, t, hours, null] as const),
          );
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
