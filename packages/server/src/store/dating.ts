// Dates a boot: maps its monotonic time to UTC by anchors, backwards and forwards. Pure.
// Invariants: with one anchor the whole boot is dated; between two the mapping is linear, outside it runs at
// slope 1; an anchor that contradicts better ones by more than clocks can drift is ignored; a mapping that is
// good enough stays as it is, so that rows do not tremble. Not here: where anchors are kept.

export interface AnchorPoint {
  readonly monotonicMs: number;
  readonly utcMs: number;
  /** Half the round trip that gave it. */
  readonly errorMs: number;
}

/** Quartz of a Pi stays within ±100 ppm over the temperatures of a cabinet. */
export const MAX_DRIFT = 100e-6;
/** A new anchor that agrees with the mapping within this adds nothing. */
export const TOLERANCE_MS = 50;

/** UTC of `monotonicMs`; `null` without anchors. `anchors` in increasing monotonic time. */
export function dateOf(anchors: readonly AnchorPoint[], monotonicMs: number): number | null {
  const first = anchors[0];
  if (first === undefined) return null;
  let left = first;
  let right: AnchorPoint | null = null;
  for (const anchor of anchors) {
    if (anchor.monotonicMs <= monotonicMs) left = anchor;
    else {
      right = anchor;
      break;
    }
  }
  const since = monotonicMs - left.monotonicMs;
  if (right === null || since < 0) return Math.round(left.utcMs + since);
  const slope = (right.utcMs - left.utcMs) / (right.monotonicMs - left.monotonicMs);
  return Math.round(left.utcMs + since * slope);
}

export type AnchorVerdict =
  /** It changes the mapping: keep it. */
  | { readonly kind: 'kept'; readonly anchors: readonly AnchorPoint[] }
  /** The mapping says the same already. */
  | { readonly kind: 'agrees' }
  /** No clock drifts so: the source lies, or the boot is not the same. */
  | { readonly kind: 'contradicts' };

/** What a new anchor does to those of its boot. */
export function weighAnchor(anchors: readonly AnchorPoint[], anchor: AnchorPoint): AnchorVerdict {
  const dated = dateOf(anchors, anchor.monotonicMs);
  if (dated === null) return { kind: 'kept', anchors: [anchor] };
  // What the mapping is worth here: its best anchor's error, and how far clocks may have drifted since.
  const drift = (other: AnchorPoint): number => Math.abs(other.monotonicMs - anchor.monotonicMs) * MAX_DRIFT;
  const uncertainty = Math.min(...anchors.map((other) => other.errorMs + drift(other)));
  const disagreement = Math.abs(anchor.utcMs - dated);
  if (disagreement > uncertainty + anchor.errorMs + TOLERANCE_MS) return { kind: 'contradicts' };
  // An answer that took its time knows less than the mapping does, and must not bend it.
  if (disagreement <= TOLERANCE_MS || anchor.errorMs >= uncertainty) return { kind: 'agrees' };
  const kept = anchors.filter((other) => other.errorMs <= anchor.errorMs + drift(other));
  return { kind: 'kept', anchors: [...kept, anchor].sort((a, b) => a.monotonicMs - b.monotonicMs) };
}

/** Up to which instant of the boot two mappings say the same; −∞: they never do. Both in increasing time. */
export function changedSinceMs(before: readonly AnchorPoint[], after: readonly AnchorPoint[]): number {
  let sinceMs = Number.NEGATIVE_INFINITY;
  for (const [i, anchor] of before.entries()) {
    const other = after[i];
    if (other?.monotonicMs !== anchor.monotonicMs || other.utcMs !== anchor.utcMs) break;
    sinceMs = anchor.monotonicMs;
  }
  return sinceMs;
}
