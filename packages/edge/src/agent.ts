// The agent at work: rows of a source are committed, cut into blocks and sent; a recording's agent ends when all of
// it is acknowledged. Acquisition waits for nothing: not for the link, not for the time of day, not for the disk.
// Not here: how any of these is done (acquire/, spool/, uplink/).
import { codecSchema } from '@vigie/model';
import type { Clock, Randomness } from '@vigie/protocol';
import type { SampledRow, Source } from './acquire/source.ts';
import { Urgency } from './acquire/urgency.ts';
import { errorOf } from './clock/anchors.ts';
import type { EdgeHome } from './enrolment/home.ts';
import type { Identity } from './enrolment/identity.ts';
import { SettingsInForce } from './settings.ts';
import { Keeper } from './spool/keeper.ts';
import type { Spool } from './spool/spool.ts';
import type { Trainer } from './spool/trainer.ts';
import type { Dial } from './uplink/connection.ts';
import { Uplink } from './uplink/uplink.ts';

/** Rows on their way that a recording may be ahead of the acknowledgements: bounds the spool, keeps the link busy. */
const MOST_ROWS_AHEAD = 20_000;

export interface AgentStatus {
  readonly machine: string;
  /** Rows acquired and reads that gave none, since the agent started. */
  readonly rows: number;
  readonly failedPolls: number;
  /** What is wrong with the controller, the disk, the link, in words; `null` when nothing is. */
  readonly controllerProblem: string | null;
  /** Ids of channels that the controller answers without. */
  readonly unreadable: readonly string[];
  readonly diskProblem: string | null;
  readonly linkProblem: string | null;
  readonly backlogRows: number;
  /** Rows that memory had to drop because the disk refused them. */
  readonly lostRows: number;
  readonly spoolBytes: number;
  /** Bytes of blocks that the spool holds at most. */
  readonly spoolMostBytes: number;
  /** How long the link is as it is: up, or down. */
  readonly linkForMs: number;
  /** Until the next attempt to connect; `null`: connected, or trying now. */
  readonly nextDialInMs: number | null;
  /** The newest reading of the server's clock; `null`: none since the agent started. */
  readonly serverClock: {
    readonly agoMs: number;
    readonly errorMs: number;
    /** How far the box's own clock is ahead of the server's; rows do not depend on it. */
    readonly boxAheadMs: number;
  } | null;
  readonly settings: {
    readonly intervalMs: number;
    /** Megabytes a month; `null`: no bound. */
    readonly dataBudgetMb: number | null;
    /** Channels with names, bands or limits of their own. */
    readonly overrides: readonly string[];
    readonly fromServer: boolean;
    readonly refused: string | null;
    readonly unknown: readonly string[];
  };
  /** ms since the last acknowledgement; `null` before the first. */
  readonly acknowledgedAgoMs: number | null;
  readonly bootNumber: number;
}

export interface AgentOptions {
  readonly identity: Identity;
  readonly home: EdgeHome;
  readonly source: Source;
  readonly spool: Spool;
  /** Time between two blocks while the server has said nothing of it. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly trainer: Trainer;
  readonly dial: Dial;
  readonly say: (message: string) => void;
}

export class Agent {
  /** Resolves when the source has no more rows and all are acknowledged; a controller's never does. */
  readonly finished: Promise<void>;
  readonly #options: AgentOptions;
  readonly #uplink: Uplink;
  readonly #keeper: Keeper;
  readonly #settings: SettingsInForce;
  readonly #urgency: Urgency;
  #finish: () => void = () => undefined;
  #ended = false;
  #stopped = false;
  #learning = false;

  constructor(options: AgentOptions) {
    const { source, spool, clock, say } = options;
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    if (spool.setAside !== null)
      say(`spool: the file was damaged and is kept as ${spool.setAside}; a new one is begun`);
    const configured = { intervalMs: options.intervalMs, dataBudgetMb: null, channels: {} };
    this.#settings = new SettingsInForce(source.schema, options.home, configured, say);
    this.#urgency = new Urgency(this.#settings.schema);
    this.#uplink = new Uplink({
      ...options,
      axis: source.axis,
      settingsHash: () => this.#settings.answeredHash,
      eager: source.ends,
      onSettings: (body) => {
        const answer = this.#settings.take(body);
        this.#urgency.setLimits(this.#settings.schema);
        this.#keeper.setInterval(this.#settings.state.settings.intervalMs);
        return answer;
      },
      onAcknowledged: () => this.#endWhenDone(),
    });
    this.#keeper = new Keeper({
      spool,
      clock,
      intervalMs: this.#settings.state.settings.intervalMs,
      channels: source.schema.channels.length,
      stored: (urgent) => {
        this.#uplink.stored(urgent);
        void this.#learn();
      },
    });
  }

  start(): void {
    const { source, spool, say } = this.#options;
    this.#uplink.start();
    source.start(
      {
        row: (row: SampledRow) => {
          this.#keeper.add(row, this.#urgency.isUrgent(row));
          this.#uplink.row(row);
        },
        silent: (rows) => this.#keeper.silent(rows),
        wantsMore: () => this.#backlogRows() < MOST_ROWS_AHEAD,
        problem: (message) => say(message === null ? 'controller: answers again' : `controller: ${message}`),
        ended: () => {
          this.#ended = true;
          this.#keeper.end();
          this.#endWhenDone();
        },
      },
      spool.rowsOfBoot,
    );
  }

  status(): AgentStatus {
    const { source, spool, identity, clock } = this.#options;
    const { rows, failedPolls, problem, unreadable } = source.state();
    const { acknowledgedMs, sinceMs, nextDialMs, exchange } = this.#uplink;
    const nowMs = clock.monotonicMs();
    const { settings, ...ofSettings } = this.#settings.state;
    const readMs = exchange === null ? 0 : (exchange.sentMs + exchange.answeredMs) / 2;
    return {
      machine: identity.machine,
      rows,
      failedPolls,
      controllerProblem: problem,
      unreadable,
      diskProblem: this.#keeper.problem,
      linkProblem: this.#uplink.problem,
      backlogRows: this.#backlogRows(),
      lostRows: this.#keeper.lostRows,
      spoolBytes: spool.bytes,
      spoolMostBytes: spool.mostBytes,
      linkForMs: Math.round(nowMs - sinceMs),
      nextDialInMs: nextDialMs === null ? null : Math.max(0, Math.round(nextDialMs - nowMs)),
      serverClock:
        exchange === null
          ? null
          : {
              agoMs: Math.round(nowMs - readMs),
              errorMs: errorOf(exchange),
              boxAheadMs: Math.round(clock.utcMs() - (exchange.utcMs + nowMs - readMs)),
            },
      settings: {
        intervalMs: settings.intervalMs,
        dataBudgetMb: settings.dataBudgetMb,
        overrides: Object.keys(settings.channels),
        ...ofSettings,
      },
      acknowledgedAgoMs: acknowledgedMs === null ? null : Math.round(nowMs - acknowledgedMs),
      bootNumber: spool.boot,
    };
  }

  /** Commits what is held and ends the link. What is not acknowledged yet leaves at the next start. */
  stop(): void {
    this.#stopped = true;
    this.#options.source.stop();
    this.#keeper.close();
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

  #endWhenDone(): void {
    if (this.#ended && this.#backlogRows() === 0) this.#finish();
  }
}
