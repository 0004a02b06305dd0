// Data used this month, carried on in a straight line to the month's end. Months are counted in UTC, as the
// server counts them. Not here: the budget that the edge itself holds to.

const tooEarlyMs = 6 * 3_600_000;

/** Bytes by the end of the month; `null` in its first hours, when a line through them means nothing. */
export function forecastMonthBytes(bytes: number, nowMs: number): number | null {
  const now = new Date(nowMs);
  const startMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  const endMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  const elapsedMs = nowMs - startMs;
  if (elapsedMs < tooEarlyMs) return null;
  return Math.round((bytes * (endMs - startMs)) / elapsedMs);
}
