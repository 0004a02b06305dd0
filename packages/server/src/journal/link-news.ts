// What of the link is news: a box that went away and stayed away, and its return. A connection that breaks and comes
// back within the pause, as cellular links do all day, is none; nor is one that comes back to another server, nor a restart
// of the server.
// Not here: whether a machine is connected now (live.ts).
import type { JournalEntry } from '@vigie/contract';
import type { Clock, Timer } from '@vigie/protocol';
import type { Store } from '../store/store.ts';

/** How long a box must be away for that to be told. */
export const AWAY_MS = 60_000;

export class LinkNews {
  readonly #clock: Clock;
  readonly #store: Pick<Store, 'lastLinkNews'>;
  readonly #isConnected: (machine: string) => boolean;
  readonly #tell: (machine: string, entry: JournalEntry) => void;
  readonly #leaving = new Map<string, Timer>();

  constructor(
    clock: Clock,
    store: Pick<Store, 'lastLinkNews'>,
    isConnected: (machine: string) => boolean,
    tell: (machine: string, entry: JournalEntry) => void,
  ) {
    this.#clock = clock;
    this.#store = store;
    this.#isConnected = isConnected;
    this.#tell = tell;
  }

  async connected(machine: string): Promise<void> {
    this.#leaving.get(machine)?.cancel();
    this.#leaving.delete(machine);
    if ((await this.#store.lastLinkNews(machine)) === 'edge-connected') return;
    this.#tell(machine, { atMs: this.#clock.utcMs(), kind: 'edge-connected', channel: null, facts: {} });
  }

  disconnected(machine: string, atMs = this.#clock.utcMs()): void {
    this.#leaving.get(machine)?.cancel();
    const timer = this.#clock.after(AWAY_MS, () => {
      this.#leaving.delete(machine);
      if (this.#isConnected(machine)) return;
      this.#tell(machine, { atMs, kind: 'edge-disconnected', channel: null, facts: {} });
    });
    this.#leaving.set(machine, timer);
  }

  close(): void {
    for (const timer of this.#leaving.values()) timer.cancel();
    this.#leaving.clear();
  }
}
