// Tells who streams to a page or writes out an export that its session has ended, wherever that was done: at this server,
// at another one on the database, or by a command. Invariants: told within `EVERY_MS` and a question's time; one question
// for all that are watched, and none while nobody streams. Not here: what ends a session.
import type { Clock, Timer } from '@vigie/protocol';
import type { Database } from '../store/database.ts';
import { sha256 } from './account.ts';

const EVERY_MS = 400;

export class SessionWatch {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #watched = new Map<string, Set<() => void>>();
  #timer: Timer | null = null;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Calls back once, unless the returned function is called before. */
  watch(token: string, ended: () => void): () => void {
    const key = sha256(token);
    const all = this.#watched.get(key) ?? new Set();
    this.#watched.set(key, all.add(ended));
    this.#timer ??= this.#clock.after(EVERY_MS, () => void this.#look());
    return () => {
      all.delete(ended);
      if (all.size === 0 && this.#watched.get(key) === all) this.#watched.delete(key);
    };
  }

  async #look(): Promise<void> {
    const keys = [...this.#watched.keys()];
    try {
      if (keys.length === 0) return;
      const rows = await this.#db.find<{ sha256: string; expires_ms: number }>(
        'session',
        { sha256: 'text' },
        keys.map((key) => ({ sha256: key })),
      );
      const nowMs = this.#clock.utcMs();
      const open = new Set(rows.filter((row) => row.expires_ms > nowMs).map((row) => row.sha256));
      for (const key of keys) {
        if (open.has(key)) continue;
        for (const ended of this.#watched.get(key) ?? []) ended();
        this.#watched.delete(key);
      }
    } catch {
      // Through a database that cannot be asked now nobody ends a session either.
    } finally {
      this.#timer = this.#watched.size > 0 ? this.#clock.after(EVERY_MS, () => void this.#look()) : null;
    }
  }
}
