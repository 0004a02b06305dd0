// What the server knows of each machine's present: connection, newest row, and who watches. Pushes it to watchers.
// Invariants: while at least one watches, here or at another server, the edge is asked for live rows; of several
// connections of a machine the newest stands, wherever it is; nothing here is durable.
// Not here: sockets of edges (gateway) or of pages (api), the way to other servers (bus.ts).
import type { EdgeReport, JournalEntry, RowView } from '@vigie/contract';
import type { Clock, Timer } from '@vigie/protocol';
import type { Bus, Presence, Told } from './bus.ts';

/** A WATCH lasts this long on the edge, and is said again in half the time. */
const WATCH_MS = 60_000;
const WATCH_INTERVAL_MS = 1000;

/** A connection at this server. */
export interface Connected extends Presence {
  watch(durationMs: number, intervalMs: number): void;
  /** Ends the connection, for a newer one of the same machine or a revoked credential. */
  close(reason: 'replaced' | 'revoked'): void;
}

/** `link`: it changed; whoever writes it out asks for a LinkView. */
export type LiveMessage = Told | { readonly event: 'link' };

interface Present {
  here: Connected | null;
  elsewhere: Presence | null;
  lastContactMs: number | null;
  lastRow: RowView | null;
  report: EdgeReport | null;
  /** Runs while WATCH is being renewed. */
  renewal: Timer | null;
  readonly watchers: Set<(message: LiveMessage) => void>;
  /** Somebody watches at another server, until this instant (monotonic). */
  watchedUntilMs: number;
}

export class Live {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #machines = new Map<string, Present>();
  readonly #alarmWatchers = new Set<(machine: string) => void>();

  constructor(clock: Clock, bus: Bus) {
    this.#clock = clock;
    this.#bus = bus;
  }

  /**
   * Resolves when what other servers hold is known.
   * @param abandoned the machine's connection ended with its server; when it was heard last.
   */
  async start(abandoned: (machine: string, heardMs: number) => void): Promise<void> {
    await this.#bus.start({
      elsewhere: (machine, presence) => this.#elsewhere(machine, presence),
      watched: (machine) => {
        const present = this.#of(machine);
        present.watchedUntilMs = this.#clock.monotonicMs() + WATCH_MS;
        present.here?.watch(WATCH_MS, WATCH_INTERVAL_MS);
      },
      told: (machine, message) => {
        const present = this.#of(machine);
        if (message.event === 'row') this.#row(present, message);
        else this.#tell(present, message);
        if (message.event === 'alarm') this.#tellAlarm(machine);
      },
      abandoned: (machine, heardMs) => {
        // Its next connection may be here before this.
        if (this.connected(machine) === null) abandoned(machine, heardMs);
      },
      lost: () => {
        for (const present of this.#machines.values()) {
          if (present.watchers.size === 0) continue;
          this.#tell(present, { event: 'stored', data: { fromMs: 0, toMs: this.#clock.utcMs() } });
          this.#tell(present, { event: 'link' });
        }
      },
    });
  }

  #of(machine: string): Present {
    let present = this.#machines.get(machine);
    if (present === undefined) {
      present = {
        ...{ here: null, elsewhere: null, lastContactMs: null, lastRow: null, report: null, renewal: null },
        watchers: new Set(),
        watchedUntilMs: Number.NEGATIVE_INFINITY,
      };
      this.#machines.set(machine, present);
    }
    return present;
  }

  /** The machine's connection, at whichever server. */
  connected(machine: string): Presence | null {
    const { here, elsewhere } = this.#of(machine);
    return here ?? elsewhere;
  }
  async lastContactMs(machine: string): Promise<number | null> {
    const { here, lastContactMs } = this.#of(machine);
    if (here !== null) return lastContactMs;
    const told = await this.#bus.lastContactMs(machine);
    return told === null || (lastContactMs !== null && lastContactMs > told) ? lastContactMs : told;
  }
  /** Newest live row, `null` when there was none since the server started. */
  lastRow(machine: string): RowView | null {
    return this.#of(machine).lastRow;
  }

  /** What the edge said of its link last, to this server. */
  reportOf(machine: string): EdgeReport | null {
    return this.#of(machine).report;
  }
  report(machine: string, report: EdgeReport): void {
    const present = this.#of(machine);
    present.report = report;
    this.#tell(present, { event: 'link' });
  }
  /** Time between two blocks: what is set, or more where the edge stretches it to keep its data budget. */
  intervalMs(machine: string, setMs: number): number {
    return Math.max(setMs, this.#of(machine).report?.data.intervalMs ?? 0);
  }

  connect(machine: string, connected: Connected): void {
    const present = this.#of(machine);
    const before = present.here;
    present.here = connected;
    present.elsewhere = null;
    before?.close('replaced');
    this.heard(machine);
    this.#bus.connected(machine, connected);
    if (present.watchers.size > 0 || this.#isWatchedElsewhere(present)) {
      connected.watch(WATCH_MS, WATCH_INTERVAL_MS);
    }
    this.#tell(present, { event: 'link' });
  }

  /** Returns false when a newer connection stands already. */
  disconnect(machine: string, connected: Connected): boolean {
    const present = this.#of(machine);
    if (present.here !== connected) return false;
    present.here = null;
    this.#bus.disconnected(machine, present.lastContactMs ?? this.#clock.utcMs());
    this.#tell(present, { event: 'link' });
    return true;
  }

  /** Ends the connection at this server, if there is one; others see by the machine's key what it is worth. */
  close(machine: string, reason: 'revoked'): void {
    this.#of(machine).here?.close(reason);
  }

  heard(machine: string): void {
    const nowMs = this.#clock.utcMs();
    this.#of(machine).lastContactMs = nowMs;
    this.#bus.heard(machine, nowMs);
  }

  row(machine: string, row: RowView): void {
    const present = this.#of(machine);
    const message = { event: 'row', data: row } as const;
    if (this.#row(present, message)) this.#pass(machine, present, message);
  }

  stored(machine: string, fromMs: number, toMs: number): void {
    this.#tellAll(machine, { event: 'stored', data: { fromMs, toMs } });
  }

  /** Alarms of the machine changed: who watches any machine is told too, here and at other servers. */
  alarmed(machine: string): void {
    const message = { event: 'alarm', data: { machine } } as const;
    this.#tell(this.#of(machine), message);
    this.#tellAlarm(machine);
    this.#bus.tell(machine, message);
  }

  /** Calls back with each machine whose alarms change, until the returned function is called. */
  watchAlarms(watcher: (machine: string) => void): () => void {
    this.#alarmWatchers.add(watcher);
    return () => this.#alarmWatchers.delete(watcher);
  }

  #tellAlarm(machine: string): void {
    for (const watcher of this.#alarmWatchers) watcher(machine);
  }

  journal(machine: string, entry: JournalEntry): void {
    this.#tellAll(machine, { event: 'journal', data: entry });
  }

  /** Calls back for everything of the machine until the returned function is called. */
  watch(machine: string, watcher: (message: LiveMessage) => void): () => void {
    const present = this.#of(machine);
    present.watchers.add(watcher);
    // A renewal that still runs from an earlier watcher has asked the edge within half a WATCH.
    if (present.renewal === null) this.#keepWatching(machine, present);
    return () => present.watchers.delete(watcher);
  }

  #keepWatching(machine: string, present: Present): void {
    present.renewal = null;
    if (present.watchers.size === 0) return;
    present.here?.watch(WATCH_MS, WATCH_INTERVAL_MS);
    // Said in any case: its next connection may be at another server.
    this.#bus.watch(machine);
    present.renewal = this.#clock.after(WATCH_MS / 2, () => this.#keepWatching(machine, present));
  }

  #elsewhere(machine: string, presence: Presence | null): void {
    const present = this.#of(machine);
    present.elsewhere = presence;
    const { here } = present;
    if (presence !== null && here !== null) {
      present.here = null;
      here.close('replaced');
    }
    this.#tell(present, { event: 'link' });
  }

  #isWatchedElsewhere(present: Present): boolean {
    return present.watchedUntilMs > this.#clock.monotonicMs();
  }

  /** `false`: a newer one was there. */
  #row(present: Present, message: Extract<Told, { event: 'row' }>): boolean {
    if (present.lastRow !== null && message.data.atMs <= present.lastRow.atMs) return false;
    present.lastRow = message.data;
    this.#tell(present, message);
    return true;
  }

  #tellAll(machine: string, message: Told): void {
    const present = this.#of(machine);
    this.#tell(present, message);
    this.#pass(machine, present, message);
  }

  #pass(machine: string, present: Present, message: Told): void {
    if (this.#isWatchedElsewhere(present)) this.#bus.tell(machine, message);
  }

  #tell(present: Present, message: LiveMessage): void {
    for (const watcher of present.watchers) watcher(message);
  }
}
