// However much comes at once, what waits is bounded, and everybody is read again in the end.
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import { expect, it } from 'vitest';
import { Intake } from './intake.ts';

it('holds a crowd back and lets all of it in by and by', () => {
  const clock = new VirtualClock();
  const intake = new Intake(clock, 1 << 20);
  const taken: (() => void)[] = [];
  const left = new Map(Array.from({ length: 200 }, (_, i) => [i, 5]));
  let waiting = 0;
  let most = 0;
  // Each brings five chunks, as fast as it is read.
  const read = (one: number): void => {
    const chunks = left.get(one) ?? 0;
    if (chunks === 0) return;
    left.set(one, chunks - 1);
    taken.push(intake.take(60_000));
    most = Math.max(most, taken.length);
    if (intake.isFull) {
      waiting++;
      intake.whenRoom(() => {
        waiting--;
        read(one);
      });
    } else clock.after(1, () => read(one));
  };
  for (const one of left.keys()) read(one);
  expect(waiting).toBeGreaterThan(0);
  let mostAfter = 0;
  for (let i = 0; i < 20_000 && [...left.values()].some((chunks) => chunks > 0); i++) {
    taken.shift()?.();
    clock.advance(1);
    if (taken.length < 10) most = 0;
    mostAfter = Math.max(mostAfter, i > 500 ? most : 0);
  }
  expect([...left.values()].every((chunks) => chunks === 0)).toBe(true);
  // All at once, each has brought its first chunk before it can be asked to wait; never again.
  expect(mostAfter).toBeGreaterThan(0);
  expect(mostAfter).toBeLessThanOrEqual(2 * 18);
});
