// One life of one machine: a box that boots, is cut off, killed and put to sleep, on a bad disk and a bad link, before a
// server that crashes and is restored; the programs' own code all of it, under one clock and one seed.
// Invariants: nothing here is real: no file, no socket, no time; the same seed gives the same life.
// Not here: what must be true at the end (judge.ts).
import { generateKeyPairSync, sign } from 'node:crypto';
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
} from '@vigie/edge';
import type { Clock, Frame, Refused, Timer } from '@vigie/protocol';
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import {
  ARCHIVE_MIGRATIONS,
  aloneBus,
  type Database,
  Intake,
  Link,
  LinkNews,
  type LinkSocket,
  Live,
  Meanings,
  MIGRATIONS,
  prepareSqlite,
  Reader,
  Sealer,
  type Store,
  sqliteArchive,
  sqliteDatabase,
  sqlStore,
} from '@vigie/server';
import { archiveFile, archiveMonths } from './archive-files.ts';
import { SimDisk, type SimFile } from './disk.ts';
import { modelOf, SimulatedSource, Truth } from './machine.ts';
import type { Mutant } from './mutants.ts';
import { Network, type NetworkFaults } from './network.ts';
import { Dice } from './random.ts';
import { plugIn, seedSqlite, spoolDisk } from './sqlite.ts';

export const MACHINE = 'M-1';
const PIN = '0'.repeat(64);
/** Keys and settings do not change in a simulated life. */
const HOME: EdgeHome = {
  settings: null,
  keepSettings: () => ({ ok: true, value: undefined }),
  keepPins: () => ({ ok: true, value: undefined }),
  credentials: () => [{ publicKey: PUBLIC_KEY, sign: (message) => sign(null, message, KEY.privateKey) }],
  proven: () => ({ ok: true, value: undefined }),
};
const START_UTC_MS = Date.UTC(2026, 0, 1);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Rows of a boot are so many at most, so that long ones cost no more than they teach. */
const MOST_ROWS_OF_BOOT = 30;
const INTERVALS_MS = [SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR] as const;
/** Refusals that say nothing against the edge. */
const PASSING: readonly Refused['reason'][] = ['busy', 'shutting-down', 'replaced'];
/** How long the last backlog may take, with nothing wrong any more. */
const DRAIN_MS = 3 * DAY;

// Made once: a key of its own for every life would cost more than it teaches.
const KEY = generateKeyPairSync('ed25519');
const PUBLIC_KEY = Buffer.from(KEY.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString(
  'base64',
);

export type ProcessEnd = 'running' | 'power-cut' | 'killed' | 'stopped';

/** A run of the agent. */
export interface ProcessRecord {
  readonly boot: number;
  /** Identity of its spool; when it had ended, the last one. */
  spool: string;
  /** Rows given before it began. */
  readonly firstScan: number;
  endScan: number;
  endUtcMs: number;
  /** The same instant on the box's own clock, which stands still while it sleeps. */
  endAwakeMs: number;
  end: ProcessEnd;
  /** Since when its disk had refused what it wrote, when it ended; `null`: it had not. */
  refusedSinceUtcMs: number | null;
}

/** Something done to the disk that may rightly take with it what no server had acknowledged. */
export interface Damage {
  readonly kind: 'bit-flip' | 'spool-set-aside' | 'spool-forgotten' | 'spool-renewed' | 'card-replaced';
  readonly atScan: number;
}

export interface Faults extends NetworkFaults {
  powerCuts: number;
  cutsWithinWrites: number;
  kills: number;
  restarts: number;
  sleeps: number;
  clockSteps: number;
  diskRefusals: number;
  bitFlips: number;
  cardsReplaced: number;
  spoolsSetAside: number;
  /** A bit flipped so early in SQLite's log that nothing was left of the spool. */
  spoolsForgotten: number;
  spoolsRenewed: number;
  controllerSilences: number;
  linkOutages: number;
  serverCrashes: number;
  serverKills: number;
  serverRestarts: number;
  restores: number;
}

export const NO_FAULTS: Faults = {
  ...{ powerCuts: 0, cutsWithinWrites: 0, kills: 0, restarts: 0, sleeps: 0, clockSteps: 0 },
  ...{
    diskRefusals: 0,
    bitFlips: 0,
    cardsReplaced: 0,
    spoolsSetAside: 0,
    spoolsForgotten: 0,
    spoolsRenewed: 0,
    controllerSilences: 0,
  },
  ...{ linkOutages: 0, serverCrashes: 0, serverKills: 0, serverRestarts: 0, restores: 0 },
  ...{ refused: 0, hung: 0, resets: 0, silences: 0, lateBytes: 0 },
};

/** What happened, for the judge. */
export interface Account {
  readonly seed: number;
  readonly spanMs: number;
  readonly truth: Truth;
  readonly processes: readonly ProcessRecord[];
  readonly damages: readonly Damage[];
  readonly faults: Faults;
  /** Highest mark the server has ever acknowledged, by spool. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** What contradicts the design already while it happens. */
  readonly findings: readonly string[];
  readonly serverDisk: SimDisk;
}

interface Box {
  readonly number: number;
  readonly bootId: string;
  readonly onMs: number;
  /** Of its clock against true time. */
  readonly drift: number;
  /** What its monotonic clock said when the agent could first run. */
  readonly startMs: number;
  /** How far its clock of the day is off; it has no battery, and people and networks set it. */
  wrongByMs: number;
  /** Its sleep, in true time; the last one is the present or a past one. */
  readonly sleeps: { readonly fromMs: number; readonly untilMs: number }[];
  readonly intervalMs: number;
}

function sleptMs(box: Box, trueMs: number): number {
  return box.sleeps.reduce(
    (sum, { fromMs, untilMs }) => sum + Math.max(0, Math.min(trueMs, untilMs) - fromMs),
    0,
  );
}

export class Life {
  readonly #clock = new VirtualClock();
  readonly #dice: Dice;
  readonly #seed: number;
  readonly #spanMs: number;
  readonly #mutant: Mutant;
  readonly #truth = new Truth();
  readonly #processes: ProcessRecord[] = [];
  readonly #damages: Damage[] = [];
  readonly #faults: Faults = { ...NO_FAULTS };
  readonly #acknowledged = new Map<string, number>();
  readonly #findings: string[] = [];
  readonly #network: Network;

  readonly #edgeDisk: SimDisk;
  readonly #spoolDisk: SpoolDisk;
  readonly #mostBytes: number;
  /** When the disk was last given trouble. */
  #troubleSinceUtcMs = 0;
  #troubleUntilUtcMs = 0;
  #model = 0;
  #box: Box | null = null;
  #boots = 0;
  #edge: EdgeProcess | null = null;
  #drains = false;

  readonly #serverDisk: SimDisk;
  /** Hours are sealed while life goes on; it takes as long as all the rest. */
  readonly #seals: boolean;
  readonly #openServerFile: ReturnType<typeof plugIn>;
  #server: ServerProcess | null = null;
  #backup: Map<string, SimFile> | null = null;

  constructor(seed: number, spanMs: number, mutant: Mutant = {}) {
    this.#seed = seed;
    this.#spanMs = spanMs;
    this.#mutant = mutant;
    this.#dice = new Dice(seed);
    seedSqlite(new Dice(seed ^ 0x5eed));
    this.#clock.utcOffsetMs = START_UTC_MS;
    this.#edgeDisk = new SimDisk(new Dice(seed ^ 0xed6e));
    this.#serverDisk = new SimDisk(new Dice(seed ^ 0x5e4e));
    this.#seals = new Dice(seed ^ 0x5ea1).chance(0.25);
    const disk = spoolDisk(this.#edgeDisk, mutant.edgeSql);
    this.#spoolDisk = mutant.spoolDisk?.(disk) ?? disk;
    this.#openServerFile = plugIn(this.#serverDisk, mutant.serverSql);
    // In every fourth life so small that outages overrun it.
    this.#mostBytes = this.#dice.chance(0.25) ? this.#dice.spread(2_000, 50_000) : 50e6;
    this.#network = new Network({
      clock: this.#clock,
      dice: this.#dice,
      faults: this.#faults,
      accept: (socket) => this.#server?.accept(socket) ?? false,
      troubleEvery: this.#dice.spread(1, 10),
    });
    this.#edgeDisk.onCut = () => {
      this.#faults.cutsWithinWrites++;
      this.#edgeDies('power-cut');
    };
    this.#serverDisk.onCut = () => this.#serverDies('crash');
  }

  async run(): Promise<Account> {
    this.#startServer();
    this.#boot();
    this.#planLink();
    this.#planServer();
    await this.#goOn(() => this.#clock.monotonicMs() < this.#spanMs, this.#spanMs);
    await this.#drain();
    this.#edge?.stop();
    this.#server?.stop();
    await settled();
    this.#faults.diskRefusals = this.#edgeDisk.refused + this.#serverDisk.refused;
    return {
      seed: this.#seed,
      spanMs: this.#spanMs,
      truth: this.#truth,
      processes: this.#processes,
      damages: this.#damages,
      faults: this.#faults,
      acknowledged: this.#acknowledged,
      findings: this.#findings,
      serverDisk: this.#serverDisk,
    };
  }

  async #goOn(goes: () => boolean, untilMs: number): Promise<void> {
    while (goes() && this.#clock.step(untilMs)) await settled();
  }

  /** All is well from now on, and no row comes: what the edge holds must reach the server. */
  async #drain(): Promise<void> {
    this.#drains = true;
    this.#network.down = false;
    for (const disk of [this.#edgeDisk, this.#serverDisk]) {
      disk.cutAfter = null;
      disk.readOnly = false;
      disk.errorRate = 0;
      disk.capacityBytes = Number.POSITIVE_INFINITY;
    }
    if (this.#server === null) this.#startServer();
    if (this.#edge === null) {
      if (this.#box === null) this.#boot();
      else this.#startEdge(this.#box);
    }
    this.#edge?.quiet();
    // A connection may be half dead, and the server may have been restored since: pings tell within this time.
    await this.#goOn(() => true, this.#clock.monotonicMs() + 15 * MINUTE);
    const endMs = this.#clock.monotonicMs() + DRAIN_MS;
    await this.#goOn(() => this.#edge?.isDrained !== true, endMs);
    if (this.#edge?.isDrained !== true) {
      this.#findings.push(
        `the backlog does not drain: ${this.#edge?.describe() ?? 'the edge does not start'}`,
      );
    }
    // Twice, since what was dated anew is unsealed first, and sealed again once it is quiet.
    for (let turn = 0; this.#seals && turn < 2; turn++) {
      await this.#goOn(() => true, this.#clock.monotonicMs() + 10 * MINUTE);
      await this.#server?.seal();
    }
  }

  #at(delayMs: number, work: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      if (!this.#drains) work();
    });
  }

  // — the box

  #boot(): void {
    const dice = this.#dice;
    // Seconds, a shift, or days: most boxes go off with their machine, at night and on Sundays.
    const uptimeMs = dice.chance(0.45)
      ? dice.spread(200, 10 * MINUTE)
      : dice.chance(0.94)
        ? dice.spread(10 * MINUTE, DAY)
        : dice.spread(DAY, 8 * DAY);
    if (dice.chance(0.03)) this.#model++;
    this.#boots++;
    const box: Box = {
      number: this.#boots,
      bootId: Buffer.from(dice.bytes(8)).toString('hex'),
      onMs: this.#clock.monotonicMs(),
      drift: dice.between(-100e-6, 100e-6),
      startMs: dice.spread(3 * SECOND, 30 * SECOND),
      wrongByMs: 0,
      sleeps: [],
      intervalMs: INTERVALS_MS.find((interval) => uptimeMs / interval <= MOST_ROWS_OF_BOOT) ?? HOUR,
    };
    this.#box = box;
    this.#setClock(box);
    for (let i = dice.below(3); i > 0; i--) this.#at(dice.between(0, uptimeMs), () => this.#setClock(box));
    this.#startEdge(box);
    this.#at(uptimeMs, () => this.#endBox(box));
    if (dice.chance(0.1))
      this.#at(dice.between(0, uptimeMs), () => this.#diskTrouble(box, dice.spread(SECOND, HOUR)));
    if (dice.chance(0.05)) this.#at(dice.between(0, uptimeMs), () => this.#sleep(box));
    if (dice.chance(0.15)) this.#at(dice.between(0, uptimeMs), () => this.#controllerOff(box));
    for (let i = dice.chance(0.2) ? dice.below(3) : 0; i > 0; i--) {
      this.#at(dice.between(0, uptimeMs), () => this.#endProcess(box));
    }
  }

  #endBox(box: Box): void {
    if (this.#box !== box) return;
    // Half of the cuts come in the middle of something.
    if (this.#dice.chance(0.5) && this.#edge !== null) {
      this.#edgeDisk.cutAfter = this.#dice.below(40);
      this.#at(2 * box.intervalMs + MINUTE, () => {
        if (this.#box === box) this.#edgeDies('power-cut');
      });
    } else this.#edgeDies('power-cut');
  }

  #edgeDies(end: 'power-cut'): void {
    const box = this.#box;
    if (box === null) return;
    this.#box = null;
    this.#faults.powerCuts++;
    this.#edge?.die(end);
    this.#edge = null;
    this.#edgeDisk.cutPower();
    this.#edgeDisk.readOnly = false;
    this.#edgeDisk.errorRate = 0;
    const dice = this.#dice;
    if (dice.chance(0.01)) {
      this.#faults.bitFlips++;
      this.#edgeDisk.flipBit();
      this.#damages.push({ kind: 'bit-flip', atScan: this.#truth.rows.length });
    }
    if (dice.chance(0.002)) {
      this.#faults.cardsReplaced++;
      this.#edgeDisk.files.clear();
      this.#damages.push({ kind: 'card-replaced', atScan: this.#truth.rows.length });
    }
    const offMs = dice.chance(0.6) ? dice.spread(5 * SECOND, 5 * MINUTE) : dice.spread(HOUR, 7 * DAY);
    this.#clock.after(offMs, () => {
      if (this.#box === null && this.#edge === null && !this.#drains) this.#boot();
    });
  }

  /** The agent is killed, or stopped and started again; the box stays. */
  #endProcess(box: Box): void {
    if (this.#box !== box || this.#edge === null) return;
    if (this.#dice.chance(0.7)) {
      this.#faults.kills++;
      this.#edge.die('killed');
      this.#edgeDisk.kill();
    } else {
      this.#faults.restarts++;
      this.#edge.stop();
    }
    this.#edge = null;
    this.#at(this.#dice.spread(100, MINUTE), () => this.#startEdge(box));
  }

  #startEdge(box: Box): void {
    if (this.#box !== box || this.#edge !== null) return;
    const sleepMs = (box.sleeps.at(-1)?.untilMs ?? 0) - this.#clock.monotonicMs();
    if (sleepMs > 0) {
      this.#clock.after(sleepMs, () => this.#startEdge(box));
      return;
    }
    const opened = EdgeProcess.start({
      box,
      number: this.#processes.length,
      disk: this.#spoolDisk,
      mostBytes: this.#mostBytes,
      schema: modelOf(this.#model),
      clock: this.#clock,
      dice: this.#dice,
      truth: this.#truth,
      network: this.#network,
      mutant: this.#mutant,
      processes: this.#processes,
      isPowered: () => this.#box === box,
      acknowledged: (spool, mark) =>
        this.#acknowledged.set(spool, Math.max(mark, this.#acknowledged.get(spool) ?? 0)),
      refused: ({ reason, message }) => {
        // A life has one box, and one server that knows it.
        if (!PASSING.includes(reason))
          this.#findings.push(`boot ${box.number} is refused, ${reason}: ${message}`);
      },
      welcomed: (spool, mark) => {
        const acknowledged = this.#acknowledged.get(spool) ?? 0;
        // The edge may send them once more, so that the end would tell nothing.
        if (mark < acknowledged && this.#faults.restores === 0)
          this.#findings.push(`${spool}: rows up to ${acknowledged} were acknowledged, ${mark} are there`);
      },
      troubleSinceUtcMs: () => this.#troubleSinceUtcMs,
      renewed: () => {
        this.#faults.spoolsRenewed++;
        this.#spoolDamaged('spool-renewed', box);
      },
    });
    if (typeof opened !== 'string') {
      this.#edge = opened;
      if (opened.setAside !== null) {
        this.#faults.spoolsSetAside++;
        this.#spoolDamaged('spool-set-aside', box);
      } else if (this.#isForgotten()) {
        this.#faults.spoolsForgotten++;
        this.#spoolDamaged('spool-forgotten', box);
        if (opened.nextSequence === 0)
          this.#findings.push(`a spool that forgot all it held does not say so (boot ${box.number})`);
      }
      if (this.#drains) opened.quiet();
      return;
    }
    // As a supervisor would.
    this.#clock.after(5 * SECOND, () => this.#startEdge(box));
  }

  /** What only this spool held is gone; that it may be, a bit must have flipped. */
  #spoolDamaged(kind: Damage['kind'] & `spool-${string}`, box: Box): void {
    const flipped = this.#damages.some((damage) => damage.kind === 'bit-flip');
    this.#damages.push({ kind, atScan: this.#truth.rows.length });
    if (!flipped) this.#findings.push(`${kind}, and no bit had flipped (boot ${box.number})`);
  }

  /** Whether the process that just began has another spool than the one before, and nothing told yet is why. */
  #isForgotten(): boolean {
    const [before, now] = this.#processes.slice(-2);
    if (before === undefined || now === undefined || before.spool === now.spool) return false;
    return !this.#damages.some(
      ({ kind, atScan }) => kind !== 'bit-flip' && atScan === this.#truth.rows.length,
    );
  }

  #diskTrouble(box: Box, ms: number): void {
    if (this.#box !== box) return;
    const disk = this.#edgeDisk;
    const kind = this.#dice.below(3);
    // One that comes on top of another prolongs it, as far as a disk can tell that is asked now and then.
    const nowMs = this.#clock.utcMs();
    if (nowMs > this.#troubleUntilUtcMs + 10 * SECOND) this.#troubleSinceUtcMs = nowMs;
    this.#troubleUntilUtcMs = Math.max(this.#troubleUntilUtcMs, nowMs + ms);
    if (kind === 0) disk.capacityBytes = disk.usedBytes() + this.#dice.below(20_000);
    else if (kind === 1) disk.readOnly = true;
    else disk.errorRate = this.#dice.spread(0.01, 1);
    this.#at(ms, () => {
      disk.capacityBytes = Number.POSITIVE_INFINITY;
      disk.readOnly = false;
      disk.errorRate = 0;
    });
  }

  #sleep(box: Box): void {
    if (this.#box !== box) return;
    this.#faults.sleeps++;
    const ms = this.#dice.spread(SECOND, 8 * HOUR);
    const fromMs = this.#clock.monotonicMs();
    if ((box.sleeps.at(-1)?.untilMs ?? 0) > fromMs) return;
    this.#edge?.freeze(ms);
    box.sleeps.push({ fromMs, untilMs: fromMs + ms });
  }

  /** To 1970, to 2099, to the last shutdown, right, or hours off. */
  #setClock(box: Box): void {
    if (this.#box !== box) return;
    this.#faults.clockSteps++;
    const nowMs = this.#clock.utcMs();
    const lastMs = this.#processes.at(-1)?.endUtcMs ?? 0;
    box.wrongByMs = this.#dice.pick([
      -nowMs,
      Date.UTC(2099, 0, 1) - nowMs,
      lastMs - nowMs,
      0,
      this.#dice.between(-12 * HOUR, 12 * HOUR),
    ]);
  }

  #controllerOff(box: Box): void {
    if (this.#box !== box) return;
    this.#faults.controllerSilences++;
    this.#edge?.source.silence(this.#dice.spread(SECOND, 12 * HOUR));
  }

  // — the link

  #planLink(): void {
    const dice = this.#dice;
    this.#at(dice.spread(MINUTE, 4 * DAY), () => {
      this.#faults.linkOutages++;
      this.#network.down = true;
      const ms = dice.chance(0.005) ? dice.spread(DAY, 30 * DAY) : dice.spread(SECOND, 3 * HOUR);
      this.#clock.after(ms, () => {
        this.#network.down = false;
        this.#planLink();
      });
    });
  }

  // — the server

  #startServer(): void {
    const server = ServerProcess.start({
      clock: this.#clock,
      disk: this.#serverDisk,
      seals: this.#seals,
      open: this.#openServerFile,
      dice: this.#dice,
      mutant: this.#mutant,
    });
    if (server === null) {
      this.#clock.after(5 * SECOND, () => this.#startServer());
      return;
    }
    this.#server = server;
  }

  #planServer(): void {
    const dice = this.#dice;
    this.#at(dice.spread(HOUR, 10 * DAY), () => {
      if (dice.chance(0.15)) this.#backup = this.#serverDisk.image();
      const kind = dice.below(4);
      if (kind === 0) this.#serverDisk.cutAfter = dice.below(60);
      else if (kind === 1) this.#serverDies('crash');
      else if (kind === 2) this.#serverDies('kill');
      else this.#serverDies('stop');
      this.#planServer();
    });
  }

  #serverDies(how: 'crash' | 'kill' | 'stop'): void {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    if (how === 'stop') {
      this.#faults.serverRestarts++;
      server.stop();
    } else server.die();
    this.#network.serverGone(how === 'crash' && this.#dice.chance(0.5));
    if (how === 'crash') {
      this.#faults.serverCrashes++;
      this.#serverDisk.cutPower();
    } else this.#serverDisk.kill();
    if (how === 'kill') this.#faults.serverKills++;
    if (this.#backup !== null && this.#dice.chance(0.15)) {
      this.#faults.restores++;
      this.#serverDisk.load(this.#backup);
    }
    this.#clock.after(this.#dice.spread(SECOND, 6 * HOUR), () => {
      if (this.#server === null) this.#startServer();
    });
  }
}

/** Questions to the server's databases that are not answered yet. */
let asked = 0;
/** Between an answer and the next question of whoever asks. */
const TURNS = 16;

/**
 * Lets the programs' promises go on: some turns after each event, so that what hangs on many takes a few events, as it
 * takes its time on a real machine. A turn of the event loop would cost more than the event.
 * What was begun comes to its end, since nothing in it waits for anything but memory.
 */
async function settled(): Promise<void> {
  do {
    for (let turn = 0; turn < TURNS; turn++) await null;
  } while (asked > 0);
}

function counted(db: Database): Database {
  const count = <A extends unknown[], R>(ask: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      asked++;
      try {
        return await ask(...args);
      } finally {
        asked--;
      }
    };
  };
  return {
    ...db,
    all: count(db.all) as Database['all'],
    get: count(db.get) as Database['get'],
    run: count(db.run),
    transaction: count(db.transaction) as Database['transaction'],
  };
}

/** Timers and instants of one process, which end with it. */
class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #box: Box | null;
  isAlive = true;
  /** It sleeps until this true instant. */
  frozenUntilMs = 0;

  /** @param box whose clocks it has; none: a machine with the right ones. */
  constructor(clock: VirtualClock, box: Box | null) {
    this.#clock = clock;
    this.#box = box;
  }

  monotonicMs(): number {
    const trueMs = this.#clock.monotonicMs();
    const box = this.#box;
    if (box === null) return trueMs;
    return box.startMs + (trueMs - box.onMs - sleptMs(box, trueMs)) * (1 + box.drift);
  }
  utcMs(): number {
    return Math.floor(this.#clock.utcMs() + (this.#box?.wrongByMs ?? 0));
  }
  after(delayMs: number, callback: () => void): Timer {
    const fire = (): void => {
      if (!this.isAlive) return;
      const sleepMs = this.frozenUntilMs - this.#clock.monotonicMs();
      if (sleepMs > 0) timer = this.#clock.after(sleepMs, fire);
      else callback();
    };
    // No timer of Node's is shorter than a millisecond.
    let timer = this.#clock.after(Math.max(1, delayMs / (1 + (this.#box?.drift ?? 0))), fire);
    return { cancel: () => timer.cancel() };
  }
}

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

class EdgeProcess {
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

class ServerProcess {
  readonly #clock: ProcessClock;
  readonly #store: Store;
  readonly #live: Live;
  readonly #news: LinkNews;
  readonly #links = new Set<Link>();
  readonly #close: () => void;
  /** Makes what is due in the archive, now and again from now on. */
  readonly seal: () => Promise<void>;

  /** `null`: its database does not open. */
  static start(options: {
    clock: VirtualClock;
    disk: SimDisk;
    seals: boolean;
    open: ReturnType<typeof plugIn>;
    dice: Dice;
    mutant: Mutant;
  }): ServerProcess | null {
    const { dice, mutant } = options;
    const clock = new ProcessClock(options.clock, null);
    const opened: ReturnType<typeof options.open>[] = [];
    const open = (file: string, migrations: readonly string[]): Database => {
      const db = options.open(file);
      opened.push(db);
      // There is no shared memory to share the log's index in.
      db.pragma('locking_mode = EXCLUSIVE');
      return counted(sqliteDatabase(prepareSqlite(db, file, migrations)));
    };
    const close = (): void => {
      for (const db of opened) db.close();
    };
    let hot: Database;
    try {
      hot = open('vigie.db', MIGRATIONS);
    } catch {
      close();
      return null;
    }
    const archive = sqliteArchive({
      found: archiveMonths(options.disk),
      open: (month) => open(archiveFile(month), ARCHIVE_MIGRATIONS),
    });
    const utcMs = (): number => clock.utcMs();
    const pause = async (): Promise<void> => undefined;
    const sql = sqlStore({
      hot,
      archive,
      soon: (work) => clock.after(dice.spread(1, 50), work),
      pause,
      restMs: (ms) => new Promise((resolve) => clock.after(ms, () => resolve())),
      utcMs,
    });
    const store = mutant.store?.(sql, clock) ?? sql;
    const meanings = new Meanings(hot);
    const reader = new Reader({ hot, archive, meanings, pause });
    const sealer = new Sealer({ hot, archive, meanings, reader, utcMs });
    const seal = async (): Promise<void> => {
      try {
        while ((await sealer.round(() => !clock.isAlive)) > 0);
      } catch {
        // A disk that refuses: what is not sealed stays where it is.
      }
      if (options.seals) clock.after(dice.spread(MINUTE, 2 * HOUR), () => void seal());
    };
    void (async () => {
      if ((await store.machine(MACHINE)) === null) {
        await store.createMachine({
          id: MACHINE,
          name: MACHINE,
          site: '',
          timeZone: 'UTC',
          intervalMs: MINUTE,
        });
        await store.setPublicKey(MACHINE, PUBLIC_KEY, [PIN]);
      }
      if (options.seals) await seal();
    })().catch(() => undefined);
    return new ServerProcess(clock, store, seal, close);
  }

  private constructor(clock: ProcessClock, store: Store, seal: () => Promise<void>, close: () => void) {
    this.seal = seal;
    this.#clock = clock;
    this.#store = store;
    this.#close = close;
    this.#live = new Live(clock, aloneBus);
    const isConnected = (machine: string): boolean => this.#live.connected(machine) !== null;
    this.#news = new LinkNews(clock, store, isConnected, (machine, entry) => {
      void store.addJournal(machine, [entry]).catch(() => undefined);
    });
  }

  accept(socket: LinkSocket): boolean {
    const link = new Link(
      socket,
      {
        pins: [PIN],
        store: this.#store,
        live: this.#live,
        intake: new Intake(this.#clock),
        clock: this.#clock,
        log: () => undefined,
      },
      this.#news,
      () => this.#links.delete(link),
    );
    this.#links.add(link);
    return true;
  }

  die(): void {
    this.#clock.isAlive = false;
    queueMicrotask(() => this.#close());
  }

  stop(): void {
    for (const link of this.#links) link.end('shutting-down', 'the server is stopping');
    this.#news.close();
    this.#clock.isAlive = false;
    this.#close();
  }
}
