// Alarms: what rings and rang, with the instant it happened and the instant it was learned; what people do about it; limits
// as they are edited, and how often they would have rung.
import {
  channelOverride,
  type MachineSchema,
  type MachineSettings,
  type machineSettings,
} from '@vigie/model';
import { z } from 'zod';
import type { FleetChannel } from './fleet.ts';
import { machineIdText } from './manage.ts';
import { line } from './text.ts';

/** Of a channel: the first seven; of the machine: the rest. */
export const ALARM_KINDS = [
  'alarm-low',
  'alarm-high',
  'warning-low',
  'warning-high',
  /** Changes faster than it may. */
  'rate',
  /** The same value for too long: its sensor is stuck. */
  'stuck',
  /** No sample: its sensor does not answer. */
  'missing',
  /** No row for too long. */
  'silent',
  /** Of the month's data plan most is used. */
  'budget',
  /** Rows come whose time is not known. */
  'clock',
  /** The edge has hardly any room left; then it thins and drops its oldest rows. */
  'spool',
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

export type AlarmSeverity = 'alarm' | 'warning';

/** As in ISA-18.2; `normal`: over, and seen by somebody. Shelving comes before all of them: `AlarmView.shelf`. */
export type AlarmState = 'unacknowledged' | 'acknowledged' | 'returned-unacknowledged' | 'normal';

/** Why nothing comes from a machine, as far as is known: `link-or-edge` until its box is heard again. */
export type SilenceCause = 'controller-mute' | 'link-or-edge' | 'edge-off' | 'link-down';

export interface Shelf {
  readonly atMs: number;
  /** `null`: until it is over. */
  readonly untilMs: number | null;
  readonly reason: string;
  readonly by: string;
}

/** One occurrence: from the first crossing until it has been over for good. */
export interface AlarmView {
  readonly machine: string;
  /** Number within the machine, in the order they were learned. */
  readonly id: number;
  readonly kind: AlarmKind;
  readonly severity: AlarmSeverity;
  /** `null`: it is of the machine. */
  readonly channel: FleetChannel | null;
  readonly state: AlarmState;
  /** When it began, by the rows. */
  readonly happenedMs: number;
  /** When the server got to know. */
  readonly learnedMs: number;
  /** Since when it is over, by the rows; `null`: it is not. */
  readonly overMs: number | null;
  /** When the server got to know that; `null`: it is not over. */
  readonly overLearnedMs: number | null;
  /** The limit as it was; `null`: there is no number to it. */
  readonly limit: number | null;
  readonly value: number | null;
  /** Furthest beyond the limit so far, and when. */
  readonly peak: number | null;
  readonly peakMs: number | null;
  /** How often it began again before it was over for good; 1: once. */
  readonly crossings: number;
  /** It came and went so often that it counts as one. */
  readonly flapping: boolean;
  readonly acknowledged: { readonly atMs: number; readonly by: string; readonly comment: string } | null;
  readonly shelf: Shelf | null;
  readonly cause: SilenceCause | null;
}

/** As far as a page needs it to write alarms. */
export interface AlarmMachine {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly timeZone: string;
  /** Whoever asks may shelve its alarms and edit its limits. */
  readonly editable: boolean;
}

// GET /api/alarms?list=open : active or not acknowledged, alarm before warning, newest first. list=history: over and
// acknowledged, newest first, `before` in ms of their beginning.
export const alarmsRequest = z.strictObject({
  list: z.enum(['open', 'history']).default('open'),
  machine: machineIdText.optional(),
  severity: z.enum(['alarm', 'warning']).optional(),
  before: z.coerce.number().int().min(0).max(4_102_444_800_000).optional(),
  /** Began at `from` or later, or was not over then. */
  from: z.coerce.number().int().min(0).max(4_102_444_800_000).optional(),
  count: z.coerce.number().int().min(1).max(500).default(100),
});
export interface Alarms {
  readonly alarms: readonly AlarmView[];
  /** Of those alarms. */
  readonly machines: readonly AlarmMachine[];
  readonly more: boolean;
  readonly nowMs: number;
}

/** GET /api/alarms/count : of the alarms that whoever asks may see and nobody has shelved. */
export interface AlarmCount {
  /** That ring now, whether somebody has seen them or not. */
  readonly active: number;
  readonly unacknowledged: number;
  /** The worst of those that ring; `null`: none does. */
  readonly worst: AlarmSeverity | null;
}

// POST /api/machines/:id/alarms/:alarm/acknowledge : answers AlarmView.
export const acknowledgeRequest = z.strictObject({ comment: z.string().trim().max(500).default('') });

export const MOST_SHELF_MS = 7 * 86_400_000;
// POST /api/machines/:id/alarms/:alarm/shelve : answers AlarmView. DELETE …/shelve takes it back.
export const shelveRequest = z.strictObject({
  /** `null`: until it is over, a week at most. */
  forMs: z.number().int().min(60_000).max(MOST_SHELF_MS).nullable(),
  reason: line(1, 200),
});

/** GET /api/machines/:id/alarms/:alarm/history : oldest first. */
export interface AlarmHistory {
  readonly entries: readonly AlarmHistoryEntry[];
}
export interface AlarmHistoryEntry {
  readonly kind: 'rung' | 'over' | 'flapping' | 'acknowledged' | 'shelved' | 'unshelved' | 'escalation-due';
  /** When the server wrote it down. */
  readonly atMs: number;
  /** When it happened by the rows; the same where somebody did it. */
  readonly happenedMs: number;
  /** Name of who did it; `null`: nobody, it happened. */
  readonly by: string | null;
  readonly text: string;
}

/** GET /api/machines/:id/limits : what the model says, and what is set for this machine instead. */
export interface LimitsView {
  readonly machine: string;
  readonly version: number;
  /** As the edge sent it; `null`: not yet. */
  readonly model: MachineSchema | null;
  readonly settings: MachineSettings;
  readonly editable: boolean;
}
// Saved by PUT /api/machines/:id/settings (manage.ts).
export type LimitSettings = z.infer<typeof machineSettings>;

// POST /api/machines/:id/rehearsal : how often limits of a channel would have rung; answers Rehearsal.
export const rehearsalRequest = z.strictObject({
  channel: z.string().min(1).max(32),
  override: channelOverride,
  days: z.number().int().min(1).max(90).default(30),
});
export interface Rehearsal {
  readonly fromMs: number;
  readonly toMs: number;
  /** Newest first, 200 at most. */
  readonly rung: readonly {
    readonly kind: AlarmKind;
    readonly happenedMs: number;
    /** `null`: not over at the end. */
    readonly overMs: number | null;
    readonly peak: number | null;
    readonly crossings: number;
  }[];
  readonly count: number;
  /** With the limits in force now. */
  readonly countNow: number;
}
