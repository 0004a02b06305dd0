// Dates a boot: maps its monotonic time to UTC by anchors, backwards and forwards. Pure.
// Invariants: with one anchor the whole boot is dated; between two the mapping is linear; outside them it runs on at
// the rate the nearest two have shown, where they show it well enough, else at the true rate; an anchor that
// contradicts better ones by more than clocks can drift is ignored; a mapping that is good enough stays as it is, so
// that rows do not tremble. Not here: where anchors are kept.

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

/** Two anchors show a clock's rate when their errors leave it no more uncertain than this. */
const KNOWN_RATE = 20e-6;

/** UTC of `monotonicMs`; `null` without anchors. `anchors` in increasing monotonic time. */
export function dateOf(anchors: readonly AnchorPoint[], monotonicMs: number): number | null {
  const [first, second] = anchors;
  if (first === undefined) return null;
  if (monotonicMs < first.monotonicMs) return extended(first, rateOf(first, second), monotonicMs);
  const next = anchors.findIndex((anchor) => anchor.monotonicMs > monotonicMs);
  const left = anchors.at(next < 0 ? -1 : next - 1) ?? first;
  const right = anchors[next];
  if (right === undefined)
    return extended(
      left,
      rateOf(
        anchors.findLast((one) => showRate(one, left)),
        left,
      ),
      monotonicMs,
    );
  return extended(left, (right.utcMs - left.utcMs) / (right.monotonicMs - left.monotonicMs), monotonicMs);
}

function extended(from: AnchorPoint, rate: number, monotonicMs: number): number {
  return Math.round(from.utcMs + (monotonicMs - from.monotonicMs) * rate);
}

function showRate(left: AnchorPoint, right: AnchorPoint): boolean {
  const spanMs = right.monotonicMs - left.monotonicMs;
  return spanMs > 0 && left.errorMs + right.errorMs <= KNOWN_RATE * spanMs;
}

/** ms of UTC in one of the boot's clock, as two anchors show it; 1 when they cannot tell. */
function rateOf(left: AnchorPoint | undefined, right: AnchorPoint | undefined): number {
  if (left === undefined || right === undefined || !showRate(left, right)) return 1;
  const rate = (right.utcMs - left.utcMs) / (right.monotonicMs - left.monotonicMs);
  return Math.min(1 + MAX_DRIFT, Math.max(1 - MAX_DRIFT, rate));
}

/** What the mapping is worth there, ms: its best anchor's error, and how far clocks may have drifted since. */
export function uncertaintyOf(anchors: readonly AnchorPoint[], monotonicMs: number): number {
  return Math.min(...anchors.map((anchor) => anchor.errorMs + driftMs(anchor, monotonicMs)));
}

function driftMs(anchor: AnchorPoint, monotonicMs: number): number {
  return Math.abs(anchor.monotonicMs - monotonicMs) * MAX_DRIFT;
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
  const uncertainty = uncertaintyOf(anchors, anchor.monotonicMs);
  const disagreement = Math.abs(anchor.utcMs - dated);
  if (disagreement > uncertainty + anchor.errorMs + TOLERANCE_MS) return { kind: 'contradicts' };
  // An answer that took its time knows less than the mapping does, and must not bend it.
  if (disagreement <= TOLERANCE_MS || anchor.errorMs >= uncertainty) return { kind: 'agrees' };
  const kept = anchors.filter(
    (other) => other.errorMs <= anchor.errorMs + driftMs(other, anchor.monotonicMs),
  );
  return { kind: 'kept', anchors: [...kept, anchor].sort((a, b) => a.monotonicMs - b.monotonicMs) };
}

/**
 * Dates of a block's rows, from those of its first and last. Over a minute the boot's clock is the truth; over hours
 * (rows that waited for a disk) its drift counts, and is spread evenly.
 * @param timesMs of the rows on the boot's clock, or on any that differs from it by a constant
 */
export function rowDates(timesMs: ArrayLike<number>, fromMs: number, toMs: number): (row: number) => number {
  const firstMs = timesMs[0] ?? 0;
  const spanMs = (timesMs[timesMs.length - 1] ?? 0) - firstMs;
  const drifts = Math.abs(toMs - fromMs - spanMs) > TOLERANCE_MS;
  const rate = drifts ? (toMs - fromMs) / spanMs : 1;
  return (row) => fromMs + Math.round(((timesMs[row] ?? 0) - firstMs) * rate);
}

/** Up to which instant of the boot two mappings say the same; −∞: they never do. Both in increasing time. */
export function changedSinceMs(before: readonly AnchorPoint[], after: readonly AnchorPoint[]): number {
  const differs = (anchor: AnchorPoint, i: number): boolean =>
    after[i]?.monotonicMs !== anchor.monotonicMs || after[i]?.utcMs !== anchor.utcMs;
  const changed = before.findIndex(differs);
  const same = changed < 0 ? before.length : changed;
  // The second anchor gives the rate before the first.
  return same < 2 ? Number.NEGATIVE_INFINITY : (before[same - 1]?.monotonicMs ?? Number.NEGATIVE_INFINITY);
}
