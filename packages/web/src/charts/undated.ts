// Rows without a known time, gathered into bands: boots that share their neighbours are one band, since nothing tells
// where in it each lies. Pure. Invariant: a band is as wide as what is not known; its rows are at no instant of it.
import type { UndatedBoot } from '@vigie/contract';

export interface UndatedBand {
  /** `null`: nothing dated lies before it. */
  readonly afterMs: number | null;
  /** `null`: nothing dated has come after it yet. */
  readonly beforeMs: number | null;
  readonly rows: number;
  readonly firstBoot: number;
  readonly lastBoot: number;
}

/** @param undated as the server lists them: neighbours are side by side. */
export function undatedBands(undated: readonly UndatedBoot[]): readonly UndatedBand[] {
  const bands: (UndatedBand & { readonly spool: string })[] = [];
  for (const { spool, bootNumber, rows, afterMs, beforeMs } of undated) {
    const last = bands.at(-1);
    if (last?.spool === spool && last.afterMs === afterMs && last.beforeMs === beforeMs) {
      bands[bands.length - 1] = { ...last, rows: last.rows + rows, lastBoot: bootNumber };
    } else bands.push({ spool, afterMs, beforeMs, rows, firstBoot: bootNumber, lastBoot: bootNumber });
  }
  return bands.map(({ spool: _, ...band }) => band);
}

/** Where it may lie: nothing stored is of the future. `null`: anywhere, which is no place on a chart. */
export function placeOf(
  { afterMs, beforeMs }: UndatedBand,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } | null {
  return afterMs === null && beforeMs === null ? null : { fromMs: afterMs ?? 0, toMs: beforeMs ?? nowMs };
}

export function bandsAt(bands: readonly UndatedBand[], atMs: number, nowMs: number): readonly UndatedBand[] {
  return bands.filter((band) => {
    const place = placeOf(band, nowMs);
    return place !== null && atMs > place.fromMs && atMs < place.toMs;
  });
}
