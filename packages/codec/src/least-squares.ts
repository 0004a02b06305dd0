// Ridge-regularised least squares from a Gram matrix, by elimination: few unknowns, and only while training.

/** Weights of the chosen unknowns, or `null` when they cannot be told apart. */
export function solve(
  gram: readonly Float64Array[],
  right: Float64Array,
  chosen: readonly number[],
): number[] | null {
  const count = chosen.length;
  const rows = chosen.map((p, k) => {
    const row = Float64Array.from([...chosen.map((q) => gram[p]![q]!), right[p]!]);
    row[k]! += 1e-3 + row[k]! * 1e-3;
    return row;
  });
  for (let p = 0; p < count; p++) {
    const pivot = rows[p]![p]!;
    if (!(Math.abs(pivot) > 1e-9)) return null;
    for (let q = p; q <= count; q++) rows[p]![q]! /= pivot;
    for (let r = 0; r < count; r++) {
      const factor = rows[r]![p]!;
      if (r === p || factor === 0) continue;
      for (let q = p; q <= count; q++) rows[r]![q]! -= factor * rows[p]![q]!;
    }
  }
  return rows.map((row) => row[count]!);
}
