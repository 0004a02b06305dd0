// What the server knows of each machine's present: connection, newest row, and who watches. Pushes it to watchers.
// Invariant: while at least one watches, the edge is asked for live rows; nothing here is durable.
// Not here: sockets of edges (gateway) or of pages (api).
import type { JournalEntry, RowView } from '@vigie/contract';
import type { Clock, Timer } from '@vigie/protocol';

/** A WATCH lasts this long on the edge, and is said again in half the time. */
const WATCH_MS = 60_000;
const WATCH_INTERVAL_MS = 1000;

export interface Connected {
  readonly sinceMs: number;
  readonly spool: string;
  readonly bootNumber: number;
  /** Rows the edge said it held when it connected, beyond the mark. */
  readonly announcedNextSequence: number;
  watch(durationMs: number, intervalMs: number): void;
  /** Ends the connection, for a newer one of the same machine or a revoked credential. */
  close(reason: 'replaced' | 'revoked'): void;
}

export type LiveMessage =
  | { readonly event: 'row'; readonly data: RowView }
  | { readonly event: 'journal'; readonly data: JournalEntry }
  | { readonly event: 'stored'; readonly data: { readonly fromMs: number; readonly toMs: number } }
  /** The link changed: whoever writes it out asks for a LinkView. */
  | { readonly event: 'link' };

interface Present {
  connected: Connected | null;
  lastContactMs: number | null;
  lastRow: RowView | null;
  /** Runs while WATCH is being renewed. */
  renewal: Timer | null;
  readonly watchers: Set<(message: LiveMessage) => void>;
}

export class Live {
  readonly #clock: Clock;
  readonly #machines = new Map<string, Present>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  #of(machine: string): Present {
    let present = this.#machines.get(machine);
    if (present === undefined) {
      present = { connected: null, lastContactMs: null, lastRow: null, renewal: null, watchers: new Set() };
      this.#machines.set(machine, present);
    }
    return present;
  }

  connected(machine: string): Connected | null {
    return this.#of(machine).connected;
  }
  lastContactMs(machine: string): number | null {
    return this.#of(machine).lastContactMs;
  }
  /** Newest live row, `null` when there was none since the server started. */
  lastRow(machine: string): RowView | null {
    return this.#of(machine).lastRow;
  }

  connect(machine: string, connected: Connected): void {
    const present = this.#of(machine);
    present.connected?.close('replaced');
    present.connected = connected;
    this.heard(machine);
    if (present.watchers.size > 0) connected.watch(WATCH_MS, WATCH_INTERVAL_MS);
    this.#tell(present, { event: 'link' });
  }

  /** Returns false when a newer connection stands already. */
  disconnect(machine: string, connected: Connected): boolean {
    const present = this.#of(machine);
    if (present.connected !== connected) return false;
    present.connected = null;
    this.#tell(present, { event: 'link' });
    return true;
  }

  heard(machine: string): void {
    this.#of(machine).lastContactMs = this.#clock.utcMs();
  }

  row(machine: string, row: RowView): void {
    const present = this.#of(machine);
    if (present.lastRow !== null && row.atMs <= present.lastRow.atMs) return;
    present.lastRow = row;
    this.#tell(present, { event: 'row', data: row });
  }

  stored(machine: string, fromMs: number, toMs: number): void {
    this.#tell(this.#of(machine), { event: 'stored', data: { fromMs, toMs } });
  }

  journal(machine: string, entry: JournalEntry): void {
    this.#tell(this.#of(machine), { event: 'journal', data: entry });
  }

  /** Calls back for everything of the machine until the returned function is called. */
  watch(machine: string, watcher: (message: LiveMessage) => void): () => void {
    const present = this.#of(machine);
    present.watchers.add(watcher);
    // A renewal that still runs from an earlier watcher has asked the edge within half a WATCH.
    if (present.renewal === null) this.#keepWatching(present);
    return () => present.watchers.delete(watcher);
  }

  #keepWatching(present: Present): void {
    present.renewal = null;
    if (present.watchers.size === 0) return;
    present.connected?.watch(WATCH_MS, WATCH_INTERVAL_MS);
    present.renewal = this.#clock.after(WATCH_MS / 2, () => this.#keepWatching(present));
  }

  #tell(present: Present, message: LiveMessage): void {
    for (const watcher of present.watchers) watcher(message);
  }
}
