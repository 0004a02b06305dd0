// What an address leads to: panes by unit, small ones above five, comparisons in the colour of what they are compared with;
// and which entries of a journal are events to align on.
import type { Catalogue, Channel, JournalEntry, MachineSchema } from '@vigie/contract';
import { expect, it } from 'vitest';
import { emptyAddress } from './analysis-address.ts';
import { comparedBack, planAnalysis, questionsOf, shiftOf } from './analysis-plan.ts';
import { eventsOf } from './start-ups.ts';
import { analysisWords } from './words.ts';

const channel = (id: string, unit: string): Channel =>
  ({ id, unit, kind: 'number', names: { fr: `${id} fr`, en: id }, states: null }) as Channel;
const state = {
  ...channel('state', ''),
  kind: 'state',
  states: [
    { value: 0, names: { fr: 'arrêt', en: 'rest' }, running: false },
    { value: 1, names: { fr: 'marche', en: 'run' }, running: true },
    { value: 2, names: { fr: 'lavage', en: 'wash' }, running: true },
  ],
} as Channel;
const temperatures = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => channel(id, '°C'));
const schema = {
  model: 'test',
  cutMs: 1,
  stateChannel: 'state',
  channels: [...temperatures, channel('p', 'bar'), state],
} as unknown as MachineSchema;
const catalogue: Catalogue = {
  machines: ['M-1', 'M-2'].map((id) => ({ id, name: id, site: '', timeZone: 'UTC', schema: 0 })),
  schemas: [schema],
  nowMs: 0,
};
const refs = (...keys: string[]) =>
  keys.map((key) => ({ machine: key.split('.')[0]!, channel: key.split('.')[1]! }));
const plan = (series: ReturnType<typeof refs>, backMs: number | null = null, runs = emptyAddress.runs) =>
  planAnalysis(
    catalogue,
    { ...emptyAddress, series, runs },
    backMs === null ? null : { byMs: backMs, endMs: 0 },
    'en',
    analysisWords.value,
  );

it('makes a pane of each unit, and of each series where there are more than five', () => {
  const few = plan(refs('M-1.a', 'M-1.p', 'M-2.a'), 7);
  expect(few.panes.map(({ axisKey, curves }) => [axisKey, curves.map(({ key }) => key).join(' ')])).toEqual([
    ['C', 'M-1.a M-1.a~ M-2.a M-2.a~'],
    ['bar', 'M-1.p M-1.p~'],
  ]);
  expect(few.panes[0]!.curves.map(({ color, isDashed }) => `${color}${isDashed ? ' dashed' : ''}`)).toEqual([
    '0',
    '0 dashed',
    '1',
    '1 dashed',
  ]);
  const many = plan(refs('M-1.a', 'M-1.b', 'M-1.c', 'M-1.d', 'M-1.e', 'M-1.f', 'M-1.p'), 7);
  expect(many.panes.map(({ isSmall, curves }) => `${isSmall} ${curves.length}`)).toEqual([
    ...Array<string>(6).fill('true 2'),
    'false 2',
  ]);
});

it('compares a clock with the same clock, also across a change of it, in the zone of each machine', () => {
  const hour = 3_600_000;
  const week = { ...emptyAddress, compare: { kind: 'back' as const, byMs: 7 * 24 * hour } };
  const shift = (to: string, zone: string, address = week) => {
    const toMs = Date.parse(to);
    return shiftOf(comparedBack(address, { fromMs: toMs - 24 * hour, toMs })!, zone) / hour;
  };
  // Clocks go forward in Paris on 29 March 2026, and back on 25 October; in New York on 8 March.
  expect(shift('2026-03-31T10:00+02:00', 'Europe/Paris')).toBe(7 * 24 - 1);
  expect(shift('2026-10-26T10:00+01:00', 'Europe/Paris')).toBe(7 * 24 + 1);
  expect(shift('2026-03-28T10:00+01:00', 'Europe/Paris')).toBe(7 * 24);
  expect(shift('2026-03-10T10:00-04:00', 'America/New_York')).toBe(7 * 24 - 1);
  expect(shift('2026-03-31T10:00+02:00', 'UTC')).toBe(7 * 24);
  // A day before the night of the change is its same hour; hours are hours.
  const byHours = (byMs: number) => ({ ...emptyAddress, compare: { kind: 'back' as const, byMs } });
  expect(shift('2026-03-29T10:00+02:00', 'Europe/Paris', byHours(24 * hour))).toBe(23);
  expect(shift('2026-03-29T10:00+02:00', 'Europe/Paris', byHours(12 * hour))).toBe(12);
  // What is drawn together was asked for at these instants.
  const toMs = Date.parse('2026-03-31T10:00+02:00');
  const paris = {
    ...catalogue,
    machines: catalogue.machines.map((one) => ({ ...one, timeZone: 'Europe/Paris' })),
  };
  const address = { ...week, series: refs('M-1.a') };
  const range = { fromMs: toMs - hour, toMs };
  const both = planAnalysis(paris, address, comparedBack(address, range), 'en', analysisWords.value);
  expect(questionsOf(both, range, 9).map(({ toMs: end }) => new Date(end).toISOString())).toEqual([
    '2026-03-31T08:00:00.000Z',
    '2026-03-24T09:00:00.000Z',
  ]);
});

it('asks for each machine once per stretch of time, at its own instants', () => {
  const shown = { fromMs: -1000, toMs: 5000 };
  const runs = [
    { machine: 'M-1', atMs: 10_000 },
    { machine: 'M-1', atMs: 30_000 },
    { machine: 'M-2', atMs: 500 },
  ];
  const aligned = plan(refs('M-1.a', 'M-1.p', 'M-2.a', 'M-9.a', 'M-2.nope'), null, runs);
  expect(
    questionsOf(aligned, shown, 9).map(({ machine, channels, fromMs, toMs }) => [
      machine,
      channels.join(),
      fromMs,
      toMs,
    ]),
  ).toEqual([
    ['M-1', 'a,p', 9000, 15_000],
    ['M-1', 'a,p', 29_000, 35_000],
    ['M-2', 'a', 0, 5500],
  ]);
  expect([aligned.unseen, aligned.absent]).toEqual([['M-9'], refs('M-2.nope')]);
});

it('finds start-ups: from rest to running, and nothing else', () => {
  const entry = (atMs: number, from: number, to: number): JournalEntry => ({
    atMs,
    kind: 'state',
    channel: 'state',
    facts: { from, to },
  });
  const entries = [
    entry(5, 2, 0),
    entry(4, 1, 2),
    entry(3, 0, 1),
    entry(2, 1, 0),
    entry(1, 0, 2),
    entry(0, 7, 1),
  ];
  expect(eventsOf(entries, schema, 'start-up')).toEqual([3, 1]);
  expect(eventsOf(entries, schema, 2)).toEqual([4, 1]);
});
