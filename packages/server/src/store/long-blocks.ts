// Long blocks, decoded. An edge that catches up sends thousands of rows in one block, over ten hours of a slow machine, and
// each of those hours is sealed by itself: decoded for each, such a block would cost ten times. Invariants: what is given is
// what the very same bytes decode to; no more than MOST_SAMPLES are kept, of the blocks used last. Not here: decoding
// (reader.ts), and short blocks, of which next to none is asked for twice.
import type { DecodedRows } from '@vigie/codec';
import type { StoredBlock } from './pack.ts';
import { HOUR_MS } from './rollup.ts';

/** Two machines of the most samples that an edge puts in a block have room for some each; 8 bytes a sample. */
const MOST_SAMPLES = 2_000_000;

interface Kept {
  readonly schemaHash: string;
  readonly bytes: Uint8Array;
  readonly rows: DecodedRows;
}

export class LongBlocks {
  /** The one used last comes last. */
  readonly #kept = new Map<string, Kept>();
  #samples = 0;

  /** Rows of a block in all its channels; `null`: it is not kept. */
  find(block: StoredBlock): DecodedRows | null {
    const name = nameOf(block);
    const kept = this.#kept.get(name);
    if (kept === undefined) return null;
    if (kept.schemaHash !== block.schema_hash || Buffer.compare(kept.bytes, block.bytes) !== 0) return null;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return kept.rows;
  }

  /** @param rows in all channels of its schema; of a short block they are not kept */
  keep(block: StoredBlock, rows: DecodedRows): void {
    if (block.span_ms < HOUR_MS || samplesOf(rows) > MOST_SAMPLES) return;
    this.#drop(nameOf(block));
    this.#kept.set(nameOf(block), { schemaHash: block.schema_hash, bytes: block.bytes, rows });
    this.#samples += samplesOf(rows);
    for (const name of this.#kept.keys()) {
      if (this.#samples <= MOST_SAMPLES) break;
      this.#drop(name);
    }
  }

  #drop(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    this.#samples -= samplesOf(kept.rows);
  }
}

function nameOf({ machine, spool, first_sequence }: StoredBlock): string {
  return `${machine} ${spool}/${first_sequence}`;
}

function samplesOf({ rowCount, columns }: DecodedRows): number {
  return rowCount * (columns.length + 1);
}
