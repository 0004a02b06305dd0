// When rows become durable and when they become blocks; what happens while the disk refuses.
// Invariants: rows are committed at most COMMIT_MS after they came, at once when urgent; a block that the disk refused
// is asked of it again after RETRY_MS, and is no less urgent then; acquisition never stops: while the disk refuses, rows wait in a bounded memory, whose oldest are dropped and counted into a gap.
// Not here: the disk itself (spool.ts), sending.
import { type Clock, Wake } from '@vigie/protocol';
import type { SampledRow } from '../acquire/source.ts';
import type { Spool } from './spool.ts';

const COMMIT_MS = 10_000;
/** Samples that wait in memory at most: 8 MB or so. */
const MOST_CELLS_IN_MEMORY = 1_000_000;
/** On a disk that refuses now and then, when the agent ends. */
const LAST_ATTEMPTS = 3;
/** Between two attempts on a disk that refuses. */
const RETRY_MS = 5_000;

/** What it needs of a spool. */
export type KeptSpool = Pick<Spool, 'commit' | 'cut' | 'mostBlockRows' | 'pendingRows'>;

export class Keeper {
  readonly #spool: KeptSpool;
  readonly #clock: Clock;
  readonly #stored: (urgent: boolean) => void;
  readonly #changed: (problem: string | null) => void;
  readonly #mostRows: number;
  /** Rows committed at once when so many wait, so that a fast replay neither fills memory nor syncs row by row. */
  readonly #batchRows: number;
  #rows: SampledRow[] = [];
  #lost = 0;
  #intervalMs: number;
  #committedMs = Number.NEGATIVE_INFINITY;
  #cutMs: number;
  /** A block that was due and is not made: the disk refused it, or the rows for it. */
  #owed: 'none' | 'block' | 'urgent block' = 'none';
  #pendingRows: number;
  #retryAtMs = 0;
  #problem: string | null = null;
  #ended = false;
  readonly #wake: Wake;

  /**
   * @param stored called when the spool holds a new block; `urgent`: it was made because a row was.
   * @param problem called when the disk begins to refuse, with why, and with `null` when it takes rows again.
   */
  constructor(options: {
    spool: KeptSpool;
    clock: Clock;
    intervalMs: number;
    channels: number;
    stored: (urgent: boolean) => void;
    problem: (message: string | null) => void;
  }) {
    this.#spool = options.spool;
    this.#clock = options.clock;
    this.#intervalMs = options.intervalMs;
    this.#stored = options.stored;
    this.#changed = options.problem;
    this.#mostRows = Math.max(100, Math.floor(MOST_CELLS_IN_MEMORY / options.channels));
    this.#batchRows = options.spool.mostBlockRows;
    this.#cutMs = options.clock.monotonicMs();
    this.#wake = new Wake(options.clock, () => this.#tick());
    this.#pendingRows = options.spool.pendingRows();
    // What an earlier run had committed leaves at once.
    if (this.#pendingRows > 0) this.cut();
  }

  get problem(): string | null {
    return this.#problem;
  }
  /** Rows not durable yet. */
  get waitingRows(): number {
    return this.#rows.length;
  }
  get lostRows(): number {
    return this.#lost;
  }

  setInterval(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    this.#tick();
  }

  add(row: SampledRow, urgent: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    // After a silence an interval begins with its first row.
    if (!this.#holds() && nowMs - this.#cutMs >= this.#intervalMs) this.#cutMs = nowMs;
    this.#rows.push(row);
    if (this.#rows.length > this.#mostRows) {
      this.#rows.shift();
      this.#lost++;
    }
    if (urgent) this.cut(true);
    else this.#tick();
  }

  /** Declares rows that never were. A disk that refuses now is not asked again: only an explanation is lost. */
  silent(rows: number): void {
    this.#commit();
    if (this.#rows.length > 0) return;
    const nowMs = this.#clock.monotonicMs();
    if (this.#note(this.#spool.commit([], rows, 'controller-silent'), nowMs)) this.#allInBlocks(nowMs);
  }

  /** No row will come any more: what is held becomes blocks as soon as the disk takes it. */
  end(): void {
    this.#ended = true;
    this.cut();
  }

  /** Does what is due, and wakes when something is next. */
  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#problem === null || nowMs >= this.#retryAtMs) {
      if (this.#waits() && (nowMs >= this.#committedMs + COMMIT_MS || this.#rows.length >= this.#batchRows))
        this.#commit();
      if (this.#holds() && (nowMs >= this.#cutDueMs() || this.#pendingRows >= this.#batchRows)) this.#cut();
    }
    this.#wakeWhenDue();
  }

  #wakeWhenDue(): void {
    if (!this.#holds()) return;
    const dueMs = this.#waits()
      ? Math.min(this.#committedMs + COMMIT_MS, this.#cutDueMs())
      : this.#cutDueMs();
    this.#wake.by(this.#problem === null ? dueMs : Math.max(dueMs, this.#retryAtMs));
  }

  #cutDueMs(): number {
    return this.#ended || this.#owed !== 'none' ? 0 : this.#cutMs + this.#intervalMs;
  }
  #waits(): boolean {
    return this.#rows.length > 0 || this.#lost > 0;
  }
  #holds(): boolean {
    return this.#waits() || this.#pendingRows > 0;
  }

  #commit(): void {
    if (!this.#waits()) return;
    const nowMs = this.#clock.monotonicMs();
    if (this.#problem !== null && nowMs < this.#retryAtMs) return;
    const done = this.#spool.commit(this.#rows, this.#lost, 'spool-full');
    if (!this.#note(done, nowMs)) return;
    this.#committedMs = nowMs;
    if (this.#lost > 0) this.#blocksMade(nowMs);
    this.#pendingRows += this.#rows.length;
    this.#rows = [];
    this.#lost = 0;
  }

  /** Commits, and makes a block of all that is committed. */
  cut(urgent = false): void {
    this.#cut(urgent);
    this.#wakeWhenDue();
  }

  #cut(urgent = false): void {
    if (urgent) this.#owed = 'urgent block';
    else if (this.#owed === 'none') this.#owed = 'block';
    this.#commit();
    // What the disk has just refused is not made up for by what it takes now.
    if (this.#waits()) return;
    const nowMs = this.#clock.monotonicMs();
    if (this.#pendingRows === 0) {
      this.#owed = 'none';
      this.#cutMs = nowMs;
    } else if (this.#note(this.#spool.cut(), nowMs)) this.#allInBlocks(nowMs);
  }

  /** The last chance of what waits in memory: a disk that refuses is asked a few times more. */
  close(): void {
    for (let attempt = 0; attempt < LAST_ATTEMPTS && this.#holds(); attempt++) {
      this.#retryAtMs = 0;
      this.#cut();
    }
    this.#wake.cancel();
  }

  /** Nothing is owed any more. */
  #allInBlocks(nowMs: number): void {
    const urgent = this.#owed === 'urgent block';
    this.#owed = 'none';
    this.#blocksMade(nowMs, urgent);
  }

  #blocksMade(nowMs: number, urgent = false): void {
    this.#cutMs = nowMs;
    this.#pendingRows = 0;
    this.#stored(urgent);
  }

  #note(
    done: { readonly ok: true } | { readonly ok: false; readonly message: string },
    nowMs: number,
  ): boolean {
    const wasWell = this.#problem === null;
    this.#problem = done.ok ? null : done.message;
    if (!done.ok) this.#retryAtMs = nowMs + RETRY_MS;
    if (done.ok !== wasWell) this.#changed(this.#problem);
    return done.ok;
  }
}
