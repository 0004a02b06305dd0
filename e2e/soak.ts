// The soak: real processes under faults drawn from a seed, then a verdict against the simulator's log. The edge runs
// under faketime with its data on a small tmpfs, its link goes through a proxy, and it and the server are killed -9.
// Invariants: every kind of fault comes once before any comes twice; the boot stays the kernel's, as it does for a
// process that is killed. The seed gives choice and order of faults; instants are as real as the processes.
// Not here: what counts as wrong (soak-verdict.ts), power cuts with a new boot.
import { appendFileSync, cpSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFaketime, NO_FAKETIME } from '../scripts/faketime.ts';
import { FalseClock } from './false-clock.ts';
import { type Harm, LinkProxy } from './proxy.ts';
import { SmallDisk } from './small-disk.ts';
import { judge, type Life, RETRY_MS, SLACK_MS, type Span, type Verdict } from './soak-verdict.ts';
import {
  freePort,
  kill,
  overTcp,
  type Program,
  rest,
  SimulatedMachine,
  seeded,
  until,
  World,
} from './world.ts';

/** SQLite begins its write-ahead log anew when it has a thousand pages. */
const WAL_FRAME_BYTES = 4096 + 24;
const MOST_WAL_BYTES = 900 * WAL_FRAME_BYTES;
const HOUR_MS = 3_600_000;
/** Kernels take no earlier time. */
const EPOCH_MS = 10_000;
const YEAR_2099_MS = Date.UTC(2099, 0, 1);
/** A connection whose bytes came twice has ended by then. */
const HARM_ENDS_MS = 15_000;

const KILLS = [
  'kill-edge-1970',
  'kill-edge-2099',
  'kill-edge-last-shutdown',
  'kill-server',
  'kill-both',
] as const;
const CLOCKS = ['clock-1970', 'clock-2099', 'clock-step', 'clock-step-back'] as const;
const ROADS = ['cut', 'stall', 'slow', 'delay', 'pieces'] as const;
const DISKS = ['disk-full', 'disk-read-only'] as const;
type Fault =
  | (typeof KILLS)[number]
  | (typeof CLOCKS)[number]
  | (typeof ROADS)[number]
  | (typeof DISKS)[number]
  | Harm;

const ENDS_EDGE: ReadonlySet<Fault> = new Set([
  'kill-edge-1970',
  'kill-edge-2099',
  'kill-edge-last-shutdown',
  'kill-both',
  'disk-read-only',
]);

/** Between two blocks; drawn once a run. At 60 s a kill costs what the commit interval allows, for which a minute is short. */
const INTERVALS_S = [1, 3, 60] as const;
const SHORT_MINUTES = 2;

export interface SoakOptions {
  readonly seed: number;
  /** Of faults; start and verdict come on top, and each kind of fault has its turn even in a short run. */
  readonly minutes: number;
  /** Progress, a line each. */
  readonly say: (line: string) => void;
  /** Ends the faults early; the verdict follows. */
  readonly signal?: AbortSignal;
}

export interface SoakResult extends Omit<Verdict, 'wrong'> {
  readonly seed: number;
  readonly minutes: number;
  readonly intervalS: number;
  readonly kills: { readonly edge: number; readonly server: number };
  readonly clockSteps: Readonly<Record<'to1970' | 'to2099' | 'toLastShutdown' | 'byHours', number>>;
  readonly linkFaults: Readonly<Record<(typeof ROADS)[number] | Harm, number>>;
  /**
   * `null`: no tmpfs could be mounted, so no disk fault was tried; `noDisk` says why. `withoutCommit`: fills during
   * which nothing reached the spool, for sure. `withoutDisk`: starts of the edge that found its disk read-only.
   */
  readonly diskFull: {
    readonly filled: number;
    readonly withoutCommit: number;
    readonly readOnly: number;
    readonly withoutDisk: number;
  } | null;
  readonly noDisk: string | null;
  readonly declaredGaps: Readonly<Record<string, number>>;
  readonly connections: number;
  /** What is wrong, a sentence each. Empty: nothing is. */
  readonly wrong: readonly string[];
  /** Logs and data of a run that found something; `null`: all was well, and they are removed. */
  readonly kept: string | null;
}

/** Rejects when the run cannot be made at all: no faketime, a program that does not start. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const library = findFaketime();
  if (library === null) throw new Error(NO_FAKETIME);
  const run = new Soak(options, library);
  try {
    await run.start();
    await run.faults();
    return await run.verdict();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${why}\nThe logs and data of this run are in ${run.keep([why])}.`, { cause: error });
  } finally {
    await run.world.dispose();
  }
}

class Soak {
  readonly world = new World();
  readonly #id = 'TV-01';
  readonly #options: SoakOptions;
  readonly #random: () => number;
  readonly #clock: FalseClock;
  readonly #intervalS: number;
  readonly #startedMs = Date.now();
  readonly #lives: { fromMs: number; toMs: number | null; end: Life['end'] }[] = [];
  readonly #silences: { fromMs: number; toMs: number | null }[] = [];
  readonly #diskFaults: { fromMs: number; toMs: number | null }[] = [];
  /** While the edge holds rows in memory only; one of the disk faults. */
  #inMemory: { fromMs: number; toMs: number | null } | null = null;
  readonly #memoryKilled: Span[] = [];
  readonly #shown = new Set<number>();
  readonly #wrong: string[] = [];
  /** Programs that end because this file ends them. */
  readonly #ending = new Set<Program>();
  readonly #counts = new Map<Fault, number>();
  readonly #diskCounts = { filled: 0, withoutCommit: 0, readOnly: 0, withoutDisk: 0 };
  readonly #kills = { edge: 0, server: 0 };
  /** `null`: there is none, and `#noDisk` says why. */
  #disk: SmallDisk | null = null;
  #noDisk: string | null = null;
  /** What the edge's clock showed when it ended last. */
  #shutdownMs = EPOCH_MS;
  #machine!: SimulatedMachine;
  #road!: LinkProxy;
  #edgeArgs: readonly string[] = [];
  #edge: Program | null = null;
  /** No kill of the edge before. */
  #surviveUntilMs = 0;
  /** Faults under way, and when they end. */
  #pending: { readonly atMs: number; readonly fault: Fault; readonly end: () => void }[] = [];

  constructor(options: SoakOptions, library: string) {
    this.#options = options;
    this.#clock = new FalseClock(library, this.world.path('clock'));
    this.#random = seeded(options.seed);
    this.#intervalS = this.#pick(INTERVALS_S.slice(0, options.minutes < SHORT_MINUTES ? 2 : 3));
  }

  async start(): Promise<void> {
    const { world } = this;
    this.#setClock(EPOCH_MS);
    this.#clock.prove();
    this.#mountDisk();
    await this.#startServer();
    await world.setUp();
    this.#road = await LinkProxy.start(() => world.linkPort);
    world.atEnd(() => this.#road.close());
    await world.enrolled(this.#id, { linkPort: this.#road.port, intervalS: this.#intervalS });
    this.#machine = new SimulatedMachine(world, this.#id, overTcp(await freePort()));
    await this.#machine.start();
    this.#edgeArgs = this.#machine.edgeArgs(world.edgeFolder(this.#id));
    await this.#startEdge();
    await until('the first rows to be stored', async () => (await this.#exported()).rows.length > 0);
    const writtenMs = world.status(this.#id)?.writtenMs ?? Date.now();
    if (writtenMs > HOUR_MS) throw new Error(`the edge does not live in 1970: its clock shows ${writtenMs}`);
    this.#say(`a block every ${this.#intervalS} s, the edge's clock shows 1970`);
  }

  async faults(): Promise<void> {
    const { minutes, signal } = this.#options;
    const endMs = Date.now() + minutes * 60_000;
    let deck = this.#shuffled();
    let first = true;
    while ((first || Date.now() < endMs) && signal?.aborted !== true) {
      const fault = this.#draw(deck);
      if (fault === null) {
        await this.#pause(200);
        continue;
      }
      if (deck.length === 0) {
        first = false;
        deck = this.#shuffled();
      }
      // Now and then long enough for rows to be committed, sent and learnt from.
      const calm = minutes >= SHORT_MINUTES && this.#random() < 0.15;
      await this.#pause(calm ? this.#between(8000, 20_000) : this.#between(100, 1900));
      await this.#begin(fault);
      this.#counts.set(fault, (this.#counts.get(fault) ?? 0) + 1);
    }
  }

  /** Takes the next fault off the deck; `null`: only kills are left, and the edge is to live on for now. */
  #draw(deck: Fault[]): Fault | null {
    const mayKill = Date.now() >= this.#surviveUntilMs;
    const at = deck.findIndex((fault) => mayKill || !ENDS_EDGE.has(fault));
    return at < 0 ? null : (deck.splice(at, 1)[0] ?? null);
  }

  async verdict(): Promise<SoakResult> {
    this.#say('the faults are over');
    for (const { end } of this.#pending.splice(0)) end();
    this.#road.set('pass');
    await this.#expectHarmEnds();
    await this.#endEdge('stopped');
    // An edge started again sends what the ones before had kept; its controller is gone, so it adds nothing.
    await this.#machine.program?.stop();
    const edge = await this.#startEdge();
    await until('the backlog to drain', () => this.world.isDrained(this.#id, edge)).catch((error: Error) =>
      this.#wrong.push(error.message),
    );
    await this.#expectHarmEnds();
    const declaredGaps = await this.#declaredGaps();
    const { wrong: unjust, ...verdict } = judge({
      stored: await this.#exported(),
      served: this.#machine.served(),
      lives: this.#lives,
      diskFaults: this.#diskFaults,
      memoryKilled: this.#memoryKilled,
      silences: this.#silences,
      shown: this.#shown,
      declared: declaredGaps,
    });
    const wrong = [...this.#wrong, ...unjust];
    const n = (fault: Fault): number => this.#counts.get(fault) ?? 0;
    return {
      seed: this.#options.seed,
      minutes: this.#options.minutes,
      intervalS: this.#intervalS,
      kills: this.#kills,
      clockSteps: {
        to1970: n('kill-edge-1970') + n('clock-1970'),
        to2099: n('kill-edge-2099') + n('clock-2099'),
        toLastShutdown: n('kill-edge-last-shutdown'),
        byHours: n('clock-step') + n('clock-step-back'),
      },
      linkFaults: {
        ...(Object.fromEntries(ROADS.map((road) => [road, n(road)])) as Record<
          (typeof ROADS)[number],
          number
        >),
        half: this.#road.harmed.filter(({ harm }) => harm === 'half').length,
        double: this.#road.harmed.filter(({ harm }) => harm === 'double').length,
      },
      diskFull: this.#noDisk === null ? this.#diskCounts : null,
      noDisk: this.#noDisk,
      declaredGaps,
      connections: this.#road.connections,
      ...verdict,
      wrong,
      kept: wrong.length === 0 ? null : this.keep(wrong),
    };
  }

  async #begin(fault: Fault): Promise<void> {
    switch (fault) {
      case 'kill-edge-1970':
        return this.#killEdge(EPOCH_MS);
      case 'kill-edge-2099':
        return this.#killEdge(YEAR_2099_MS);
      case 'kill-edge-last-shutdown':
        return this.#killEdge('last-shutdown');
      case 'kill-server':
        return this.#killServer(false);
      case 'kill-both':
        return this.#killServer(true);
      case 'clock-1970':
        return this.#setClock(EPOCH_MS);
      case 'clock-2099':
        return this.#setClock(YEAR_2099_MS);
      case 'clock-step':
        return this.#setClock(this.#clock.nowMs() + this.#between(0.2, 26) * HOUR_MS);
      case 'clock-step-back':
        return this.#setClock(Math.max(EPOCH_MS, this.#clock.nowMs() - this.#between(0.2, 26) * HOUR_MS));
      case 'cut':
        return this.#lasting(fault, 1000, 6000, () => this.#road.set('cut'));
      case 'stall':
        // Past the deadline of an answer only in a long run.
        return this.#lasting(fault, 1000, this.#options.minutes >= SHORT_MINUTES ? 25_000 : 5000, () =>
          this.#road.set('stall'),
        );
      case 'slow':
        return this.#lasting(fault, 2000, 8000, () =>
          this.#road.set('pass', { bytesPerS: Math.round(this.#between(600, 5000)) }),
        );
      case 'delay':
        return this.#lasting(fault, 2000, 8000, () =>
          this.#road.set('pass', { delayMs: Math.round(this.#between(20, 500)) }),
        );
      case 'pieces':
        return this.#lasting(fault, 2000, 8000, () =>
          this.#road.set('pass', { pieceBytes: Math.round(this.#between(1, 40)) }),
        );
      case 'half':
      case 'double':
        this.#say(fault === 'half' ? 'half of the next chunk' : 'the next chunk twice');
        return this.#road.harmNext(fault);
      case 'disk-full':
        return this.#disk === null ? undefined : this.#fillDisk(this.#disk);
      case 'disk-read-only':
        return this.#disk === null ? undefined : this.#readOnlyDisk(this.#disk);
    }
  }

  // The edge and its clock.

  async #startEdge(): Promise<Program> {
    const mayBeInMemory = this.#pending.some(
      ({ fault }) => fault === 'disk-full' || fault === 'disk-read-only',
    );
    // A spool in memory dates its rows by what it learns itself, for which its road must have been clear once.
    if (mayBeInMemory) for (const road of ROADS) this.#endNow(road);
    const fromMs = Date.now();
    const edge = this.world.start('vigie-edge', this.#edgeArgs, {
      env: this.#clock.environment,
      onLine: (line) => this.#hear('edge', line),
    });
    this.#lives.push({ fromMs, toMs: null, end: 'lives' });
    await edge.event('running');
    this.#edge = edge;
    this.#expectToLive('edge', edge);
    if (mayBeInMemory) await until('the edge to connect', () => edge.output().includes('connected to'));
    return edge;
  }

  async #endEdge(how: 'killed' | 'stopped'): Promise<void> {
    const edge = this.#edge;
    if (edge === null) return;
    this.#edge = null;
    this.#ending.add(edge);
    this.#shutdownMs = this.#clock.nowMs();
    if (how === 'killed') await kill(edge);
    else await edge.stop();
    this.#clock.forget(edge);
    const life = this.#lives.at(-1);
    if (life !== undefined) Object.assign(life, { toMs: Date.now(), end: how });
    const silence = this.#silences.at(-1);
    if (silence !== undefined) silence.toMs ??= Date.now();
    if (this.#inMemory !== null && how === 'killed') this.#memoryKilled.push(this.#inMemory);
    this.#endInMemory();
  }

  /** Rows that were in memory only are sent, or gone with their process. */
  #endInMemory(): void {
    if (this.#inMemory !== null) this.#inMemory.toMs = Date.now();
    this.#inMemory = null;
  }

  async #killEdge(clock: number | 'last-shutdown'): Promise<void> {
    const downMs = this.#between(0, 1500);
    this.#say(`kill -9 edge, back in ${Math.round(downMs)} ms`);
    this.#kills.edge++;
    await this.#endEdge('killed');
    await this.#pause(downMs);
    this.#setClock(clock === 'last-shutdown' ? this.#shutdownMs : clock);
    await this.#startEdge();
  }

  #setClock(utcMs: number): void {
    this.#clock.set(utcMs);
    this.#say(`the edge's clock shows ${new Date(utcMs).toISOString()}`);
  }

  // The server, and what it shows.

  async #startServer(): Promise<void> {
    this.#expectToLive(
      'server',
      await this.world.startServer({ onLine: (line) => this.#hear('server', line) }),
    );
  }

  async #killServer(both: boolean): Promise<void> {
    const { world } = this;
    const downMs = this.#between(0, 1500);
    this.#say(`kill -9 server${both ? ' and edge' : ''}, back in ${Math.round(downMs)} ms`);
    this.#kills.server++;
    await this.#exported();
    const acknowledged = this.#acknowledged();
    this.#ending.add(world.server);
    if (both) this.#kills.edge++;
    await Promise.all([kill(world.server), both ? this.#endEdge('killed') : undefined]);
    await this.#pause(downMs);
    await Promise.all([this.#startServer(), both ? this.#startEdge() : undefined]);
    const before = new Set(this.#shown);
    const { channels, rows } = await this.#exported();
    const at = channels.indexOf('scan');
    const scans = new Set(rows.map(({ values }) => values[at] ?? -1));
    const gone = [...before].filter((scan) => !scans.has(scan));
    if (gone.length > 0) this.#wrong.push(`the server forgot ${gone.length} rows when it was killed`);
    if (acknowledged === null) return;
    const { rows: least, fromMs } = acknowledged;
    const held = this.#machine
      .served()
      .filter(({ utcMs, scan }) => utcMs >= fromMs && scans.has(scan)).length;
    if (held < least) {
      this.#wrong.push(`the server had acknowledged ${least} rows when it was killed, and holds ${held}`);
    }
  }

  /** Rows of the present edge process that the server acknowledged; `null`: not to be known now. */
  #acknowledged(): { readonly rows: number; readonly fromMs: number } | null {
    const status = this.world.status(this.#id);
    const life = this.#lives.at(-1);
    if (status === null || life === undefined || status.pid !== this.#edge?.process.pid) return null;
    return { rows: status.rows - status.backlogRows, fromMs: life.fromMs };
  }

  async #exported() {
    const { schema } = await this.world.get<{ schema: unknown }>(`/api/machines/${this.#id}`);
    const exported = schema === null ? { channels: [], rows: [] } : await this.world.export(this.#id);
    const at = exported.channels.indexOf('scan');
    for (const { values } of exported.rows) this.#shown.add(values[at] ?? -1);
    return exported;
  }

  async #declaredGaps(): Promise<Record<string, number>> {
    const gaps: Record<string, number> = {};
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const { entries, more } = await this.world.get<{
        entries: { atMs: number; kind: string; facts: { rows?: number; reason?: string } }[];
        more: boolean;
      }>(`/api/machines/${this.#id}/journal?count=200&before=${before}`);
      for (const { kind, facts } of entries) {
        const { rows = 0, reason = '' } = facts;
        if (kind === 'gap') gaps[reason] = (gaps[reason] ?? 0) + rows;
        if (kind === 'block-set-aside') this.#wrong.push(`the server set a block aside: ${reason}`);
      }
      if (!more) return gaps;
      before = entries.at(-1)?.atMs ?? 0;
    }
  }

  // The disk of the edge.

  #mountDisk(): void {
    const mounted = SmallDisk.mount(this.world.edgeFolder(this.#id));
    if (!mounted.ok) {
      this.#noDisk = mounted.message;
      this.#say(`NO DISK FAULTS: ${mounted.message}`);
      return;
    }
    this.#disk = mounted.value;
    this.world.atEnd(() => mounted.value.unmount());
  }

  #fillDisk(disk: SmallDisk): void {
    if (disk.isFull) return;
    this.#endNow('disk-read-only');
    disk.fill();
    const log = join(this.world.edgeFolder(this.#id), 'spool.db-wal');
    const logBytes = (): number => statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    const before = logBytes();
    const fault: { fromMs: number; toMs: number | null } = { fromMs: Date.now(), toMs: null };
    this.#diskFaults.push(fault);
    // Long enough for a commit to be due.
    const leastMs = 2000 + 1200 * Math.min(10, this.#intervalS);
    const lastsMs = this.#between(leastMs, leastMs + 5000);
    // Most of the time the edge lives on until it has committed what it held: a kill would excuse any loss.
    if (this.#random() < 0.7) this.#surviveUntilMs = Date.now() + lastsMs + RETRY_MS + SLACK_MS;
    this.#say(`the disk of the edge is full for ${Math.round(lastsMs)} ms`);
    this.#after('disk-full', lastsMs, () => {
      // A log that was begun anew within its old length would need no room, so a long one proves nothing.
      if (logBytes() < before + WAL_FRAME_BYTES && before < MOST_WAL_BYTES) this.#diskCounts.withoutCommit++;
      disk.free();
      fault.toMs = Date.now();
    });
    this.#diskCounts.filled++;
  }

  /** The kernel lets nobody remount a disk on which a file is open for writing: the edge finds it so at its start. */
  async #readOnlyDisk(disk: SmallDisk): Promise<void> {
    this.#endNow('disk-full');
    this.#endNow('disk-read-only');
    this.#say('kill -9 edge; it finds its disk read-only');
    this.#kills.edge++;
    await this.#endEdge('killed');
    disk.setReadOnly(true);
    const fault: { fromMs: number; toMs: number | null } = { fromMs: Date.now(), toMs: null };
    this.#diskFaults.push(fault);
    this.#diskCounts.readOnly++;
    this.#after('disk-read-only', this.#between(1500, 5000), () => {
      disk.setReadOnly(false);
      fault.toMs = Date.now();
    });
    await this.#startEdge();
  }

  // Faults in general.

  /** Something that lasts while other things happen. */
  #lasting(fault: (typeof ROADS)[number], leastMs: number, mostMs: number, begin: () => void): void {
    const lastsMs = this.#between(leastMs, mostMs);
    // One road at a time.
    for (const road of ROADS) this.#endNow(road);
    this.#say(`link: ${fault} for ${Math.round(lastsMs)} ms`);
    begin();
    this.#after(fault, lastsMs, () => this.#road.set('pass'));
  }

  #after(fault: Fault, ms: number, end: () => void): void {
    this.#pending.push({ atMs: Date.now() + ms, fault, end });
    this.#pending.sort((a, b) => a.atMs - b.atMs);
  }

  #endNow(fault: Fault): void {
    const mine = this.#pending.filter((one) => one.fault === fault);
    this.#pending = this.#pending.filter((one) => one.fault !== fault);
    for (const { end } of mine) end();
  }

  /** Lets time pass; what ends meanwhile is ended. */
  async #pause(ms: number): Promise<void> {
    const endMs = Date.now() + ms;
    for (;;) {
      const next = this.#pending[0];
      const waitMs = Math.min(endMs, next?.atMs ?? endMs) - Date.now();
      if (waitMs > 0) await rest(waitMs);
      if (next === undefined || next.atMs > endMs) return;
      if (this.#pending[0] !== next) continue;
      this.#pending.shift();
      this.#say(`${next.fault} is over`);
      next.end();
    }
  }

  /** A chunk that comes twice is a record that TLS cannot take: its connection ends. */
  async #expectHarmEnds(): Promise<void> {
    const { harmed } = this.#road;
    await until(
      'connections with a doubled chunk to end',
      () => harmed.every((one) => one.endedMs !== null),
      HARM_ENDS_MS,
    ).catch((error: Error) => this.#wrong.push(error.message));
  }

  #expectToLive(name: string, program: Program): void {
    void program.ended.then((code) => {
      if (this.#ending.has(program)) return;
      const last = program.output().split('\n').slice(-5).join(' | ');
      this.#wrong.push(`the ${name} ended by itself with code ${code}: ${last}`);
    });
  }

  #hear(who: 'edge' | 'server', line: string): void {
    this.#note(`${who}: ${line}`);
    if (who === 'server') return;
    if (line.includes('rows are held in memory only')) {
      this.#inMemory = { fromMs: Date.now(), toMs: null };
      this.#diskFaults.push(this.#inMemory);
      this.#diskCounts.withoutDisk++;
    }
    if (line.includes('that were in memory only are sent')) this.#endInMemory();
    if (/damaged|older copy|broke the protocol/.test(line)) this.#wrong.push(`the edge said: ${line}`);
    const said = / controller: (.*)$/.exec(line)?.[1];
    if (said === undefined) return;
    const last = this.#silences.at(-1);
    if (said === 'answers again') {
      if (last !== undefined) last.toMs ??= Date.now();
    } else if (last === undefined || last.toMs !== null)
      this.#silences.push({ fromMs: Date.now(), toMs: null });
  }

  #say(line: string): void {
    this.#note(line);
    this.#options.say(`${((Date.now() - this.#startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  }

  #note(line: string): void {
    appendFileSync(this.world.path('soak.log'), `${new Date().toISOString()} ${line}\n`);
  }

  /** Logs and data of a run that found something, beside those of other runs. */
  keep(wrong: readonly string[]): string {
    const folder = join(tmpdir(), `vigie-soak-${this.#options.seed}-${process.pid}`);
    for (const sentence of wrong) this.#note(`WRONG: ${sentence}`);
    cpSync(this.world.folder, folder, { recursive: true });
    return folder;
  }

  #between(least: number, most: number): number {
    return least + (most - least) * this.#random();
  }

  #pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.#random() * choices.length)];
    if (choice === undefined) throw new Error('there is nothing to pick from');
    return choice;
  }

  #shuffled(): Fault[] {
    const deck: Fault[] = [...KILLS, ...CLOCKS, ...ROADS, 'half', 'double', 'double'];
    if (this.#disk !== null) deck.push(...DISKS);
    return deck
      .map((fault) => ({ fault, at: this.#random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ fault }) => fault);
  }
}
