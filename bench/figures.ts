// What figures of all benches are made with.

/** Of values in increasing order, by the nearest rank; `null`: there are none. */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** To the four digits that a run can show. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
