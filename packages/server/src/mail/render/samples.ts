// Letters to look at, for tests and for pictures of mails (npm run screenshots): one of each kind, over a day with a peak and a
// gap, on the day when clocks go back. Not here: anything of the product.
import type { ChartAnswer, Language, MachineSchema } from '@vigie/contract';
import { channelSchema } from '@vigie/model';
import type { AlarmFacts } from '../../alarms/event.ts';
import type { AlarmLetter, Letter, Told } from '../letter.ts';
import type { ChartFacts } from './chart-svg.ts';
import type { MailContext, MailMachine } from './compose.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** 14:05 in Paris, on the day on which clocks went back at three. */
const RUNG_MS = Date.UTC(2026, 9, 25, 13, 5);
const NOW_MS = RUNG_MS + 30 * MINUTE_MS;
const BUCKET_MS = 3 * MINUTE_MS;

const schema: MachineSchema = {
  ...{ model: 'turbevap', names: { fr: 'Évaporateur', en: 'Evaporator' }, intervalMs: 1000, cutMs: HOUR_MS },
  stateChannel: null,
  channels: [
    channelSchema.parse({
      ...{ id: 'p_vac', kind: 'number', unit: 'mbar', decimals: 0 },
      names: { fr: 'Vide évaporateur', en: 'Evaporator vacuum' },
      limits: { warningHigh: 55, alarmHigh: 60 },
    }),
    channelSchema.parse({
      ...{ id: 't_evap', kind: 'number', unit: '°C', decimals: 1 },
      names: { fr: 'Évaporation', en: 'Evaporation' },
      limits: { alarmHigh: 75, alarmLow: 20 },
    }),
  ],
};

const machines: ReadonlyMap<string, MailMachine> = new Map(
  ['TV-12', 'TV-14', 'TV-15', 'TV-<16>'].map((id) => [
    id,
    { name: id, site: 'Lyon', timeZone: 'Europe/Paris', schema },
  ]),
);

const facts: AlarmFacts = {
  ...{ machine: 'TV-12', alarm: 7, kind: 'alarm-high', severity: 'alarm', channel: 'p_vac' },
  ...{
    happenedMs: RUNG_MS,
    learnedMs: RUNG_MS,
    overMs: null,
    limit: 60,
    value: 68,
    peak: 68,
    peakMs: RUNG_MS,
  },
  ...{ crossings: 1, flapping: false, cause: null },
};

function told(more: Partial<AlarmFacts> = {}, rest: Partial<Told> = {}): Told {
  return {
    ...{ phase: 'rung', isLate: false, isEscalated: false, acknowledgedBy: null },
    ...rest,
    facts: { ...facts, ...more },
  };
}

const over = { overMs: RUNG_MS + 65 * MINUTE_MS, peak: 81, peakMs: RUNG_MS + 12 * MINUTE_MS, crossings: 3 };

function letter(all: readonly Told[], token: string | null): AlarmLetter {
  return { kind: 'alarms', told: all, token, follows: null };
}

export const SAMPLES: Readonly<Record<string, Letter>> = {
  alarm: letter([told()], 'TOKEN'),
  recovery: letter([told(over, { phase: 'over', acknowledgedBy: 'Noé Technicien' })], null),
  escalation: letter([told({}, { isEscalated: true })], 'TOKEN'),
  silent: letter(
    [
      told({
        ...{ kind: 'silent', channel: null, limit: null, value: null, peak: null, peakMs: null },
        cause: 'link-or-edge',
      }),
    ],
    'TOKEN',
  ),
  storm: letter(
    [
      told(),
      told({ machine: 'TV-14', kind: 'warning-high', severity: 'warning', limit: 55, value: 57 }),
      told({ machine: 'TV-<16>', kind: 'missing', channel: 't_evap', limit: null, value: null }),
      told(
        { ...over, machine: 'TV-15', alarm: 2, happenedMs: RUNG_MS - HOUR_MS, overMs: RUNG_MS },
        { phase: 'over' },
      ),
    ],
    'TOKEN',
  ),
  backlog: letter(
    Array.from({ length: 200 }, (_, n) =>
      told(
        {
          alarm: n,
          happenedMs: RUNG_MS - (n + 30) * 5 * MINUTE_MS,
          overMs: RUNG_MS - (n + 30) * 5 * MINUTE_MS + 2 * MINUTE_MS,
          peak: 60 + (n % 20),
          peakMs: RUNG_MS - (n + 30) * 5 * MINUTE_MS + MINUTE_MS,
        },
        { phase: 'passed', isLate: true },
      ),
    ),
    null,
  ),
  invitation: { kind: 'invitation', token: 'TOKEN', expiresMs: RUNG_MS + 7 * 24 * HOUR_MS },
  reset: { kind: 'reset', token: 'TOKEN', expiresMs: RUNG_MS + 24 * HOUR_MS },
  test: { kind: 'test' },
};

export function sampleContext(language: Language, hasPicture: boolean): MailContext {
  return {
    reader: { name: 'Léa Martin', language, zone: 'Europe/Paris' },
    ...{ publicUrl: 'https://vigie.example.org', nowMs: NOW_MS, machines, hasPicture },
  };
}

export function sampleChart(language: Language): ChartFacts {
  const { startMs, bucketMs, series, gaps } = sampleAnswer();
  return {
    ...{ title: schema.channels[0]?.names[language] ?? '', unit: 'mbar', decimals: 0 },
    limits: schema.channels[0]?.limits ?? null,
    ...{ fromMs: NOW_MS - 24 * HOUR_MS, toMs: NOW_MS, startMs, bucketMs, series: series[0] ?? null, gaps },
    alarm: { fromMs: RUNG_MS, toMs: null, severity: 'alarm' },
    ...{ zone: 'Europe/Paris', language },
  };
}

/** Around 48 mbar, one bucket with a peak, no rows for three hours, above the limit at the end. */
function sampleAnswer(): Omit<ChartAnswer, 'undated'> {
  const fromMs = NOW_MS - 24 * HOUR_MS;
  const [gapFromMs, gapToMs] = [fromMs + 8 * HOUR_MS, fromMs + 11 * HOUR_MS];
  const buckets = Array.from({ length: (24 * HOUR_MS) / BUCKET_MS }, (_, n) => n).filter((n) => {
    const atMs = fromMs + n * BUCKET_MS;
    return atMs < gapFromMs || atMs >= gapToMs;
  });
  const mean = (n: number): number => {
    const atMs = fromMs + n * BUCKET_MS;
    const wave = 48 + 3 * Math.sin(n / 25);
    return atMs < RUNG_MS - 20 * MINUTE_MS
      ? wave
      : Math.min(68, wave + (atMs - RUNG_MS + 20 * MINUTE_MS) / MINUTE_MS);
  };
  const peaks = (n: number): number => (n === 70 ? 59 : mean(n) + 1.5);
  const zeros = buckets.map(() => 0);
  const series = {
    ...{ channel: 'p_vac', bucket: buckets, first: zeros, firstAt: zeros, last: zeros },
    lastAt: buckets.map(() => BUCKET_MS - 1000),
    min: buckets.map((n) => mean(n) - 1.5),
    max: buckets.map(peaks),
    mean: buckets.map(mean),
    ...{ minAt: zeros, maxAt: zeros, count: zeros },
  };
  return {
    ...{ machine: 'TV-12', fromMs, toMs: NOW_MS, startMs: fromMs, bucketMs: BUCKET_MS },
    series: [series],
    gaps: [{ fromMs: gapFromMs, toMs: gapToMs, reason: null }],
  };
}
