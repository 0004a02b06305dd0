// The truth in one line: freshness before meaning, the worst first, never «well» from silence.
import type { Channel, JournalEntry, MachineView } from '@vigie/contract';
import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { fr } from '../i18n/fr.ts';
import { machineSentence, type SentenceFacts } from './sentence.ts';

const nowMs = Date.UTC(2026, 10, 24, 13, 5);

function channel(id: string, rest: Partial<Channel> = {}): Channel {
  return {
    id,
    kind: 'number',
    names: { fr: `${id} fr`, en: `${id} en` },
    unit: '°C',
    decimals: 1,
    gauge: 1,
    chart: true,
    scale: null,
    band: null,
    limits: { alarmLow: null, warningLow: null, warningHigh: 50, alarmHigh: 60 },
    activeStates: null,
    setpoint: null,
    wrapsAt: null,
    states: null,
    ...rest,
  };
}

const state = channel('state', {
  kind: 'state',
  limits: null,
  states: [
    { value: 0, names: { fr: 'à l’arrêt', en: 'stopped' }, running: false },
    { value: 2, names: { fr: 'évaporation', en: 'evaporating' }, running: true },
  ],
});

function view(values: readonly (number | null)[], ageMs: number): MachineView {
  return {
    id: 'TV-12',
    name: 'TV-12',
    site: '',
    timeZone: 'Europe/Paris',
    schema: {
      model: 'm',
      names: { fr: 'm', en: 'm' },
      stateChannel: 'state',
      intervalMs: 1000,
      cutMs: 3_600_000,
      channels: [state, channel('a'), channel('b', { activeStates: [2] })],
    },
    last: { atMs: nowMs - ageMs, values },
    undatedRows: 0,
    intervalMs: 60_000,
    link: {
      connected: true,
      lastContactMs: nowMs,
      connectedSinceMs: nowMs,
      report: null,
      monthBlockBytes: 0,
      monthRows: 0,
      backlogRows: 0,
      bootNumber: 1,
    },
    nowMs,
  };
}

function say(values: readonly (number | null)[], ageMs: number, more: Partial<SentenceFacts> = {}): string {
  const facts = {
    view: view(values, ageMs),
    nowMs,
    serverLostMs: null,
    journal: [],
    language: 'en',
    words: en,
  } as const;
  const { tone, head, rest } = machineSentence({ ...facts, ...more });
  return `${tone}: ${[head, ...rest].join(' · ')}`.replaceAll('\u00a0', ' ');
}

describe('the sentence', () => {
  it('says that all is well only of fresh rows within limits', () => {
    expect(say([2, 40, 40], 3000)).toBe('normal: All is well · evaporating · last reading 3 s ago');
    expect(say([2, 40, 40], 200_000)).toBe(
      'late: Late · no reading for 3 min · last known: normal, evaporating',
    );
    expect(say([2, 40, 40], 3 * 3_600_000 + 5)).toBe('unknown: State unknown · TV-12 silent for 3 h');
    expect(say([2, 40, 40], 3000, { serverLostMs: nowMs - 60_000 })).toMatch(
      /^unknown: State unknown · this page lost/,
    );
  });

  it('puts the worst first, with its beginning where the journal knows it', () => {
    const journal: JournalEntry[] = [
      {
        atMs: nowMs - 3_600_000,
        kind: 'limit-crossed',
        channel: 'a',
        facts: { value: 61, level: 'alarm-high' },
      },
    ];
    expect(say([2, 61, 55], 1000, { journal })).toBe(
      'alarm: 1 alarm · a en above its limit since 13:05 and 1 more · last reading 1 s ago',
    );
    expect(say([2, null, 55], 1000)).toMatch(/^fault: 1 sensor does not answer · a en and 1 more/);
    expect(say([2, 40, 55], 1000)).toMatch(/^warning: 1 warning · b en above its limit/);
  });

  it('rests limits with the machine, in both languages', () => {
    expect(say([0, 40, 99], 1000)).toBe('stopped: Machine stopped · last reading 1 s ago');
    expect(say([0, 40, 99], 1000, { language: 'fr', words: fr })).toBe(
      'stopped: Machine à l’arrêt · dernière mesure il y a 1 s',
    );
  });

  it('says nothing of a machine that has never sent anything', () => {
    expect(say([], 0, { view: { ...view([], 0), last: null } })).toBe(
      'unknown: State unknown · Nothing received yet',
    );
  });
});
