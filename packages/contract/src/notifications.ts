// What somebody is told of by mail, and how mail does.
import { z } from 'zod';
import type { Role } from './accounts.ts';
import { timeZone } from './text.ts';

const minuteOfDay = z.number().int().min(0).max(1439);

// GET /api/me/notifications: NotificationsView. PUT /api/me/notifications: the same again.
export const notifications = z.strictObject({
  /** From which severity on; `none`: no mail about alarms at all. */
  severity: z.enum(['none', 'alarm', 'warning']),
  /** `unacknowledged`: only of alarms that nobody has acknowledged for half an hour. */
  when: z.enum(['at-once', 'unacknowledged']),
  /** Also that it is over. */
  recovery: z.boolean(),
  /** By the clock; `null`: none. What is held back is told in one mail at its end. */
  quiet: z
    .strictObject({
      fromMinute: minuteOfDay,
      toMinute: minuteOfDay,
      /** Alarms come all the same, warnings do not. */
      alarms: z.boolean(),
    })
    .refine(({ fromMinute, toMinute }) => fromMinute !== toMinute, 'takes two different times')
    .nullable(),
  /** Of whose clock quiet hours are, where the account has no zone of its own; `null`: not said yet. */
  zone: timeZone.nullable(),
});
export type Notifications = z.infer<typeof notifications>;

/** Until somebody says otherwise. A Super Admin sees every machine, and would be mailed of all of them. */
export function usualNotifications(role: Role): Notifications {
  return {
    severity: 'alarm',
    when: role === 'super-admin' ? 'unacknowledged' : 'at-once',
    recovery: true,
    quiet: null,
    zone: null,
  };
}

export interface NotificationsView {
  readonly notifications: Notifications;
  /** The server is set up to send mail. */
  readonly mails: boolean;
}

/** GET /api/manage/mail: of what is to be mailed, for those who manage users. */
export interface MailStatus {
  /** The server is set up to send mail. */
  readonly mails: boolean;
  readonly waiting: number;
  /** When the oldest of those was made; `null`: none waits. */
  readonly oldestMs: number | null;
  /** Last time one was handed over; `null`: none was yet. */
  readonly workedMs: number | null;
  /** Since when the mail server takes none; `null`: it does, as far as is known. */
  readonly downSinceMs: number | null;
  /** What it said, in its own words. */
  readonly why: string | null;
}

// POST /api/acknowledge/look and POST /api/acknowledge: the token of a mail's link. It never stands in an address.
export const acknowledgeLink = z.strictObject({ token: z.string().min(1).max(128) });

/** Of a link in a mail, before and after. */
export interface AcknowledgeView {
  readonly name: string;
  readonly alarms: readonly {
    readonly machine: string;
    readonly machineName: string;
    readonly alarm: number;
    /** Names of its channel; `null`: it is of the machine. */
    readonly names: { readonly fr: string; readonly en: string } | null;
    readonly happenedMs: number;
    readonly timeZone: string;
    /** `null`: nobody has acknowledged it. */
    readonly acknowledgedBy: string | null;
  }[];
}
