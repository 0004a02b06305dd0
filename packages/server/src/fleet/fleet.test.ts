// What the server makes of rows and journals for the list: a machine's condition, the slots of its week, the news of a visit.
import type { JournalEntry } from '@vigie/contract';
import { machineSchemaSchema, readRow } from '@vigie/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionOf, sinceOf } from './condition.ts';
import { type Judged, SLOT_MS, SLOTS, stripOf, type WeekFacts } from './strip.ts';
import { visitOf } from './visit.ts';

const HOUR_MS = 3_600_000;
const fromMs = 240_000 * SLOT_MS;
const nowMs = fromMs + SLOTS * SLOT_MS - HOUR_MS;

const channel = (id: string) => ({
  ...{ id, kind: 'number', names: { fr: id, en: id } },
  ...{ limits: { warningHigh: 50, alarmHigh: 60 }, activeStates: [1] },
});
const schema = machineSchemaSchema.parse({
  ...{ model: 'm', names: { fr: 'm', en: 'm' }, stateChannel: 'state' },
  channels: [
    {
      ...{ id: 'state', kind: 'state', names: { fr: 'État', en: 'State' } },
      states: [
        { value: 0, names: { fr: 'à l’arrêt', en: 'stopped' }, running: false },
        { value: 1, names: { fr: 'marche', en: 'running' } },
      ],
    },
    channel('a'),
    channel('b'),
    channel('c'),
  ],
});
const of = (...values: (number | null)[]) => {
  const { kind, count, worst } = conditionOf(readRow(schema, values));
  return [kind, count, worst?.channel.id ?? null];
};

describe('the condition of a machine', () => {
  it('is the worst of its channels, and none while limits rest', () => {
    expect(of(1, 10, 10, 10)).toEqual(['normal', 0, null]);
    expect(of(1, 55, 10, 51)).toEqual(['warning', 2, 'a']);
    expect(of(1, 55, null, 10)).toEqual(['fault', 1, 'b']);
    expect(of(1, 55, null, 61)).toEqual(['alarm', 1, 'c']);
    expect(of(0, 55, 99, 10)).toEqual(['stopped', 0, null]);
  });

  it('is so since when the journal says, if that speaks of the same level', () => {
    const kept = {
      ...{ state: 1, counters: {} },
      channels: {
        a: { told: 'alarm-high', candidate: null, sinceMs: 7, value: 61 },
        b: { told: 'well', candidate: 'warning-high', sinceMs: 8, value: 51 },
      },
    } as const;
    expect(sinceOf(kept, 'a', 'alarm-high')).toBe(7);
    expect(sinceOf(kept, 'a', 'warning-high')).toBeNull();
    expect(sinceOf(kept, 'b', 'warning-high')).toBe(8);
    expect(sinceOf(kept, 'constructor', 'warning-high')).toBeNull();
    expect(sinceOf(null, 'a', 'alarm-high')).toBeNull();
  });
});

function crossed(atMs: number, level: string, name = 'a'): JournalEntry {
  const kind =
    level === 'well' ? 'limit-returned' : level === 'sensor-fault' ? 'sensor-fault' : 'limit-crossed';
  return { atMs, kind, channel: name, facts: level === 'well' ? { level: 'alarm-high' } : { level } };
}
const facts = (changes: Partial<WeekFacts>): WeekFacts => ({
  ...{ fromMs, nowMs, before: new Map(), entries: [], gaps: [], firstMs: fromMs, lastMs: nowMs },
  ...changes,
});

describe('the strip of a week', () => {
  it('has the worst of each slot and how long it was so, and stops at now', () => {
    const strip = stripOf(
      facts({
        before: new Map<string, Judged>([['b', 'warning']]),
        entries: [
          crossed(fromMs + HOUR_MS, 'alarm-high'),
          crossed(fromMs + 1.5 * HOUR_MS, 'well', 'b'),
          crossed(fromMs + 5 * HOUR_MS, 'well'),
        ],
      }),
    );
    expect(strip.states.slice(0, 4)).toEqual(['alarm', 'alarm', 'alarm', 'normal']);
    expect(strip.spansMs.slice(0, 4)).toEqual([HOUR_MS, 2 * HOUR_MS, HOUR_MS, 2 * HOUR_MS]);
    expect(strip.states).toHaveLength(SLOTS);
    expect(strip.spansMs.at(-1)).toBe(HOUR_MS);
  });

  it('says nothing but silence where there are no rows for an hour, also since the last one, and nothing before the first', () => {
    const alarmed = new Map<string, Judged>([['a', 'alarm']]);
    const strip = stripOf(
      facts({
        before: alarmed,
        firstMs: fromMs + 3 * HOUR_MS,
        gaps: [
          { fromMs: fromMs + 4 * HOUR_MS, toMs: fromMs + 8 * HOUR_MS },
          { fromMs: fromMs + 10 * HOUR_MS, toMs: fromMs + 10.5 * HOUR_MS },
        ],
        lastMs: nowMs - 3 * HOUR_MS,
      }),
    );
    expect(strip.states.slice(0, 6)).toEqual(['unknown', 'alarm', 'silent', 'silent', 'alarm', 'alarm']);
    expect(strip.states.slice(-2)).toEqual(['silent', 'silent']);
    expect(strip.spansMs.at(-1)).toBe(HOUR_MS);
    expect(stripOf(facts({ firstMs: null, lastMs: null })).states).toEqual(
      Array.from({ length: SLOTS }, () => 'unknown'),
    );
  });

  it('is what a look at every minute would find, whatever happened', () => {
    const minutes = fc.integer({ min: 0, max: 40 * 60 });
    const level = fc.constantFrom('alarm-high', 'warning-low', 'sensor-fault', 'well');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(minutes, level, fc.constantFrom('a', 'b')), { maxLength: 20 }),
        fc.array(fc.tuple(minutes, fc.integer({ min: 1, max: 300 })), { maxLength: 3 }),
        (happened, away) => {
          const entries = happened
            .map(([minute, to, name]) => crossed(fromMs + minute * 60_000, to, name))
            .sort((x, y) => x.atMs - y.atMs);
          let endMs = 0;
          const gaps = away
            .map(([minute, length]) => ({
              fromMs: fromMs + minute * 60_000,
              toMs: fromMs + (minute + length) * 60_000,
            }))
            .sort((x, y) => x.fromMs - y.fromMs)
            .filter((gap) => {
              const isApart = gap.fromMs >= endMs;
              if (isApart) endMs = gap.toMs;
              return isApart;
            });
          const strip = stripOf(facts({ entries, gaps }));
          for (let slot = 0; slot < 24; slot++) {
            const found: Record<string, number> = {};
            for (let atMs = fromMs + slot * SLOT_MS; atMs < fromMs + (slot + 1) * SLOT_MS; atMs += 60_000) {
              const gap = gaps.find((one) => one.fromMs <= atMs && atMs < one.toMs);
              const is = (name: string, start: string): boolean => {
                const last = entries.findLast((one) => one.channel === name && one.atMs <= atMs);
                return (
                  last !== undefined &&
                  last.kind !== 'limit-returned' &&
                  String(last.facts.level).startsWith(start)
                );
              };
              const any = (start: string): boolean => is('a', start) || is('b', start);
              const state =
                gap !== undefined && gap.toMs - gap.fromMs > HOUR_MS
                  ? 'silent'
                  : any('alarm')
                    ? 'alarm'
                    : any('sensor')
                      ? 'fault'
                      : any('warning')
                        ? 'warning'
                        : 'normal';
              found[state] = (found[state] ?? 0) + 60_000;
            }
            const worst = ['alarm', 'silent', 'fault', 'warning', 'normal'].find((state) => state in found);
            expect([strip.states[slot], strip.spansMs[slot]]).toEqual([worst, found[worst ?? '']]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the news of a visit', () => {
  it('counts alarms, silences of an hour and new machines, of those machines only that may be seen', async () => {
    const entry = (
      machine: string,
      atMs: number,
      kind: 'limit-crossed' | 'edge-connected' | 'edge-disconnected',
    ) => ({
      ...{ machine, atMs, kind },
    });
    const store = {
      newsSince: async () => ({
        entries: [
          entry('A', 1, 'edge-disconnected'),
          entry('A', HOUR_MS, 'edge-connected'),
          entry('B', 1, 'edge-disconnected'),
          entry('B', 2 * HOUR_MS, 'edge-connected'),
          entry('B', 3 * HOUR_MS, 'limit-crossed'),
          entry('C', 1, 'limit-crossed'),
          entry('C', 2, 'limit-crossed'),
          entry('D', 8.5 * HOUR_MS, 'edge-disconnected'),
          entry('E', 7 * HOUR_MS, 'edge-disconnected'),
          entry('X', 7, 'limit-crossed'),
        ],
        appeared: ['B', 'X'],
      }),
    };
    expect(await visitOf(store, 0, 9 * HOUR_MS, (machine) => 'ABCDE'.includes(machine))).toEqual({
      ...{ sinceMs: 0, alarms: 3, alarmed: ['C', 'B'], silenced: ['B', 'E'], appeared: ['B'] },
    });
    expect((await visitOf(store, null, 9, () => true)).alarmed).toEqual([]);
  });
});
