// How sure of itself a context may start.

/** Observations a context may start from: priors say which of the eight. */
export const CONFIDENCES = [0, 1, 2, 4, 8, 16, 30, 60] as const;
