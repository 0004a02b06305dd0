// What is typed into the editor of limits: what is the model's stays the model's, what is not comes back as it was typed.
import { channelSchema } from '@vigie/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FieldValues,
  LIMIT_FIELDS,
  numberOf,
  overrideOf,
  valuesOf,
  withOverride,
} from './limit-fields.ts';

const names = { fr: 'x', en: 'x' };
const model = channelSchema.parse({
  ...{ id: 't', kind: 'number', names, limits: { warningHigh: 5, alarmHigh: 8 }, activeStates: [2, 1] },
  ringing: { deadband: 1, stuckMs: 600_000 },
});

describe('limits as typed', () => {
  it('leave to the model what is the model’s', () => {
    expect(overrideOf(model, undefined, valuesOf(model), [1, 2])).toEqual({});
    expect(
      overrideOf(model, { names: { fr: 'Nom' }, limits: { alarmHigh: 9 } }, valuesOf(model), [2, 1]),
    ).toEqual({
      names: { fr: 'Nom' },
    });
  });

  it('come back as they were typed', () => {
    const value = fc.option(fc.integer({ min: 0, max: 100 }));
    const values = fc.record({
      ...(Object.fromEntries(LIMIT_FIELDS.map((field) => [field, value])) as Record<
        (typeof LIMIT_FIELDS)[number],
        typeof value
      >),
      deadband: fc.integer({ min: 0, max: 9 }),
      onDelay: fc.integer({ min: 0, max: 99 }),
      offDelay: fc.integer({ min: 0, max: 99 }),
    });
    fc.assert(
      fc.property(values, fc.subarray([1, 2, 3]), (typed: FieldValues, states) => {
        const shown = withOverride(model, overrideOf(model, undefined, typed, states));
        expect(valuesOf(shown)).toEqual(typed);
        expect([...(shown.activeStates ?? [])].sort()).toEqual(states);
      }),
    );
  });

  it('take a comma, and say what is no number', () => {
    expect([numberOf('4,5'), numberOf(' −3 '), numberOf(''), numberOf('four')]).toEqual([
      4.5,
      -3,
      null,
      undefined,
    ]);
  });
});
