// Figures of the bench, from the instants that were kept: how long blocks took in the window, how fast the fleet came
// back, what the server used for it. Pure.
// Not here: how instants are taken (edge.ts, load.ts).

import type { Usage } from '../edge/usage.ts';
import { percentile, round } from '../figures.ts';
import type { GeneratorUse } from './generator.ts';
import { type Acknowledged, phaseMs } from './load.ts';
import { BLOCK_MS, BLOCK_ROWS } from './recording.ts';

/** From … to, both instants of the generator's clock. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Blocks that are due in a span, of a fleet whose minutes began at `startMs`. */
export function blocksDue(machines: number, startMs: number, { fromMs, toMs }: Span): number {
  let due = 0;
  for (let i = 0; i < machines; i++) {
    const firstMs = startMs + phaseMs(i, machines) + BLOCK_MS;
    const before = (atMs: number): number => Math.max(0, Math.ceil((atMs - firstMs) / BLOCK_MS));
    due += before(toMs) - before(fromMs);
  }
  return due;
}

export interface Latencies {
  readonly blocks: number;
  /** Acknowledged within a minute of when they were due: before the next one was. */
  readonly onTime: number;
  /** From the sending of a block to its acknowledgement; `null`: nothing was acknowledged. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly mostMs: number | null;
}

/** Of the blocks that were due in a span. */
export function latenciesOf(all: readonly Acknowledged[], { fromMs, toMs }: Span): Latencies {
  const blocks = all.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs);
  const tookMs = blocks.map(({ sentMs, atMs }) => atMs - sentMs).sort((a, b) => a - b);
  return {
    blocks: blocks.length,
    onTime: blocks.filter(({ dueMs, atMs }) => atMs - dueMs <= BLOCK_MS).length,
    p50Ms: rounded(percentile(tookMs, 0.5)),
    p99Ms: rounded(percentile(tookMs, 0.99)),
    mostMs: rounded(tookMs.at(-1) ?? null),
  };
}

/** ms until `share` of all machines were back; `null`: they were not. @param backMs `null`: not back, or not flowing */
export function recoveryMs(backMs: readonly (number | null)[], fromMs: number, share: number): number | null {
  const back = backMs.filter((atMs) => atMs !== null).sort((a, b) => a - b);
  const atMs = back[Math.ceil(share * backMs.length) - 1];
  return atMs === undefined ? null : atMs - fromMs;
}

export interface Handshakes {
  readonly count: number;
  /** In the busiest second. */
  readonly peakPerSecond: number;
}

export function handshakesIn(all: readonly number[], { fromMs, toMs }: Span): Handshakes {
  const perSecond = new Map<number, number>();
  let count = 0;
  for (const atMs of all) {
    if (atMs < fromMs || atMs >= toMs) continue;
    const second = Math.floor((atMs - fromMs) / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    count++;
  }
  return { count, peakPerSecond: Math.max(0, ...perSecond.values()) };
}

/** A time in which the fleet connects. */
export interface Connecting {
  readonly span: Span;
  /** Until 99 % and all of the machines are connected and have nothing more to send; `null`: not in time. */
  readonly for99Ms: number | null;
  readonly forAllMs: number | null;
  readonly errors: Readonly<Record<string, number>>;
  readonly cpuMs: number;
}

export interface Storm extends Connecting {
  readonly kind: StormKind;
  readonly generator: GeneratorUse;
}

export interface Measured {
  readonly machines: number;
  readonly channels: number;
  readonly startMs: number;
  readonly window: Span & {
    /** Machines at its start. */
    readonly connected: number;
    readonly errors: Readonly<Record<string, number>>;
  };
  readonly seen: { readonly handshakesMs: readonly number[]; readonly blocks: readonly Acknowledged[] };
  readonly server: {
    /** Without a connection, before the first. */
    readonly idle: Usage;
    readonly atStart: Usage;
    readonly atEnd: Usage;
    readonly last: Usage;
  };
  readonly first: Connecting;
  readonly storm: Storm;
  readonly generator: GeneratorUse & { readonly lateMs: number };
  /** Rows that machines were told are stored, and that the store had at the end. */
  readonly acknowledgedRows: number;
  readonly storedRows: number;
  /** Machines of which the store has fewer rows than it acknowledged. */
  readonly machinesWithLoss: number;
  readonly history: { readonly machines: number; readonly hours: number };
  readonly disk: { readonly emptyBytes: number; readonly bytes: number; readonly priorBytes: number } | null;
  readonly blockBytes: number;
}

/** What breaks before the storm: every link, or the server itself. */
export type StormKind = 'links' | 'server';

export interface Results {
  readonly machines: number;
  readonly windowSeconds: number;
  readonly samplesPerSecond: number;
  /** Every block of the window acknowledged before the machine's next was due, and all of them in the store. */
  readonly keptUp: boolean;
  readonly ackP50Ms: number | null;
  readonly ackP99Ms: number | null;
  readonly ackMostMs: number | null;
  readonly rssMb: number;
  readonly cpuSecondsPerMillionSamples: number;
  /** All files of the data folder less those of the enrolled fleet before it sent; `null`: another database. */
  readonly bytesPerSample: number | null;
  /** `null`: 99 % did not come back. */
  readonly recovery99s: number | null;
  readonly window: {
    readonly blocksDue: number;
    readonly blocksAcknowledged: number;
    readonly blocksOnTime: number;
    readonly machinesConnected: number;
    readonly errors: Readonly<Record<string, number>>;
    readonly serverCpuSeconds: number;
    readonly serverCpuPercentOfCore: number;
    readonly writtenMb: number;
  };
  readonly memory: {
    readonly idleRssMb: number;
    readonly peakRssMb: number;
    readonly kbPerMachine: number;
  };
  readonly connecting: ConnectingFigures;
  readonly storm: ConnectingFigures & { readonly kind: StormKind } & Omit<Latencies, 'blocks' | 'onTime'>;
  readonly stored: {
    readonly rowsAcknowledged: number;
    readonly rowsStored: number;
    readonly machinesWithLoss: number;
    readonly historyMachines: number;
    readonly historyHours: number;
    readonly diskMb: number | null;
    /** Sent once by each machine, and part of `diskMb`. */
    readonly priorsMb: number | null;
    readonly meanBlockBytes: number;
  };
  readonly generator: {
    readonly cpuPercentOfCore: number;
    readonly loopP99Ms: number;
    readonly blocksLateMostMs: number;
    /** While the fleet came back. */
    readonly stormCpuPercentOfCore: number;
    readonly stormLoopP99Ms: number;
  };
}

interface ConnectingFigures {
  readonly for99s: number | null;
  readonly forAllS: number | null;
  readonly handshakes: number;
  readonly handshakesPeakPerSecond: number;
  readonly serverCpuSeconds: number;
  readonly errors: Readonly<Record<string, number>>;
}

export function resultsOf(measured: Measured): Results {
  const { machines, channels, startMs, window, seen, server, first, storm, generator, disk } = measured;
  const due = blocksDue(machines, startMs, window);
  const { blocks, onTime, p50Ms, p99Ms, mostMs } = latenciesOf(seen.blocks, window);
  const samples = blocks * BLOCK_ROWS * channels;
  const seconds = (window.toMs - window.fromMs) / 1000;
  const cpuSeconds = (server.atEnd.cpuMs - server.atStart.cpuMs) / 1000;
  const stormLatencies = latenciesOf(seen.blocks, storm.span);
  const connecting = (one: Connecting): ConnectingFigures => {
    const { count, peakPerSecond } = handshakesIn(seen.handshakesMs, one.span);
    return {
      for99s: inSeconds(one.for99Ms),
      forAllS: inSeconds(one.forAllMs),
      handshakes: count,
      handshakesPeakPerSecond: peakPerSecond,
      serverCpuSeconds: round(one.cpuMs / 1000),
      errors: one.errors,
    };
  };
  const storedSamples = measured.storedRows * channels;
  return {
    machines,
    windowSeconds: round(seconds),
    samplesPerSecond: round(samples / seconds),
    keptUp: onTime >= due && measured.machinesWithLoss === 0,
    ackP50Ms: p50Ms,
    ackP99Ms: p99Ms,
    ackMostMs: mostMs,
    rssMb: round(server.atEnd.residentBytes * 1e-6),
    cpuSecondsPerMillionSamples: round(cpuSeconds / (samples * 1e-6)),
    bytesPerSample: disk === null ? null : round((disk.bytes - disk.emptyBytes) / storedSamples),
    recovery99s: inSeconds(storm.for99Ms),
    window: {
      blocksDue: due,
      blocksAcknowledged: blocks,
      blocksOnTime: onTime,
      machinesConnected: window.connected,
      errors: window.errors,
      serverCpuSeconds: round(cpuSeconds),
      serverCpuPercentOfCore: round((100 * cpuSeconds) / seconds),
      writtenMb: round((server.atEnd.writtenBytes - server.atStart.writtenBytes) * 1e-6),
    },
    memory: {
      idleRssMb: round(server.idle.residentBytes * 1e-6),
      peakRssMb: round(Math.max(server.atEnd.peakBytes, server.last.peakBytes) * 1e-6),
      kbPerMachine: round(((server.atEnd.residentBytes - server.idle.residentBytes) / machines) * 1e-3),
    },
    connecting: connecting(first),
    storm: {
      kind: storm.kind,
      ...connecting(storm),
      p50Ms: stormLatencies.p50Ms,
      p99Ms: stormLatencies.p99Ms,
      mostMs: stormLatencies.mostMs,
    },
    stored: {
      rowsAcknowledged: measured.acknowledgedRows,
      rowsStored: measured.storedRows,
      machinesWithLoss: measured.machinesWithLoss,
      historyMachines: measured.history.machines,
      historyHours: measured.history.hours,
      diskMb: disk === null ? null : round(disk.bytes * 1e-6),
      priorsMb: disk === null ? null : round(disk.priorBytes * 1e-6),
      meanBlockBytes: round(measured.blockBytes),
    },
    generator: {
      cpuPercentOfCore: percentOfCore(generator),
      loopP99Ms: round(generator.loopP99Ms),
      blocksLateMostMs: round(generator.lateMs),
      stormCpuPercentOfCore: percentOfCore(storm.generator),
      stormLoopP99Ms: round(storm.generator.loopP99Ms),
    },
  };
}

export function tableOf(results: Results): string {
  const { window, memory, connecting, storm, stored, generator } = results;
  const or = (value: number | null, unit: string): string => (value === null ? 'never' : `${value} ${unit}`);
  const errors = (all: Readonly<Record<string, number>>): string => {
    const list = Object.entries(all).map(([reason, count]) => `${count} × ${reason}`);
    return list.length === 0 ? 'no errors' : list.join(', ');
  };
  const rows: [string, string][] = [
    ['samples', `${results.samplesPerSecond} a second for ${results.windowSeconds} s`],
    ['kept up', results.keptUp ? 'yes' : 'NO'],
    [
      'blocks',
      `${window.blocksOnTime} of ${window.blocksDue} acknowledged before the next was due; ${errors(window.errors)}`,
    ],
    [
      'block to its ACK',
      `half within ${or(results.ackP50Ms, 'ms')}, 99 % within ${or(results.ackP99Ms, 'ms')}, all within ${or(results.ackMostMs, 'ms')}`,
    ],
    [
      'server CPU',
      `${window.serverCpuPercentOfCore} % of a core, ${results.cpuSecondsPerMillionSamples} s per million samples`,
    ],
    [
      'server memory',
      `${results.rssMb} MB (${memory.idleRssMb} before the first connection, ${memory.peakRssMb} at most): ${memory.kbPerMachine} kB a machine`,
    ],
    ['written', `${window.writtenMb} MB in the window`],
    [
      'disk',
      results.bytesPerSample === null
        ? 'another database: not measured'
        : `${results.bytesPerSample} bytes a sample, priors included (${stored.diskMb} MB, ${stored.priorsMb} of them priors, ${stored.rowsStored} rows)`,
    ],
    [
      'first connection',
      `99 % in ${or(connecting.for99s, 's')}, all in ${or(connecting.forAllS, 's')}, ${connecting.handshakes} handshakes, ${connecting.serverCpuSeconds} s of CPU; ${errors(connecting.errors)}`,
    ],
    [
      `storm (${storm.kind})`,
      `99 % back in ${or(results.recovery99s, 's')}, all in ${or(storm.forAllS, 's')}, ${storm.handshakes} handshakes (${storm.handshakesPeakPerSecond} in a second), ${storm.serverCpuSeconds} s of CPU; ${errors(storm.errors)}`,
    ],
    [
      'lost rows',
      stored.machinesWithLoss === 0
        ? `none of ${stored.rowsAcknowledged} acknowledged`
        : `of ${stored.machinesWithLoss} MACHINES`,
    ],
    [
      'generator',
      `${generator.cpuPercentOfCore} % of a core, its loop ${generator.loopP99Ms} ms late (99 %), blocks ${generator.blocksLateMostMs} ms at most; in the storm ${generator.stormCpuPercentOfCore} % and ${generator.stormLoopP99Ms} ms`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    `${results.machines} machines, a row a second each, a block of 60 rows a minute (${stored.meanBlockBytes} bytes)`,
    ...rows.map(([name, text]) => `${name.padEnd(width)}${text}`),
  ].join('\n');
}

function percentOfCore({ cpuMs, elapsedMs }: GeneratorUse): number {
  return round((100 * cpuMs) / elapsedMs);
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : round(ms / 1000);
}

function rounded(value: number | null): number | null {
  return value === null ? null : round(value);
}
