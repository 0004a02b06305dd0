// A witness beside the spool: how far it had come, in a few bytes overwritten in place. SQLite's log is valid up to its
// first damaged page, so that one flipped bit there makes it forget, without a word, all that was committed after; the
// witness tells, and the numbers of forgotten rows and boots are not given again.
// Invariants: never ahead of what was committed; may be behind, by a block at most, or gone: only blocks are waited
// for. Two slots in turn, so that a torn one leaves the other. Not here: what follows from it (spool.ts).
//
//   slot (32 bytes, at 0 and at 512)   id 8 · next sequence 8 · boot 8, little endian · CRC-32 of these 4 · 0
import { crc32 } from 'node:zlib';
import type { SpoolDisk } from './disk.ts';

const SLOT_BYTES = 32;
const SLOT_STEP = 512;

export interface Witnessed {
  /** Of the spool, 16 hex digits. */
  readonly id: string;
  readonly nextSequence: number;
  readonly boot: number;
}

export class Witness {
  readonly #disk: SpoolDisk;
  readonly #file: string;
  #slot = 0;

  constructor(disk: SpoolDisk, spoolFile: string) {
    this.#disk = disk;
    this.#file = `${spoolFile}.witness`;
  }

  /** What it says, of one spool or of two that followed each other. */
  read(): Witnessed[] {
    const bytes = this.#disk.head(this.#file, SLOT_STEP + SLOT_BYTES);
    return [0, SLOT_STEP].flatMap((at) => slotAt(bytes, at) ?? []);
  }

  /** A disk that refuses is none of its business: it is then behind. */
  write({ id, nextSequence, boot }: Witnessed, safely: boolean): void {
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.write(id, 'hex');
    slot.writeBigUInt64LE(BigInt(nextSequence), 8);
    slot.writeBigUInt64LE(BigInt(boot), 16);
    slot.writeUInt32LE(crc32(slot.subarray(0, 24)), 24);
    this.#disk.scribble(this.#file, this.#slot * SLOT_STEP, slot, safely);
    this.#slot = 1 - this.#slot;
  }
}

function slotAt(bytes: Uint8Array, at: number): Witnessed | null {
  const slot = Buffer.from(bytes.subarray(at, at + SLOT_BYTES));
  if (slot.length < SLOT_BYTES || slot.readUInt32LE(24) !== crc32(slot.subarray(0, 24))) return null;
  return {
    id: slot.toString('hex', 0, 8),
    nextSequence: Number(slot.readBigUInt64LE(8)),
    boot: Number(slot.readBigUInt64LE(16)),
  };
}
