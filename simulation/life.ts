// One life of one machine: a box that boots, is cut off, killed and put to sleep, on a bad disk and a bad link, before a
// server that crashes and is restored; the programs' own code all of it, under one clock and one seed.
// Invariants: nothing here is real: no file, no socket, no time; the same seed gives the same life.
// Not here: one run of the agent (edge-process.ts) or the server (server-process.ts); what must be true at the end (judge.ts).
import type { SpoolDisk } from '@vigie/edge';
import type { Refused, Timer } from '@vigie/protocol';
import { VirtualClock } from '@vigie/protocol/virtual-clock';
import {
  type Account,
  DAY,
  type Damage,
  type Faults,
  HOUR,
  MINUTE,
  NO_FAULTS,
  type ProcessRecord,
  SECOND,
} from './account.ts';
import { SimDisk, type SimFile } from './disk.ts';
import { EdgeProcess } from './edge-process.ts';
import { modelOf, Truth } from './machine.ts';
import type { Mutant } from './mutants.ts';
import { Network } from './network.ts';
import type { Box } from './process-clock.ts';
import { Dice } from './random.ts';
import { ServerProcess } from './server-process.ts';
import { settled } from './settled.ts';
import { plugIn, seedSqlite, spoolDisk } from './sqlite.ts';

const START_UTC_MS = Date.UTC(2026, 0, 1);
/** Rows of a boot are so many at most, so that long ones cost no more than they teach. */
const MOST_ROWS_OF_BOOT = 24;
const INTERVALS_MS = [SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR] as const;
/** Refusals that say nothing against the edge. */
const PASSING: readonly Refused['reason'][] = ['busy', 'shutting-down', 'replaced'];
/** How long the last backlog may take, with nothing wrong any more. */
const DRAIN_MS = 3 * DAY;

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
      troubleEvery: this.#dice.spread(2, 20),
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
    // Another answer would be another anchor, and dates anew what is looked at.
    this.#network.down = true;
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
      : dice.chance(0.96)
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
    // A moment; a night, a Sunday, holidays: some four hundred cuts a year.
    const offMs = dice.chance(0.52) ? dice.spread(5 * SECOND, 5 * MINUTE) : dice.spread(HOUR, 10 * DAY);
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
    // The row in whose commit power went is counted after the cut, and after a card that was replaced then.
    return !this.#damages.some(({ kind, atScan }) => kind !== 'bit-flip' && atScan >= before.endScan);
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
      // The long ones are rare: they are two calls a minute to nobody, and the first hours of them teach all.
      const ms = dice.chance(0.001) ? dice.spread(DAY, 30 * DAY) : dice.spread(SECOND, 3 * HOUR);
      this.#at(ms, () => {
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
