// Hands over what waits in the outbox, one after the other, by a carrier. Of a channel that is down it tries one in growing
// intervals and leaves the others where they are; of one that is refused it keeps the reason and goes on.
// Invariants: what the carrier has taken is never given to it again by this process, even while the database cannot be
// told of it; what is cut off in between is handed over again by whoever finds its lease ended, under the same id, so that
// nothing is forgotten and a receiver can tell that it has it (docs/decisions/0013-mail-by-an-outbox.md).
import { type Clock, type Randomness, Wake } from '@vigie/protocol';
import type { Channel, Claimed, Outbox } from './outbox.ts';

export type Handed =
  | { readonly kind: 'sent' }
  /** Not now; others may pass. */
  | { readonly kind: 'later'; readonly why: string }
  /** Never. */
  | { readonly kind: 'refused'; readonly why: string }
  /** There is nobody to hand it to any more. */
  | { readonly kind: 'dropped'; readonly why: string }
  /** Nothing passes. */
  | { readonly kind: 'down'; readonly why: string };

export type Carrier = (claimed: Claimed) => Promise<Handed>;

export interface CourierOptions {
  readonly channel: Channel;
  readonly outbox: Outbox;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, 'uniform'>;
  readonly log: (message: string, facts?: Record<string, unknown>) => void;
}

/** Other servers and commands put things in without a word. */
const LOOK_MS = 5000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** Of one that shall come later: as greylisting wants it. */
const FIRST_AGAIN_MS = 60_000;
const LONGEST_AGAIN_MS = 60 * 60_000;
/** As long as mail servers try. */
const GIVEN_UP_MS = 5 * 86_400_000;
const FORGET_MS = 3_600_000;

export class Courier {
  readonly #options: CourierOptions;
  readonly #wake: Wake;
  #round: Promise<void> | null = null;
  #askedAgain = false;
  #closed = false;
  /** Rounds in a row that found the channel down. */
  #downs = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Handed over, and not told to the database yet. */
  readonly #untold = new Map<string, number>();
  #forgetMs = Number.NEGATIVE_INFINITY;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock, () => this.look());
  }

  /** Something may be due. */
  look(): void {
    if (this.#closed) return;
    if (this.#round !== null) {
      this.#askedAgain = true;
      return;
    }
    this.#round = this.#go().finally(() => {
      this.#round = null;
      if (this.#askedAgain) {
        this.#askedAgain = false;
        this.look();
      }
    });
  }

  /** Resolves when what is in hand is handed over and told. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake.cancel();
    await this.#round;
  }

  async #go(): Promise<void> {
    const { clock, log, channel } = this.#options;
    try {
      await this.#tell();
      const waitMs = this.#notBeforeMs - clock.monotonicMs();
      if (waitMs > 0) return this.#wake.by(this.#notBeforeMs);
      while (!this.#closed && (await this.#one()));
      await this.#forget();
    } catch (error) {
      // The database: what is in hand stays so, and is told when it is back.
      log(`${channel}: the outbox cannot be reached, it is tried again`, { why: String(error) });
    }
    if (!this.#closed) this.#wake.by(clock.monotonicMs() + LOOK_MS);
  }

  /** @returns whether another one may follow at once. */
  async #one(): Promise<boolean> {
    const { channel, outbox, carrier, clock, log } = this.#options;
    const claimed = await outbox.claim(channel, clock.utcMs());
    if (claimed === null) {
      const nextMs = await outbox.nextMs(channel);
      // Another server took the one that was looked at.
      return nextMs !== null && nextMs <= clock.utcMs();
    }
    const { id, expiresMs } = claimed;
    if (this.#untold.has(id)) return this.#tell();
    const handed: Handed =
      expiresMs !== null && expiresMs <= clock.utcMs()
        ? { kind: 'dropped', why: 'too old' }
        : await carrier(claimed);
    switch (handed.kind) {
      case 'sent':
        this.#untold.set(id, clock.utcMs());
        if (this.#downs > 0) log(`${channel}: works again`);
        this.#downs = 0;
        return this.#tell();
      case 'later':
        if (clock.utcMs() - claimed.madeMs > GIVEN_UP_MS) {
          log(`${channel}: given up`, { id, why: handed.why });
          await outbox.ended(id, 'refused', handed.why, clock.utcMs());
        } else {
          const pauseMs = growing(FIRST_AGAIN_MS, claimed.attempts, LONGEST_AGAIN_MS);
          await outbox.again(id, clock.utcMs() + pauseMs, handed.why);
        }
        return true;
      case 'refused':
      case 'dropped':
        log(`${channel}: ${handed.kind}`, { id, why: handed.why });
        await outbox.ended(id, handed.kind, handed.why, clock.utcMs());
        return true;
      case 'down':
        await this.#isDown(id, handed.why);
        return false;
    }
  }

  async #isDown(id: string, why: string): Promise<void> {
    const { channel, outbox, clock, randomness, log } = this.#options;
    this.#downs++;
    const pauseMs = growing(FIRST_PAUSE_MS, this.#downs, LONGEST_PAUSE_MS) * (0.5 + randomness.uniform() / 2);
    this.#notBeforeMs = clock.monotonicMs() + pauseMs;
    this.#wake.by(this.#notBeforeMs);
    if (this.#downs === 1) log(`${channel}: is down, everything waits`, { why });
    await outbox.again(id, clock.utcMs(), why);
    await outbox.down(channel, why, clock.utcMs());
  }

  async #tell(): Promise<true> {
    const { channel, outbox } = this.#options;
    for (const [id, atMs] of this.#untold) {
      await outbox.ended(id, 'sent', null, atMs);
      await outbox.worked(channel, atMs);
      this.#untold.delete(id);
    }
    return true;
  }

  async #forget(): Promise<void> {
    const { outbox, clock } = this.#options;
    if (clock.monotonicMs() < this.#forgetMs) return;
    this.#forgetMs = clock.monotonicMs() + FORGET_MS;
    await outbox.forget(clock.utcMs());
  }
}

/** Doubles from one time to the next. */
function growing(firstMs: number, times: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(times - 1, 20));
}
