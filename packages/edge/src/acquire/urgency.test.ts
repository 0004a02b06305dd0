// Which rows leave at once: that with which a limit rings, at most one per pause, and none else.
import { machineSchemaSchema, overridden } from '@vigie/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Urgency } from './urgency.ts';

const names = { fr: 'x', en: 'x' };
const ringing = { onDelayMs: 0, offDelayMs: 0 };
const schema = machineSchemaSchema.parse({
  model: 'test',
  names,
  stateChannel: 'state',
  channels: [
    { id: 'state', kind: 'state', names },
    {
      ...{ id: 'a', kind: 'number', names, ringing, activeStates: [1] },
      limits: { alarmHigh: 10, warningHigh: 8 },
    },
    { id: 'b', kind: 'number', names, ringing, limits: { alarmLow: 0 } },
    { id: 'slow', kind: 'number', names, limits: { alarmHigh: 7 } },
    { id: 'free', kind: 'number', names },
  ],
});
const row = (s: number, a: number | null, b = 5, state = 1, slow = 0) => ({
  monotonicMs: 1000 * s,
  values: [state, a, b, slow, 1e9],
});

describe('a row is urgent', () => {
  it('when a limit rings, not while it does, not for a silent sensor or a resting machine; after a pause where there was one', () => {
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
    expect(verdicts).toEqual([false, true, false, false, true, false, true, false, false, false]);
  });

  it('when a second channel joins an alarm that stands, after the pause', () => {
    const urgency = new Urgency(schema);
    expect(urgency.isUrgent(row(0, 11))).toBe(true);
    expect(urgency.isUrgent(row(20, 11, -1))).toBe(true);
  });

  it('when a limit has been crossed for its delay, as at the server', () => {
    const urgency = new Urgency(schema);
    const verdicts = [0, 9, 9, 0, 9, 9, 9, 9, 9].map((slow, s) => urgency.isUrgent(row(s, 5, 5, 1, slow)));
    expect(verdicts.indexOf(true)).toBe(7);
  });

  it('at most once in five seconds, however values tremble', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 5, max: 15 }), fc.integer({ min: -3, max: 3 }))),
        (values) => {
          const urgency = new Urgency(schema);
          const at = values.flatMap(([a, b], s) => (urgency.isUrgent(row(s, a, b)) ? [s] : []));
          for (const [i, s] of at.entries())
            if (i > 0) expect(s - (at[i - 1] ?? 0)).toBeGreaterThanOrEqual(5);
          const first = values.findIndex(([a, b]) => a > 8 || b < 0);
          expect(at[0] ?? -1).toBe(first);
        },
      ),
    );
  });

  it('by the limits in force now', () => {
    const urgency = new Urgency(schema);
    expect(urgency.isUrgent(row(0, 7))).toBe(false);
    urgency.setLimits(overridden(schema, { a: { limits: { warningHigh: 6 } } }));
    expect([row(1, 7), row(2, 7)].map((one) => urgency.isUrgent(one))).toEqual([true, false]);
    urgency.setLimits(overridden(schema, { a: { limits: { warningHigh: 15, alarmHigh: 20 } } }));
    expect([row(20, 12), row(40, 21)].map((one) => urgency.isUrgent(one))).toEqual([false, true]);
  });
});
