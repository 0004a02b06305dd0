// Which rows leave at once: the first of each alarm, at most one per pause, and none that the model does not call one.
import { machineSchemaSchema, overridden } from '@vigie/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Urgency } from './urgency.ts';

const names = { fr: 'x', en: 'x' };
const schema = machineSchemaSchema.parse({
  model: 'test',
  names,
  stateChannel: 'state',
  channels: [
    { id: 'state', kind: 'state', names },
    { id: 'a', kind: 'number', names, limits: { alarmHigh: 10, warningHigh: 8 }, activeStates: [1] },
    { id: 'b', kind: 'number', names, limits: { alarmLow: 0 } },
    { id: 'free', kind: 'number', names },
  ],
});
const row = (s: number, a: number | null, b = 5, state = 1) => ({
  monotonicMs: 1000 * s,
  values: [state, a, b, 1e9],
});

describe('a row is urgent', () => {
  it('when it enters an alarm, not while it stays, not for a warning, a silent sensor or a resting machine', () => {
    const urgency = new Urgency(schema);
    const verdicts = [
      row(0, 5),
      row(1, 9),
      row(2, 11),
      row(3, 12),
      row(20, 13),
      row(40, 5),
      row(60, 11),
      row(80, null),
      row(100, 5, 5, 0),
      row(120, 99, 5, 0),
    ].map((one) => urgency.isUrgent(one));
    expect(verdicts).toEqual([false, false, true, false, false, false, true, false, false, false]);
  });

  it('when a second channel joins an alarm that stands, after the pause', () => {
    const urgency = new Urgency(schema);
    expect(urgency.isUrgent(row(0, 11))).toBe(true);
    expect(urgency.isUrgent(row(20, 11, -1))).toBe(true);
  });

  it('at most once in ten seconds, however values tremble', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 5, max: 15 }), fc.integer({ min: -3, max: 3 }))),
        (values) => {
          const urgency = new Urgency(schema);
          const at = values.flatMap(([a, b], s) => (urgency.isUrgent(row(s, a, b)) ? [s] : []));
          for (const [i, s] of at.entries())
            if (i > 0) expect(s - (at[i - 1] ?? 0)).toBeGreaterThanOrEqual(10);
          const first = values.findIndex(([a, b]) => a > 10 || b < 0);
          expect(at[0] ?? -1).toBe(first);
        },
      ),
    );
  });

  it('by the limits in force now', () => {
    const urgency = new Urgency(schema);
    expect(urgency.isUrgent(row(0, 9))).toBe(false);
    urgency.setLimits(overridden(schema, { a: { limits: { alarmHigh: 8 } } }));
    expect([row(1, 9), row(2, 9)].map((one) => urgency.isUrgent(one))).toEqual([true, false]);
    urgency.setLimits(overridden(schema, { a: { limits: { alarmHigh: 20 } } }));
    expect([row(20, 12), row(40, 21)].map((one) => urgency.isUrgent(one))).toEqual([false, true]);
  });
});
