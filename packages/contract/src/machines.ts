// One machine: what is known of it, its journal, the stream of what happens to it now.
import type { Channel, MachineSchema } from '@vigie/model';

/** One instant of a machine: `values[i]` belongs to `schema.channels[i]`; `null` = no sample (sensor fault). */
export interface RowView {
  readonly atMs: number;
  readonly values: readonly (number | string | null)[];
}

/** What is known of the link to the edge. */
export interface LinkView {
  readonly connected: boolean;
  /** Last frame of any kind from the edge; `null` = never. */
  readonly lastContactMs: number | null;
  readonly connectedSinceMs: number | null;
  /** Payload bytes of blocks received since the first of the month (UTC), and rows they held. */
  readonly monthBlockBytes: number;
  readonly monthRows: number;
  /** Rows the edge announced it still holds; `null` = not announced. */
  readonly backlogRows: number | null;
  readonly bootNumber: number | null;
  /** What the edge said of its link last, to this server since it started; `null`: nothing. */
  readonly report: EdgeReport | null;
}

/** Told by an edge when it connects and once an hour. */
export interface EdgeReport {
  readonly atMs: number;
  readonly version: string;
  readonly data: {
    /** Bytes of all traffic as the operator bills them, since the SIM's month began, and by its end. */
    readonly monthBytes: number;
    readonly forecastBytes: number | null;
    /** `null`: no bound. */
    readonly budgetBytes: number | null;
    /** What is done to stay within it; `stretched`: sent more rarely, `held` and `asleep`: rows wait on the box. */
    readonly thrift: 'unbounded' | 'within' | 'stretched' | 'held' | 'asleep';
    /** Time between two blocks in force. */
    readonly intervalMs: number;
  };
  /** Rows that wait on the box, and the room for them. */
  readonly spool: { readonly bytes: number; readonly mostBytes: number };
  /** `null`: no modem is looked after. */
  readonly modem: {
    readonly operator: string | null;
    readonly technology: string | null;
    readonly rssiDbm: number | null;
    readonly rsrpDbm: number | null;
    readonly rsrqDb: number | null;
    readonly sinrDb: number | null;
  } | null;
}

/** GET /api/machines/:id */
export interface MachineView {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  /** IANA zone of the machine's site; axes and times are shown in it. */
  readonly timeZone: string;
  /** With the names, bands and limits set for this machine; `null` until the edge sent its schema. */
  readonly schema: MachineSchema | null;
  /** Its newest row that has a date; `null`: it has none. */
  readonly last: RowView | null;
  /** While `last` is `null`: rows that are there without a known time; otherwise 0. */
  readonly undatedRows: number;
  /** Time between two blocks; data older than two intervals are late, older than an hour stale. */
  readonly intervalMs: number;
  readonly link: LinkView;
  /** Server's clock at the answer, so that ages are right on a device whose clock is not. */
  readonly nowMs: number;
}

export type JournalKind =
  | 'edge-connected'
  | 'edge-disconnected'
  | 'edge-boot'
  | 'boots-undated'
  | 'gap'
  | 'state'
  | 'limit-crossed'
  | 'limit-returned'
  | 'sensor-fault'
  | 'sensor-back'
  | 'counter-reset'
  | 'block-set-aside'
  | 'settings-applied'
  | 'settings-refused'
  | 'credential-revoked'
  | 'key-rotated'
  | 'spool-cloned';

/** GET /api/machines/:id/journal?before=&count=&kind= : newest first, of all kinds or of one. */
export interface JournalEntry {
  readonly atMs: number;
  readonly kind: JournalKind;
  /** Channel concerned, where one is. */
  readonly channel: Channel['id'] | null;
  /** Facts for the sentence, by kind: e.g. {value, level}, {from, to}, {before, after}, {rows, reason}, {boot}, {why},
   * {boot, lastBoot, rows, afterMs, beforeMs}. */
  readonly facts: Readonly<Record<string, string | number | null>>;
}
export interface Journal {
  readonly entries: readonly JournalEntry[];
  readonly more: boolean;
}

/**
 * GET /api/machines/:id/live : server-sent events. `row` carries a RowView, `link` a LinkView,
 * `journal` a JournalEntry, `stored` `{fromMs, toMs}` when new blocks are stored,
 * `alarm` `{machine}` when its alarms changed, `beat` `{nowMs}` every 15 s, so that silence is noticed.
 */
export type LiveEvent = 'row' | 'link' | 'journal' | 'stored' | 'alarm' | 'beat';
