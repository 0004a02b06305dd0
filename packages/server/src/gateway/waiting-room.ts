// Who may begin now when all edges come back at once. So many at a time shake hands and say who they are; the others wait in
// line, in the order they came, since each one more at work makes all of them later, until none is done within its time.
// Who would wait too long is turned away at once, and comes again after its back-off.
// Invariants: never more than `mostInside` inside; nobody waits while there is room. Pure but for what it is given.
// Not here: sockets (gateway.ts).

export interface WaitingRoomOptions {
  readonly mostInside: number;
  readonly mostInLine: number;
  /** Nobody joins a line in which somebody has waited so long. */
  readonly mostWaitMs: number;
  readonly nowMs: () => number;
}

interface Waiting {
  readonly sinceMs: number;
  readonly letIn: () => void;
}

export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #inside = new Set<string>();
  /** In the order they came. */
  readonly #line = new Map<string, Waiting>();

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** @param letIn called at once or later, unless `gone` is told before. @returns false: turned away */
  come(who: string, letIn: () => void): boolean {
    const { mostInside, mostInLine, mostWaitMs, nowMs } = this.#options;
    if (this.#inside.size < mostInside) {
      this.#inside.add(who);
      letIn();
      return true;
    }
    const [first] = this.#line.values();
    const isSlow = first !== undefined && nowMs() - first.sinceMs > mostWaitMs;
    if (isSlow || this.#line.size >= mostInLine) return false;
    this.#line.set(who, { sinceMs: nowMs(), letIn });
    return true;
  }

  /** It has said who it is, or has left. */
  gone(who: string): void {
    this.#line.delete(who);
    if (!this.#inside.delete(who)) return;
    const [next] = this.#line;
    if (next === undefined) return;
    const [other, { letIn }] = next;
    this.#line.delete(other);
    this.#inside.add(other);
    letIn();
  }
}
