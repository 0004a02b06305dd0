// Machines with rows for tests of what is done to stored data: a spool of blocks every minute, a row a second, with
// pauses, missing samples and texts, from a seed. Not here: anything of the product.
import { type Column, encodeBlock, type Prior } from '@vigie/codec';
import { codecSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import type { Buckets } from './m4.ts';
import { Meanings } from './meanings.ts';
import { Reader } from './reader.ts';
import type { Place } from './rollup.ts';
import type { Store } from './store.ts';
import type { TestStore } from './testing.ts';

export const schema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  cutMs: 60_000,
  channels: [
    { id: 'a', kind: 'number', names: { fr: 'a', en: 'a' }, decimals: 1 },
    { id: 'b', kind: 'number', names: { fr: 'b', en: 'b' } },
    { id: 'c', kind: 'text', names: { fr: 'c', en: 'c' } },
  ],
});
export const hash = schemaHash(schema);
export const CHANNELS = ['a', 'b', 'c'];
export const SPOOL = '00000000000000aa';

export async function addMachine(store: Store, id = 'M'): Promise<void> {
  await store.createMachine({ id, name: id, site: '', timeZone: 'UTC', intervalMs: 60_000 });
  await store.putSchema(id, hash, schema);
  await store.setMachineSchema(id, hash);
}

/** A machine whose boot 1 began at an instant, as everybody knows. */
export async function startedAt(fresh: () => Promise<TestStore>, utcMs: number): Promise<TestStore> {
  const test = await fresh();
  test.nowMs = utcMs;
  await addMachine(test.store);
  await test.store.putAnchor({
    machine: 'M',
    spool: SPOOL,
    bootNumber: 1,
    monotonicMs: 0,
    utcMs,
    errorMs: 0,
  });
  return test;
}

export interface TestRow {
  readonly monotonicMs: number;
  readonly a: number;
  readonly b: number | null;
  readonly c: string | null;
}

/** `count` rows from an instant of the boot on, a second apart. */
export function rowsFrom(monotonicMs: number, count: number, seed = 1): TestRow[] {
  return Array.from({ length: count }, (_, i) => {
    const k = Math.floor(monotonicMs / 1000) + i;
    const noise = Math.imul(k + seed, 2_654_435_761) >>> 0;
    return {
      monotonicMs: monotonicMs + 1000 * i,
      a: Math.round(500 + 100 * Math.sin(k / 300) + (noise % 5)) / 10,
      b: noise % 7 === 0 ? null : (noise % 1000) / 7,
      c: noise % 50 === 0 ? `fault ${noise % 9}` : k % 600 < 300 ? 'on' : null,
    };
  });
}

export function encoded(rows: readonly TestRow[], prior: Prior | null = null): Uint8Array {
  const number = (values: readonly (number | null)[]): Column => {
    const present = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
    return {
      type: 'number',
      values: Float64Array.from(values, (value) => value ?? 0),
      present: present.includes(0) ? present : null,
    };
  };
  return encodeBlock(
    codecSchema(schema),
    {
      rowCount: rows.length,
      timesMs: Float64Array.from(rows, (row) => row.monotonicMs - (rows[0]?.monotonicMs ?? 0)),
      columns: [
        number(rows.map(({ a }) => a)),
        number(rows.map(({ b }) => b)),
        { type: 'text', values: rows.map(({ c }) => c) },
      ],
    },
    { schemaHash: hash, prior },
  );
}

/** Rows of one boot of a machine, stored as blocks of `perBlock`; sequences go on from the spool's mark. */
export async function append(
  store: Store,
  rows: readonly TestRow[],
  {
    machine = 'M',
    spool = SPOOL,
    boot = 1,
    perBlock = 60,
    prior = null,
  }: { machine?: string; spool?: string; boot?: number; perBlock?: number; prior?: Prior | null } = {},
): Promise<void> {
  let firstSequence = await store.nextSequence(machine, spool);
  const waiting: Promise<unknown>[] = [];
  for (let i = 0; i < rows.length; i += perBlock) {
    const some = rows.slice(i, i + perBlock);
    waiting.push(
      store.append({
        machine,
        spool,
        firstSequence,
        bootNumber: boot,
        monotonicStartMs: some[0]?.monotonicMs ?? 0,
        rowCount: some.length,
        block: encoded(some, prior),
      }),
    );
    firstSequence += some.length;
  }
  await Promise.all(waiting);
}

/** One row's sample. */
export function addRow(of: Buckets, atMs: number, value: number): void {
  of.addRows(Float64Array.of(atMs), Float64Array.of(value), 0, 1);
}

/** Every row with its instant. */
export async function allRows(store: Store, machine = 'M') {
  const rows: { readonly atMs: number; readonly values: readonly (number | string | null)[] }[] = [];
  for await (const row of store.rows({ machine, channels: CHANNELS, fromMs: 0, toMs: 4e12 })) rows.push(row);
  return rows;
}

/** Every row with its place, as readers find it. */
export async function places(test: TestStore, machine = 'M') {
  return test.beside(async (hot, archive) => {
    const meanings = new Meanings(hot);
    const reader = new Reader({ hot, archive, meanings, pause: async () => undefined });
    const rows: { readonly place: Place; readonly schema: string; readonly values: readonly unknown[] }[] =
      [];
    for await (const cluster of reader.clusters(machine, 0, 4e12, null)) {
      for (let i = 0; i < cluster.rowCount; i++) {
        rows.push({
          place: cluster.place(i),
          schema: cluster.schemaHash(i),
          values: CHANNELS.map((_, k) => cluster.value(k, i)),
        });
      }
    }
    return rows;
  });
}
