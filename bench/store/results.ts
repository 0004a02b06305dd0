// Figures of the bench: each store's rows as measured, and what they say of the goals. Pure.
// Invariant: a goal that cannot be judged, since a peer is absent, is neither met nor missed.
import { round } from '../figures.ts';
import type { ChartLatency, RangeName, ShapeName } from './latency.ts';
import type { PeerName } from './peer.ts';

const ONE_CHANNEL_MOST_MS = 10;
const EIGHT_SERIES_MOST_MS = 40;
/** CPU per sample of these is at least so many times Vigie's. */
const CPU_RATIOS = { 'victoria-metrics': 5, 'postgres-rows': 15 } as const;
const SECONDS_A_YEAR = 365.25 * 86_400;

export interface MeasuredPeer {
  readonly name: PeerName;
  readonly durability: string;
  readonly samples: number;
  readonly ingestSeconds: number;
  /** Of the server's processes, until it rests again: sealing and merging are in it. */
  readonly cpuSeconds: number;
  readonly storedBytes: number;
  readonly charts: readonly ChartLatency[];
  readonly acknowledgedRows: number;
  /** After the kill and a new start. */
  readonly storedRows: number;
}

export interface MeasuredLong {
  readonly years: number;
  readonly rows: number;
  readonly sealedHours: number;
  readonly bytes: number;
  readonly buildSeconds: number;
  readonly charts: readonly ChartLatency[];
}

export interface Measured {
  readonly cores: number;
  readonly machines: number;
  readonly channels: number;
  readonly days: number;
  readonly peers: readonly MeasuredPeer[];
  readonly absentPeers: readonly { readonly name: PeerName; readonly reason: string }[];
  /** `null`: none was built. */
  readonly long: MeasuredLong | null;
}

export interface PeerFigures {
  readonly name: PeerName;
  readonly durability: string;
  readonly ingest: {
    readonly samplesPerCpuSecond: number;
    readonly cpuUsPerThousandSamples: number;
    readonly samplesPerSecond: number;
  };
  readonly bytesPerSample: number;
  readonly charts: readonly ChartLatency[];
  readonly kill9: {
    readonly acknowledgedRows: number;
    readonly storedRows: number;
    readonly lostRows: number;
  };
  /** What the long history would have taken it, at this rate; `null`: it is the one that has it, or none was built. */
  readonly longHistoryHours: number | null;
}

export interface Goal {
  readonly goal: string;
  /** `null`: not to be judged. */
  readonly met: boolean | null;
  readonly why: string;
}

export interface Results {
  readonly cores: number;
  readonly rows: {
    readonly machines: number;
    readonly channels: number;
    readonly days: number;
    readonly samples: number;
  };
  readonly peers: readonly PeerFigures[];
  readonly absentPeers: Measured['absentPeers'];
  readonly long: {
    readonly years: number;
    readonly samples: number;
    readonly sealedHours: number;
    readonly bytesPerSample: number;
    readonly buildSeconds: number;
    readonly charts: readonly ChartLatency[];
  } | null;
  readonly goals: readonly Goal[];
}

export function resultsOf(measured: Measured): Results {
  const { cores, machines, channels, days, absentPeers, long } = measured;
  const peers = measured.peers.map((peer) => figuresOf(peer, channels, long));
  const longFigures =
    long === null
      ? null
      : {
          years: long.years,
          samples: long.rows * channels,
          sealedHours: long.sealedHours,
          bytesPerSample: round(long.bytes / (long.rows * channels)),
          buildSeconds: round(long.buildSeconds),
          charts: long.charts,
        };
  return {
    cores,
    rows: { machines, channels, days, samples: measured.peers[0]?.samples ?? 0 },
    peers,
    absentPeers,
    long: longFigures,
    goals: goalsOf(peers, longFigures?.charts ?? []),
  };
}

function figuresOf(peer: MeasuredPeer, channels: number, long: MeasuredLong | null): PeerFigures {
  const { name, durability, samples, cpuSeconds, acknowledgedRows, storedRows } = peer;
  const perSecond = samples / peer.ingestSeconds;
  return {
    name,
    durability,
    ingest: {
      samplesPerCpuSecond: round(samples / cpuSeconds),
      cpuUsPerThousandSamples: round((cpuSeconds * 1e9) / samples),
      samplesPerSecond: round(perSecond),
    },
    bytesPerSample: round(peer.storedBytes / samples),
    charts: peer.charts,
    kill9: { acknowledgedRows, storedRows, lostRows: Math.max(0, acknowledgedRows - storedRows) },
    longHistoryHours:
      long === null || name === 'vigie-sqlite'
        ? null
        : round((long.years * SECONDS_A_YEAR * channels) / perSecond / 3600),
  };
}

function goalsOf(peers: readonly PeerFigures[], longCharts: readonly ChartLatency[]): Goal[] {
  const of = (name: PeerName): PeerFigures | null => peers.find((peer) => peer.name === name) ?? null;
  const vigie = of('vigie-sqlite');
  if (vigie === null) return [];
  const charts = [...vigie.charts, ...longCharts];
  const within = (shape: ShapeName, mostMs: number): Goal => {
    const worst = charts
      .filter((one) => one.shape === shape)
      .reduce<ChartLatency | null>(
        (most, one) => (one.warm.p95Ms > (most?.warm.p95Ms ?? -1) ? one : most),
        null,
      );
    return {
      goal: `${shape}, any range, warm: 95 % within ${mostMs} ms`,
      met: worst === null ? null : worst.warm.p95Ms <= mostMs,
      why:
        worst === null
          ? 'no chart was asked'
          : `the slowest range is ${rangeText(worst.range)}: ${worst.warm.p95Ms} ms`,
    };
  };
  const absent = (goal: string): Goal => ({ goal, met: null, why: 'this peer is absent' });
  const cheaper = (name: keyof typeof CPU_RATIOS): Goal => {
    const goal = `CPU per sample at most 1/${CPU_RATIOS[name]} of ${name}`;
    const peer = of(name);
    if (peer === null) return absent(goal);
    const [own, other] = [vigie.ingest.cpuUsPerThousandSamples, peer.ingest.cpuUsPerThousandSamples];
    return {
      goal,
      met: own * CPU_RATIOS[name] <= other,
      why: `${own} against ${other} µs for a thousand samples: 1/${round(other / own)}`,
    };
  };
  const smaller = (): Goal => {
    const goal = 'bytes on disk at most those of victoria-metrics';
    const peer = of('victoria-metrics');
    if (peer === null) return absent(goal);
    return {
      goal,
      met: vigie.bytesPerSample <= peer.bytesPerSample,
      why: `${vigie.bytesPerSample} against ${peer.bytesPerSample} bytes a sample`,
    };
  };
  const { lostRows, acknowledgedRows } = vigie.kill9;
  return [
    within('1 channel', ONE_CHANNEL_MOST_MS),
    within('8 series', EIGHT_SERIES_MOST_MS),
    cheaper('victoria-metrics'),
    cheaper('postgres-rows'),
    smaller(),
    {
      goal: 'no acknowledged row lost by kill -9',
      met: lostRows === 0,
      why: `${lostRows} of ${acknowledgedRows}`,
    },
    ...peers
      .filter(({ name }) => name !== 'vigie-sqlite' && name !== 'vigie-postgres')
      .map((peer) => aheadOf(vigie, peer)),
  ];
}

/** On every row of the comparison; warm charts by their 95th percentile. */
export function aheadOf(vigie: PeerFigures, peer: PeerFigures): Goal {
  const behind: string[] = [];
  const compare = (row: string, own: number, other: number): void => {
    if (own > other) behind.push(`${row} (${own} against ${other})`);
  };
  const [ingest, others] = [vigie.ingest, peer.ingest];
  compare('CPU µs a thousand samples', ingest.cpuUsPerThousandSamples, others.cpuUsPerThousandSamples);
  compare('bytes a sample', vigie.bytesPerSample, peer.bytesPerSample);
  compare('rows lost', vigie.kill9.lostRows, peer.kill9.lostRows);
  for (const { range, shape, warm, cold } of vigie.charts) {
    const other = peer.charts.find((one) => one.range === range && one.shape === shape);
    if (other === undefined) continue;
    compare(`${shape} over ${rangeText(range)}, warm, ms`, warm.p95Ms, other.warm.p95Ms);
    compare(`${shape} over ${rangeText(range)}, cold, ms`, cold.p50Ms, other.cold.p50Ms);
  }
  return {
    goal: `ahead of ${peer.name} on every row`,
    met: behind.length === 0,
    why: behind.length === 0 ? 'on all of them' : `behind on ${behind.join('; ')}`,
  };
}

export function tableOf(results: Results): string {
  const { rows, peers, absentPeers, long, goals, cores } = results;
  const lines = [
    `${rows.machines} machines of ${rows.channels} channels at 1 Hz, ${rows.days} days: ${rows.samples} samples; ${cores} cores`,
    '',
    'store             samples/CPU s  CPU µs/1000  samples/s  bytes/sample  lost by kill -9',
    ...peers.map(({ name, ingest, bytesPerSample, kill9 }) =>
      [
        name.padEnd(17),
        String(ingest.samplesPerCpuSecond).padStart(13),
        String(ingest.cpuUsPerThousandSamples).padStart(12),
        String(ingest.samplesPerSecond).padStart(10),
        String(bytesPerSample).padStart(13),
        `  ${kill9.lostRows} of ${kill9.acknowledgedRows} acknowledged rows`,
      ].join(' '),
    ),
    ...absentPeers.map(({ name, reason }) => `${name} is left out: ${reason}`),
    '',
    ...peers.map(({ name, durability }) => `${name}: ${durability}`),
    '',
    ...peers.flatMap(({ name, charts }) => [`charts of ${name}`, ...chartLines(charts), '']),
  ];
  if (long !== null) {
    lines.push(
      `${long.years} years of a machine on vigie-sqlite: ${long.samples} samples, ${long.sealedHours} sealed hours, ${long.bytesPerSample} bytes a sample, built in ${long.buildSeconds} s`,
      ...chartLines(long.charts),
      ...peers.flatMap(({ name, longHistoryHours }) =>
        longHistoryHours === null ? [] : [`  not built on ${name}: would take ${longHistoryHours} h`],
      ),
      '',
    );
  }
  const verdict = { true: 'met    ', false: 'NOT MET', null: 'unknown' } as const;
  lines.push(...goals.map(({ goal, met, why }) => `${verdict[`${met}`]} ${goal}: ${why}`));
  return lines.join('\n');
}

function chartLines(charts: readonly ChartLatency[]): string[] {
  return charts.map(
    ({ range, shape, warm, cold }) =>
      `  ${rangeText(range).padEnd(15)} ${shape.padEnd(24)} warm ${warm.p50Ms} / ${warm.p95Ms} ms (${warm.charts}), cold ${cold.p50Ms} / ${cold.p95Ms} ms (${cold.charts})`,
  );
}

function rangeText(range: RangeName): string {
  switch (range) {
    case 'hour':
      return 'an hour';
    case 'day':
      return 'a day';
    case 'month':
      return 'a month';
    case 'all':
      return 'all its history';
  }
}
