// Looks after the modem while the agent runs: reads it every half a minute, and when there is no link does what the ladder says.
// Invariants: one thing at a time is asked of the modem; what it answers, or that it does not, never stops acquisition; the
// ladder is kept before a remedy begins, since the box may not come back from it. Not here: which remedy (ladder.ts), how a
// modem is asked (at-modem.ts, mmcli.ts).
import type { Outcome } from '@vigie/config';
import type { Clock, Timer } from '@vigie/protocol';
import {
  isDue,
  type KeptLadder,
  type Ladder,
  newLadder,
  noRemedyFor,
  type Observation,
  step,
} from './ladder.ts';
import { type Modem, type ModemReading, type ModemView, type Remedy, unread } from './modem.ts';

const EVERY_MS = 30_000;

export interface ModemWatchOptions {
  readonly modem: Modem;
  readonly clock: Clock;
  /** What the box can do beside the modem's own commands; `null`: it cannot. */
  readonly powerKey: (() => Promise<Outcome<void>>) | null;
  readonly reboot: (() => Promise<Outcome<void>>) | null;
  /** Whether anything beyond the modem answers. */
  readonly networkWorks: () => Promise<boolean>;
  readonly link: () => { readonly linked: boolean; readonly resting: boolean };
  readonly kept: KeptLadder | null;
  readonly keep: (ladder: KeptLadder) => Outcome<void>;
  /** The modem has a new data session. */
  readonly sessionBegan: () => void;
  readonly say: (message: string) => void;
  readonly everyMs?: number;
}

export class ModemWatch {
  readonly #options: ModemWatchOptions;
  readonly #available: ReadonlySet<Remedy>;
  #ladder: Ladder;
  #reading: ModemReading | null = null;
  /** Why there is no reading. */
  #silence = 'not asked yet';
  #problem: string | null = null;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(options: ModemWatchOptions) {
    this.#options = options;
    this.#ladder = newLadder(options.kept);
    const available: Remedy[] = ['bearer', 'radio', 'reset'];
    if (options.powerKey !== null) available.push('power-key');
    if (options.reboot !== null) available.push('reboot');
    this.#available = new Set(available);
  }

  start(): void {
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#options.modem.close();
  }

  get view(): ModemView {
    const { counts: tried } = this.#ladder;
    return {
      ...(this.#reading ?? unread),
      present: this.#reading !== null,
      problem: this.#problem,
      tried,
    };
  }

  async #look(): Promise<void> {
    const { modem, clock, everyMs = EVERY_MS } = this.#options;
    try {
      const read = await modem.read();
      if (this.#stopped) return;
      const before = this.#reading?.address ?? null;
      this.#reading = read.ok ? read.value : null;
      if (!read.ok) this.#silence = read.message;
      const address = this.#reading?.address ?? null;
      if (address !== null && address !== before) this.#options.sessionBegan();
      await this.#climb();
    } catch (error) {
      // Whatever a modem does, the agent goes on.
      this.#options.say(`modem: ${String(error)}`);
    }
    if (!this.#stopped) this.#timer = clock.after(everyMs, () => void this.#look());
  }

  async #climb(): Promise<void> {
    const observation: Observation = {
      ...this.#options.link(),
      nowMs: this.#options.clock.monotonicMs(),
      networkWorks: null,
      modem: this.#reading,
      available: this.#available,
    };
    // Asking costs bytes, and is worth them only before something is done.
    const networkWorks = isDue(this.#ladder, observation) ? await this.#options.networkWorks() : null;
    const { ladder, remedy } = step(this.#ladder, { ...observation, networkWorks });
    const changed = keptOf(ladder) !== keptOf(this.#ladder);
    this.#ladder = ladder;
    this.#tell(problemOf({ ...observation, networkWorks }, this.#silence));
    if (changed) {
      const kept = this.#options.keep(JSON.parse(keptOf(ladder)));
      if (!kept.ok) this.#options.say(`modem: its counters cannot be kept: ${kept.message}`);
    }
    if (remedy !== null) await this.#carryOut(remedy);
  }

  async #carryOut(remedy: Remedy): Promise<void> {
    const { modem, powerKey, reboot, say } = this.#options;
    say(`modem: no link; tried now: ${WORDS[remedy]}`);
    const done = await (remedy === 'power-key'
      ? powerKey?.()
      : remedy === 'reboot'
        ? reboot?.()
        : modem.remedy(remedy));
    if (done?.ok === false) say(`modem: ${WORDS[remedy]} failed: ${done.message}`);
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.say(`modem: ${problem ?? 'all is well again'}`);
  }
}

const WORDS: Readonly<Record<Remedy, string>> = {
  bearer: 'data session closed and opened',
  radio: 'radio off and on',
  reset: 'modem restarted',
  'power-key': 'power key of the modem',
  reboot: 'this box restarted',
};

/** What outlives a reboot, to be compared and kept. */
function keptOf({ next, rounds, counts }: Ladder): string {
  return JSON.stringify({ next, rounds, counts } satisfies KeptLadder);
}

/** In words what a person can mend; `null`: nothing is wrong with the modem. */
function problemOf(observation: Observation, silence: string): string | null {
  const { modem, linked } = observation;
  if (modem === null) return `DOES NOT ANSWER: ${silence}`;
  if (modem.sim === 'missing')
    return 'NO SIM: put one in, contacts towards the board, and power the box off and on';
  if (modem.sim === 'locked') return 'THE SIM ASKS FOR A PIN: take the PIN off in a telephone';
  if (modem.sim === 'failed') return 'THE SIM CANNOT BE READ: clean or replace it';
  if (modem.registration === 'denied')
    return 'THE OPERATOR REFUSES THIS SIM: ask whether it is active and paid';
  if (linked || noRemedyFor(observation) !== null) return null;
  if (modem.registration === 'searching' || modem.registration === 'idle')
    return 'finds no network: check the antenna and its place';
  return modem.address === null ? 'has no data session: check the APN' : null;
}
