// What a peer is: an encoder that Vigie is measured against. It codes blocks each alone, and answers for all of them
// how many bytes they take. Channel names and types are known from a schema, unless the format itself carries them.
import type { BenchColumn, Block } from '../recording.ts';

export interface Peer {
  readonly name: string;
  /** Why this machine cannot run it, and how to mend that; `null`: it can. */
  readonly absent: () => string | null;
  /** All blocks together; `null`: does not apply to them. `training`: blocks from before, which may be learnt from. */
  readonly bytes: (blocks: readonly Block[], training: readonly Block[]) => number | null;
}

/** What a block of known row count and columns says, bit for bit. */
export interface DecodedBlock {
  readonly timesMs: readonly number[];
  readonly columns: readonly BigUint64Array[];
}

export type Encode = (block: Block) => Uint8Array;
export type Decode = (bytes: Uint8Array, rowCount: number, columns: readonly BenchColumn[]) => DecodedBlock;

/** A peer that writes its bytes; with `decode`, each block is decoded again and compared as it is measured. */
export function written(name: string, encode: Encode, decode: Decode | null = null): Peer {
  return {
    name,
    absent: () => null,
    bytes: (blocks) => {
      let total = 0;
      for (const block of blocks) {
        const bytes = encode(block);
        if (decode !== null)
          verify(name, block, decode(bytes, block.to - block.from, block.recording.columns));
        total += bytes.length;
      }
      return total;
    },
  };
}

/** A peer whose size is counted, without the bytes. */
export function counted(name: string, size: (block: Block) => number): Peer {
  return {
    name,
    absent: () => null,
    bytes: (blocks) => blocks.reduce((total, block) => total + size(block), 0),
  };
}

/** @throws when a block does not come back as it was. */
export function verify(name: string, block: Block, decoded: DecodedBlock): void {
  const { recording, from, to } = block;
  for (let row = from; row < to; row++) {
    const same =
      decoded.timesMs[row - from] === recording.timesMs[row] &&
      recording.columns.every((column, c) => decoded.columns[c]?.[row - from] === column.bits[row]);
    if (!same) throw new Error(`${name} does not give row ${row} of ${recording.file} back as it was`);
  }
}

/** Bits of the float64 nearest to integer ÷ 10^decimals, which is the sample the integer was made of. */
export function bitsOfIntegers(integers: readonly number[], decimals: number): BigUint64Array {
  return new BigUint64Array(Float64Array.from(integers, (integer) => integer / 10 ** decimals).buffer);
}
