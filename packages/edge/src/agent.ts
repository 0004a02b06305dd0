// The agent at work: rows of a source are committed, cut into blocks and sent; a recording's agent ends when all of
// it is acknowledged. Acquisition waits for nothing: not for the link, not for the time of day, not for the disk.
// Not here: how any of these is done (acquire/, spool/, uplink/).
import { codecSchema } from '@vigie/model';
import type { Clock, Randomness, Timer } from '@vigie/protocol';
import type { SampledRow, Source } from './acquire/source.ts';
import { Urgency } from './acquire/urgency.ts';
import type { Credential, Identity } from './enrolment/identity.ts';
import { Keeper } from './spool/keeper.ts';
import type { Spool } from './spool/spool.ts';
import type { Trainer } from './spool/trainer.ts';
import { Uplink } from './uplink/uplink.ts';

/** Rows on their way that a recording may be ahead of the acknowledgements: bounds the spool, keeps the link busy. */
const MOST_ROWS_AHEAD = 20_000;
const TICK_MS = 500;

export interface AgentStatus {
  readonly machine: string;
  /** Rows acquired and reads that gave none, since the agent started. */
  readonly rows: number;
  readonly failedPolls: number;
  /** What is wrong with the controller, the disk, the link, in words; `null` when nothing is. */
  readonly controllerProblem: string | null;
  readonly diskProblem: string | null;
  readonly linkProblem: string | null;
  readonly backlogRows: number;
  /** Rows that memory had to drop because the disk refused them. */
  readonly lostRows: number;
  readonly spoolBytes: number;
  /** ms since the last acknowledgement; `null` before the first. */
  readonly acknowledgedAgoMs: number | null;
  readonly bootNumber: number;
}

export interface AgentOptions {
  readonly identity: Identity;
  readonly credential: Credential;
  readonly source: Source;
  readonly spool: Spool;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly trainer: Trainer;
  readonly say: (message: string) => void;
}

export class Agent {
  /** Resolves when the source has no more rows and all are acknowledged; a controller's never does. */
  readonly finished: Promise<void>;
  readonly #options: AgentOptions;
  readonly #uplink: Uplink;
  readonly #keeper: Keeper;
  #finish: () => void = () => undefined;
  #ended = false;
  #stopped = false;
  #learning = false;
  #timer: Timer | null = null;

  constructor(options: AgentOptions) {
    const { source, spool, clock, say } = options;
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    if (spool.setAside !== null)
      say(`spool: the file was damaged and is kept as ${spool.setAside}; a new one is begun`);
    this.#uplink = new Uplink({
      ...options,
      axis: source.axis,
      eager: source.ends,
      onSettings: ({ intervalMs }) => this.#keeper.setInterval(intervalMs),
      onAcknowledged: () => this.#endWhenDone(),
    });
    this.#keeper = new Keeper({
      spool,
      clock,
      intervalMs: options.intervalMs,
      channels: source.schema.channels.length,
      stored: (urgent) => {
        this.#uplink.stored(urgent);
        void this.#learn();
      },
    });
  }

  start(): void {
    const { source, spool, say } = this.#options;
    const urgency = new Urgency(source.schema);
    this.#uplink.start();
    source.start(
      {
        row: (row: SampledRow) => {
          this.#keeper.add(row, urgency.isUrgent(row));
          this.#uplink.row(row);
        },
        silent: (rows) => this.#keeper.silent(rows),
        wantsMore: () => this.#backlogRows() < MOST_ROWS_AHEAD,
        problem: (message) => say(message === null ? 'controller: answers again' : `controller: ${message}`),
        ended: () => {
          this.#ended = true;
          this.#keeper.cut();
          this.#endWhenDone();
        },
      },
      spool.rowsOfBoot,
    );
    this.#tick();
  }

  status(): AgentStatus {
    const { source, spool, identity, clock } = this.#options;
    const { rows, failedPolls, problem } = source.state();
    const acknowledgedMs = this.#uplink.acknowledgedMs;
    return {
      machine: identity.machine,
      rows,
      failedPolls,
      controllerProblem: problem,
      diskProblem: this.#keeper.problem,
      linkProblem: this.#uplink.problem,
      backlogRows: this.#backlogRows(),
      lostRows: this.#keeper.lostRows,
      spoolBytes: spool.bytes,
      acknowledgedAgoMs: acknowledgedMs === null ? null : Math.round(clock.monotonicMs() - acknowledgedMs),
      bootNumber: spool.boot,
    };
  }

  /** Commits what is held and ends the link. What is not acknowledged yet leaves at the next start. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#options.source.stop();
    this.#keeper.cut();
    this.#uplink.stop();
    this.#options.spool.close();
  }

  #backlogRows(): number {
    const { spool } = this.#options;
    return spool.nextSequence - spool.acknowledged + this.#keeper.waitingRows;
  }

  /** Learns a prior when there are enough new rows for one; without it blocks are larger, and nothing else. */
  async #learn(): Promise<void> {
    const { spool, source, trainer, say } = this.#options;
    if (this.#learning || this.#stopped || !spool.priorIsDue()) return;
    this.#learning = true;
    try {
      const bytes = await trainer.train({ schema: codecSchema(source.schema), ...spool.trainingBlocks() });
      if (!this.#stopped && !spool.adoptPrior(bytes)) say('spool: a learnt prior could not be kept');
    } catch (error) {
      say(`spool: no prior could be learnt: ${String(error)}`);
    } finally {
      this.#learning = false;
    }
  }

  #tick(): void {
    this.#keeper.tick();
    // Rows that the disk refused when the recording ended are tried again here.
    if (this.#ended) this.#keeper.cut();
    this.#timer = this.#options.clock.after(TICK_MS, () => this.#tick());
  }

  #endWhenDone(): void {
    if (this.#ended && this.#backlogRows() === 0) this.#finish();
  }
}
