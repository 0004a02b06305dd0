// What a mail says, before it is written in a language: kept in the outbox as JSON, and made into words, HTML and a picture
// at the moment it is sent (render/), so that a mail that had to wait speaks of its reader's present rights and language.
// Not here: who is told what and when (plan.ts).
import type { AlarmFacts } from '../alarms/event.ts';

/** One occurrence of an alarm as far as a reader is told now. */
export interface Told {
  /** `over`: its beginning was told before; `passed`: it came and is over, both told at once. */
  readonly phase: 'rung' | 'over' | 'passed';
  readonly facts: AlarmFacts;
  /** Of rows that came late. */
  readonly isLate: boolean;
  /** Told to others before, and nobody has acknowledged it. */
  readonly isEscalated: boolean;
  /** Name of who has acknowledged it; `null`: nobody yet. */
  readonly acknowledgedBy: string | null;
}

export interface AlarmLetter {
  readonly kind: 'alarms';
  /** At least one. */
  readonly told: readonly Told[];
  /** Of the link that acknowledges what rings; `null`: nothing is to be acknowledged. */
  readonly token: string | null;
  /** Outbox id of the mail this one follows up; `null`: none. */
  readonly follows: string | null;
}

export type Letter =
  | AlarmLetter
  | {
      readonly kind: 'invitation' | 'reset';
      /** Goes behind the # of /welcome. */
      readonly token: string;
      readonly expiresMs: number;
    }
  | { readonly kind: 'test' };
