// What all connections together have handed over and the store has not taken yet, in bytes: bounded, so that a database
// that hangs, or falls behind when a whole fleet catches up, fills no memory. Beyond the bound connections are not read
// (TCP then holds the edges back); as room is made they are let in by and by, else each would bring its next chunk at once.
// Not here: the bound of one connection (protocol/server-session.ts).
import type { Clock } from '@vigie/protocol';

const MOST_BYTES = 64 << 20;
/** What a frame takes in memory beside its bytes, roughly. */
const FRAME_BYTES = 1024;
/** A connection that is read again brings so much at most before it can be asked to wait. */
const CHUNK_BYTES = 64 << 10;
const NEXT_MS = 20;

export class Intake {
  readonly #clock: Clock;
  readonly #mostBytes: number;
  #bytes = 0;
  readonly #waiting = new Set<() => void>();
  #isLettingIn = false;

  constructor(clock: Clock, mostBytes = MOST_BYTES) {
    this.#clock = clock;
    this.#mostBytes = mostBytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#mostBytes;
  }

  /** Of one frame; the returned function says that it was taken. */
  take(bytes: number): () => void {
    const all = bytes + FRAME_BYTES;
    this.#bytes += all;
    return () => {
      this.#bytes -= all;
      if (this.#waiting.size > 0 && !this.#isLettingIn) this.#letIn();
    };
  }

  /** Calls back once when there is room. */
  whenRoom(callback: () => void): void {
    this.#waiting.add(callback);
  }

  #letIn(): void {
    this.#isLettingIn = false;
    const room = Math.floor((this.#mostBytes / 2 - this.#bytes) / CHUNK_BYTES);
    // The next that is taken looks again.
    if (room <= 0) return;
    for (const callback of [...this.#waiting].slice(0, room)) {
      this.#waiting.delete(callback);
      callback();
    }
    if (this.#waiting.size === 0) return;
    this.#isLettingIn = true;
    this.#clock.after(NEXT_MS, () => this.#letIn());
  }
}
