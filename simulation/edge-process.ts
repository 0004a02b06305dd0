// A run of the agent on a simulated box: the programs' own code, with a simulated source, disk and network under it.
// Not here: when it is started, and how it ends (life.ts).
import {
  Agent,
  type Dial,
  type EdgeHome,
  learn,
  liveAxis,
  Spool,
  type SpoolDisk,
  type Trainer,
  throughSleep,
  unrounded,
} from '@vigie/edge';
import type { Frame, Refused } from '@vigie/protocol';
import type { VirtualClock } from '@vigie/protocol/virtual-clock';
import { MACHINE, MINUTE, PIN, type ProcessEnd, type ProcessRecord, PUBLIC_KEY, sign } from './account.ts';
import { type modelOf, SimulatedSource, type Truth } from './machine.ts';
import type { Mutant } from './mutants.ts';
import type { Network } from './network.ts';
import { type Box, ProcessClock } from './process-clock.ts';
import type { Dice } from './random.ts';

/** Keys and settings do not change in a simulated life. */
const HOME: EdgeHome = {
  settings: null,
  usage: null,
  keepUsage: () => ({ ok: true, value: undefined }),
  keepSettings: () => ({ ok: true, value: undefined }),
  keepPins: () => ({ ok: true, value: undefined }),
  credentials: () => [{ publicKey: PUBLIC_KEY, sign }],
  proven: () => ({ ok: true, value: undefined }),
};
interface EdgeOptions {
  readonly box: Box;
  readonly number: number;
  readonly disk: SpoolDisk;
  readonly mostBytes: number;
  readonly schema: ReturnType<typeof modelOf>;
  readonly clock: VirtualClock;
  readonly dice: Dice;
  readonly truth: Truth;
  readonly network: Network;
  readonly mutant: Mutant;
  readonly processes: ProcessRecord[];
  readonly isPowered: () => boolean;
  readonly acknowledged: (spool: string, mark: number) => void;
  readonly refused: (why: Refused) => void;
  readonly welcomed: (spool: string, mark: number) => void;
  readonly renewed: () => void;
  readonly troubleSinceUtcMs: () => number;
}

export class EdgeProcess {
  readonly source: SimulatedSource;
  readonly setAside: string | null;
  readonly #agent: Agent;
  readonly #spool: Spool;
  readonly #clock: ProcessClock;
  readonly #trueClock: VirtualClock;
  readonly #record: ProcessRecord;
  readonly #truth: Truth;
  readonly #died: (silently: boolean) => void;
  readonly #slept: () => void;
  readonly #troubleSinceUtcMs: () => number;

  /** Why it does not start, in words, or the process. */
  static start(options: EdgeOptions): EdgeProcess | string {
    const { box, mutant } = options;
    const clock = new ProcessClock(options.clock, box);
    const opened = Spool.open({
      disk: options.disk,
      file: 'spool.db',
      bootId: mutant.bootId ?? box.bootId,
      schema: options.schema,
      randomness: options.dice,
      mostBytes: options.mostBytes,
    });
    if (!opened.ok || !options.isPowered()) {
      clock.isAlive = false;
      if (opened.ok) opened.value.close();
      return opened.ok ? 'the power is gone' : opened.message;
    }
    return new EdgeProcess(options, clock, mutant.spool?.(opened.value) ?? opened.value);
  }

  private constructor(options: EdgeOptions, clock: ProcessClock, spool: Spool) {
    const { box, truth, mutant } = options;
    const uptimeMs = (): number => {
      const onMs = options.clock.monotonicMs() - box.onMs;
      return Math.floor((box.startMs + onMs * (1 + box.drift)) / 10) * 10;
    };
    const awake = mutant.sleepless === true ? clock : throughSleep(clock, uptimeMs);
    this.#trueClock = options.clock;
    this.#clock = clock;
    this.#spool = spool;
    this.#truth = truth;
    this.#troubleSinceUtcMs = options.troubleSinceUtcMs;
    this.setAside = spool.setAside;
    this.#record = {
      boot: box.number,
      spool: spool.id,
      firstScan: truth.rows.length,
      endScan: -1,
      endUtcMs: 0,
      endAwakeMs: 0,
      end: 'running',
      refusedSinceUtcMs: null,
    };
    options.processes.push(this.#record);
    const { dial, died, silence } = options.network.dialler(() => clock.isAlive);
    this.#died = died;
    this.#slept = silence;
    const heard = overhearing(dial, (frame) => {
      if (frame.type === 'ACK') options.acknowledged(spool.id, frame.nextSequence);
      if (frame.type === 'REFUSED') options.refused(frame.body);
      if (frame.type === 'WELCOME') options.welcomed(spool.id, frame.body.nextSequence);
    });
    const axis = { ...liveAxis(awake, box.bootId), ...(mutant.anchor && { anchor: mutant.anchor }) };
    this.source = new SimulatedSource({
      schema: options.schema,
      axis,
      intervalMs: box.intervalMs,
      clock: mutant.sourceClock?.(awake) ?? awake,
      trueClock: options.clock,
      awakeMs: () => clock.monotonicMs(),
      truth,
      process: options.number,
    });
    this.#agent = new Agent({
      identity: { machine: MACHINE, host: 'server', port: 8443, pins: [PIN] },
      home: HOME,
      source: this.source,
      spool,
      intervalMs: MINUTE,
      clock: awake,
      randomness: options.dice,
      trainer,
      dial: mutant.dial?.(heard) ?? heard,
      plan: unrounded,
      counter: null,
      roads: null,
      modem: () => null,
      version: 'simulated',
      say: (message) => {
        if (message.includes('under a new identity')) options.renewed();
      },
    });
    this.#agent.start();
  }

  /** Of the next row to be committed. */
  get nextSequence(): number {
    return this.#spool.nextSequence;
  }

  get isDrained(): boolean {
    const { backlogRows, linkProblem } = this.#agent.status();
    return backlogRows === 0 && linkProblem === null;
  }

  describe(): string {
    const { backlogRows, linkProblem, diskProblem } = this.#agent.status();
    return `${backlogRows} rows, link: ${linkProblem ?? 'well'}, disk: ${diskProblem ?? 'well'}`;
  }

  /** No row comes any more. */
  quiet(): void {
    this.source.stop();
  }

  freeze(ms: number): void {
    this.#clock.frozenUntilMs = this.#trueClock.monotonicMs() + ms;
    this.#slept();
  }

  die(end: 'power-cut' | 'killed'): void {
    this.#end(end);
    this.#clock.isAlive = false;
    this.#died(end === 'power-cut');
    // What it had open is dead with its disk; this only frees memory.
    queueMicrotask(() => this.#spool.close());
  }

  stop(): void {
    this.#agent.stop();
    this.#end('stopped');
    this.#clock.isAlive = false;
  }

  #end(end: ProcessEnd): void {
    this.#record.end = end;
    this.#record.spool = this.#spool.id;
    this.#record.endScan = this.#truth.rows.length;
    this.#record.endUtcMs = this.#trueClock.utcMs();
    this.#record.endAwakeMs = this.#clock.monotonicMs();
    const refuses = this.#agent.status().diskProblem !== null;
    this.#record.refusedSinceUtcMs = refuses ? this.#troubleSinceUtcMs() : null;
  }
}

/** Tells what the server says, as the edge hears it. */
function overhearing(dial: Dial, heard: (frame: Frame) => void): Dial {
  return (options, events) =>
    dial(options, {
      ...events,
      frame: (frame) => {
        heard(frame);
        events.frame(frame);
      },
    });
}

const trainer: Trainer = {
  train: async (task) => learn(task),
};
