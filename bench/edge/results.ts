// Figures of the bench: what was counted in the window, and what it makes of a day and of a month of 30 days.
import { round } from '../figures.ts';
import type { Carried } from './network.ts';
import type { Usage } from './usage.ts';

export type PeerName = 'mqtt-rows' | 'mqtt-minutes' | 'report';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const MONTH_MINUTES = 30 * DAY_MINUTES;

export interface Cost {
  readonly name: 'vigie' | PeerName;
  readonly wire: {
    /** IP bytes and packets both ways in the window. */
    readonly bytes: number;
    readonly packets: number;
    readonly bytesPerMinute: number;
    readonly megabytesPerMonth: number;
  };
  readonly cpuPercentOfCore: number;
  readonly residentMegabytes: number;
  readonly peakMegabytes: number;
  readonly writtenMegabytesPerDay: number;
}

export function costOf(
  name: Cost['name'],
  elapsedMs: number,
  { sentBytes, sentPackets, receivedBytes, receivedPackets }: Carried,
  before: Usage,
  after: Usage,
): Cost {
  const minutes = elapsedMs / MINUTE_MS;
  const bytes = sentBytes + receivedBytes;
  const packets = sentPackets + receivedPackets;
  const perMonth = (count: number): number => round((count / minutes) * MONTH_MINUTES * 1e-6);
  return {
    name,
    wire: {
      bytes,
      packets,
      bytesPerMinute: round(bytes / minutes),
      megabytesPerMonth: perMonth(bytes),
    },
    cpuPercentOfCore: round((100 * (after.cpuMs - before.cpuMs)) / elapsedMs),
    residentMegabytes: round(after.residentBytes * 1e-6),
    peakMegabytes: round(after.peakBytes * 1e-6),
    writtenMegabytesPerDay: round(
      ((after.writtenBytes - before.writtenBytes) / minutes) * DAY_MINUTES * 1e-6,
    ),
  };
}

export interface Measured {
  readonly costs: readonly Cost[];
  readonly connecting: Carried;
  readonly channels: number;
  readonly minutes: number;
  readonly tcpTimestamps: boolean;
  /** Rows of the window by the machine's state. */
  readonly rows: Readonly<Record<string, number>>;
  readonly warmUpHours: number;
  readonly warmUpRows: number;
  readonly warmUpBytes: number;
  readonly priorBytes: number;
  readonly cycle: { readonly days: number; readonly bytesPerBlock: number };
}

export interface Results {
  readonly machine: { readonly channels: number; readonly rowsPerSecond: 1; readonly blockSeconds: 60 };
  readonly window: {
    readonly minutes: number;
    readonly tcpTimestamps: boolean;
    readonly rowsByState: Readonly<Record<string, number>>;
  };
  readonly warmUp: {
    readonly hours: number;
    readonly rows: number;
    /** On the wire: enrolment, schema, priors, and the recording's own blocks. */
    readonly wireBytes: number;
    /** Of the newest prior: sent once. */
    readonly priorBytes: number;
  };
  /** IP bytes of a new connection, both ways: TCP, TLS, HELLO, WELCOME, the first anchor and row. */
  readonly connectionBytes: number;
  readonly costs: readonly Cost[];
  /** Each peer's bytes ÷ Vigie's. */
  readonly wireRatios: Readonly<Record<string, number>>;
  /** A month of blocks of whole days: what a block takes there, with what the window shows around each. */
  readonly wholeDays: {
    readonly days: number;
    readonly bytesPerBlock: number;
  };
}

export function resultsOf(measured: Measured): Results {
  const { costs, connecting, channels, minutes, rows, cycle } = measured;
  const vigie = costs.find(({ name }) => name === 'vigie');
  if (vigie === undefined) throw new Error('nothing of the edge was measured');
  return {
    machine: { channels, rowsPerSecond: 1, blockSeconds: 60 },
    window: { minutes, tcpTimestamps: measured.tcpTimestamps, rowsByState: rows },
    warmUp: {
      hours: measured.warmUpHours,
      rows: measured.warmUpRows,
      wireBytes: measured.warmUpBytes,
      priorBytes: measured.priorBytes,
    },
    connectionBytes: connecting.sentBytes + connecting.receivedBytes,
    costs,
    wireRatios: Object.fromEntries(
      costs.map(({ name, wire }) => [name, round(wire.bytes / vigie.wire.bytes)]),
    ),
    wholeDays: { days: cycle.days, bytesPerBlock: round(cycle.bytesPerBlock) },
  };
}

export function tableOf(results: Results): string {
  const { costs, wireRatios, window, connectionBytes, warmUp, wholeDays, machine } = results;
  const states = Object.entries(window.rowsByState).map(([state, rows]) => `${rows} ${state}`);
  const lines = costs.map(({ name, wire, ...cost }) =>
    [
      name.padEnd(13),
      String(wire.bytesPerMinute).padStart(9),
      String(wire.megabytesPerMonth).padStart(9),
      `${wireRatios[name]}`.padStart(7),
      String(cost.cpuPercentOfCore).padStart(7),
      String(cost.residentMegabytes).padStart(7),
      String(cost.peakMegabytes).padStart(7),
      String(cost.writtenMegabytesPerDay).padStart(10),
    ].join(' '),
  );
  return [
    `${machine.channels} channels at 1 Hz, blocks of 60 s, ${window.minutes} minutes (rows: ${states.join(', ')})`,
    '                B/minute  MB/month   ratio  CPU %  RSS MB peak MB written MB/day',
    ...lines,
    `a connection: ${connectionBytes} bytes; the newest prior: ${warmUp.priorBytes} bytes, once`,
    `a block takes ${wholeDays.bytesPerBlock} bytes over ${wholeDays.days} days with that prior`,
    ...(window.tcpTimestamps ? ['with TCP timestamps: a box without deploy/edge/60-vigie.conf'] : []),
  ].join('\n');
}
