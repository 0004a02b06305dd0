// What the mail part is told of alarms: one event for each change worth telling, written in the transaction of the change
// itself (table `alarm_event`), so that none is lost and none told twice.
// Invariants: events of a machine are in the order of `sequence`; of one occurrence at most one `rung` and one `over` are
// written, however often it trembled. Not here: who is mailed, when, in which words (mail/).
import type { AlarmKind, AlarmSeverity, SilenceCause } from '@vigie/contract';

/** An occurrence as it stood when the event was written. Instants are Unix ms UTC. */
export interface AlarmFacts {
  readonly machine: string;
  /** Number of the occurrence within its machine. */
  readonly alarm: number;
  readonly kind: AlarmKind;
  readonly severity: AlarmSeverity;
  /** Id of the channel; `null`: it is of the machine. */
  readonly channel: string | null;
  /** When it began, by the rows. */
  readonly happenedMs: number;
  /** When the server got to know. */
  readonly learnedMs: number;
  /** Since when it is over, by the rows; `null`: it is not. */
  readonly overMs: number | null;
  /** The limit as it was; `null`: there is no number to it. */
  readonly limit: number | null;
  /** That crossed it. */
  readonly value: number | null;
  /** Furthest beyond the limit so far, and when. */
  readonly peak: number | null;
  readonly peakMs: number | null;
  readonly crossings: number;
  readonly flapping: boolean;
  readonly cause: SilenceCause | null;
}

export type AlarmEvent = {
  /** Rises with every event of the server; of a transaction that commits later it may be the lower one. */
  readonly sequence: number;
  /** When it was written. */
  readonly atMs: number;
  readonly machine: string;
} & AlarmChange;

export type AlarmChange =
  /**
   * It began; also when its shelf ended while it still rings (`afterShelf`). With `isLate` it is of rows that came late:
   * those of a machine belong into one mail, which is due at its `caught-up`. Such a one may be over already (`overMs`).
   */
  | {
      readonly event: 'rung';
      readonly facts: AlarmFacts;
      readonly isLate: boolean;
      readonly afterShelf: boolean;
      /** Somebody has shelved it: not to be mailed. */
      readonly isShelved: boolean;
      /** A worse limit of the same side of the same channel rings already: it adds nothing. */
      readonly isUnderWorse: boolean;
    }
  /** It has been over for some minutes, and counts as over since `facts.overMs`. */
  | {
      readonly event: 'over';
      readonly facts: AlarmFacts;
      readonly isLate: boolean;
      readonly isShelved: boolean;
    }
  /** It came and went too often to be told each time. */
  | { readonly event: 'flapping'; readonly facts: AlarmFacts; readonly isLate: boolean }
  | {
      readonly event: 'acknowledged';
      readonly facts: AlarmFacts;
      readonly by: string;
      readonly comment: string;
    }
  | {
      readonly event: 'shelved';
      readonly facts: AlarmFacts;
      readonly by: string;
      readonly reason: string;
      /** `null`: until it is over. */
      readonly untilMs: number | null;
    }
  /** `by` `null`: its end has come. */
  | { readonly event: 'unshelved'; readonly facts: AlarmFacts; readonly by: string | null }
  /** It rings, it is of severity `alarm`, and nobody has acknowledged it for ESCALATE_AFTER_MS. Once for each occurrence. */
  | { readonly event: 'escalation-due'; readonly facts: AlarmFacts }
  /** The rows that came late are all here: what was late of this machine may be told. */
  | { readonly event: 'caught-up' };

/** An alarm that nobody acknowledges for so long is escalated. */
export const ESCALATE_AFTER_MS = 30 * 60_000;
/** Rows older than that when they come are late. */
export const LATE_MS = 10 * 60_000;
