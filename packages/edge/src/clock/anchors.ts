// Which exchanges with the server become anchors of the boot. Pure.
// Invariants: the first exchange of a connection always does; later ones when clearly better or after ten minutes.
// Not here: how the server dates rows by them.

const EVERY_MS = 600_000;

export interface Exchange {
  /** Instants of the edge's monotonic clock around the server's reading of its own. */
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly utcMs: number;
}

/** What was told last in this connection; `null`: nothing yet. */
export type Told = { readonly atMs: number; readonly errorMs: number } | null;

/** Half of the round trip: the server read its clock somewhere within. */
export function errorOf(exchange: Exchange): number {
  return Math.ceil((exchange.answeredMs - exchange.sentMs) / 2);
}

export function isWorthTelling(told: Told, exchange: Exchange): boolean {
  if (told === null) return true;
  return errorOf(exchange) < told.errorMs / 2 || exchange.answeredMs - told.atMs >= EVERY_MS;
}

/** The anchor of a boot whose axis is the edge's own monotonic clock. */
export function anchorOf(exchange: Exchange): { monotonicMs: number; utcMs: number; errorMs: number } {
  return {
    monotonicMs: Math.round((exchange.sentMs + exchange.answeredMs) / 2),
    utcMs: exchange.utcMs,
    errorMs: errorOf(exchange),
  };
}
