// What the list says of machines: how each stands as its row grows old, in which order, the sentence, the search, the strip.
import type { Fleet, FleetChannel, MachineCondition, MachineSummary, Strip } from '@vigie/contract';
import { describe, expect, it } from 'vitest';
import { en as shared } from '../i18n/en.ts';
import { fr as sharedFr } from '../i18n/fr.ts';
import { fleetSentence } from './fleet-sentence.ts';
import { matching, sortMachines, standingOf } from './standing.ts';
import { midnights, runsOf, slotToTell, slotWords } from './strip-facts.ts';
import { fleetWords } from './words.ts';

const nowMs = Date.UTC(2026, 10, 24, 13, 5);
const minute = 60_000;
const pressure: FleetChannel = {
  ...{ id: 'p', names: { fr: 'Pression', en: 'Pressure' }, unit: 'mbar', decimals: 1, states: null },
};

function condition(kind: MachineCondition['kind'], rest: Partial<MachineCondition> = {}): MachineCondition {
  const isAbnormal = kind === 'alarm' || kind === 'fault' || kind === 'warning';
  return {
    kind,
    count: isAbnormal ? 1 : 0,
    channel: isAbnormal ? 0 : null,
    level:
      kind === 'alarm'
        ? 'alarm-high'
        : kind === 'fault'
          ? 'sensor-fault'
          : kind === 'warning'
            ? 'warning-low'
            : null,
    sinceMs: null,
    state: null,
    ...rest,
  };
}

function machine(
  id: string,
  kind: MachineCondition['kind'] | null,
  ageMinutes: number | null = 1,
): MachineSummary {
  return {
    ...{ id, name: `Machine ${id}`, site: 'Évreux', model: { fr: 'Pompe', en: 'Pump' } },
    ...{ intervalMs: minute, connected: true, onlyUndated: false, values: [] },
    lastRowMs: ageMinutes === null ? null : nowMs - ageMinutes * minute,
    condition: kind === null ? null : condition(kind),
  };
}

function say(
  machines: readonly MachineSummary[],
  serverLostMs: number | null = null,
  language: 'en' | 'fr' = 'en',
) {
  const fleet: Fleet = { channels: [pressure], machines, nowMs };
  const { tone, head, rest } = fleetSentence({
    ...{ fleet, nowMs, serverLostMs, zone: 'Europe/Paris', language, words: fleetWords[language] },
    shared: language === 'en' ? shared : sharedFr,
  });
  return `${tone}: ${[head, ...rest].join(' · ')}`.replaceAll(/[\u00a0\u202f]/g, ' ');
}

describe('how a machine stands', () => {
  it('is its condition while its row is fresh, says that it is late, and nothing of it after an hour', () => {
    expect(standingOf(machine('a', 'normal', 2), nowMs)).toEqual({ kind: 'normal', late: false });
    expect(standingOf(machine('a', 'normal', 3), nowMs)).toEqual({ kind: 'late', late: true });
    expect(standingOf(machine('a', 'alarm', 3), nowMs)).toEqual({ kind: 'alarm', late: true });
    expect(standingOf(machine('a', 'normal', 1), nowMs, true)).toEqual({ kind: 'late', late: true });
    for (const kind of ['alarm', 'fault', 'warning', 'stopped', 'normal'] as const) {
      expect(standingOf(machine('a', kind, 61), nowMs)).toEqual({ kind: 'silent', late: false });
    }
    expect(standingOf(machine('a', null, null), nowMs).kind).toBe('never');
    expect(standingOf({ ...machine('a', null, null), onlyUndated: true }, nowMs).kind).toBe('undated');
  });

  it('puts alarm before silence before warning before normal, and 2 before 10', () => {
    const machines = [
      ...[
        machine('10', 'normal'),
        machine('2', 'stopped'),
        machine('w', 'warning'),
        machine('s', 'alarm', 70),
      ],
      ...[
        machine('t', 'normal', 700),
        machine('n', null, null),
        machine('f', 'fault'),
        machine('a', 'alarm'),
      ],
      machine('l', 'normal', 4),
    ];
    expect(sortMachines(machines, nowMs).map(({ id }) => id)).toEqual([
      'a',
      't',
      's',
      'n',
      'f',
      'w',
      'l',
      '2',
      '10',
    ]);
  });

  it('finds by every word, without accents or case', () => {
    const machines = [machine('TV-1', 'normal'), { ...machine('TV-2', 'normal'), site: 'Lyon' }];
    expect(matching(machines, ' evreux POMPE ').map(({ id }) => id)).toEqual(['TV-1']);
    expect(matching(machines, 'tv').length).toBe(2);
    expect(matching(machines, 'evreux lyon')).toEqual([]);
  });
});

describe('the sentence', () => {
  it('says the worst first', () => {
    const sinceMs = nowMs - 60 * minute;
    const alarm = { ...machine('TV-12', null), condition: condition('alarm', { sinceMs }) };
    expect(say([machine('b', 'normal'), alarm])).toBe(
      'alarm: 1 alarm · Machine TV-12: Pressure too high since 13:05',
    );
    expect(say([alarm, machine('s', 'normal', 180), machine('c', 'alarm')])).toBe(
      'alarm: 2 alarms · Machine c: Pressure too high and 1 more · 1 machine silent',
    );
    expect(say([machine('TV-07', 'alarm', 180), machine('b', 'warning')])).toBe(
      'unknown: State unknown · Machine TV-07 silent for 3 h · 2 machines',
    );
    expect(say([machine('b', 'warning'), machine('c', 'fault')])).toBe(
      'fault: 1 sensor does not answer · Machine c: Pressure',
    );
    expect(say([machine('b', 'warning')], null, 'fr')).toBe(
      'warning: 1 avertissement · Machine b : Pression sous la limite',
    );
  });

  it('says that all is well only when every machine is heard, in time and within its limits', () => {
    const well = [machine('a', 'normal'), machine('b', 'stopped', 2)];
    expect(say(well)).toBe('normal: All is well · 2 machines · last reading 1 min ago');
    const others = [
      machine('x', 'normal', 4),
      machine('x', 'normal', 90),
      machine('x', null, null),
      { ...machine('x', null, null), onlyUndated: true },
      machine('x', 'warning'),
    ];
    for (const other of others) expect(say([...well, other])).not.toContain('well');
    expect(say([...well, others[2]!])).toBe(
      'unknown: State unknown · Machine x has sent nothing yet · 3 machines · last reading 1 min ago',
    );
    expect(say(well, nowMs - 30_000)).toContain('State unknown · this page lost the server at 14:04');
  });
});

describe('the strip', () => {
  const slotMs = 7_200_000;
  const strip: Strip = {
    fromMs: Date.UTC(2026, 10, 24, 3),
    slotMs,
    states: ['unknown', 'normal', 'alarm', 'alarm', 'normal', 'silent'],
    spansMs: [slotMs, slotMs, 30 * minute, 35 * minute + 20_000, slotMs, 5 * minute],
  };

  it('tells of the latest of what is worst, with the length of its whole run', () => {
    expect(runsOf(strip.states).map(({ slot, count }) => [slot, count])).toEqual([
      [0, 1],
      [1, 1],
      [2, 2],
      [4, 1],
      [5, 1],
    ]);
    expect(slotToTell(strip)).toBe(3);
    expect(slotToTell({ ...strip, states: ['normal', 'unknown'] })).toBeNull();
    const words = (slot: number): string =>
      slotWords(strip, slot, { nowMs, zone: 'UTC', language: 'en', words: fleetWords.en }).replaceAll(
        '\u00a0',
        ' ',
      );
    expect(words(3)).toBe('alarm for 1 h 5 min in all, 24 Nov 07:00 → 11:00');
    expect(words(5)).toBe('no data for 5 min in all, 24 Nov 13:00 → 13:05');
    expect(words(1)).toBe('nothing abnormal, 24 Nov 05:00 → 07:00');
  });

  it('marks the days of the reader', () => {
    const week: Strip = { ...strip, states: Array.from({ length: 84 }, () => 'normal' as const) };
    expect(midnights(week)).toHaveLength(7);
  });
});
