// The spool on a real disk: rows come out as they went in, through restarts, acknowledgements and a file that was
// damaged anywhere; what is lost is declared.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBlock } from '@vigie/codec';
import { codecSchema, type MachineSchema, machineSchemaSchema } from '@vigie/model';
import { schemaHash } from '@vigie/model/load';
import type { SpoolEntry } from '@vigie/protocol';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SampledRow } from '../acquire/source.ts';
import { fromRows, toRows } from './batch.ts';
import { realDisk, type SpoolDisk } from './disk.ts';
import { readAll } from './spool.test-support.ts';
import { Spool } from './spool.ts';
import { learn } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-spool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const schemaOf = (...ids: string[]): MachineSchema =>
  machineSchemaSchema.parse({
    model: 'test',
    names: { fr: 'Essai', en: 'Test' },
    channels: ids.map((id) => ({
      id,
      kind: id === 'note' ? 'text' : 'number',
      names: { fr: id, en: id },
    })),
  });
const schema = schemaOf('a', 'b', 'note');

let files = 0;
function newFile(): string {
  files++;
  return join(folder, `spool-${files}.db`);
}

function open(
  file: string,
  options: { bootId?: string; schema?: MachineSchema; mostBytes?: number; disk?: SpoolDisk } = {},
): Spool {
  const opened = Spool.open({
    disk: realDisk,
    file,
    bootId: 'boot-1',
    schema,
    randomness: { uniform: Math.random, bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
    mostBytes: 1e9,
    ...options,
  });
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

function rowsFrom(first: number, count: number): SampledRow[] {
  return Array.from({ length: count }, (_, i) => ({
    monotonicMs: 1000 * (first + i),
    values: [
      first + i,
      (first + i) % 3 === 0 ? null : (first + i) / 8,
      i % 2 === 0 ? null : `row ${first + i}`,
    ],
  }));
}

function rowsOf(entries: readonly SpoolEntry[], of = schema): SampledRow[] {
  return entries.flatMap((entry) => {
    if (entry.kind === 'gap') return [];
    const decoded = decodeBlock(entry.block, codecSchema(of));
    if (!decoded.ok) throw new Error(decoded.error.message);
    return fromRows(decoded.value, entry.monotonicStartMs);
  });
}

describe('the spool', () => {
  it('gives back what was committed, in order, over cuts and restarts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('commit', 'cut', 'reopen', 'new boot', 'acknowledge'), { maxLength: 30 }),
        (actions) => {
          const file = newFile();
          let [bootId, boots] = ['boot-0', 1];
          let spool = open(file, { bootId });
          const written: SampledRow[] = [];
          for (const action of actions) {
            if (action === 'commit') {
              const rows = rowsFrom(written.length, 1 + (written.length % 5));
              expect(spool.commit(rows, 0, 'spool-full').ok).toBe(true);
              written.push(...rows);
            } else if (action === 'cut') expect(spool.cut().ok).toBe(true);
            else if (action === 'acknowledge') spool.acknowledge(Math.floor(written.length / 2));
            else {
              spool.close();
              if (action === 'new boot') bootId = `boot-${boots++}`;
              spool = open(file, { bootId });
            }
            expect(spool.nextSequence).toBe(written.length);
          }
          spool.cut();
          const entries = readAll(spool);
          // Unbroken from the first one on, whoever asks from wherever.
          expect(entries.map(({ firstSequence }) => firstSequence)).toEqual([
            ...(entries.length > 0 ? [0] : []),
            ...entries.slice(0, -1).map(({ nextSequence }) => nextSequence),
          ]);
          expect(rowsOf(entries)).toEqual(written);
          const middle = Math.floor(written.length / 3);
          expect(rowsOf(readAll(spool, middle))).toEqual(written.slice(middle));
          expect(
            new Set(entries.map((entry) => (entry.kind === 'block' ? entry.bootNumber : 0))).size,
          ).toBeLessThanOrEqual(boots);
          spool.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps a boot number for a boot, raises it for the next, and never repeats one', () => {
    const file = newFile();
    const seen: number[] = [];
    for (const bootId of ['a', 'a', 'b', 'a', 'c']) {
      const spool = open(file, { bootId });
      seen.push(spool.boot);
      spool.close();
    }
    expect(seen).toEqual([1, 1, 2, 3, 4]);
  });

  it('puts rows of two schemas in two blocks, each under its own', () => {
    const file = newFile();
    const first = open(file);
    first.commit(rowsFrom(0, 3), 0, 'spool-full');
    first.close();
    const other = schemaOf('a');
    const second = open(file, { schema: other });
    second.commit([{ monotonicMs: 9000, values: [9] }], 0, 'spool-full');
    second.cut();
    const [one, two] = readAll(second);
    expect(rowsOf(one ? [one] : [])).toEqual(rowsFrom(0, 3));
    expect(rowsOf(two ? [two] : [], other)).toEqual([{ monotonicMs: 9000, values: [9] }]);
    expect(second.schemaJson(one?.kind === 'block' ? one.schemaHash : '')).not.toBeNull();
    second.close();
  });

  it('puts what an earlier process committed in a block of its own', () => {
    const file = newFile();
    const first = open(file);
    first.commit(rowsFrom(0, 3), 0, 'spool-full');
    first.close();
    const second = open(file);
    second.commit(rowsFrom(3, 2), 0, 'spool-full');
    second.commit(rowsFrom(5, 2), 0, 'spool-full');
    second.cut();
    expect(readAll(second).map(({ firstSequence }) => firstSequence)).toEqual([0, 3]);
    second.close();
  });

  it('declares what memory had to drop, between the rows around it', () => {
    const spool = open(newFile());
    spool.commit(rowsFrom(0, 2), 0, 'spool-full');
    spool.commit(rowsFrom(7, 2), 5, 'controller-silent');
    spool.cut();
    expect(readAll(spool)).toMatchObject([
      { kind: 'block', firstSequence: 0, nextSequence: 2 },
      { kind: 'gap', firstSequence: 2, nextSequence: 7, reason: 'controller-silent' },
      { kind: 'block', firstSequence: 7, nextSequence: 9 },
    ]);
    spool.close();
  });

  it('keeps a day of acknowledged minutes for a server that was restored, and forgets older ones', () => {
    const spool = open(newFile());
    // Two entries a commit, a gap and a row: half the syncs for as many.
    for (let i = 0; i < 780; i++) spool.commit(rowsFrom(i, 1), 1, 'spool-full');
    spool.cut();
    spool.acknowledge(1560);
    expect(spool.oldestSequence()).toEqual({ ok: true, value: 120 });
    const kept = readAll(spool, 120);
    expect(kept.map(({ firstSequence }) => firstSequence)).toEqual(
      Array.from({ length: 1440 }, (_, i) => 120 + i),
    );
    spool.close();
  });

  it('goes on under a new identity from sequence 0 with the rows of its boot', () => {
    const file = newFile();
    const before = open(file, { bootId: 'old' });
    before.commit(rowsFrom(0, 4), 0, 'spool-full');
    before.cut();
    before.close();
    const spool = open(file, { bootId: 'new' });
    spool.commit(rowsFrom(4, 3), 0, 'spool-full');
    spool.cut();
    spool.commit(rowsFrom(7, 2), 0, 'spool-full');
    const id = spool.id;
    expect(spool.renew().ok).toBe(true);
    expect(spool.id).not.toBe(id);
    expect([spool.nextSequence, spool.rowsOfBoot, spool.acknowledged]).toEqual([6, 5, 0]);
    spool.cut();
    expect(readAll(spool).map(({ firstSequence }) => firstSequence)).toEqual([0, 1, 4]);
    expect(readAll(spool)[0]).toMatchObject({ kind: 'gap', nextSequence: 1, reason: 'spool-damaged' });
    expect(rowsOf(readAll(spool))).toEqual([...rowsFrom(4, 3), ...rowsFrom(7, 2)]);
    const renewed = spool.id;
    spool.close();
    const again = open(file, { bootId: 'new' });
    expect([again.id, again.nextSequence]).toEqual([renewed, 6]);
    again.close();
  });

  it('belongs to one process at a time', () => {
    const file = newFile();
    const spool = open(file);
    const second = Spool.open({
      disk: realDisk,
      file,
      bootId: 'x',
      schema,
      randomness: { uniform: Math.random, bytes: (count) => new Uint8Array(count) },
      mostBytes: 1e9,
    });
    expect(second).toMatchObject({ ok: false, message: expect.stringContaining('another vigie-edge') });
    spool.close();
  });
});

describe('a damaged spool', () => {
  const whole = newFile();
  const written = rowsFrom(0, 200);
  const made = open(whole);
  for (let i = 0; i < 20; i++) {
    made.commit(written.slice(10 * i, 10 * i + 10), 0, 'spool-full');
    if (i < 18) made.cut();
  }
  made.close();
  const bytes = readFileSync(whole);

  it('opens or is set aside wherever a bit flips or the file ends; no row is ever false, lost ones are declared', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.record({ cutAt: fc.integer({ min: 0, max: bytes.length - 1 }) }),
          fc.record({
            flips: fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(7)), { minLength: 1, maxLength: 3 }),
          }),
        ),
        (damage) => {
          const file = newFile();
          const damaged = 'cutAt' in damage ? bytes.subarray(0, damage.cutAt) : Uint8Array.from(bytes);
          if ('flips' in damage)
            for (const [at, bit] of damage.flips) damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
          writeFileSync(file, damaged);
          const spool = open(file);
          if (spool.setAside !== null) {
            expect(existsSync(spool.setAside)).toBe(true);
            // A gap that says so.
            expect(spool.nextSequence).toBe(1);
          }
          const fresh = rowsFrom(1000, 3);
          expect(spool.commit(fresh, 0, 'spool-full').ok).toBe(true);
          expect(spool.cut().ok).toBe(true);
          const entries = readAll(spool);
          expect(rowsOf(entries).slice(-3)).toEqual(fresh);
          const truth = new Map([...written, ...fresh].map((row) => [row.monotonicMs, row]));
          for (const entry of entries) {
            if (entry.kind === 'gap') continue;
            for (const row of rowsOf([entry])) expect(row).toEqual(truth.get(row.monotonicMs));
          }
          spool.close();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('turns one bad record into a gap and goes on', () => {
    const file = newFile();
    copyFileSync(whole, file);
    const db = new Database(file);
    db.prepare(
      "UPDATE queue SET bytes = CAST(substr(bytes, 1, 9) || x'ff' AS BLOB) WHERE first_sequence = 30",
    ).run();
    db.prepare('UPDATE queue SET row_count = 4 WHERE first_sequence = 60').run();
    db.prepare("UPDATE pending SET bytes = x'00' WHERE first_sequence = 180").run();
    db.close();
    const spool = open(file);
    spool.cut();
    const gaps = readAll(spool).filter(({ kind }) => kind === 'gap');
    expect(gaps).toMatchObject([
      { firstSequence: 30, nextSequence: 40, reason: 'spool-damaged' },
      { firstSequence: 60, nextSequence: 70, reason: 'spool-damaged' },
      { firstSequence: 180, nextSequence: 190, reason: 'spool-damaged' },
    ]);
    expect(rowsOf(readAll(spool))).toHaveLength(170);
    spool.close();
  });
});

describe('a damaged schema', () => {
  it('is mended by the one in use, and else never told: the server would refuse it for ever', () => {
    const file = newFile();
    const damage = (): void => {
      const db = new Database(file);
      db.prepare(`UPDATE schema SET json = replace(json, '"a"', '"q"')`).run();
      db.close();
    };
    const told = (spool: Spool, hash: string): string | null => {
      const json = spool.schemaJson(hash);
      return json === null ? null : schemaHash(machineSchemaSchema.parse(JSON.parse(json)));
    };
    const first = open(file);
    const hash = first.schemaHash;
    first.commit(rowsFrom(0, 3), 0, 'spool-full');
    first.cut();
    first.close();
    damage();
    const second = open(file);
    expect(told(second, hash)).toBe(hash);
    second.close();
    const third = open(file, { schema: schemaOf('a') });
    expect(told(third, hash)).toBe(hash);
    expect(rowsOf(readAll(third))).toEqual(rowsFrom(0, 3));
    third.close();
    damage();
    const fourth = open(file, { schema: schemaOf('a') });
    expect([told(fourth, hash), told(fourth, fourth.schemaHash)]).toEqual([null, fourth.schemaHash]);
    expect(readAll(fourth)).toMatchObject([{ kind: 'gap', nextSequence: 3, reason: 'spool-damaged' }]);
    fourth.close();
  });
});

describe('a spool whose log was damaged', () => {
  /** What it holds of a file that is not waited for, power takes. */
  function tearing(): { disk: SpoolDisk; cut: (file: string) => void } {
    const waiting: { at: number; bytes: Uint8Array }[] = [];
    return {
      disk: {
        ...realDisk,
        scribble: (name, at, bytes, safely) => {
          if (safely) waiting.length = 0;
          else waiting.push({ at, bytes });
          return realDisk.scribble(name, at, bytes, safely);
        },
      },
      cut: (file) => {
        for (const { at, bytes } of waiting)
          realDisk.scribble(
            `${file}.witness`,
            at,
            bytes.map(() => 0xee),
            true,
          );
      },
    };
  }

  it('gives no number of a boot or a block again that it has forgotten, though power tore its witness', () => {
    const file = newFile();
    const { disk, cut } = tearing();
    const first = open(file, { bootId: 'first', disk });
    first.commit(rowsFrom(0, 3), 0, 'spool-full');
    first.cut();
    first.close();
    const remembered = readFileSync(file);
    const second = open(file, { bootId: 'second', disk });
    second.commit(rowsFrom(3, 3), 0, 'spool-full');
    // A gap makes a block of what is before it.
    second.commit(rowsFrom(6, 1), 2, 'controller-silent');
    expect(readAll(second).at(-1)).toMatchObject({ nextSequence: 8 });
    for (let i = 7; i < 10; i++) second.commit(rowsFrom(i, 1), 0, 'spool-full');
    second.close();
    writeFileSync(file, remembered);
    cut(file);
    const third = open(file, { bootId: 'third', disk });
    expect([third.boot, third.nextSequence]).toEqual([3, 9]);
    expect(readAll(third).at(-1)).toEqual({
      kind: 'gap',
      firstSequence: 3,
      nextSequence: 9,
      reason: 'spool-damaged',
    });
    third.close();
  });
});

describe('priors', () => {
  const noisy = (first: number, count: number): SampledRow[] => {
    const random = fc.sample(fc.integer({ min: -9, max: 9 }), { numRuns: count, seed: first });
    return random.map((wobble, i) => ({
      monotonicMs: 1000 * (first + i),
      values: [200 + wobble, Math.round(10 * Math.sin((first + i) / 50) * 40) / 10, null],
    }));
  };

  it('are learnt from the spool, make blocks smaller, survive a damaged copy and a restart', () => {
    const file = newFile();
    const spool = open(file);
    const fill = (from: number): void => {
      spool.commit(noisy(from, 60), 0, 'spool-full');
      spool.cut();
    };
    for (let i = 0; i < 14; i++) fill(60 * i);
    expect(spool.priorIsDue()).toBe(false);
    fill(840);
    expect(spool.priorIsDue()).toBe(true);
    const task = spool.trainingBlocks();
    expect([task.blocks.length, task.priors.length]).toEqual([15, 0]);
    const prior = learn({ schema: codecSchema(schema), ...task });
    expect(spool.adoptPrior(prior)).toBe(true);
    expect(spool.adoptPrior(prior)).toBe(false);
    expect(spool.adoptPrior(prior.slice(0, -1))).toBe(false);
    expect(spool.priorIsDue()).toBe(false);
    fill(900);
    const all = readAll(spool);
    const [before, after] = [all.at(-2), all.at(-1)];
    if (before?.kind !== 'block' || after?.kind !== 'block') throw new Error('two blocks were expected');
    expect([before.priorHash, after.priorHash]).toEqual([null, spool.priorHash]);
    expect(after.block.length).toBeLessThan(before.block.length);
    // What is learnt next has blocks under this prior too.
    expect(spool.trainingBlocks().priors).toEqual([Buffer.from(prior)]);
    expect(learn({ schema: codecSchema(schema), ...spool.trainingBlocks() })).not.toEqual(prior);
    expect(spool.prior(spool.priorHash ?? '')).toEqual({
      schemaHash: spool.schemaHash,
      bytes: Buffer.from(prior),
    });
    spool.close();
    const db = new Database(file);
    db.prepare("UPDATE prior SET bytes = x'00'").run();
    db.close();
    const again = open(file);
    expect(again.priorHash).toBe(after.priorHash);
    const last = readAll(again).at(-1);
    expect(last).toEqual(after);
    expect(again.prior(after.priorHash ?? '')?.bytes).toEqual(Buffer.from(prior));
    again.close();
  });
});

describe('a batch', () => {
  it('comes back from columns as it was', () => {
    const rows = rowsFrom(5, 7);
    const columns = toRows(schema, rows);
    expect(fromRows(columns, rows[0]?.monotonicMs ?? 0)).toEqual(rows);
  });
});
