// Reduces rows to buckets without losing an extreme: first, last, min, max with their instants (M4, Jugel et al.,
// "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 2014), mean and count.
// Rows may come in any order; ties keep the earliest. Not here: which rows, and gaps.
import type { ChartSeries } from '@vigie/contract';

/** What the samples of a bucket or an interval were; instants in ms since its start. */
export interface Summary {
  readonly first: number;
  readonly firstAt: number;
  readonly last: number;
  readonly lastAt: number;
  readonly min: number;
  readonly minAt: number;
  readonly max: number;
  readonly maxAt: number;
  readonly sum: number;
  readonly count: number;
}

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

  /**
   * Adds the samples of rows `begin` … `end` − 1; one outside of the range, or not a finite number, is no part of a curve.
   * @param times in increasing order
   * @param values NaN where there is no sample
   */
  addRows(times: Float64Array, values: Float64Array, begin: number, end: number): void {
    let row = begin;
    while (row < end && times[row]! < this.#fromMs) row++;
    while (row < end && times[row]! < this.#toMs) {
      const i = Math.floor((times[row]! - this.#fromMs) / this.#bucketMs);
      const endMs = Math.min(this.#fromMs + (i + 1) * this.#bucketMs, this.#toMs);
      let count = this.#count[i]!;
      let sum = this.#sum[i]!;
      let [first, firstAt, last, lastAt] = [
        this.#first[i]!,
        this.#firstAt[i]!,
        this.#last[i]!,
        this.#lastAt[i]!,
      ];
      let [min, minAt, max, maxAt] = [this.#min[i]!, this.#minAt[i]!, this.#max[i]!, this.#maxAt[i]!];
      do {
        const atMs = times[row]!;
        const value = values[row]!;
        // Not NaN, nor infinite.
        if (value - value !== 0) continue;
        const isFirst = count === 0;
        count++;
        sum += value;
        if (isFirst || atMs < firstAt) [first, firstAt] = [value, atMs];
        if (isFirst || atMs >= lastAt) [last, lastAt] = [value, atMs];
        if (isFirst || value < min || (value === min && atMs < minAt)) [min, minAt] = [value, atMs];
        if (isFirst || value > max || (value === max && atMs < maxAt)) [max, maxAt] = [value, atMs];
      } while (++row < end && times[row]! < endMs);
      this.#count[i] = count;
      this.#sum[i] = sum;
      this.#first[i] = first;
      this.#firstAt[i] = firstAt;
      this.#last[i] = last;
      this.#lastAt[i] = lastAt;
      this.#min[i] = min;
      this.#minAt[i] = minAt;
      this.#max[i] = max;
      this.#maxAt[i] = maxAt;
    }
  }

  /** Adds what an interval's samples were; all of it lies in one bucket. */
  merge(fromMs: number, summary: Summary): void {
    const { first, firstAt, last, lastAt, min, minAt, max, maxAt, sum, count } = summary;
    const i = Math.floor((fromMs - this.#fromMs) / this.#bucketMs);
    const isFirst = this.#note(i, count, sum);
    this.#ends(i, isFirst, first, fromMs + firstAt, last, fromMs + lastAt);
    this.#extremes(i, isFirst, min, fromMs + minAt, max, fromMs + maxAt);
  }

  /** Of the buckets that have samples, in order. */
  summaries(): (Summary & { readonly index: number })[] {
    const found: (Summary & { readonly index: number })[] = [];
    for (let i = 0; i < this.#count.length; i++) {
      const startMs = this.#fromMs + i * this.#bucketMs;
      if ((this.#count[i] ?? 0) === 0) continue;
      found.push({
        index: i,
        first: this.#first[i] ?? 0,
        firstAt: (this.#firstAt[i] ?? 0) - startMs,
        last: this.#last[i] ?? 0,
        lastAt: (this.#lastAt[i] ?? 0) - startMs,
        min: this.#min[i] ?? 0,
        minAt: (this.#minAt[i] ?? 0) - startMs,
        max: this.#max[i] ?? 0,
        maxAt: (this.#maxAt[i] ?? 0) - startMs,
        sum: this.#sum[i] ?? 0,
        count: this.#count[i] ?? 0,
      });
    }
    return found;
  }

  /** @returns whether the bucket was empty. */
  #note(i: number, count: number, sum: number): boolean {
    const before = this.#count[i] ?? 0;
    this.#count[i] = before + count;
    this.#sum[i] = (this.#sum[i] ?? 0) + sum;
    return before === 0;
  }

  #ends(i: number, isFirst: boolean, first: number, firstMs: number, last: number, lastMs: number): void {
    if (isFirst || firstMs < (this.#firstAt[i] ?? 0)) {
      this.#first[i] = first;
      this.#firstAt[i] = firstMs;
    }
    if (isFirst || lastMs >= (this.#lastAt[i] ?? 0)) {
      this.#last[i] = last;
      this.#lastAt[i] = lastMs;
    }
  }

  #extremes(i: number, isFirst: boolean, low: number, lowMs: number, high: number, highMs: number): void {
    const min = this.#min[i] ?? 0;
    if (isFirst || low < min || (low === min && lowMs < (this.#minAt[i] ?? 0))) {
      this.#min[i] = low;
      this.#minAt[i] = lowMs;
    }
    const max = this.#max[i] ?? 0;
    if (isFirst || high > max || (high === max && highMs < (this.#maxAt[i] ?? 0))) {
      this.#max[i] = high;
      this.#maxAt[i] = highMs;
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
