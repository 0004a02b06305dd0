// Boots without a date against a plain reference, on random histories of dated, undated and late dated boots in two
// spools: each is bounded by its neighbours and in order, none of its rows is out of reach, and a date takes it away.
import { encodeBlock } from '@vigie/codec';
import type { UndatedBoot } from '@vigie/contract';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppendResult, Store } from './store.ts';
import { type TestDatabase, type TestStore, testDatabases } from './testing.ts';

const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  cutMs: 60_000,
  channels: [{ id: 'n', kind: 'number', names: { fr: 'n', en: 'n' } }],
});
const hash = schemaHash(schema);
const SPOOLS = ['00000000000000aa', '00000000000000bb'] as const;

interface Row {
  readonly spool: string;
  readonly boot: number;
  readonly sequence: number;
  readonly monotonicMs: number;
  readonly utcMs: number;
}

let test: TestStore;
let store: Store;
async function open(fresh: TestDatabase['fresh']): Promise<void> {
  test = await fresh();
  store = test.store;
  await store.createMachine({ id: 'M', name: 'M', site: '', timeZone: 'UTC', intervalMs: 60_000 });
  await store.putSchema('M', hash, schema);
  await store.setMachineSchema('M', hash);
}

/** The value of a row is its sequence. */
async function append(rows: readonly Row[]): Promise<AppendResult> {
  const first = rows[0]!;
  return store.append({
    machine: 'M',
    spool: first.spool,
    firstSequence: first.sequence,
    bootNumber: first.boot,
    monotonicStartMs: first.monotonicMs,
    rowCount: rows.length,
    block: encodeBlock(
      codecSchema(schema),
      {
        rowCount: rows.length,
        timesMs: Float64Array.from(rows, ({ monotonicMs }) => monotonicMs - first.monotonicMs),
        columns: [
          { type: 'number', values: Float64Array.from(rows, ({ sequence }) => sequence), present: null },
        ],
      },
      { schemaHash: hash },
    ),
  });
}

const anchorOf = ({ spool, boot, monotonicMs, utcMs }: Row) =>
  store.putAnchor({ machine: 'M', spool, bootNumber: boot, monotonicMs, utcMs, errorMs: 1 });

/** By the rows alone. */
function expected(rows: readonly Row[], dated: ReadonlySet<number>): UndatedBoot[] {
  return SPOOLS.flatMap((spool) => {
    const own = rows.filter((row) => row.spool === spool);
    return [...new Set(own.map(({ boot }) => boot))]
      .filter((boot) => !dated.has(boot))
      .map((boot) => {
        const its = own.filter((row) => row.boot === boot);
        const [first, last] = [its[0]!, its.at(-1)!];
        const isDated = (row: Row) => dated.has(row.boot);
        return {
          spool,
          bootNumber: boot,
          rows: its.length,
          spanMs: last.monotonicMs - first.monotonicMs,
          afterMs: own.findLast((row) => row.sequence < first.sequence && isDated(row))?.utcMs ?? null,
          beforeMs: own.find((row) => row.sequence > last.sequence && isDated(row))?.utcMs ?? null,
        };
      });
  });
}

async function exported() {
  const rows: [string, number, number, unknown][] = [];
  for await (const { boot, sinceFirstMs, values } of store.undatedRows('M', ['n'])) {
    rows.push([boot.spool, boot.bootNumber, sinceFirstMs, values[0]]);
  }
  return rows;
}

async function expectAsRows(rows: readonly Row[], dated: ReadonlySet<number>): Promise<void> {
  const boots = expected(rows, dated);
  expect(await store.undated('M')).toEqual(boots);
  expect(await exported()).toEqual(
    boots.flatMap(({ spool, bootNumber }) => {
      const its = rows.filter((row) => row.boot === bootNumber);
      return its.map((row) => [spool, bootNumber, row.monotonicMs - its[0]!.monotonicMs, row.sequence]);
    }),
  );
}

const boots = fc.array(
  fc.record({
    spool: fc.nat(1),
    blocks: fc.array(
      fc.record({
        count: fc.integer({ min: 1, max: 6 }),
        /** Rows of the block before that it brings again. */
        again: fc.nat(2),
        /** Rows before it that a GAP declares lost. */
        lost: fc.oneof(fc.constant(0), fc.nat(3)),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    /** When its anchor comes: with its rows, after all rows, or never. */
    anchor: fc.constantFrom('first', 'first', 'late', 'never', 'never'),
  }),
  { minLength: 1, maxLength: 9 },
);

describe.each(testDatabases)('boots without a date on $name', ({ fresh }) => {
  it('are bounded by their neighbours, in order, with all their rows; a late anchor takes each away', async () => {
    await fc.assert(
      fc
        .asyncProperty(boots, async (history) => {
          const rows: Row[] = [];
          const dated = new Set<number>();
          const next: Record<string, number> = {};
          let utcMs = 1_700_000_000_000;
          for (const [i, { spool: which, blocks, anchor }] of history.entries()) {
            const [spool, boot] = [SPOOLS[which]!, i + 1];
            const bootMs = utcMs + 30_000;
            if (anchor === 'first') {
              dated.add(boot);
              await anchorOf({ spool, boot, sequence: 0, monotonicMs: 0, utcMs: bootMs });
            }
            let monotonicMs = 5000;
            let before: Row[] = [];
            for (const { count, again, lost } of blocks) {
              if (lost > 0) {
                const firstSequence = next[spool] ?? 0;
                next[spool] = firstSequence + lost;
                const gap = { firstSequence, nextSequence: next[spool], reason: 'spool-full' as const };
                await store.appendGap({ machine: 'M', spool, ...gap });
              }
              const fresh = Array.from({ length: count }, (): Row => {
                const sequence = next[spool] ?? 0;
                next[spool] = sequence + 1;
                monotonicMs += 1000;
                return { spool, boot, sequence, monotonicMs, utcMs: bootMs + monotonicMs };
              });
              const boundBefore = rows.some((row) => row.boot === boot);
              rows.push(...fresh);
              const result = await append([
                ...(lost > 0 ? [] : before.slice(-again || before.length)),
                ...fresh,
              ]);
              before = fresh;
              const bounded =
                anchor !== 'first' || boundBefore
                  ? []
                  : expected(rows, dated).filter(
                      (one) => one.spool === spool && one.beforeMs === fresh[0]!.utcMs,
                    );
              expect(result).toMatchObject({ kind: 'stored', undated: bounded });
            }
            utcMs = bootMs + monotonicMs;
            await expectAsRows(rows, dated);
          }
          for (const [i, { anchor }] of history.entries()) {
            if (anchor !== 'late') continue;
            dated.add(i + 1);
            await anchorOf(rows.find(({ boot }) => boot === i + 1)!);
            await expectAsRows(rows, dated);
          }
          store = await test.reopen();
          await test.seal();
          await expectAsRows(rows, dated);
        })
        .beforeEach(() => open(fresh))
        .afterEach(() => test.dispose()),
      { numRuns: 40 },
    );
  });

  it('say why the chart has nothing where they lie, and are no part of its curves', async () => {
    await open(fresh);
    const utcMs = 1_700_000_000_000;
    const row = (boot: number, sequence: number, atMs: number): Row => ({
      spool: SPOOLS[0],
      boot,
      sequence,
      monotonicMs: 1000,
      utcMs: utcMs + atMs,
    });
    const [before, undated, after, last] = [
      row(1, 0, 0),
      row(2, 1, 0),
      row(3, 2, 600_000),
      row(4, 3, 900_000),
    ];
    for (const dated of [before, after, last]) await anchorOf(dated);
    for (const one of [before, undated, after, last]) await append([one]);
    const chart = await store.chart({
      machine: 'M',
      channels: ['n'],
      fromMs: utcMs - 1000,
      toMs: utcMs + 1_000_000,
      width: 100,
    });
    expect(chart.gaps.map(({ reason }) => reason)).toEqual(['undated', 'edge-off']);
    expect(chart.series[0]?.first).toEqual([0, 2, 3]);
    await anchorOf({ ...undated, utcMs: utcMs + 300_000 });
    const again = await store.chart({
      machine: 'M',
      channels: ['n'],
      fromMs: utcMs,
      toMs: utcMs + 1e6,
      width: 100,
    });
    expect(again.gaps.map(({ reason }) => reason)).toEqual(['edge-off', 'edge-off', 'edge-off']);
    expect(await store.undated('M')).toEqual([]);
    await test.dispose();
  });
});
