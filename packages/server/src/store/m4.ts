// Reduces rows to buckets without losing an extreme: first, last, min, max with their instants (M4, Jugel et al.,
// "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 2014), mean and count.
// Rows may come in any order; ties keep the earliest. Not here: which rows, and gaps.
import type { ChartSeries } from '@vigie/contract';

export class Buckets {
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #bucketMs: number;
  readonly #count: Float64Array;
  readonly #sum: Float64Array;
  /** Values and instants, by bucket. */
  readonly #first: Float64Array;
  readonly #firstAt: Float64Array;
  readonly #last: Float64Array;
  readonly #lastAt: Float64Array;
  readonly #min: Float64Array;
  readonly #minAt: Float64Array;
  readonly #max: Float64Array;
  readonly #maxAt: Float64Array;

  /** The last bucket ends with the range, even where a whole one would not. */
  constructor(fromMs: number, toMs: number, bucketMs: number) {
    const bucketCount = Math.ceil((toMs - fromMs) / bucketMs);
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#bucketMs = bucketMs;
    const make = (): Float64Array => new Float64Array(bucketCount);
    this.#count = make();
    this.#sum = make();
    this.#first = make();
    this.#firstAt = make();
    this.#last = make();
    this.#lastAt = make();
    this.#min = make();
    this.#minAt = make();
    this.#max = make();
    this.#maxAt = make();
  }

  /** Adds a sample; one outside of the range, or not a finite number, is no part of a curve. */
  add(atMs: number, value: number): void {
    if (atMs < this.#fromMs || atMs >= this.#toMs || !Number.isFinite(value)) return;
    const i = Math.floor((atMs - this.#fromMs) / this.#bucketMs);
    const count = this.#count[i] ?? 0;
    this.#count[i] = count + 1;
    this.#sum[i] = (this.#sum[i] ?? 0) + value;
    if (count === 0 || atMs < (this.#firstAt[i] ?? 0)) {
      this.#first[i] = value;
      this.#firstAt[i] = atMs;
    }
    if (count === 0 || atMs >= (this.#lastAt[i] ?? 0)) {
      this.#last[i] = value;
      this.#lastAt[i] = atMs;
    }
    const min = this.#min[i] ?? 0;
    if (count === 0 || value < min || (value === min && atMs < (this.#minAt[i] ?? 0))) {
      this.#min[i] = value;
      this.#minAt[i] = atMs;
    }
    const max = this.#max[i] ?? 0;
    if (count === 0 || value > max || (value === max && atMs < (this.#maxAt[i] ?? 0))) {
      this.#max[i] = value;
      this.#maxAt[i] = atMs;
    }
  }

  /** @param decimals of the channel; a mean says two more, beyond which there is only noise to send. */
  series(channel: string, decimals: number | null): ChartSeries {
    const round = 10 ** ((decimals ?? 4) + 2);
    const bucket: number[] = [];
    for (let i = 0; i < this.#count.length; i++) if ((this.#count[i] ?? 0) > 0) bucket.push(i);
    const pick = (of: Float64Array): number[] => bucket.map((i) => of[i] ?? 0);
    const offset = (of: Float64Array): number[] =>
      bucket.map((i) => (of[i] ?? 0) - this.#fromMs - i * this.#bucketMs);
    return {
      channel,
      bucket,
      first: pick(this.#first),
      firstAt: offset(this.#firstAt),
      last: pick(this.#last),
      lastAt: offset(this.#lastAt),
      min: pick(this.#min),
      minAt: offset(this.#minAt),
      max: pick(this.#max),
      maxAt: offset(this.#maxAt),
      mean: bucket.map((i) => Math.round(((this.#sum[i] ?? 0) / (this.#count[i] ?? 1)) * round) / round),
      count: pick(this.#count),
    };
  }
}
