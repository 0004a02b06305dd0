// The agent at work: rows of a source are committed, cut into blocks and sent; a recording's agent ends when all of
// it is acknowledged. Acquisition waits for nothing: not for the link, not for the time of day, not for the disk.
// Of a disk that cannot be written at start, it begins with a spool in memory, and moves to one on disk: new rows go there
// at once, those in memory are sent first. Each spool is its own to the server, so that no row is stored twice.
// Not here: how any of these is done (acquire/, spool/, uplink/).
import { codecSchema, type MachineSchema } from '@vigie/model';
import type { Clock, Randomness, Report, Timer } from '@vigie/protocol';
import type { SampledRow, Source } from './acquire/source.ts';
import { Urgency } from './acquire/urgency.ts';
import { type Advice, type Thrift, WORTH_DIALLING_BYTES } from './budget/advice.ts';
import { type Counter, DataUse } from './budget/data-use.ts';
import type { DataPlan } from './budget/usage.ts';
import { errorOf } from './clock/anchors.ts';
import type { EdgeHome } from './enrolment/home.ts';
import type { Identity } from './enrolment/identity.ts';
import type { ModemView } from './modem/modem.ts';
import { SettingsInForce } from './settings.ts';
import { Keeper } from './spool/keeper.ts';
import type { Spool } from './spool/spool.ts';
import type { Trainer } from './spool/trainer.ts';
import type { Dial } from './uplink/connection.ts';
import type { Roads } from './uplink/roads.ts';
import { Uplink } from './uplink/uplink.ts';

/** Rows on their way that a recording may be ahead of the acknowledgements: bounds the spool, keeps the link busy. */
const MOST_ROWS_AHEAD = 20_000;
/** Between two looks at what the data budget allows. */
const BUDGET_MS = 30_000;
const REPORT_MS = 3_600_000;
/** Blocks that an alarm may take with it past the budget; of more, the newest row goes alone. */
const ALARM_BYTES = 16_384;
/** Weight of the newest block in what a row takes. */
const NEWEST = 0.1;
const TEST_MS = 30_000;
const TEST_LOOK_MS = 100;

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
  readonly data: {
    readonly monthBytes: number;
    /** By the end of the month; `null`: too early to say. */
    readonly forecastBytes: number | null;
    readonly thrift: Thrift;
    /** Time between two blocks in force. */
    readonly intervalMs: number;
    readonly countedBy: 'interface' | 'link';
  };
  /** `null`: no modem is looked after. */
  readonly modem: ModemView | null;
  /** ms since the last acknowledgement; `null` before the first. */
  readonly acknowledgedAgoMs: number | null;
  readonly bootNumber: number;
}

export type LinkTest =
  | { readonly ok: true; readonly tookMs: number; readonly rows: number }
  | { readonly ok: false; readonly message: string };

export interface AgentOptions {
  readonly identity: Identity;
  readonly home: EdgeHome;
  readonly source: Source;
  /** On disk, or in memory when the disk refuses. */
  readonly spool: Spool;
  /** Time between two blocks while the server has said nothing of it. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly trainer: Trainer;
  readonly dial: Dial;
  /** How the SIM's operator counts. */
  readonly plan: DataPlan;
  /** Bytes of the metered interface; `null`: the link counts itself. */
  readonly counter: Counter | null;
  /** `null`: there is but one, and it costs. */
  readonly roads: Roads | null;
  readonly modem: () => ModemView | null;
  readonly version: string;
  readonly say: (message: string) => void;
}

export class Agent {
  /** Resolves when the source has no more rows and all are acknowledged; a controller's never does. */
  readonly finished: Promise<void>;
  readonly #options: AgentOptions;
  #uplink: Uplink;
  #spool: Spool;
  #keeper: Keeper;
  /** The spool in memory whose rows are still to be sent, once new ones go elsewhere; the uplink is then its. */
  #leaving: { readonly spool: Spool; readonly keeper: Keeper } | null = null;
  readonly #settings: SettingsInForce;
  readonly #urgency: Urgency;
  readonly #dataUse: DataUse;
  #advice: Advice;
  /** Bytes of a row in a block, in the long run; `null`: none was sent yet. */
  #rowBytes: number | null = null;
  #newestRow: SampledRow | null = null;
  #budgetTimer: Timer | null = null;
  #reported: { readonly atMs: number; readonly linkSinceMs: number } | null = null;
  #finish: () => void = () => undefined;
  #ended = false;
  #stopped = false;
  #learning = false;

  constructor(options: AgentOptions) {
    const { source, spool, say } = options;
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const configured = { intervalMs: options.intervalMs, dataBudgetMb: null, channels: {} };
    this.#settings = new SettingsInForce(source.schema, options.home, configured, say);
    this.#urgency = new Urgency(this.#settings.schema);
    const { home, plan, counter } = options;
    this.#dataUse = new DataUse({
      plan,
      counter,
      kept: home.usage,
      keep: (usage) => home.keepUsage(usage),
    });
    this.#advice = this.#newAdvice(null);
    this.#spool = spool;
    this.#tellSetAside();
    this.#uplink = this.#newUplink();
    this.#keeper = this.#newKeeper();
  }

  #tellSetAside(): void {
    const { setAside } = this.#spool;
    if (setAside !== null)
      this.#options.say(`spool: the file was damaged and is kept as ${setAside}; a new one is begun`);
  }

  #newUplink(): Uplink {
    const { source } = this.#options;
    return new Uplink({
      ...this.#options,
      spool: this.#spool,
      axis: source.axis,
      settingsHash: () => this.#settings.answeredHash,
      eager: source.ends,
      onSettings: (body) => {
        const answer = this.#settings.take(body);
        this.#urgency.setLimits(this.#settings.schema);
        this.#obeyBudget();
        return answer;
      },
      onAcknowledged: () => {
        this.#leaveWhenDone();
        this.#endWhenDone();
      },
      onCarried: (bytes) => this.#dataUse.carried(bytes),
      onBlock: (rows, bytes) => {
        const before = this.#rowBytes ?? bytes / rows;
        this.#rowBytes = before + NEWEST * (bytes / rows - before);
      },
      // The date may be news; the link is not closed before it has said why it was opened.
      onExchange: () => this.#obeyBudget(false),
    });
  }

  #newKeeper(): Keeper {
    const { source, clock, say } = this.#options;
    const spool = this.#spool;
    return new Keeper({
      spool,
      clock,
      intervalMs: this.#advice.intervalMs,
      channels: source.schema.channels.length,
      stored: (urgent) => {
        const isLast = spool === this.#leaving?.spool;
        // Else the uplink is that of the spool that is left, and another will begin with what is in this one.
        if (urgent) this.#makeWay();
        if (this.#leaving === null || isLast) this.#uplink.stored(urgent || isLast || this.#ended);
        if (!isLast) void this.#learn();
      },
      problem: (message) =>
        say(
          message === null
            ? 'spool: the disk takes rows again'
            : `spool: the disk refuses rows, they wait in memory: ${message}`,
        ),
    });
  }

  start(): void {
    const { source, say } = this.#options;
    this.#uplink.setTerms(this.#terms());
    this.#uplink.start();
    this.#lookAtBudgetAgain();
    source.start(
      {
        row: (row: SampledRow) => {
          // First, so that it is the newest one when it is urgent.
          this.#newestRow = row;
          this.#uplink.row(row);
          this.#keeper.add(row, this.#urgency.isUrgent(row));
        },
        silent: (rows) => this.#keeper.silent(rows),
        wantsMore: () => this.#backlogRows() < MOST_ROWS_AHEAD,
        problem: (message) => say(message === null ? 'controller: answers again' : `controller: ${message}`),
        ended: () => this.end(),
      },
      this.#spool.rowsOfBoot,
    );
  }

  /** From now on rows go to this spool, which is on disk; those in the one before are sent first. */
  moveTo(spool: Spool): void {
    this.#leaving = { spool: this.#spool, keeper: this.#keeper };
    this.#spool = spool;
    this.#tellSetAside();
    this.#keeper = this.#newKeeper();
    this.#leaving.keeper.end();
    // Where all is on its way already, nothing else asks whether it arrived.
    this.#uplink.stored(true);
    this.#leaveWhenDone();
  }

  /** The newest row, for who stands beside the machine; `null`: none since the agent started. */
  get newestRow(): SampledRow | null {
    return this.#newestRow;
  }
  /** With the names, bands and limits in force. */
  get schema(): MachineSchema {
    return this.#settings.schema;
  }

  /** Sends what is there and waits for its acknowledgement: the whole way, there and back. */
  async testLink(): Promise<LinkTest> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    this.#uplink.hurry();
    this.#keeper.cut(true);
    const upTo = this.#spool.nextSequence;
    const waiting = upTo - this.#spool.acknowledged;
    while (clock.monotonicMs() - startedMs < TEST_MS && !this.#stopped) {
      const { problem, acknowledgedMs } = this.#uplink;
      // With nothing to send, a connection that stands has said so within its own deadlines.
      const arrived = waiting === 0 || (acknowledgedMs !== null && acknowledgedMs >= startedMs);
      if (problem === null && arrived && this.#spool.acknowledged >= upTo)
        return { ok: true, tookMs: Math.round(clock.monotonicMs() - startedMs), rows: waiting };
      await new Promise<void>((resolve) => clock.after(TEST_LOOK_MS, resolve));
    }
    return { ok: false, message: this.#uplink.problem ?? `no acknowledgement within ${TEST_MS / 1000} s` };
  }

  /** For who looks after the modem. */
  get link(): { readonly linked: boolean; readonly resting: boolean } {
    return { linked: this.#uplink.problem === null, resting: this.#uplink.isResting };
  }

  /** The modem has a new data session: operators round the one before up. */
  sessionBegan(): void {
    this.#dataUse.sessionEnded();
  }

  /** Whether rows would be lost if the process ended now. */
  get holdsRowsInMemory(): boolean {
    return this.#leaving !== null || this.#spool.withoutDisk !== null;
  }

  /** No more rows: `finished` when all are acknowledged. */
  end(): void {
    this.#options.source.stop();
    this.#ended = true;
    this.#keeper.end();
    // Whoever ends waits some seconds at most: rows that are in memory only have no other chance.
    this.#uplink.hurry();
    this.#endWhenDone();
  }

  #leaveWhenDone(): void {
    const leaving = this.#leaving;
    if (leaving === null || leaving.keeper.waitingRows > 0) return;
    if (leaving.spool.acknowledged < leaving.spool.nextSequence) return;
    // Not within a call of the uplink that is to end.
    this.#options.clock.after(0, () => {
      if (this.#leaving !== leaving || this.#stopped) return;
      this.#leaving = null;
      leaving.keeper.close();
      this.#uplink.stop();
      leaving.spool.close();
      this.#uplink = this.#newUplink();
      this.#uplink.setTerms(this.#terms());
      this.#uplink.start();
      this.#options.say('spool: all rows that were in memory only are sent; the link goes on from the disk');
    });
  }

  status(): AgentStatus {
    const { source, identity, clock } = this.#options;
    const spool = this.#spool;
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
      diskProblem: this.#keeper.problem ?? this.#spool.withoutDisk,
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
      data: {
        monthBytes: this.#dataUse.billedBytes,
        forecastBytes: this.#advice.forecastBytes,
        thrift: this.#advice.thrift,
        intervalMs: this.#advice.intervalMs,
        countedBy: this.#dataUse.countedBy,
      },
      modem: this.#options.modem(),
      acknowledgedAgoMs: acknowledgedMs === null ? null : Math.round(nowMs - acknowledgedMs),
      bootNumber: spool.boot,
    };
  }

  /** Commits what is held and ends the link. What is not acknowledged yet leaves at the next start. */
  stop(): void {
    this.#stopped = true;
    this.#budgetTimer?.cancel();
    this.#options.source.stop();
    this.#keeper.close();
    this.#uplink.stop();
    this.#dataUse.close(this.#options.clock.monotonicMs());
    this.#leaving?.spool.close();
    this.#spool.close();
  }

  #lookAtBudgetAgain(): void {
    this.#budgetTimer = this.#options.clock.after(BUDGET_MS, () => {
      this.#obeyBudget();
      this.#report();
      void this.#lookAtRoads();
      this.#lookAtBudgetAgain();
    });
  }

  /** @param utcMs by the server's clock; `null`: not known. */
  #newAdvice(utcMs: number | null, isFree = false): Advice {
    const { intervalMs, dataBudgetMb } = this.#settings.state.settings;
    const rowsPerS = 1000 / this.#options.source.schema.intervalMs;
    const demand = {
      intervalMs,
      // Over a road that costs nothing, nothing is spared.
      budgetBytes: dataBudgetMb === null || isFree ? null : dataBudgetMb * 1e6,
      payloadBytesPerS: this.#rowBytes === null ? null : this.#rowBytes * rowsPerS,
    };
    return this.#dataUse.advice(demand, this.#options.clock.monotonicMs(), utcMs);
  }

  #isFree(): boolean {
    const address = this.#uplink.localAddress;
    const { roads } = this.#options;
    return roads !== null && address !== null && !roads.isMetered(address);
  }

  /** A connection stays on the road it was made on: it is made anew when the system has another one now. */
  async #lookAtRoads(): Promise<void> {
    const { roads, identity, say } = this.#options;
    const address = this.#uplink.localAddress;
    const { isResting } = this.#uplink;
    if (roads === null || (address === null && !isResting)) return;
    const source = await roads.source(identity.host, identity.port);
    if (this.#stopped || source === null || source === address) return;
    // A link that is closed to spare data is opened where there is nothing to spare.
    if (address === null && !roads.isMetered(source)) this.#uplink.hurry();
    if (address === null) return;
    // It may have been made anew meanwhile.
    if (this.#uplink.localAddress !== address) return;
    say(`link: the server is reached from ${source} now, no longer from ${address}`);
    this.#uplink.takeRoad();
  }

  #obeyBudget(mayRest = true): void {
    const { exchange } = this.#uplink;
    const nowMs = this.#options.clock.monotonicMs();
    const utcMs = exchange === null ? null : exchange.utcMs + nowMs - exchange.answeredMs;
    this.#advice = this.#newAdvice(utcMs, this.#isFree());
    const { thrift, intervalMs, spendableBytes } = this.#advice;
    this.#keeper.setInterval(intervalMs);
    this.#uplink.setTerms(this.#terms());
    const worthBytes = Math.max(WORTH_DIALLING_BYTES, this.#options.plan.roundUpBytes);
    const enough = this.#uplink.isResting ? spendableBytes >= worthBytes : spendableBytes > 0;
    if (enough) this.#uplink.rest(false);
    else if (mayRest && thrift === 'asleep' && this.#uplink.isQuiet) this.#uplink.rest(true);
  }

  #terms() {
    return { bytes: this.#advice.spendableBytes, live: this.#options.modem()?.technology !== '2G' };
  }

  /** An alarm waits for no budget: its block leaves, or where many are before it, its row does. */
  #makeWay(): void {
    this.#uplink.rest(false);
    if (this.#advice.spendableBytes > 0) return;
    if (this.#backlogRows() * (this.#rowBytes ?? 0) <= ALARM_BYTES)
      this.#uplink.setTerms({ ...this.#terms(), bytes: ALARM_BYTES });
  }

  /** Tells the server what the link costs and how it is heard: once per connection, then now and then. */
  #report(): void {
    const { problem, sinceMs } = this.#uplink;
    const nowMs = this.#options.clock.monotonicMs();
    if (problem !== null) return;
    if (this.#reported?.linkSinceMs === sinceMs && nowMs - this.#reported.atMs < REPORT_MS) return;
    this.#reported = { atMs: nowMs, linkSinceMs: sinceMs };
    const { dataBudgetMb } = this.#settings.state.settings;
    const { forecastBytes, thrift, intervalMs } = this.#advice;
    this.#uplink.report({
      version: this.#options.version,
      data: {
        monthBytes: Math.round(this.#dataUse.billedBytes),
        forecastBytes,
        budgetBytes: dataBudgetMb === null ? null : Math.round(dataBudgetMb * 1e6),
        thrift,
        intervalMs,
      },
      spool: { bytes: this.#spool.bytes, mostBytes: Math.round(this.#spool.mostBytes) },
      modem: reportOfModem(this.#options.modem()),
    });
  }

  #backlogRows(): number {
    const held = [
      { spool: this.#spool, keeper: this.#keeper },
      ...(this.#leaving === null ? [] : [this.#leaving]),
    ];
    return held.reduce(
      (sum, { spool, keeper }) => sum + spool.nextSequence - spool.acknowledged + keeper.waitingRows,
      0,
    );
  }

  /** Learns a prior when there are enough new rows for one; without it blocks are larger, and nothing else. */
  async #learn(): Promise<void> {
    const { source, trainer, say } = this.#options;
    const spool = this.#spool;
    if (this.#learning || this.#stopped) return;
    this.#learning = true;
    try {
      if (!spool.priorIsDue()) return;
      const bytes = await trainer.train({ schema: codecSchema(source.schema), ...spool.trainingBlocks() });
      if (!this.#stopped && spool === this.#spool && !spool.adoptPrior(bytes))
        say('spool: a learnt prior could not be kept');
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

function reportOfModem(modem: ModemView | null): Report['modem'] {
  if (modem === null) return null;
  const { operator, technology, rssiDbm, rsrpDbm, rsrqDb, sinrDb } = modem;
  return { operator, technology, rssiDbm, rsrpDbm, rsrqDb, sinrDb };
}
