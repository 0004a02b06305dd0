// What is done to a modem, as a pure machine: each remedy after its time and not before, none for what none mends.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ladder, newLadder, type Observation, PATIENCE_MS, step } from './ladder.ts';
import { REMEDIES, type Remedy, unread } from './modem.ts';

const MINUTE = 60_000;
const registered = { ...unread, sim: 'ready', registration: 'home', address: '10.0.0.1' } as const;
const down: Omit<Observation, 'nowMs'> = {
  linked: false,
  resting: false,
  networkWorks: false,
  modem: registered,
  available: new Set(REMEDIES),
};

/** Looks every half a minute; returns when which remedy was tried, in minutes. */
function live(
  minutes: number,
  at: (minute: number) => Partial<Observation>,
  from: Ladder = newLadder(null),
): { readonly ladder: Ladder; readonly tried: readonly (readonly [number, Remedy])[] } {
  let ladder = from;
  const tried: [number, Remedy][] = [];
  for (let minute = 0; minute < minutes; minute += 0.5) {
    const done = step(ladder, { ...down, nowMs: minute * MINUTE, ...at(minute) });
    ladder = done.ladder;
    if (done.remedy !== null) tried.push([minute, done.remedy]);
  }
  return { ladder, tried };
}

describe('the ladder', () => {
  it('goes from the mildest remedy to a reboot, each after its time', () => {
    expect(live(60, () => ({})).tried).toEqual([
      [4, 'bearer'],
      [9, 'radio'],
      [19, 'reset'],
      [29, 'power-key'],
      [59, 'reboot'],
    ]);
  });

  it('begins anew after a reboot, twice as patient each round, at most a day', () => {
    const once = live(60, () => ({})).ladder;
    const { next, rounds, counts } = once;
    const again = live(61, () => ({}), newLadder({ next, rounds, counts }));
    expect(again.tried).toEqual([
      [8, 'bearer'],
      [18, 'radio'],
      [38, 'reset'],
      [58, 'power-key'],
    ]);
    expect(again.ladder.counts).toEqual({ bearer: 2, radio: 2, reset: 2, 'power-key': 2, reboot: 1 });
    const late = live(24 * 60 + 2, () => ({}), newLadder({ next: 0, rounds: 15, counts })).tried;
    expect(late).toEqual([[24 * 60, 'bearer']]);
  });

  it.each([
    ['a missing SIM', { modem: { ...registered, sim: 'missing' as const } }],
    ['a locked SIM', { modem: { ...registered, sim: 'locked' as const } }],
    ['a denied registration', { modem: { ...registered, registration: 'denied' as const } }],
    ['a spent budget', { resting: true }],
    ['a server that is down', { networkWorks: true }],
    ['a link that stands', { linked: true }],
  ])('does nothing for %s, for months', (_, changes) => {
    const { ladder, tried } = live(60 * 24 * 60, () => changes);
    expect(tried).toEqual([]);
    expect(ladder).toMatchObject({ next: 0, rounds: 0 });
  });

  it('gives a modem that does not answer no command', () => {
    expect(live(45, () => ({ modem: null })).tried).toEqual([
      [10, 'power-key'],
      [40, 'reboot'],
    ]);
    const nothing = { modem: null, available: new Set<Remedy>(['bearer', 'radio', 'reset']) };
    expect(live(600, () => nothing).tried).toEqual([]);
  });

  it('goes on where it was after a link that did not last, and begins anew after one that did', () => {
    const flapping = live(30, (minute) => ({ linked: minute >= 10 && minute < 12 }));
    expect(flapping.tried.map(([, remedy]) => remedy)).toEqual(['bearer', 'radio', 'reset']);
    const lasting = live(30, (minute) => ({ linked: minute >= 10 && minute < 16 }));
    expect(lasting.tried.map(([, remedy]) => remedy)).toEqual(['bearer', 'radio', 'bearer', 'radio']);
  });

  it('never tries a remedy before its time, whatever happens', () => {
    const moment = fc.record({
      linked: fc.boolean(),
      resting: fc.boolean(),
      networkWorks: fc.constantFrom(true, false, null),
      modem: fc.constantFrom(null, registered, { ...registered, sim: 'missing' as const }),
      forMs: fc.integer({ min: 1, max: 20 * MINUTE }),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 60 }), (moments) => {
        let [ladder, nowMs, lastMs] = [newLadder(null), 0, 0];
        for (const { forMs, ...one } of moments) {
          nowMs += forMs;
          const done = step(ladder, { ...down, ...one, nowMs });
          ladder = done.ladder;
          if (done.remedy === null) continue;
          expect(nowMs - lastMs).toBeGreaterThanOrEqual(PATIENCE_MS[done.remedy]);
          expect(one).toMatchObject({ linked: false, resting: false });
          expect(one.networkWorks).not.toBe(true);
          expect(one.modem?.sim).not.toBe('missing');
          lastMs = nowMs;
        }
      }),
    );
  });
});
