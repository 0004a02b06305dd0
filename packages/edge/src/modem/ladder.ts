// What is done to a modem that gives no link, one remedy after the other, the mildest first: data session closed and opened,
// radio off and on, modem restarted, power key, the box itself. Pure: (state, observation) → (state, remedy or none).
// Invariants: no remedy before its time, and none for what no remedy mends: a missing or locked SIM, a registration that is
// denied, a data budget that is spent, a server that is down while the network works. Counts outlive a reboot, and each round
// that mended nothing doubles the waiting, up to a day. Not here: how a remedy is carried out (modem-watch.ts).
import { type ModemReading, REMEDIES, type Remedy, type RemedyCounts } from './modem.ts';

const MINUTE_MS = 60_000;
/** How long after the trouble began, or after the remedy before, each is tried. */
export const PATIENCE_MS: Readonly<Record<Remedy, number>> = {
  bearer: 4 * MINUTE_MS,
  radio: 5 * MINUTE_MS,
  reset: 10 * MINUTE_MS,
  'power-key': 10 * MINUTE_MS,
  reboot: 30 * MINUTE_MS,
};
const MOST_WAIT_MS = 24 * 60 * MINUTE_MS;
/** A link that stood so long has come to stay: the next trouble begins at the mildest remedy. */
const STOOD_MS = 5 * MINUTE_MS;

export interface Observation {
  /** Monotonic. */
  readonly nowMs: number;
  /** The server has welcomed this box and the connection stands. */
  readonly linked: boolean;
  /** The link is closed on purpose: the budget is spent. */
  readonly resting: boolean;
  /** Something beyond the modem answers though the server does not. `null`: nobody has asked. */
  readonly networkWorks: boolean | null;
  /** `null`: the modem does not answer at all. */
  readonly modem: ModemReading | null;
  /** Which remedies this box has. */
  readonly available: ReadonlySet<Remedy>;
}

/** What must be found again after a reboot. */
export interface KeptLadder {
  /** Of `REMEDIES`, the next one. */
  readonly next: number;
  /** Rounds that ended without a link. */
  readonly rounds: number;
  readonly counts: RemedyCounts;
}

export interface Ladder extends KeptLadder {
  /** Since when there is trouble, or when something was done about it last; `null`: there is none. */
  readonly waitingSinceMs: number | null;
  readonly linkedSinceMs: number | null;
}

export const noCounts: RemedyCounts = { bearer: 0, radio: 0, reset: 0, 'power-key': 0, reboot: 0 };

export function newLadder(kept: KeptLadder | null): Ladder {
  return { next: 0, rounds: 0, counts: noCounts, ...kept, waitingSinceMs: null, linkedSinceMs: null };
}

/** Why nothing is to be done to the modem though there is no link; `null`: something is. */
export function noRemedyFor(observation: Observation): 'sim' | 'denied' | 'budget' | 'server' | null {
  const { modem } = observation;
  if (observation.resting) return 'budget';
  if (observation.networkWorks === true) return 'server';
  if (modem?.sim === 'missing' || modem?.sim === 'locked') return 'sim';
  return modem?.registration === 'denied' ? 'denied' : null;
}

/** Whether a remedy would be due if the network were dead: only then is it worth asking. */
export function isDue(ladder: Ladder, observation: Observation): boolean {
  return step(ladder, { ...observation, networkWorks: false }).remedy !== null;
}

export function step(
  ladder: Ladder,
  observation: Observation,
): { readonly ladder: Ladder; readonly remedy: Remedy | null } {
  const { nowMs } = observation;
  if (observation.linked) {
    const linkedSinceMs = ladder.linkedSinceMs ?? nowMs;
    const stays = nowMs - linkedSinceMs >= STOOD_MS;
    const back = stays ? { next: 0, rounds: 0 } : {};
    return { ladder: { ...ladder, ...back, linkedSinceMs, waitingSinceMs: null }, remedy: null };
  }
  const down: Ladder = { ...ladder, linkedSinceMs: null };
  // What is not the modem's fault starts no waiting: when it is over, a remedy has its full patience again.
  if (noRemedyFor(observation) !== null) return { ladder: { ...down, waitingSinceMs: null }, remedy: null };
  if (ladder.waitingSinceMs === null) return { ladder: { ...down, waitingSinceMs: nowMs }, remedy: null };
  // A modem that does not answer can be given no command.
  const possible = REMEDIES.map((remedy) => {
    const byCommand = remedy === 'bearer' || remedy === 'radio' || remedy === 'reset';
    return observation.available.has(remedy) && !(byCommand && observation.modem === null);
  });
  let at = possible.indexOf(true, ladder.next);
  let { rounds } = ladder;
  if (at < 0) {
    rounds++;
    at = possible.indexOf(true);
  }
  const remedy = REMEDIES[at];
  if (remedy === undefined) return { ladder: down, remedy: null };
  const patienceMs = Math.min(MOST_WAIT_MS, PATIENCE_MS[remedy] * 2 ** Math.min(rounds, 20));
  if (nowMs - ladder.waitingSinceMs < patienceMs) return { ladder: down, remedy: null };
  const counts = { ...ladder.counts, [remedy]: ladder.counts[remedy] + 1 };
  return { ladder: { ...down, next: at + 1, rounds, counts, waitingSinceMs: nowMs }, remedy };
}
