// Room in a spool: what gives way first, what a thinned block still says, and that a server which gets blocks, late or
// never, before or after they were thinned, has each row once or knows that it will not come.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBlock } from '@vigie/codec';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import type { RowInstant, SpoolEntry } from '@vigie/protocol';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SampledRow } from '../acquire/source.ts';
import { fromRows } from './batch.ts';
import { realDisk, type SpoolDatabase, type SpoolDisk } from './disk.ts';
import { readAll } from './spool.test-support.ts';
import { Spool } from './spool.ts';
import { thinned } from './thin.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-thin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const schema: MachineSchema = machineSchemaSchema.parse({
  model: 'test',
  names: { fr: 'Essai', en: 'Test' },
  channels: [
    { id: 't', kind: 'number', decimals: 1 },
    { id: 'raw', kind: 'number' },
    { id: 'count', kind: 'counter', decimals: 0 },
    { id: 'state', kind: 'state', decimals: 0 },
    { id: 'on', kind: 'boolean', decimals: 0 },
    { id: 'note', kind: 'text' },
  ].map((channel) => ({ names: { fr: channel.id, en: channel.id }, ...channel })),
});

const randomness = {
  uniform: Math.random,
  bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
};
let files = 0;
const newFile = (): string => join(folder, `spool-${files++}.db`);

function open(file: string, mostBytes: number, bootId = 'boot', disk: SpoolDisk = realDisk): Spool {
  const opened = Spool.open({ disk, file, bootId, schema, randomness, mostBytes });
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

const sample = {
  t: fc.option(fc.integer({ min: -9999, max: 9999 }).map((n) => n / 10)),
  raw: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)),
  count: fc.option(fc.nat(1e6)),
  state: fc.option(fc.nat(5)),
  on: fc.option(fc.nat(1)),
  note: fc.option(fc.constantFrom('a', 'b', 'éé')),
};
const values = fc.tuple(sample.t, sample.raw, sample.count, sample.state, sample.on, sample.note);

/** Rows of a second each, all different: a row is told from its neighbours by its instant and its count. */
function rowsFrom(first: number, count: number, some: readonly SampledRow['values'][] = []): SampledRow[] {
  return Array.from({ length: count }, (_, i) => ({
    monotonicMs: 1000 * (first + i),
    values:
      some.length > 0
        ? (some[(first + i) % some.length] ?? [])
        : [Math.sin(first + i), first + i, first + i, 1, 0, 'a'],
  }));
}

function rowsOf(entry: SpoolEntry): SampledRow[] {
  if (entry.kind === 'gap') return [];
  const decoded = decodeBlock(entry.block, codecSchema(schema));
  if (!decoded.ok) throw new Error(decoded.error.message);
  return fromRows(decoded.value, entry.monotonicStartMs);
}

/** What is said of a thinned block, from the rows it had, in another way than the code's. */
function expectThinned(three: readonly SampledRow[], rows: readonly SampledRow[]): void {
  const instants = rows.map(({ monotonicMs }) => monotonicMs);
  const places = three.map(({ monotonicMs }) => instants.indexOf(monotonicMs));
  expect(places).toEqual([0, places[1], rows.length - 1]);
  expect(places[1]).toBeGreaterThan(0);
  expect(places[1]).toBeLessThan(rows.length - 1);
  for (const [c, { kind, decimals }] of schema.channels.entries()) {
    const column = rows.map(({ values }) => values[c] ?? null);
    const kept = three.map(({ values }) => values[c] ?? null);
    if (kind !== 'number') {
      for (const [i, place] of places.entries()) {
        expect(kept[i]).toBe(
          column
            .slice(0, place + 1)
            .filter((one) => one !== null)
            .at(-1) ?? null,
        );
      }
      continue;
    }
    const numbers = column.filter((one) => typeof one === 'number');
    if (numbers.length === 0) {
      expect(kept).toEqual([null, null, null]);
      continue;
    }
    const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
    expect([kept[0], kept[2]]).toEqual([least, greatest]);
    const mean = Number(kept[1]);
    expect(mean).toBeGreaterThanOrEqual(least);
    expect(mean).toBeLessThanOrEqual(greatest);
    if (decimals === null) continue;
    const sum = numbers.reduce((a, b) => a + b, 0);
    expect(Math.abs(mean - sum / numbers.length)).toBeLessThanOrEqual(0.5 * 10 ** -decimals + 1e-9);
    expect(mean).toBe(Number(mean.toFixed(decimals)));
  }
}

describe('a thinned block', () => {
  it('keeps extremes and mean, and what held, without inventing a sample', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 4, maxLength: 60 }), (some) => {
        const rows = rowsFrom(7, some.length, some);
        expectThinned(thinned(schema, rows), rows);
      }),
    );
  });

  it('has a mean even of numbers whose sum is none', () => {
    const rows = rowsFrom(0, 5, [[null, 1.7e308, null, null, null, null]]);
    expect(thinned(schema, rows).map(({ values: [, raw] }) => raw)).toEqual([1.7e308, 1.7e308, 1.7e308]);
  });
});

describe('room in a spool', () => {
  it('is made of acknowledged blocks first, then of detail, and of rows only when all is thinned', () => {
    const file = newFile();
    let spool = open(file, 6000);
    const shape = (from: number): string =>
      readAll(spool, from)
        .map((one) => {
          if (one.kind === 'gap') return one.reason === 'thinned' ? '' : 'F';
          return one.nextSequence - one.firstSequence === 3 ? 't' : 'b';
        })
        .join('');
    const shapes: string[] = [];
    for (let i = 0; i < 90; i++) {
      spool.commit(rowsFrom(60 * i, 60), 0, 'spool-full');
      spool.cut();
      if (i === 4) spool.acknowledge(300);
      expect(spool.bytes).toBeLessThanOrEqual(6000);
      if (i % 10 === 3 && i < 30) {
        // What is thinned is known again.
        const { bytes } = spool;
        spool.close();
        spool = open(file, 6000);
        expect(spool.bytes).toBe(bytes);
      }
      if (i < 26) shapes.push(shape(i < 4 ? 0 : 300));
    }
    // Whole blocks, then ever more thinned ones before them, then only such, after gaps for all that was dropped.
    for (const one of shapes) expect(one).toMatch(/^(t*b*|F*t+)$/);
    expect(shapes.some((one) => /^t+b+$/.test(one))).toBe(true);
    expect(shape(300)).toMatch(/^F+t{5,}$/);
    const entries = readAll(spool, 300);
    expect(entries[0]).toMatchObject({ kind: 'gap', reason: 'spool-full', firstSequence: 300 });
    expect(entries.at(-1)).toMatchObject({ kind: 'gap', reason: 'thinned', nextSequence: 5400 });
    expect(spool.trainingBlocks().blocks).toEqual([]);
    spool.close();
  });

  it('declares all that was dropped and never sent as one gap', () => {
    const spool = open(newFile(), 2000);
    for (let i = 0; i < 60; i++) {
      spool.commit(rowsFrom(20 * i, 20), 0, 'spool-full');
      spool.cut();
    }
    const [dropped, ...held] = readAll(spool);
    expect(dropped).toMatchObject({ kind: 'gap', reason: 'spool-full', firstSequence: 0 });
    expect(held.every((one) => one.kind === 'block' || one.reason === 'thinned')).toBe(true);
    spool.close();
  });

  it('leaves three rows that may be on their way the gap that tells them from samples', () => {
    for (const restarts of [false, true]) {
      const file = newFile();
      let spool = open(file, 1500);
      const add = (i: number): void => {
        spool.commit(rowsFrom(20 * i, 20), 0, 'spool-full');
        spool.cut();
      };
      const sent = (): SpoolEntry | null => {
        const read = spool.read(0);
        return read.ok ? read.value : null;
      };
      let next = 0;
      const isSent = (): boolean => {
        const entry = sent();
        return entry?.kind === 'block' && entry.nextSequence === 3;
      };
      while (!isSent()) add(next++);
      if (restarts) {
        spool.close();
        spool = open(file, 1500);
      }
      while (isSent()) add(next++);
      expect(sent()).toMatchObject({ kind: 'gap', nextSequence: 3, reason: 'spool-full' });
      expect(spool.read(3)).toMatchObject({ value: { kind: 'gap', nextSequence: 20, reason: 'thinned' } });
      spool.close();
    }
  });

  it('is made of detail, not of rows, where a server that was restored has to get them again', () => {
    const file = newFile();
    const before = open(file, 1e9);
    const add = (spool: Spool, i: number): void => {
      expect(spool.commit(rowsFrom(60 * i, 60), 0, 'spool-full').ok).toBe(true);
      expect(spool.cut().ok).toBe(true);
    };
    for (let i = 0; i < 20; i++) add(before, i);
    before.acknowledge(60 * 20);
    before.acknowledge(60 * 5);
    const { bytes } = before;
    before.close();
    const spool = open(file, bytes);
    expect(spool.acknowledged).toBe(300);
    for (let i = 20; i < 30; i++) add(spool, i);
    const entries = readAll(spool, 300);
    expect(entries.map(({ firstSequence }) => firstSequence)).toEqual([
      300,
      ...entries.slice(0, -1).map(({ nextSequence }) => nextSequence),
    ]);
    const reasons = entries.map((entry) => (entry.kind === 'gap' ? entry.reason : 'block'));
    expect(new Set(reasons)).toEqual(new Set(['block', 'thinned']));
    spool.close();
  });

  it('costs no row its only copy, whatever is on its way, acknowledged, lost, restarted or restored', () => {
    const action = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ rows: fc.integer({ min: 1, max: 30 }), lost: fc.constantFrom(0, 0, 0, 4) }),
      },
      { weight: 6, arbitrary: fc.constantFrom('cut', 'send', 'arrive', 'acknowledge') },
      { weight: 1, arbitrary: fc.constantFrom('reconnect', 'reopen', 'new boot', 'restore') },
    );
    let thinnedBlocks = 0;
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 9 }),
        fc.array(action, { maxLength: 60 }),
        fc.integer({ min: 600, max: 4000 }),
        (some, actions, mostBytes) => {
          const file = newFile();
          let [boot, spool] = [1, open(file, mostBytes, 'boot-1')];
          /** By sequence; `null`: declared lost by who counts rows. */
          const truth: (SampledRow | null)[] = [];
          const server: SpoolEntry[] = [];
          let [mark, sendNext, mostMark] = [0, 0, 0];
          let onTheWay: SpoolEntry[] = [];
          let last: RowInstant | null = null;
          const send = (): boolean => {
            const read = spool.read(sendNext);
            if (!read.ok) throw new Error(read.message);
            if (read.value === null) return false;
            expect(read.value.firstSequence).toBe(sendNext);
            onTheWay.push(read.value);
            sendNext = read.value.nextSequence;
            return true;
          };
          const arrive = (): void => {
            const [entry] = onTheWay.splice(0, 1);
            // Of the connection before, and stored already.
            if (entry === undefined || entry.nextSequence <= mark) return;
            expect(entry.firstSequence).toBe(mark);
            server.push(entry);
            stored();
          };
          const stored = (): void => {
            const entry = server.at(-1);
            mark = entry?.nextSequence ?? 0;
            mostMark = Math.max(mostMark, mark);
            const row = entry === undefined ? undefined : rowsOf(entry).at(-1);
            last =
              entry?.kind !== 'block' || row === undefined
                ? null
                : { bootNumber: entry.bootNumber, monotonicMs: row.monotonicMs };
          };
          /** The server goes back to half of what it has; not to the middle of a thinned block. */
          const restore = (): void => {
            const isRest = (entry?: SpoolEntry): boolean =>
              entry?.kind === 'gap' && entry.reason === 'thinned';
            let kept = server.length >> 1;
            if (isRest(server[kept])) kept++;
            server.splice(kept);
            stored();
            connect();
          };
          const connect = (): void => {
            onTheWay = [];
            const held = spool.rowAt(mark - 1);
            // Else the spool would be renewed.
            if (last !== null && held !== null) expect(held).toEqual(last);
            spool.acknowledge(mark);
            const oldest = spool.oldestSequence();
            if (!oldest.ok) throw new Error(oldest.message);
            if (mark < oldest.value) {
              // Only what the server had, and forgot.
              expect(oldest.value).toBeLessThanOrEqual(mostMark);
              server.push({
                kind: 'gap',
                firstSequence: mark,
                nextSequence: oldest.value,
                reason: 'spool-lost',
              });
              stored();
            }
            sendNext = mark;
          };
          for (const one of [...actions, 'cut', 'reconnect'] as const) {
            if (typeof one === 'object') {
              const rows = rowsFrom(truth.length + one.lost, one.rows, some);
              expect(spool.commit(rows, one.lost, 'controller-silent').ok).toBe(true);
              truth.push(...Array.from({ length: one.lost }, () => null), ...rows);
            } else if (one === 'cut') expect(spool.cut().ok).toBe(true);
            else if (one === 'send') send();
            else if (one === 'arrive') arrive();
            else if (one === 'acknowledge') spool.acknowledge(mark);
            else if (one === 'restore') restore();
            else {
              if (one !== 'reconnect') {
                spool.close();
                if (one === 'new boot') boot++;
                spool = open(file, mostBytes, `boot-${boot}`);
              }
              connect();
            }
            if (one === 'cut' && readAll(spool, mark).some(({ kind }) => kind === 'block')) {
              expect(spool.bytes).toBeLessThanOrEqual(mostBytes);
            }
          }
          while (send());
          while (onTheWay.length > 0) arrive();
          expect(mark).toBe(truth.length);
          for (const [i, entry] of server.entries()) {
            const rows = truth.slice(entry.firstSequence, entry.nextSequence);
            const next = server[i + 1];
            const isThinned = next?.kind === 'gap' && next.reason === 'thinned' && entry.kind === 'block';
            if (isThinned) {
              thinnedBlocks++;
              const whole = truth.slice(entry.firstSequence, next.nextSequence).filter((row) => row !== null);
              expectThinned(rowsOf(entry), whole);
            } else if (entry.kind === 'block') expect(rowsOf(entry)).toEqual(rows);
            else if (entry.reason === 'controller-silent')
              expect(rows.every((row) => row === null)).toBe(true);
            else if (entry.reason !== 'thinned') expect(['spool-full', 'spool-lost']).toContain(entry.reason);
          }
          spool.close();
        },
      ),
      { numRuns: 250 },
    );
    expect(thinnedBlocks).toBeGreaterThan(0);
  });
});

describe('a disk that is full', () => {
  /** The real one, with so many pages at most. */
  function smallDisk(): { disk: SpoolDisk; limit: (pages: number) => void; pages: () => number } {
    let db: SpoolDatabase | null = null;
    return {
      disk: {
        ...realDisk,
        open: (file) => {
          db = realDisk.open(file);
          return db;
        },
      },
      limit: (pages) => db?.pragma(`max_page_count = ${pages}`),
      pages: () => Number(db?.pragma('page_count', { simple: true })),
    };
  }

  it('takes rows all the same: acknowledged blocks, then detail, make room for them', () => {
    const small = smallDisk();
    const spool = open(newFile(), 1e9, 'boot', small.disk);
    const add = (i: number): void => {
      expect(spool.commit(rowsFrom(60 * i, 60), 0, 'spool-full')).toMatchObject({ ok: true });
      expect(spool.cut()).toMatchObject({ ok: true });
    };
    for (let i = 0; i < 40; i++) add(i);
    spool.acknowledge(60 * 20);
    small.limit(small.pages() + 2);
    const isOldestHeld = (): boolean => readAll(spool)[0]?.firstSequence === 0;
    let next = 40;
    while (isOldestHeld()) add(next++);
    const kinds = readAll(spool, 1200).map(({ kind }) => kind);
    expect(new Set(kinds), 'what was acknowledged gave way').toEqual(new Set(['block']));
    while (next < 100) add(next++);
    const entries = readAll(spool, 1200);
    expect(entries.map(({ firstSequence }) => firstSequence)).toEqual([
      1200,
      ...entries.slice(0, -1).map(({ nextSequence }) => nextSequence),
    ]);
    const reasons = entries.map((entry) => (entry.kind === 'gap' ? entry.reason : 'block'));
    expect(new Set(reasons)).toEqual(new Set(['block', 'thinned']));
    expect(entries.at(-1)).toMatchObject({ kind: 'block', nextSequence: 6000 });
    expect(spool.nextSequence).toBe(6000);
    spool.close();
  });

  it('that gives nothing for what is given up has nothing taken from it', () => {
    const small = smallDisk();
    const file = newFile();
    const spool = open(file, 1e9, 'boot', small.disk);
    for (let i = 0; i < 5; i++) {
      spool.commit(rowsFrom(60 * i, 60), 0, 'spool-full');
      spool.cut();
    }
    const [before, { bytes }] = [readAll(spool), spool];
    small.limit(1);
    const many = rowsFrom(300, 3000).map((row) => ({
      ...row,
      values: [...row.values.slice(0, 5), `${Math.random()}`],
    }));
    expect(spool.commit(many, 0, 'spool-full')).toMatchObject({ ok: false, isDiskFull: true });
    expect([readAll(spool), spool.bytes, spool.nextSequence]).toEqual([before, bytes, 300]);
    spool.close();
    const again = open(file, 1e9);
    expect([readAll(again), again.bytes, again.nextSequence]).toEqual([before, bytes, 300]);
    again.close();
  });
});
