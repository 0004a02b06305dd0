// The rows that every simulated machine sends: hours of one evaporator after a day it has learnt from, encoded once.
// Each machine has a prior of its own, as machines have, or a server that keeps priors in memory would look too small:
// the one that was learnt, with a known text more that no block has. It codes the same rows to the same bytes, so that
// only a block's tag and check are written anew for each machine.
// Not here: when blocks are due (edge.ts). Machines differ in nothing but where in these hours they begin.
import {
  type Column,
  encodeBlock,
  encodePrior,
  type Prior,
  type Rows,
  trainPrior,
  universalPrior,
} from '@vigie/codec';
import { codecSchema, type MachineSchema } from '@vigie/model';
import { canonicalSchemaJson, type MachineModel, schemaHash } from '@vigie/model/load';
import { createMachine, readRow } from '@vigie/simulator';
import { checkOf, contentHash, fingerprint } from '../../packages/codec/src/checksum.ts';

export const BLOCK_ROWS = 60;
export const ROW_MS = 1000;
export const BLOCK_MS = BLOCK_ROWS * ROW_MS;
const SEED = 4;
/** Of the three bytes by which a block of 60 rows names its prior, and of its check, which is its end. */
const TAG_AT = 1;
const TAG_BYTES = 3;
const CHECK_BYTES = 3;

/** What an edge learns from once it holds a day: every third minute of it (spool/priors.ts, spool/spool.ts). */
export const A_DAY = { minutes: 1440, every: 3 } as const;

export interface MachinePrior {
  readonly hash: string;
  readonly bytes: Uint8Array;
  /** Where the check of its blocks begins. */
  readonly seed: number;
}

export class Recording {
  readonly schema: MachineSchema;
  readonly schemaHash: string;
  readonly schemaJson: string;
  /** Under the learnt prior itself, in the order they were recorded. */
  readonly #blocks: readonly Uint8Array[];
  readonly #liveRows: readonly Uint8Array[];
  readonly #learnt: Prior;

  /** @param blocks minutes kept, after those that are learnt from. */
  constructor(
    model: MachineModel,
    blocks: number,
    learnFrom: { readonly minutes: number; readonly every: number },
  ) {
    this.schema = model.schema;
    this.schemaHash = schemaHash(model.schema);
    this.schemaJson = canonicalSchemaJson(model.schema);
    const codec = codecSchema(model.schema);
    const machine = createMachine('turbevap', { seed: SEED, utcMs: Date.UTC(2026, 0, 1) });
    let scan = 0;
    const rows = (count: number): Rows => {
      const values = Array.from({ length: count }, () => {
        machine.step(ROW_MS);
        return readRow(machine, model, ++scan);
      });
      return {
        rowCount: count,
        timesMs: Float64Array.from(values, (_, i) => i * ROW_MS),
        columns: codec.channels.map(
          (_, c): Column => ({
            type: 'number',
            values: Float64Array.from(values, (row) => row[c] ?? 0),
            present: null,
          }),
        ),
      };
    };
    const minutes = Array.from({ length: learnFrom.minutes }, () => rows(BLOCK_ROWS));
    const prior = trainPrior(
      codec,
      minutes.filter((_, i) => i % learnFrom.every === 0),
    );
    this.#learnt = prior;
    const kept = Array.from({ length: blocks }, () => rows(BLOCK_ROWS));
    this.#blocks = kept.map((block) => encodeBlock(codec, block, { schemaHash: this.schemaHash, prior }));
    // The last row of each: without a prior, as an edge sends it.
    this.#liveRows = kept.map(({ columns }) =>
      encodeBlock(
        codec,
        {
          rowCount: 1,
          timesMs: new Float64Array(1),
          columns: columns.map(
            (column): Column => ({ ...column, values: column.values.slice(-1) }) as Column,
          ),
        },
        { schemaHash: this.schemaHash, prior: null },
      ),
    );
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  get meanBlockBytes(): number {
    return this.#blocks.reduce((sum, { length }) => sum + length, 0) / this.#blocks.length;
  }

  /** Takes some five milliseconds. */
  priorOf(machine: string): MachinePrior {
    const codec = codecSchema(this.schema);
    const columns = this.#learnt.columns.map((column, c) =>
      c === 0 ? { ...column, texts: [...column.texts, machine] } : column,
    );
    const bytes = encodePrior({ ...this.#learnt, columns });
    const hash = contentHash(bytes);
    // As codec/block.ts begins it.
    const seed = fingerprint(codec) ^ universalPrior.check ^ Number.parseInt(hash.slice(-6), 16);
    return { hash, bytes, seed };
  }

  /** The block of that place in the recording, which begins anew at its end, as a machine with this prior sends it. */
  block(place: number, { hash, seed }: MachinePrior): Uint8Array {
    const block = this.#at(this.#blocks, place).slice();
    const view = new DataView(block.buffer);
    const tag = Number.parseInt(hash.slice(0, 2 * TAG_BYTES), 16);
    setUint24(view, TAG_AT, tag);
    const end = block.length - CHECK_BYTES;
    setUint24(view, end, checkOf(block, end, seed));
    return block;
  }

  /** The newest row when that block is due. */
  liveRow(place: number): Uint8Array {
    return this.#at(this.#liveRows, place);
  }

  #at(all: readonly Uint8Array[], place: number): Uint8Array {
    const found = all[place % all.length];
    if (found === undefined) throw new Error('a recording has at least one block');
    return found;
  }
}

function setUint24(view: DataView, at: number, value: number): void {
  view.setUint8(at, value >>> 16);
  view.setUint16(at + 1, value & 0xffff);
}
