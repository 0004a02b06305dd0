// Puts machines in every state that the list knows beside the demo fleet, through the real store, while the server runs:
// a week of rows each, and what the journal said of them.
import { join } from 'node:path';
import { encodeBlock } from '@vigie/codec';
import type { JournalEntry } from '@vigie/contract';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import { openStore, type Store } from '@vigie/server';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPOOL = '0000000000000002';
/** A row every half hour, a block a day. */
const ROWS_A_BLOCK = 48;

export type Story = 'alarm' | 'warning' | 'fault' | 'normal' | 'stopped' | 'silent' | 'never' | 'undated';

export interface FleetMachine {
  readonly id: string;
  readonly name: string;
  readonly site?: string;
  readonly story: Story;
}

/** One machine in each state. */
export const inEveryState: readonly FleetMachine[] = [
  { id: 'PR-21', name: 'Pompe 21', site: 'Nantes Cheviré', story: 'alarm' },
  { id: 'PR-22', name: 'Pompe 22', site: 'Nantes Cheviré', story: 'warning' },
  { id: 'PR-23', name: 'Pompe 23', site: 'Dunkerque Est', story: 'fault' },
  { id: 'PR-24', name: 'Pompe 24', site: 'Dunkerque Est', story: 'stopped' },
  { id: 'PR-25', name: 'Pompe 25', site: 'Dunkerque Est', story: 'silent' },
  { id: 'PR-26', name: 'Pompe 26', site: 'Lyon Gerland', story: 'never' },
  { id: 'PR-27', name: 'Pompe 27', site: 'Lyon Gerland', story: 'undated' },
];

const schema = machineSchemaSchema.parse({
  model: 'pump',
  names: { fr: 'Pompe de relevage', en: 'Lift pump' },
  stateChannel: 'state',
  intervalMs: HOUR_MS / 2,
  channels: [
    {
      ...{ id: 'state', kind: 'state', names: { fr: 'État', en: 'State' }, decimals: 0 },
      states: [
        { value: 0, names: { fr: 'à l’arrêt', en: 'stopped' }, running: false },
        { value: 1, names: { fr: 'pompage', en: 'pumping' } },
      ],
    },
    ...(
      [
        ['p_out', 'Pression de refoulement', 'Outlet pressure', 'mbar', 1],
        ['t_motor', 'Température du moteur', 'Motor temperature', '°C', 2],
        ['flow', 'Débit', 'Flow', 'm³/h', 3],
      ] as const
    ).map(([id, fr, en, unit, gauge]) => ({
      ...{ id, kind: 'number', names: { fr, en }, unit, decimals: 1, gauge },
      limits: { warningHigh: 70, alarmHigh: 80 },
      activeStates: [1],
      ringing: { onDelayMs: 0 },
    })),
  ],
});
const hash = schemaHash(schema);

/** Of the newest row: the machine's state, then its gauges. */
const LAST: Readonly<Record<Story, readonly (number | null)[]>> = {
  alarm: [1, 86.4, 52.1, 12.5],
  warning: [1, 61.2, 74.9, 12.4],
  fault: [1, null, 51.7, 12.6],
  normal: [1, 60.3, 50.2, 12.5],
  stopped: [0, 0.4, 21.3, 0],
  silent: [1, 60.3, 50.2, 12.5],
  never: [],
  undated: [1, 60.3, 50.2, 12.5],
};
const TOLD: Readonly<Partial<Record<Story, readonly [channel: string, level: string]>>> = {
  alarm: ['p_out', 'alarm-high'],
  warning: ['t_motor', 'warning-high'],
  fault: ['p_out', 'sensor-fault'],
};

/** @param data of the site. Machines in alarm and the like are so for three hours, silent ones for five. */
export async function addFleet(
  data: string,
  nowMs: number,
  machines: readonly FleetMachine[],
): Promise<void> {
  const store = await openStore({ folder: join(data, 'server'), database: null }, Date.now);
  for (const machine of machines) await add(store, nowMs, machine);
  await store.close();
}

async function add(store: Store, nowMs: number, { id, name, site = 'Usine de Nantes', story }: FleetMachine) {
  // So long an interval that nothing is late before the test is over.
  await store.createMachine({ id, name, site, timeZone: 'Europe/Paris', intervalMs: 1_700_000 });
  if (story === 'never') return;
  await store.putSchema(id, hash, schema);
  await store.setMachineSchema(id, hash);
  const lastMs = nowMs - (story === 'silent' ? 5 * HOUR_MS : 10_000);
  const startMs = lastMs - 7 * DAY_MS + HOUR_MS / 2;
  if (story !== 'undated') {
    await store.putAnchor({
      machine: id,
      spool: SPOOL,
      bootNumber: 1,
      monotonicMs: 0,
      utcMs: startMs,
      errorMs: 1,
    });
  }
  const rows = 7 * ROWS_A_BLOCK;
  const waiting: Promise<unknown>[] = [];
  for (let first = 0; first < rows; first += ROWS_A_BLOCK) {
    const columns = LAST[story].map((last, k) => {
      const values = Array.from({ length: ROWS_A_BLOCK }, (_, i) =>
        first + i >= rows - 6 ? last : calm(k, first + i),
      );
      return {
        type: 'number' as const,
        values: Float64Array.from(values, (value) => value ?? 0),
        present: Uint8Array.from(values, (value) => (value === null ? 0 : 1)),
      };
    });
    waiting.push(
      store.append({
        ...{ machine: id, spool: SPOOL, firstSequence: first, bootNumber: 1, rowCount: ROWS_A_BLOCK },
        monotonicStartMs: (first * HOUR_MS) / 2,
        block: encodeBlock(
          codecSchema(schema),
          {
            rowCount: ROWS_A_BLOCK,
            timesMs: Float64Array.from({ length: ROWS_A_BLOCK }, (_, i) => (i * HOUR_MS) / 2),
            columns,
          },
          { schemaHash: hash },
        ),
      }),
    );
  }
  await Promise.all(waiting);
  await tell(store, id, story, lastMs);
}

function calm(k: number, row: number): number {
  return k === 0 ? 1 : Math.round(10 * ([0, 60, 50, 12][k] ?? 0) + 10 * Math.sin(row / 9)) / 10;
}

/** An alarm of an hour three days ago for each, and what is so now. */
async function tell(store: Store, id: string, story: Story, lastMs: number): Promise<void> {
  if (story === 'undated') return;
  const sinceMs = lastMs - 3 * HOUR_MS;
  const [channel, level] = TOLD[story] ?? [null, null];
  const crossed = (atMs: number, name: string, to: string): JournalEntry => ({
    ...{ atMs, kind: to === 'sensor-fault' ? 'sensor-fault' : 'limit-crossed', channel: name },
    facts: { value: 81, level: to },
  });
  const pastMs = lastMs - 3 * DAY_MS;
  const entries = [
    crossed(pastMs, 'flow', 'alarm-high'),
    {
      ...{ atMs: pastMs + HOUR_MS, kind: 'limit-returned' as const, channel: 'flow' },
      facts: { value: 60, level: 'alarm-high' },
    },
    ...(channel === null ? [] : [crossed(sinceMs, channel, level)]),
  ];
  const tracked = channel === null ? {} : { [channel]: { told: level, candidate: null, sinceMs, value: 81 } };
  await store.addChanges(id, entries, JSON.stringify({ state: 1, channels: tracked, counters: {} }));
}
