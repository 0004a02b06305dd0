// The life of an alarm: every state is reached and left, nothing is told twice, and docs/alarms.md prints what the code does.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AT_REST, type LifeEffect, type LifeEvent, stateOf, stepAlarm, transitionTable } from './isa.ts';

const event = fc.constantFrom<LifeEvent>(
  'rings',
  'returns',
  'acknowledge',
  'shelve',
  'unshelve',
  'nobody-acts',
);

describe('the life of an alarm', () => {
  it('keeps what ISA-18.2 asks whatever happens', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let standing = AT_REST;
        const told: LifeEffect[] = [];
        // The model: three facts, moved by hand.
        const model = { rung: 0, on: false, acknowledged: true, shelved: false };
        for (const one of events) {
          const step = stepAlarm(standing, one);
          if (step !== null) {
            standing = step.standing;
            told.push(...step.effects);
            if (one === 'rings') {
              if (model.rung++ === 0) model.acknowledged = false;
              model.on = true;
            } else if (one === 'returns') model.on = false;
            else if (one === 'acknowledge') model.acknowledged = true;
            else if (one === 'shelve') model.shelved = true;
            else if (one === 'unshelve') model.shelved = false;
            else expect(model).toMatchObject({ on: true, acknowledged: false, shelved: false });
          }
          expect(standing).toEqual({
            ...{ hasRung: model.rung > 0, isOn: model.on },
            ...{ isAcknowledged: model.acknowledged, isShelved: model.shelved },
          });
          expect(stateOf(standing)).toBe(
            model.on
              ? model.acknowledged
                ? 'acknowledged'
                : 'unacknowledged'
              : model.acknowledged
                ? 'normal'
                : 'returned-unacknowledged',
          );
        }
        expect(told.filter((effect) => effect === 'acknowledged').length).toBeLessThanOrEqual(1);
        // It rings anew for people only when a shelf hid it.
        expect(told.filter((effect) => effect === 'rung').length).toBeLessThanOrEqual(
          1 + told.filter((effect) => effect === 'unshelved').length,
        );
      }),
    );
  });

  it('is printed in docs/alarms.md', () => {
    const page = readFileSync(new URL('../../../../docs/alarms.md', import.meta.url), 'utf8');
    expect(page).toContain(transitionTable());
  });
});
