// Charts against the rows themselves, on random histories with outages, late blocks, two spools that overlap and clocks
// that turn out to go wrong, before and after sealing: every bucket says what its rows were, gaps are those of the rows,
// and a line drawn from the answer covers what a line through all rows covers.
import { encodeBlock } from '@vigie/codec';
import type { ChartAnswer } from '@vigie/contract';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TestStore, testDatabases } from './testing.ts';

const CUT_MS = 60_000;
const HOUR_MS = 3_600_000;
const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  cutMs: CUT_MS,
  channels: [
    { id: 'a', kind: 'number', names: { fr: 'a', en: 'a' }, decimals: 1 },
    { id: 'b', kind: 'number', names: { fr: 'b', en: 'b' } },
  ],
});
const hash = schemaHash(schema);
const startUtcMs = 1_700_000_000_000;
const SPOOLS = ['00000000000000aa', '00000000000000bb'] as const;

interface Row {
  readonly atMs: number;
  readonly a: number;
  /** `null`: missing. */
  readonly b: number | null;
}

const blocks = fc.array(
  fc.record({
    /** Before the block; above the cut it is a gap. */
    pauseMs: fc.oneof(
      fc.integer({ min: 1000, max: 50_000 }),
      fc.integer({ min: 61_000, max: 2 * HOUR_MS }),
      fc.integer({ min: HOUR_MS, max: 200 * HOUR_MS }),
    ),
    intervalMs: fc.constantFrom(1000, 20_000, 59_000),
    values: fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 1, maxLength: 40 }),
    /** Everything that is due is sealed before it. */
    seals: fc.boolean(),
    /** The boot's clock turns out to be off by so much, from here on. */
    drift: fc.constantFrom(0, 0, 0, 80e-6, -80e-6),
  }),
  { minLength: 1, maxLength: 14 },
);
type Blocks = readonly (typeof blocks extends fc.Arbitrary<(infer T)[]> ? T : never)[];
const history = fc.tuple(blocks, fc.oneof(fc.constant<Blocks>([]), blocks));
const questions = fc.array(
  fc.tuple(
    fc.double({ min: -0.2, max: 1.1, noNaN: true }),
    fc.double({ min: 0.001, max: 1.5, noNaN: true }),
    fc.integer({ min: 2, max: 300 }),
  ),
  { minLength: 2, maxLength: 5 },
);

describe.each(testDatabases)('a chart on $name', ({ name, fresh }) => {
  it('has the extremes and the gaps of the rows, at every range and width, sealed or not', async () => {
    let test: TestStore;
    await fc.assert(
      fc
        .asyncProperty(history, questions, async (spools, asked) => {
          const rows: Row[] = [];
          for (const [i, spool] of spools.entries()) rows.push(...(await store(test, SPOOLS[i]!, spool)));
          rows.sort((one, other) => one.atMs - other.atMs);
          const spanMs = (rows.at(-1)?.atMs ?? 0) - startUtcMs;
          // What was sealed before its boot's clock turned out to be wrong is dated anew by the next sealing.
          const all = spools.flat();
          const isStale = all.some(({ seals }) => seals) && all.some(({ drift }) => drift !== 0);
          for (const isSealed of isStale ? [true] : [false, true]) {
            if (isSealed) {
              test.nowMs += 1100 * HOUR_MS;
              await test.seal();
            }
            for (const [begin, share, width] of asked) {
              const fromMs = Math.round(startUtcMs + begin * spanMs);
              const toMs = fromMs + Math.max(1, Math.round(share * spanMs));
              const chart = await test.store.chart({
                machine: 'M',
                channels: ['a', 'b'],
                fromMs,
                toMs,
                width,
              });
              expectOf(chart, rows, fromMs, toMs, width);
            }
          }
          expect(await test.beside((db) => db.all('SELECT * FROM dirty'))).toEqual([]);
          expect(await test.beside((db) => db.all('SELECT * FROM block'))).toEqual([]);
          const stored: number[] = [];
          for await (const row of test.store.rows({ machine: 'M', channels: ['a'], fromMs: 0, toMs: 4e12 }))
            stored.push(row.atMs);
          expect(stored).toEqual(rows.map(({ atMs }) => atMs));
          const last = await test.store.lastRow('M');
          expect(last?.atMs).toBe(rows.at(-1)?.atMs);
        })
        .beforeEach(async () => {
          test = await fresh();
          test.nowMs = startUtcMs;
          await test.store.createMachine({
            id: 'M',
            name: 'M',
            site: '',
            timeZone: 'UTC',
            intervalMs: 60_000,
          });
          await test.store.putSchema('M', hash, schema);
          await test.store.setMachineSchema('M', hash);
        })
        .afterEach(() => test.dispose()),
      { numRuns: name === 'SQLite' ? 40 : 12 },
    );
  });
});

/** Stores the blocks of a spool; a quarter of them is sent twice. @returns its rows as they are dated in the end. */
async function store(test: TestStore, spool: string, history: Blocks): Promise<Row[]> {
  const sent: { readonly monotonicMs: number; readonly a: number; readonly b: number | null }[] = [];
  let monotonicMs = 0;
  let sequence = 0;
  let utcMs = startUtcMs;
  const anchor = (atMs: number, utc: number) =>
    test.store.putAnchor({
      machine: 'M',
      spool,
      bootNumber: 1,
      monotonicMs: atMs,
      utcMs: utc,
      errorMs: 0,
    });
  await anchor(0, utcMs);
  for (const [n, { pauseMs, intervalMs, values, seals, drift }] of history.entries()) {
    monotonicMs += pauseMs;
    utcMs += Math.round(pauseMs * (1 + drift));
    const start = monotonicMs;
    const timesMs = Float64Array.from(values, (_, i) => i * intervalMs);
    const a = Float64Array.from(values, (value) => value / 10);
    const present = Uint8Array.from(values, (value) => (value % 3 === 0 ? 0 : 1));
    for (const [i, value] of a.entries()) {
      sent.push({ monotonicMs: start + timesMs[i]!, a: value, b: present[i] === 0 ? null : 7 * value });
    }
    const spanMs = (values.length - 1) * intervalMs;
    monotonicMs += spanMs;
    utcMs += spanMs;
    test.nowMs = Math.max(test.nowMs, utcMs);
    if (seals) await test.seal();
    const block = {
      machine: 'M',
      spool,
      firstSequence: sequence,
      bootNumber: 1,
      monotonicStartMs: start,
      rowCount: values.length,
      block: encodeBlock(
        codecSchema(schema),
        {
          rowCount: values.length,
          timesMs,
          columns: [
            { type: 'number', values: a, present: null },
            { type: 'number', values: a.map((value) => 7 * value), present },
          ],
        },
        { schemaHash: hash },
      ),
    };
    await test.store.append(block);
    if (n % 4 === 0) expect((await test.store.append(block)).kind).toBe('duplicate');
    await anchor(monotonicMs, utcMs);
    sequence += values.length;
  }
  const dates: Row[] = [];
  for (const { monotonicMs: at, a, b } of sent) {
    const [first] = blocksOf(history, at);
    // By the boot's mapping, at the ends of the block that holds the row.
    const fromMs = (await test.store.date('M', spool, 1, first.startMs)) ?? 0;
    const toMs = (await test.store.date('M', spool, 1, first.endMs)) ?? 0;
    const spanMs = first.endMs - first.startMs;
    const drifts = Math.abs(toMs - fromMs - spanMs) > 50;
    const rate = drifts ? (toMs - fromMs) / spanMs : 1;
    dates.push({ atMs: fromMs + Math.round((at - first.startMs) * rate), a, b });
  }
  return dates;
}

function blocksOf(
  history: readonly { pauseMs: number; intervalMs: number; values: readonly number[] }[],
  at: number,
) {
  let atMs = 0;
  const found = history.flatMap(({ pauseMs, intervalMs, values }) => {
    const startMs = atMs + pauseMs;
    atMs = startMs + (values.length - 1) * intervalMs;
    return at >= startMs && at <= atMs ? [{ startMs, endMs: atMs }] : [];
  });
  return found as [{ startMs: number; endMs: number }];
}

function expectOf(
  chart: Omit<ChartAnswer, 'undated'>,
  rows: readonly Row[],
  fromMs: number,
  toMs: number,
  width: number,
): void {
  const { startMs, bucketMs } = chart;
  expect(startMs).toBeLessThanOrEqual(fromMs);
  expect(Math.ceil((toMs - startMs) / bucketMs)).toBeLessThanOrEqual(width);
  const within = rows.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  for (const [series, sampleOf] of [
    [chart.series[0]!, ({ a }: Row) => a],
    [chart.series[1]!, ({ b }: Row) => b],
  ] as const) {
    const samples = within.flatMap((row) => {
      const value = sampleOf(row);
      return value === null ? [] : [{ atMs: row.atMs, value }];
    });
    expect(series.count.reduce((sum, n) => sum + n, 0)).toBe(samples.length);
    for (const [k, bucket] of series.bucket.entries()) {
      const beginMs = startMs + bucket * bucketMs;
      const inside = samples.filter(({ atMs }) => atMs >= beginMs && atMs < beginMs + bucketMs);
      const values = inside.map(({ value }) => value);
      const [first, last] = [inside[0]!, inside.at(-1)!];
      expect([beginMs + series.firstAt[k]!, beginMs + series.lastAt[k]!]).toEqual([first.atMs, last.atMs]);
      expect([series.min[k], series.max[k]]).toEqual([Math.min(...values), Math.max(...values)]);
      expect(inside).toContainEqual({ atMs: beginMs + series.firstAt[k]!, value: series.first[k] });
      expect(inside).toContainEqual({ atMs: beginMs + series.lastAt[k]!, value: series.last[k] });
      expect(inside).toContainEqual({ atMs: beginMs + series.minAt[k]!, value: series.min[k] });
      expect(inside).toContainEqual({ atMs: beginMs + series.maxAt[k]!, value: series.max[k] });
      expect(series.mean[k]).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 2);
    }
    expect(pixels(pointsOf(series, startMs, bucketMs), startMs, bucketMs)).toEqual(
      pixels(samples, startMs, bucketMs),
    );
  }
  const gapsOfRows = rows.flatMap(({ atMs }, i) => {
    const before = rows[i - 1];
    return before !== undefined && atMs - before.atMs > CUT_MS ? [[before.atMs, atMs] as const] : [];
  });
  expect(chart.gaps.map((gap) => [gap.fromMs, gap.toMs])).toEqual(
    gapsOfRows.filter(([from, to]) => to > fromMs && from < toMs),
  );
}

interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** As a page draws them: of each bucket first, the extremes in the order they came, last. */
function pointsOf(series: ChartAnswer['series'][number], startMs: number, bucketMs: number): Point[] {
  return series.bucket.flatMap((bucket, k) => {
    const at = (offset: number | undefined): number => startMs + bucket * bucketMs + (offset ?? 0);
    return [
      { atMs: at(series.firstAt[k]), value: series.first[k]! },
      { atMs: at(series.minAt[k]), value: series.min[k]! },
      { atMs: at(series.maxAt[k]), value: series.max[k]! },
      { atMs: at(series.lastAt[k]), value: series.last[k]! },
    ].sort((one, other) => one.atMs - other.atMs);
  });
}

/** What a line through the points covers of each column of pixels, a bucket wide: its lowest and highest value there. */
function pixels(points: readonly Point[], startMs: number, bucketMs: number): Map<number, [number, number]> {
  const covered = new Map<number, [number, number]>();
  const cover = (column: number, value: number): void => {
    const [low, high] = covered.get(column) ?? [value, value];
    covered.set(column, [Math.min(low, value), Math.max(high, value)]);
  };
  const columnOf = (atMs: number): number => Math.floor((atMs - startMs) / bucketMs);
  for (const [i, point] of points.entries()) {
    const next = points[i + 1];
    cover(columnOf(point.atMs), point.value);
    if (next === undefined || columnOf(next.atMs) === columnOf(point.atMs)) continue;
    // Only where it leaves its column and where it enters the next one: between them it is the same segment.
    for (const column of [columnOf(point.atMs), columnOf(next.atMs)]) {
      const edgeMs = startMs + (column === columnOf(point.atMs) ? column + 1 : column) * bucketMs;
      const share = (edgeMs - point.atMs) / (next.atMs - point.atMs);
      cover(column, point.value + share * (next.value - point.value));
    }
  }
  return covered;
}
