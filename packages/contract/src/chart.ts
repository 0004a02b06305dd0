// A chart: buckets, gaps, and what has no instant; and the rows themselves as a file.
import type { Channel } from '@vigie/model';
import { z } from 'zod';
import { language } from './accounts.ts';

const instantMs = z.coerce.number().int().min(0).max(4_102_444_800_000);
const channelList = z
  .string()
  .min(1)
  .max(4000)
  .transform((s) => s.split(','))
  .pipe(z.array(z.string().min(1).max(32)).min(1).max(50));

// GET /api/chart?machine=TV-12&channels=t_evap,t_cond&from=MS&to=MS&width=PX&detail=curve
export const chartRequest = z.strictObject({
  machine: z.string().min(1).max(32),
  channels: channelList,
  from: instantMs,
  to: instantMs,
  width: z.coerce.number().int().min(1).max(8000),
  /** `curve`: without what a drawn curve does not need, two thirds of the bytes. */
  detail: z.enum(['all', 'curve']).default('all'),
});

/**
 * GET /api/machines/:id/rows.csv : every row of a time, oldest first, all channels or those named. Without `language` for
 * programs: `t` in Unix ms, channel ids, commas. With it for a spreadsheet of that language: names and units, ISO time
 * with the offset of the machine's zone; fr: semicolons, decimal commas and a byte order mark.
 */
export const rowsRequest = z.strictObject({
  from: instantMs.optional(),
  to: instantMs.optional(),
  channels: channelList.optional(),
  language: language.optional(),
});

/**
 * Per bucket the M4 extremes (Jugel et al., PVLDB 2014) and the mean. Bucket i covers
 * [fromMs + i·bucketMs, fromMs + (i+1)·bucketMs). Only buckets that hold at least one sample are
 * listed: all arrays of a series have the same length, `bucket` gives their index, increasing.
 * Instants are ms after the bucket's start. `first`, `minAt`, `maxAt` and `count` are empty where only the curve was asked for, and
 * so is `last` then, but of a channel with states, of which a mean says nothing.
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
 * A chart as it is sent (sent-chart.ts). `runs`: of the series' buckets, the first of each row of neighbours and how many
 * they are.
 */
export interface SentChart extends Omit<ChartAnswer, 'series'> {
  readonly series: readonly SentSeries[];
}
type Column = Exclude<keyof ChartSeries, 'channel' | 'bucket'>;
export interface SentSeries extends Readonly<Record<Column, SentColumn>> {
  readonly channel: Channel['id'];
  readonly runs: readonly number[];
}
/** Differences of whole numbers, written as characters; the numbers themselves where whole numbers cannot say them. */
export type SentColumn = string | readonly number[];
