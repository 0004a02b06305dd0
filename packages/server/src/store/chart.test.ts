// Charts of the SQLite store against the rows themselves, on random histories with outages: every extreme is there,
// and the list of gaps is that of the rows, whatever the range and the width.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBlock } from '@vigie/codec';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSqliteFolder } from './sqlite.ts';
import type { Store } from './store.ts';

const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  cutMs: 60_000,
  channels: [{ id: 'a', kind: 'number', names: { fr: 'a', en: 'a' }, decimals: 1 }],
});
const hash = schemaHash(schema);
const bootUtcMs = 1_700_000_000_000;

let folder = '';
let store: Store;
async function openStore(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'vigie-chart-'));
  store = openSqliteFolder(folder);
  await store.createMachine({ id: 'M', name: 'M', site: '', timeZone: 'UTC', intervalMs: 60_000 });
  await store.putSchema('M', hash, schema);
  await store.setMachineSchema('M', hash);
}
async function closeStore(): Promise<void> {
  await store.close();
  rmSync(folder, { recursive: true });
}

const history = fc.array(
  fc.record({
    /** Pause before the block; above the cut it is a gap. */
    pauseMs: fc.oneof(fc.integer({ min: 1000, max: 50_000 }), fc.integer({ min: 61_000, max: 900_000 })),
    values: fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 1, maxLength: 20 }),
  }),
  { minLength: 1, maxLength: 25 },
);

it('has the extremes and the gaps of the rows, at every range and width', async () => {
  await fc.assert(
    fc
      .asyncProperty(
        history,
        fc.array(
          fc.tuple(
            fc.double({ min: -0.2, max: 1.1, noNaN: true }),
            fc.double({ min: 0.01, max: 1, noNaN: true }),
            fc.integer({ min: 1, max: 300 }),
          ),
          {
            minLength: 3,
            maxLength: 6,
          },
        ),
        async (blocks, questions) => {
          const rows: [number, number][] = [];
          let atMs = 0;
          let sequence = 0;
          await store.putAnchor({
            machine: 'M',
            spool: 'aa',
            bootNumber: 1,
            monotonicMs: 0,
            utcMs: bootUtcMs,
            errorMs: 0,
          });
          for (const { pauseMs, values } of blocks) {
            atMs += pauseMs;
            const start = atMs;
            const timesMs = Float64Array.from(values, (_, i) => i * 1000);
            const scaled = Float64Array.from(values, (value) => value / 10);
            for (const [i, value] of scaled.entries()) rows.push([bootUtcMs + start + i * 1000, value]);
            atMs += (values.length - 1) * 1000;
            const columns = [{ type: 'number' as const, values: scaled, present: null }];
            await store.append({
              machine: 'M',
              spool: 'aa',
              firstSequence: sequence,
              bootNumber: 1,
              monotonicStartMs: start,
              rowCount: values.length,
              block: encodeBlock(
                codecSchema(schema),
                { rowCount: values.length, timesMs, columns },
                { schemaHash: hash },
              ),
            });
            sequence += values.length;
          }
          const gapsOfRows = rows.flatMap(([t], i) => {
            const before = rows[i - 1];
            return before !== undefined && t - before[0] > schema.cutMs ? [[before[0], t] as const] : [];
          });
          for (const [begin, share, width] of questions) {
            const fromMs = Math.round(bootUtcMs + begin * atMs);
            const toMs = fromMs + Math.max(1, Math.round(share * atMs));
            const chart = await store.chart({ machine: 'M', channels: ['a'], fromMs, toMs, width });
            const series = chart.series[0]!;
            const within = rows.filter(([t]) => t >= fromMs && t < toMs);
            expect(series.count.reduce((sum, n) => sum + n, 0)).toBe(within.length);
            for (const [k, bucket] of series.bucket.entries()) {
              const startMs = fromMs + bucket * chart.bucketMs;
              const inside = within.filter(([t]) => t >= startMs && t < startMs + chart.bucketMs);
              const values = inside.map(([, value]) => value);
              expect([series.first[k], series.last[k]]).toEqual([values[0], values.at(-1)]);
              expect([series.min[k], series.max[k]]).toEqual([Math.min(...values), Math.max(...values)]);
              expect(inside).toContainEqual([startMs + series.minAt[k]!, series.min[k]]);
              expect(inside).toContainEqual([startMs + series.maxAt[k]!, series.max[k]]);
              expect(series.mean[k]).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 2);
            }
            const wanted = gapsOfRows.filter(([from, to]) => to > fromMs && from < toMs);
            expect(chart.gaps.map((gap) => [gap.fromMs, gap.toMs])).toEqual(wanted);
          }
        },
      )
      .beforeEach(openStore)
      .afterEach(closeStore),
    { numRuns: 40 },
  );
});
