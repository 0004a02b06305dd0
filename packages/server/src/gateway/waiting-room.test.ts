// Whoever comes, waits and leaves in whatever order: never too many inside, nobody waits while there is room, in their order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingRoom } from './waiting-room.ts';

const MOST_INSIDE = 3;
const MOST_IN_LINE = 4;
const MOST_WAIT_MS = 100;

describe('the waiting room', () => {
  it('keeps its order and its bounds', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('come' as const) }),
        fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }),
        fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 150 }) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        let nowMs = 0;
        const room = new WaitingRoom({
          ...{ mostInside: MOST_INSIDE, mostInLine: MOST_IN_LINE, mostWaitMs: MOST_WAIT_MS },
          nowMs: () => nowMs,
        });
        /** As it should be. */
        let inside: string[] = [];
        let line: { who: string; sinceMs: number }[] = [];
        let letIn: string[] = [];
        let count = 0;
        for (const step of all) {
          if (step.do === 'wait') nowMs += step.ms;
          if (step.do === 'come') {
            const who = `${count++}`;
            const isSlow = line[0] !== undefined && nowMs - line[0].sinceMs > MOST_WAIT_MS;
            const isTaken = inside.length < MOST_INSIDE || (!isSlow && line.length < MOST_IN_LINE);
            if (inside.length < MOST_INSIDE) inside.push(who);
            else if (isTaken) line.push({ who, sinceMs: nowMs });
            expect(room.come(who, () => letIn.push(who))).toBe(isTaken);
          }
          if (step.do === 'leave') {
            const there = [...inside, ...line.map(({ who }) => who)];
            const who = there[step.which % Math.max(1, there.length)];
            if (who === undefined) continue;
            inside = inside.filter((one) => one !== who);
            line = line.filter((one) => one.who !== who);
            if (inside.length < MOST_INSIDE && line[0] !== undefined) inside.push(line.shift()!.who);
            room.gone(who);
          }
          letIn = letIn.filter((who) => inside.includes(who));
          expect(letIn).toEqual(inside);
        }
      }),
    );
  });
});
