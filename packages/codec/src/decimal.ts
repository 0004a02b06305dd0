// Values ↔ whole numbers: a decimal times a power of ten, or the bits of a float in the order of the floats.
// A value is taken for a decimal only if the very division that decodes it gives back its bits, so nothing is
// ever rounded. Not here: steps and dictionaries of whole numbers (lattice.ts).

export const MAX_DECIMALS = 15;
/** Powers of ten up to 10^22 are exact doubles. */
export const POWERS: Float64Array = Float64Array.from([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);
/** Whole numbers stop here, so that the difference of two is exact; what is larger is coded as a float. */
export const WHOLE_MOST = 2 ** 52;

/** The integer that divided by 10^decimals is exactly this value, or NaN. */
export function wholeOf(value: number, power: number): number {
  const whole = Math.round(value * power);
  if (whole / power !== value || whole > WHOLE_MOST || whole < -WHOLE_MOST) return Number.NaN;
  // −0 is equal to 0 but has other bits.
  return whole === 0 && Object.is(value, -0) ? Number.NaN : whole;
}

/**
 * Numbers printed with a fixed count of significant digits lose decimals as they grow: above 10^digits only every
 * tenth integer occurs, above 10^(digits+1) every hundredth. This numbers those that occur, in order; NaN: this one
 * does not. `digits` 0: all integers occur.
 */
export function shorten(whole: number, digits: number): number {
  if (digits === 0) return whole;
  const magnitude = Math.abs(whole);
  const full = POWERS[digits]!;
  if (magnitude < full) return whole;
  let unit = 1;
  let skipped = 0;
  while (magnitude >= full * unit) {
    unit *= 10;
    skipped++;
  }
  const place = magnitude / unit + skipped * (full - full / 10);
  if (magnitude % unit !== 0) return Number.NaN;
  return whole < 0 ? -place : place;
}

/** The inverse of `shorten`. */
export function lengthen(place: number, digits: number): number {
  if (digits === 0) return place;
  const magnitude = Math.abs(place);
  const full = POWERS[digits]!;
  if (magnitude < full) return place;
  const decade = full - full / 10;
  const skipped = Math.min(MAX_DECIMALS, 1 + Math.floor((magnitude - full) / decade));
  const whole = (magnitude - skipped * decade) * POWERS[skipped]!;
  return place < 0 ? -whole : whole;
}

/** The fewest digits under which `shorten` takes all of these and closes some gap up; 0: there is no gap. */
export function significantDigits(whole: Float64Array, count: number): number {
  let most = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(whole[i]!);
    if (magnitude > most) most = magnitude;
    if (magnitude < least) least = magnitude;
  }
  let total = 0;
  while (total <= MAX_DECIMALS && most >= POWERS[total]!) total++;
  // Of one decade, all have the same gaps: their common step says so more simply.
  if (total < 4 || total > MAX_DECIMALS || least >= POWERS[total - 1]!) return 0;
  let needed = 3;
  for (let i = 0; i < count; i++) {
    while (Number.isNaN(shorten(whole[i]!, needed))) if (++needed === total) return 0;
  }
  return needed;
}

const bits = new DataView(new ArrayBuffer(8));

/** Order-preserving integer of a float32, or NaN when the value is none (NaNs are not taken). */
export function float32Order(value: number): number {
  if (Math.fround(value) !== value) return Number.NaN;
  bits.setFloat32(0, value);
  const word = bits.getInt32(0);
  return word ^ ((word >> 31) & 0x7fff_ffff);
}

export function float32Of(order: number): number {
  const word = order | 0;
  bits.setInt32(0, word ^ ((word >> 31) & 0x7fff_ffff));
  return bits.getFloat32(0);
}

/** High and low 32 bits of a double. */
export function highBits(value: number): number {
  bits.setFloat64(0, value);
  return bits.getInt32(0);
}
export function lowBits(value: number): number {
  bits.setFloat64(0, value);
  return bits.getInt32(4);
}
export function float64Of(high: number, low: number): number {
  bits.setInt32(0, high);
  bits.setInt32(4, low);
  return bits.getFloat64(0);
}
