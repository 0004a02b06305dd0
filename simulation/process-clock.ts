// The box of a machine between two power-ons, and the clock that a process on it, or on the server, sees of the one true time.
// Invariants: monotonic time drifts with the box and stands still in its sleep; what has ended fires no timer any more.
import type { Clock, Timer } from '@vigie/protocol';
import type { VirtualClock } from '@vigie/protocol/virtual-clock';

export interface Box {
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

/** Timers and instants of one process, which end with it. */
export class ProcessClock implements Clock {
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
