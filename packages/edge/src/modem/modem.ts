// What is known of the box's cellular modem, whoever it was asked through, and what can be done to it. Types only, and the
// few words that modems share. Invariant: what is not known is `null`, never a number that looks like one (99, 255).
// Not here: how it is asked (at-modem.ts, mmcli.ts), what follows (ladder.ts).
import type { Outcome } from '@vigie/config';

export type SimState = 'ready' | 'missing' | 'locked' | 'failed' | 'unknown';
export type Registration = 'home' | 'roaming' | 'searching' | 'denied' | 'idle' | 'unknown';
export type Technology = '2G' | '3G' | '4G' | '5G';

export interface ModemReading {
  readonly model: string | null;
  readonly sim: SimState;
  readonly registration: Registration;
  readonly operator: string | null;
  readonly technology: Technology | null;
  readonly rssiDbm: number | null;
  /** Of LTE and newer only. */
  readonly rsrpDbm: number | null;
  readonly rsrqDb: number | null;
  readonly sinrDb: number | null;
  /** That the operator gave; `null`: there is no data session. */
  readonly address: string | null;
}

/** What may be done to a modem that gives no link, the mildest first. */
export const REMEDIES = ['bearer', 'radio', 'reset', 'power-key', 'reboot'] as const;
export type Remedy = (typeof REMEDIES)[number];
export type RemedyCounts = Readonly<Record<Remedy, number>>;

export interface ModemView extends ModemReading {
  readonly present: boolean;
  /** What is wrong, in words; `null`: nothing. */
  readonly problem: string | null;
  /** How often each remedy was tried in the life of this box. */
  readonly tried: RemedyCounts;
}

/** A road to the modem. `message`: why it gives no answer. */
export interface Modem {
  read(): Promise<Outcome<ModemReading>>;
  /** Data session closed and opened, radio off and on, modem restarted. */
  remedy(which: 'bearer' | 'radio' | 'reset'): Promise<Outcome<void>>;
  close(): void;
}

export const unread: ModemReading = {
  model: null,
  sim: 'unknown',
  registration: 'unknown',
  operator: null,
  technology: null,
  rssiDbm: null,
  rsrpDbm: null,
  rsrqDb: null,
  sinrDb: null,
  address: null,
};
