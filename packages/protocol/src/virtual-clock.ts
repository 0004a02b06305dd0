// Time that stands still until it is told to go on: what tests and the simulation give to code that takes a Clock.
// Invariants: timers fire in the order of their instants, those of one instant in the order they were set; nothing
// here reads the machine's own clocks. Not here: what the timers do.
import type { Clock, Timer } from './environment.ts';

class Entry implements Timer {
  readonly atMs: number;
  readonly order: number;
  callback: (() => void) | null;

  constructor(atMs: number, order: number, callback: () => void) {
    this.atMs = atMs;
    this.order = order;
    this.callback = callback;
  }

  cancel(): void {
    this.callback = null;
  }
}

export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  /** Binary heap by instant, then order. */
  readonly #heap: Entry[] = [];
  /** Added to the monotonic time by `utcMs`. */
  utcOffsetMs = 0;

  monotonicMs(): number {
    return this.#nowMs;
  }
  utcMs(): number {
    return this.#nowMs + this.utcOffsetMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry = new Entry(this.#nowMs + Math.max(0, delayMs), this.#order++, callback);
    this.#push(entry);
    return entry;
  }

  /** Goes on to the next timer that is due by `untilMs` and fires it; `false`: none is, and `untilMs` is now. */
  step(untilMs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return false;
      }
      this.#pop();
      if (next.callback === null) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
      return true;
    }
  }

  /** Fires all that is due in the next `ms`. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.step(untilMs));
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child++;
      const least = heap[child];
      if (least === undefined || !isBefore(least, last)) break;
      heap[i] = least;
      i = child;
    }
    heap[i] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
