// The HTTP contract: shapes of every request and answer between page and server, once.
// The server validates requests with the zod schemas; the page imports types only.
// All instants are Unix ms UTC (`…Ms`), all durations ms. Errors are `{error: {code, message}}`.
import type { Channel, MachineSchema, Names } from '@vigie/model';
import { z } from 'zod';

export type { Channel, Limits, MachineSchema, Names } from '@vigie/model';

export const language = z.enum(['fr', 'en']);
export type Language = z.infer<typeof language>;
export type Role = 'user' | 'admin' | 'super-admin';

// POST /api/session
export const signInRequest = z.strictObject({
  user: z.string().min(1).max(254),
  password: z.string().min(1).max(1024),
});
export type SignInRequest = z.infer<typeof signInRequest>;

// POST /api/setup: the first Super Admin, with the one-time code printed by the server. Signs in.
export const setupRequest = z.strictObject({
  code: z.string().min(1).max(64),
  name: z.string().trim().min(1).max(80),
  email: z.email().max(254),
  password: z.string().min(10).max(1024),
  language,
});
export type SetupRequest = z.infer<typeof setupRequest>;

/** GET /api/setup */
export interface SetupState {
  /** True until the first Super Admin exists. */
  readonly needed: boolean;
}

/** GET /api/me, and the answer of POST /api/session and POST /api/setup. 401 when signed out. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly language: Language;
}
// PATCH /api/me
export const meChange = z.strictObject({ language: language.optional() });

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
}

/** GET /api/machines */
export interface MachineSummary {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  /** Names of its kind; `null` until the edge sent its schema. */
  readonly model: Names | null;
  readonly lastRowMs: number | null;
  readonly connected: boolean;
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
  readonly last: RowView | null;
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

/** GET /api/machines/:id/journal?before=&count= : newest first. */
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

// GET /api/chart?machine=TV-12&channels=t_evap,t_cond&from=MS&to=MS&width=PX
export const chartRequest = z.strictObject({
  machine: z.string().min(1).max(32),
  channels: z
    .string()
    .min(1)
    .max(4000)
    .transform((s) => s.split(','))
    .pipe(z.array(z.string().min(1).max(32)).min(1).max(50)),
  from: z.coerce.number().int().min(0).max(4_102_444_800_000),
  to: z.coerce.number().int().min(0).max(4_102_444_800_000),
  width: z.coerce.number().int().min(1).max(8000),
});

/**
 * Per bucket the M4 extremes (Jugel et al., PVLDB 2014) and the mean. Bucket i covers
 * [fromMs + i·bucketMs, fromMs + (i+1)·bucketMs). Only buckets that hold at least one sample are
 * listed: all arrays of a series have the same length, `bucket` gives their index, increasing.
 * Instants are ms after the bucket's start.
 */
export interface ChartSeries {
  readonly channel: Channel['id'];
  readonly bucket: readonly number[];
  readonly first: readonly number[];
  readonly firstAt: readonly number[];
  readonly last: readonly number[];
  readonly lastAt: readonly number[];
  readonly min: readonly number[];
  readonly minAt: readonly number[];
  readonly max: readonly number[];
  readonly maxAt: readonly number[];
  readonly mean: readonly number[];
  readonly count: readonly number[];
}

/** A stretch with no row, found on raw data: same list at every zoom. */
export interface ChartGap {
  readonly fromMs: number;
  readonly toMs: number;
  /** Why, where known: a GAP's reason, 'undated' (rows of an UndatedBoot in between) or 'edge-off' (a boot); else `null`. */
  readonly reason: string | null;
}

/**
 * Rows of one power-on of the edge that never met a server, so that nothing dates them: known is their order, and what
 * lies around it. Never to be drawn at an instant. Their values: GET /api/machines/:id/undated.csv.
 */
export interface UndatedBoot {
  readonly spool: string;
  readonly bootNumber: number;
  readonly rows: number;
  /** From its first row to its last, on its own clock. */
  readonly spanMs: number;
  /** Instant of the last dated row before it in its spool; `null`: there is none. */
  readonly afterMs: number | null;
  /** Instant of the first dated row after it in its spool; `null`: none has come yet. */
  readonly beforeMs: number | null;
}

export interface ChartAnswer {
  readonly machine: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Where bucket 0 begins: at `fromMs` or before it. */
  readonly startMs: number;
  readonly bucketMs: number;
  readonly series: readonly ChartSeries[];
  readonly gaps: readonly ChartGap[];
  /** Those that may lie in the range, in the order of their rows. */
  readonly undated: readonly UndatedBoot[];
}

/**
 * GET /api/machines/:id/live : server-sent events. `row` carries a RowView, `link` a LinkView,
 * `journal` a JournalEntry, `stored` `{fromMs, toMs}` when new blocks are stored,
 * `beat` `{nowMs}` every 15 s, so that silence is noticed.
 */
export type LiveEvent = 'row' | 'link' | 'journal' | 'stored' | 'beat';

export interface ErrorAnswer {
  readonly error: {
    readonly code:
      | 'signed-out'
      | 'wrong-credentials'
      | 'wrong-code'
      | 'too-many-attempts'
      | 'forbidden'
      | 'not-found'
      | 'invalid'
      | 'insecure'
      | 'unavailable';
    readonly message: string;
    /** For too-many-attempts. */
    readonly retryAfterMs?: number;
  };
}
