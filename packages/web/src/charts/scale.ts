// A straight scale between values (instants too) and pixels, both ways. Pure.
// Invariant: an empty range has one place, its beginning, and no pixel is NaN.

export class Scale {
  readonly #from: number;
  readonly #startPx: number;
  /** Below 0 where values grow upwards. */
  readonly #pxPerUnit: number;

  /** The range's ends lie at `startPx` and `endPx`. */
  constructor(from: number, to: number, startPx: number, endPx: number) {
    this.#from = from;
    this.#startPx = startPx;
    this.#pxPerUnit = to === from ? 0 : (endPx - startPx) / (to - from);
  }

  px(value: number): number {
    return this.#startPx + (value - this.#from) * this.#pxPerUnit;
  }

  valueAt(px: number): number {
    return this.#pxPerUnit === 0 ? this.#from : this.#from + (px - this.#startPx) / this.#pxPerUnit;
  }
}
