// How a chart is sent and received: buckets as runs, and each column of numbers as the small whole numbers by which it leaves
// what is known already, one character each for most. Runs in the page too: nothing here needs more than types.
// Invariant: what was sent is received bit for bit; a column that whole numbers cannot say goes as it is.
import type { ChartAnswer, ChartSeries, SentChart, SentColumn, SentSeries } from './chart.ts';

/** Decimals of a column at most: a mean says two more than its channel. */
const MOST_DECIMALS = 8;
/** Sums and differences of such units are exact. */
const MOST_UNITS = 2 ** 50;

/**
 * Digits: 93 characters that JSON does not escape. A number is digits of base 31, the lowest first, and a last one of base
 * 62. (A variable-length quantity as in source maps, of more characters, so that most differences are one.)
 */
const CODES = Uint8Array.from(
  Array.from({ length: 95 }, (_, i) => 32 + i).filter((code) => code !== 0x22 && code !== 0x5c),
);
const LAST = 62;
const BEFORE = 31;
const digitOf = new Uint8Array(128);
CODES.forEach((code, digit) => {
  digitOf[code] = digit;
});
/** Of a difference of two units at most. */
const MOST_DIGITS = 11;
const MOST_INTEGER = 2 ** 31 - 1;
const ascii = new TextDecoder();

/** Of the columns, each after those it is told by. */
const COLUMNS = [
  'mean',
  'first',
  'last',
  'min',
  'max',
  'firstAt',
  'lastAt',
  'minAt',
  'maxAt',
  'count',
] as const;

type Name = (typeof COLUMNS)[number];

/** Values are told by the mean of their bucket, all others by the number before them. */
const byMean: ReadonlySet<Name> = new Set(['first', 'last', 'min', 'max']);

export function sentChart(chart: ChartAnswer): SentChart {
  return { ...chart, series: chart.series.map(sentSeries) };
}

export function receivedChart(chart: SentChart): ChartAnswer {
  return { ...chart, series: chart.series.map(receivedSeries) };
}

function sentSeries({ channel, bucket, ...columns }: ChartSeries): SentSeries {
  const runs: number[] = [];
  bucket.forEach((index, i) => {
    if (i === 0 || index !== bucket[i - 1]! + 1) runs.push(index, 1);
    else runs[runs.length - 1]! += 1;
  });
  const sent = Object.fromEntries(
    COLUMNS.map((name) => [name, sentColumn(columns[name], byMean.has(name) ? columns.mean : null)]),
  ) as Record<Name, SentColumn>;
  return { channel, runs, ...sent };
}

function receivedSeries({ channel, runs, ...columns }: SentSeries): ChartSeries {
  const bucket: number[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    for (let k = 0; k < runs[i + 1]!; k++) bucket.push(runs[i]! + k);
  }
  const mean = receivedColumn(columns.mean, null);
  const received = Object.fromEntries(
    COLUMNS.map((name) => [
      name,
      name === 'mean' ? mean : receivedColumn(columns[name], byMean.has(name) ? mean : null),
    ]),
  ) as Record<Name, readonly number[]>;
  return { channel, bucket, ...received };
}

/** @param mean of the same buckets, where the column is told by it */
function sentColumn(column: readonly number[], mean: readonly number[] | null): SentColumn {
  if (column.length === 0) return column;
  const decimals = decimalsOf(column);
  if (decimals === null) return column;
  const unit = 10 ** decimals;
  const expected = expectation(mean, unit);
  const text = new Uint8Array(1 + MOST_DIGITS * column.length);
  text[0] = 0x30 + decimals;
  let length = 1;
  let before = 0;
  for (let i = 0; i < column.length; i++) {
    const units = Math.round(column[i]! * unit);
    const by = units - (expected === null ? before : Math.round(expected[i]! * unit));
    before = units;
    let rest = by < 0 ? -2 * by - 1 : 2 * by;
    while (rest > MOST_INTEGER) {
      text[length++] = CODES[LAST + (rest % BEFORE)]!;
      rest = Math.floor(rest / BEFORE);
    }
    // As integers, which are divided in a fraction of the time.
    let low = rest | 0;
    while (low >= LAST) {
      const above = (low / BEFORE) | 0;
      text[length++] = CODES[LAST + low - BEFORE * above]!;
      low = above;
    }
    text[length++] = CODES[low]!;
  }
  return ascii.decode(text.subarray(0, length));
}

function receivedColumn(column: SentColumn, mean: readonly number[] | null): readonly number[] {
  if (typeof column !== 'string') return column;
  const unit = 10 ** Number(column[0]);
  const expected = expectation(mean, unit);
  const result: number[] = [];
  let before = 0;
  let sum = 0;
  let factor = 1;
  for (let k = 1; k < column.length; k++) {
    const digit = digitOf[column.charCodeAt(k)]!;
    if (digit >= LAST) {
      sum += (digit - LAST) * factor;
      factor *= BEFORE;
      continue;
    }
    sum += digit * factor;
    const by = sum % 2 === 1 ? -(sum + 1) / 2 : sum / 2;
    const units = by + (expected === null ? before : Math.round(expected[result.length]! * unit));
    before = units;
    result.push(units / unit);
    sum = 0;
    factor = 1;
  }
  return result;
}

/** What each number of a column is told by: the mean, where its units are exact; `null`: the number before it. */
function expectation(mean: readonly number[] | null, unit: number): readonly number[] | null {
  // What is no number is null once it was sent.
  const isNear = (value: number) => Number.isFinite(value) && Math.abs(value * unit) <= MOST_UNITS;
  return mean === null || mean.length === 0 || !mean.every(isNear) ? null : mean;
}

/** The fewest that say every number exactly; `null`: MOST_DECIMALS do not. */
function decimalsOf(column: readonly number[]): number | null {
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
    const unit = 10 ** decimals;
    let i = 0;
    while (i < column.length && isWhole(column[i]!, unit)) i++;
    if (i === column.length) return decimals;
  }
  return null;
}

/** Whether so many units are the very number. */
function isWhole(value: number, unit: number): boolean {
  const units = Math.round(value * unit);
  return Math.abs(units) <= MOST_UNITS && units / unit === value;
}
