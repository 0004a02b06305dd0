// Delays of the live stream, apart so that they can be tested without a browser.
// The server beats every 15 s: two missed beats and a margin make a silence.

export const silenceMs = 40_000;

/** Pause before attempt `attempt` (0 first): doubles up to 30 s, spread so that pages do not come together. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(30_000, 1000 * 2 ** Math.min(attempt, 5));
  return Math.round(ceiling * (0.5 + random / 2));
}
